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

// R26: the settings of preview text, what the sender is told before sending, and what
// a list shows.
func TestPreviewText(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, bob := h.person("Ada"), h.person("Bob")
	in := h.direct(ada, bob)
	if s := ask[api.Settings](h, bob, "GET", "/me/settings", "", 200); s.PreviewText != "off" || s.PreviewOfMine != "recipient_decides" {
		t.Errorf("at first: %+v", s)
	}
	h.refused(bob, "PATCH", "/me/settings", `{"preview_text":"always"}`, sealpost.CodeInvalid)
	h.refused(bob, "PATCH", "/me/settings", `{"preview_of_mine":"show"}`, sealpost.CodeInvalid)
	if s := ask[api.Settings](h, bob, "PATCH", "/me/settings", `{"preview_text":"immediate"}`, 200); s.PreviewText != "immediate" {
		t.Errorf("set: %+v", s)
	}
	outlook := func(more string) string {
		t.Helper()
		o := ask[api.Outlook](h, ada, "POST", "/forecast", `{"recipient_ids":["`+bob.id+`"]`+more+`}`, 200)
		if o.Recipients[0].Preview == nil {
			return "not told"
		}
		return *o.Recipients[0].Preview
	}
	shown := func() string {
		t.Helper()
		list := ask[api.Inbox](h, bob, "GET", "/conversations", "", 200)
		if len(list.Items) != 1 || list.Items[0].Preview == nil {
			return ""
		}
		return *list.Items[0].Preview
	}
	if got := outlook(""); got != "not told" {
		t.Errorf("of a stranger's settings the sender is told %s", got)
	}
	invitation, err := h.Invite(t.Context(), ada.Principal, "", bob.User.ID, "")
	if err == nil {
		_, err = h.AcceptInvitation(t.Context(), bob.Principal, "", invitation.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	admin := h.person("Root", sealpost.RoleAdmin).Principal
	for _, step := range []struct{ policy, more, foretold, shown string }{
		{"after_window", "", "after_window", ""},
		{"immediate", `,"hide_preview":true`, "off", ""},
		{"immediate", "", "immediate", "words for Bob"},
	} {
		rules, err := h.Policy(t.Context(), admin)
		if err != nil {
			t.Fatal(err)
		}
		rules.Previews, rules.Reason = sealpost.ParsePreviews(step.policy), "a test"
		if _, err := h.PutPolicy(t.Context(), admin, "", rules); err != nil {
			t.Fatal(err)
		}
		if got := outlook(step.more); got != step.foretold {
			t.Errorf("%+v: told %s", step, got)
		}
		ask[api.Message](h, ada, "POST", "/conversations/"+in+"/messages", `{"body":"words for Bob"`+step.more+`}`, 201)
		if got := shown(); got != step.shown {
			t.Errorf("%+v: shown %q", step, got)
		}
	}
	last := ask[api.Inbox](h, bob, "GET", "/conversations", "", 200).Items[0].Last
	if last.Content != nil || last.Delivery != "sealed" {
		t.Errorf("a preview opens nothing: %+v", last)
	}
	r := ask[api.Report](h, ada, "POST", "/messages/"+last.ID+"/recall", "", 200)
	if line := r.Recipients[0]; r.Trace != "marker" || line.Level != "preview" || len(line.Channels) != 1 || line.Channels[0].Channel != "list" || line.Channels[0].State != "sent" {
		t.Errorf("the report: %+v", r)
	}
	if got := shown(); got != "" {
		t.Errorf("after the recall: %q", got)
	}
}
