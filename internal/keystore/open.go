package keystore

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/sealpost/sealpost/internal/seal"
)

const (
	lockName     = "lock"
	rootName     = "root"
	epochsName   = "epochs"
	longtermName = "longterm"

	// The root file has the root key in its first slot, and in its second the
	// mark that all other files were complete once.
	rootSlots = 2
	atMark    = 1
)

// Open opens a key directory, or makes one where there is none or an empty one.
//
// It refuses a directory that others can read (ErrPermissions) and one from which
// files are missing (ErrIncomplete) or spoilt (ErrDamaged); the remedy is to
// restore a backup into an empty directory. A creation that was interrupted is
// finished. Remains of torn writes are overwritten.
func Open(dir string, rand io.Reader) (*Store, error) {
	if err := makeDir(dir); err != nil {
		return nil, err
	}
	s := newStore(dir, rand)
	err := s.openLock(false)
	if err == nil {
		err = withLock(s.lock, true, s.load)
	}
	if err != nil {
		return nil, errors.Join(err, s.closeFiles())
	}
	return s, nil
}

func newStore(dir string, rand io.Reader) *Store {
	return &Store{
		dir: dir, rand: rand,
		epochCache: make(map[int64]*seal.Key),
		longCache:  make(map[int64]*seal.Key),
	}
}

// makeDir makes the directory, durably, and checks who can read it.
func makeDir(dir string) error {
	if err := mkdirDurably(dir); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("keystore: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("%w: %s is not a directory", ErrDamaged, dir)
	}
	return checkMode(dir, info)
}

// mkdirDurably makes a directory and its missing parents, and syncs each parent:
// otherwise a power failure could take the whole directory with all its keys.
func mkdirDurably(dir string) error {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return nil // what else may be wrong with it, the caller finds
	}
	parent := filepath.Dir(dir)
	if err := mkdirDurably(parent); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("keystore: %w", err)
	}
	return syncDir(parent)
}

func checkMode(path string, info fs.FileInfo) error {
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("%w: %s has %04o, nobody but its owner may read it", ErrPermissions, path, mode)
	}
	return nil
}

// load reads or makes everything. It needs the lock of the directory exclusively.
func (s *Store) load() error {
	complete, err := s.loadRoot()
	if err != nil {
		return err
	}
	if s.epochs, err = s.openSlots(epochsName, kindEpoch, !complete); err != nil {
		return err
	}
	if s.longterm, err = s.openSlots(longtermName, kindLongTerm, !complete); err != nil {
		return err
	}
	if !complete {
		if err := s.finishCreation(); err != nil {
			return err
		}
	}
	t, err := s.epochs.read(s.installation)
	if err != nil {
		return err
	}
	defer t.zero()
	if err := s.epochs.scrub(t); err != nil {
		return err
	}
	return s.loadLongTerm()
}

// loadRoot reads the root key, or makes one if the directory is empty, and reports
// whether the rest was ever complete. The root key is the first thing on disk: if
// we die after it, the rest is made at the next Open; if we die in it, its file is
// the only one and is made anew.
func (s *Store) loadRoot() (complete bool, err error) {
	// With nothing but itself and the lock in the directory, nobody can depend
	// on a root file that cannot be read.
	alone, err := s.holdsOnly(lockName, rootName)
	if err != nil {
		return false, err
	}
	s.root, err = openFile(s.dir, rootName, rootSlots*slotSize, alone)
	if errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("%w: %s is missing while other files are there", ErrIncomplete, rootName)
	}
	if err != nil {
		return false, err
	}
	raw := make([]byte, rootSlots*slotSize)
	defer clear(raw)
	if _, err := s.root.ReadAt(raw, 0); err != nil {
		return false, fmt.Errorf("%w: %s is too short", ErrDamaged, rootName)
	}
	root, ok := decodeSlot(kindRoot, raw[:slotSize])
	defer root.key.Zero()
	mark, complete := decodeSlot(kindComplete, raw[slotSize:])
	switch {
	case ok && complete && mark.installation != root.installation:
		return false, fmt.Errorf("%w: %s is of two installations", ErrDamaged, rootName)
	case ok:
		s.rootKey, s.installation = root.key, root.installation
		return complete, nil
	case complete || !alone:
		return false, fmt.Errorf("%w: %s cannot be read", ErrDamaged, rootName)
	}
	return false, s.createRoot()
}

func (s *Store) createRoot() error {
	var id [16]byte
	if _, err := io.ReadFull(s.rand, id[:]); err != nil {
		return fmt.Errorf("keystore: reading randomness: %w", err)
	}
	key, err := seal.NewKey(s.rand)
	if err != nil {
		return err
	}
	defer key.Zero()
	return s.putRoot(key, id)
}

func (s *Store) putRoot(key seal.Key, id [16]byte) error {
	root := slot{kind: kindRoot, number: 1, key: key, installation: id}
	file := slotFile{f: s.root, write: writeAt}
	if err := file.put(0, &root); err != nil {
		return err
	}
	s.rootKey, s.installation = key, id
	return nil
}

// holdsOnly reports whether the directory holds no other names than these.
func (s *Store) holdsOnly(names ...string) (bool, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return false, fmt.Errorf("keystore: %w", err)
	}
	for _, entry := range entries {
		// lost+found belongs to a file system that is mounted here.
		if name := entry.Name(); name != "lost+found" && !slices.Contains(names, name) {
			return false, nil
		}
	}
	return true, nil
}

// finishCreation makes what an interrupted creation left undone, and marks the
// directory complete. It keeps what is there, so that dying in it costs nothing.
func (s *Store) finishCreation() error {
	t, err := s.longterm.read(s.installation)
	if err != nil {
		return err
	}
	defer t.zero()
	if t.empty() {
		key, err := seal.NewKey(s.rand)
		if err != nil {
			return err
		}
		defer key.Zero()
		made := slot{kind: kindLongTerm, number: 1, key: key, installation: s.installation}
		if err := s.longterm.put(0, &made); err != nil {
			return err
		}
	}
	return s.markComplete()
}

func (s *Store) markComplete() error {
	if err := syncDir(s.dir); err != nil {
		return err
	}
	mark := slot{kind: kindComplete, number: 1, installation: s.installation}
	file := slotFile{f: s.root, write: writeAt}
	return file.put(atMark, &mark)
}

func (s *Store) openSlots(name string, kind byte, create bool) (*slotFile, error) {
	f, err := openFile(s.dir, name, slotCount*slotSize, create)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s is missing while %s is there", ErrIncomplete, name, rootName)
	}
	if err != nil {
		return nil, err
	}
	return &slotFile{f: f, kind: kind, slots: slotCount, write: writeAt}, nil
}

// openFile opens a file of the directory. With create it is made if it is missing,
// and brought to its size with zeros that are really written, so that overwriting
// a slot never has to allocate.
func openFile(dir, name string, size int, create bool) (*os.File, error) {
	flags := os.O_RDWR | syscall.O_NOFOLLOW | syscall.O_CLOEXEC
	if create {
		flags |= os.O_CREATE
	}
	path := filepath.Join(dir, name)
	f, err := os.OpenFile(path, flags, 0o600)
	if err != nil {
		return nil, fmt.Errorf("keystore: %w", err)
	}
	if err := prepare(f, path, size, create); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func prepare(f *os.File, path string, size int, create bool) error {
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("keystore: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w: %s is not a file", ErrDamaged, path)
	}
	if err := checkMode(path, info); err != nil {
		return err
	}
	missing := int64(size) - info.Size()
	if !create || missing <= 0 {
		return nil
	}
	if err := writeAt(f, make([]byte, missing), info.Size()); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("keystore: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

// openLock opens the lock file, which holds one byte that Check writes.
func (s *Store) openLock(fresh bool) error {
	flags := os.O_RDWR | os.O_CREATE | syscall.O_NOFOLLOW | syscall.O_CLOEXEC
	if fresh {
		flags |= os.O_EXCL
	}
	path := filepath.Join(s.dir, lockName)
	f, err := os.OpenFile(path, flags, 0o600)
	if err != nil {
		return fmt.Errorf("keystore: %w", err)
	}
	s.lock = f
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("keystore: %w", err)
	}
	return checkMode(path, info)
}

func (s *Store) closeFiles() error {
	var errs []error
	for _, f := range s.files() {
		if err := f.Close(); err != nil {
			errs = append(errs, fmt.Errorf("keystore: %w", err))
		}
	}
	return errors.Join(errs...)
}

// files lists what is open.
func (s *Store) files() []*os.File {
	var list []*os.File
	for _, f := range []*os.File{s.lock, s.root} {
		if f != nil {
			list = append(list, f)
		}
	}
	for _, slots := range []*slotFile{s.epochs, s.longterm} {
		if slots != nil {
			list = append(list, slots.f)
		}
	}
	return list
}

// Check reports whether the directory can be read and written right now, for
// /readyz. It also notices that the directory was replaced under the open store.
// It waits for a disk that hangs, for at most ten seconds for another process.
func (s *Store) Check() error {
	return s.exclusive(func() error {
		for _, f := range s.files() {
			open, err := f.Stat()
			if err != nil {
				return fmt.Errorf("keystore: %w", err)
			}
			there, err := os.Lstat(f.Name())
			if err != nil {
				return fmt.Errorf("keystore: %w", err)
			}
			if !os.SameFile(open, there) {
				return fmt.Errorf("%w: %s was replaced while in use", ErrDamaged, f.Name())
			}
			if err := checkMode(f.Name(), there); err != nil {
				return err
			}
		}
		t, err := s.epochs.read(s.installation)
		if err != nil {
			return err
		}
		t.zero()
		// The lock file stands in for the others: same file system, no key.
		if err := writeAt(s.lock, []byte{1}, 0); err != nil {
			return err
		}
		if err := s.lock.Sync(); err != nil {
			return fmt.Errorf("keystore: %w", err)
		}
		return nil
	})
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("keystore: %w", err)
	}
	if err := d.Sync(); err != nil {
		return errors.Join(fmt.Errorf("keystore: %w", err), d.Close())
	}
	return d.Close()
}
