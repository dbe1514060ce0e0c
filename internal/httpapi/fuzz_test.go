package httpapi

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sealpost/sealpost/api"
)

func shapeFor[T any](t testing.TB) *shape {
	t.Helper()
	r := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	s, err := shapeOf(r, r.Schema(reflect.TypeFor[T](), true, ""))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What passes is what the standard library reads into the type without finding
// anything unknown, and every text in it is text. What is refused names nothing
// that came in.
func FuzzCheckJSON(f *testing.F) {
	send, policy := shapeFor[api.SendMessage](f), shapeFor[api.PutPolicy](f)
	for _, seed := range []string{
		`{"body":"x"}`, `{"body":"x","send_at":"2026-11-23T20:00:00Z","undo":"5s","sms_to":[]}`, ` { "body" : "\ud83d\ude00" } `,
		`{"body":"\ud800"}`, `{"body":"x","Body":"y"}`, `{"body":"x","body":"y"}`, `{"body":"x"}{}`, `{"hide_preview":true,"body":"\u0000"}`,
		`{"recall":true,"throttle":{"messages":1,"recipients":-0,"refusals":1e3,"period":"1m"}}`, `[`, `"`, `{"body":"` + "\xff" + `"}`, `nul`,
		`{"kind":"mess\u0061ge","body":"x"}`, `{"attachment_ids":["018f3c1e-7b8a-7c00-8000-00000000dead"],"body":"x"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, c := range []struct {
			shape *shape
			into  any
		}{{send, &api.SendMessage{}}, {policy, &api.PutPolicy{}}} {
			fault := checkJSON(body, c.shape)
			if fault != nil {
				if fault.detail == "" || len(fault.path) > 200 {
					t.Errorf("fault %+v", fault)
				}
				continue
			}
			d := json.NewDecoder(bytes.NewReader(body))
			d.DisallowUnknownFields()
			if err := d.Decode(c.into); err != nil {
				t.Fatalf("passes, and cannot be read: %v", err)
			}
			if !json.Valid(body) || !utf8.Valid(body) {
				t.Fatal("passes, and is not JSON in UTF-8")
			}
			if m, ok := c.into.(*api.SendMessage); ok {
				n := utf8.RuneCountInString(m.Body)
				if strings.ContainsRune(m.Body, 0) || n < 1 || n > 10_000 {
					t.Fatalf("passes with a body of %d characters", n)
				}
			}
		}
	})
}

func FuzzContentType(f *testing.F) {
	for _, seed := range []string{"application/json", "application/json; charset=utf-8", "Application/JSON", "text/plain", "application/json;;", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		r := newRequestWithType(value)
		if checkContentType(r, true) == nil && !strings.HasPrefix(strings.ToLower(strings.TrimSpace(value)), "application/json") {
			t.Errorf("%q is taken for JSON", value)
		}
	})
}
