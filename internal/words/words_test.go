package words_test

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sealpost/sealpost/internal/words"
)

func split(text string) string {
	var out []string
	for _, w := range words.Split(text) {
		out = append(out, w.Text)
	}
	return strings.Join(out, "|")
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                            "",
		"Hello, World!":               "hello|world",
		"Crème BRÛLÉE":                "creme|brulee",
		"creme bru\u0302le\u0301e":    "creme|brulee",
		"Straße STRASSE":              "strasse|strasse",
		"Łódź smørrebrød Ægir":        "lodz|smorrebrod|aegir",
		"ΟΔΥΣΣΕΥΣ Ὀδυσσεύς":           "οδυσσευσ|οδυσσευσ",
		"İstanbul ısı":                "istanbul|isi",
		"e-mail don't a_b":            "e|mail|don|t|a|b",
		"東京 tower です":                 "東|京|tower|て|す",
		"Ｆｕｌｌ　ｗｉｄｔｈ":                  "full|width",
		"½ ﬁn ²":                      "1|2|fin|2",
		"हिन्दी":                      "हिनदी",
		"\ue000secret a\ue000b":       "secret|a|b",
		"\x00a\xffb":                  "a|b",
		strings.Repeat("a", 100) + "": strings.Repeat("a", words.MaxLength),
	} {
		if got := split(text); got != want {
			t.Errorf("Split(%q) = %q, want %q", text, got, want)
		}
	}
	if n := len(words.Split(strings.Repeat("\ufdfa ", 10_000))); n != words.MaxWords {
		t.Errorf("a text of long characters has %d words", n)
	}
}

// Every character there is folds to what folds to itself, and never to one of the
// private ones that stores make terms with.
func TestFoldingIsIdempotent(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		once := split("x" + string(r) + "y")
		again := split(strings.ReplaceAll(once, "|", " "))
		if once != again {
			t.Errorf("%U folds to %q and then to %q", r, once, again)
		}
		if strings.ContainsFunc(once, func(c rune) bool { return unicode.Is(unicode.Co, c) || c == ' ' || c == utf8.RuneError }) {
			t.Errorf("%U folds to %q", r, once)
		}
	}
}

func TestIndexedKeepsPlaces(t *testing.T) {
	t.Parallel()
	got := words.Indexed(strings.Repeat("a ", words.MaxRepeats+2) + "b")
	if len(got) != words.MaxRepeats+3 || got[words.MaxRepeats-1] != "a" || got[words.MaxRepeats] != "" || got[words.MaxRepeats+2] != "b" {
		t.Errorf("%d words, ending in %q", len(got), got[words.MaxRepeats-1:])
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("east", 2*3600)
	term := func(q words.Query) string {
		var out []string
		for _, t := range q.Terms {
			s := map[bool]string{true: "-"}[t.Not] + map[words.Field]string{words.Sender: "from ", words.Place: "in "}[t.Field]
			out = append(out, s+strings.Join(t.Words, "+")+map[bool]string{true: "*"}[t.Prefix])
		}
		return strings.Join(out, "|")
	}
	for text, want := range map[string]string{
		"hello World":                "hello|world",
		`"ada lovelace" note`:        "ada+lovelace|note",
		"e-mail":                     "e+mail",
		"lun*":                       "lun*",
		`"new yor"*`:                 "new+yor*",
		"東京*":                        "東+京",
		"from:Ada in:Team -draft x":  "from ada|in team|-draft|x",
		`FROM:"Ada L" -"a b"`:        "from ada+l|-a+b",
		"colour:red":                 "colour+red",
		"before:yesterday":           "before+yesterday",
		"a - b":                      "a|b",
		`a"b c"d`:                    "a|b+c|d",
		`"unfinished b`:              "unfinished+b",
		"before:2026-11-01":          "",
		"after:2026-11-01T10:00:00Z": "",
		"* a ** from: in:":           "a",
	} {
		q, err := words.Parse(text, zone)
		if err != nil || term(q) != want {
			t.Errorf("Parse(%q) = %q, %v, want %q", text, term(q), err, want)
		}
	}
	for _, text := range []string{"", "  ", "...", "-a", `""`, "from:", strings.Repeat("a", 201), strings.Repeat("a ", 11)} {
		if q, err := words.Parse(text, zone); err == nil {
			t.Errorf("Parse(%q) = %q", text, term(q))
		}
	}
	q, err := words.Parse("before:2026-11-02 after:2026-11-01 after:2020-01-01", zone)
	if err != nil || !q.From.Equal(time.Date(2026, 10, 31, 22, 0, 0, 0, time.UTC)) || !q.Until.Equal(time.Date(2026, 11, 1, 22, 0, 0, 0, time.UTC)) {
		t.Errorf("from %v until %v, %v", q.From, q.Until, err)
	}
}

func TestMatches(t *testing.T) {
	t.Parallel()
	text := "Ünïcode: a café, Caféteria & the café at noon"
	for query, want := range map[string][]string{
		"cafe":             {"café", "café"},
		"cafe*":            {"café", "Caféteria", "café"},
		`"the cafe" noon`:  {"the café", "noon"},
		"cafe \"cafe at\"": {"café", "café at"},
		"-cafe unicode":    {"Ünïcode"},
		"from:ada":         nil,
	} {
		q, err := words.Parse(query, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range q.Matches(text, 100) {
			got = append(got, string([]rune(text)[m[0]:m[1]]))
		}
		if strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	q, _ := words.Parse("a", time.UTC)
	if got := q.Matches("a a a a", 2); len(got) != 2 {
		t.Errorf("%d matches past the limit", len(got))
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("Crème ﬁn 東京 ½ \ue000x \xff")
	f.Fuzz(func(t *testing.T, text string) {
		n := utf8.RuneCountInString(text)
		if strings.ToValidUTF8(text, "") != text {
			n = len([]rune(text))
		}
		last := 0
		for _, w := range words.Split(text) {
			if w.Text == "" || w.Start < last-1 || w.Start < 0 || w.End <= w.Start || w.End > n {
				t.Fatalf("a word at %d to %d of %d", w.Start, w.End, n)
			}
			last = w.End
			if again := split(w.Text); again != w.Text {
				t.Fatalf("a word is not in its normal form: %q, %q", w.Text, again)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(`from:"Ada L" -x "a b"* before:2026-11-01 in:é*`)
	f.Fuzz(func(t *testing.T, text string) {
		q, err := words.Parse(text, time.UTC)
		if err != nil {
			if len(q.Terms) > 0 || len(text) > 0 && strings.Contains(err.Error(), text) && len(text) > 20 {
				t.Fatal("a refused query has terms, or is repeated")
			}
			return
		}
		if len(q.Terms) > words.MaxTerms || len(q.Terms) == 0 && q.From.IsZero() && q.Until.IsZero() {
			t.Fatalf("%d terms", len(q.Terms))
		}
		for _, term := range q.Terms {
			for _, w := range term.Words {
				if split(w) != w || w == "" {
					t.Fatalf("%q", w)
				}
			}
		}
		n := utf8.RuneCountInString(text)
		for _, m := range q.Matches(text, 100) {
			if m[0] < 0 || m[1] <= m[0] || m[1] > n {
				t.Fatalf("a match at %v of %d", m, n)
			}
		}
	})
}
