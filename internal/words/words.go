// Package words is the one normal form in which texts are searched: what counts as
// a word, when two words are the same, and what a query says. It is pure: every
// store uses it, so that every engine finds the same.
package words

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The limits of a text that is indexed.
const (
	// MaxLength is how many characters of a word count; the rest of it is passed over,
	// in texts and in queries alike.
	MaxLength = 64
	// MaxWords is how many words of a text are searched. A message of the greatest
	// length has fewer, unless it is made of characters that stand for several words.
	MaxWords = 12_000
	// MaxRepeats is how often a word of one text counts; PostgreSQL keeps no more
	// positions of one.
	MaxRepeats = 250
)

// Word is a word of a text in its normal form.
type Word struct {
	Text string
	// Start and End are where it stands in the text it came from: code points from
	// the beginning, End is the first one after it. Words that come from one character
	// share its place.
	Start, End int
}

// Split gives the words of a text. Case and accents do not count; everything that
// is neither letter, mark nor digit parts words; characters of scripts that write
// without spaces are words by themselves. Text that is not UTF-8 is split at the
// faults.
func Split(text string) []Word {
	var s splitter
	at := 0
	for _, r := range text {
		s.add(r, at)
		at++
	}
	s.end()
	return s.words
}

// splitter collects the words of one text.
type splitter struct {
	words   []Word
	current []byte // of the word that is going on
	length  int    // of current, in characters
	start   int
	last    int // after its last character so far
	scratch [128]byte
}

// add takes the character at a place.
func (s *splitter) add(r rune, at int) {
	if r < utf8.RuneSelf { // by far most, and nothing to decompose
		s.take(foldASCII(r), at)
		return
	}
	if full, ok := spelled(r); ok {
		for _, c := range full {
			s.take(c, at)
		}
		return
	}
	decomposed := norm.NFKD.AppendString(s.scratch[:0], string(r))
	for len(decomposed) > 0 {
		c, n := utf8.DecodeRune(decomposed)
		decomposed = decomposed[n:]
		c = unicode.ToLower(c)
		if full, ok := spelled(c); ok {
			for _, f := range full {
				s.take(f, at)
			}
			continue
		}
		s.take(c, at)
	}
}

// take takes one character in its normal form, or 0 for what parts words.
func (s *splitter) take(c rune, at int) {
	switch {
	case c == 0:
		s.end()
	case c >= utf8.RuneSelf && unicode.Is(unicode.Mn, c):
		s.last = at + 1 // an accent does not count, and it does not part words
	case !isWord(c):
		s.end()
	case alone(c):
		s.end()
		if len(s.words) < MaxWords {
			s.words = append(s.words, Word{string(c), at, at + 1})
		}
	default:
		if s.length == 0 {
			s.start = at
		}
		s.last = at + 1
		if s.length++; s.length <= MaxLength {
			s.current = utf8.AppendRune(s.current, c)
		}
	}
}

// end ends the word that is going on.
func (s *splitter) end() {
	if s.length == 0 {
		return
	}
	if len(s.words) < MaxWords {
		s.words = append(s.words, Word{string(s.current), s.start, s.last})
	}
	s.current, s.length = s.current[:0], 0
}

func foldASCII(r rune) rune {
	switch {
	case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
		return r
	case 'A' <= r && r <= 'Z':
		return r + 'a' - 'A'
	}
	return 0
}

// isWord says what words are made of. Private characters never are: the stores make
// their own terms with them.
func isWord(c rune) bool {
	if c < utf8.RuneSelf {
		return foldASCII(c) == c && c != 0
	}
	return unicode.IsLetter(c) || unicode.IsNumber(c) || unicode.Is(unicode.Mc, c)
}

// alone says which characters are words by themselves: those of scripts that put no
// spaces between words. A sequence of them is found as a phrase.
func alone(c rune) bool {
	return c >= 0x0e00 && unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// spelled gives the letters that people write for a letter that Unicode does not
// decompose.
func spelled(c rune) (string, bool) {
	switch c {
	case 'ß', 'ẞ':
		return "ss", true
	case 'æ', 'Æ':
		return "ae", true
	case 'œ', 'Œ':
		return "oe", true
	case 'ø', 'Ø':
		return "o", true
	case 'đ', 'Đ', 'ð', 'Ð':
		return "d", true
	case 'ł', 'Ł':
		return "l", true
	case 'þ', 'Þ':
		return "th", true
	case 'ı':
		return "i", true
	case 'ς':
		return "σ", true
	}
	return "", false
}

// Indexed gives the words of a text in their order, as an index has them: a word
// that was repeated too often is empty from then on, so that the places of the
// others stay.
func Indexed(text string) []string {
	split := Split(text)
	out, seen := make([]string, len(split)), make(map[string]int, len(split))
	for i, w := range split {
		if seen[w.Text]++; seen[w.Text] <= MaxRepeats {
			out[i] = w.Text
		}
	}
	return out
}
