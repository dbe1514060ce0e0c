package sealpost

import (
	"bytes"
	"encoding/hex"
)

// id is the one representation of every identifier: 16 bytes, a UUID (RFC 9562).
// The type parameter makes ids of different things different types, so that a
// user cannot be passed where a message is meant.
type id[K any] [16]byte

type (
	userKind         struct{}
	conversationKind struct{}
	messageKind      struct{}
	draftKind        struct{}
	decisionKind     struct{}
	sessionKind      struct{}
)

// The identifiers. They are UUIDv7, except that the id of a conversation of two
// is derived from both users, so that there is one however often it is asked for.
type (
	UserID         = id[userKind]
	ConversationID = id[conversationKind]
	MessageID      = id[messageKind]
	DraftID        = id[draftKind]
	// DecisionID names one decision. It is inserted with the decision, so that a
	// commit whose outcome is unknown can be looked up (R11).
	DecisionID = id[decisionKind]
	// SessionID names a browser session or an API token.
	SessionID = id[sessionKind]
)

// IsZero reports whether the id was never set.
func (i id[K]) IsZero() bool { return i == id[K]{} }

// Compare orders ids by their bytes; for UUIDv7 that is by time of creation.
func (i id[K]) Compare(j id[K]) int { return bytes.Compare(i[:], j[:]) }

// String is the canonical lower-case form with hyphens.
func (i id[K]) String() string {
	var b [36]byte
	hex.Encode(b[0:8], i[0:4])
	hex.Encode(b[9:13], i[4:6])
	hex.Encode(b[14:18], i[6:8])
	hex.Encode(b[19:23], i[8:10])
	hex.Encode(b[24:36], i[10:16])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// MarshalText writes the canonical form.
func (i id[K]) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText reads the canonical form and nothing else: exactly 36 characters,
// hyphens in their places, lower-case hexadecimal digits. One thing has one name.
func (i *id[K]) UnmarshalText(text []byte) error {
	parsed, ok := parseUUID(text)
	if !ok {
		return &Error{Code: CodeInvalid, Detail: "not an id: expected a UUID in lower case"}
	}
	*i = parsed
	return nil
}

func parseUUID(s []byte) (out [16]byte, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return out, false
	}
	at := 0
	for n := range out {
		if at == 8 || at == 13 || at == 18 || at == 23 {
			at++
		}
		hi, lo := hexDigit(s[at]), hexDigit(s[at+1])
		if hi > 15 || lo > 15 {
			return out, false
		}
		out[n] = hi<<4 | lo
		at += 2
	}
	return out, true
}

func hexDigit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	}
	return 0xff
}

// ParseUser, ParseConversation, ParseMessage, ParseDraft and ParseSession read
// the canonical form; the error is CodeInvalid without a field.
func ParseUser(s string) (UserID, error) { return parse[userKind](s) }

// ParseConversation reads a conversation id; see ParseUser.
func ParseConversation(s string) (ConversationID, error) { return parse[conversationKind](s) }

// ParseMessage reads a message id; see ParseUser.
func ParseMessage(s string) (MessageID, error) { return parse[messageKind](s) }

// ParseDraft reads a draft id; see ParseUser.
func ParseDraft(s string) (DraftID, error) { return parse[draftKind](s) }

// ParseSession reads a session id; see ParseUser.
func ParseSession(s string) (SessionID, error) { return parse[sessionKind](s) }

func parse[K any](s string) (id[K], error) {
	var i id[K]
	err := i.UnmarshalText([]byte(s))
	return i, err
}

// IsV7 reports whether a client's id has version 7 and the RFC 9562 variant.
func (i id[K]) IsV7() bool { return i[6]>>4 == 7 && i[8]>>6 == 2 }
