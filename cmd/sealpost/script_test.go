package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the scripts run this binary as sealpost.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sealpost": main})
}

// TestScripts runs every script against the real binary. Besides the commands of
// testscript they have:
//
//	house NAME...            accounts, a server, and everybody signed in
//	as NAME                  the following commands are NAME's
//	start NAME COMMAND...    runs sealpost COMMAND, its output in NAME.log
//	await FILE REGEXP        waits until the file matches
//	stop NAME                interrupts what start began; it must end well
//	until REGEXP COMMAND...  runs sealpost COMMAND until its output matches
//	archive FILE ROWS        writes an archive to import
//	capture VAR FILE REGEXP  sets VAR to the first group; FILE may be stdout
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("..", "..", "testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Values[begun{}] = map[string]*exec.Cmd{}
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name == "sealtest" {
				return clockMoves, nil
			}
			return false, fmt.Errorf("unknown condition %s", name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"house": cmdHouse, "as": cmdAs, "start": cmdStart, "await": cmdAwait, "stop": cmdStop, "capture": cmdCapture, "until": cmdUntil,
			"archive": cmdArchive,
		},
	})
}

// begun is the key of what start began, by name.
type begun struct{}

// passedOn are the variables that a started command gets.
func passedOn() []string {
	return []string{"PATH", "HOME", "TMPDIR", "WORK", "SEALPOST_DATA", "SEALPOST_SESSION", "SEALPOST_CLOCK_OFFSET"}
}

func binary(ts *testscript.TestScript, args ...string) *exec.Cmd {
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		path := filepath.Join(dir, "sealpost")
		if _, err := os.Stat(path); err != nil {
			continue
		}
		c := exec.Command(path, args...)
		c.Dir = ts.Getenv("WORK")
		for _, name := range passedOn() {
			c.Env = append(c.Env, name+"="+ts.Getenv(name))
		}
		return c
	}
	ts.Fatalf("there is no sealpost in PATH")
	return nil
}

func cmdHouse(ts *testscript.TestScript, neg bool, names []string) {
	if neg || len(names) == 0 {
		ts.Fatalf("usage: house NAME...")
	}
	ts.Setenv("SEALPOST_DATA", ts.MkAbs("data"))
	for _, name := range names {
		secret(ts, name, "user", "add", name+"@example.org", "--name", strings.ToUpper(name[:1])+name[1:], "--password-stdin")
	}
	cmdStart(ts, false, []string{"server", "serve", "--listen", "127.0.0.1:0", "--ops", "off"})
	cmdAwait(ts, false, []string{"server.log", `listening on \S+\n`})
	cmdCapture(ts, false, []string{"URL", "server.log", `listening on (\S+)\n`})
	for _, name := range names {
		cmdAs(ts, false, []string{name})
		secret(ts, name, "login", ts.Getenv("URL"), "--email", name+"@example.org", "--password-stdin")
	}
}

// secret runs a command with somebody's password on its standard input.
func secret(ts *testscript.TestScript, name string, args ...string) {
	c := binary(ts, args...)
	c.Stdin = strings.NewReader("the password of " + name + "\n")
	if out, err := c.CombinedOutput(); err != nil {
		ts.Fatalf("%s: %v: %s", strings.Join(args, " "), err, out)
	}
}

func cmdAs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: as NAME")
	}
	ts.Setenv("SEALPOST_SESSION", ts.MkAbs(args[0]+".json"))
}

func cmdStart(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: start NAME COMMAND...")
	}
	log, err := os.Create(ts.MkAbs(args[0] + ".log"))
	ts.Check(err)
	c := binary(ts, args[1:]...)
	c.Stdout, c.Stderr = log, log
	ts.Check(c.Start())
	ts.Check(log.Close())
	all := ts.Value(begun{}).(map[string]*exec.Cmd)
	all[args[0]] = c
	ts.Defer(func() {
		if all[args[0]] == c {
			_ = c.Process.Kill()
			_ = c.Wait()
		}
	})
}

func cmdStop(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: stop NAME")
	}
	all := ts.Value(begun{}).(map[string]*exec.Cmd)
	c := all[args[0]]
	if c == nil {
		ts.Fatalf("%s was not started", args[0])
	}
	delete(all, args[0])
	ts.Check(c.Process.Signal(os.Interrupt))
	if err := c.Wait(); err != nil {
		ts.Fatalf("%s: %v\n%s", args[0], err, ts.ReadFile(args[0]+".log"))
	}
}

// cmdAwait looks at a file that another process writes: there is no signal for that
// but the file itself.
func cmdAwait(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await FILE REGEXP")
	}
	pattern := regexp.MustCompile(args[1])
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if b, err := os.ReadFile(ts.MkAbs(args[0])); err == nil && pattern.Match(b) {
			return
		}
	}
	ts.Fatalf("%s does not match %s:\n%s", args[0], args[1], ts.ReadFile(args[0]))
}

func cmdUntil(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until REGEXP COMMAND...")
	}
	pattern := regexp.MustCompile(args[0])
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if err := ts.Exec("sealpost", args[1:]...); err == nil && pattern.MatchString(ts.ReadFile("stdout")) {
			return
		}
	}
	ts.Fatalf("the output never matches %s:\n%s%s", args[0], ts.ReadFile("stdout"), ts.ReadFile("stderr"))
}

func cmdCapture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: capture VAR FILE REGEXP")
	}
	found := regexp.MustCompile("(?m)" + args[2]).FindStringSubmatch(ts.ReadFile(args[1]))
	if len(found) < 2 {
		ts.Fatalf("%s does not match %s", args[1], args[2])
	}
	ts.Setenv(args[0], found[1])
}

// command runs a command in this process and gives its output.
func command(t *testing.T, input string, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), args, streams{bufio.NewReader(strings.NewReader(input)), &stdout, &stderr})
	return code, stdout.String(), stderr.String()
}
