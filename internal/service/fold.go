package service

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// folds is a table of letters that no decomposition takes apart and that people
// type without their stroke, ligature or form.
var folds = strings.NewReplacer(
	"ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "ħ", "h", "ı", "i", "ς", "σ",
)

// Fold is a text without case, accents and width, by which names are found and
// ordered. What is left of a text can be longer than it was.
func Fold(text string) string {
	text = strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(text)))
	return folds.Replace(text)
}

// SortKey is what people are ordered by, bytewise: the folded name. It is valid
// UTF-8 without NUL, whatever the name is.
func SortKey(name string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(Fold(name), string(utf8.RuneError)), "\x00", "")
}

// FindKey is what people are found by: the words of their name and headline, each
// with a blank before it, so that " pre" finds every word that begins with pre. It
// begins with a blank always and holds letters, digits and blanks only.
func FindKey(name, headline string) string {
	return " " + strings.Join(append(foldedWords(name), foldedWords(headline)...), " ")
}

// foldedWords splits a text into folded words of letters and digits. Han characters are
// words of their own, because nothing stands between them.
func foldedWords(text string) []string {
	var spaced strings.Builder
	for _, r := range Fold(text) {
		switch {
		case unicode.Is(unicode.Han, r):
			spaced.WriteRune(' ')
			spaced.WriteRune(r)
			spaced.WriteRune(' ')
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.Is(unicode.Mc, r):
			spaced.WriteRune(r)
		default:
			spaced.WriteRune(' ')
		}
	}
	return strings.Fields(spaced.String())
}
