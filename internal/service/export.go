package service

import (
	"context"
	"sync"

	"github.com/sealpost/sealpost/internal/sealpost"
)

const (
	maxExports   = 4   // of everybody, on one node
	exportedPage = 100 // messages, drafts or conversations that are in memory at a time
)

// exportPlaces limits how many exports run at once.
type exportPlaces struct {
	mu      sync.Mutex
	running map[sealpost.UserID]bool // guarded by mu
}

func (e *exportPlaces) take(user sealpost.UserID) (done func(), err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.running[user]:
		return nil, sealpost.Refuse(sealpost.CodeRateLimited, "An export of yours is running. Wait for its end.")
	case len(e.running) >= maxExports:
		return nil, sealpost.Refuse(sealpost.CodeRateLimited, "Too many exports are running. Try again later.")
	}
	if e.running == nil {
		e.running = map[sealpost.UserID]bool{}
	}
	e.running[user] = true
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.running, user)
	}, nil
}

// ExportSink takes an export, one thing at a time. An error ends the export.
type ExportSink interface {
	// Page is called before each page is read: the sink may check that it is still
	// wanted.
	Page(ctx context.Context) error
	Profile(u sealpost.User) error // settings too
	Session(v Session) error       // sign-ins and tokens, of which the secret is not known
	Connection(c Contact) error
	Block(c Contact) error
	Invitation(v InvitationItem) error // received and sent, as their lists have them
	Flag(v FlagView) error             // own reports to the moderators
	Draft(v DraftView) error
	Conversation(t Thread) error // its messages follow
	Message(v MessageView) error
	Report(r Report) error // of the message before
}

// Export gives somebody everything that they have: every page as the API gives it at
// that moment, so that what is sealed stays sealed and what is recalled is gone (R2,
// R4, R16). It opens nothing. That it happens is in the audit log before the first
// byte (R32): begin is called after that. One export of a person and four of
// everybody run on a node at a time: CodeRateLimited.
func (s *Service) Export(ctx context.Context, p Principal, begin func() ExportSink) error {
	done, err := s.exports.take(p.User.ID)
	if err != nil {
		return err
	}
	defer done()
	stamp := s.stamp(p.User.ID, "account.export", "", [32]byte{})
	if _, err := s.store.Amend(ctx, stamp, func(Amendment) ([]byte, error) { return nil, nil }); err != nil {
		return err
	}
	e := &export{service: s, p: p, sink: begin()}
	for _, part := range []func(context.Context) error{
		e.account, e.connections, e.blocks, e.invitations, e.flags, e.drafts, e.conversations,
	} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// export is one that runs. It holds a page at a time.
type export struct {
	service *Service
	p       Principal
	sink    ExportSink
}

// page is asked before anything is read. A long export shows what came since it
// began, so the person counts as there all the time (R24).
func (e *export) page(ctx context.Context) error {
	if err := e.sink.Page(ctx); err != nil {
		return err
	}
	return e.service.Arrive(ctx, e.p)
}

func (e *export) account(ctx context.Context) error {
	if err := e.page(ctx); err != nil {
		return err
	}
	u, err := e.service.store.User(ctx, e.p.User.ID)
	if err != nil {
		return err
	}
	if err := e.sink.Profile(u); err != nil {
		return err
	}
	for _, kind := range []SessionKind{SignIn, APIToken} {
		all, err := e.service.store.Sessions(ctx, e.p.User.ID, kind)
		if err != nil {
			return err
		}
		for _, v := range all {
			if err := e.sink.Session(v); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *export) connections(ctx context.Context) error {
	return each(ctx, e, e.sink.Connection, func(cursor string) ([]Contact, string, error) {
		return e.service.Connections(ctx, e.p, OrderName, cursor, exportedPage)
	})
}

func (e *export) blocks(ctx context.Context) error {
	return each(ctx, e, e.sink.Block, func(cursor string) ([]Contact, string, error) {
		return e.service.Blocks(ctx, e.p, cursor, exportedPage)
	})
}

func (e *export) invitations(ctx context.Context) error {
	for _, box := range []Box{BoxReceived, BoxSent} {
		err := each(ctx, e, e.sink.Invitation, func(cursor string) ([]InvitationItem, string, error) {
			return e.service.Invitations(ctx, e.p, box, cursor, exportedPage)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *export) flags(ctx context.Context) error {
	return each(ctx, e, e.sink.Flag, func(cursor string) ([]FlagView, string, error) {
		return e.service.OwnFlags(ctx, e.p, cursor, exportedPage)
	})
}

// each gives every item of a list.
func each[T any](ctx context.Context, e *export, give func(T) error, list func(cursor string) ([]T, string, error)) error {
	for cursor := ""; ; {
		if err := e.page(ctx); err != nil {
			return err
		}
		items, next, err := list(cursor)
		if err != nil {
			return err
		}
		for _, item := range items {
			if err := give(item); err != nil {
				return err
			}
		}
		if cursor = next; cursor == "" {
			return nil
		}
	}
}

func (e *export) drafts(ctx context.Context) error {
	for after := (sealpost.DraftID{}); ; {
		if err := e.page(ctx); err != nil {
			return err
		}
		batch, err := e.service.store.Drafts(ctx, e.p.User.ID, after, exportedPage)
		if err != nil {
			return err
		}
		for _, d := range batch {
			v, err := e.service.draftView(d)
			if err != nil {
				return err
			}
			if err := e.sink.Draft(v); err != nil {
				return err
			}
		}
		if len(batch) < exportedPage {
			return nil
		}
		after = batch[len(batch)-1].ID
	}
}

// conversations goes by id: by activity one that moves up meanwhile would be missed.
func (e *export) conversations(ctx context.Context) error {
	for after := (sealpost.ConversationID{}); ; {
		if err := e.page(ctx); err != nil {
			return err
		}
		batch, err := e.service.store.ConversationsOf(ctx, e.p.User.ID, after, exportedPage)
		if err != nil {
			return err
		}
		for _, id := range batch {
			t, err := e.service.Conversation(ctx, e.p, id)
			if sealpost.CodeOf(err) == sealpost.CodeNotFound {
				continue // they may not know of it
			}
			if err != nil {
				return err
			}
			if err := e.sink.Conversation(t); err != nil {
				return err
			}
			if err := e.messages(ctx, id); err != nil {
				return err
			}
		}
		if len(batch) < exportedPage {
			return nil
		}
		after = batch[len(batch)-1]
	}
}

// messages gives first what is not delivered yet, then the delivered ones, newest
// first.
func (e *export) messages(ctx context.Context, id sealpost.ConversationID) error {
	viewer := e.p.User.ID
	pending, err := e.service.store.Pending(ctx, id, viewer)
	if err != nil {
		return err
	}
	if err := e.give(ctx, pending); err != nil {
		return err
	}
	q := HistoryQuery{Conversation: id, Viewer: viewer, Limit: exportedPage}
	for {
		if err := e.page(ctx); err != nil {
			return err
		}
		batch, err := e.service.store.History(ctx, q)
		if err != nil {
			return err
		}
		if err := e.give(ctx, batch); err != nil {
			return err
		}
		if len(batch) < exportedPage {
			return nil
		}
		q.Before = batch[len(batch)-1].SentAt
	}
}

func (e *export) give(ctx context.Context, messages []sealpost.Message) error {
	for _, m := range messages {
		v, err := e.service.view(ctx, m, e.p.User.ID)
		if err != nil {
			return err
		}
		if err := e.sink.Message(v); err != nil {
			return err
		}
		if m.SenderID == e.p.User.ID && m.RecalledAt != 0 {
			if err := e.sink.Report(reportOf(m)); err != nil {
				return err
			}
		}
	}
	return nil
}
