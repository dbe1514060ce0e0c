package httpapi_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/sealpost/sealpost/internal/httpapi"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

const benchText = "See you at ten, at the usual place. Bring the drawings of the bridge."

// BenchmarkSend is a whole POST of a message on the model store, without a
// network; BenchmarkSendService is the same without HTTP. The difference is what
// this package costs. Many conversations, because the model copies a whole one for
// every decision.
func BenchmarkSend(b *testing.B) {
	h := newHouse(b)
	ada, conversations := benchConversations(h)
	handler := h.quiet(b).Handler()
	body := []byte(`{"body":"` + benchText + `"}`)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		path := "/api/v1/conversations/" + conversations[i%len(conversations)].String() + "/messages"
		serveOnce(b, handler, "POST", path, ada.token, body, 201)
	}
}

func BenchmarkSendService(b *testing.B) {
	h := newHouse(b)
	ada, conversations := benchConversations(h)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		in := service.Sending{Conversation: conversations[i%len(conversations)], Body: benchText, Kind: sealpost.KindMessage}
		if _, err := h.Send(b.Context(), ada.Principal, "", in); err != nil {
			b.Fatal(err)
		}
	}
}

func benchConversations(h *house) (somebody, []sealpost.ConversationID) {
	ada := h.person("Ada")
	var out []sealpost.ConversationID
	for n := range 300 {
		other := h.person("Person" + strconv.Itoa(n))
		t, _, err := h.CreateConversation(h.t.Context(), ada.Principal, "", []sealpost.UserID{other.User.ID}, "")
		if err != nil {
			h.t.Fatal(err)
		}
		out = append(out, t.Conversation.ID)
	}
	return ada, out
}

// quiet is a second API that does not log: the house logs everything.
func (h *house) quiet(b *testing.B) *httpapi.Server {
	s, err := httpapi.New(httpapi.Config{Service: h.Service})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

// BenchmarkGetMe is the least that an authenticated request costs.
func BenchmarkGetMe(b *testing.B) {
	h := newHouse(b)
	ada := h.person("Ada")
	handler := h.quiet(b).Handler()
	b.ReportAllocs()
	for b.Loop() {
		serveOnce(b, handler, "GET", "/api/v1/me", ada.token, nil, 200)
	}
}

func serveOnce(b *testing.B, handler http.Handler, method, path, token string, body []byte, status int) {
	r := httptest.NewRequest(method, path, io.NopCloser(bytes.NewReader(body)))
	r.ContentLength = int64(len(body))
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	if w.Code != status {
		b.Fatal(w.Code, w.Body)
	}
}
