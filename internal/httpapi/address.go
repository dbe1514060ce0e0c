package httpapi

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// proxies are the networks whose X-Forwarded-For is believed.
type proxies []netip.Prefix

// Address is from where a request comes; the zero address stands for a peer without
// one.
func (s *Server) Address(r *http.Request) netip.Addr { return s.proxies.clientOf(r) }

// maxHops is how many entries of X-Forwarded-For are looked at.
const maxHops = 32

func (p proxies) trusted(a netip.Addr) bool {
	return slices.ContainsFunc(p, func(n netip.Prefix) bool { return n.Contains(a) })
}

// clientOf is from where a request comes: the peer of the connection, or, where that
// is a trusted proxy, the right-most address of X-Forwarded-For that is none. Who is
// further left is what a client may have written itself. The zero address stands for
// a peer without one.
func (p proxies) clientOf(r *http.Request) netip.Addr {
	at := parseHop(r.RemoteAddr)
	if len(p) == 0 || !p.trusted(at) {
		return at
	}
	headers := r.Header["X-Forwarded-For"]
	for hops := 0; hops < maxHops; {
		if len(headers) == 0 {
			return at
		}
		rest := headers[len(headers)-1]
		headers = headers[:len(headers)-1]
		for more := true; more && hops < maxHops; hops++ {
			comma := strings.LastIndexByte(rest, ',')
			hop := parseHop(rest[comma+1:])
			if !hop.IsValid() {
				return at // nobody can say who that was: the last one known counts
			}
			if at = hop; !p.trusted(at) {
				return at
			}
			if more = comma >= 0; more {
				rest = rest[:comma]
			}
		}
	}
	return at
}

// parseHop reads an address with or without a port, IPv6 with or without brackets.
// What is none is the zero address.
func parseHop(s string) netip.Addr {
	s = strings.Trim(s, " \t")
	if a, err := netip.ParseAddrPort(s); err == nil {
		return a.Addr().Unmap().WithZone("")
	}
	if inner, ok := strings.CutPrefix(s, "["); ok {
		if s, ok = strings.CutSuffix(inner, "]"); !ok {
			return netip.Addr{}
		}
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}
