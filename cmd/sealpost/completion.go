package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// completionCommand prints what a shell needs to complete commands, flags and the
// values of those that have a fixed set. It is made from the command line itself, so it
// cannot fall behind.
type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Run writes the script; a shell reads it with `source <(sealpost completion bash)`.
func (c *completionCommand) Run(io streams, parser *kong.Kong) error {
	places := placesOf(parser.Model.Node, "")
	script := bashCompletion(places)
	switch c.Shell {
	case "fish":
		script = fishCompletion(places)
	case "zsh":
		// zsh has bash's way as a module of its own, on top of its own way.
		script = "(( $+functions[compdef] )) || { autoload -U compinit && compinit }\n" +
			"autoload -U +X bashcompinit && bashcompinit\n" + script
	}
	_, err := fmt.Fprint(io.out, script)
	return err
}

// place is a point in the command line at which something can come next.
type place struct {
	path  string  // the words of the command so far, with single spaces
	words []offer // commands, or the values of a first argument that has a fixed set
	flags []offer
}

// offer is a word that can be typed.
type offer struct {
	word, help string
	valued     bool     // a flag that takes a value
	values     []string // the values, if only some are allowed; otherwise files are offered
}

// placesOf lists a command and those below it.
func placesOf(n *kong.Node, path string) []place {
	p := place{path: path}
	for _, group := range n.AllFlags(true) {
		for _, f := range group {
			o := offer{word: "--" + f.Name, help: f.Help, valued: !f.IsBool() && !f.IsCounter()}
			if f.Enum != "" {
				o.values = f.EnumSlice()
			}
			p.flags = append(p.flags, o)
		}
	}
	if len(n.Positional) > 0 && n.Positional[0].Enum != "" {
		for _, value := range n.Positional[0].EnumSlice() {
			p.words = append(p.words, offer{word: value})
		}
	}
	var below []place
	for _, child := range n.Children {
		if child.Type != kong.CommandNode || child.Hidden {
			continue
		}
		p.words = append(p.words, offer{word: child.Name, help: child.Help})
		below = append(below, placesOf(child, strings.TrimSpace(path+" "+child.Name))...)
	}
	return append([]place{p}, below...)
}

// valuedFlags are the flags, of any command, after which a value comes.
func valuedFlags(places []place) []string {
	var out []string
	for _, p := range places {
		for _, f := range p.flags {
			if f.valued {
				out = append(out, f.word)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func wordsOf(offers []offer) string {
	words := make([]string, len(offers))
	for i, o := range offers {
		words[i] = o.word
	}
	return strings.Join(words, " ")
}

// bashCompletion offers flags after a dash, commands without one, and files where
// neither can be. The words that it prints are commands, flags and values, all of
// them without anything that a shell would read otherwise.
func bashCompletion(places []place) string {
	var b strings.Builder
	b.WriteString("_sealpost() {\n\tlocal current=\"${COMP_WORDS[COMP_CWORD]}\" at=\"\" before=\"\" word=\"\" offered=\"\" i\n")
	fmt.Fprintf(&b, "\tlocal valued=\" %s \"\n", strings.Join(valuedFlags(places), " "))
	b.WriteString("\tfor ((i = 1; i < COMP_CWORD; i++)); do\n\t\tbefore=\"$word\"\n\t\tword=\"${COMP_WORDS[i]}\"\n")
	b.WriteString("\t\t[[ \"$valued\" == *\" $before \"* ]] && continue\n\t\tcase \"${at:+$at }$word\" in\n")
	for _, p := range places[1:] {
		fmt.Fprintf(&b, "\t\t%q) at=\"${at:+$at }$word\" ;;\n", p.path)
	}
	b.WriteString("\t\tesac\n\tdone\n\tif [[ \"$valued\" == *\" $word \"* ]]; then\n\t\tcase \"$at $word\" in\n")
	for _, p := range places {
		for _, f := range p.flags {
			if len(f.values) > 0 {
				fmt.Fprintf(&b, "\t\t%q) offered=%q ;;\n", p.path+" "+f.word, strings.Join(f.values, " "))
			}
		}
	}
	b.WriteString("\t\tesac\n\telif [[ \"$current\" == -* ]]; then\n\t\tcase \"$at\" in\n")
	for _, p := range places {
		fmt.Fprintf(&b, "\t\t%q) offered=%q ;;\n", p.path, wordsOf(p.flags))
	}
	b.WriteString("\t\tesac\n\telse\n\t\tcase \"$at\" in\n")
	for _, p := range places {
		if len(p.words) > 0 {
			fmt.Fprintf(&b, "\t\t%q) offered=%q ;;\n", p.path, wordsOf(p.words))
		}
	}
	b.WriteString("\t\tesac\n\tfi\n\tCOMPREPLY=($(compgen -W \"$offered\" -- \"$current\"))\n}\n")
	b.WriteString("complete -o default -F _sealpost sealpost\n")
	return b.String()
}

// fishCompletion is the same for fish, with what each word means.
func fishCompletion(places []place) string {
	var b strings.Builder
	fmt.Fprintf(&b, "function __sealpost_at\n\tset -l at ''\n\tset -l before ''\n\tset -l valued %s\n", strings.Join(valuedFlags(places), " "))
	b.WriteString("\tfor word in (commandline -opc)[2..]\n\t\tif not contains -- \"$before\" $valued\n")
	b.WriteString("\t\t\tswitch (string trim \"$at $word\")\n\t\t\t\tcase")
	for _, p := range places[1:] {
		b.WriteString(" " + fishQuoted(p.path))
	}
	b.WriteString("\n\t\t\t\t\tset at (string trim \"$at $word\")\n\t\t\tend\n\t\tend\n\t\tset before $word\n\tend\n\ttest \"$at\" = \"$argv[1]\"\nend\n")
	for _, p := range places {
		when := fishQuoted("__sealpost_at " + fishQuoted(p.path))
		for _, o := range p.words {
			fmt.Fprintf(&b, "complete -c sealpost -n %s -f -a %s -d %s\n", when, o.word, fishQuoted(o.help))
		}
		for _, f := range p.flags {
			fmt.Fprintf(&b, "complete -c sealpost -n %s -l %s -d %s", when, strings.TrimPrefix(f.word, "--"), fishQuoted(f.help))
			switch {
			case len(f.values) > 0:
				fmt.Fprintf(&b, " -x -a %s", fishQuoted(strings.Join(f.values, " ")))
			case f.valued:
				b.WriteString(" -r")
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

func fishQuoted(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
