package storetest

import (
	"testing"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func faultCases() map[string]func(*testing.T, *world) {
	return map[string]func(*testing.T, *world){"FailedAndFailedButPersisted": failedDecisions}
}

// R11, I8: after either failure the same key gives the true outcome, and it happens
// once.
func failedDecisions(t *testing.T, w *world) {
	if w.FailNext == nil {
		t.Skip("this store cannot be made to fail")
	}
	for _, persisted := range []bool{false, true} {
		u := w.people(2)
		c := w.group(u...)
		id := newID[sealpost.MessageID](w)
		replayed := ""
		if persisted {
			replayed = "replayed "
		}
		steps := []struct {
			command command
			outcome string
		}{
			{send(c, u[0], id, sending{}).with("send"), "sent"},
			{recallOf(c, u[0], id, newID[sealpost.DraftID](w)).with("recall"), "recalled"},
		}
		for _, step := range steps {
			w.FailNext(persisted)
			_, err := w.run(step.command)
			w.refused(err, sealpost.CodeUnavailable)
			w.must(step.command, replayed+step.outcome)
			w.must(step.command, "replayed "+step.outcome)
		}
		s := w.inside(service.Ask{Conversation: c, Actor: u[0]})
		equal(w, "rev", s.Conversation.Rev, 2)
		equal(w, "seq", s.Conversation.Seq, 1)
		drafts, err := w.Store.Drafts(ctx(), u[0], sealpost.DraftID{}, 10)
		w.ok(err)
		equal(w, "drafts", len(drafts), 1)
		log, err := w.Store.AuditLog(ctx(), service.AuditQuery{Limit: 2})
		w.ok(err)
		equal(w, "entries", log[0].Action+", "+log[1].Action, "recall.granted, message.send")
	}
}
