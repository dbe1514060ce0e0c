package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/client"
)

// sessionFlag says where the session of the command line is.
type sessionFlag struct {
	Session string `help:"File with the session; without it one in your configuration directory." placeholder:"FILE" env:"SEALPOST_SESSION" type:"path"`
}

// remoteFlags are what every command over the API takes. SEALPOST_URL together with
// SEALPOST_TOKEN goes before the session. The token is no flag: others can see
// those.
type remoteFlags struct {
	sessionFlag
	URL string `help:"Server. Needs SEALPOST_TOKEN, unless it is the one that you are signed in to." placeholder:"https://…" env:"SEALPOST_URL"`
}

// session is what login remembers.
type session struct {
	URL   string `json:"url"`
	Token string `json:"token"`
	Email string `json:"email"`
}

const maxSession = 64 << 10

func (f sessionFlag) path() (string, error) {
	if f.Session != "" {
		return f.Session, nil
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("no place for the session, set SEALPOST_SESSION to a file: %w", err)
	}
	return filepath.Join(dir, "sealpost", "session.json"), nil
}

var errNotSignedIn = errors.New("you are not signed in; sign in with: sealpost login URL --email YOU")

// load reads the session. It refuses a file that others can read: whoever reads it
// can read and send as its owner.
func (f sessionFlag) load() (session, error) {
	var s session
	path, err := f.path()
	if err != nil {
		return s, err
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s, errNotSignedIn
	case err != nil:
		return s, err
	case info.Mode().Perm()&0o077 != 0:
		return s, fmt.Errorf("others can read %s; protect it with: chmod 600 %s", path, path)
	case info.Size() > maxSession:
		return s, fmt.Errorf("%s is no session", path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return s, err
	}
	if json.Unmarshal(b, &s) != nil || s.URL == "" || s.Token == "" {
		return s, fmt.Errorf("%s is no session; sign in again", path)
	}
	return s, nil
}

// save writes the session for its owner only. A crash leaves the old one or the new.
func (f sessionFlag) save(s session) error {
	path, err := f.path()
	if err != nil {
		return err
	}
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	next, err := os.CreateTemp(filepath.Dir(path), ".session-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(next.Name()) // gone already if all went well
	_, err = next.Write(b)
	if err = errors.Join(err, next.Close()); err != nil {
		return err
	}
	return os.Rename(next.Name(), path)
}

// credentials give the server and the token, from the environment or the session.
func (f remoteFlags) credentials() (session, error) {
	if token := os.Getenv("SEALPOST_TOKEN"); token != "" {
		if f.URL == "" {
			return session{}, errors.New("SEALPOST_TOKEN needs SEALPOST_URL or --url: a token goes to its own server only")
		}
		return session{URL: f.URL, Token: token}, nil
	}
	s, err := f.load()
	if err == nil && f.URL != "" && strings.TrimRight(f.URL, "/") != s.URL {
		return s, fmt.Errorf("you are signed in to another server, %s; a token goes to its own server only", s.URL)
	}
	return s, err
}

// remote is a server, seen by somebody who is signed in.
type remote struct {
	*client.Client
	streams
	flags remoteFlags
	url   string
	me    api.Me
	zone  *time.Location
}

// connect signs in with what is remembered, and asks who that is: times are shown in
// the zone of the profile.
func (f remoteFlags) connect(ctx context.Context, io streams) (*remote, error) {
	s, err := f.credentials()
	if err != nil {
		return nil, err
	}
	c, err := newClient(s.URL, s.Token, io)
	if err != nil {
		return nil, err
	}
	r := &remote{Client: c, streams: io, flags: f, url: s.URL}
	if r.me, err = c.Me(ctx); err != nil {
		if client.CodeOf(err) == "unauthenticated" {
			return nil, errors.New("the session is over; sign in again with: sealpost login " + s.URL + " --email YOU")
		}
		return nil, plain(err)
	}
	if r.zone, err = time.LoadLocation(r.me.TimeZone); err != nil {
		r.zone = time.UTC
	}
	return r, nil
}

// clock is the present moment, for showing times.
func (r *remote) clock() clock { return clock{now: time.Now(), zone: r.zone} }

func newClient(address, token string, io streams) (*client.Client, error) {
	c, err := client.New(address, client.WithToken(token), client.WithAgent("sealpost "+version()))
	if err == nil && exposed(address) {
		fmt.Fprintln(io.err, "Warning: this address is http without TLS. Passwords and messages can be read on the way.")
	}
	return c, err
}

// exposed says whether what is sent leaves the machine unencrypted.
func exposed(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback())
}

// plain is an error of a call in words for a person, safe to print.
func plain(err error) error {
	var e *client.Error
	if !errors.As(err, &e) {
		return err
	}
	words := e.Detail
	if words == "" {
		words = e.Code
	}
	if e.Field != "" {
		words += " (" + e.Field + ")"
	}
	if !e.RetryAt.IsZero() {
		words += " Possible again at " + e.RetryAt.Format(time.RFC3339) + "."
	}
	if e.Reference != "" {
		words += " Reference: " + e.Reference + "."
	}
	if cause := e.Unwrap(); cause != nil {
		words += ": " + cause.Error()
	}
	return &spoken{words: oneLine(words), cause: err}
}

// spoken is an error in words for a person.
type spoken struct {
	words string
	cause error
}

func (s *spoken) Error() string { return s.words }
func (s *spoken) Unwrap() error { return s.cause }

// short is the end of an id: the beginning of one is a time that neighbours share.
func short(id string) string { return id[max(0, len(id)-8):] }

// shortest is how much of an id commands take.
const shortest = 4

// matches says whether a person means this id: the whole, its beginning or its end.
func matches(id, typed string) bool {
	typed = strings.ToLower(typed)
	return len(typed) >= shortest && (strings.HasPrefix(id, typed) || strings.HasSuffix(id, typed))
}

func wholeID(s string) bool { return len(s) == 36 && strings.Count(s, "-") == 4 }

// How far a part of an id is looked for.
const (
	maxInboxPages     = 5 // of 200 conversations
	maxSearchedInbox  = 25
	searchedPerThread = 200
)

var errAmbiguous = errors.New("more than one id ends or begins like this; give more of it")

// inbox lists the newest conversations, at most n.
func (r *remote) inbox(ctx context.Context, filter string, n int) ([]api.InboxItem, bool, error) {
	var items []api.InboxItem
	page := client.Page{}
	for {
		page.Limit = min(n-len(items), 200)
		list, err := r.Conversations(ctx, filter, page)
		if err != nil {
			return nil, false, plain(err)
		}
		items = append(items, list.Items...)
		if list.NextCursor == nil || len(items) >= n {
			return items, list.NextCursor != nil, nil
		}
		page.Cursor = *list.NextCursor
	}
}

// conversation finds the one that a person means: an id, a part of one that only one
// has, or the address of the other person. It begins none.
func (r *remote) conversation(ctx context.Context, typed string) (api.Conversation, error) {
	if wholeID(typed) {
		c, err := r.Conversation(ctx, strings.ToLower(typed))
		return c, plainOrNil(err)
	}
	items, _, err := r.inbox(ctx, "all", maxInboxPages*200)
	if err != nil {
		return api.Conversation{}, err
	}
	means := func(c api.Conversation) bool { return matches(c.ID, typed) }
	if strings.Contains(typed, "@") {
		user, err := r.userByEmail(ctx, typed)
		if err != nil {
			return api.Conversation{}, err
		}
		means = func(c api.Conversation) bool {
			return c.Kind == "direct" && slices.ContainsFunc(c.Participants, func(p api.Participant) bool { return p.UserID == user.ID })
		}
	}
	var found []api.Conversation
	for _, item := range items {
		if means(item.Conversation) {
			found = append(found, item.Conversation)
		}
	}
	switch len(found) {
	case 0:
		return api.Conversation{}, errors.New("there is no such conversation; sealpost inbox shows their ids")
	case 1:
		return found[0], nil
	}
	return api.Conversation{}, errAmbiguous
}

func plainOrNil(err error) error {
	if err == nil {
		return nil
	}
	return plain(err)
}

// userByEmail finds the one person with an address.
func (r *remote) userByEmail(ctx context.Context, email string) (api.Person, error) {
	list, err := r.Users(ctx, email, client.Page{Limit: 2})
	switch {
	case err != nil:
		return api.Person{}, plain(err)
	case len(list.Items) == 0:
		return api.Person{}, fmt.Errorf("there is nobody with the address %s", oneLine(email))
	case len(list.Items) > 1:
		return api.Person{}, fmt.Errorf("more than one person matches %s", oneLine(email))
	}
	return list.Items[0], nil
}

// ownMessage finds a message of one's own: an id, or a part of one among the newest
// messages of the newest conversations.
func (r *remote) ownMessage(ctx context.Context, typed string) (api.Message, error) {
	return r.findMessage(ctx, typed, func(m api.Message) bool { return m.SenderID == r.me.ID })
}

// anyMessage finds a message that one can see, like ownMessage.
func (r *remote) anyMessage(ctx context.Context, typed string) (api.Message, error) {
	return r.findMessage(ctx, typed, func(api.Message) bool { return true })
}

// findMessage finds a message among those that are meant; a whole id is looked up as
// it is.
func (r *remote) findMessage(ctx context.Context, typed string, meant func(api.Message) bool) (api.Message, error) {
	if wholeID(typed) {
		m, err := r.Message(ctx, strings.ToLower(typed))
		return m, plainOrNil(err)
	}
	items, _, err := r.inbox(ctx, "all", maxSearchedInbox)
	if err != nil {
		return api.Message{}, err
	}
	var found []api.Message
	for _, item := range items {
		page, err := r.History(ctx, item.ID, "", searchedPerThread)
		if err != nil {
			return api.Message{}, plain(err)
		}
		for _, m := range page.Items {
			if meant(m) && matches(m.ID, typed) {
				found = append(found, m)
			}
		}
	}
	switch len(found) {
	case 0:
		return api.Message{}, errors.New("none of the newest messages has such an id; send printed it whole, read shows its end")
	case 1:
		return found[0], nil
	}
	return api.Message{}, errAmbiguous
}
