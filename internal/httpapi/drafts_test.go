package httpapi_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
)

func TestDrafts(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, bob := h.person("Ada"), h.person("Bob")
	conversation := h.direct(ada, bob)
	body := `{"body":"so far","conversation_id":"` + conversation + `","recipient_ids":["` + bob.id + `"],"send_at":"2027-03-28T02:30","time_zone":"Europe/Zurich"}`
	d := ask[api.Draft](h, ada, "POST", "/drafts", body, 201)
	if d.Version != 1 || d.Body != "so far" || *d.ConversationID != conversation || d.RecipientIDs[0] != bob.id || d.SendAt != "2027-03-28T02:30" || d.ExpiresAt != nil {
		t.Errorf("%+v", d)
	}
	path := "/drafts/" + d.ID
	read := h.do(request{method: "GET", path: "/api/v1" + path, as: ada.token})
	if got := read.header.Get("ETag"); got != `"1"` {
		t.Errorf("ETag %s", got)
	}
	put := func(ifMatch, body string) (int, string) {
		r := request{method: "PUT", path: "/api/v1" + path, as: ada.token, body: body}
		if ifMatch != "" {
			r.headers = []string{"If-Match", ifMatch}
		}
		a := h.do(r)
		return a.status, a.header.Get("ETag")
	}
	for _, c := range []struct {
		ifMatch, body, etag string
		status              int
	}{
		{"", `{"body":"x"}`, "", 428},
		{`"2"`, `{"body":"x"}`, "", 412},
		{`W/"1"`, `{"body":"x"}`, "", 412},
		{`1`, `{"body":"x"}`, "", 412},
		{`"1"`, `{"body":"x","attachment_ids":["` + d.ID + `"]}`, "", 422},
		{`"1"`, `{"body":"desk"}`, `"2"`, 200},
		{`"1"`, `{"body":"phone"}`, "", 412},
		{`*`, `{"body":"phone"}`, `"3"`, 200},
	} {
		if status, etag := put(c.ifMatch, c.body); status != c.status || etag != c.etag {
			t.Errorf("If-Match %s with %s: %d %s; want %d %s", c.ifMatch, c.body, status, etag, c.status, c.etag)
		}
	}
	if got := ask[api.Draft](h, ada, "GET", path, "", 200); got.Body != "phone" || got.ConversationID != nil {
		t.Errorf("%+v", got)
	}
	h.refused(bob, "GET", path, "", sealpost.CodeNotFound)
	messages := "/conversations/" + conversation + "/messages"
	h.refused(ada, "POST", messages, `{"body":"phone","draft_id":"`+d.ID+`","draft_version":2}`, sealpost.CodeVersionConflict)
	ask[api.Message](h, ada, "POST", messages, `{"body":"phone","draft_id":"`+d.ID+`","draft_version":3}`, 201)
	h.refused(ada, "POST", messages, `{"body":"phone","draft_id":"`+d.ID+`"}`, sealpost.CodeVersionConflict)
	h.refused(ada, "GET", path, "", sealpost.CodeNotFound)
}

// R28: local times, gaps and doubled hours.
func TestSendLaterLocally(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, bob := h.person("Ada"), h.person("Bob")
	messages := "/conversations/" + h.direct(ada, bob) + "/messages"
	zone, err := time.LoadLocation("Europe/Zurich")
	if err != nil {
		t.Fatal(err)
	}
	gap, doubled := "", ""
	for day := range 364 { // the changes of clock of the next year
		noon := time.Now().AddDate(0, 0, day+1).In(zone)
		midnight := time.Date(noon.Year(), noon.Month(), noon.Day(), 0, 0, 0, 0, zone)
		switch time.Date(noon.Year(), noon.Month(), noon.Day()+1, 0, 0, 0, 0, zone).Sub(midnight) {
		case 23 * time.Hour:
			gap = midnight.Format("2006-01-02") + "T02:30"
		case 25 * time.Hour:
			doubled = midnight.Format("2006-01-02") + "T02:30"
		}
	}
	m := ask[api.Message](h, ada, "POST", messages, `{"body":"later","send_at":"`+gap+`","time_zone":"Europe/Zurich"}`, 201)
	if !m.SendAtMoved || m.State != "scheduled" || m.ReleaseAt.In(zone).Format("15:04") != "03:00" || m.TimeZone != "Europe/Zurich" {
		t.Errorf("%+v", m)
	}
	p := h.refused(ada, "POST", messages, `{"body":"later","send_at":"`+doubled+`","time_zone":"Europe/Zurich"}`, sealpost.CodeAmbiguousTime)
	if p.Status != 422 || p.Field != "send_at" || len(p.Choices) != 2 || p.Choices[1].Sub(p.Choices[0].Time) != time.Hour {
		t.Errorf("%+v", p)
	}
	day, _, _ := strings.Cut(doubled, "T")
	// A local time without a zone is meant in the zone that the message was scheduled in.
	m = ask[api.Message](h, ada, "PATCH", "/messages/"+m.ID, `{"send_at":"`+day+`T09:00"}`, 200)
	if m.SendAtMoved || m.TimeZone != "Europe/Zurich" || m.ReleaseAt.In(zone).Format("2006-01-02 15:04") != day+" 09:00" {
		t.Errorf("%+v", m)
	}
	h.refused(ada, "PATCH", "/messages/"+m.ID, `{"send_at":"`+doubled+`"}`, sealpost.CodeAmbiguousTime)
	h.refused(ada, "POST", messages, `{"body":"later","send_at":"soon"}`, sealpost.CodeInvalid)
}
