package sim_test

import (
	"context"
	"strings"
	"testing"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// mistake is something planted that the simulation must find, and by which check.
type mistake struct {
	name  string
	found string // part of what must be said about it; empty: several checks are for it
	wrap  func(service.Store) service.Store
	after func(*simulation) // done to the world after each step
}

func (m *mistake) store() func(service.Store) service.Store {
	if m == nil {
		return nil
	}
	return m.wrap
}

func (m *mistake) disturb(s *simulation) {
	if m != nil && m.after != nil {
		m.after(s)
	}
}

// leaky takes every message for opened when it is read.
type leaky struct{ service.Store }

func (l leaky) Message(ctx context.Context, id sealpost.MessageID, viewer sealpost.UserID) (sealpost.Message, error) {
	m, err := l.Store.Message(ctx, id, viewer)
	for i := range m.Deliveries {
		m.Deliveries[i].State = sealpost.DeliveryOpened
	}
	return m, err
}

// forgetful calls every seventh decision done and does not write it.
type forgetful struct {
	service.Store
	calls *int
}

func (f forgetful) Decide(ctx context.Context, a service.Ask, decide func(service.Snapshot) (service.Change, error)) error {
	*f.calls++
	if *f.calls%7 != 0 {
		return f.Store.Decide(ctx, a, decide)
	}
	return f.Store.Decide(ctx, a, func(shot service.Snapshot) (service.Change, error) {
		_, err := decide(shot)
		return service.Change{}, err
	})
}

// doubling forgets idempotency records.
type doubling struct{ service.Store }

func (d doubling) Decide(ctx context.Context, a service.Ask, decide func(service.Snapshot) (service.Change, error)) error {
	a.Key = ""
	return d.Store.Decide(ctx, a, decide)
}

// miscounting counts one message too many as unread.
type miscounting struct{ service.Store }

func (m miscounting) Thread(ctx context.Context, id sealpost.ConversationID, viewer sealpost.UserID) (service.Thread, error) {
	t, err := m.Store.Thread(ctx, id, viewer)
	if t.Unread > 1 {
		t.Unread++
	}
	return t, err
}

// resealing forgets openings: what was opened is sealed again for the decision.
type resealing struct{ service.Store }

func (r resealing) Decide(ctx context.Context, a service.Ask, decide func(service.Snapshot) (service.Change, error)) error {
	return r.Store.Decide(ctx, a, func(shot service.Snapshot) (service.Change, error) {
		if shot.Message != nil && a.Recall {
			for i := range shot.Message.Deliveries {
				shot.Message.Deliveries[i].State = sealpost.DeliverySealed
			}
		}
		return decide(shot)
	})
}

// silent says of nobody that they were there.
type silent struct{ service.Store }

func (s silent) Decide(ctx context.Context, a service.Ask, decide func(service.Snapshot) (service.Change, error)) error {
	return s.Store.Decide(ctx, a, func(shot service.Snapshot) (service.Change, error) {
		shot.Recall.Seen = nil
		return decide(shot)
	})
}

// deaf never says that anything vanished.
type deaf struct{ service.Store }

func (d deaf) Changes(ctx context.Context, q service.ChangesQuery) (service.ChangeSet, error) {
	set, err := d.Store.Changes(ctx, q)
	set.Vanished = nil
	return set, err
}

func plain[T service.Store](wrap func(service.Store) T) func(service.Store) service.Store {
	return func(s service.Store) service.Store { return wrap(s) }
}

// TestSimFinds: the simulation finds what is planted, by the check that is for it.
func TestSimFinds(t *testing.T) {
	t.Parallel()
	var changed sealpost.UserID // who changed a setting last in this world; zero: nobody
	mistakes := []mistake{
		{name: "content before the opening", found: "(I3)", wrap: plain(func(s service.Store) leaky { return leaky{s} })},
		{name: "acknowledged and not written", wrap: plain(func(s service.Store) forgetful { return forgetful{s, new(int)} })},
		{name: "a retry doubles", wrap: plain(func(s service.Store) doubling { return doubling{s} })},
		{name: "unread miscounted", found: "(I4)", wrap: plain(func(s service.Store) miscounting { return miscounting{s} })},
		{name: "recalled from who had opened", found: "(I1, I2)", wrap: plain(func(s service.Store) resealing { return resealing{s} })},
		{name: "presence not looked at", found: "(R24)", wrap: plain(func(s service.Store) silent { return silent{s} })},
		{name: "vanished not told", found: "still has", wrap: plain(func(s service.Store) deaf { return deaf{s} })},
		{name: "a hint to everybody", found: "(R34)", after: func(s *simulation) {
			for i := range s.bus.step {
				for who := range s.people {
					s.bus.step[i].Users = append(s.bus.step[i].Users, s.people[who].User.ID)
				}
			}
		}},
		{name: "a hint about settings long after", found: "about settings", after: func(s *simulation) {
			switch {
			case s.steps == 1:
				changed = sealpost.UserID{}
			case s.doing == "receipts: ok":
				changed = s.changing
			case s.doing == "sync: ok" && !changed.IsZero():
				s.bus.step = append(s.bus.step, sealpost.Hint{Topic: sealpost.TopicSettings, Users: []sealpost.UserID{changed}})
			}
		}},
		{name: "a key that is lost", found: "cannot be opened", after: func(s *simulation) { s.keys.long = s.keys.fresh() }},
	}
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			const worlds = 100
			for seed := range uint64(worlds) {
				if _, err := episode(seed, nil, episodeSteps, &m); err != nil {
					if !strings.Contains(err.Error(), m.found) {
						t.Errorf("it was found, but not by the check for it: %v", err)
					}
					t.Logf("found in world %d: %v", seed+1, err)
					return
				}
			}
			t.Errorf("%d worlds of it were accepted", worlds)
		})
	}
}
