package webui

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// keys finds every sentence of the pages: the literal that T and say are called with.
func keys(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			f, ok := call.Fun.(*ast.Ident)
			at := map[string]int{"T": 1, "say": 0}
			if !ok || len(call.Args) <= at[f.Name] || f.Name != "T" && f.Name != "say" {
				return true
			}
			literal, ok := call.Args[at[f.Name]].(*ast.BasicLit)
			if !ok {
				if name != "say.go" { // which passes on what it was given
					t.Errorf("%s: the sentence given to %s must be a literal", fset.Position(call.Pos()), f.Name)
				}
				return true
			}
			key, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			out[key] = fset.Position(call.Pos()).String()
			return true
		})
	}
	return out
}

// verb matches what a sentence is filled in at.
var verb = regexp.MustCompile(`%(\[\d+\])?[a-z]`)

// TestSentences holds what a translation needs: whole sentences, with numbered verbs
// where there is more than one.
func TestSentences(t *testing.T) {
	t.Parallel()
	found := keys(t)
	if len(found) < 20 {
		t.Fatalf("only %d sentences found", len(found))
	}
	for key, at := range found {
		all := verb.FindAllString(key, -1)
		for _, v := range all {
			if len(all) > 1 && !strings.Contains(v, "[") {
				t.Errorf("%s: number the verbs of %q", at, key)
			}
		}
		if key != strings.TrimSpace(key) {
			t.Errorf("%s: %q begins or ends with space: a sentence is not made of pieces", at, key)
		}
	}
}

// Markup with words of its own would be in no catalogue.
func TestMarkupHasNoWordsOfItsOwn(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("*.templ")
	if err != nil {
		t.Fatal(err)
	}
	words := regexp.MustCompile(`^[A-Z][a-z]+ [a-z]+`)
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			if line = strings.TrimSpace(line); words.MatchString(line) && !strings.Contains(line, "{") {
				t.Errorf("%s:%d: %q belongs into T", name, i+1, line)
			}
		}
	}
}
