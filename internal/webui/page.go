package webui

import (
	"context"

	"github.com/a-h/templ"
)

// page is what a handler shows: the main part, and what the shell around it needs.
type page struct {
	title string
	body  templ.Component
	at    section // where in the product this is, for the bars
	bare  bool    // without bars: before somebody is signed in
	class string  // of <main>: "panes" for two columns, empty for one
}

// inThread is the class of the page of a conversation.
const inThread = "panes"

// section is a place that the bars lead to.
type section string

// The sections.
const (
	atMessages    section = "messages"
	atPeople      section = "people"
	atInvitations section = "invitations"
	atConnections section = "connections"
	atCompose     section = "compose"
	atActivity    section = "activity"
	atSettings    section = "settings"
	atAdmin       section = "admin"
)

// inNetwork reports whether a section is in the menu of My Network.
func (s section) inNetwork() bool {
	return s == atMessages || s == atPeople || s == atInvitations || s == atConnections
}

// outcome is what the page after a form says was done, by the key that stands in its
// address. A key that is not in this table says nothing, so that an address from
// elsewhere can put no words on a page.
func outcome(ctx context.Context, key string) string {
	switch key {
	case "saved":
		return T(ctx, "Saved.")
	case "undone":
		return T(ctx, "Not sent. Your draft is back.")
	case "undone-lost":
		return T(ctx, "Not sent. The text was lost on the server: nobody can read it any more.")
	case "recalled":
		return T(ctx, "Recalled.")
	case "recalled-already":
		return T(ctx, "Already recalled.")
	case "recalled-all":
		return T(ctx, "Recalled for everyone. Nobody had opened it.")
	case "recalled-partly":
		return T(ctx, "Recalled for those who had not opened it.")
	case "disregard":
		return T(ctx, "You asked to disregard it.")
	case "hidden":
		return T(ctx, "Hidden for you.")
	case "reported":
		return T(ctx, "Reported. The answer will be here.")
	case "sent":
		return T(ctx, "Sent.")
	case "held":
		return T(ctx, "Not sent yet. You can still undo it.")
	case "changed":
		return T(ctx, "Changed. It is not sent yet.")
	case "scheduled":
		return T(ctx, "Scheduled. You can change it until it is sent.")
	case "moved":
		return T(ctx, "Scheduled. Clocks skip that time, so it moved to the next one there is.")
	case "draft-saved":
		return T(ctx, "Draft saved.")
	case "draft-deleted":
		return T(ctx, "Draft deleted.")
	case "connected":
		return T(ctx, "You are connected.")
	case "invited":
		return T(ctx, "Invited.")
	case "ignored":
		return T(ctx, "Ignored. Nobody is told.")
	case "withdrawn":
		return T(ctx, "Withdrawn.")
	case "disconnected":
		return T(ctx, "No longer connected.")
	case "blocked":
		return T(ctx, "Blocked. No new messages between you.")
	case "unblocked":
		return T(ctx, "No longer blocked.")
	case "password":
		return T(ctx, "The password is changed, and your other devices are signed out.")
	case "sessions":
		return T(ctx, "Signed out there.")
	case "token-deleted":
		return T(ctx, "The token is deleted.")
	case "erased":
		return T(ctx, "Your account is deleted.")
	case "welcome":
		return T(ctx, "Welcome. Look through these settings once.")
	case "unchanged":
		return T(ctx, "Nothing was changed.")
	case "removed":
		return T(ctx, "Removed for everyone.")
	case "kept":
		return T(ctx, "Kept. The reporter sees the outcome.")
	case "account-made":
		return T(ctx, "The account is made. Give its owner a link to set a password.")
	case "erased-user":
		return T(ctx, "The account is erased.")
	case "accepted":
		return T(ctx, "Accepted.")
	case "declined":
		return T(ctx, "Declined. Nobody is told.")
	case "muted":
		return T(ctx, "Muted.")
	case "unmuted":
		return T(ctx, "No longer muted.")
	case "unread":
		return T(ctx, "Marked unread.")
	case "left":
		return T(ctx, "You left the conversation.")
	case "ended":
		return T(ctx, "Your session has ended. Sign in to go on.")
	case "signed-out":
		return T(ctx, "You are signed out.")
	}
	return ""
}

// current marks the link to the page that is shown.
func current(is bool) templ.Attributes {
	if is {
		return templ.Attributes{"aria-current": "page"}
	}
	return nil
}

// nonce is what an element carries that htmx acts for: hx-nonce={ nonce(ctx) }.
func nonce(ctx context.Context) string { return from(ctx).nonce }

// refreshed are the attributes of a part of a page that fetches itself anew when a
// topic changes: "inbox", "network", "settings" or "conversation:ID". What somebody
// is typing in it stays.
func refreshed(ctx context.Context, topic, address, selector string) templ.Attributes {
	return templ.Attributes{
		"data-live": topic, "hx-get": address, "hx-trigger": "sealpost:changed", "hx-select": selector, "hx-target": "this",
		"hx-swap": "outerMorph", "hx-sync": "this:queue last", "hx-nonce": nonce(ctx),
	}
}

// watched are the attributes of what a dialog or a page of its own shows about a
// message: it fetches its address anew when the conversation changes, and what has
// the focus keeps it.
func watched(ctx context.Context, address string) templ.Attributes {
	return templ.Attributes{
		"hx-get": address, "hx-trigger": "sealpost:changed", "hx-select": "#main > *", "hx-target": "this", "hx-swap": "outerMorph",
		"hx-sync": "this:queue last", "hx-nonce": nonce(ctx),
	}
}

// posted are the attributes of a form whose answer replaces a part of the page; the
// form works without script too, by its action. The answer is the page that the form
// redirects to.
func posted(ctx context.Context, address, selector string) templ.Attributes {
	return templ.Attributes{
		"method": "post", "action": address, "hx-post": address, "hx-select": selector, "hx-target": selector, "hx-swap": "outerMorph",
		"hx-sync": "this:drop", "hx-nonce": nonce(ctx),
	}
}
