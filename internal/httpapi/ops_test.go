package httpapi_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestOps(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, bob := h.person("Ada"), h.person("Bob")
	h.send(ada, h.direct(ada, bob), "canary words")
	h.do(request{method: "GET", path: "/canary/" + ada.id})
	h.listen(bob, "")
	ops := httptest.NewServer(h.api.Ops())
	defer ops.Close()
	get := func(path string) (int, string) {
		t.Helper()
		q, err := http.NewRequestWithContext(t.Context(), "GET", ops.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := noRedirects().Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body)
	}
	if status, body := get("/healthz"); status != 200 || body != "ok\n" {
		t.Error(status, body)
	}
	if status, body := get("/readyz"); status != 200 {
		t.Error(status, body)
	}
	_, metrics := get("/metrics")
	for _, want := range []string{
		`sealpost_http_requests_total{route="POST /api/v1/conversations/{id}/messages",status="201"} 1`,
		`sealpost_http_requests_total{route="unmatched",status="404"} 1`,
		"sealpost_live_connections 1",
		`sealpost_http_request_seconds_count{route="POST /api/v1/conversations"} 1`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	for _, banned := range []string{"canary", ada.id, bob.id} {
		if strings.Contains(metrics, banned) || strings.Contains(h.log.String(), banned) {
			t.Errorf("metrics or log have %q", banned)
		}
	}
	if !strings.Contains(h.log.String(), `route="POST /api/v1/conversations/{id}/messages"`) {
		t.Error("the log does not name the route")
	}
	if status, _ := get("/api/v1/me"); status != 404 {
		t.Errorf("the API on the operators' listener: %d", status)
	}
	h.failing("Now")
	if status, body := get("/readyz"); status != 503 || strings.TrimSpace(body) != "not ready" {
		t.Error(status, body)
	}
}
