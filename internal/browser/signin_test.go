//go:build sealtest

package browser_test

import "testing"

// Signing in by hand, wrong and right, and out again; without script too.
func TestSignIn(t *testing.T) {
	t.Parallel()
	for _, d := range []device{desk(), phone()} {
		t.Run(d.name, func(t *testing.T) {
			s := newSite(t)
			s.person("Maya Okafor")
			b := s.at(nil, d)
			b.expect("401")
			b.visit("/network")
			b.awaitPath("/sign-in")
			b.click("#email")
			b.types("maya@example.org")
			b.click("#password")
			b.types("wrong")
			b.press("Enter")
			b.awaitText("[role=alert]", "don't match")
			b.click("#password")
			b.types(secretWord)
			b.press("Enter")
			b.awaitText("h1", "My Network") // where the way led
		})
	}
}
