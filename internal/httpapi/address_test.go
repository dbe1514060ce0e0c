package httpapi

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

func networks(t testing.TB, texts ...string) proxies {
	t.Helper()
	var out proxies
	for _, text := range texts {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}

func TestClientOf(t *testing.T) {
	t.Parallel()
	trust := networks(t, "10.0.0.0/8", "2001:db8::/32")
	for name, c := range map[string]struct {
		trust   proxies
		peer    string
		headers []string
		want    string
	}{
		"no proxy":                 {trust, "192.0.2.1:80", nil, "192.0.2.1"},
		"a header from nobody":     {trust, "192.0.2.1:80", []string{"198.51.100.1"}, "192.0.2.1"},
		"nobody is trusted":        {nil, "10.0.0.1:80", []string{"198.51.100.1"}, "10.0.0.1"},
		"behind a proxy":           {trust, "10.0.0.1:80", []string{"198.51.100.1"}, "198.51.100.1"},
		"behind two":               {trust, "10.0.0.1:80", []string{"198.51.100.1, 10.2.3.4"}, "198.51.100.1"},
		"two headers":              {trust, "10.0.0.1:80", []string{"198.51.100.1", "203.0.113.9"}, "203.0.113.9"},
		"what the client wrote":    {trust, "10.0.0.1:80", []string{"127.0.0.1, 198.51.100.1"}, "198.51.100.1"},
		"only proxies":             {trust, "10.0.0.1:80", []string{"10.9.9.9, 10.8.8.8"}, "10.9.9.9"},
		"no header":                {trust, "10.0.0.1:80", nil, "10.0.0.1"},
		"an empty header":          {trust, "10.0.0.1:80", []string{""}, "10.0.0.1"},
		"a word":                   {trust, "10.0.0.1:80", []string{"198.51.100.1, unknown"}, "10.0.0.1"},
		"a word behind a proxy":    {trust, "10.0.0.1:80", []string{"198.51.100.1, unknown, 10.4.4.4"}, "10.4.4.4"},
		"with ports":               {trust, "10.0.0.1:80", []string{"198.51.100.1:1234"}, "198.51.100.1"},
		"IPv6":                     {trust, "[2001:db8::1]:80", []string{"2001:db9::7"}, "2001:db9::7"},
		"IPv6 in brackets":         {trust, "[2001:db8::1]:80", []string{"[2001:db9::7]"}, "2001:db9::7"},
		"IPv6 with a port":         {trust, "[2001:db8::1]:80", []string{"[2001:db9::7]:1"}, "2001:db9::7"},
		"IPv6 with a zone":         {trust, "[fe80::1%eth0]:80", nil, "fe80::1"},
		"IPv4 in IPv6, as a proxy": {trust, "[::ffff:10.0.0.1]:80", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		"a socket":                 {trust, "@", []string{"198.51.100.1"}, "invalid IP"},
		"endless":                  {trust, "10.0.0.1:80", []string{strings.Repeat("10.0.0.2,", 1000) + "10.0.0.3"}, "10.0.0.2"},
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{"X-Forwarded-For": c.headers}}
		if got := c.trust.clientOf(r); got.String() != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}

// Whatever a client writes, the address is the peer's, a trusted proxy's, or the
// right-most one that is none: nothing further left is ever believed.
func FuzzClientOf(f *testing.F) {
	for _, seed := range []string{"", "198.51.100.1", "1.2.3.4, 10.0.0.9", "unknown", "[::1]:80,10.0.0.1", ",,,", "::ffff:10.0.0.1", "[", "[]", "%", "1.2.3.4%eth0"} {
		f.Add(seed, seed)
	}
	trust := networks(f, "10.0.0.0/8")
	f.Fuzz(func(t *testing.T, one, two string) {
		r := &http.Request{RemoteAddr: "10.0.0.1:80", Header: http.Header{"X-Forwarded-For": {one, two}}}
		got := trust.clientOf(r)
		if !got.IsValid() || got.Zone() != "" || got.Is4In6() {
			t.Fatalf("%v is no address", got)
		}
		if trust.trusted(got) {
			return
		}
		for _, hop := range strings.Split(strings.Join([]string{one, two}, ","), ",") {
			if parseHop(hop) == got {
				// Whoever stands right of an untrusted address spoke for it: with one of these
				// behind it the result cannot be it.
				r.Header["X-Forwarded-For"] = []string{one, two, "203.0.113.5"}
				if again := trust.clientOf(r); again != netip.MustParseAddr("203.0.113.5") {
					t.Fatalf("%v goes before the right-most", again)
				}
				return
			}
		}
		t.Fatalf("%v is in no header", got)
	})
}
