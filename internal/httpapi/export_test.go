package httpapi_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/bus"
	"github.com/sealpost/sealpost/internal/httpapi"
	"github.com/sealpost/sealpost/internal/keystore"
	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
	"github.com/sealpost/sealpost/internal/sqlstore"
)

// lines reads an export strictly.
func lines(t *testing.T, body []byte) []api.ExportLine {
	t.Helper()
	var out []api.ExportLine
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	for d.More() {
		var l api.ExportLine
		if err := d.Decode(&l); err != nil {
			t.Fatalf("%v in %s", err, body)
		}
		out = append(out, l)
	}
	if len(out) != bytes.Count(body, []byte("\n")) {
		t.Errorf("%d documents on %d lines", len(out), bytes.Count(body, []byte("\n")))
	}
	return out
}

func (h *house) export(who somebody) []api.ExportLine {
	h.t.Helper()
	a := h.do(request{method: "GET", path: "/api/v1/me/export", as: who.token})
	if a.status != 200 || a.header.Get("Content-Type") != api.ExportType || !strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment") ||
		a.header.Get("Cache-Control") != "no-store" {
		h.t.Fatalf("%d %v: %s", a.status, a.header, a.body)
	}
	return lines(h.t.(*testing.T), a.body)
}

// R4, R32, D7: an export has what its owner has: what is sealed as an envelope, what
// was recalled as they see it, own drafts and reports, no secrets. It opens nothing,
// and it is in the audit log.
func TestExport(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben := h.person("Ada"), h.person("Ben")
	talk := h.direct(ada, ben)
	read := h.send(ada, talk, "opened words")
	ask[api.Opened](h, ben, "POST", "/conversations/"+talk+"/open", `{"through":"`+read.ID+`"}`, 200)
	back := h.send(ada, talk, "recalled words")
	ask[api.Report](h, ada, "POST", "/messages/"+back.ID+"/recall", "", 200)
	sealed := h.send(ada, talk, "sealed words")
	held := ask[api.Message](h, ada, "POST", "/conversations/"+talk+"/messages", `{"body":"held words","undo":"2m"}`, 201)

	own, theirs := map[string]int{}, map[string]int{}
	text := map[string]bool{}
	for _, l := range h.export(ada) {
		own[l.Kind]++
		if l.Message != nil && l.Message.Content != nil {
			text[l.Message.Content.Body] = true
		}
		if l.Draft != nil {
			text["draft: "+l.Draft.Body] = true
		}
	}
	if fmt.Sprint(own) != "map[conversation:1 draft:1 end:1 header:1 message:4 profile:1 report:1 token:1]" {
		t.Errorf("exported %v", own)
	}
	for _, want := range []string{"opened words", "sealed words", "held words", "draft: recalled words"} {
		if !text[want] {
			t.Errorf("her own %s are not in it", want)
		}
	}
	before := h.decisions()
	a := h.do(request{method: "GET", path: "/api/v1/me/export", as: ben.token})
	if h.decisions() != before+1 || h.newestAction() != "account.export" {
		t.Errorf("%d entries, the newest %s", h.decisions()-before, h.newestAction())
	}
	for _, hidden := range []string{"sealed words", "recalled words", "held words", held.ID, ben.token, ada.token, "password of"} {
		if bytes.Contains(a.body, []byte(hidden)) {
			t.Errorf("the other's export has %q", hidden)
		}
	}
	var all []api.ExportLine
	for _, l := range lines(t, a.body) {
		all = append(all, l)
		theirs[l.Kind]++
		if m := l.Message; m != nil && m.ID == sealed.ID && (m.Delivery != "sealed" || m.Content != nil) {
			t.Errorf("the sealed one is %+v", m)
		}
	}
	if !bytes.Contains(a.body, []byte("opened words")) || theirs["message"] < 2 {
		t.Errorf("the other's export has %v", theirs)
	}
	end := all[len(all)-1]
	if all[0].Kind != "header" || all[0].Header.UserID != ben.id || end.Kind != "end" {
		t.Fatalf("begins with %s and ends with %s", all[0].Kind, end.Kind)
	}
	delete(theirs, "end")
	if fmt.Sprint(end.End.Lines) != fmt.Sprint(theirs) {
		t.Errorf("counted %v, there are %v", end.End.Lines, theirs)
	}
	if m := ask[api.Message](h, ben, "GET", "/messages/"+sealed.ID, "", 200); m.Delivery != "sealed" {
		t.Errorf("after the export it is %s", m.Delivery)
	}
	if a := h.do(request{method: "HEAD", path: "/api/v1/me/export", as: ben.token}); a.status != 200 || h.newestAction() != "account.export" || h.decisions() != before+1 {
		t.Errorf("HEAD: %d, %d entries", a.status, h.decisions()-before)
	}
}

// One export of a person at a time and four of everybody; their places come back. A
// client that does not read holds its own place only.
func TestExportsAreBounded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	reached, release := make(chan struct{}, 16), make(chan struct{})
	f := func(op string) memstore.Failure {
		if op == "Drafts" {
			reached <- struct{}{}
			<-release
		}
		return memstore.NoFailure
	}
	var people []somebody
	for i := range 5 {
		people = append(people, h.person(fmt.Sprint("Person", i)))
	}
	h.fault.Store(&f)
	var all sync.WaitGroup
	for _, p := range people[:4] {
		all.Go(func() { h.export(p) })
		<-reached
	}
	h.refused(people[0], "GET", "/me/export", "", sealpost.CodeRateLimited)
	h.refused(people[4], "GET", "/me/export", "", sealpost.CodeRateLimited)
	close(release)
	all.Wait()
	h.fault.Store(nil)
	h.export(people[4])
	h.export(people[0])
}

// An export that fails on its way is broken off, without its last line; so is that
// of somebody who is signed out meanwhile.
func TestBrokenExport(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin, ada := h.person("Root", sealpost.RoleAdmin), h.person("Ada")
	_ = admin
	get := func() ([]byte, error) {
		q, err := http.NewRequestWithContext(t.Context(), "GET", h.server.URL+"/api/v1/me/export", nil)
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Authorization", "Bearer "+ada.token)
		a, err := noRedirects().Do(q)
		if err != nil {
			return nil, err
		}
		defer a.Body.Close()
		return io.ReadAll(a.Body)
	}
	h.failing("ConversationsOf")
	if body, err := get(); err == nil || bytes.Contains(body, []byte(`"end"`)) {
		t.Errorf("a broken export ends well: %s", body)
	}
	h.fault.Store(nil)
	h.failing("Amend") // R32: without its entry there is no export
	h.refused(ada, "GET", "/me/export", "", sealpost.CodeUnavailable)
	f := func(op string) memstore.Failure {
		if op == "Drafts" {
			h.fault.Store(nil)
			if err := h.EraseUserOf(t.Context(), "ada@example.org"); err != nil {
				t.Error(err)
			}
		}
		return memstore.NoFailure
	}
	h.fault.Store(&f)
	if body, err := get(); err == nil || bytes.Contains(body, []byte(`"end"`)) {
		t.Errorf("the export of an erased account ends well: %s", body)
	}
}

// large is a server on SQLite with a conversation of many messages.
type large struct {
	service  *service.Service
	server   *httptest.Server
	from, to service.Principal
	token    string // of the one who was written to
	in       sealpost.ConversationID
}

func newLarge(t *testing.T, messages int, body func(i int) string) *large {
	t.Helper()
	dir := t.TempDir()
	store, err := sqlstore.Open(t.Context(), sqlstore.Config{Database: filepath.Join(dir, "s.db")})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := keystore.Open(filepath.Join(dir, "keys"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	l := &large{}
	if l.service, err = service.New(service.Config{Store: store, Keys: keys, Bus: bus.New(), Passwords: plainPasswords{}}); err != nil {
		t.Fatal(err)
	}
	web, err := httpapi.New(httpapi.Config{Service: l.service})
	if err != nil {
		t.Fatal(err)
	}
	l.server = httptest.NewServer(web.Handler())
	t.Cleanup(func() {
		l.server.Close()
		_ = web.Close(context.Background())
		_ = store.Close()
		_ = keys.Close()
	})
	for _, keep := range []func(context.Context) error{l.service.KeepEpochs, l.service.KeepLease} {
		if err := keep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range []*service.Principal{&l.from, &l.to} {
		name := fmt.Sprintf("person%p", p)
		if p.User, err = l.service.AddUser(t.Context(), "", service.NewUser{Email: name + "@example.org", Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	if l.token, err = l.service.TokenFor(t.Context(), l.to.User.Email, "test"); err != nil {
		t.Fatal(err)
	}
	talk, _, err := l.service.CreateConversation(t.Context(), l.from, "", []sealpost.UserID{l.to.User.ID}, "")
	if err != nil {
		t.Fatal(err)
	}
	l.in = talk.Conversation.ID
	l.send(t, messages, body)
	return l
}

func (l *large) send(t *testing.T, n int, body func(i int) string) {
	t.Helper()
	var all sync.WaitGroup
	for worker := range 32 {
		all.Go(func() {
			for i := worker; i < n; i += 32 {
				if _, err := l.service.Send(t.Context(), l.from, "", service.Sending{Conversation: l.in, Body: body(i), Kind: sealpost.KindMessage}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// get streams the export and calls each with every line.
func (l *large) get(t *testing.T, each func(line []byte)) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), "GET", l.server.URL+"/api/v1/me/export", nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+l.token)
	a, err := noRedirects().Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	in := bufio.NewScanner(a.Body)
	in.Buffer(make([]byte, 64<<10), 1<<20)
	for in.Scan() {
		each(in.Bytes())
	}
	if err := in.Err(); err != nil {
		t.Error(err)
	}
}

// The memory of an export does not grow with it: of 10,000 messages with 80 MB of
// text, half of them sealed, a few pages are in memory. No sealed text is in it.
func TestLargeExportStaysSmall(t *testing.T) {
	const messages, size = manyMessages, 8000
	l := newLarge(t, messages/2, func(int) string { return "opened " + strings.Repeat("x", size) })
	for more := true; more; {
		page, err := l.service.History(t.Context(), l.to, l.in, sealpost.MessageID{}, 1)
		if err != nil {
			t.Fatal(err)
		}
		opened, err := l.service.Open(t.Context(), l.to, "", l.in, page.Items[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		more = opened.More
	}
	l.send(t, messages/2, func(int) string { return "canary " + strings.Repeat("y", size) })

	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	var most, total uint64
	counts := map[string]int{}
	last := ""
	l.get(t, func(line []byte) {
		var v struct {
			Kind    string
			Message struct{ Delivery string }
		}
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(line, []byte("canary")) {
			t.Fatal("a sealed text is in the export")
		}
		last = v.Kind
		counts[v.Kind+v.Message.Delivery]++
		if total += uint64(len(line)); counts["messageopened"]%500 == 1 {
			runtime.GC() // what is in use, not what was
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapAlloc)
		}
	})
	if counts["messageopened"] != messages/2 || counts["messagesealed"] != messages/2 || last != "end" {
		t.Errorf("exported %v, the last line is %q", counts, last)
	}
	grown := int64(most) - int64(before.HeapAlloc)
	t.Logf("%d bytes exported, at most %d more in use", total, grown)
	// The model store copies a conversation for every page, about 5 MB; the whole export
	// is more.
	if total < messages/2*size || grown > messages/2*size/2 {
		t.Errorf("the heap grew by %d bytes while %d were exported", grown, total)
	}
}

// F1: recalls and openings during an export: no text of a message that was recalled
// is in any line, and each line is a view that there was.
func TestExportDuringRecalls(t *testing.T) {
	t.Parallel()
	const messages = 400
	l := newLarge(t, messages, func(i int) string { return fmt.Sprintf("canary %d", i) })
	admin := service.Principal{User: l.from.User}
	admin.User.Roles = []sealpost.Role{sealpost.RoleAdmin}
	p, err := l.service.Policy(t.Context(), admin)
	if err != nil {
		t.Fatal(err)
	}
	p.PerConversationDay, p.Throttle.Messages, p.Reason = 1_000_000, 1_000_000, "a test"
	if _, err := l.service.PutPolicy(t.Context(), admin, "", p); err != nil {
		t.Fatal(err)
	}
	l.send(t, messages, func(i int) string { return fmt.Sprintf("canary %d", messages+i) })
	page, err := l.service.History(t.Context(), l.from, l.in, sealpost.MessageID{}, 200)
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var all sync.WaitGroup
	recalled := 0
	all.Go(func() {
		for _, m := range page.Items {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := l.service.Recall(t.Context(), l.from, "", m.ID, service.Recalling{}); err != nil {
				t.Error(err)
				return
			}
			recalled++
		}
	})
	for began := time.Now(); time.Since(began) < time.Second; {
		l.get(t, func(line []byte) {
			if bytes.Contains(line, []byte("canary")) {
				t.Errorf("text of a message that nobody opened: %s", line)
			}
		})
	}
	close(stop)
	all.Wait()
	if recalled < 20 {
		t.Errorf("only %d recalls ran beside the exports", recalled)
	}
}

// An export has the network of its owner too: whom they are connected with, whom they
// block, who asks them, and what they reported.
func TestExportOfTheNetwork(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben, cyd, dan := h.person("Ada"), h.person("Ben"), h.person("Cyd"), h.person("Dan")
	invite := func(from, to somebody) api.Invitation {
		return ask[api.Invitation](h, from, "POST", "/invitations", `{"user_id":"`+to.id+`","note":"hello"}`, 201)
	}
	ask[api.Invitation](h, ben, "POST", "/invitations/"+invite(ada, ben).ID+"/accept", "", 200)
	invite(cyd, ada)
	ask[api.Person](h, ada, "POST", "/blocks", `{"user_id":"`+dan.id+`"}`, 201)
	m := h.send(ben, h.direct(ben, ada), "words")
	ask[api.Flag](h, ada, "POST", "/messages/"+m.ID+"/flag", `{"reason":"spam","note":"of mine"}`, 201)
	var got []string
	for _, l := range h.export(ada) {
		switch {
		case l.Connection != nil:
			got = append(got, "connected with "+l.Connection.User.Name)
		case l.Block != nil:
			got = append(got, "blocks "+l.Block.User.Name)
		case l.Invitation != nil:
			got = append(got, l.Invitation.From.Name+" invites "+l.Invitation.To.Name+", "+l.Invitation.State)
		case l.Flag != nil:
			got = append(got, "reported "+l.Flag.Reason+", "+*l.Flag.Note)
		}
	}
	want := []string{"connected with Ben", "blocks Dan", "Cyd invites Ada, open", "Ada invites Ben, accepted", "reported spam, of mine"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("exported %q, want %q", got, want)
	}
}
