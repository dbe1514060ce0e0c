package httpapi_test

import (
	"strings"
	"testing"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
)

func TestOutlook(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, bob := h.person("Ada"), h.person("Bob")
	o := ask[api.Outlook](h, ada, "POST", "/forecast", `{"recipient_ids":["`+bob.id+`"],"undo":"10s"}`, 200)
	if !o.Recallable || o.Code != nil || len(o.Recipients) != 1 || o.Recipients[0].UserID != bob.id {
		t.Fatalf("%+v", o)
	}
	if got := o.Recipients[0].RecallableUntil.Sub(o.DeliveredAt.Time).String(); got != "5m0s" {
		t.Errorf("recallable for %s", got)
	}
	for body, code := range map[string]sealpost.Code{
		`{"recipient_ids":[]}`:                                                                          sealpost.CodeInvalid,
		`{"recipient_ids":["` + ada.id + `"]}`:                                                          sealpost.CodeInvalid,
		`{"recipient_ids":["` + bob.id + `"],"sms_to":["` + bob.id + `"]}`:                              sealpost.CodeInvalid,
		`{"recipient_ids":["` + bob.id + `"],"time_zone":"UTC"}`:                                        sealpost.CodeInvalid,
		`{"recipient_ids":["` + bob.id + `"],"send_at":"2020-01-01T00:00:00Z"}`:                         sealpost.CodeInvalid,
		`{"recipient_ids":["` + bob.id + `"],"send_at":"2026-10-25T02:30","time_zone":"Europe/Zurich"}`: sealpost.CodeAmbiguousTime,
		`{"recipient_ids":["` + bob.id + `"],"kind":"required_notice"}`:                                 sealpost.CodeForbidden,
	} {
		h.refused(ada, "POST", "/forecast", body, code)
	}
	v := ask[api.Preview](h, ada, "POST", "/previews", `{"body":"words"}`, 200)
	if v.BeforeOpening.Content != nil || v.BeforeOpening.Delivery != "sealed" || v.BeforeOpening.Sender.Name != "Ada" {
		t.Errorf("before: %+v", v.BeforeOpening)
	}
	if c := v.AfterOpening.Content; c == nil || c.Body != "words" || v.AfterOpening.Delivery != "opened" {
		t.Errorf("after: %+v", v.AfterOpening)
	}
	if p := h.refused(ada, "POST", "/previews", `{"body":"  "}`, sealpost.CodeInvalid); p.Field != "body" || strings.Contains(p.Detail, "  ") {
		t.Errorf("%+v", p)
	}
	if p := h.refused(ada, "POST", "/tokens", `{"name":"none","scopes":[]}`, sealpost.CodeInvalid); p.Field != "scopes" {
		t.Errorf("a token without any scope: %+v", p)
	}
}
