//go:build sealtest

package browser_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/client"
	"github.com/sealpost/sealpost/internal/demo"
)

const (
	// picturesDir says where the pictures of the README go; make pictures sets it.
	picturesDir = "SEALPOST_README_PICTURES"
	// maxPicture bounds a picture in bytes: the README is read on slow lines too.
	maxPicture = 150_000
)

// TestPictures takes the pictures of the README in the world of the demo, at 10:42 of
// its writer's day, so that they are the same each time but for the date: the question
// before a recall at a desk, and the thread of the recipient, who has not opened yet,
// on a phone.
func TestPictures(t *testing.T) {
	dir := os.Getenv(picturesDir)
	if dir == "" {
		t.Skip("only for the README: make pictures")
	}
	s := newSite(t)
	s.until(10, 42, "Europe/London")
	people, err := demo.Fill(t.Context(), s.service)
	if err != nil {
		t.Fatal(err)
	}
	writer, reader := s.signedIn(people.Writer), s.signedIn(people.Reader)
	m := lastSealed(t, writer, people.Reader.Name)

	d := s.at(writer, desk())
	d.expect("503") // the lease of the server, until it is renewed
	d.visit("/messages/" + m.ConversationID)
	d.hover(at(m) + " .bubble")
	d.click(at(m) + " .dots")
	d.click(at(m) + " .recall-item")
	d.awaitText("dialog h1", "Recall this message?")
	d.save(filepath.Join(dir, "recall.webp"))

	h := s.at(reader, phone())
	h.expect("503")
	h.visit("/messages/" + m.ConversationID)
	h.awaitText(at(m)+" .sealed", people.Writer.Name+" sent you a message")
	h.save(filepath.Join(dir, "sealed.webp"))
}

// until moves the decision clock on to the next time that a clock in a zone shows so.
func (s *site) until(hour, minute int, zone string) {
	s.t.Helper()
	where, err := time.LoadLocation(zone)
	if err != nil {
		s.t.Fatal(err)
	}
	now := time.Now().In(where)
	then := time.Date(now.Year(), now.Month(), now.Day(), hour, minute, 0, 0, where)
	if then.Before(now) {
		then = then.AddDate(0, 0, 1)
	}
	s.later(then.Sub(now))
}

// signedIn is somebody of the demo.
func (s *site) signedIn(p demo.Person) *person {
	s.t.Helper()
	c, err := client.New(s.url)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(c.Close)
	return &person{site: s, name: p.Name, token: p.Session, api: c.As(p.Token)}
}

// lastSealed is the newest message of a writer, in their conversation of two with
// somebody, that was delivered and is not opened.
func lastSealed(t *testing.T, writer *person, reader string) api.Message {
	t.Helper()
	inbox, err := writer.api.Conversations(t.Context(), "all", pageOne())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range inbox.Items {
		if c.Kind != "direct" || c.Participants[0].Name != reader && c.Participants[1].Name != reader {
			continue
		}
		history, err := writer.api.History(t.Context(), c.ID, "", 50)
		if err != nil {
			t.Fatal(err)
		}
		for i := len(history.Items) - 1; i >= 0; i-- {
			if m := history.Items[i]; m.State == "sent" && len(m.Deliveries) == 1 && m.Deliveries[0].State == "sealed" {
				return m
			}
		}
	}
	t.Fatalf("%s has no sealed message to %s", writer.name, reader)
	return api.Message{}
}

// save writes what is shown as a small file.
func (b *tab) save(file string) {
	b.t.Helper()
	shot, err := chromedp.Call(b.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatWebp, Quality: new(int64(90))})
	if err != nil {
		b.t.Fatal(err)
	}
	if len(shot.Data) > maxPicture {
		b.t.Errorf("%s has %d bytes, more than %d", filepath.Base(file), len(shot.Data), maxPicture)
	}
	if err := os.WriteFile(file, shot.Data, 0o600); err != nil {
		b.t.Fatal(err)
	}
}
