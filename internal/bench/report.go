package bench

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// target is what a figure is held against.
type target struct {
	peer float64 // the best peer's figure; 0: none is known
	want string  // ours, in words
	met  func(measured float64) bool
}

func atMost(limit float64) func(float64) bool  { return func(v float64) bool { return v <= limit } }
func atLeast(limit float64) func(float64) bool { return func(v float64) bool { return v >= limit } }

// sendPeers is the table of durable sends a second of the best peer by numbers in
// flight. Peers were measured once, on a machine of 2 cores.
var sendPeers = map[int]float64{1: 691, 16: 1284, 64: 1053}

// sendTimes is the table of how many times the best peer's sends are wanted.
var sendTimes = map[string]map[int]float64{
	"SQLite":     {1: 2, 16: 4, 64: 7},
	"PostgreSQL": {16: 2, 64: 4},
}

// cpuWanted is the table of processor seconds of server and database that 1,000
// sends may take.
var cpuWanted = map[string]float64{"SQLite": 0.15, "PostgreSQL": 0.3}

// The other figures of the best peers.
const (
	peerP99       = 138.0 // ms, sends at 64 in flight
	peerCPU       = 1.04  // seconds for 1,000 sends
	peerDeletes   = 970.0 // "delete for everyone" a second
	peerStream    = 36.0  // KiB of an idle live connection
	peerInbox     = 25.0  // ms, list of 1,000 conversations
	peerPage      = 1.6   // ms, page of 50
	peerReady     = 129.0 // ms
	generatorMost = 0.18  // ms of processor time of the load generator for a message
)

// print writes the result as Markdown or JSON.
func (r Result) print(out io.Writer, asJSON bool) error {
	if asJSON {
		return printJSON(out, r)
	}
	var b strings.Builder
	r.heading(&b)
	r.targets(&b)
	r.details(&b)
	_, err := io.WriteString(out, b.String())
	return err
}

func (r Result) heading(b *strings.Builder) {
	m := r.Machine
	fmt.Fprintf(b, "### %s\n\n", r.Engine)
	fmt.Fprintf(b, "%s; %s, %d cores, %d MiB, %s, %s on %s (4 KiB append with fsync: %s). Load generator on the same machine.\n",
		m.Date.Format(time.DateTime+" UTC"), m.CPU, m.Cores, m.MemoryMiB, m.System, m.Go, m.FileSystem, ms(m.Sync))
	fmt.Fprintf(b, "Settings: %s.\n", strings.Join(r.Settings, ", "))
	fmt.Fprintf(b, "%d people, %d conversations of two, bodies of %d bytes, %d messages beforehand; %s in all.\n\n",
		r.People, r.Pairs, len(text)+4, r.Filled, r.Took.Round(time.Second))
	if strings.HasPrefix(m.FileSystem, "tmpfs") || m.FileSystem == "ramfs" {
		b.WriteString("**The data was in memory, where nothing is durable: name a --dir on a disk.**\n\n")
	}
}

// row writes a line of the table of targets. more says whether more is better.
func row(b *strings.Builder, work, measured string, value float64, t target, more bool) {
	peer, ratio, met := "–", "–", "–"
	if t.peer != 0 {
		times := value / t.peer
		if !more {
			times = t.peer / value
		}
		peer, ratio = fmt.Sprintf("%g", t.peer), fmt.Sprintf("%.1f ×", times)
	}
	if t.met != nil {
		met = "no"
		if t.met(value) {
			met = "yes"
		}
	}
	if t.want == "" {
		t.want = "–"
	}
	fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", work, measured, t.want, met, peer, ratio)
}

func (r Result) targets(b *strings.Builder) {
	b.WriteString("| work | measured | target | met | best peer | better than peer |\n|---|---|---|---|---|---|\n")
	sends := map[int]Rate{}
	for _, x := range r.Rates {
		if x.Operation == opSend {
			sends[x.InFlight] = x
			r.cpuRow(b, x)
		}
	}
	for _, x := range r.Rates {
		if x.Operation == opSend {
			r.sendRow(b, x)
		}
	}
	for _, x := range r.Rates {
		if x.Operation != opSend && x.InFlight == 16 {
			least := sends[16].PerSecond()
			t := target{want: fmt.Sprintf("≥ sends (%.0f/s)", least), met: atLeast(least)}
			if x.Operation == opRecall {
				t.peer = peerDeletes
			}
			row(b, x.Operation+"s, 16 in flight", fmt.Sprintf("%.0f/s", x.PerSecond()), x.PerSecond(), t, true)
		}
	}
	r.otherTargets(b)
	b.WriteString("\n")
}

func (r Result) cpuRow(b *strings.Builder, x Rate) {
	work := fmt.Sprintf("CPU-seconds of server and database per 1,000 sends, %d in flight", x.InFlight)
	if x.Server < 0 || x.Database < 0 {
		fmt.Fprintf(b, "| %s | not known | – | – | – | – |\n", work)
		return
	}
	t := target{peer: peerCPU}
	if most, ok := cpuWanted[r.Engine]; ok {
		t.want, t.met = fmt.Sprintf("≤ %g", most), atMost(most)
	}
	all := x.perThousand(x.Server + x.Database)
	row(b, work, fmt.Sprintf("%.3f", all), all, t, false)
}

func (r Result) sendRow(b *strings.Builder, x Rate) {
	peer := sendPeers[x.InFlight]
	t := target{peer: peer}
	if times, ok := sendTimes[r.Engine][x.InFlight]; ok {
		t.want, t.met = fmt.Sprintf("≥ %.0f/s (stretch)", times*peer), atLeast(times*peer)
	}
	row(b, fmt.Sprintf("durable sends, %d in flight", x.InFlight), fmt.Sprintf("%.0f/s", x.PerSecond()), x.PerSecond(), t, true)
	if x.InFlight == 64 {
		p99 := float64(x.P99) / float64(time.Millisecond)
		row(b, "p99 of a send, 64 in flight", ms(x.P99), p99, target{peer: peerP99, want: "≤ 23 ms", met: atMost(23)}, false)
	}
}

func (r Result) otherTargets(b *strings.Builder) {
	inMS := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	if v := r.Vanishing; v.Recalls > 0 {
		row(b, "recall acknowledged → gone at a live connection, p99 added", ms(v.P99), inMS(v.P99), target{want: "≤ 10 ms", met: atMost(10)}, false)
	}
	l := r.Lists
	row(b, fmt.Sprintf("inbox of %d out of %d conversations, p50", pageSize, l.Conversations), ms(l.Inbox), inMS(l.Inbox),
		target{peer: peerInbox, want: "≤ 2 ms", met: atMost(2)}, false)
	row(b, fmt.Sprintf("the newest %d unread of them, p50", pageSize), ms(l.Unread), inMS(l.Unread), target{}, false)
	if l.Messages > 0 {
		row(b, fmt.Sprintf("newest page of %d out of %d messages, p50", pageSize, l.Messages), ms(l.Newest), inMS(l.Newest),
			target{peer: peerPage, want: "≤ 2 ms", met: atMost(2)}, false)
		row(b, "its oldest page, p50", ms(l.Oldest), inMS(l.Oldest),
			target{peer: peerPage, want: "≤ 2 ms, no slower than the newest", met: atMost(min(2, 1.1*inMS(l.Newest)))}, false)
		for _, filter := range []struct {
			what string
			took time.Duration
		}{{"recalled", l.Recalled}, {"scheduled", l.Scheduled}} {
			row(b, fmt.Sprintf("filter %s of who has the %d messages, p50", filter.what, l.Messages), ms(filter.took), inMS(filter.took), target{}, false)
		}
		for _, search := range []struct {
			what string
			took time.Duration
		}{
			{"a word that all have", l.Frequent}, {"a word that one has", l.Rare}, {"from: a name", l.From}, {"three words in a row", l.Phrase},
		} {
			row(b, fmt.Sprintf("search of the same %d messages for %s, p50", l.Messages, search.what), ms(search.took), inMS(search.took), target{}, false)
		}
		row(b, "their index is whole, after the last of them", ms(l.Indexed), inMS(l.Indexed), target{}, false)
	}
	i := r.Idle
	if i.Streams > 0 {
		kib := float64(i.Each) / 1024
		row(b, fmt.Sprintf("resident memory of an idle live connection, %d of them, after %s", i.Streams, i.Settle), fmt.Sprintf("%.1f KiB", kib), kib,
			target{peer: peerStream, want: "≤ 5 KiB", met: atMost(5)}, false)
	}
	if i.Ready > 0 {
		row(b, "start to ready on this data, median", ms(i.Ready), inMS(i.Ready), target{peer: peerReady, want: "≤ 300 ms", met: atMost(300)}, false)
	}
	if i.Memory > 0 {
		mib := float64(i.Memory) / (1 << 20)
		row(b, "resident memory of an idle server", fmt.Sprintf("%.1f MiB", mib), mib, target{want: "≤ 40 MiB", met: atMost(40)}, false)
	}
	for _, x := range r.Rates {
		if x.Operation == opSend && x.InFlight == 16 && x.Generator >= 0 {
			cost := x.perThousand(x.Generator) // seconds of 1,000 are milliseconds of one
			row(b, "CPU of the load generator for a send, 16 in flight", fmt.Sprintf("%.3f ms", cost), cost,
				target{want: fmt.Sprintf("≤ %g ms", generatorMost), met: atMost(generatorMost)}, false)
		}
	}
}

// details writes every rate with its processor time.
func (r Result) details(b *strings.Builder) {
	b.WriteString("| request | in flight | requests | a second | p50 | p99 | CPU-s per 1,000: server | database | load generator |\n|---|---|---|---|---|---|---|---|---|\n")
	all := r.Rates
	if r.NoOp != nil {
		all = append(all[:len(all):len(all)], *r.NoOp)
	}
	for _, x := range all {
		cpu := func(d time.Duration) string {
			if d < 0 {
				return "not known"
			}
			return fmt.Sprintf("%.3f", x.perThousand(d))
		}
		fmt.Fprintf(b, "| %s | %d | %d | %.0f | %s | %s | %s | %s | %s |\n",
			x.Operation, x.InFlight, x.Count, x.PerSecond(), ms(x.P50), ms(x.P99), cpu(x.Server), cpu(x.Database), cpu(x.Generator))
	}
	b.WriteString("\n")
	r.remarks(b)
}

// remarks say what fits no table.
func (r Result) remarks(b *strings.Builder) {
	if r.NoOp != nil {
		fmt.Fprintf(b, "Of the ceiling of %.0f/s, which is /healthz at %d in flight,", r.NoOp.PerSecond(), r.NoOp.InFlight)
		for _, x := range r.Rates {
			if x.InFlight == r.NoOp.InFlight {
				fmt.Fprintf(b, " %ss reach %.0f %%,", x.Operation, 100*x.PerSecond()/r.NoOp.PerSecond())
			}
		}
		b.WriteString(" at as many.\n")
	}
	if v := r.Vanishing; v.Recalls > 0 {
		fmt.Fprintf(b, "Recall to gone, over %d recalls: p50 %s, p99 %s after the acknowledgement.\n", v.Recalls, ms(v.P50), ms(v.P99))
	}
	if i := r.Idle; i.Streams > 0 {
		fmt.Fprintf(b, "A live connection took %.1f KiB when the last one had begun.\n", float64(i.AtOnce)/1024)
	}
	b.WriteString("\n")
}

// ms shows a time in milliseconds.
func ms(d time.Duration) string {
	v := float64(d) / float64(time.Millisecond)
	if v < 10 {
		return fmt.Sprintf("%.2f ms", v)
	}
	return fmt.Sprintf("%.1f ms", v)
}
