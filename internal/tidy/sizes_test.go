package tidy

import (
	"go/ast"
	"slices"
	"strings"
)

const (
	maxFileLines     = 500
	maxFunctionLines = 100
)

// long is the table of files ("file.go") and functions ("file.go:Func") that
// may be longer, each with its reason.
var long = []excuse{}

func checkSizes(t *tree) []finding {
	var out []finding
	for _, f := range t.code {
		if f.made {
			continue
		}
		if f.lines > maxFileLines && !excused(long, f, "") {
			out = append(out, t.at(f.syntax.Package, "%d lines; a file has at most %d", f.lines, maxFileLines))
		}
		for _, decl := range f.syntax.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			lines := t.fset.Position(fn.End()).Line - t.fset.Position(fn.Pos()).Line + 1
			if lines > maxFunctionLines && !excused(long, f, fn.Name.Name) {
				out = append(out, t.at(fn.Pos(), "%s has %d lines; a function has at most %d", fn.Name.Name, lines, maxFunctionLines))
			}
		}
	}
	return out
}

// emptyNames is the table of package names that say nothing.
var emptyNames = []string{
	"base", "common", "core", "helper", "helpers", "lib", "misc", "model", "models", "shared", "type", "types",
	"util", "utils",
}

func checkPackageNames(t *tree) []finding {
	var out []finding
	for _, f := range t.code {
		if slices.Contains(emptyNames, strings.TrimSuffix(f.syntax.Name.Name, "_test")) {
			out = append(out, t.at(f.syntax.Name.Pos(), "package name %s says nothing", f.syntax.Name.Name))
		}
	}
	return out
}
