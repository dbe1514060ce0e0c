package storetest

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func textCases() map[string]func(*testing.T, *world) {
	return map[string]func(*testing.T, *world){
		"SearchFindsWords":       searchWords,
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

// find asks as somebody who knows nobody; the words are folded already.
func (w *world) find(words ...string) []string {
	w.t.Helper()
	found, err := w.Store.FindPeople(ctx(), service.PeopleQuery{Words: words, Limit: 100})
	w.ok(err)
	var out []string
	for _, u := range found {
		out = append(out, u.Name)
	}
	return out
}

func (w *world) findAddress(email string, words ...string) []string {
	w.t.Helper()
	found, err := w.Store.FindPeople(ctx(), service.PeopleQuery{Words: words, Email: email, Limit: 100})
	w.ok(err)
	var out []string
	for _, u := range found {
		out = append(out, u.Name)
	}
	return out
}

// Words find by their beginnings, in any order, in names and headlines; what means
// something to a pattern is no letter and finds nothing.
func searchWords(_ *testing.T, w *world) {
	w.named("100% sure", "1000 sure", "snake_case", `back\slash`, "Straße", "ÉMILE Zola", "O'Neil", "王小明", "Łukasz Øst", "İpek", "ﬁn", "e\u0301 combining")
	disabled := w.user("Sure Gone")
	disabled.DisabledAt = 1
	headed := w.user("Ada")
	headed.Headline = "Émigré, Zoologist"
	w.amend(func(a service.Amendment) error { return errors.Join(a.AddUser(disabled, ""), a.AddUser(headed, "")) })
	for _, c := range []struct {
		words string
		want  []string
	}{
		{"sure", []string{"100% sure", "1000 sure"}},
		{"sure 100", []string{"100% sure", "1000 sure"}},
		{"su 1000", []string{"1000 sure"}},
		{"ure", nil},
		{"%", nil},
		{"_", nil},
		{"s_re", nil},
		{"snake case", []string{"snake_case"}},
		{`back\slash`, nil},
		{"slash", []string{`back\slash`}},
		{"strasse", []string{"Straße"}},
		{"emile", []string{"ÉMILE Zola"}},
		{"zo em", []string{"Ada", "ÉMILE Zola"}},
		{"neil o", []string{"O'Neil"}},
		{"小 明", []string{"王小明"}},
		{"lukasz ost", []string{"Łukasz Øst"}},
		{"ipek", []string{"İpek"}},
		{"fin", []string{"ﬁn"}},
		{"e combining", []string{"e\u0301 combining"}},
		{"nobody at all", nil},
	} {
		sameOrder(w, "search for "+c.words, w.find(strings.Fields(c.words)...), c.want)
	}
	u := w.user("By Address")
	u.Email = "Some_One@Example.org"
	w.amend(func(a service.Amendment) error { return a.AddUser(u, "") })
	sameOrder(w, "by address", w.findAddress("some_one@example.org"), []string{"By Address"})
	sameOrder(w, "by address or words", w.findAddress("some_one@example.org", "ipek"), []string{"By Address", "İpek"})
	sameOrder(w, "by part of an address", w.findAddress("some_one@example.or"), nil)
	sameOrder(w, "an address is no pattern", w.findAddress("%"), nil)
	edited := headed
	edited.Name, edited.Headline = "Grace", "Admiral"
	w.amend(func(a service.Amendment) error { return a.PutUser(edited) })
	sameOrder(w, "the new words", w.find("admiral"), []string{"Grace"})
	sameOrder(w, "the old words", w.find("zoologist"), nil)
}

// The order is the bytes of the folded name, on every engine and in every locale.
func namesSort(_ *testing.T, w *world) {
	w.named("zoe x", "Anna x", "Ärger x", "anna-Lena x", "Émile x", "anna x", "_anna x", "Zoë x", "a b x", "ab x", "ａ x", "1 x")
	sameOrder(w, "names", w.find("x"), []string{
		"1 x", "_anna x", "a b x", "ａ x", "ab x", "Anna x", "anna x", "anna-Lena x", "Ärger x", "Émile x", "zoe x", "Zoë x",
	})
}

func findPages(_ *testing.T, w *world) {
	w.named("Same", "same", "SAME", "Same", "Sama", "Samz", "same")
	want := w.find("sam")
	equal(w, "found", len(want), 7)
	var got []string
	q := service.PeopleQuery{Words: []string{"sam"}, Limit: 2}
	for {
		page, err := w.Store.FindPeople(ctx(), q)
		w.ok(err)
		for _, u := range page {
			got = append(got, u.Name)
		}
		if len(page) < 2 {
			break
		}
		q.AfterKey, q.AfterID = service.SortKey(page[1].Name), page[1].ID
	}
	sameOrder(w, "found, by pages", got, want)
}

func emptySearch(_ *testing.T, w *world) {
	w.named("A", "B")
	sameOrder(w, "everybody", w.find(), []string{"A", "B"})
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
	log, err := w.Store.AuditLog(ctx(), service.AuditQuery{Limit: 1})
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
		if found, err := w.Store.FindPeople(ctx(), service.PeopleQuery{Words: []string{"person\x00" + text}, Limit: 10}); err == nil {
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
