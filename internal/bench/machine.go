package bench

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Machine is what figures depend on besides the program.
type Machine struct {
	Date       time.Time     `json:"date"`
	CPU        string        `json:"cpu"`
	Cores      int           `json:"cores"`
	MemoryMiB  int64         `json:"memory_mib"`
	System     string        `json:"system"`
	Go         string        `json:"go"`
	FileSystem string        `json:"file_system"` // of the temporary data
	Sync       time.Duration `json:"sync_ns"`     // median of a 4 KiB append with fsync on it
}

// thisMachine describes the machine. dir is where the data is.
func thisMachine(dir string) (Machine, error) {
	m := Machine{
		Date: time.Now().UTC().Truncate(time.Second), CPU: runtime.GOARCH, Cores: runtime.NumCPU(),
		System: runtime.GOOS, Go: runtime.Version(), FileSystem: fileSystemOf(dir),
	}
	if name := field("/proc/cpuinfo", "model name"); name != "" {
		m.CPU = name
	}
	if kib, err := strconv.ParseInt(strings.TrimSuffix(field("/proc/meminfo", "MemTotal"), " kB"), 10, 64); err == nil {
		m.MemoryMiB = kib >> 10
	}
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.System += " " + strings.TrimSpace(string(release))
	}
	var err error
	m.Sync, err = syncTime(dir)
	return m, err
}

// field gives the first value of a name in a file of "name : value" lines.
func field(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		key, value, ok := strings.Cut(line, ":")
		if ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// fileSystemOf names the type of the file system that a directory is on.
func fileSystemOf(dir string) string {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return "unknown"
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	kind, length := "unknown", 0
	for line := range strings.Lines(string(mounts)) {
		f := strings.Fields(line)
		if len(f) < 3 || len(f[1]) < length {
			continue
		}
		if f[1] == "/" || dir == f[1] || strings.HasPrefix(dir, f[1]+"/") {
			kind, length = f[2], len(f[1]) // a later mount on the same place hides the earlier
		}
	}
	return kind
}

// syncTime is what one durable write costs here: the median of appends of 4 KiB,
// each with an fsync.
func syncTime(dir string) (time.Duration, error) {
	f, err := os.CreateTemp(dir, "sync-")
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	page, took := make([]byte, 4096), make([]time.Duration, 200)
	for i := range took {
		began := time.Now()
		_, err := f.Write(page)
		if err := errors.Join(err, f.Sync()); err != nil {
			return 0, err
		}
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}
