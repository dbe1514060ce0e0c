package pgtest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// installation is where PostgreSQL's programs are and who may run them.
type installation struct {
	bin     string
	version string
	uid     int
	as      *syscall.Credential // nil: as ourselves
}

// findInstallation looks on PATH and where Debian keeps the programs, which is
// not on PATH; the newest version wins.
func findInstallation() (installation, error) {
	var dirs []string
	if path, err := exec.LookPath("initdb"); err == nil {
		dirs = append(dirs, filepath.Dir(path))
	}
	packaged, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return installation{}, err
	}
	return firstComplete(append(dirs, newestFirst(packaged)...))
}

// newestFirst sorts directories like .../15/bin by their version.
func newestFirst(dirs []string) []string {
	version := func(dir string) int {
		n, err := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
		if err != nil {
			return 0
		}
		return n
	}
	slices.SortFunc(dirs, func(a, b string) int { return version(b) - version(a) })
	return dirs
}

// firstComplete takes the first directory with both programs in working order.
func firstComplete(dirs []string) (installation, error) {
	for _, dir := range dirs {
		version, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
		if err != nil {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
			continue
		}
		install := installation{bin: dir, version: strings.TrimSpace(string(version)), uid: os.Getuid()}
		return install, install.unprivileged()
	}
	return installation{}, errors.New("no initdb and postgres found")
}

// unprivileged picks another user where we are root, because PostgreSQL
// refuses to run as root.
func (i *installation) unprivileged() error {
	if i.uid != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			continue
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			continue
		}
		i.uid = int(uid)
		i.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		return nil
	}
	return errors.New("root cannot run PostgreSQL and there is neither a user postgres nor nobody")
}

// tempDir is short, because the path of a Unix socket may not exceed 107 bytes.
func tempDir() string {
	if info, err := os.Stat("/tmp"); err == nil && info.IsDir() {
		return "/tmp"
	}
	return os.TempDir()
}

// makeDir makes a directory that belongs to the user the server runs as.
func (i installation) makeDir(prefix string) (string, error) {
	dir, err := os.MkdirTemp(tempDir(), prefix)
	if err != nil {
		return "", err
	}
	if i.as != nil {
		if err := os.Chown(dir, int(i.as.Uid), int(i.as.Gid)); err != nil {
			os.RemoveAll(dir)
			return "", err
		}
	}
	return dir, nil
}

// prepare gives a program the server's user and an environment without the
// caller's PG* variables and locale.
func (i installation) prepare(dir, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "TZ=UTC", "HOME=" + dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: i.as}
	return cmd
}

func (i installation) command(dir, name string, args ...string) error {
	out, err := i.prepare(dir, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(name), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// makeData fills target with a fresh data directory. initdb takes a second,
// so its result is kept in the temporary directory for each version and user,
// and copied. Concurrent processes may each run initdb; the first rename wins
// and every template is complete from the moment it has its name.
func (i installation) makeData(target string) error {
	template := filepath.Join(tempDir(), i.templateName())
	if !i.owns(template) {
		work, err := i.makeDir("sealpost-pg-initdb-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(work)
		data := filepath.Join(work, "data")
		err = i.command(work, filepath.Join(i.bin, "initdb"), "-D", data, "-U", superuser,
			"-A", "trust", "--encoding=UTF8", "--locale=C.UTF-8")
		if err != nil {
			return err
		}
		if err := os.Rename(data, template); err != nil && !i.owns(template) {
			// Somebody else's file is in the way: do without a template.
			return i.command(work, "cp", "-a", data, target)
		}
	}
	return i.command(tempDir(), "cp", "-a", template, target)
}

func (i installation) templateName() string {
	key := sha256.Sum256([]byte(i.bin + "\n" + i.version))
	return fmt.Sprintf("sealpost-pg-template-%d-%x", i.uid, key[:6])
}

// owns says whether the template is a real directory of the server's user, so
// that nobody else on the machine can plant one.
func (i installation) owns(template string) bool {
	info, err := os.Lstat(template)
	if err != nil || !info.IsDir() || info.Mode().Perm() != 0o700 {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == i.uid
}
