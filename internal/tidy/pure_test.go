package tidy

import (
	"go/ast"
	"slices"
	"strings"
)

// pure is the table of packages without I/O, clock, context and randomness,
// with the otherwise banned imports that each may use.
var pure = map[string][]string{
	"internal/sealpost": {"time"}, // Duration, Location and Time as values
	"internal/policy":   {"time"}, // likewise
	"internal/seal": {
		"io",       // randomness comes in as io.Reader
		"log/slog", // keys implement LogValuer to redact themselves
	},
	"internal/review": {"embed"}, // its rule data
}

// impure is the table of standard packages that reach outside the program, let
// time pass or keep shared state.
var impure = []string{
	"bufio", "context", "crypto/rand", "database", "embed", "expvar", "io", "log", "math/rand", "net", "os",
	"path/filepath", "plugin", "runtime", "sync", "syscall", "time", "unsafe",
}

// timeValues is the table of what the pure packages may not use of time:
// everything that reads a clock, waits, or reads the zone database from disk.
var timeValues = []string{
	"After", "AfterFunc", "LoadLocation", "Local", "NewTicker", "NewTimer", "Now", "Since", "Sleep", "Tick", "Until",
}

func checkPure(t *tree) []finding {
	var out []finding
	for _, f := range t.production() {
		excused, isPure := pure[f.dir]
		if !isPure {
			continue
		}
		for _, spec := range f.syntax.Imports {
			full := importPath(spec.Path.Value)
			_, ours := ourImport(full)
			first, _, _ := strings.Cut(full, "/")
			switch {
			case ours || slices.Contains(excused, full):
			case underAny(full, impure):
				out = append(out, t.at(spec.Pos(), "%s is pure and may not import %s", f.dir, full))
			case strings.Contains(first, "."):
				out = append(out, t.at(spec.Pos(), "%s is pure and uses the standard library only, not %s", f.dir, full))
			}
		}
		for name, pos := range selectors(f, "time") {
			if slices.Contains(timeValues, name) {
				out = append(out, t.at(pos.Pos(), "%s is pure: time arrives as an argument, not from time.%s", f.dir, name))
			}
		}
	}
	return out
}

// selectors yields every use of an imported package, whatever the file calls
// it, by name.
func selectors(f *goFile, imported string) func(func(string, ast.Node) bool) {
	return func(yield func(string, ast.Node) bool) {
		local := localName(f, imported)
		if local == "" {
			return
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == local {
				yield(sel.Sel.Name, sel)
			}
			return true
		})
	}
}

// localName is how the file calls an imported package, or nothing.
func localName(f *goFile, imported string) string {
	for _, spec := range f.syntax.Imports {
		if importPath(spec.Path.Value) != imported {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return imported[strings.LastIndexByte(imported, '/')+1:]
	}
	return ""
}
