//go:build sealtest

package failpoint

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Enabled says whether this build has working failpoints.
const Enabled = true

// Variable is the environment variable that arms a point: "name" kills the
// process at the first hit, "name:N" at the Nth.
const Variable = "SEALPOST_FAILPOINT"

// state is what the process has armed. It varies, which is why it exists in
// test builds only.
var state struct {
	read sync.Once

	mu       sync.Mutex // guards what follows
	armed    Point
	left     int // hits of armed until the kill
	handlers map[Point]func()
}

// Hit runs the handler that Set gave for the point, or kills the process when
// the environment armed this hit of it. A variable that names no point ends
// the process with status 2 at the first Hit: a crash test with a misspelt
// name must not pass by never crashing.
func Hit(name Point) {
	state.read.Do(arm)
	state.mu.Lock()
	handler := state.handlers[name]
	kill := false
	if state.armed == name && state.left > 0 {
		state.left--
		kill = state.left == 0
	}
	state.mu.Unlock()
	if kill {
		killSelf()
	}
	if handler != nil {
		handler()
	}
}

// Set makes Hit of the point run f, on the goroutine that hits it and possibly
// on several at once, until restore is called. It holds for the whole process,
// so two tests that share a point must not run in parallel: setting a point
// that is already set panics.
func Set(name Point, f func()) (restore func()) {
	if !slices.Contains(All(), name) {
		panic("failpoint: " + string(name) + " is not registered")
	}
	state.mu.Lock()
	defer state.mu.Unlock()
	if _, taken := state.handlers[name]; taken {
		panic("failpoint: " + string(name) + " is already set")
	}
	if state.handlers == nil {
		state.handlers = make(map[Point]func())
	}
	state.handlers[name] = f
	return func() {
		state.mu.Lock()
		defer state.mu.Unlock()
		delete(state.handlers, name)
	}
}

func arm() {
	value, ok := os.LookupEnv(Variable)
	if !ok || value == "" {
		return
	}
	name, nth, err := parse(value)
	if err != nil {
		fmt.Fprintf(os.Stderr, "failpoint: %s: %v\n", Variable, err)
		os.Exit(2)
	}
	state.mu.Lock()
	defer state.mu.Unlock()
	state.armed, state.left = name, nth
}

func parse(value string) (Point, int, error) {
	name, count, counted := strings.Cut(value, ":")
	nth := 1
	if counted {
		n, err := strconv.Atoi(count)
		if err != nil || n < 1 {
			return "", 0, errors.New("the count after the colon must be a whole number from 1")
		}
		nth = n
	}
	if !slices.Contains(All(), Point(name)) {
		return "", 0, errors.New("no such point")
	}
	return Point(name), nth, nil
}

// killSelf never returns: the kernel needs a moment, and nothing behind the
// point may run in it.
func killSelf() {
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "failpoint: cannot kill this process: %v\n", err)
		os.Exit(2)
	}
	select {}
}
