// Package importer reads the archive that a professional network gives its members
// of their own data. It is liberal in what it takes, names by line what it passes
// over, and keeps no text: a conversation is read when it is asked for.
package importer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// Limits of an archive. Beyond them it is not one person's, or is made to hurt.
const (
	maxFile     = 4 << 30   // bytes of one file, unpacked
	maxEntries  = 20_000    // files in the archive
	maxRows     = 4_000_000 // of messages.csv
	maxPeople   = 200_000
	maxThreads  = 300_000
	maxName     = 100 // code points of a name, as the server's
	maxHeadline = 200
	maxNamed    = 20 // rows named for each reason
)

// Archive is an archive on its way: Open finds its files, Scan reads them once,
// Choose fixes whose it is. Then it can be taken in.
type Archive struct {
	files       fs.FS
	messages    string // the file's name in the archive
	connections string // empty: there is none
	profile     string // empty: there is none
	now         sealpost.Instant

	columns [columnCount]int
	people  []person
	byKey   map[string]uint32
	talks   []talk
	byTalk  map[string]uint32
	rows    []row
	rowsAll uint32 // rows of the file, also those passed over
	falling int    // rows that are older than the one before, less those that are newer
	skips   map[Reason]*Skip

	threads     []sealpost.ArchiveThread
	numbers     []int // of people, as out has them
	out         []sealpost.ArchivePerson
	links       []sealpost.ArchiveConnection
	ownName     string // of Profile.csv
	contacts    []contact
	windowBytes int // of texts that are held at a time; see Messages
}

// Reason is why a row is not taken.
type Reason string

// The reasons.
const (
	NoText      Reason = "no text"
	TooLong     Reason = "text over the limit of 10000 characters"
	BadDate     Reason = "no date, or one that cannot be"
	NobodyElse  Reason = "nobody else is in the conversation"
	NoSender    Reason = "no sender"
	Draft       Reason = "a draft"
	Junk        Reason = "in the spam folder"
	TooMany     Reason = "more than 50 people in the conversation"
	RowTooLong  Reason = "row too long to be one"
	NoPerson    Reason = "nobody is named"
	TheOwner    Reason = "the owner of the archive"
	AlreadyHere Reason = "already here"
	NoPlace     Reason = "too many in one second"
	HasAccount  Reason = "has an account here, and is asked by an invitation"
)

// Skip is what was passed over for one reason.
type Skip struct {
	Reason Reason
	Count  int
	Where  []string // the first ones: file and line
}

// Open finds the files of an archive, at its top or in a folder. now bounds dates.
func Open(files fs.FS, now sealpost.Instant) (*Archive, error) {
	a := &Archive{
		files: files, now: now, byKey: map[string]uint32{}, byTalk: map[string]uint32{}, skips: map[Reason]*Skip{},
		windowBytes: defaultWindow,
	}
	n := 0
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if n++; n > maxEntries {
			return errors.New("the archive holds too many files to be one")
		}
		if err != nil {
			return err
		}
		if d.IsDir() {
			return nil
		}
		for base, to := range map[string]*string{"messages.csv": &a.messages, "connections.csv": &a.connections, "profile.csv": &a.profile} {
			if strings.EqualFold(path.Base(name), base) && (*to == "" || depth(name) < depth(*to)) {
				*to = name
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the archive: %w", err)
	}
	if a.messages == "" {
		return nil, errors.New("there is no messages.csv in the archive; ask the network for one with messages")
	}
	return a, nil
}

func depth(name string) int { return strings.Count(name, "/") }

// skip notes a row that is not taken.
func (a *Archive) skip(why Reason, file string, line int) {
	s := a.skips[why]
	if s == nil {
		s = &Skip{Reason: why}
		a.skips[why] = s
	}
	if s.Count++; len(s.Where) < maxNamed {
		s.Where = append(s.Where, fmt.Sprintf("%s:%d", path.Base(file), line))
	}
}

// Skip notes a message that whoever takes it in passed over.
func (a *Archive) Skip(why Reason, m sealpost.ArchiveMessage) { a.skip(why, a.messages, m.Line) }

// Skipped lists what was passed over, most frequent first.
func (a *Archive) Skipped() []Skip {
	out := make([]Skip, 0, len(a.skips))
	for _, s := range a.skips {
		out = append(out, *s)
	}
	slices.SortFunc(out, func(x, y Skip) int {
		return cmp.Or(y.Count-x.Count, strings.Compare(string(x.Reason), string(y.Reason)))
	})
	return out
}

// Rows is how many rows messages.csv has, and Taken how many of them can be taken.
func (a *Archive) Rows() int { return int(a.rowsAll) }

// Taken is how many messages there are to be taken.
func (a *Archive) Taken() int { return len(a.rows) }

// People lists everybody in the archive; person 0 is its owner.
func (a *Archive) People() []sealpost.ArchivePerson { return a.out }

// Threads lists the conversations.
func (a *Archive) Threads() []sealpost.ArchiveThread { return a.threads }

// Connections lists whom the owner is connected with.
func (a *Archive) Connections() []sealpost.ArchiveConnection { return a.links }

// open opens a file of the archive, bounded.
func (a *Archive) open(name string) (io.ReadCloser, int64, error) {
	f, err := a.files.Open(name)
	if err != nil {
		return nil, 0, fmt.Errorf("reading the archive: %w", err)
	}
	size := int64(0)
	if info, err := f.Stat(); err == nil {
		size = info.Size()
	}
	if size > maxFile {
		return nil, 0, errors.Join(fmt.Errorf("%s is larger than 4 GiB", path.Base(name)), f.Close())
	}
	return &bounded{ReadCloser: f, left: maxFile}, size, nil
}

// bounded ends with an error where a file is larger than it may be, whatever the
// archive says of its size.
type bounded struct {
	io.ReadCloser
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n, errors.New("the file is larger than 4 GiB")
	}
	return n, err
}

// each reads the records of a file that follow its header. find gives what a header
// is; whatever stands above it is passed over.
func (a *Archive) each(ctx context.Context, name string, header func(record) bool, f func(record) error, progress func(read, of int64)) error {
	file, size, err := a.open(name)
	if err != nil {
		return err
	}
	counted := &counting{Reader: file}
	in := newRows(counted)
	found, n := false, 0
	for {
		r, err := in.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return errors.Join(fmt.Errorf("reading %s: %w", path.Base(name), err), file.Close())
		}
		if n++; n%4096 == 1 {
			if progress != nil {
				progress(counted.n, size)
			}
			if err := ctx.Err(); err != nil {
				return errors.Join(err, file.Close())
			}
		}
		switch {
		case found:
			err = f(r)
		case header(r):
			found = true
		case n > maxAbove:
			err = fmt.Errorf("%s has no header that could be read", path.Base(name))
		}
		if errors.Is(err, errEnough) {
			return file.Close()
		}
		if err != nil {
			return errors.Join(err, file.Close())
		}
	}
	if !found {
		return errors.Join(fmt.Errorf("%s has no header that could be read", path.Base(name)), file.Close())
	}
	return file.Close()
}

// errEnough ends each early.
var errEnough = errors.New("enough") // a table entry, never set

// maxAbove is how many records may stand above a header.
const maxAbove = 50

type counting struct {
	io.Reader
	n int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}
