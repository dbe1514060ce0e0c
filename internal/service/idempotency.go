package service

import (
	"context"
	"errors"

	"github.com/sealpost/sealpost/internal/seal"
	"github.com/sealpost/sealpost/internal/sealpost"
)

const (
	keyHeader = "Idempotency-Key"
	maxKey    = 200 // bytes
)

// validKey checks an idempotency key: empty for none, otherwise 1 to 200 printable
// ASCII characters.
func validKey(key string) error {
	if len(key) > maxKey {
		return sealpost.Invalid(keyHeader, "The idempotency key may have at most 200 characters.")
	}
	for _, c := range []byte(key) {
		if c <= ' ' || c > '~' {
			return sealpost.Invalid(keyHeader, "The idempotency key must be printable ASCII without spaces.")
		}
	}
	return nil
}

// request is the fingerprint of a request, by which another request under a used
// key is told. The fields hold no content: content has a fingerprint of its own
// that dies with its key.
func (s *Service) request(action string, fields ...string) [32]byte {
	parts := make([][]byte, 0, len(fields)+1)
	parts = append(parts, []byte(action))
	for _, f := range fields {
		parts = append(parts, []byte(f))
	}
	return seal.Fingerprint(s.requestKey, parts...)
}

// checkReplay refuses a key that another request has used.
func checkReplay(r *Replay, request [32]byte) error {
	if r.Request != request {
		return sealpost.KeyUsed()
	}
	return nil
}

// unknown answers a request about something that is not there. A decision about what is
// there, but may not be known, looks at the key first: so this does it too, or a used
// key would tell the two apart. Conversations and messages are never deleted: a key that
// was used was used for another one. Nothing is stored.
func (s *Service) unknown(ctx context.Context, actor sealpost.UserID, key string) error {
	if key == "" {
		return sealpost.NotFound()
	}
	nothing := func(Amendment) ([]byte, error) { return nil, sealpost.NotFound() }
	if _, err := s.store.Amend(ctx, Stamp{Audit: Audit{Actor: actor}, Key: key}, nothing); err != nil {
		return err
	}
	return sealpost.NotFound()
}

// locate finds the conversation of a message that a request under a key is about.
func (s *Service) locate(ctx context.Context, actor sealpost.UserID, key string, id sealpost.MessageID) (sealpost.ConversationID, error) {
	at, err := s.store.Locate(ctx, id)
	if sealpost.CodeOf(err) == sealpost.CodeNotFound {
		err = s.unknown(ctx, actor, key)
	}
	return at, err
}

var errStoredResult = errors.New("service: a stored outcome cannot be read")

// idList is the stored form of an outcome that is a list of ids.
func idList[T ~[16]byte](list []T) []byte {
	out := make([]byte, 0, len(list)*16)
	for _, id := range list {
		out = append(out, id[:]...)
	}
	return out
}

// ids reads what idList wrote.
func ids[T ~[16]byte](result []byte) ([]T, error) {
	if len(result)%16 != 0 {
		return nil, errStoredResult
	}
	out := make([]T, 0, len(result)/16)
	for ; len(result) > 0; result = result[16:] {
		out = append(out, T(result[:16]))
	}
	return out, nil
}

// oneID reads a stored outcome that is one id.
func oneID[T ~[16]byte](result []byte) (T, error) {
	if len(result) != 16 {
		return T{}, errStoredResult
	}
	return T(result), nil
}
