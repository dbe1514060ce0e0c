package seal

import (
	"encoding/base64"
	"io"
	"strings"
)

// MaxTokenPayload is the largest payload of a token, in bytes.
const MaxTokenPayload = 512

const maxToken = ((overhead+MaxTokenPayload)*8 + 5) / 6

// SealToken makes an opaque token for the wire (R34): nobody without the key can
// read, compare or forge it. The context, for instance viewer and purpose, must be
// given again to open it and is not part of the token. Payloads of equal size give
// tokens of equal length; a payload above MaxTokenPayload is ErrTooLarge.
func SealToken(rand io.Reader, key Key, context, payload []byte) (string, error) {
	if len(payload) > MaxTokenPayload {
		return "", ErrTooLarge
	}
	out := make([]byte, headerSize+len(payload), overhead+len(payload))
	copy(out[headerSize:], payload)
	sealed, err := sealInPlace(rand, key, out, tokenData(context))
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// OpenToken returns the payload of a token made for this context, or ErrToken.
// It is total, looks at no more than the longest valid token, and accepts exactly
// one spelling of each token.
func OpenToken(key Key, context []byte, token string) ([]byte, error) {
	// The decoder would skip line breaks, which gives a token many spellings.
	if len(token) > maxToken || strings.ContainsAny(token, "\r\n") {
		return nil, ErrToken
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return nil, ErrToken
	}
	payload, err := open(key, sealed, tokenData(context))
	if err != nil {
		return nil, ErrToken
	}
	return payload, nil
}

func tokenData(context []byte) []byte {
	b := append(make([]byte, 0, len(purposeToken)+len(context)), purposeToken...)
	return append(b, context...)
}
