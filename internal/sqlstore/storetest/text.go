package storetest

import (
	"bytes"
	"strings"
	"testing"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func textCases() map[string]func(*testing.T, *world) {
	return map[string]func(*testing.T, *world){
		"SearchIsLiteral":        searchLiteral,
		"NamesSortByBytes":       namesSort,
		"TextComesBackAsItWent":  textComesBack,
		"NULAndBrokenUTF8":       nulAndBroken,
		"BodiesAreAnyBytes":      bodiesAnyBytes,
		"FindPagesAreStable":     findPages,
		"EmptySearchFindsEverys": emptySearch,
	}
}

// named adds users with these names.
func (w *world) named(names ...string) {
	w.t.Helper()
	w.amend(func(a service.Amendment) error {
		for _, name := range names {
			if err := a.AddUser(w.user(name), ""); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *world) find(q string) []string {
	w.t.Helper()
	found, err := w.Store.FindUsers(ctx(), q, "", sealpost.UserID{}, 100)
	w.ok(err)
	var out []string
	for _, u := range found {
		out = append(out, u.Name)
	}
	return out
}

func searchLiteral(_ *testing.T, w *world) {
	w.named("100% sure", "1000 sure", "snake_case", "snakeXcase", `back\slash`, "bang!bang", "Straße", "ÉMILE Zola", "quote'd", `dollar$1`)
	for q, want := range map[string][]string{
		"100%":           {"100% sure"},
		"0%":             {"100% sure"},
		"%":              {"100% sure"},
		"_":              {"snake_case"},
		"snake_":         {"snake_case"},
		`\`:              {`back\slash`},
		"!":              {"bang!bang"},
		"!b":             {"bang!bang"},
		"émile":          {"ÉMILE Zola"},
		"ZOLA":           {"ÉMILE Zola"},
		"STRASSE":        nil,
		"straße":         {"Straße"},
		"'d":             {"quote'd"},
		"$1":             {`dollar$1`},
		"sure":           {"100% sure", "1000 sure"},
		"nobody at all":  nil,
		"a%b":            nil,
		"user@nowhere.x": nil,
	} {
		sameOrder(w, "search for "+q, w.find(q), want)
	}
	u := w.user("By Address")
	u.Email = "Some_One@Example.org"
	w.amend(func(a service.Amendment) error { return a.AddUser(u, "") })
	sameOrder(w, "by address", w.find("some_one@EXAMPLE.org"), []string{"By Address"})
	sameOrder(w, "by part of an address", w.find("some_one@example.or"), nil)
}

// The order is the bytes of the lower-case name, on every engine and in every locale.
func namesSort(_ *testing.T, w *world) {
	w.named("zoe x", "Anna x", "Ärger x", "anna-Lena x", "Émile x", "anna x", "_anna x", "Zoë x", "a b x", "ab x", "ａ x", "1 x")
	sameOrder(w, "names", w.find(" x"), []string{
		"1 x", "_anna x", "a b x", "ab x", "Anna x", "anna x", "anna-Lena x", "zoe x", "Zoë x", "Ärger x", "Émile x", "ａ x",
	})
}

func findPages(_ *testing.T, w *world) {
	w.named("Same", "same", "SAME", "Same", "Sama", "Samz", "same")
	want := w.find("sam")
	equal(w, "found", len(want), 7)
	var got []string
	var last sealpost.User
	for {
		page, err := w.Store.FindUsers(ctx(), "sam", last.Name, last.ID, 2)
		w.ok(err)
		for _, u := range page {
			got = append(got, u.Name)
		}
		if len(page) < 2 {
			break
		}
		last = page[1]
	}
	sameOrder(w, "found, by pages", got, want)
}

func emptySearch(_ *testing.T, w *world) {
	w.named("A", "B")
	sameOrder(w, "everybody", w.find(""), []string{"A", "B"})
}

func textComesBack(_ *testing.T, w *world) {
	for _, name := range []string{
		"", " ", "  two  ", "tab\tline\n\r", "ﬁ ligature", "e\u0301 combining", "\u00e9 composed", "\u202eright to left", "👩‍👩‍👧", "\U0010ffff",
		"\ufffd", "\ufeffmark", "NULL", "null", "0", "1e5", "007", "'; DROP TABLE users; --", `{"a":1}`, `\x00`, "$1", strings.Repeat("界", 500),
	} {
		u := w.user(name)
		u.Headline = name
		w.amend(func(a service.Amendment) error { return a.AddUser(u, name) })
		got, hash, err := w.Store.UserByEmail(ctx(), u.Email)
		w.ok(err)
		same(w, "a user", got, u)
		equal(w, "hash", hash, name)
	}
	u := w.people(2)
	c := w.group(u...)
	title := "Title \u202e 👩‍👩‍👧 '\"\\"
	w.must(command{name: "title", ask: service.Ask{Conversation: c, Actor: u[0]}, do: func(service.Snapshot) (service.Change, string, error) {
		return service.Change{Audit: service.Audit{Action: "conversation.title", Detail: `{"t":"👩‍👩‍👧"}`}, Title: &title}, "done", nil
	}}, "done")
	equal(w, "title", w.thread(c, u[0]).Conversation.Title, title)
	log, err := w.Store.AuditLog(ctx(), sealpost.DecisionID{}, 1)
	w.ok(err)
	equal(w, "detail", log[0].Detail, `{"t":"👩‍👩‍👧"}`)
}

// What no text column can hold is kept exactly or refused, and breaks nothing that
// comes after it on the same connection.
func nulAndBroken(_ *testing.T, w *world) {
	people := w.people(2)
	c := w.group(people...)
	for _, text := range []string{"a\x00b", "\x00", "\xff\xfe", "half\xe7\x95", "\xed\xa0\x80"} {
		u := w.user(text)
		_, err := w.Store.Amend(ctx(), service.Stamp{}, func(a service.Amendment) ([]byte, error) { return nil, a.AddUser(u, "") })
		if got, readErr := w.Store.User(ctx(), u.ID); err == nil {
			w.ok(readErr)
			equal(w, "a kept name", got.Name, text)
		} else {
			w.refused(readErr, sealpost.CodeNotFound)
		}
		if found, err := w.Store.FindUsers(ctx(), "Person\x00"+text, "", sealpost.UserID{}, 10); err == nil {
			equal(w, "found", len(found), 0)
		}
		if _, _, err := w.Store.UserByEmail(ctx(), "user-"+text); err == nil {
			w.t.Error("somebody has an address that is no text")
		}
		bad := send(c, people[0], newID[sealpost.MessageID](w), sending{}).with("key" + text)
		if _, err := w.run(bad); err == nil {
			if s := w.inside(service.Ask{Conversation: c, Actor: people[0], Key: "key" + text}); s.Replay == nil {
				w.t.Error("a key that was taken is not found")
			}
		}
		w.say(c, people[0])
		equal(w, "found", len(w.find("person")), 2)
	}
	s := w.inside(service.Ask{Conversation: c})
	equal(w, "rev is the number of messages", s.Conversation.Rev, int64(len(w.history(c, people[0]))))
}

func bodiesAnyBytes(t *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, body := range [][]byte{all, {0}, {0xff, 0, 0xff}, []byte("text"), bytes.Repeat(all, 65_536/256), bytes.Repeat([]byte("界"), 13_333)} {
		id := newID[sealpost.MessageID](w)
		w.must(send(c, u[0], id, sending{body: string(body)}), "sent")
		m, err := w.Store.Message(ctx(), id, u[1])
		w.ok(err)
		if !bytes.Equal(m.Content.Body, body) {
			t.Errorf("a body of %d bytes came back as %d others", len(body), len(m.Content.Body))
		}
		equal(w, "wrap", string(m.Content.Wrapped), "under an epoch")
	}
}
