package service

import (
	"context"
	"encoding/hex"
	"strings"
	"time"

	"github.com/sealpost/sealpost/internal/seal"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// invitePrefix marks the secret of an invitation link.
const invitePrefix = "spi_"

// NewInvite is an invitation link to be made.
type NewInvite struct {
	Email   string // empty: whoever uses the link says it
	Name    string // empty: whoever uses the link says it
	Roles   []sealpost.Role
	Life    time.Duration   // zero: sealpost.DefaultInvite
	Account sealpost.UserID // sets the password of this account instead of making one
}

// CreateInvite makes an invitation link, for an administrator. The secret is given
// this once, and again to a replay of the key while the link can be used.
func (s *Service) CreateInvite(ctx context.Context, p Principal, key string, in NewInvite) (sealpost.Invite, string, error) {
	if err := administers(p); err != nil {
		return sealpost.Invite{}, "", err
	}
	if in.Email != "" {
		_, _, err := s.store.UserByEmail(ctx, in.Email)
		if err == nil {
			return sealpost.Invite{}, "", sealpost.Invalid("email", "There is already an account with this address.")
		} else if sealpost.CodeOf(err) != sealpost.CodeNotFound {
			return sealpost.Invite{}, "", err
		}
	}
	return s.createInvite(ctx, p.User.ID, key, in)
}

// InviteFor is CreateInvite for the operator: the audit log names the server. If
// the address has an account the link is for setting its password.
func (s *Service) InviteFor(ctx context.Context, in NewInvite) (sealpost.Invite, string, error) {
	user, _, err := s.store.UserByEmail(ctx, in.Email)
	switch {
	case err == nil && len(in.Roles) > 0:
		return sealpost.Invite{}, "", sealpost.Invalid("roles", "The account is there already; its roles are changed apart.")
	case err == nil:
		in.Account, in.Email = user.ID, ""
	case sealpost.CodeOf(err) != sealpost.CodeNotFound:
		return sealpost.Invite{}, "", err
	}
	return s.createInvite(ctx, sealpost.UserID{}, "", in)
}

func (s *Service) createInvite(ctx context.Context, actor sealpost.UserID, key string, in NewInvite) (sealpost.Invite, string, error) {
	if err := validKey(key); err != nil {
		return sealpost.Invite{}, "", err
	}
	if in.Life == 0 {
		in.Life = sealpost.DefaultInvite
	}
	v, err := s.newInvite(in)
	if err != nil {
		return sealpost.Invite{}, "", err
	}
	v.CreatedBy = actor
	secret, err := s.inviteSecret(actor, key, v.ID)
	if err != nil {
		return sealpost.Invite{}, "", err
	}
	v.Hash = hashSecret(secret)
	fields := []string{v.Email, v.Name, in.Life.String(), v.AccountID.String()}
	for _, r := range v.Roles {
		fields = append(fields, string(r))
	}
	stamp := s.stamp(actor, "invite.create", key, s.request("invite.create", fields...))
	stamp.Audit.Subject = v.AccountID
	stamp.Audit.Detail = inviteDetail(v)
	replay, err := s.store.Amend(ctx, stamp, func(a Amendment) ([]byte, error) {
		if err := invitable(a, v); err != nil {
			return nil, err
		}
		v.CreatedAt, v.ExpiresAt = a.Now(), a.Now().Add(in.Life)
		return v.ID[:], a.AddInvite(v)
	})
	if err != nil || replay == nil {
		return v, secret, err
	}
	id, err := oneID[sealpost.InviteID](replay.Result)
	if err != nil {
		return sealpost.Invite{}, "", err
	}
	if secret, err = s.inviteSecret(actor, key, id); err != nil {
		return sealpost.Invite{}, "", err
	}
	v, err = s.store.InviteByHash(ctx, hashSecret(secret))
	return v, secret, err
}

// InviteProfile is InviteFor for somebody whom an import named: whoever uses the link
// gets what is known of this person, their conversations too. profile is their id, or the
// address by which imports know them. NotFound if there is nobody without account.
func (s *Service) InviteProfile(ctx context.Context, profile string, in NewInvite) (sealpost.Invite, string, error) {
	u, err := s.profileCalled(ctx, profile)
	if err != nil {
		return sealpost.Invite{}, "", err
	}
	in.Account = u.ID
	return s.createInvite(ctx, sealpost.UserID{}, "", in)
}

// invitable refuses a link for an account that is not there or is closed.
func invitable(a Amendment, v sealpost.Invite) error {
	if v.AccountID.IsZero() {
		return nil
	}
	u, _, err := a.Account(v.AccountID)
	if sealpost.CodeOf(err) == sealpost.CodeNotFound || err == nil && !claimable(u) {
		return sealpost.Invalid("user_id", "There is no such account that is open.")
	}
	return err
}

func inviteDetail(v sealpost.Invite) string {
	return detail(struct {
		ID    string          `json:"id"`
		Roles []sealpost.Role `json:"roles,omitempty"`
	}{v.ID.String(), v.Roles})
}

// newInvite checks what is asked for.
func (s *Service) newInvite(in NewInvite) (sealpost.Invite, error) {
	v := sealpost.Invite{ID: newID[sealpost.InviteID](s), Email: in.Email, AccountID: in.Account}
	var err error
	if in.Email != "" {
		if err := validEmail(in.Email); err != nil {
			return v, err
		}
	}
	if v.Name, err = line("name", in.Name, 0, maxName); err != nil {
		return v, err
	}
	if v.Roles, err = validRoles(in.Roles); err != nil {
		return v, err
	}
	switch {
	case !in.Account.IsZero() && len(v.Roles) > 0:
		return v, sealpost.Invalid("roles", "The account is there already; its roles are changed apart.")
	case in.Life < sealpost.MinInvite || in.Life > sealpost.MaxInvite:
		return v, sealpost.Invalid("expires_in", "The time must be from 1h to 720h, which is 30 days.")
	}
	return v, nil
}

// inviteSecret is like tokenSecret: derived under a key, so that a replay gives the
// same one without its being stored.
func (s *Service) inviteSecret(actor sealpost.UserID, key string, id sealpost.InviteID) (string, error) {
	if key == "" {
		return s.newSecret(invitePrefix)
	}
	bits := seal.Derive(s.tokenKey, "invite", actor[:], []byte(key), id[:])
	defer bits.Zero()
	return formatSecret(invitePrefix, bits[:]), nil
}

// Invites lists the links that can still be used, newest first, to administrators.
func (s *Service) Invites(ctx context.Context, p Principal, cursor string, limit int) ([]sealpost.Invite, string, error) {
	if err := administers(p); err != nil {
		return nil, "", err
	}
	limit, err := pageSize(limit)
	if err != nil {
		return nil, "", err
	}
	var before sealpost.InviteID
	if cursor != "" {
		payload, err := s.openCursor("invites", p.User.ID, [16]byte{}, cursor)
		if err != nil {
			return nil, "", err
		}
		if before, err = oneID[sealpost.InviteID](payload); err != nil {
			return nil, "", badCursor()
		}
	}
	all, err := s.store.Invites(ctx, before, limit+1)
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(all) > limit {
		all = all[:limit]
		last := all[limit-1].ID
		next, err = s.sealCursor("invites", p.User.ID, [16]byte{}, last[:])
	}
	return all, next, err
}

// WithdrawInvite makes a link useless, for an administrator; NotFound if it is
// already.
func (s *Service) WithdrawInvite(ctx context.Context, p Principal, key string, id sealpost.InviteID) error {
	if err := administersOne(p); err != nil {
		return err
	}
	if err := validKey(key); err != nil {
		return err
	}
	stamp := s.stamp(p.User.ID, "invite.withdraw", key, s.request("invite.withdraw", id.String()))
	stamp.Audit.Detail = inviteDetail(sealpost.Invite{ID: id})
	_, err := s.store.Amend(ctx, stamp, func(a Amendment) ([]byte, error) {
		_, err := a.TakeInvite(id)
		return nil, err
	})
	return err
}

// Joining is how somebody uses an invitation link.
type Joining struct {
	Token    string
	Email    string // needed unless the link or the account has one
	Name     string // needed unless the link or the account has one
	Password string
	TimeZone string // of a new account; empty: UTC
	Agent    string
}

// Join makes the account of an invitation link, or sets the password of the account
// that the link is for and ends its sign-ins. The link is used up, and whoever used
// it is signed in. A link that is unknown, used, expired or withdrawn is NotFound,
// all alike. Wrong links, and links used wrongly, are limited by address.
func (s *Service) Join(ctx context.Context, key string, in Joining) (SignedIn, error) {
	if err := validKey(key); err != nil {
		return SignedIn{}, err
	}
	if err := validPassword("password", in.Password); err != nil {
		return SignedIn{}, err
	}
	forgive, err := s.attempt(ctx, s.addressLimit(ctx, addressPurpose, triesFromAddress, attemptWindow))
	if err != nil {
		return SignedIn{}, err
	}
	j := joining{service: s, in: in, key: key, hash: hashSecret(in.Token)}
	out, err := j.run(ctx)
	if code := sealpost.CodeOf(err); code != sealpost.CodeNotFound && code != sealpost.CodeInvalid {
		forgive() // what is invalid tells which addresses have accounts
	}
	return out, err
}

// joining is one use of a link.
type joining struct {
	service *Service
	in      Joining
	key     string
	hash    [32]byte // of the link's secret

	passwordHash string
	user         sealpost.User
	session      Session
}

func (j *joining) run(ctx context.Context) (SignedIn, error) {
	s := j.service
	v, err := s.store.InviteByHash(ctx, j.hash)
	if sealpost.CodeOf(err) == sealpost.CodeNotFound && j.key != "" {
		v, err = sealpost.Invite{}, nil // the retry of a use that was made: the amendment knows
	}
	if err != nil {
		return SignedIn{}, err
	}
	if !v.ID.IsZero() { // no work for a link that is none
		if j.passwordHash, err = s.passwords.Hash(ctx, j.in.Password); err != nil {
			return SignedIn{}, err
		}
	}
	j.session = Session{ID: newID[sealpost.SessionID](s), Kind: SignIn, Label: cleanAgent(j.in.Agent)}
	secret, err := j.secret(j.session.ID)
	if err != nil {
		return SignedIn{}, err
	}
	j.session.Hash = hashSecret(secret)
	stamp := s.stamp(sealpost.UserID{}, "invite.use", j.storedKey(), s.request("invite.use", j.in.Token, j.in.Email, j.in.Name, j.in.Password, j.in.TimeZone))
	replay, err := s.store.Amend(ctx, stamp, func(a Amendment) ([]byte, error) { return j.amend(a, v.ID) })
	if err != nil {
		return SignedIn{}, err
	}
	if replay != nil {
		return j.again(ctx, replay)
	}
	s.accessEnded(j.user.ID)
	return SignedIn{Session: j.session, Token: secret, User: j.user}, nil
}

// storedKey keeps the keys of people who have no account yet apart, by their links.
func (j *joining) storedKey() string {
	if j.key == "" {
		return ""
	}
	mac := seal.Fingerprint(j.service.requestKey, []byte("invite.use"), j.hash[:], []byte(j.key))
	return "invite:" + hex.EncodeToString(mac[:16])
}

// secret is the session's, derived under a key so that a retry gets the same one.
func (j *joining) secret(id sealpost.SessionID) (string, error) {
	if j.key == "" {
		return j.service.newSecret(signInPrefix)
	}
	bits := seal.Derive(j.service.tokenKey, "join", j.hash[:], []byte(j.key), id[:])
	defer bits.Zero()
	return formatSecret(signInPrefix, bits[:]), nil
}

func (j *joining) amend(a Amendment, id sealpost.InviteID) ([]byte, error) {
	if id.IsZero() {
		return nil, sealpost.NotFound()
	}
	v, err := a.TakeInvite(id)
	if err != nil {
		return nil, err
	}
	if v.ExpiresAt <= a.Now() { // by the database's clock; an error takes nothing
		return nil, sealpost.NotFound()
	}
	if !v.CreatedBy.IsZero() && !v.AccountID.IsZero() {
		if err := lockPair(a, v.CreatedBy, v.AccountID); err != nil {
			return nil, err
		}
	}
	if !v.CreatedBy.IsZero() { // a link is worth no more than who made it is now
		by, err := a.User(v.CreatedBy)
		if err != nil || !by.Administers() {
			return nil, sealpost.NotFound()
		}
	}
	if v.AccountID.IsZero() {
		err = j.makeAccount(a, v)
	} else {
		err = j.claimAccount(a, v)
	}
	if err != nil {
		return nil, err
	}
	a.SetDetail(detail(struct {
		ID   string          `json:"id"`
		User sealpost.UserID `json:"user_id"`
	}{v.ID.String(), j.user.ID}))
	j.session.UserID, j.session.CreatedAt, j.session.ExpiresAt = j.user.ID, a.Now(), a.Now().Add(signInLife)
	return append(j.user.ID[:], j.session.ID[:]...), a.AddSession(j.session)
}

// address is the one that the link has, or else the one that was given. Another than
// the link's is refused: it is the link's that somebody vouched for.
func (j *joining) address(of string) (string, error) {
	switch {
	case of == "":
		return j.in.Email, validEmail(j.in.Email)
	case j.in.Email != "" && !strings.EqualFold(j.in.Email, of):
		return "", sealpost.Invalid("email", "The link is for another address.")
	}
	return of, nil
}

func (j *joining) makeAccount(a Amendment, v sealpost.Invite) error {
	email, err := j.address(v.Email)
	if err != nil {
		return err
	}
	in := NewUser{Email: email, Name: j.in.Name, Roles: v.Roles, Password: j.in.Password, TimeZone: j.in.TimeZone}
	if in.Name == "" {
		in.Name = v.Name
	}
	if j.user, err = j.service.newUser(in); err != nil {
		return err
	}
	p, err := a.Policy()
	if err != nil {
		return err
	}
	j.user.CreatedAt, j.user.Undo = a.Now(), p.UndoDefault
	return a.AddUser(j.user, j.passwordHash)
}

// claimAccount sets the password of an account that is there, and the address of one
// that has none yet.
func (j *joining) claimAccount(a Amendment, v sealpost.Invite) error {
	u, _, err := a.Account(v.AccountID)
	if err != nil {
		return err
	}
	if !claimable(u) {
		return sealpost.NotFound()
	}
	if err := j.claimProfile(a, &u); err != nil {
		return err
	}
	of := u.Email
	if of == "" {
		of = v.Email
	}
	email, err := j.address(of)
	if err != nil {
		return err
	}
	if email != u.Email {
		if err := a.SetEmail(u.ID, email); err != nil {
			return err
		}
		u.Email = email
	}
	j.user = u
	return setPassword(a, u.ID, j.passwordHash, sealpost.SessionID{})
}

// again answers the retry of a use that was made.
func (j *joining) again(ctx context.Context, r *Replay) (SignedIn, error) {
	all, err := ids[[16]byte](r.Result)
	if err != nil || len(all) != 2 {
		return SignedIn{}, errStoredResult
	}
	secret, err := j.secret(sealpost.SessionID(all[1]))
	if err != nil {
		return SignedIn{}, err
	}
	session, user, err := j.service.store.SessionByHash(ctx, hashSecret(secret))
	return SignedIn{Session: session, Token: secret, User: user}, err
}
