package httpapi_test

import (
	"context"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/sealpost/sealpost/api"
)

// Whatever is sent as a cursor, the answer is a page or a plain refusal.
func FuzzCursors(f *testing.F) {
	h := newHouse(f)
	ada := h.person("Ada")
	conversation := h.direct(ada, h.person("Bob"))
	h.send(ada, conversation, "hello")
	changes := ask[api.Changes](h, ada, "GET", "/conversations/"+conversation+"/changes", "", 200)
	f.Add(changes.Cursor)
	for _, seed := range []string{"", "A", strings.Repeat("A", 60), "AVpR5vQ_tKDSjvbseCHPTtDWQEZJuojMOSXds3g_98Yk2Kx1Rg", "\x00", "\xff", "%"} {
		f.Add(seed)
	}
	handler := h.api.Handler()
	f.Fuzz(func(t *testing.T, cursor string) {
		for _, path := range []string{
			"/conversations?cursor=", "/users?cursor=", "/drafts?cursor=", "/search?q=a&cursor=", "/admin/audit?cursor=",
			"/conversations/" + conversation + "/changes?since=", "/conversations/" + conversation + "/messages?before=",
		} {
			r := httptest.NewRequest("GET", "/api/v1"+path+url.QueryEscape(cursor), nil)
			r.Header.Set("Authorization", "Bearer "+ada.token)
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code >= 500 {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
			if w.Code != 200 && len(cursor) > 8 && strings.Contains(w.Body.String(), cursor) {
				t.Errorf("%s repeats the cursor", path)
			}
		}
	})
}

// Whatever is sent as the id of the last event, a stream begins.
func FuzzLastEventID(f *testing.F) {
	h := newHouse(f)
	ada := h.person("Ada")
	for _, seed := range []string{"A", strings.Repeat("A", 52), "\xff", "AVpR5vQ_tKDSjvbseCHPTtDWQEZJuojMOSXds3g_98Yk2Kx1Rg"} {
		f.Add(seed)
	}
	handler := h.api.Handler()
	f.Fuzz(func(t *testing.T, id string) {
		if strings.ContainsAny(id, "\r\n") {
			t.Skip("cannot be in a header")
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		r := httptest.NewRequestWithContext(ctx, "GET", "/api/v1/events", nil)
		r.Header.Set("Authorization", "Bearer "+ada.token)
		r.Header.Set("Last-Event-ID", id)
		w := &endingRecorder{ResponseRecorder: httptest.NewRecorder(), end: cancel}
		handler.ServeHTTP(w, r)
		body := w.Body.String()
		if w.Code != 200 || !strings.HasPrefix(body, "retry: ") || id != "" && !strings.Contains(body, "event: resync") {
			t.Errorf("%d %q", w.Code, body)
		}
	})
}

// endingRecorder is a client that leaves once it got something.
type endingRecorder struct {
	*httptest.ResponseRecorder
	end func()
}

func (r *endingRecorder) Write(b []byte) (int, error) {
	defer r.end()
	return r.ResponseRecorder.Write(b)
}
