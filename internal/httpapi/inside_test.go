package httpapi

import (
	"net/http"
	"testing"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
)

func newRequestWithType(value string) *http.Request {
	return &http.Request{Header: http.Header{"Content-Type": {value}}}
}

func TestCheckJSON(t *testing.T) {
	t.Parallel()
	send, policy, start := shapeFor[api.SendMessage](t), shapeFor[api.PutPolicy](t), shapeFor[api.StartConversation](t)
	malformed, invalid := sealpost.CodeMalformed, sealpost.CodeInvalid
	const id = "018f3c1e-7b8a-7c00-8000-00000000dead"
	for _, c := range []struct {
		shape *shape
		body  string
		code  sealpost.Code // empty: it passes
		path  string
	}{
		{send, `{"body":"x"}`, "", ""},
		{send, "\t{ \"body\" :\r\n\"x\" } ", "", ""},
		{send, `{"body":"\"\\\/\b\f\n\r\t\u00e9 \ud83d\ude00 é 😀"}`, "", ""},
		{send, `{"body":"x","id":"` + id + `","kind":"message","hide_preview":false,"undo":"90s","send_at":"2026-11-23T20:00:00+01:00"}`, "", ""},
		{send, `{"body":"x","kind":"mess\u0061ge"}`, "", ""},
		{send, `{"body":"x","kind":"other"}`, invalid, "kind"},
		{send, `{"body":"x","id":"018F3C1E-7b8a-7c00-8000-00000000dead"}`, invalid, "id"},
		{send, `{"body":"x","undo":"1.5s"}`, invalid, "undo"},
		{send, `{"body":"x","undo":"PT5M"}`, invalid, "undo"},
		{send, `{"body":"x","undo":"tomorrow"}`, invalid, "undo"},
		{send, `{"body":"x","hide_preview":1}`, invalid, "hide_preview"},
		{send, `{"body":"x","hide_preview":tru}`, malformed, "hide_preview"},
		{send, `{}`, invalid, "body"},
		{send, `{"body":""}`, invalid, "body"},
		{send, `{"body":"x",}`, malformed, ""},
		{send, `{,"body":"x"}`, malformed, ""},
		{send, `{"body" "x"}`, malformed, "body"},
		{send, `{"body":"x" "id":"y"}`, malformed, ""},
		{send, `{'body':'x'}`, malformed, ""},
		{send, `{"body":"\x"}`, malformed, "body"},
		{send, `{"body":"\u12g4"}`, malformed, "body"},
		{send, `{"body":"\ud83dx"}`, malformed, "body"},
		{send, `{"body":"\ud83d\u0041"}`, malformed, "body"},
		{send, ``, malformed, ""},
		{send, `{"sms_to":["` + id + `","x"],"body":"x"}`, invalid, "sms_to[1]"},
		{send, `{"sms_to":["` + id + `",],"body":"x"}`, malformed, "sms_to[1]"},
		{send, `{"sms_to":null,"body":"x"}`, invalid, "sms_to"},
		{start, `{"participant_ids":[]}`, invalid, "participant_ids"},
		{policy, `{"throttle":{"messages":0}}`, invalid, "throttle.messages"},
		{policy, `{"throttle":{"messages":1e3}}`, invalid, "throttle.messages"},
		{policy, `{"throttle":{"messages":01}}`, malformed, "throttle.messages"},
		{policy, `{"throttle":{"messages":99999999999999999999}}`, invalid, "throttle.messages"},
		{policy, `{"throttle":{"period":"1m","period":"1m"}}`, malformed, "throttle.period"},
		{policy, `{"version":-1}`, invalid, "version"},
	} {
		f := checkJSON([]byte(c.body), c.shape)
		switch {
		case f == nil && c.code != "":
			t.Errorf("%s passes, want %s", c.body, c.code)
		case f != nil && (f.code != c.code || f.path != c.path):
			t.Errorf("%s: %s in %q, want %s in %q", c.body, f.code, f.path, c.code, c.path)
		}
	}
}

// Checking a body keeps nothing and makes nothing.
func TestCheckJSONDoesNotAllocate(t *testing.T) {
	s := shapeFor[api.SendMessage](t)
	body := []byte(`{"body":"See you at ten, with é and 😀.","hide_preview":false}`)
	if n := testing.AllocsPerRun(100, func() { _ = checkJSON(body, s) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkCheckJSON(b *testing.B) {
	s := shapeFor[api.SendMessage](b)
	body := []byte(`{"body":"See you at ten, at the usual place. Bring the drawings of the bridge; the others will be there at half past nine.","id":"018f3c1e-7b8a-7c00-8000-00000000dead"}`)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if checkJSON(body, s) != nil {
			b.Fatal()
		}
	}
}
