package authn

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Upper limits of what a stored hash may ask for. A forged or damaged one must not
// take all memory or run for minutes.
const (
	maxMemoryKiB = 256 * 1024
	maxPasses    = 16
	maxLanes     = 16
	maxEncoded   = 256 // bytes of the whole string
	minSalt      = 8
	maxSalt      = 64
	minHash      = 16
	maxHash      = 64
)

// errHash says that a stored hash cannot be read. It does not show the hash.
var errHash = errors.New("authn: not an argon2id hash in PHC string format")

// phc is a hash with what it was made with, in the form of the PHC string format:
//
//	$argon2id$v=19$m=65536,t=3,p=1$salt$hash
//
// with salt and hash in base64 without padding.
type phc struct {
	cost       Cost
	salt, hash []byte
}

func (c Cost) valid() bool {
	return c.Passes >= 1 && c.Passes <= maxPasses && c.Lanes >= 1 && c.Lanes <= maxLanes &&
		c.MemoryKiB >= 8*uint32(c.Lanes) && c.MemoryKiB <= maxMemoryKiB
}

func (h phc) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		h.cost.MemoryKiB, h.cost.Passes, h.cost.Lanes, b64.EncodeToString(h.salt), b64.EncodeToString(h.hash))
}

// parse is total and accepts exactly one spelling of each hash.
func parse(s string) (phc, error) {
	if len(s) > maxEncoded {
		return phc{}, errHash
	}
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return phc{}, errHash
	}
	cost, ok := parseCost(parts[3])
	salt, okSalt := decode(parts[4], minSalt, maxSalt)
	hash, okHash := decode(parts[5], minHash, maxHash)
	if !ok || !okSalt || !okHash {
		return phc{}, errHash
	}
	return phc{cost: cost, salt: salt, hash: hash}, nil
}

func parseCost(s string) (Cost, bool) {
	fields := strings.Split(s, ",")
	if len(fields) != 3 {
		return Cost{}, false
	}
	memory, okM := number(fields[0], "m=")
	passes, okT := number(fields[1], "t=")
	lanes, okP := number(fields[2], "p=")
	if !okM || !okT || !okP || lanes > maxLanes {
		return Cost{}, false
	}
	c := Cost{MemoryKiB: memory, Passes: passes, Lanes: uint8(lanes)}
	return c, c.valid()
}

// number reads a decimal number as it is written: no sign, no leading zero.
func number(s, name string) (uint32, bool) {
	digits, ok := strings.CutPrefix(s, name)
	if !ok || digits == "" || digits[0] == '0' || digits[0] == '+' {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	return uint32(n), err == nil
}

func decode(s string, least, most int) ([]byte, bool) {
	// The decoder would skip line breaks, which gives a hash many spellings.
	if strings.ContainsAny(s, "\r\n") {
		return nil, false
	}
	b, err := base64.RawStdEncoding.Strict().DecodeString(s)
	return b, err == nil && len(b) >= least && len(b) <= most
}
