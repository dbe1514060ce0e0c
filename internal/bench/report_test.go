package bench

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// made is a result whose every figure is known.
func made() Result {
	rate := func(operation string, inFlight, count int, server time.Duration) Rate {
		return Rate{
			Operation: operation, InFlight: inFlight, Count: count, Elapsed: 10 * time.Second,
			P50: time.Millisecond, P99: 20 * time.Millisecond, Server: server, Generator: time.Second,
		}
	}
	noOp := rate("no-op", 16, 200_000, time.Second)
	return Result{
		Engine: "SQLite", Machine: Machine{FileSystem: "ext4", Cores: 2}, Settings: []string{"synchronous=FULL"},
		Rates: []Rate{
			rate(opSend, 16, 50_000, 5*time.Second), rate(opOpen, 16, 60_000, 5*time.Second), rate(opRecall, 16, 48_500, 5*time.Second),
			rate(opSend, 64, 80_000, 20*time.Second), rate(opSend, 1, 10_000, -1),
		},
		NoOp:      &noOp,
		Vanishing: Vanishing{Recalls: 300, P50: time.Millisecond, P99: 11 * time.Millisecond},
		Lists:     Lists{Conversations: 1000, Inbox: time.Millisecond, Messages: 100_000, Newest: time.Millisecond, Oldest: 1500 * time.Microsecond},
		Idle:      Idle{Ready: 100 * time.Millisecond, Memory: 30 << 20, Streams: 10_000, Each: 4 << 10},
	}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := made().print(&out, false); err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{
		"| CPU-seconds of server and database per 1,000 sends, 16 in flight | 0.100 | ≤ 0.15 | yes | 1.04 | 10.4 × |",
		"| CPU-seconds of server and database per 1,000 sends, 64 in flight | 0.250 | ≤ 0.15 | no | 1.04 | 4.2 × |",
		"| CPU-seconds of server and database per 1,000 sends, 1 in flight | not known | – | – | – | – |",
		"| durable sends, 16 in flight | 5000/s | ≥ 5136/s (stretch) | no | 1284 | 3.9 × |",
		"| durable sends, 64 in flight | 8000/s | ≥ 7371/s (stretch) | yes | 1053 | 7.6 × |",
		"| p99 of a send, 64 in flight | 20.0 ms | ≤ 23 ms | yes | 138 | 6.9 × |",
		"| opens, 16 in flight | 6000/s | ≥ sends (5000/s) | yes | – | – |",
		"| recalls, 16 in flight | 4850/s | ≥ sends (5000/s) | no | 970 | 5.0 × |",
		"| recall acknowledged → gone at a live connection, p99 added | 11.0 ms | ≤ 10 ms | no | – | – |",
		"| its oldest page, p50 | 1.50 ms | ≤ 2 ms, no slower than the newest | no | 1.6 | 1.1 × |",
		"| resident memory of an idle live connection, 10000 of them, after 0s | 4.0 KiB | ≤ 5 KiB | yes | 36 | 9.0 × |",
		"| CPU of the load generator for a send, 16 in flight | 0.020 ms | ≤ 0.18 ms | yes | – | – |",
		"| send | 16 | 50000 | 5000 | 1.00 ms | 20.0 ms | 0.100 | 0.000 | 0.020 |",
		"Settings: synchronous=FULL.",
	} {
		if !strings.Contains(out.String(), row+"\n") {
			t.Errorf("missing: %s", row)
		}
	}
	for line := range strings.Lines(out.String()) {
		if n := strings.Count(line, "|"); n != 0 && n != 7 && n != 10 {
			t.Errorf("a row has %d bars: %s", n, line)
		}
	}
	if strings.Contains(out.String(), "in memory") {
		t.Error("a disk is called memory")
	}
}

func TestMemoryIsNoDisk(t *testing.T) {
	t.Parallel()
	r := made()
	r.Machine.FileSystem = "tmpfs"
	var out bytes.Buffer
	if err := r.print(&out, false); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "nothing is durable") {
		t.Error("figures without a disk pass for durable ones")
	}
}
