package httpapi

import (
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// From the service's values to the wire. What is here is complete: a field that a
// view has and that is not named here does not leave the server.

// instant is null for "not".
func instant(i sealpost.Instant) *api.Time {
	if i == 0 {
		return nil
	}
	t := api.At(i.Time())
	return &t
}

func always(i sealpost.Instant) api.Time { return api.At(i.Time()) }

// identity is any id.
type identity interface {
	IsZero() bool
	String() string
}

// idOrNull is null for "none", idOrNone is left out.
func idOrNull(id identity) *string {
	if id.IsZero() {
		return nil
	}
	s := id.String()
	return &s
}

func idOrNone(id identity) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}

func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func idStrings[T identity](ids []T) []string {
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		out = append(out, id.String())
	}
	return out
}

func codeStrings(codes []sealpost.Code) []string {
	out := make([]string, 0, len(codes))
	for _, c := range codes {
		out = append(out, string(c))
	}
	return out
}

// duration is a time span that may have been left out.
func duration(d *api.Duration) *time.Duration {
	if d == nil {
		return nil
	}
	t := time.Duration(*d)
	return &t
}

func message(v service.MessageView) api.Message {
	m := api.Message{
		ID: v.ID.String(), ConversationID: v.ConversationID.String(), SenderID: v.SenderID.String(),
		Kind: kindName(v.Kind), State: stateName(v.State), Delivery: "own",
		SentAt: instant(v.SentAt), RecallableUntil: instant(v.RecallableUntil), RecalledAt: instant(v.RecalledAt),
		CreatedAt: instant(v.CreatedAt), ReleaseAt: instant(v.ReleaseAt), TimeZone: v.TimeZone, Version: v.Version, Imported: v.Imported,
		Acknowledged: acknowledgement(v.Acknowledged),
	}
	if !v.Own {
		m.Delivery = deliveryName(v.Delivery)
	}
	if v.Content != nil {
		m.Content = &api.Content{Body: v.Content.Body, Attachments: []api.Attachment{}, InReplyTo: idOrNone(v.Content.InReplyTo)}
	}
	for _, d := range v.Deliveries {
		m.Deliveries = append(m.Deliveries, api.Delivery{
			UserID: d.UserID.String(), State: deliveryName(d.State), OpenedAt: instant(d.OpenedAt),
			Acknowledged: acknowledgement(d.Acknowledged),
		})
	}
	return m
}

func messages(views []service.MessageView) []api.Message {
	out := make([]api.Message, 0, len(views))
	for _, v := range views {
		out = append(out, message(v))
	}
	return out
}

// messageKind is the kind that a member asks for.
func messageKind(name string) sealpost.MessageKind {
	if name == kindName(sealpost.KindRequiredNotice) {
		return sealpost.KindRequiredNotice
	}
	return sealpost.KindMessage
}

func kindName(k sealpost.MessageKind) string {
	switch k {
	case sealpost.KindRequiredNotice:
		return "required_notice"
	case sealpost.KindDisregard:
		return "disregard"
	}
	return "message"
}

func stateName(s sealpost.MessageState) string {
	switch s {
	case sealpost.Scheduled:
		return "scheduled"
	case sealpost.Held:
		return "held"
	case sealpost.Recalled:
		return "recalled"
	case sealpost.Removed:
		return "removed"
	}
	return "sent"
}

func deliveryName(s sealpost.DeliveryState) string {
	switch s {
	case sealpost.DeliveryOpened:
		return "opened"
	case sealpost.DeliveryRecalled:
		return "recalled"
	case sealpost.DeliveryRemoved:
		return "removed"
	}
	return "sealed"
}

func channels(in []service.Channel) []api.Channel {
	out := make([]api.Channel, 0, len(in))
	for _, c := range in {
		out = append(out, api.Channel{Channel: c.Channel, At: instant(c.At), Text: c.Text, State: c.State})
	}
	return out
}

// conversation leaves out of a conversation of two what would tell whether, and by
// whom, it was begun before.
func conversation(t service.Thread) api.Conversation {
	c := api.Conversation{
		ID: t.Conversation.ID.String(), Kind: "direct", Participants: make([]api.Participant, 0, len(t.Members)),
		Unread: t.Unread, MarkedUnread: t.MarkedUnread, Muted: t.Muted,
		Request: t.Request == sealpost.RequestPending, LastActivityAt: instant(t.LastActivityAt),
	}
	if t.Conversation.Kind == sealpost.Group {
		c.Kind, c.Title, c.CreatorID = "group", t.Conversation.Title, idOrNull(t.Conversation.CreatorID)
	}
	for _, m := range t.Members {
		c.Participants = append(c.Participants, api.Participant{UserID: m.UserID.String(), Name: m.Name, Profile: m.Profile, LeftAt: instant(m.LeftAt)})
	}
	return c
}
