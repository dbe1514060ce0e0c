package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/sealpost/sealpost/api"
)

// What people write is shown, never obeyed: whatever a terminal acts upon, and
// whatever makes text look like other text, is shown as its code point.

// hazardous are the characters that are not printed as they are.
func hazardous(r rune) bool {
	switch {
	case unicode.IsControl(r): // C0, DEL and C1: escape sequences begin with them
	case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069': // turn the direction of text
	case r == '\u200e', r == '\u200f', r == '\u061c', r == '\u2028', r == '\u2029', r == '\ufeff':
	case r >= 0xfff9 && r <= 0xfffb: // interlinear annotations hide text
	case r >= 0xe0000 && r <= 0xe007f: // tags: invisible text
	default:
		return false
	}
	return true
}

// oneLine makes text safe for one line of a terminal.
func oneLine(s string) string {
	if strings.IndexFunc(s, hazardous) < 0 && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\ufffd"):
			fmt.Fprintf(&b, "<%02X>", s[i])
		case hazardous(r):
			fmt.Fprintf(&b, "<U+%04X>", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// paragraph makes a text of several lines safe. Every line begins with a bar, so
// that no text can look like the lines around it.
func paragraph(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\t", "    ")
	var b strings.Builder
	for line := range strings.SplitSeq(strings.TrimRight(s, "\n"), "\n") {
		b.WriteString("  | " + oneLine(line) + "\n")
	}
	return b.String()
}

const wordsShown = 60

// firstWords is the beginning of a text on one line.
func firstWords(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > wordsShown {
		s = string([]rune(s)[:wordsShown-1]) + "…"
	}
	return oneLine(s)
}

// writeJSON prints for programs. What a terminal acts upon is escaped, which means
// the same in JSON.
func writeJSON(w io.Writer, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	var out strings.Builder
	for _, r := range string(b) {
		switch {
		case r == '\n' || !hazardous(r):
			out.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&out, `\u%04x\u%04x`, 0xd800+(r-0x10000)>>10, 0xdc00+(r-0x10000)&0x3ff)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	_, err = fmt.Fprintln(w, out.String())
	return err
}

// clock shows times in one zone, as of one moment.
type clock struct {
	now  time.Time
	zone *time.Location
}

// at is a time of day, with the day if that is not today.
func (c clock) at(t *api.Time) string { return c.format(t, "15:04") }

// deadline is at with seconds.
func (c clock) deadline(t *api.Time) string { return c.format(t, "15:04:05") }

func (c clock) format(t *api.Time, layout string) string {
	if t == nil {
		return "an unknown time"
	}
	local, now := t.In(c.zone), c.now.In(c.zone)
	switch {
	case local.Year() != now.Year():
		layout = "Mon 2 Jan 2006, " + layout
	case local.YearDay() != now.YearDay():
		layout = "Mon 2 Jan, " + layout
	}
	return local.Format(layout)
}

// zoned is a time with its day and zone.
func zoned(t *api.Time, zone *time.Location) string {
	if t == nil {
		return "an unknown time"
	}
	return t.In(zone).Format("Mon 2 Jan 2006, 15:04 MST")
}

func (c clock) past(t *api.Time) bool { return t == nil || !c.now.Before(t.Time) }

// confirm asks a question whose safe answer is no.
func confirm(io streams, question string) (bool, error) {
	fmt.Fprintf(io.out, "%s [y/N] ", question)
	line, err := bufio.NewReader(io.in).ReadString('\n')
	if err != nil && line == "" {
		fmt.Fprintln(io.out)
		return false, nil // nobody to ask
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return true, nil
	}
	return false, nil
}

// terminal gives the file descriptor of a stream that is a terminal.
func terminal(stream any) (fd int, ok bool) {
	f, ok := stream.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	return int(f.Fd()), true
}
