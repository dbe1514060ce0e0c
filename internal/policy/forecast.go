package policy

import "github.com/sealpost/sealpost/internal/sealpost"

// Forecast is what Evaluate may tell beforehand: openings that the sender may not
// know of count as not opened, in the verdict too (R8).
func (p Policy) Forecast(f Facts) Verdict {
	masked := make([]Recipient, len(f.Recipients))
	for i, r := range f.Recipients {
		masked[i] = Recipient{Opened: r.Opened && r.Receipt, Receipt: r.Receipt}
	}
	f.Recipients = masked
	return p.Evaluate(f)
}

// Alternatives are what a sender can do instead, most fitting first (S16 to S20).
// All five are always there.
func Alternatives(code sealpost.Code) []string {
	switch code {
	case sealpost.CodeOpened, sealpost.CodeWindowClosed:
		return []string{"follow_up", "disregard", "report", "settings", "block"}
	default:
		return []string{"follow_up", "disregard", "report", "block", "settings"}
	}
}
