package sweep

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ScanFiles scans names and contents of every file below the directories; a file
// may be given too. Each finding is "path: what". A file that vanishes while it is
// looked for is passed over, because databases remove their own; how many bytes
// were read is returned, so that a caller can see that something was. What may says
// may be in a file is passed over; nil: nothing may.
func (s *Scanner) ScanFiles(may func(path string, f Finding) bool, roots ...string) (found []string, size int64, err error) {
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) && path != root {
				return nil
			}
			if err != nil {
				return err
			}
			for _, f := range s.Scan([]byte(entry.Name())) {
				found = append(found, fmt.Sprintf("%s: the name has %s", path, f))
			}
			if !entry.Type().IsRegular() {
				return nil
			}
			data, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			size += int64(len(data))
			for _, f := range s.Scan(data) {
				if may != nil && may(path, f) {
					continue
				}
				found = append(found, fmt.Sprintf("%s: %s", path, f))
			}
			return err
		})
		if err != nil {
			return found, size, err
		}
	}
	return found, size, nil
}
