package service

import (
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
		return conflictingKey()
	}
	return nil
}

func conflictingKey() error {
	return &sealpost.Error{
		Code: sealpost.CodeIdempotencyConflict, Field: keyHeader,
		Detail: "This idempotency key was used for another request.",
	}
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
