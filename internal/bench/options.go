package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Options say what is measured and how much of it. The tags are those of the
// command line.
type Options struct {
	Server    string `help:"Measure this server instead of starting one on temporary data." placeholder:"URL"`
	TokenFile string `help:"For --server: file with one API token a line, each of another person; the first must be an administrator's, and the policy is changed with it." placeholder:"FILE"`
	ServerPID int    `help:"For --server on this machine: its process, for processor time and memory." placeholder:"PID" name:"server-pid"`
	Ops       string `help:"For --server: address of its /healthz, for the ceiling of HTTP." placeholder:"HOST:PORT"`

	Database string `help:"PostgreSQL address for the server that is started; empty: SQLite." placeholder:"postgres://…"`
	Postgres bool   `help:"Start a PostgreSQL from this machine's package, with its default settings, for the server that is started."`
	Dir      string `help:"Where temporary data goes; it should be on a real disk." placeholder:"DIR"`

	InFlight      []int         `help:"Numbers of requests under way at once." default:"1,16,64"`
	Duration      time.Duration `help:"How long sends are measured at each number; opens and recalls use up what was sent." default:"10s"`
	People        int           `help:"Accounts to use." default:"1001"`
	Conversations int           `help:"Conversations of two that the load is spread over." default:"1000"`
	Fill          int           `help:"Messages to send before anything is measured, to compare sizes."`
	History       int           `help:"Messages of the long conversation whose pages are read." default:"20000"`
	Asks          int           `help:"How often each page is asked for." default:"300"`
	Recalls       int           `help:"Recalls that a live connection is watched for." default:"300"`
	Streams       int           `help:"Idle live connections whose memory is measured." default:"10000"`
	Settle        time.Duration `help:"How long they are left alone before the memory is read." default:"30s"`

	Input string `help:"Send this file of messages (JSON lines of at, from, to, text; may be gzipped), open and recall parts of it, and account for every message, instead of measuring." placeholder:"FILE"`
	Lines int    `help:"For --input: only so many of its lines; 0: all." name:"lines"`

	JSON bool `help:"Print JSON instead of Markdown."`

	// AddPeople makes n accounts where the server that is started will find them, and
	// gives an API token of each; the first is an administrator. It is called before
	// the server starts. It is required unless Server is set.
	AddPeople func(ctx context.Context, data, database string, n int) (tokens []string, err error) `kong:"-"`
	// Progress is told what is under way; nil: nobody.
	Progress io.Writer `kong:"-"`
}

const (
	minPeople        = 4
	maxPeople        = 100_000
	maxConversations = 1_000_000
	maxInFlight      = 4096
	maxStreams       = 60_000
)

// Validate names the first option that cannot be.
func (o Options) Validate() error {
	switch {
	case o.Server != "" && (o.Database != "" || o.Postgres):
		return errors.New("--server has its own database: leave --database and --postgres out")
	case o.Database != "" && o.Postgres:
		return errors.New("--database and --postgres exclude each other")
	case (o.Server == "") != (o.TokenFile == ""):
		return errors.New("--server and --token-file go together")
	case o.People < minPeople || o.People > maxPeople:
		return fmt.Errorf("--people must be from %d to %d", minPeople, maxPeople)
	case o.Conversations < 1 || o.Conversations > maxConversations || o.Conversations > 2*(o.People-1):
		return errors.New("--conversations must be from 1 to twice the number of people")
	case len(o.InFlight) == 0:
		return errors.New("--in-flight needs a number")
	case o.Duration < 10*time.Millisecond:
		return errors.New("--duration must be at least 10ms")
	case o.History < 0 || o.Fill < 0 || o.Recalls < 0 || o.Streams < 0 || o.Streams > maxStreams || o.Settle < 0 || o.Lines < 0 || o.Asks < 1:
		return errors.New("a count is out of its limits")
	case o.History > 0 && o.History <= pageSize:
		return fmt.Errorf("--history must be 0 or more than %d", pageSize)
	case o.Streams > perPerson*o.People:
		return fmt.Errorf("--streams needs more --people: at most %d for each", perPerson)
	}
	for _, n := range o.InFlight {
		if n < 1 || n > maxInFlight || n > o.Conversations {
			return errors.New("--in-flight must be at least 1 and at most the number of conversations")
		}
	}
	return nil
}

// Run measures, or replays Input, and prints the outcome. It leaves no process and
// no temporary data behind. An answer of the server that is not what was asked for
// is an error, never a figure.
func Run(ctx context.Context, o Options, out io.Writer) error {
	if err := o.Validate(); err != nil {
		return err
	}
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	if o.Input != "" {
		return replay(ctx, o, out)
	}
	s, err := openSite(ctx, o, o.People)
	if err != nil {
		return err
	}
	r, err := measureAll(ctx, o, s)
	if err := errors.Join(err, s.close()); err != nil {
		return err
	}
	return r.print(out, o.JSON)
}

// say tells what is under way.
func (o Options) say(format string, args ...any) {
	fmt.Fprintf(o.Progress, "bench: "+format+"\n", args...) // whoever watched may be gone
}

func printJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
