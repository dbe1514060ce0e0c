package service

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealpost/sealpost/internal/seal"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// A secret is 256 random bits behind a prefix, by which people and scanners know
// one that lies about. Only its SHA-256 is stored: there is nothing to guess in it,
// so that a slow hash would protect nothing.
const (
	tokenPrefix  = "spt_"
	signInPrefix = "sps_"
	secretSize   = 32
	secretLength = len(tokenPrefix) + (secretSize*8+5)/6

	maxTokenName = 100 // code points
	maxTokens    = 200 // of one person at a time
)

func hashSecret(secret string) [32]byte { return sha256.Sum256([]byte(secret)) }

func formatSecret(prefix string, bits []byte) string {
	return prefix + base64.RawURLEncoding.EncodeToString(bits)
}

func (s *Service) newSecret(prefix string) (string, error) {
	var bits [secretSize]byte
	if _, err := io.ReadFull(s.rand, bits[:]); err != nil {
		return "", err
	}
	return formatSecret(prefix, bits[:]), nil
}

// looksLikeSecret keeps everything else from costing a hash and a query.
func looksLikeSecret(token string) bool {
	return len(token) == secretLength && (strings.HasPrefix(token, tokenPrefix) || strings.HasPrefix(token, signInPrefix))
}

// tokenSecret is the secret of a token. Under an idempotency key it is derived, so
// that a replay gives the same one without its being stored.
func (s *Service) tokenSecret(user sealpost.UserID, key string, id sealpost.SessionID) (string, error) {
	if key == "" {
		return s.newSecret(tokenPrefix)
	}
	bits := seal.Derive(s.tokenKey, "token", user[:], []byte(key), id[:])
	defer bits.Zero()
	return formatSecret(tokenPrefix, bits[:]), nil
}

// SignOut ends the session, or deletes the token, that the principal came with. One
// that has ended already is no error.
func (s *Service) SignOut(ctx context.Context, p Principal) error {
	err := s.end(ctx, p, "", "session.end", p.Session, true)
	if sealpost.CodeOf(err) == sealpost.CodeNotFound {
		return nil
	}
	return err
}

// Sessions lists the principal's sign-ins, newest first.
func (s *Service) Sessions(ctx context.Context, p Principal) ([]Session, error) {
	return s.store.Sessions(ctx, p.User.ID, SignIn)
}

// EndSession ends one of the principal's own sign-ins; NotFound otherwise.
func (s *Service) EndSession(ctx context.Context, p Principal, key string, id sealpost.SessionID) error {
	return s.endKind(ctx, p, key, SignIn, "session.end", id)
}

// Tokens lists the principal's API tokens, newest first.
func (s *Service) Tokens(ctx context.Context, p Principal) ([]Session, error) {
	return s.store.Sessions(ctx, p.User.ID, APIToken)
}

// DeleteToken deletes one of the principal's own API tokens; NotFound otherwise.
func (s *Service) DeleteToken(ctx context.Context, p Principal, key string, id sealpost.SessionID) error {
	return s.endKind(ctx, p, key, APIToken, "token.delete", id)
}

func (s *Service) endKind(ctx context.Context, p Principal, key string, kind SessionKind, action string, id sealpost.SessionID) error {
	own, err := s.store.Sessions(ctx, p.User.ID, kind)
	if err != nil {
		return err
	}
	found := slices.ContainsFunc(own, func(v Session) bool { return v.ID == id })
	return s.end(ctx, p, key, action, id, found)
}

// end ends a session of the principal's. found is asked for inside the amendment,
// so that the replay of a key comes first.
func (s *Service) end(ctx context.Context, p Principal, key, action string, id sealpost.SessionID, found bool) error {
	if err := validKey(key); err != nil {
		return err
	}
	// Also after an error: the commit may have happened.
	defer s.sessions.forget(p.User.ID)
	_, err := s.store.Amend(ctx, s.stamp(p.User.ID, action, key, s.request(action, id.String())), func(a Amendment) ([]byte, error) {
		if !found {
			return nil, sealpost.NotFound()
		}
		return nil, a.EndSession(p.User.ID, id)
	})
	return err
}

// CreateToken makes an API token for the principal. expires is zero for never. The
// secret is given this once, and again to a replay of the key while the token
// lives. Without scopes it is good for whatever the principal's own session or
// token is; a token never makes one that is good for more.
func (s *Service) CreateToken(ctx context.Context, p Principal, key, name string, expires time.Time, scopes ...sealpost.Scope) (Session, string, error) {
	if err := validKey(key); err != nil {
		return Session{}, "", err
	}
	scopes, err := validScopes(scopes)
	if err != nil {
		return Session{}, "", err
	}
	if scopes == nil {
		scopes = p.Scopes
	}
	for _, scope := range scopes {
		if !p.May(scope) {
			return Session{}, "", sealpost.Refuse(sealpost.CodeForbidden, "This token lacks the scope "+string(scope)+", so it cannot give it.")
		}
	}
	if expires, err = s.boundedBy(ctx, p, expires); err != nil {
		return Session{}, "", err
	}
	return s.createToken(ctx, s.stamp(p.User.ID, "token.create", key, [32]byte{}), p.User.ID, name, expires, scopes)
}

// boundedBy gives a token that another token makes that one's end, unless it is to end
// earlier.
func (s *Service) boundedBy(ctx context.Context, p Principal, expires time.Time) (time.Time, error) {
	if p.Kind != APIToken {
		return expires, nil
	}
	own, err := s.store.Sessions(ctx, p.User.ID, APIToken)
	if err != nil {
		return expires, err
	}
	i := slices.IndexFunc(own, func(v Session) bool { return v.ID == p.Session })
	switch {
	case i < 0:
		return expires, unauthenticated()
	case own[i].ExpiresAt == 0:
		return expires, nil
	case expires.IsZero():
		return own[i].ExpiresAt.Time(), nil
	case sealpost.InstantOf(expires) > own[i].ExpiresAt:
		return expires, sealpost.Invalid("expires_at", "A token cannot make one that lasts longer than itself.")
	}
	return expires, nil
}

// validScopes gives the scopes in their own order without repetition; nil for none.
func validScopes(in []sealpost.Scope) ([]sealpost.Scope, error) {
	var out []sealpost.Scope
	for _, scope := range in {
		if !slices.Contains(sealpost.Scopes(), scope) {
			return nil, sealpost.Invalid("scopes", "There is no such scope.")
		}
	}
	for _, scope := range sealpost.Scopes() {
		if slices.Contains(in, scope) {
			out = append(out, scope)
		}
	}
	return out, nil
}

// TokenFor makes an API token that does not expire for the account of an address,
// for the operator: the audit log names the server. Without scopes it is good for
// everything that its owner may.
func (s *Service) TokenFor(ctx context.Context, email, name string, scopes ...sealpost.Scope) (string, error) {
	return s.TokenUntil(ctx, email, name, 0, scopes...)
}

// TokenUntil is TokenFor with an end: how long after now by the database's clock;
// zero: none.
func (s *Service) TokenUntil(ctx context.Context, email, name string, life time.Duration, scopes ...sealpost.Scope) (string, error) {
	scopes, err := validScopes(scopes)
	if err != nil {
		return "", err
	}
	user, _, err := s.store.UserByEmail(ctx, email)
	if err != nil {
		return "", err
	}
	var expires time.Time
	if life != 0 {
		now, err := s.store.Now(ctx)
		if err != nil {
			return "", err
		}
		expires = now.Add(life).Time()
	}
	stamp := s.stamp(sealpost.UserID{}, "token.create", "", [32]byte{})
	stamp.Audit.Subject = user.ID
	_, secret, err := s.createToken(ctx, stamp, user.ID, name, expires, scopes)
	return secret, err
}

func (s *Service) createToken(ctx context.Context, stamp Stamp, user sealpost.UserID, name string, expires time.Time, scopes []sealpost.Scope) (Session, string, error) {
	name, err := line("name", name, 1, maxTokenName)
	if err != nil {
		return Session{}, "", err
	}
	session := Session{ID: newID[sealpost.SessionID](s), UserID: user, Kind: APIToken, Label: name, Scopes: scopes}
	if !expires.IsZero() {
		session.ExpiresAt = sealpost.InstantOf(expires)
	}
	own, err := s.store.Sessions(ctx, user, APIToken)
	if err != nil {
		return Session{}, "", err
	}
	secret, err := s.tokenSecret(user, stamp.Key, session.ID)
	if err != nil {
		return Session{}, "", err
	}
	session.Hash = hashSecret(secret)
	fields := []string{name, strconv.FormatInt(int64(session.ExpiresAt), 10)}
	for _, scope := range scopes {
		fields = append(fields, string(scope))
	}
	stamp.Request = s.request("token.create", fields...)
	stamp.Audit.Detail = detail(struct {
		Scopes []sealpost.Scope `json:"scopes"`
	}{scopes})
	replay, err := s.store.Amend(ctx, stamp, func(a Amendment) ([]byte, error) {
		session.CreatedAt = a.Now()
		u, _, err := a.Account(user)
		switch {
		case err != nil:
			return nil, err
		case !u.Open(): // perhaps since the request was let in
			return nil, closedAccount()
		case !expires.IsZero() && session.ExpiresAt <= a.Now():
			return nil, sealpost.Invalid("expires_at", "The time must be in the future.")
		case len(own) >= maxTokens:
			return nil, sealpost.Refuse(sealpost.CodeForbidden, "You have 200 tokens. Delete one first.")
		}
		return session.ID[:], a.AddSession(session)
	})
	if err != nil || replay == nil {
		return session, secret, err
	}
	return s.replayToken(ctx, user, stamp.Key, replay)
}

// replayToken gives the token that the key made, if it is still there.
func (s *Service) replayToken(ctx context.Context, user sealpost.UserID, key string, r *Replay) (Session, string, error) {
	id, err := oneID[sealpost.SessionID](r.Result)
	if err != nil {
		return Session{}, "", err
	}
	own, err := s.store.Sessions(ctx, user, APIToken)
	if err != nil {
		return Session{}, "", err
	}
	i := slices.IndexFunc(own, func(v Session) bool { return v.ID == id })
	if i < 0 {
		return Session{}, "", sealpost.NotFound()
	}
	secret, err := s.tokenSecret(user, key, id)
	return own[i], secret, err
}
