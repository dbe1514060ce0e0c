package httpapi

import (
	"context"
	"net/http"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

const exampleUser = "0192f7a0-0000-7000-8000-000000000001"

func (s *Server) registerNetwork() {
	const tag = "network"
	add(s, operation{
		id: "invite", method: http.MethodPost, path: "/invitations", tag: tag, status: http.StatusCreated, summary: "Invite somebody to connect",
		description: "There is one open invitation in each direction at most: inviting again gives the first one, with its id and note. " +
			"If their invitation is open, inviting them accepts it. Whether the other sees the invitation is not told: it reads open until it is accepted or withdrawn. " +
			"422 on user_id: oneself, nobody, or a connection already. cannot_deliver: somebody whom you block. At most 100 a day, withdrawn ones included.",
		codes:   []sealpost.Code{sealpost.CodeCannotDeliver, sealpost.CodeRateLimited},
		example: api.InviteUser{UserID: exampleUser, Note: "We met in Basel."},
	}, s.invite)
	add(s, operation{
		id: "listInvitations", method: http.MethodGet, path: "/invitations", tag: tag, summary: "List invitations",
		description: "Newest first. received (the default): those that wait for an answer. sent: those that read open, and those that were accepted.",
	}, s.listInvitations)
	add(s, operation{
		id: "acceptInvitation", method: http.MethodPost, path: "/invitations/{id}/accept", tag: tag, summary: "Accept an invitation",
		description: "Connects the two. An ignored invitation can still be accepted. Accepting twice changes nothing.",
		codes:       []sealpost.Code{sealpost.CodeCannotDeliver},
	}, s.acceptInvitation)
	add(s, operation{
		id: "ignoreInvitation", method: http.MethodPost, path: "/invitations/{id}/ignore", tag: tag, summary: "Ignore an invitation",
		description: "Its sender does not learn it, and later ones from them do not arrive until you invite them. version_conflict: it was accepted.",
		codes:       []sealpost.Code{sealpost.CodeVersionConflict},
	}, s.ignoreInvitation)
	add(s, operation{
		id: "withdrawInvitation", method: http.MethodPost, path: "/invitations/{id}/withdraw", tag: tag, summary: "Withdraw an invitation",
		description: "For the other it is as if it had never been there. version_conflict: it was accepted.",
		codes:       []sealpost.Code{sealpost.CodeVersionConflict},
	}, s.withdrawInvitation)
	add(s, operation{
		id: "listConnections", method: http.MethodGet, path: "/connections", tag: tag, summary: "List connections",
	}, s.listConnections)
	add(s, operation{
		id: "removeConnection", method: http.MethodDelete, path: "/connections/{user_id}", tag: tag, summary: "End a connection",
		description: "From both sides.",
	}, s.removeConnection)
	add(s, operation{
		id: "block", method: http.MethodPost, path: "/blocks", tag: tag, status: http.StatusCreated, summary: "Block somebody",
		description: "Ends the connection and the invitations between the two, and keeps new messages from passing either way. " +
			"It is not told to them. Blocking again changes nothing. What was delivered stays with whom it was delivered to.",
		example: api.BlockUser{UserID: exampleUser},
	}, s.block)
	add(s, operation{
		id: "listBlocks", method: http.MethodGet, path: "/blocks", tag: tag, summary: "List blocked people", description: "Newest first.",
	}, s.listBlocks)
	add(s, operation{
		id: "unblock", method: http.MethodDelete, path: "/blocks/{user_id}", tag: tag, summary: "Unblock somebody",
		description: "Brings back nothing that the block ended.",
	}, s.unblock)
}

func connection(c service.Contact) api.Connection {
	return api.Connection{User: user(c.User), Since: always(c.Since)}
}

func blocked(c service.Contact) api.Block {
	return api.Block{User: user(c.User), BlockedAt: always(c.Since)}
}

func invitation(p service.Principal, v service.InvitationItem) api.Invitation {
	out := api.Invitation{
		ID: v.ID.String(), From: user(v.Person), To: user(p.User), Note: v.Note, State: invitationState(v.State), CreatedAt: always(v.CreatedAt),
	}
	if v.Sent {
		out.From, out.To = out.To, out.From
	}
	return out
}

func invitationState(s sealpost.InvitationState) string {
	switch s {
	case sealpost.InvitationAccepted:
		return "accepted"
	case sealpost.InvitationIgnored:
		return "ignored"
	case sealpost.InvitationWithdrawn:
		return "withdrawn"
	}
	return "open"
}

type inviteInput struct {
	Keyed
	Body api.InviteUser
}

func (s *Server) invite(ctx context.Context, p service.Principal, in *inviteInput) (*reply[api.Invitation], error) {
	to, err := sealpost.ParseUser(in.Body.UserID)
	if err != nil {
		return nil, sealpost.Invalid("user_id", "This is not an id.")
	}
	v, err := s.service.Invite(ctx, p, in.Key, to, in.Body.Note)
	if err != nil {
		return nil, err
	}
	return &reply[api.Invitation]{invitation(p, v)}, nil
}

type invitationsInput struct {
	Paging
	Box string `query:"box" enum:"received,sent" doc:"default: received"`
}

func (s *Server) listInvitations(ctx context.Context, p service.Principal, in *invitationsInput) (*reply[api.Invitations], error) {
	all, next, err := s.service.Invitations(ctx, p, service.Box(in.Box), in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := api.Invitations{Items: make([]api.Invitation, 0, len(all)), NextCursor: textOrNull(next)}
	for _, v := range all {
		out.Items = append(out.Items, invitation(p, v))
	}
	return &reply[api.Invitations]{out}, nil
}

func (s *Server) acceptInvitation(ctx context.Context, p service.Principal, in *keyedByID) (*reply[api.Invitation], error) {
	return answerInvitation(ctx, p, in, s.service.AcceptInvitation)
}

func (s *Server) ignoreInvitation(ctx context.Context, p service.Principal, in *keyedByID) (*reply[api.Invitation], error) {
	return answerInvitation(ctx, p, in, s.service.IgnoreInvitation)
}

func (s *Server) withdrawInvitation(ctx context.Context, p service.Principal, in *keyedByID) (*reply[api.Invitation], error) {
	return answerInvitation(ctx, p, in, s.service.WithdrawInvitation)
}

func answerInvitation(ctx context.Context, p service.Principal, in *keyedByID,
	do func(context.Context, service.Principal, string, sealpost.InvitationID) (service.InvitationItem, error),
) (*reply[api.Invitation], error) {
	id, err := sealpost.ParseInvitation(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	v, err := do(ctx, p, in.Key, id)
	if err != nil {
		return nil, err
	}
	return &reply[api.Invitation]{invitation(p, v)}, nil
}

type connectionsInput struct {
	Paging
	Sort string `query:"sort" enum:"name,recent" doc:"default: name"`
}

func (s *Server) listConnections(ctx context.Context, p service.Principal, in *connectionsInput) (*reply[api.Connections], error) {
	all, next, err := s.service.Connections(ctx, p, service.Order(in.Sort), in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := api.Connections{Items: make([]api.Connection, 0, len(all)), NextCursor: textOrNull(next)}
	for _, c := range all {
		out.Items = append(out.Items, connection(c))
	}
	return &reply[api.Connections]{out}, nil
}

// keyedByUser is a mutation of what stands between the principal and somebody.
type keyedByUser struct {
	Keyed
	UserID string `path:"user_id" doc:"a UUID in lower case"`
}

func (s *Server) removeConnection(ctx context.Context, p service.Principal, in *keyedByUser) (*empty, error) {
	other, err := sealpost.ParseUser(in.UserID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	return &empty{}, s.service.Disconnect(ctx, p, in.Key, other)
}

type blockInput struct {
	Keyed
	Body api.BlockUser
}

func (s *Server) block(ctx context.Context, p service.Principal, in *blockInput) (*reply[api.Person], error) {
	other, err := sealpost.ParseUser(in.Body.UserID)
	if err != nil {
		return nil, sealpost.Invalid("user_id", "This is not an id.")
	}
	v, err := s.service.Block(ctx, p, in.Key, other)
	if err != nil {
		return nil, err
	}
	return &reply[api.Person]{person(v)}, nil
}

func (s *Server) listBlocks(ctx context.Context, p service.Principal, in *Paging) (*reply[api.Blocks], error) {
	all, next, err := s.service.Blocks(ctx, p, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := api.Blocks{Items: make([]api.Block, 0, len(all)), NextCursor: textOrNull(next)}
	for _, c := range all {
		out.Items = append(out.Items, blocked(c))
	}
	return &reply[api.Blocks]{out}, nil
}

func (s *Server) unblock(ctx context.Context, p service.Principal, in *keyedByUser) (*empty, error) {
	other, err := sealpost.ParseUser(in.UserID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	return &empty{}, s.service.Unblock(ctx, p, in.Key, other)
}
