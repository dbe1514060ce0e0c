package webui_test

import (
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// What is scheduled can be changed until it is sent; whoever is too late is told so,
// and nothing changes (R28).
func TestEditScheduled(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	jonas, maya := o.writer("Jonas Lindqvist"), o.writer("Maya Okafor")
	jonas.befriend(maya)
	thread, _, err := o.CreateConversation(t.Context(), jonas.Principal, "", []sealpost.UserID{maya.User.ID}, "")
	if err != nil {
		t.Fatal(err)
	}
	m, err := o.Send(t.Context(), jonas.Principal, "", service.Sending{
		Conversation: thread.Conversation.ID, Body: "at ten", Kind: sealpost.KindMessage,
		SendAt: time.Now().Add(48 * time.Hour).Truncate(time.Minute), TimeZone: "Asia/Kolkata",
	})
	if err != nil {
		t.Fatal(err)
	}
	address := "/messages/" + thread.Conversation.ID.String() + "/" + m.ID.String() + "/edit"
	maya.get(address).want(404).lacks("at ten")
	jonas.get("/messages?filter=scheduled").want(200, "at ten", "IST", "CE")

	page := jonas.get(address).want(200, "at ten", "until then nobody can know of it")
	form := page.form()
	if form.Get("time_zone") != "Asia/Kolkata" {
		t.Errorf("the zone is %q", form.Get("time_zone"))
	}
	jonas.post(address, with(form, "body", "at eleven")).want(200, "Changed. It is not sent yet.")
	if v, err := o.Message(t.Context(), jonas.Principal, m.ID); err != nil || v.Content.Body != "at eleven" || v.ReleaseAt != m.ReleaseAt {
		t.Fatalf("changed to %+v, %v", v, err)
	}
	jonas.post(address, with(jonas.get(address).form(), "date", "2020-01-01")).want(422, `href="#send_at"`, "at eleven")
	jonas.post(address, with(jonas.get(address).form(), "body", " ")).want(422, `href="#body"`)

	late := with(jonas.get(address).form(), "body", "at noon")
	if _, err := o.SendNow(t.Context(), jonas.Principal, "", m.ID); err != nil {
		t.Fatal(err)
	}
	jonas.post(address, late).want(409, "It was already sent", "Nothing was changed.")
	jonas.get(address).want(409, "It was already sent", "Send a correction")
	if got := maya.received(); len(got) != 1 || got[0] != "at eleven" {
		t.Fatalf("received %q", got)
	}
}
