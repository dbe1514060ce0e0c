package webui

import (
	"context"
	"io"
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

// name is somebody's or something's name inside a sentence: it is kept apart from
// the direction of the text around it.
type name string

// say is a sentence with markup in it: **bold**, names, times and links. Arguments
// that are components are put in as they are, everything else as text. The key is a
// literal with numbered verbs, so that a translation can put them in its own order:
//
//	@say("**%[1]s** sent you a message at %[2]s.", name(n), clock(t))
func say(key string, args ...any) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		parts := make([]templ.Component, 0, len(args))
		for i, a := range args {
			switch v := a.(type) {
			case name:
				parts = append(parts, isolated(string(v)))
			case templ.Component:
				parts = append(parts, v)
			default:
				continue
			}
			// The printer puts a mark where the component goes; no sentence has this
			// character, which is for private use.
			args[i] = string(mark) + strconv.Itoa(len(parts)-1) + string(mark)
		}
		return writeParts(ctx, w, T(ctx, key, args...), parts)
	})
}

const mark = '\uE000'

// writeParts writes a sentence, with components where they are marked, and what is
// between two pairs of stars in bold.
func writeParts(ctx context.Context, w io.Writer, sentence string, parts []templ.Component) error {
	bold := false
	for i, piece := range strings.Split(sentence, string(mark)) {
		if i%2 == 1 {
			n, err := strconv.Atoi(piece)
			if err != nil || n >= len(parts) {
				continue // a private-use character of somebody's own
			}
			if err := parts[n].Render(ctx, w); err != nil {
				return err
			}
			continue
		}
		for j, run := range strings.Split(piece, "**") {
			tag := ""
			if j > 0 {
				bold = !bold
				tag = map[bool]string{true: "<strong>", false: "</strong>"}[bold]
			}
			if _, err := io.WriteString(w, tag+templ.EscapeString(run)); err != nil {
				return err
			}
		}
	}
	return nil
}

// isolated is a name in a text (HTML's bdi).
func isolated(text string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, "<bdi>"+templ.EscapeString(text)+"</bdi>")
		return err
	})
}

// link is a link inside a sentence.
func link(to, text string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, `<a href="`+templ.EscapeString(to)+`">`+templ.EscapeString(text)+"</a>")
		return err
	})
}
