package words

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The limits of a query.
const (
	MaxQuery = 200 // characters
	MaxTerms = 10
)

// Field says what a term is about.
type Field int8

// The fields of a term.
const (
	Anything Field = iota // the text, or the names of who wrote it and where
	Sender                // from:
	Place                 // in:
)

// Term is one condition of a query.
type Term struct {
	Field Field
	// Words follow each other in what is searched. There is at least one.
	Words  []string
	Prefix bool // the last word is the beginning of one
	Not    bool // what has it is not found
}

// Query is what somebody searches for: what fulfils every term and was delivered at
// or after From and before Until.
type Query struct {
	Terms       []Term
	From, Until time.Time // zero: no limit
}

// Fault says, in a sentence for whoever asked, what is wrong with a query.
type Fault string

func (f Fault) Error() string { return string(f) }

// The faults of a query.
const (
	errLong  Fault = "The search may have at most 200 characters."
	errTerms Fault = "The search may have at most 10 terms."
	errEmpty Fault = "Say what to look for: at least one word, name or date."
)

// Parse reads a query. Words must all occur; word* is the beginning of one; quotes
// keep words together; -word must not occur; from:name, in:name, before:date and
// after:date narrow it down. A date is a day of the zone (2026-11-01) or a time of
// RFC 3339. What looks like an operator and is none is words. The error is a
// sentence that does not repeat the query.
func Parse(text string, zone *time.Location) (Query, error) {
	var q Query
	if utf8.RuneCountInString(text) > MaxQuery {
		return q, errLong
	}
	wanted := false
	for p := (parser{text}); ; {
		c, ok := p.next()
		if !ok {
			break
		}
		if q.narrow(c, zone) {
			wanted = true
			continue
		}
		term, ok := c.term()
		if !ok {
			continue
		}
		q.Terms = append(q.Terms, term)
		wanted = wanted || !term.Not
	}
	switch {
	case len(q.Terms) > MaxTerms:
		return Query{}, errTerms
	case !wanted:
		return Query{}, errEmpty
	}
	return q, nil
}

// chunk is what stands between spaces, taken apart.
type chunk struct {
	not      bool
	operator string // lower case, without the colon
	value    string
	quoted   bool
	star     bool
}

// parser cuts a query into chunks.
type parser struct{ rest string }

func (p *parser) next() (chunk, bool) {
	p.rest = strings.TrimLeftFunc(p.rest, unicode.IsSpace)
	if p.rest == "" {
		return chunk{}, false
	}
	var c chunk
	if after, ok := strings.CutPrefix(p.rest, "-"); ok && after != "" && !startsWithSpace(after) {
		c.not, p.rest = true, after
	}
	for _, name := range []string{"from", "in", "before", "after"} {
		if len(p.rest) > len(name) && strings.EqualFold(p.rest[:len(name)], name) && p.rest[len(name)] == ':' {
			c.operator, p.rest = name, p.rest[len(name)+1:]
			break
		}
	}
	if after, ok := strings.CutPrefix(p.rest, `"`); ok {
		c.quoted = true
		c.value, p.rest, _ = strings.Cut(after, `"`)
		if after, ok := strings.CutPrefix(p.rest, "*"); ok {
			c.star, p.rest = true, after
		}
		return c, true
	}
	end := strings.IndexFunc(p.rest, func(r rune) bool { return unicode.IsSpace(r) || r == '"' })
	if end < 0 {
		end = len(p.rest)
	}
	c.value, p.rest = p.rest[:end], p.rest[end:]
	c.star = strings.HasSuffix(c.value, "*")
	return c, true
}

func startsWithSpace(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsSpace(r)
}

// narrow takes a chunk that is a date, and says whether it was one.
func (q *Query) narrow(c chunk, zone *time.Location) bool {
	if c.not || c.operator != "before" && c.operator != "after" {
		return false
	}
	at, err := time.Parse(time.RFC3339, c.value)
	if err != nil {
		at, err = time.ParseInLocation(time.DateOnly, c.value, zone)
	}
	// Far dates would not fit into the stores' microseconds; they say nothing either.
	if err != nil || at.Year() < 1970 || at.Year() > 9999 {
		return false
	}
	switch {
	case c.operator == "after" && at.After(q.From):
		q.From = at
	case c.operator == "before" && (q.Until.IsZero() || at.Before(q.Until)):
		q.Until = at
	}
	return true
}

// term gives the condition of a chunk; false if there is no word in it.
func (c chunk) term() (Term, bool) {
	t := Term{Not: c.not, Prefix: c.star}
	switch c.operator {
	case "from":
		t.Field = Sender
	case "in":
		t.Field = Place
	case "before", "after": // no date: words
		c.value = c.operator + " " + c.value
	}
	for _, w := range Split(c.value) {
		t.Words = append(t.Words, w.Text)
	}
	// A character that is a word by itself has nothing after its beginning.
	if n := len(t.Words); n > 0 && t.Prefix {
		r, _ := utf8.DecodeRuneInString(t.Words[n-1])
		t.Prefix = !alone(r)
	}
	return t, len(t.Words) > 0
}

// Has reports whether a text has the words of a term.
func (t Term) Has(text []string) bool {
	for i := range len(text) - len(t.Words) + 1 {
		if t.at(text[i:]) {
			return true
		}
	}
	return false
}

// In gives where the words of a term stand in a text: the index of the first word
// of each place, none if it does not have them.
func (t Term) In(text []string) []int {
	var out []int
	for i := range len(text) - len(t.Words) + 1 {
		if t.at(text[i:]) {
			out = append(out, i)
		}
	}
	return out
}

func (t Term) at(text []string) bool {
	last := len(t.Words) - 1
	if last < 0 || !slices.Equal(text[:last], t.Words[:last]) {
		return false
	}
	if t.Prefix {
		return strings.HasPrefix(text[last], t.Words[last])
	}
	return text[last] == t.Words[last]
}

// Matches gives where a text has what the query looks for: code points from the
// beginning, the first and the one after the last, in order and without overlap, at
// most limit.
func (q Query) Matches(text string, limit int) [][2]int {
	split := Split(text)
	plain := make([]string, len(split))
	for i, w := range split {
		plain[i] = w.Text
	}
	var found [][2]int
	for _, t := range q.Terms {
		if t.Field != Anything || t.Not {
			continue
		}
		for _, i := range t.In(plain) {
			found = append(found, [2]int{split[i].Start, split[i+len(t.Words)-1].End})
		}
	}
	slices.SortFunc(found, func(a, b [2]int) int { return slices.Compare(a[:], b[:]) })
	out := make([][2]int, 0, min(len(found), limit))
	for _, m := range found {
		if n := len(out); n > 0 && m[0] < out[n-1][1] {
			out[n-1][1] = max(out[n-1][1], m[1])
			continue
		}
		if len(out) == limit {
			break
		}
		out = append(out, m)
	}
	return out
}
