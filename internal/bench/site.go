package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/client"
)

// person is one account.
type person struct{ id, token string }

// site is a server to be measured, with what is known of it.
type site struct {
	options Options
	address string // HOST:PORT of the API
	ops     string // HOST:PORT of /healthz; empty: not known
	client  *client.Client
	people  []person // the first is an administrator
	engine  string
	setting []string // about durability, as the database itself says
	dir     string   // temporary data; empty for somebody else's server
	server  *server  // nil for somebody else's
	cluster *cluster // nil without a PostgreSQL of our own
	pid     int      // of the server; 0: not known
	master  int      // the postmaster; 0: none, or not known
}

// setUpWorkers is how many requests are under way while a site is prepared.
const setUpWorkers = 16

// openSite starts a server on temporary data, or takes the one that is named, and
// gives it people and a policy under which a recall is refused to nobody.
func openSite(ctx context.Context, o Options, people int) (_ *site, err error) {
	s := &site{options: o}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	var tokens []string
	if o.Server != "" {
		tokens, err = s.take(people)
	} else {
		tokens, err = s.start(ctx, people)
	}
	if err != nil {
		return nil, err
	}
	if err := s.connect(); err != nil {
		return nil, err
	}
	s.people = make([]person, len(tokens))
	err = inParallel(ctx, setUpWorkers, len(tokens), func(ctx context.Context, i int) error {
		me, err := s.client.As(tokens[i]).Me(ctx)
		s.people[i] = person{me.ID, tokens[i]}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("signing in: %w", err)
	}
	return s, s.permit(ctx)
}

// take uses a server that runs already.
func (s *site) take(people int) ([]string, error) {
	s.address = strings.TrimSuffix(strings.TrimPrefix(s.options.Server, "http://"), "/")
	if strings.Contains(s.address, "/") {
		return nil, errors.New("--server must look like http://HOST:PORT")
	}
	s.ops, s.pid, s.engine = s.options.Ops, s.options.ServerPID, "the server at "+s.address
	text, err := os.ReadFile(s.options.TokenFile)
	if err != nil {
		return nil, err
	}
	tokens := strings.Fields(string(text))
	if len(tokens) < people {
		return nil, fmt.Errorf("--token-file has %d tokens and %d people are needed", len(tokens), people)
	}
	return tokens[:people], nil
}

// start begins everything that a server of our own needs, in order.
func (s *site) start(ctx context.Context, people int) (tokens []string, err error) {
	if s.options.AddPeople == nil {
		return nil, errors.New("bench: nobody can add people; name a --server")
	}
	if s.dir, err = os.MkdirTemp(s.options.Dir, "sealpost-bench-"); err != nil {
		return nil, err
	}
	database := s.options.Database
	s.engine = "SQLite"
	if s.options.Postgres {
		s.options.say("starting PostgreSQL")
		if s.cluster, err = startCluster(ctx, s.options.Dir); err != nil {
			return nil, err
		}
		database = s.cluster.address()
	}
	data := filepath.Join(s.dir, "data")
	s.options.say("adding %d people", people)
	if tokens, err = s.options.AddPeople(ctx, data, database, people); err != nil {
		return nil, fmt.Errorf("adding people: %w", err)
	}
	s.options.say("starting the server")
	if s.server, err = startServer(ctx, s.dir, data, database); err != nil {
		return nil, err
	}
	if database == "" {
		s.setting, err = doctorSettings(ctx, data)
		return tokens, err
	}
	s.engine = "PostgreSQL"
	s.setting, s.master = databaseSettings(ctx, s.cluster, database)
	return tokens, nil
}

// connect makes the client, also after the server has another address.
func (s *site) connect() (err error) {
	if s.server != nil {
		s.address, s.ops, s.pid = s.server.address, s.server.ops, s.server.pid
	}
	s.client, err = client.New("http://"+s.address, client.WithIdleConnections(setUpWorkers), client.WithAgent("sealpost-bench"))
	return err
}

// restart ends the server and starts it again on the same data, and gives the time
// from its start until it answered.
func (s *site) restart(ctx context.Context) (time.Duration, error) {
	s.client.Close()
	old := s.server
	if err := old.stop(); err != nil {
		return 0, err
	}
	var err error
	if s.server, err = startServer(ctx, s.dir, old.data, old.database); err != nil {
		return 0, err
	}
	return s.server.ready, s.connect()
}

// permit sets a policy whose limits nothing here reaches. Each is evaluated all the
// same.
func (s *site) permit(ctx context.Context) error {
	const unreached = 1_000_000
	admin := s.client.As(s.people[0].token)
	p, err := admin.Policy(ctx)
	if err != nil {
		return fmt.Errorf("reading the policy: %w", err)
	}
	_, err = admin.PutPolicy(ctx, api.PutPolicy{
		Recall: true, Window: api.Duration(24 * time.Hour), PerConversationPerDay: unreached,
		Throttle: api.Throttle{Messages: unreached, Recipients: unreached, Refusals: unreached, Period: p.Throttle.Period},
		Group:    p.Group, Trace: p.Trace, Previews: p.Previews, NotificationDelay: p.NotificationDelay,
		UndoDefault: p.UndoDefault, Reason: "a load test",
	})
	if err != nil {
		return fmt.Errorf("setting the policy: %w", err)
	}
	return nil
}

// close ends what was started and removes its data.
func (s *site) close() error {
	var err error
	if s.client != nil {
		s.client.Close()
	}
	if s.server != nil {
		err = s.server.stop()
	}
	if s.cluster != nil {
		err = errors.Join(err, s.cluster.stop())
	}
	if s.dir != "" {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return err
}
