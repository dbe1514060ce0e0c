package tidy

import (
	"go/ast"
	"slices"
	"strings"
)

// ban is a rule about names of imported packages in production code.
type ban struct {
	imported string
	names    []string // exact, or with a trailing * a prefix
	allowed  []excuse
	instead  string
}

// excuse lets one place off, with its reason. A place is a folder or a file,
// or either with a function or variable in it as "folder:Func".
type excuse struct{ place, reason string }

// bans is the table of banned names. Tests are free of it.
var bans = []ban{
	{
		imported: "time", names: []string{"Now", "Since", "Until"},
		allowed: []excuse{
			{"cmd/sealpost", "shows times to people and measures its own start"},
			{"internal/bench", "measures"},
			{"internal/httpapi/server.go:New", "the default of the clock that measures and sets deadlines of connections; decides nothing"},
			{"internal/keystore/lock.go", "gives up waiting for a file lock; decides nothing"},
			{"internal/pgtest", "gives up waiting for a server"},
			{"internal/relay", "paces its own polling and leases; due work is decided by the database's clock"},
			{"internal/service/service.go:New", "the default of the monotonic clock that times caches and leases; decides nothing"},
			{"internal/sim", "measures how long a campaign took"},
			{"internal/webui/webui.go:New", "the default of the clock that measures and says which day a page shows; decides nothing"},
			{"internal/sqlstore:processClock", "the decision clock of the embedded engine (R12)"},
		},
		instead: "time arrives as an argument; decisions use the database's clock (R12)",
	},
	{
		imported: "fmt", names: []string{"Print*"},
		allowed: []excuse{{"cmd/sealpost", "its output is its interface"}},
		instead: "write to a writer that was given, or log",
	},
	{
		imported: "log", names: []string{"*"},
		instead: "use log/slog, with a logger that was given",
	},
	{
		imported: "os", names: []string{"Exit"},
		allowed: []excuse{
			{"cmd/sealpost", "its status is its interface"},
			{"internal/webui/build/generate", "its status is its interface"},
			{"internal/failpoint/on.go", "a crash test that cannot crash must not pass"},
		},
		instead: "return an error",
	},
	{
		imported: "net/http", names: []string{"DefaultClient", "DefaultServeMux", "Get", "Handle", "HandleFunc", "Head", "ListenAndServe*", "Post", "PostForm"},
		instead: "the defaults are globals without time limits",
	},
}

// panics is the table of functions that may panic.
var panics = []excuse{
	{"internal/failpoint/on.go:Set", "a misuse by a test, in test builds only"},
	{"internal/served/served.go:abort", "net/http's own way to break off an answer"},
	{"internal/seal/key.go", "the standard library documents that this HKDF length cannot fail"},
}

func checkIdentifiers(t *tree) []finding {
	var out []finding
	for _, f := range t.production() {
		for _, b := range bans {
			for name, node := range selectors(f, b.imported) {
				if matches(b.names, name) && !excused(b.allowed, f, functionAt(f, node)) {
					out = append(out, t.at(node.Pos(), "%s.%s: %s", b.imported, name, b.instead))
				}
			}
		}
		for _, decl := range f.syntax.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if fn.Recv == nil && fn.Name.Name == "init" {
				out = append(out, t.at(fn.Pos(), "init runs unasked: call it from where it is needed"))
			}
			out = append(out, bannedBuiltins(t, f, fn)...)
		}
	}
	return out
}

func bannedBuiltins(t *tree, f *goFile, fn *ast.FuncDecl) []finding {
	var out []finding
	ast.Inspect(fn, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		callee, ok := call.Fun.(*ast.Ident)
		if !ok {
			return true
		}
		switch callee.Name {
		case "panic":
			if !excused(panics, f, fn.Name.Name) {
				out = append(out, t.at(call.Pos(), "panic in %s: return an error, or give the reason in tidy's table", fn.Name.Name))
			}
		case "print", "println":
			out = append(out, t.at(call.Pos(), "%s writes to the standard error unasked", callee.Name))
		}
		return true
	})
	return out
}

// functionAt names the declared function around a node, or nothing.
func functionAt(f *goFile, node ast.Node) string {
	for _, decl := range f.syntax.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Pos() <= node.Pos() && node.End() <= fn.End() {
			return fn.Name.Name
		}
	}
	return ""
}

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		prefix, wild := strings.CutSuffix(pattern, "*")
		return name == pattern || wild && strings.HasPrefix(name, prefix)
	})
}

func excused(list []excuse, f *goFile, name string) bool {
	return slices.ContainsFunc(list, func(e excuse) bool {
		return slices.Contains([]string{f.dir, f.path, f.dir + ":" + name, f.path + ":" + name}, e.place)
	})
}
