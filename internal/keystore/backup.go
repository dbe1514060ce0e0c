package keystore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"

	"github.com/sealpost/sealpost/internal/seal"
)

const (
	backupFormat  = "sealpost key backup"
	backupVersion = 1
	// maxBackup is far above 256 long-term keys.
	maxBackup = 1 << 20
)

// backupFile is the plaintext of a backup, as JSON. It has no field for an epoch
// key: those must not outlive their hour anywhere.
type backupFile struct {
	Format       string       `json:"format"`
	Version      int          `json:"version"`
	Installation []byte       `json:"installation"`
	Root         []byte       `json:"root"`
	LongTerm     []backupSlot `json:"long_term"`
}

type backupSlot struct {
	Number        int64  `json:"number"`
	CreatedMicros int64  `json:"created_micros"`
	Key           []byte `json:"key"`
}

func (b *backupFile) zero() {
	clear(b.Root)
	for _, s := range b.LongTerm {
		clear(s.Key)
	}
}

// Backup writes the root key and all long-term keys to w, encrypted for the
// recipients, of which there must be one at least. Epoch keys are never part of
// it: a recalled message stays unreadable with every backup ever made (R18).
func (s *Store) Backup(w io.Writer, recipients ...age.Recipient) error {
	if len(recipients) == 0 {
		return errors.New("keystore: a backup needs a recipient")
	}
	content := backupFile{Format: backupFormat, Version: backupVersion}
	defer content.zero()
	err := s.shared(func() error {
		t, err := s.longterm.read(s.installation)
		if err != nil {
			return err
		}
		defer t.zero()
		root, id := s.rootKey, s.installation
		content.Root, content.Installation = root[:], id[:]
		for _, found := range t.live {
			if found == nil {
				continue
			}
			key := found.key
			content.LongTerm = append(content.LongTerm, backupSlot{Number: found.number, CreatedMicros: found.created, Key: key[:]})
		}
		return nil
	})
	if err != nil {
		return err
	}
	plain, err := json.MarshalIndent(&content, "", " ")
	defer clear(plain)
	if err != nil {
		return fmt.Errorf("keystore: backup: %w", err)
	}
	encrypted, err := age.Encrypt(w, recipients...)
	if err != nil {
		return fmt.Errorf("keystore: backup: %w", err)
	}
	if _, err := encrypted.Write(plain); err != nil {
		return fmt.Errorf("keystore: backup: %w", err)
	}
	// Without Close the last chunk is missing and the backup does not decrypt.
	if err := encrypted.Close(); err != nil {
		return fmt.Errorf("keystore: backup: %w", err)
	}
	return nil
}

// Restore makes a key directory from a backup. dir must be empty or not exist.
// Messages that were unsettled stay unreadable, for their epoch keys are in no
// backup. If we die in it, Open refuses the directory: the root key comes last.
func Restore(dir string, r io.Reader, ids ...age.Identity) error {
	content, err := readBackup(r, ids)
	if err != nil {
		return err
	}
	defer content.zero()
	if err := makeDir(dir); err != nil {
		return err
	}
	s := newStore(dir, nil)
	if empty, err := s.holdsOnly(); err != nil || !empty {
		return errors.Join(ErrNotEmpty, err)
	}
	// The lock file is made only if it is not there: of two restores one fails.
	err = s.openLock(true)
	if err == nil {
		err = withLock(s.lock, true, func() error { return s.fill(content) })
	}
	s.rootKey.Zero()
	return errors.Join(err, s.closeFiles())
}

func readBackup(r io.Reader, ids []age.Identity) (*backupFile, error) {
	decrypted, err := age.Decrypt(r, ids...)
	if err != nil {
		return nil, fmt.Errorf("keystore: restore: %w", err)
	}
	plain, err := io.ReadAll(io.LimitReader(decrypted, maxBackup+1))
	defer clear(plain)
	if err != nil {
		return nil, fmt.Errorf("keystore: restore: %w", err)
	}
	if len(plain) > maxBackup {
		return nil, ErrBackup
	}
	content := &backupFile{}
	// The cause is left out: a message about wrong JSON could quote a key.
	if err := json.Unmarshal(plain, content); err != nil {
		return nil, ErrBackup
	}
	if err := content.validate(); err != nil {
		content.zero()
		return nil, err
	}
	return content, nil
}

func (b *backupFile) validate() error {
	if b.Format != backupFormat {
		return ErrBackup
	}
	if b.Version != backupVersion {
		return fmt.Errorf("%w: format version %d, this program knows %d", ErrBackup, b.Version, backupVersion)
	}
	if len(b.Installation) != 16 || len(b.Root) != len(seal.Key{}) || len(b.LongTerm) == 0 {
		return ErrBackup
	}
	last := int64(0)
	for _, s := range b.LongTerm {
		if s.Number <= last || s.Number > slotCount || len(s.Key) != len(seal.Key{}) {
			return ErrBackup
		}
		last = s.Number
	}
	return nil
}

// fill writes the files of an empty directory. It needs the lock exclusively.
func (s *Store) fill(content *backupFile) error {
	s.installation = [16]byte(content.Installation)
	var err error
	if s.longterm, err = s.openSlots(longtermName, kindLongTerm, true); err != nil {
		return err
	}
	for _, b := range content.LongTerm {
		made := slot{kind: kindLongTerm, number: b.Number, created: b.CreatedMicros, key: seal.Key(b.Key), installation: s.installation}
		err := s.longterm.put(int(b.Number-1), &made)
		made.key.Zero()
		if err != nil {
			return err
		}
	}
	if s.epochs, err = s.openSlots(epochsName, kindEpoch, true); err != nil {
		return err
	}
	if s.root, err = openFile(s.dir, rootName, rootSlots*slotSize, true); err != nil {
		return err
	}
	if err := s.putRoot(seal.Key(content.Root), s.installation); err != nil {
		return err
	}
	return s.markComplete()
}
