package keystore

import (
	"crypto/rand"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"testing"
)

// complete is a closed directory with an epoch key and two long-term keys.
func complete(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	s := openStore(t, dir)
	create(t, s, 5)
	if _, err := s.RotateLongTerm(0); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	return dir
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func overwrite(t testing.TB, path string, offset int64, b []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	_, err = f.WriteAt(b, offset)
	must(t, errors.Join(err, f.Close()))
}

// contents maps every name in a directory to its bytes.
func contents(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for name := range fileSizes(t, dir) {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			b = []byte(err.Error()) // a directory stands where a file should
		}
		all[name] = string(b)
	}
	return all
}

// A directory that is not whole, not private or not one's own is refused, and
// refusing it changes nothing.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(t *testing.T, dir string)
		want  error
	}{
		"directory readable by the group": {func(t *testing.T, dir string) { must(t, os.Chmod(dir, 0o750)) }, ErrPermissions},
		"directory open to others":        {func(t *testing.T, dir string) { must(t, os.Chmod(dir, 0o701)) }, ErrPermissions},
		"root readable by all":            {func(t *testing.T, dir string) { must(t, os.Chmod(filepath.Join(dir, rootName), 0o604)) }, ErrPermissions},
		"epochs readable by the group":    {func(t *testing.T, dir string) { must(t, os.Chmod(filepath.Join(dir, epochsName), 0o640)) }, ErrPermissions},
		"root missing":                    {func(t *testing.T, dir string) { must(t, os.Remove(filepath.Join(dir, rootName))) }, ErrIncomplete},
		"longterm missing":                {func(t *testing.T, dir string) { must(t, os.Remove(filepath.Join(dir, longtermName))) }, ErrIncomplete},
		"epochs missing":                  {func(t *testing.T, dir string) { must(t, os.Remove(filepath.Join(dir, epochsName))) }, ErrIncomplete},
		"only root left": {func(t *testing.T, dir string) {
			must(t, os.Remove(filepath.Join(dir, epochsName)))
			must(t, os.Remove(filepath.Join(dir, longtermName)))
		}, ErrIncomplete},
		"longterm of zeros": {func(t *testing.T, dir string) {
			overwrite(t, filepath.Join(dir, longtermName), 0, make([]byte, slotCount*slotSize))
		}, ErrIncomplete},
		"root of zeros": {func(t *testing.T, dir string) {
			overwrite(t, filepath.Join(dir, rootName), 0, make([]byte, rootSlots*slotSize))
		}, ErrDamaged},
		"root key of zeros": {func(t *testing.T, dir string) {
			overwrite(t, filepath.Join(dir, rootName), 0, make([]byte, slotSize))
		}, ErrDamaged},
		"root cut":        {func(t *testing.T, dir string) { must(t, os.Truncate(filepath.Join(dir, rootName), 100)) }, ErrDamaged},
		"epochs cut":      {func(t *testing.T, dir string) { must(t, os.Truncate(filepath.Join(dir, epochsName), slotSize)) }, ErrDamaged},
		"longterm longer": {func(t *testing.T, dir string) { must(t, os.Truncate(filepath.Join(dir, longtermName), 1<<20)) }, ErrDamaged},
		"files of another installation": {func(t *testing.T, dir string) {
			must(t, os.Rename(filepath.Join(complete(t), epochsName), filepath.Join(dir, epochsName)))
		}, ErrDamaged},
		"long-term keys of another installation": {func(t *testing.T, dir string) {
			must(t, os.Rename(filepath.Join(complete(t), longtermName), filepath.Join(dir, longtermName)))
		}, ErrDamaged},
		"root is a directory": {func(t *testing.T, dir string) {
			must(t, os.Remove(filepath.Join(dir, rootName)))
			must(t, os.Mkdir(filepath.Join(dir, rootName), 0o700))
		}, nil},
		"epochs is a link": {func(t *testing.T, dir string) {
			must(t, os.Rename(filepath.Join(dir, epochsName), filepath.Join(dir, "elsewhere")))
			must(t, os.Symlink("elsewhere", filepath.Join(dir, epochsName)))
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := complete(t)
			c.spoil(t, dir)
			before := contents(t, dir)
			_, err := Open(dir, rand.Reader)
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if !maps.Equal(before, contents(t, dir)) {
				t.Error("files were changed")
			}
		})
	}
}

func TestOpenRefusesAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	must(t, os.WriteFile(path, nil, 0o600))
	if _, err := Open(path, rand.Reader); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}

func TestOpenMakesPrivateFiles(t *testing.T) {
	t.Parallel()
	dir := complete(t)
	info, err := os.Stat(dir)
	must(t, err)
	if info.Mode().Perm() != 0o700 {
		t.Errorf("directory %v", info.Mode())
	}
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, entry := range entries {
		info, err := entry.Info()
		must(t, err)
		if info.Mode() != 0o600 {
			t.Errorf("%s %v", entry.Name(), info.Mode())
		}
	}
	if len(entries) != 4 {
		t.Errorf("%d files", len(entries))
	}
}

// A first creation that died at any point is finished by the next Open; what it
// had made durable is kept.
func TestInterruptedCreation(t *testing.T) {
	t.Parallel()
	forgetMark := func(t *testing.T, dir string) {
		overwrite(t, filepath.Join(dir, rootName), slotSize, make([]byte, slotSize))
	}
	for name, die := range map[string]struct {
		at        func(t *testing.T, dir string)
		keepsRoot bool
		keepsLong bool
	}{
		"root file empty": {func(t *testing.T, dir string) {
			must(t, os.Remove(filepath.Join(dir, epochsName)))
			must(t, os.Remove(filepath.Join(dir, longtermName)))
			must(t, os.Truncate(filepath.Join(dir, rootName), 0))
		}, false, false},
		"root key torn": {func(t *testing.T, dir string) {
			forgetMark(t, dir)
			must(t, os.Remove(filepath.Join(dir, epochsName)))
			must(t, os.Remove(filepath.Join(dir, longtermName)))
			overwrite(t, filepath.Join(dir, rootName), 50, make([]byte, slotSize-50))
		}, false, false},
		"after the root key": {func(t *testing.T, dir string) {
			forgetMark(t, dir)
			must(t, os.Remove(filepath.Join(dir, epochsName)))
			must(t, os.Remove(filepath.Join(dir, longtermName)))
		}, true, false},
		"epochs half written": {func(t *testing.T, dir string) {
			forgetMark(t, dir)
			must(t, os.Truncate(filepath.Join(dir, epochsName), 1000))
			must(t, os.Remove(filepath.Join(dir, longtermName)))
		}, true, false},
		"longterm torn": {func(t *testing.T, dir string) {
			forgetMark(t, dir)
			overwrite(t, filepath.Join(dir, longtermName), 100, make([]byte, 2*slotSize))
		}, true, false},
		"before the mark": {forgetMark, true, true},
		"mark torn": {func(t *testing.T, dir string) {
			overwrite(t, filepath.Join(dir, rootName), slotSize+200, make([]byte, slotSize-200))
		}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := complete(t)
			s := openStore(t, dir)
			root := s.Root()
			first, err := s.LongTermKey(1)
			must(t, err)
			closeStore(t, s)
			die.at(t, dir)
			s = openStore(t, dir)
			if kept := s.Root() == root; kept != die.keepsRoot {
				t.Errorf("root kept: %t", kept)
			}
			if got, err := s.LongTermKey(1); err != nil || (got == first) != die.keepsLong {
				t.Errorf("first long-term key kept: %t, %v", got == first, err)
			}
			must(t, s.Check())
			n, key := s.LongTerm()
			again := openStore(t, dir)
			if m, same := again.LongTerm(); n != m || key != same || again.Root() != s.Root() {
				t.Error("the directory is not stable")
			}
		})
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(t *testing.T, s *Store){
		"directory gone":     func(t *testing.T, s *Store) { must(t, os.RemoveAll(s.Dir())) },
		"directory replaced": func(t *testing.T, s *Store) { must(t, os.Rename(s.Dir(), s.Dir()+"-old")); openStore(t, s.Dir()) },
		"file readable":      func(t *testing.T, s *Store) { must(t, os.Chmod(filepath.Join(s.Dir(), rootName), 0o644)) },
		"file cut":           func(t *testing.T, s *Store) { must(t, os.Truncate(filepath.Join(s.Dir(), epochsName), 9)) },
		"not writable": func(t *testing.T, s *Store) {
			readOnly, err := os.Open(filepath.Join(s.Dir(), lockName))
			must(t, err)
			must(t, s.lock.Close())
			s.lock = readOnly
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openStore(t, filepath.Join(t.TempDir(), "keys"))
			must(t, s.Check())
			spoil(t, s)
			if err := s.Check(); err == nil {
				t.Error("nothing noticed")
			}
		})
	}
}
