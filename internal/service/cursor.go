package service

import (
	"encoding/binary"

	"github.com/sealpost/sealpost/internal/seal"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// Cursors are opaque and sealed (R34): nobody without the key can read one, compare
// two or make one, and one viewer's cursor means nothing to another viewer, for
// another list, or in another conversation.

// sealCursor makes a cursor. The payload of one purpose always has the same size,
// so that the length of a cursor tells nothing. scope is the conversation, or zero.
func (s *Service) sealCursor(purpose string, viewer sealpost.UserID, scope [16]byte, payload []byte) (string, error) {
	return seal.SealToken(s.rand, s.cursorKey, cursorContext(purpose, viewer, scope), payload)
}

// openCursor gives the payload of a cursor that was made for exactly this purpose,
// viewer and scope. Anything else is CodeInvalid, field cursor.
func (s *Service) openCursor(purpose string, viewer sealpost.UserID, scope [16]byte, cursor string) ([]byte, error) {
	payload, err := seal.OpenToken(s.cursorKey, cursorContext(purpose, viewer, scope), cursor)
	if err != nil {
		return nil, badCursor()
	}
	return payload, nil
}

func cursorContext(purpose string, viewer sealpost.UserID, scope [16]byte) []byte {
	b := make([]byte, 0, 8+len(purpose)+len(viewer)+len(scope))
	b = binary.BigEndian.AppendUint64(b, uint64(len(purpose)))
	b = append(b, purpose...)
	b = append(b, viewer[:]...)
	return append(b, scope[:]...)
}

func badCursor() error {
	return sealpost.Invalid("cursor", "The cursor is not one that this list gave you.")
}

// The limits of a page.
const (
	defaultPage = 50
	maxPage     = 200
)

// pageSize checks a limit; zero is the default.
func pageSize(limit int) (int, error) {
	switch {
	case limit == 0:
		return defaultPage, nil
	case limit < 0 || limit > maxPage:
		return 0, sealpost.Invalid("limit", "The limit must be from 1 to 200.")
	}
	return limit, nil
}
