package httpapi

import (
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// scopeAny is for what every token may: end itself.
const scopeAny sealpost.Scope = "any"

// routeScopes is the table of what a token must be good for, by operation. An
// operation that is not public and not here cannot be registered.
var routeScopes = map[string]sealpost.Scope{
	"signOut":      scopeAny,
	"listSessions": sealpost.ScopeAccount,
	"endSession":   sealpost.ScopeAccount,
	"endSessions":  sealpost.ScopeAccount,
	"createToken":  sealpost.ScopeAccount,
	"listTokens":   sealpost.ScopeAccount,
	"deleteToken":  sealpost.ScopeAccount,

	"getMe":          sealpost.ScopeRead,
	"editMe":         sealpost.ScopeAccount,
	"getSettings":    sealpost.ScopeRead,
	"editSettings":   sealpost.ScopeAccount,
	"changePassword": sealpost.ScopeAccount,
	"eraseMe":        sealpost.ScopeAccount,
	"exportMe":       sealpost.ScopeRead,
	"findUsers":      sealpost.ScopeRead,
	"getUser":        sealpost.ScopeRead,

	"listConversations": sealpost.ScopeRead,
	"getConversation":   sealpost.ScopeRead,
	"searchMessages":    sealpost.ScopeRead,
	"listDrafts":        sealpost.ScopeRead,
	"getDraft":          sealpost.ScopeRead,
	"getMessage":        sealpost.ScopeRead,
	"listMessages":      sealpost.ScopeRead,
	"listChanges":       sealpost.ScopeRead,
	"watchEvents":       sealpost.ScopeRead,
	"forecastRecall":    sealpost.ScopeRead,
	"getReport":         sealpost.ScopeRead,
	"forecastSend":      sealpost.ScopeWrite,
	"previewMessage":    sealpost.ScopeWrite,

	"openMessages": sealpost.ScopeOpen,

	"startConversation":  sealpost.ScopeWrite,
	"muteConversation":   sealpost.ScopeWrite,
	"unmuteConversation": sealpost.ScopeWrite,
	"acceptRequest":      sealpost.ScopeWrite,
	"declineRequest":     sealpost.ScopeWrite,
	"changeConversation": sealpost.ScopeWrite,
	"addParticipant":     sealpost.ScopeWrite,
	"removeParticipant":  sealpost.ScopeWrite,
	"markUnread":         sealpost.ScopeWrite,
	"clearUnread":        sealpost.ScopeWrite,
	"addDraft":           sealpost.ScopeWrite,
	"putDraft":           sealpost.ScopeWrite,
	"deleteDraft":        sealpost.ScopeWrite,
	"sendMessage":        sealpost.ScopeWrite,
	"editMessage":        sealpost.ScopeWrite,
	"sendNow":            sealpost.ScopeWrite,
	"undoMessage":        sealpost.ScopeWrite,
	"recallMessage":      sealpost.ScopeWrite,

	"disregardMessage":   sealpost.ScopeWrite,
	"acknowledgeMessage": sealpost.ScopeWrite,
	"hideMessage":        sealpost.ScopeWrite,
	"flagMessage":        sealpost.ScopeWrite,
	"listFlags":          sealpost.ScopeRead,

	"listInvitations":    sealpost.ScopeRead,
	"listConnections":    sealpost.ScopeRead,
	"listBlocks":         sealpost.ScopeRead,
	"invite":             sealpost.ScopeNetwork,
	"acceptInvitation":   sealpost.ScopeNetwork,
	"ignoreInvitation":   sealpost.ScopeNetwork,
	"withdrawInvitation": sealpost.ScopeNetwork,
	"removeConnection":   sealpost.ScopeNetwork,
	"block":              sealpost.ScopeNetwork,
	"unblock":            sealpost.ScopeNetwork,

	"listCases":      sealpost.ScopeAdmin,
	"getCase":        sealpost.ScopeAdmin,
	"resolveFlag":    sealpost.ScopeAdmin,
	"getPolicy":      sealpost.ScopeAdmin,
	"listPolicies":   sealpost.ScopeAdmin,
	"putPolicy":      sealpost.ScopeAdmin,
	"listAudit":      sealpost.ScopeAdmin,
	"listAccounts":   sealpost.ScopeAdmin,
	"createAccount":  sealpost.ScopeAdmin,
	"editAccount":    sealpost.ScopeAdmin,
	"eraseAccount":   sealpost.ScopeAdmin,
	"createInvite":   sealpost.ScopeAdmin,
	"listInvites":    sealpost.ScopeAdmin,
	"withdrawInvite": sealpost.ScopeAdmin,
}

// allows refuses a token that is not good for the route.
func (rt *route) allows(p service.Principal) error {
	if rt.scope == scopeAny || p.May(rt.scope) {
		return nil
	}
	return sealpost.Refuse(sealpost.CodeForbidden, "This token lacks the scope "+string(rt.scope)+".")
}

// scopeWords say in the document what a token must be good for.
func (rt *route) scopeWords() string {
	if rt.scope == scopeAny {
		return "Every token may."
	}
	return "A token needs the scope `" + string(rt.scope) + "`."
}
