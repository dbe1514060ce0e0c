package sweep

import (
	"io"
	"strings"
)

// tokenLength is how many characters a token has; fragmentLength how many of them
// in a row are enough to be found. A preview that cuts a text is a leak too.
const (
	tokenLength    = 16
	fragmentLength = 8
)

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// Canary is the text of one test message. No other text has any part of it.
type Canary struct {
	// Name says in findings which message it was; it is not part of the text.
	Name string
	// Body begins and ends with a token, so that a leak of the first or the last
	// characters is seen, and has a link and characters that encoders escape inside.
	Body   string
	tokens []token
}

type token struct{ place, text string }

// NewCanary makes a canary whose body has at least the given number of bytes; zero
// is a short one.
func NewCanary(rand io.Reader, name string, size int) (*Canary, error) {
	c := &Canary{Name: name}
	text := map[string]string{}
	for _, place := range []string{"head", "host", "path", "escaped", "tail"} {
		t, err := randomText(rand)
		if err != nil {
			return nil, err
		}
		if place == "host" {
			t = strings.ToLower(t)
		}
		text[place] = t
		c.tokens = append(c.tokens, token{place, t})
	}
	filler := strings.Repeat(" lorem ipsum", max(0, size/12))
	c.Body = text["head"] + " meets https://" + text["host"] + ".example/" + text["path"] + "?a=b&c" +
		"\n<\"&'é+" + text["escaped"] + ">" + filler + " ends " + text["tail"]
	return c, nil
}

// Token is one token without anything around it, for fields that take less than a
// body: a canary for a header or a name.
func (c *Canary) Token() string { return c.tokens[0].text }

func randomText(rand io.Reader) (string, error) {
	raw := make([]byte, tokenLength)
	out := make([]byte, 0, tokenLength)
	for len(out) < tokenLength {
		if _, err := io.ReadFull(rand, raw); err != nil {
			return "", err
		}
		for _, b := range raw {
			// Every character as often as every other: the rest of a byte is thrown away.
			if n := int(b) & 63; n < len(alphabet) && len(out) < tokenLength {
				out = append(out, alphabet[n])
			}
		}
	}
	return string(out), nil
}
