package bench

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"time"
)

var errNoProc = errors.New("bench: /proc does not tell")

// tick is the unit of processor time in /proc; Linux shows hundredths of a second
// to programs whatever it counts inside (proc(5), sysconf(_SC_CLK_TCK)).
const tick = 10 * time.Millisecond

// process is a line of /proc/PID/stat, as far as it is used.
type process struct {
	parent   int
	own      time.Duration // processor time, user and system, of all its threads
	children time.Duration // the same of children that have ended and were waited for
}

func processOf(pid int) (process, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return process{}, errNoProc
	}
	// The second field is the name in parentheses, which may hold anything.
	_, rest, _ := strings.Cut(string(text[strings.LastIndexByte(string(text), ')')+1:]), " ")
	fields := strings.Fields(rest)
	if len(fields) < 15 {
		return process{}, errNoProc
	}
	var n [5]int64
	for i, at := range []int{1, 11, 12, 13, 14} { // ppid, utime, stime, cutime, cstime
		if n[i], err = strconv.ParseInt(fields[at], 10, 64); err != nil {
			return process{}, errNoProc
		}
	}
	return process{parent: int(n[0]), own: time.Duration(n[1]+n[2]) * tick, children: time.Duration(n[3]+n[4]) * tick}, nil
}

// cpuOf is the processor time of one process.
func cpuOf(pid int) (time.Duration, error) {
	p, err := processOf(pid)
	return p.own, err
}

// treeCPU is the processor time of a process and everything below it, with what
// has ended meanwhile: a postmaster and its servers.
func treeCPU(root int) (time.Duration, error) {
	top, err := processOf(root)
	if err != nil {
		return 0, err
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0, errNoProc
	}
	all := map[int]process{}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if p, err := processOf(pid); err == nil { // one that ended is in its parent's children
			all[pid] = p
		}
	}
	total := top.own + top.children
	for pid, p := range all {
		for up, depth := p.parent, 0; up != 0 && depth < 16; up, depth = all[up].parent, depth+1 {
			if up == root && pid != root {
				total += p.own + p.children
				break
			}
		}
	}
	return total, nil
}

// residentOf is the resident memory of a process in bytes.
func residentOf(pid int) (int64, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, errNoProc
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			return kib << 10, err
		}
	}
	return 0, errNoProc
}
