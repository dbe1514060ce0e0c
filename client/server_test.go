package client_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/client"
	"github.com/sealpost/sealpost/internal/bus"
	"github.com/sealpost/sealpost/internal/httpapi"
	"github.com/sealpost/sealpost/internal/keystore"
	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// house is a whole server over a model store, and what it was asked.
type house struct {
	t       *testing.T
	service *service.Service
	api     *httpapi.Server
	url     string

	mu  sync.Mutex
	hit map[string]bool // method and pattern of every request
}

func newHouse(t *testing.T) *house {
	t.Helper()
	keys, err := keystore.Open(filepath.Join(t.TempDir(), "keys"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = keys.Close() })
	store := memstore.New(memstore.Options{Clock: func() sealpost.Instant { return sealpost.InstantOf(time.Now()) }})
	h := &house{t: t, hit: map[string]bool{}}
	if h.service, err = service.New(service.Config{Store: store, Keys: keys, Bus: bus.New(), Passwords: plainPasswords{}}); err != nil {
		t.Fatal(err)
	}
	for _, keep := range []func(context.Context) error{h.service.KeepEpochs, h.service.KeepLease} {
		if err := keep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if h.api, err = httpapi.New(httpapi.Config{Service: h.service}); err != nil {
		t.Fatal(err)
	}
	patterns := http.NewServeMux()
	for _, r := range h.api.Routes() {
		patterns.HandleFunc(r.Method+" "+r.Pattern, func(http.ResponseWriter, *http.Request) {})
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, pattern := patterns.Handler(r)
		h.mu.Lock()
		h.hit[pattern] = true
		h.mu.Unlock()
		h.api.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := h.api.Close(ctx); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	h.url = server.URL
	return h
}

type plainPasswords struct{}

func (plainPasswords) Hash(_ context.Context, password string) (string, error) {
	return "plain:" + password, nil
}

func (plainPasswords) Verify(_ context.Context, hash, password string) (bool, error) {
	return hash == "plain:"+password, nil
}

// person adds an account and gives its id and a client that is signed in.
func (h *house) person(name string, roles ...sealpost.Role) (string, *client.Client) {
	h.t.Helper()
	c, err := client.New(h.url)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(c.Close)
	email := strings.ToLower(name) + "@example.org"
	if _, err := h.service.AddUser(h.t.Context(), "", service.NewUser{Email: email, Name: name, Roles: roles, Password: "secret " + name}); err != nil {
		h.t.Fatal(err)
	}
	in, err := c.SignIn(h.t.Context(), email, "secret "+name)
	if err != nil {
		h.t.Fatal(err)
	}
	return in.User.ID, c.As(in.Token)
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (h *house) ok(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Error(err)
	}
}

// Every route of the server has a method here, and every method finds its route.
func TestEveryRoute(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	_, a := h.person("Ada", sealpost.RoleAdmin)
	bob, b := h.person("Bob")
	cyd, _ := h.person("Cyd")

	h.accounts(ctx, a, bob)
	talk := must(a.CreateConversation(ctx, api.StartConversation{ParticipantIDs: []string{bob}}))(t)
	group := must(a.CreateConversation(ctx, api.StartConversation{ParticipantIDs: []string{bob}, Title: "Both"}))(t)
	if got := must(a.AddParticipant(ctx, group.ID, cyd))(t); len(got.Participants) != 3 {
		t.Errorf("%d participants", len(got.Participants))
	}
	h.ok(a.RemoveParticipant(ctx, group.ID, cyd))
	must(a.Conversation(ctx, talk.ID))(t)

	m := must(a.Send(ctx, talk.ID, api.SendMessage{Body: "first"}))(t)
	if got := must(b.Conversations(ctx, "unread", client.Page{Limit: 10}))(t); len(got.Items) != 1 || got.Items[0].Unread != 1 || got.Items[0].Last.Content != nil {
		t.Errorf("inbox %+v", got.Items)
	}
	h.ok(b.SetUnread(ctx, talk.ID, true))
	h.ok(b.SetUnread(ctx, talk.ID, false))
	h.requests(ctx, a, b, talk.ID, group.ID)
	if f := must(a.Forecast(ctx, m.ID))(t); !f.Recallable {
		t.Errorf("forecast %+v", f)
	}
	if got := must(b.Open(ctx, talk.ID, m.ID))(t); len(got.Messages) != 1 || got.Messages[0].Content.Body != "first" {
		t.Errorf("opened %+v", got)
	}
	if got := must(b.Message(ctx, m.ID))(t); got.Delivery != "opened" {
		t.Errorf("delivery %s", got.Delivery)
	}
	h.pending(ctx, a, talk.ID)
	h.outlook(ctx, a, bob)

	second := must(a.Send(ctx, talk.ID, api.SendMessage{Body: "second"}))(t)
	report := must(a.Recall(ctx, second.ID, api.Recall{Reason: "typo"}))(t)
	if report.Outcome != "recalled" || report.DraftID == nil {
		t.Fatalf("report %+v", report)
	}
	if again := must(a.Report(ctx, second.ID))(t); again.Outcome != "recalled" {
		t.Errorf("report %+v", again)
	}
	if d := must(a.Draft(ctx, *report.DraftID))(t); d.Body != "second" {
		t.Errorf("draft %q", d.Body)
	}
	h.ok(a.DeleteDraft(ctx, *report.DraftID))
	written := must(a.AddDraft(ctx, api.WriteDraft{Body: "one"}))(t)
	if again := must(a.PutDraft(ctx, written.ID, written.Version, api.WriteDraft{Body: "two"}))(t); again.Version == written.Version {
		t.Error("a changed draft has the version of before")
	}
	var stale *client.Error
	if _, err := a.PutDraft(ctx, written.ID, written.Version, api.WriteDraft{Body: "three"}); !errors.As(err, &stale) || stale.Code != "precondition_failed" {
		t.Errorf("an old version was replaced: %v", err)
	}
	must(a.Drafts(ctx, client.Page{}))(t)
	if got := must(b.Search(ctx, "after:2000-01-01", client.Page{}))(t); got.Items == nil {
		t.Errorf("searched %+v", got)
	}
	if got := must(b.History(ctx, talk.ID, "", 50))(t); len(got.Items) == 0 || got.Items[0].ID != m.ID {
		t.Errorf("history %+v", got)
	}
	must(b.Changes(ctx, talk.ID, "", 50))(t)

	h.network(ctx, a, b, bob)
	h.review(ctx, a, b, talk.ID)
	h.policy(ctx, a)
	h.administration(ctx, a, b)
	for _, err := range a.Events(ctx, "") {
		h.ok(err)
		break
	}
	h.ok(a.SignOut(ctx))
	h.ok(a.SignOut(ctx)) // ended already
	if _, err := a.Me(ctx); client.CodeOf(err) != "unauthenticated" {
		t.Errorf("still signed in: %v", err)
	}
	h.complete()
}

// requests: Bob does not know Ada, so that both conversations are requests (R31).
func (h *house) requests(ctx context.Context, a, b *client.Client, talk, group string) {
	t := h.t
	t.Helper()
	must(a.Send(ctx, group, api.SendMessage{Body: "to both"}))(t)
	if got := must(b.Conversations(ctx, "requests", client.Page{}))(t); len(got.Items) != 2 || !got.Items[0].Request {
		t.Errorf("requests %+v", got.Items)
	}
	h.ok(b.AcceptRequest(ctx, talk))
	h.ok(b.DeclineRequest(ctx, group))
	h.ok(b.SetMuted(ctx, talk, true))
	if got := must(b.Conversations(ctx, "", client.Page{}))(t); len(got.Items) != 1 || got.Items[0].Request || !got.Items[0].Muted {
		t.Errorf("inbox %+v", got.Items)
	}
	h.ok(b.SetMuted(ctx, talk, false))
	if got := must(a.SetTitle(ctx, group, "Two of us"))(t); got.Title != "Two of us" {
		t.Errorf("title %q", got.Title)
	}
}

func (h *house) accounts(ctx context.Context, a *client.Client, bob string) {
	t := h.t
	t.Helper()
	zone, off := "Europe/Zurich", false
	if me := must(a.UpdateMe(ctx, api.EditMe{TimeZone: &zone}))(t); me.TimeZone != zone {
		t.Errorf("zone %q", me.TimeZone)
	}
	must(a.Me(ctx))(t)
	if s := must(a.UpdateSettings(ctx, api.EditSettings{ReadReceipts: &off}))(t); s.ReadReceipts {
		t.Error("receipts are still on")
	}
	must(a.Settings(ctx))(t)
	if got := must(a.Users(ctx, "bob@example.org", client.Page{}))(t); len(got.Items) != 1 || got.Items[0].ID != bob {
		t.Errorf("found %+v", got)
	}
	must(a.User(ctx, bob))(t)
	token := must(a.CreateToken(ctx, api.CreateToken{Name: "job"}))(t)
	if got := must(a.As(token.Token).Tokens(ctx))(t); len(got.Items) != 1 {
		t.Errorf("tokens %+v", got)
	}
	h.ok(a.DeleteToken(ctx, token.ID))
	other := must(a.SignIn(ctx, "ada@example.org", "secret Ada"))(t)
	for _, s := range must(a.Sessions(ctx))(t).Items {
		if !s.Current {
			h.ok(a.EndSession(ctx, s.ID))
		}
	}
	if _, err := a.As(other.Token).Me(ctx); client.CodeOf(err) != "unauthenticated" {
		t.Errorf("the other session lives: %v", err)
	}
}

// review is what is done when it is too late for a recall.
func (h *house) review(ctx context.Context, a, b *client.Client, talk string) {
	t := h.t
	t.Helper()
	_, mod := h.person("Mod", sealpost.RoleModerator)
	m := must(a.Send(ctx, talk, api.SendMessage{Body: "too late"}))(t)
	must(b.Open(ctx, talk, m.ID))(t)
	_, err := a.Recall(ctx, m.ID, api.Recall{})
	var refused *client.Error
	if !errors.As(err, &refused) || len(refused.Alternatives) != 5 || refused.Alternatives[0] != "follow_up" {
		t.Errorf("refused: %+v", refused)
	}
	request := must(a.Disregard(ctx, m.ID))(t)
	if request.Kind != "disregard" || request.Content.InReplyTo != m.ID {
		t.Errorf("request %+v", request)
	}
	must(b.Open(ctx, talk, request.ID))(t)
	if got := must(b.Acknowledge(ctx, request.ID, api.Acknowledge{Deleted: true}))(t); got.Acknowledged == nil || !got.Acknowledged.Deleted {
		t.Errorf("acknowledged %+v", got)
	}
	if got := must(a.Message(ctx, request.ID))(t).Deliveries; got[0].Acknowledged == nil || !got[0].Acknowledged.Deleted {
		t.Errorf("the sender sees %+v", got)
	}
	if _, err := b.Message(ctx, m.ID); client.CodeOf(err) != "not_found" {
		t.Errorf("what is said to be deleted: %v", err)
	}
	h.ok(b.Hide(ctx, request.ID))
	f := must(a.Flag(ctx, m.ID, api.FlagMessage{Reason: "confidential", Note: "please", RequestRemoval: true}))(t)
	queue := must(mod.Cases(ctx, "open", client.Page{}))(t)
	if len(queue.Items) != 1 || queue.Items[0].ID != f.ID || !queue.Items[0].Own {
		t.Errorf("queue %+v", queue)
	}
	if got := must(mod.Case(ctx, f.ID))(t); got.Evidence == nil || got.Evidence.Body != "too late" || got.Evidence.Note != "please" {
		t.Errorf("case %+v", got)
	}
	if got := must(mod.ResolveFlag(ctx, f.ID, api.ResolveFlag{Action: "remove", Answer: "done"}))(t); got.State != "resolved" {
		t.Errorf("resolved %+v", got)
	}
	if got := must(a.Flags(ctx, client.Page{}))(t).Items; len(got) != 1 || got[0].Answer == nil || *got[0].Answer != "done" {
		t.Errorf("own reports %+v", got)
	}
	if got := must(a.Message(ctx, m.ID))(t); got.State != "removed" || got.Content != nil {
		t.Errorf("removed %+v", got)
	}
}

func (h *house) pending(ctx context.Context, a *client.Client, talk string) {
	t := h.t
	t.Helper()
	undo := api.Duration(time.Minute)
	held := must(a.Send(ctx, talk, api.SendMessage{Body: "later", Undo: &undo}))(t)
	if held.State != "held" {
		t.Errorf("state %s", held.State)
	}
	text := "much later"
	must(a.EditPending(ctx, held.ID, api.EditMessage{Body: &text}))(t)
	if m := must(a.SendNow(ctx, held.ID))(t); m.State != "sent" || m.Content.Body != text {
		t.Errorf("sent now: %+v", m)
	}
	if _, err := a.Undo(ctx, held.ID); client.CodeOf(err) != "already_delivered" {
		t.Errorf("undo after delivery: %v", err)
	}
	held = must(a.Send(ctx, talk, api.SendMessage{Body: "never", Undo: &undo}))(t)
	if u := must(a.Undo(ctx, held.ID))(t); u.DraftID == "" {
		t.Error("no draft")
	}
}

func (h *house) policy(ctx context.Context, a *client.Client) {
	t := h.t
	t.Helper()
	p := must(a.Policy(ctx))(t)
	if all := must(a.Policies(ctx, client.Page{}))(t); len(all.Items) != 1 || all.Items[0].Version != p.Version {
		t.Errorf("versions of the policy: %+v", all)
	}
	next := must(a.PutPolicy(ctx, api.PutPolicy{
		Recall: p.Recall, Window: api.Duration(time.Minute), PerConversationPerDay: 3, Throttle: p.Throttle, Group: p.Group,
		Trace: p.Trace, Previews: p.Previews, NotificationDelay: p.NotificationDelay, UndoDefault: p.UndoDefault, Reason: "a test",
	}))(t)
	if next.Version != p.Version+1 || next.PerConversationPerDay != 3 {
		t.Errorf("policy %+v", next)
	}
	if log := must(a.Audit(ctx, client.Page{Limit: 5}))(t); len(log.Items) != 5 || log.NextCursor == nil {
		t.Errorf("audit %+v", log)
	} else {
		must(a.Audit(ctx, client.Page{Limit: 5, Cursor: *log.NextCursor}))(t)
	}
}

// administration makes and ends accounts: of b too, at the end.
func (h *house) administration(ctx context.Context, a, b *client.Client) {
	t := h.t
	t.Helper()
	made := must(a.CreateUser(ctx, api.CreateUser{Email: "dan@example.org", Name: "Dan", Roles: []string{"notices"}}))(t)
	if list := must(a.Accounts(ctx, "dan@", client.Page{Limit: 10}))(t); len(list.Items) != 1 || list.Items[0].ID != made.ID || list.Items[0].HasPassword {
		t.Errorf("accounts %+v", list)
	}
	link := must(a.CreateInvite(ctx, api.CreateInvite{UserID: made.ID}))(t)
	useless := must(a.CreateInvite(ctx, api.CreateInvite{Email: "eve@example.org"}))(t)
	if list := must(a.Invites(ctx, client.Page{}))(t); len(list.Items) != 2 {
		t.Errorf("links %+v", list)
	}
	h.ok(a.WithdrawInvite(ctx, useless.ID))
	joined := must(a.As("").Join(ctx, api.Join{Token: link.Token, Password: "secret of Dan"}))(t)
	dan := a.As(joined.Token)
	var file strings.Builder
	if end := must(dan.Export(ctx, &file))(t); end.Lines[api.ExportKindProfile] != 1 || !strings.Contains(file.String(), made.ID) {
		t.Errorf("exported %+v", end)
	}
	h.ok(dan.EndSessions(ctx, false))
	h.ok(dan.ChangePassword(ctx, api.ChangePassword{Old: "secret of Dan", New: "another of Dan"}))
	closed := true
	if got := must(a.EditUser(ctx, made.ID, api.EditUser{Disabled: &closed, Reason: "a test"}))(t); got.DisabledAt == nil {
		t.Errorf("changed to %+v", got)
	}
	if _, err := dan.Export(ctx, io.Discard); client.CodeOf(err) != "unauthenticated" {
		t.Errorf("a disabled account exports: %v", err)
	}
	h.ok(a.EraseUser(ctx, made.ID, api.EraseUser{Reason: "a test"}))
	h.ok(b.Erase(ctx, api.Erase{Password: "secret Bob"}))
	if err := b.EndSessions(ctx, true); client.CodeOf(err) != "unauthenticated" {
		t.Errorf("an erased account is signed in: %v", err)
	}
}

// complete fails for a route that no method has used.
func (h *house) complete() {
	h.t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.api.Routes() {
		name := r.Method + " " + r.Pattern
		if !h.hit[name] && !strings.HasSuffix(r.Pattern, "/openapi.json") && !strings.HasSuffix(r.Pattern, "/docs") {
			h.t.Errorf("no method for %s (used: %d routes)", name, len(slices.Collect(maps.Keys(h.hit))))
		}
	}
}

// lossy lets every first attempt of a change reach the server and loses the answer.
type lossy struct {
	mu   sync.Mutex
	lost map[string]bool
}

func (l *lossy) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := http.DefaultTransport.RoundTrip(r)
	key := r.Header.Get("Idempotency-Key")
	if err != nil || key == "" {
		return answer, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost[key] {
		return answer, nil
	}
	l.lost[key] = true
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	return nil, errReset
}

// R6, R11, I8: with every first answer lost, each change happens once and is
// reported truly.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	_, ada := h.person("Ada")
	bob, reader := h.person("Bob")
	wire := &lossy{lost: map[string]bool{}}
	over := func(c *client.Client) *client.Client {
		return must(client.New(h.url, client.WithToken(c.Token()), client.WithHTTPClient(&http.Client{Transport: wire}),
			client.WithRetry(client.Retry{Attempts: 3, First: time.Millisecond, Max: time.Second})))(t)
	}
	a, b := over(ada), over(reader)

	talk := must(a.CreateConversation(ctx, api.StartConversation{ParticipantIDs: []string{bob}}))(t)
	first := must(a.Send(ctx, talk.ID, api.SendMessage{Body: "first"}))(t)
	if got := must(b.Open(ctx, talk.ID, first.ID))(t); len(got.Messages) != 1 || got.Messages[0].Content.Body != "first" {
		t.Errorf("the retry of the open gave %+v", got)
	}
	if _, err := a.Recall(ctx, first.ID, api.Recall{}); client.CodeOf(err) != "opened" || unknown(err) {
		t.Errorf("recall of an opened message: %v", err)
	}
	second := must(a.Send(ctx, talk.ID, api.SendMessage{Body: "second"}))(t)
	if r := must(a.Recall(ctx, second.ID, api.Recall{}))(t); r.Outcome != "recalled" || r.DraftID == nil {
		t.Errorf("report %+v", r)
	}
	undo := api.Duration(time.Minute)
	third := must(a.Send(ctx, talk.ID, api.SendMessage{Body: "third", Undo: &undo}))(t)
	if u := must(a.Undo(ctx, third.ID))(t); u.DraftID == "" {
		t.Error("no draft")
	}
	if got := must(a.History(ctx, talk.ID, "", 0))(t); len(got.Items) != 2 {
		t.Errorf("%d messages after two sends", len(got.Items))
	}
	if got := must(a.Drafts(ctx, client.Page{}))(t); len(got.Items) != 2 {
		t.Errorf("%d drafts after a recall and an undo", len(got.Items))
	}
	h.ok(a.SignOut(ctx))
	if len(wire.lost) != 9 {
		t.Errorf("%d answers were lost, want that of each of 9 changes", len(wire.lost))
	}
}

func unknown(err error) bool {
	var e *client.Error
	return errors.As(err, &e) && e.Unknown
}
