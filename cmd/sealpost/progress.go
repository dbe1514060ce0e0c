package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// progress shows how far something is, how fast it goes and how long it still takes:
// as a bar that moves on a terminal, and as a line now and then elsewhere.
type progress struct {
	out    io.Writer
	what   string
	unit   string
	live   bool // a terminal
	every  time.Duration
	clock  func() time.Time
	mu     sync.Mutex // guards what follows
	begin  time.Time
	shown  time.Time
	done   int
	of     int
	anyway bool // something was shown
}

const barWidth = 24

func newProgress(out io.Writer, what, unit string) *progress {
	p := &progress{out: out, what: what, unit: unit, every: 10 * time.Second, clock: time.Now}
	if _, p.live = terminal(out); p.live {
		p.every = 100 * time.Millisecond
	}
	p.begin = p.clock()
	p.shown = p.begin
	return p
}

// add counts what was done since the last call.
func (p *progress) add(done, of int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += done
	p.of = of
	p.show(false)
}

// at sets how much was done.
func (p *progress) at(done, of int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done, p.of = done, of
	p.show(false)
}

// end shows the last state, if any was shown, and leaves the line.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.anyway {
		return
	}
	p.show(true)
	if p.live {
		fmt.Fprintln(p.out)
	}
}

// show writes the state if it is time to. The lock is held.
func (p *progress) show(now bool) {
	at := p.clock()
	if !now && at.Sub(p.shown) < p.every {
		return
	}
	p.shown, p.anyway = at, true
	line := p.line(at)
	if p.live {
		fmt.Fprintf(p.out, "\r\x1b[K%s", line)
		return
	}
	fmt.Fprintln(p.out, line)
}

func (p *progress) line(at time.Time) string {
	part := 0.0
	if p.of > 0 {
		part = min(1, float64(p.done)/float64(p.of))
	}
	line := fmt.Sprintf("%s %3.0f%%  %d of %d %s", p.what, 100*part, p.done, p.of, p.unit)
	if p.live {
		full := int(part * barWidth)
		line = fmt.Sprintf("%s [%s%s] %3.0f%%  %d of %d %s", p.what, strings.Repeat("=", full), strings.Repeat(" ", barWidth-full), 100*part, p.done, p.of, p.unit)
	}
	passed := at.Sub(p.begin).Seconds()
	if passed <= 0 || p.done == 0 {
		return line
	}
	rate := float64(p.done) / passed
	line += fmt.Sprintf(", %.0f/s", rate)
	if left := time.Duration(float64(max(0, p.of-p.done)) / rate * float64(time.Second)); left > 0 {
		line += ", " + left.Round(time.Second).String() + " left"
	}
	return line
}
