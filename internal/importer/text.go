package importer

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// windows1252 is the table of what the bytes 0x80 to 0x9f are in that encoding; 0
// where it has nothing, and the byte stands for itself.
var windows1252 = [32]rune{
	'€', 0, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0, 'Ž', 0,
	0, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0, 'ž', 'Ÿ',
}

// encodings is how often a text is taken to have been encoded too much, at most.
const encodings = 2

// repaired undoes a double encoding: UTF-8 that was read as Latin-1 or Windows-1252
// and encoded once more. Only where every character beyond ASCII can have come about
// that way and what comes out is UTF-8; a text that is right as it is almost never
// fulfils both.
func repaired(s string) string {
	for range encodings {
		b := make([]byte, 0, len(s))
		wide := false
		for _, r := range s {
			c, ok := narrow(r)
			if !ok {
				return s
			}
			wide = wide || r >= utf8.RuneSelf
			b = append(b, c)
		}
		if !wide || !utf8.Valid(b) {
			return s
		}
		s = string(b)
	}
	return s
}

// narrow gives the byte that a character was, if it can have been one.
func narrow(r rune) (byte, bool) {
	if r < 0x100 {
		return byte(r), true
	}
	for i, w := range windows1252 {
		if w == r {
			return byte(0x80 + i), true
		}
	}
	return 0, false
}

// text is a field as text: valid UTF-8, encoded once.
func text(b []byte) string {
	return repaired(strings.ToValidUTF8(string(b), string(utf8.RuneError)))
}

var (
	// The table of elements that archives have in messages; everything else in angle
	// brackets is what somebody wrote.
	element = regexp.MustCompile(`(?is)</?(?:p|br|div|span|b|i|u|em|strong|ul|ol|li|a)(?:\s[^<>]*)?/?>`)
	// The table of elements after which a line ends.
	lineEnd = regexp.MustCompile(`(?i)^(?:<br[\s/>]|</(?:p|div|li)[\s>])`)
	// The table of what makes a text HTML: an element that is closed, or a line break.
	markup = regexp.MustCompile(`(?is)<br\s*/?>|</(?:p|div|span|b|i|u|em|strong|ul|ol|li|a)>`)
	link   = regexp.MustCompile(`(?is)<a\s[^<>]*href="([^"<>]*)"[^<>]*>(.*?)</a>`) // a table entry
	// The table of entities that are undone in a text that is no HTML.
	entity = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&#39;", "'", "&apos;", "'", "&nbsp;", " ", "&amp;", "&")
)

// plainText is a message as plain text: simple HTML is taken out of it.
func plainText(s string) string {
	if !markup.MatchString(s) {
		return strings.TrimSpace(entity.Replace(s))
	}
	s = link.ReplaceAllStringFunc(s, func(found string) string {
		parts := link.FindStringSubmatch(found)
		if shown := strings.TrimSpace(element.ReplaceAllString(parts[2], "")); shown != "" && shown != parts[1] {
			return shown + " (" + parts[1] + ")"
		}
		return parts[1]
	})
	s = element.ReplaceAllStringFunc(s, func(found string) string {
		if lineEnd.MatchString(found) {
			return "\n"
		}
		return ""
	})
	return strings.TrimSpace(html.UnescapeString(s))
}

// body is the text of a message: its subject, if it has one that the text does not
// begin with, and what was written.
func body(subject, content string) string {
	subject, content = strings.Join(strings.Fields(plainText(subject)), " "), plainText(content)
	if subject == "" || strings.HasPrefix(content, subject) {
		return content
	}
	if content == "" {
		return subject
	}
	return subject + "\n\n" + content
}

// oneLine is a name or a title: without control characters, blanks as one. It holds
// nothing else of what it was in: it is kept as long as the archive is read.
func oneLine(s string, most int) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r < ' ' || r == ' ' || r >= 0x7f && r <= 0xa0 }), " ")
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most])
	}
	return strings.Clone(s)
}

// The table of layouts in which archives write the time of a message, all in UTC, and
// the day of a connection.
var (
	timeLayouts = []string{"2006-01-02 15:04:05 MST", time.RFC3339, "2006-01-02 15:04:05", "1/2/06, 3:04 PM"} // a table
	dayLayouts  = []string{"02 Jan 2006", "2 Jan 2006", "2006-01-02", "1/2/06", "2/1/2006, 15:04"}            // a table
)

// earliest is the oldest date that an archive can have.
const earliest = sealpost.Instant(946684800 * 1e6) // 2000-01-01

// instant reads a time in whole seconds; false if it is none, or is out of reason.
func instant(s string, layouts []string, now sealpost.Instant) (sealpost.Instant, bool) {
	s = strings.TrimSpace(s)
	for _, layout := range layouts {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		if zone, _ := t.Zone(); layout == timeLayouts[0] && zone != "UTC" && zone != "GMT" {
			return 0, false // an abbreviation says nothing of the hour
		}
		at := sealpost.InstantOf(t.Truncate(time.Second))
		return at, at >= earliest && at <= now
	}
	return 0, false
}

const (
	maxAddress = 300 // bytes
	site       = "linkedin.com"
)

// Address is a profile's address in the one form in which two are compared; empty if
// it is none.
func Address(s string) string {
	s = strings.TrimSpace(s)
	if !strings.Contains(s, "://") && strings.Contains(s, "/") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || len(s) > maxAddress {
		return ""
	}
	path := strings.TrimRight(strings.ToLower(u.EscapedPath()), "/")
	if path == "" {
		return ""
	}
	host := strings.ToLower(u.Host)
	if host == site || strings.HasSuffix(host, "."+site) { // countries have hosts of their own
		host = "www." + site
	}
	return "https://" + host + path
}
