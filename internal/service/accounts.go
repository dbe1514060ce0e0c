package service

import (
	"context"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sealpost/sealpost/internal/sealpost"
)

const (
	minPassword = 8    // code points of a new one
	maxPassword = 1024 // bytes
	maxEmail    = 254  // bytes (RFC 5321 §4.5.3.1.3)
	maxAgent    = 200  // code points kept of a user agent
	maxSignIns  = 200  // of one person at a time; the oldest ends
	signInLife  = 30 * 24 * time.Hour
)

// SignedIn is a new session with its secret, which is shown this once.
type SignedIn struct {
	Session Session
	Token   string
	User    sealpost.User
}

// SignIn checks a password and begins a session of 30 days. An unknown address, an
// account without password, one that is closed and a wrong password give the same
// CodeUnauthenticated after the same work. Failures are limited by account and by
// the address of FromAddress: CodeRateLimited, before any work.
func (s *Service) SignIn(ctx context.Context, email, password, agent string) (SignedIn, error) {
	user, hash, err := s.checkPassword(ctx, email, password)
	if err != nil {
		return SignedIn{}, err
	}
	// While the password was being checked it may have been changed, or the account
	// closed: then no session may be left over.
	return s.beginSession(ctx, user, agent, s.stamp(user.ID, "session.begin", "", [32]byte{}), func(now sealpost.User, hashNow string) error {
		if !now.Open() || hashNow != hash {
			return wrongPassword()
		}
		return nil
	})
}

// SignInFor begins a session of 30 days for the account of an address, for the
// operator: the audit log names the server.
func (s *Service) SignInFor(ctx context.Context, email, agent string) (SignedIn, error) {
	user, _, err := s.store.UserByEmail(ctx, email)
	if err != nil {
		return SignedIn{}, err
	}
	stamp := s.stamp(sealpost.UserID{}, "session.begin", "", [32]byte{})
	stamp.Audit.Subject = user.ID
	return s.beginSession(ctx, user, agent, stamp, func(now sealpost.User, _ string) error {
		if !now.Open() {
			return closedAccount()
		}
		return nil
	})
}

func closedAccount() error { return sealpost.Refuse(sealpost.CodeForbidden, "This account is closed.") }

func (s *Service) beginSession(ctx context.Context, user sealpost.User, agent string, stamp Stamp, permitted func(now sealpost.User, hash string) error) (SignedIn, error) {
	open, err := s.store.Sessions(ctx, user.ID, SignIn) // newest first
	if err != nil {
		return SignedIn{}, err
	}
	secret, err := s.newSecret(signInPrefix)
	if err != nil {
		return SignedIn{}, err
	}
	session := Session{
		ID: newID[sealpost.SessionID](s), UserID: user.ID, Kind: SignIn, Hash: hashSecret(secret), Label: cleanAgent(agent),
	}
	_, err = s.store.Amend(ctx, stamp, func(a Amendment) ([]byte, error) {
		now, hash, err := a.Account(user.ID)
		if err != nil {
			return nil, err
		}
		if err := permitted(now, hash); err != nil {
			return nil, err
		}
		session.CreatedAt, session.ExpiresAt = a.Now(), a.Now().Add(signInLife)
		for left := open; len(left) >= maxSignIns; left = left[:len(left)-1] {
			oldest := left[len(left)-1]
			if err := a.EndSession(user.ID, oldest.ID); err != nil && sealpost.CodeOf(err) != sealpost.CodeNotFound {
				return nil, err
			}
		}
		return nil, a.AddSession(session)
	})
	if err != nil {
		return SignedIn{}, err
	}
	return SignedIn{Session: session, Token: secret, User: user}, nil
}

// checkPassword finds the open account of an address, if the password is its, with
// the hash of it.
func (s *Service) checkPassword(ctx context.Context, email, password string) (sealpost.User, string, error) {
	switch {
	case len(password) > maxPassword:
		return sealpost.User{}, "", sealpost.Invalid("password", "The password may have at most 1024 bytes.")
	case len(email) > maxEmail || !plain(email):
		return sealpost.User{}, "", sealpost.Invalid("email", "This is not an e-mail address.")
	}
	forgive, err := s.attempt(ctx, s.passwordLimits(ctx, email)...)
	if err != nil {
		return sealpost.User{}, "", err
	}
	user, hash, err := s.store.UserByEmail(ctx, email)
	if sealpost.CodeOf(err) == sealpost.CodeNotFound {
		hash, err = "", nil // the same work, whose answer is no
	}
	var ok bool
	if err == nil {
		ok, err = s.passwords.Verify(ctx, hash, password)
	}
	if err != nil {
		forgive() // nobody learned whether it was right
		return sealpost.User{}, "", err
	}
	if !ok || user.ID.IsZero() || !user.Open() {
		return sealpost.User{}, "", wrongPassword()
	}
	forgive()
	return user, hash, nil
}

func wrongPassword() error {
	return sealpost.Refuse(sealpost.CodeUnauthenticated, "The e-mail address or the password is not right.")
}

// cleanAgent keeps what can be shown of a user agent.
func cleanAgent(agent string) string {
	agent = strings.TrimSpace(strings.Map(func(r rune) rune {
		if !showable(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, agent))
	if r := []rune(agent); len(r) > maxAgent {
		agent = string(r[:maxAgent])
	}
	return agent
}

// Authenticate gives the principal of a session's or an API token's secret;
// CodeUnauthenticated if there is none. A revocation or a change of the user by
// another process is noticed within two seconds, one by this process at once. The
// principal is shared: its slices must not be changed.
func (s *Service) Authenticate(ctx context.Context, token string) (Principal, error) {
	if !looksLikeSecret(token) {
		return Principal{}, unauthenticated()
	}
	hash := hashSecret(token)
	p, epoch, ok := s.sessions.find(hash)
	if ok {
		return p, nil
	}
	session, user, err := s.store.SessionByHash(ctx, hash)
	if sealpost.CodeOf(err) == sealpost.CodeNotFound {
		return Principal{}, unauthenticated()
	}
	if err != nil {
		return Principal{}, err
	}
	if !user.Open() { // its sessions ended with it; this holds for one that began at once
		return Principal{}, unauthenticated()
	}
	p = Principal{User: user, Session: session.ID, Kind: session.Kind, Scopes: session.Scopes}
	s.sessions.keep(hash, p, epoch)
	return p, nil
}

func unauthenticated() error {
	return sealpost.Refuse(sealpost.CodeUnauthenticated, "Sign in first.")
}

// NewUser is an account to be made.
type NewUser struct {
	Email    string // at most 254 bytes, unique without regard to case
	Name     string
	Roles    []sealpost.Role // everybody is a member besides
	Password string          // empty: cannot sign in by password
	TimeZone string          // empty: UTC
}

// AddUser makes an account, for the operator: there is no principal, and the audit
// log names the server. CodeInvalid, field email, if the address is taken.
func (s *Service) AddUser(ctx context.Context, key string, in NewUser) (sealpost.User, error) {
	return s.addUser(ctx, sealpost.UserID{}, key, in)
}

func (s *Service) addUser(ctx context.Context, actor sealpost.UserID, key string, in NewUser) (sealpost.User, error) {
	if err := validKey(key); err != nil {
		return sealpost.User{}, err
	}
	user, err := s.newUser(in)
	if err != nil {
		return sealpost.User{}, err
	}
	hash := ""
	if in.Password != "" {
		if hash, err = s.passwords.Hash(ctx, in.Password); err != nil {
			return sealpost.User{}, err
		}
	}
	fields := []string{user.Email, user.Name, user.TimeZone, in.Password}
	for _, r := range user.Roles {
		fields = append(fields, string(r))
	}
	stamp := s.stamp(actor, "user.add", key, s.request("user.add", fields...))
	stamp.Audit.Subject = user.ID
	stamp.Audit.Detail = detail(struct {
		Roles []sealpost.Role `json:"roles"`
	}{user.Roles})
	replay, err := s.store.Amend(ctx, stamp, func(a Amendment) ([]byte, error) {
		p, err := a.Policy()
		if err != nil {
			return nil, err
		}
		user.CreatedAt, user.Undo = a.Now(), p.UndoDefault
		return user.ID[:], a.AddUser(user, hash)
	})
	if err != nil || replay == nil {
		return user, err
	}
	id, err := oneID[sealpost.UserID](replay.Result)
	if err != nil {
		return sealpost.User{}, err
	}
	return s.store.User(ctx, id)
}

func (s *Service) newUser(in NewUser) (sealpost.User, error) {
	u := sealpost.User{ID: newID[sealpost.UserID](s), Email: in.Email, TimeZone: in.TimeZone, Receipts: true, OpenOnArrival: true, Reach: sealpost.ReachConnections}
	if u.TimeZone == "" {
		u.TimeZone = "UTC"
	}
	var err error
	if u.Name, err = validName(in.Name); err != nil {
		return u, err
	}
	if err := validZone(u.TimeZone); err != nil {
		return u, err
	}
	if err := validEmail(in.Email); err != nil {
		return u, err
	}
	if in.Password != "" {
		if err := validPassword("password", in.Password); err != nil {
			return u, err
		}
	}
	u.Roles, err = validRoles(in.Roles)
	return u, err
}

func validEmail(email string) error {
	address, err := mail.ParseAddress(email)
	if err != nil || address.Address != email || len(email) > maxEmail || !plain(email) {
		return sealpost.Invalid("email", "This is not an e-mail address.")
	}
	return nil
}

// validPassword checks a new password.
func validPassword(field, password string) error {
	switch {
	case len(password) > maxPassword || !utf8.ValidString(password):
		return sealpost.Invalid(field, "The password may have at most 1024 bytes of UTF-8.")
	case utf8.RuneCountInString(password) < minPassword:
		return sealpost.Invalid(field, "The password must have at least 8 characters.")
	}
	return nil
}

// validRoles gives the roles without repetition and without the one that everybody
// has, in their own order.
func validRoles(in []sealpost.Role) ([]sealpost.Role, error) {
	var out []sealpost.Role
	for _, r := range in {
		if !slices.Contains(sealpost.Roles(), r) {
			return nil, sealpost.Invalid("roles", "There is no such role.")
		}
	}
	for _, r := range sealpost.Roles() {
		if r != sealpost.RoleMember && slices.Contains(in, r) {
			out = append(out, r)
		}
	}
	return out, nil
}

// stamp is what goes with an amendment: its audit entry (R32) and its idempotency
// key.
func (s *Service) stamp(actor sealpost.UserID, action, key string, request [32]byte) Stamp {
	return Stamp{
		Audit: Audit{Decision: newID[sealpost.DecisionID](s), Actor: actor, Action: action},
		Key:   key, Request: request,
	}
}
