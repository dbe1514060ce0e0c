package webui

import (
	"context"
	"strings"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"
)

// catalogue has every sentence of the pages in every language. A sentence is its own
// key, in English: what a translation lacks reads in English. A test finds every key
// in the code, so none can be forgotten.
type catalogue struct {
	builder *catalog.Builder
	matcher language.Matcher
	tags    []language.Tag
	printer map[language.Tag]*message.Printer
}

// counted is an English sentence whose form depends on a number, its argument of the
// index.
type counted struct {
	key        string
	argument   int
	one, other string
}

// countedSentences is the table of English sentences that count. It never changes.
var countedSentences = []counted{
	{"%d unread", 1, "%d unread", "%d unread"},
	{"%d invitations", 1, "%d invitation", "%d invitations"},
	{"Recall for %d people?", 1, "Recall for %d person?", "Recall for %d people?"},
	{"%d people", 1, "%d person", "%d people"},
	{"%d people on this page", 1, "%d person on this page", "%d people on this page"},
	{"%[1]s, %[2]s and %[3]d others", 3, "%[1]s, %[2]s and %[3]d other", "%[1]s, %[2]s and %[3]d others"},
	{"%d messages", 1, "%d message", "%d messages"},
	{"waiting %d days", 1, "waiting %d day", "waiting %d days"},
	{"%d connections in common", 1, "%d connection in common", "%d connections in common"},
}

// rightToLeft is the table of scripts that are written from the right. It never changes.
var rightToLeft = map[string]bool{"Arab": true, "Hebr": true, "Syrc": true, "Thaa": true, "Nkoo": true, "Adlm": true}

func newCatalogue() (*catalogue, error) {
	c := &catalogue{
		builder: catalog.NewBuilder(catalog.Fallback(language.English)), printer: map[language.Tag]*message.Printer{},
		tags: []language.Tag{language.English},
	}
	for _, s := range countedSentences {
		if err := c.builder.Set(language.English, s.key, plural.Selectf(s.argument, "%d", "one", s.one, "other", s.other)); err != nil {
			return nil, err
		}
	}
	c.matcher = language.NewMatcher(c.tags)
	for _, tag := range c.tags {
		c.printer[tag] = message.NewPrinter(tag, message.Catalog(c.builder))
	}
	return c, nil
}

// mirrored is the CLDR's pseudo-language of pages that are read from the right. Whoever
// sets it as theirs sees the English pages so: that is how their layout is looked at
// while there is no translation into such a language.
const mirrored = "ar-XB"

// choose finds the language of a page: the person's own, then what their browser
// asks for, then English. The direction is that of the words: English sentences on a
// page that is read from the right come apart at their names, times and full stops.
func (c *catalogue) choose(own, accepted string) (words *message.Printer, direction, tag string) {
	wanted, _, _ := language.ParseAcceptLanguage(accepted) // what is wrong asks for nothing
	if t, err := language.Parse(own); err == nil && own != "" {
		wanted = append([]language.Tag{t}, wanted...)
	}
	_, at, _ := c.matcher.Match(wanted...)
	chosen := c.tags[at]
	direction = "ltr"
	if script, _ := chosen.Script(); rightToLeft[script.String()] || own == mirrored {
		direction = "rtl"
	}
	return c.printer[chosen], direction, chosen.String()
}

// languageChoice is a language that somebody can choose, in its own words.
type languageChoice struct{ tag, own string }

// choices are the languages that there are, and the one that is set where it has no
// translation, so that the page tells no other.
func (c *catalogue) choices(set string) []languageChoice {
	var out []languageChoice
	known := false
	for _, t := range c.tags {
		out = append(out, languageChoice{t.String(), display.Self.Name(t)})
		known = known || t.String() == set
	}
	if t, err := language.Parse(set); err == nil && set != "" && !known {
		out = append(out, languageChoice{set, display.Self.Name(t)})
	}
	return out
}

// T is a sentence in the viewer's language. The key is a literal with fmt's verbs;
// names and times that need markup of their own go through say.
func T(ctx context.Context, key string, args ...any) string {
	return from(ctx).words.Sprintf(message.Key(key, key), args...)
}

// known is a sentence that comes from further in, such as the reason of a refusal.
// It reads in English where there is no translation.
func known(ctx context.Context, sentence string) string {
	// A sentence is no format: a per cent sign in it stands for itself.
	return from(ctx).words.Sprintf(message.Key(sentence, strings.ReplaceAll(sentence, "%", "%%")))
}
