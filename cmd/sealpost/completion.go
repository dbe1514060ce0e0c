package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// completionCommand prints what a shell needs to complete commands and flags. It is
// made from the command line itself, so it cannot fall behind.
type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Run writes the script; a shell reads it with `source <(sealpost completion bash)`.
func (c *completionCommand) Run(io streams, parser *kong.Kong) error {
	words := map[string][]string{}
	collect(words, parser.Model.Node, "")
	switch c.Shell {
	case "fish":
		return fishCompletion(io.out, words)
	case "zsh":
		if _, err := fmt.Fprint(io.out, "autoload -U +X bashcompinit && bashcompinit\n"); err != nil {
			return err
		}
	}
	return bashCompletion(io.out, words)
}

// collect lists, for each command by its words, what can come next.
func collect(words map[string][]string, n *kong.Node, path string) {
	for _, group := range n.AllFlags(true) {
		for _, f := range group {
			words[path] = append(words[path], "--"+f.Name)
		}
	}
	for _, child := range n.Children {
		if child.Type != kong.CommandNode || child.Hidden {
			continue
		}
		words[path] = append(words[path], child.Name)
		collect(words, child, strings.TrimSpace(path+" "+child.Name))
	}
}

// bashCompletion completes by the longest row of commands that was typed; where
// nothing fits, files.
func bashCompletion(out io.Writer, words map[string][]string) error {
	var b strings.Builder
	b.WriteString("_sealpost() {\n\tlocal path=\"\" word next\n\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n")
	b.WriteString("\t\t[[ $word == -* ]] && continue\n\t\tnext=\"${path:+$path }$word\"\n\t\tcase \"$next\" in\n")
	for _, path := range slices.Sorted(maps.Keys(words)) {
		if path != "" {
			fmt.Fprintf(&b, "\t\t%q) path=\"$next\" ;;\n", path)
		}
	}
	b.WriteString("\t\tesac\n\tdone\n\tcase \"$path\" in\n")
	for _, path := range slices.Sorted(maps.Keys(words)) {
		fmt.Fprintf(&b, "\t%q) word=%q ;;\n", path, strings.Join(words[path], " "))
	}
	b.WriteString("\tesac\n\tCOMPREPLY=($(compgen -W \"$word\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\n")
	b.WriteString("complete -o default -F _sealpost sealpost\n")
	_, err := io.WriteString(out, b.String())
	return err
}

func fishCompletion(out io.Writer, words map[string][]string) error {
	var b strings.Builder
	for _, path := range slices.Sorted(maps.Keys(words)) {
		when := "__fish_use_subcommand"
		if path != "" {
			when = "__fish_seen_subcommand_from " + path[strings.LastIndex(path, " ")+1:]
		}
		for _, word := range words[path] {
			if long, ok := strings.CutPrefix(word, "--"); ok {
				fmt.Fprintf(&b, "complete -c sealpost -n %q -l %s\n", when, long)
			} else {
				fmt.Fprintf(&b, "complete -c sealpost -n %q -f -a %s\n", when, word)
			}
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}
