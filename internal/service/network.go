package service

import "github.com/sealpost/sealpost/internal/sealpost"

// Relations changes how two people stand to each other, inside an amendment.
type Relations interface {
	// AddConnection connects two people, from both sides, now; once is enough.
	AddConnection(a, b sealpost.UserID) error
	DropConnection(a, b sealpost.UserID) error // NotFound
	// AddBlock notes that user does not want to hear from other; once is enough.
	AddBlock(user, other sealpost.UserID) error
	DropBlock(user, other sealpost.UserID) error // NotFound
}
