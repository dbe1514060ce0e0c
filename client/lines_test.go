package client_test

import (
	"fmt"
	"testing"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/client"
)

// R17: neighbouring markers of one sender are one line; whatever stands between them
// parts them, and nothing is lost.
func TestLines(t *testing.T) {
	t.Parallel()
	text := func(sender string) api.Message { return api.Message{SenderID: sender, State: "sent"} }
	marker := func(sender string) api.Message { return api.Message{SenderID: sender, State: "recalled"} }
	for name, c := range map[string]struct {
		in   []api.Message
		want string
	}{
		"none":            {nil, ""},
		"three of one":    {[]api.Message{marker("a"), marker("a"), marker("a")}, "a3 "},
		"two senders":     {[]api.Message{marker("a"), marker("b"), marker("b")}, "a1 b2 "},
		"parted":          {[]api.Message{marker("a"), text("a"), marker("a")}, "a1 a1 a1 "},
		"texts stay":      {[]api.Message{text("a"), text("a"), marker("a"), marker("a")}, "a1 a1 a2 "},
		"recalled for me": {[]api.Message{text("b"), marker("a"), marker("a"), text("b")}, "b1 a2 b1 "},
	} {
		got := ""
		n := 0
		for _, line := range client.Lines(c.in) {
			got += fmt.Sprintf("%s%d ", line[0].SenderID, len(line))
			n += len(line)
		}
		if got != c.want || n != len(c.in) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
