package sweep

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Finding is a part of a canary where it was looked for. It says which and how, and
// does not repeat the text.
type Finding struct {
	Canary   *Canary
	Place    string // the token of the canary: head, tail, host, ...
	Encoding string
	Offset   int
	// Folded says that it could come from an index of words: lower case as it is.
	Folded bool
}

func (f Finding) String() string {
	return fmt.Sprintf("%s (%s, %s at %d)", f.Canary.Name, f.Place, f.Encoding, f.Offset)
}

const (
	// keySize is the shortest pattern: what the scanner looks up at each byte.
	keySize    = 8
	filterBits = 22
	// nested is how deep compressed data is looked into, and unpackLimit how far.
	nested      = 2
	unpackLimit = 64 << 20
)

// Scanner finds canaries. It is safe for concurrent use as long as nothing is added.
type Scanner struct {
	canaries []*Canary
	patterns map[uint64][]pattern
	filter   []uint64 // one bit for each key's hash: says no for almost every byte
}

type pattern struct {
	text     string
	canary   *Canary
	place    string
	encoding string
	folded   bool
}

// NewScanner looks for these canaries.
func NewScanner(canaries ...*Canary) *Scanner {
	s := &Scanner{patterns: map[uint64][]pattern{}, filter: make([]uint64, 1<<filterBits/64)}
	for _, c := range canaries {
		s.Add(c)
	}
	return s
}

// Add makes the scanner look for one more.
func (s *Scanner) Add(c *Canary) {
	s.canaries = append(s.canaries, c)
	for _, t := range c.tokens {
		for i := range len(t.text) - fragmentLength + 1 {
			for _, e := range encodings {
				for _, text := range e.encode(t.text[i : i+fragmentLength]) {
					fragment := t.text[i : i+fragmentLength]
					s.add(pattern{text, c, t.place, e.name, text == strings.ToLower(fragment)})
				}
			}
		}
	}
}

func (s *Scanner) add(p pattern) {
	key := binary.LittleEndian.Uint64([]byte(p.text))
	if slices.ContainsFunc(s.patterns[key], func(q pattern) bool { return q.text == p.text && q.canary == p.canary }) {
		return
	}
	s.patterns[key] = append(s.patterns[key], p)
	h := hashKey(key)
	s.filter[h/64] |= 1 << (h % 64)
}

func hashKey(key uint64) uint64 { return key * 0x9e3779b97f4a7c15 >> (64 - filterBits) }

// Canaries is what the scanner looks for.
func (s *Scanner) Canaries() []*Canary { return s.canaries }

// Scan finds every canary of which any part is in the data: one finding for each
// canary, token and encoding. Compressed data inside is unpacked and scanned too.
func (s *Scanner) Scan(data []byte) []Finding { return s.scan(data, nested, nil) }

// scan runs over hundreds of megabytes and shares nothing that changes: the race
// detector would take ten times as long and see nothing.
//
//go:norace
func (s *Scanner) scan(data []byte, depth int, found []Finding) []Finding {
	for i := 0; i+keySize <= len(data); i++ {
		key := binary.LittleEndian.Uint64(data[i:])
		if h := hashKey(key); s.filter[h/64]&(1<<(h%64)) != 0 {
			for _, p := range s.patterns[key] {
				if len(data)-i >= len(p.text) && string(data[i:i+len(p.text)]) == p.text {
					found = note(found, Finding{p.canary, p.place, p.encoding, i, p.folded})
				}
			}
		}
		if depth > 0 && data[i] == 0x1f && data[i+1] == 0x8b && data[i+2] == 8 {
			for _, f := range s.scan(unpack(data[i:]), depth-1, nil) {
				f.Encoding, f.Offset = "gzip of "+f.Encoding, i
				found = note(found, f)
			}
		}
	}
	return found
}

func note(found []Finding, f Finding) []Finding {
	if slices.ContainsFunc(found, func(g Finding) bool {
		return g.Canary == f.Canary && g.Place == f.Place && g.Encoding == f.Encoding && g.Folded == f.Folded
	}) {
		return found
	}
	return append(found, f)
}

// unpack gives what can be read, also of a stream that is cut off or damaged
// further on, and nothing for what only looks like a beginning.
func unpack(data []byte) []byte {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	r.Multistream(false)
	out, _ := io.ReadAll(io.LimitReader(r, unpackLimit)) // what came before the fault counts
	return out
}
