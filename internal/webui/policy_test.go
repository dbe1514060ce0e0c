package webui_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
)

const policyPath = "/admin/policy"

func (w *writer) inForce() policy.Policy {
	w.office.t.Helper()
	p, err := w.office.Policy(w.office.t.Context(), w.Principal)
	if err != nil {
		w.office.t.Fatal(err)
	}
	return p
}

// reviewed is the second step of a change.
func (w *writer) reviewed(pairs ...string) url.Values {
	w.office.t.Helper()
	form := w.get(policyPath).formTo(policyPath)
	return w.post(policyPath, with(form, pairs...)).want(http.StatusOK, "What changes").formTo(policyPath)
}

func TestPolicyInTwoSteps(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ada := o.writer("Ada", sealpost.RoleAdmin)
	form := ada.get(policyPath).want(http.StatusOK, "Nothing here is retroactive", "Version 1 is in force").formTo(policyPath)
	if form.Get("preset") != "5m" || form.Get("step") != "review" {
		t.Fatalf("the form begins with %v", form)
	}
	review := ada.post(policyPath, with(form, "preset", "own", "window", "15m", "trace", "always"))
	review.want(http.StatusOK, "What changes from version 1", "</span> 5m</dd>", "</span> 15m</dd>", "aria-hidden=\"true\">−", "aria-hidden=\"true\">+",
		"“Ada recalled a message. You had not opened it.”", "Save version 2").lacks("Preview text allowed")
	if p := ada.inForce(); p.Version != 1 {
		t.Fatalf("the review made version %d", p.Version)
	}
	save := review.formTo(policyPath)
	ada.post(policyPath, with(save, "reason", " ")).want(http.StatusUnprocessableEntity, `href="#reason"`, "What changes from version 1")
	saved := ada.post(policyPath, with(save, "reason", "People <asked> for it."))
	saved.want(http.StatusOK, "<strong>Version 2</strong> applies to messages sent from", "(CE", "People &lt;asked&gt; for it.", "by <bdi>Ada</bdi>", "What version 2 changed")
	saved.before("Version 2</strong> <bdi>", "Version 1</strong> <bdi>")
	if form := saved.formTo(policyPath); form.Get("preset") != "own" || form.Get("window") != "15m" || form.Get("trace") != "always" {
		t.Errorf("the form shows %v", form)
	}
	ada.post(policyPath, save).want(http.StatusOK, "Version 2 is in force") // a double click
	if p := ada.inForce(); !p.Recall || p.Version != 2 || p.Window != 15*time.Minute || p.Trace != sealpost.TraceAlways || p.PerConversationDay != 1 {
		t.Errorf("in force is %+v", p)
	}
	ada.get(policyPath).want(http.StatusOK).lacks("applies to messages sent from")
	ada.post(policyPath, with(ada.get(policyPath).formTo(policyPath))).want(http.StatusOK, "Nothing was changed.")
	off := ada.get(policyPath).formTo(policyPath)
	off.Del("recall")
	ada.post(policyPath, off).want(http.StatusOK, "Your organisation has turned recall off.", "</span> Off</dd>")
}

func TestPolicyFields(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ada := o.writer("Ada", sealpost.RoleAdmin)
	for _, c := range []struct{ field, value, said string }{
		{"window", "9s", "recall window must be"},
		{"window", "soon-ish", "recall window must be"},
		{"window", "25h", "recall window must be"},
		{"per_conversation_per_day", "0", "whole number"},
		{"throttle.messages", "1.5", "whole number"},
		{"throttle.recipients", "", "whole number"},
		{"throttle.refusals", "1000001", "whole number"},
		{"throttle.period", "59s", "period must be"},
		{"undo_default", "121s", "undo time must be"},
		{"group", "some", "one of the values"},
		{"trace", "", "one of the values"},
		{"previews", "x", "one of the values"},
	} {
		form := with(ada.get(policyPath).formTo(policyPath), "preset", "own", c.field, c.value)
		page := ada.post(policyPath, form).want(http.StatusUnprocessableEntity, `href="#`+c.field+`"`, c.said, `id="`+c.field+`"`, `id="members"`)
		if again := page.formTo(policyPath); c.said != "one of the values" && again.Get(c.field) != c.value {
			t.Errorf("%s: what was typed is lost: %q", c.field, again.Get(c.field))
		}
		ada.post(policyPath, with(form, "step", "save", "reason", "because", "key", "k-"+c.field+c.value)).want(http.StatusUnprocessableEntity, c.said)
	}
	// The first that is wrong is named, always.
	form := with(ada.get(policyPath).formTo(policyPath), "preset", "own", "window", "x", "undo_default", "x", "throttle.messages", "x")
	for range 10 {
		ada.post(policyPath, form).want(http.StatusUnprocessableEntity, `href="#window"`)
	}
	if p := ada.inForce(); p.Version != 1 {
		t.Errorf("version %d was made", p.Version)
	}
}

// The form has no field for the notifications that nothing sends; their delay stays.
func TestPolicyKeepsWhatItDoesNotShow(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ada := o.writer("Ada", sealpost.RoleAdmin)
	p := ada.inForce()
	p.NotificationDelay, p.Reason = 7*time.Second, "by the API"
	if _, err := o.PutPolicy(t.Context(), ada.Principal, "", p); err != nil {
		t.Fatal(err)
	}
	if form := ada.get(policyPath).formTo(policyPath); form.Has("notification_delay") {
		t.Error("there is a field for it")
	}
	ada.post(policyPath, with(ada.reviewed("preset", "1h"), "reason", "longer")).want(http.StatusOK, "Version 3</strong> applies")
	if p := ada.inForce(); p.NotificationDelay != 7*time.Second {
		t.Errorf("it became %v", p.NotificationDelay)
	}
}

func TestPolicyConflict(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ada, bo := o.writer("Ada", sealpost.RoleAdmin), o.writer("Bo", sealpost.RoleAdmin)
	early := ada.get(policyPath).formTo(policyPath)
	mine := ada.reviewed("preset", "1h")
	bo.post(policyPath, with(bo.reviewed("per_conversation_per_day", "3"), "reason", "Three are fair.")).want(http.StatusOK, "Version 2</strong> applies")

	conflict := ada.post(policyPath, with(mine, "reason", "One hour."))
	conflict.want(http.StatusConflict, "Bo</bdi> saved version 2", "Three are fair.", "What changes from version 2", "</span> 3</dd>", "</span> 1</dd>", "Save version 3", "One hour.")
	if p := ada.inForce(); p.Version != 2 || p.Window != 5*time.Minute {
		t.Fatalf("a conflict changed the policy: %+v", p)
	}
	// The first step tells it too.
	ada.post(policyPath, with(early, "preset", "1m")).want(http.StatusConflict, "Bo</bdi> saved version 2", "What changes from version 2")
	// Seen and meant: it can be saved now.
	ada.post(policyPath, conflict.formTo(policyPath)).want(http.StatusOK, "Version 3</strong> applies")
	if p := ada.inForce(); !p.Recall || p.Version != 3 || p.Window != time.Hour || p.PerConversationDay != 1 || p.Reason != "One hour." {
		t.Errorf("in force is %+v", p)
	}
}
