package tidy

import (
	"slices"
	"strconv"
	"strings"
)

// edges is the table of the house: a package of ours and what of ours its
// production code may import. Arrows point inward, adapters do not know each
// other, and only cmd wires. A package that is not here has no place yet: give
// it one with the reason in docs/ARCHITECTURE.md.
var edges = map[string][]string{
	"api":    {},
	"client": {"api"},
	"cmd/sealpost": {
		"api", "client", "internal/authn", "internal/bench", "internal/bus", "internal/config", "internal/demo",
		"internal/httpapi", "internal/importer", "internal/keystore", "internal/memstore", "internal/metrics", "internal/policy",
		"internal/relay", "internal/seal", "internal/sealpost", "internal/service", "internal/sqlstore", "internal/webui",
	},

	// The pure centre.
	"internal/sealpost": {},
	"internal/policy":   {"internal/sealpost"},
	"internal/seal":     {"internal/sealpost"},
	"internal/review":   {"internal/sealpost"},
	"internal/words":    {},

	// The use cases, which own the ports.
	"internal/service": {"internal/failpoint", "internal/policy", "internal/review", "internal/seal", "internal/sealpost", "internal/words"},

	// Adapters below the ports.
	"internal/sqlstore": {"internal/failpoint", "internal/policy", "internal/seal", "internal/sealpost", "internal/service", "internal/words"},
	"internal/memstore": {"internal/failpoint", "internal/policy", "internal/seal", "internal/sealpost", "internal/service", "internal/words"},
	"internal/keystore": {"internal/failpoint", "internal/seal"},
	"internal/bus":      {"internal/sealpost"},
	"internal/metrics":  {"internal/sealpost"},

	// Adapters above the use cases.
	"internal/httpapi": {"api", "internal/policy", "internal/sealpost", "internal/served", "internal/service"},
	"internal/webui":   {"api", "internal/policy", "internal/sealpost", "internal/served", "internal/service"},
	"internal/authn":   {"internal/sealpost", "internal/service"},
	"internal/relay":   {"internal/failpoint", "internal/policy", "internal/sealpost", "internal/service"},

	// Parts of the command.
	"internal/config":   {},
	"internal/importer": {"internal/sealpost"},
	"internal/bench":    {"api", "client"},
	"internal/demo":     {"api", "client", "internal/policy", "internal/sealpost", "internal/service"},

	// What makes the made files of the pages; no part of the binary.
	"internal/webui/build":          {},
	"internal/webui/build/generate": {"internal/webui/build"},

	// Leaves and test support.
	"internal/failpoint": {},
	"internal/served":    {},
	"internal/pgtest":    {},
	"internal/crash":     {},
	"internal/browser":   {},
	"internal/tidy":      {},
	"internal/mutants":   {},
	"internal/sqlstore/storetest": {
		"internal/failpoint", "internal/memstore", "internal/policy", "internal/seal", "internal/sealpost", "internal/service",
		"internal/words",
	},
	"internal/sim": {
		"internal/bus", "internal/failpoint", "internal/keystore", "internal/memstore", "internal/policy", "internal/relay",
		"internal/seal", "internal/sealpost", "internal/service", "internal/sqlstore/storetest",
	},
	"internal/sweep": {"api", "client", "internal/seal", "internal/sealpost"},
}

// testSupport is the table of packages that no production code may import.
var testSupport = []string{
	"internal/browser", "internal/crash", "internal/pgtest", "internal/sim", "internal/sqlstore/storetest", "internal/sweep", "internal/tidy",
}

// outerTests is the table of what external test packages may import beyond
// their package's own row. "*" is everything: these tests need a whole server.
var outerTests = map[string][]string{
	"api":                         {"*"},
	"client":                      {"*"},
	"cmd/sealpost":                {"*"},
	"internal/authn":              {"*"},
	"internal/bench":              {"*"},
	"internal/browser":            {"*"},
	"internal/crash":              {"*"},
	"internal/demo":               {"*"},
	"internal/httpapi":            {"*"},
	"internal/relay":              {"*"},
	"internal/sim":                {"*"},
	"internal/sweep":              {"*"},
	"internal/webui":              {"*"},
	"internal/service":            {"internal/bus", "internal/importer", "internal/keystore", "internal/memstore", "internal/sqlstore"},
	"internal/sqlstore":           {"internal/keystore", "internal/memstore"},
	"internal/sqlstore/storetest": {"internal/keystore", "internal/memstore", "internal/sqlstore"},
	"internal/memstore":           {"internal/keystore"},
}

func checkEdges(t *tree) []finding {
	var out []finding
	for _, f := range t.code {
		allowed, known := edges[f.dir]
		if !known {
			out = append(out, t.at(f.syntax.Package, "package %s has no row in the table of edges", f.dir))
			continue
		}
		allowed = slices.Clone(allowed)
		if f.test {
			allowed = append(allowed, testSupport...)
			allowed = append(allowed, f.dir, "internal/failpoint")
		}
		if f.outer {
			allowed = append(allowed, outerTests[f.dir]...)
		}
		for _, spec := range f.syntax.Imports {
			target, ours := ourImport(importPath(spec.Path.Value))
			if !ours || slices.Contains(allowed, target) || slices.Contains(allowed, "*") {
				continue
			}
			out = append(out, t.at(spec.Pos(), "%s may not import %s", f.dir, target))
		}
	}
	return out
}

func importPath(literal string) string {
	unquoted, err := strconv.Unquote(literal)
	if err != nil {
		return literal // the parser has already refused such a file
	}
	return unquoted
}

// ourImport returns the path inside the module.
func ourImport(full string) (string, bool) {
	if full == module {
		return ".", true
	}
	return strings.CutPrefix(full, module+"/")
}

// library is a rule about modules of others.
type library struct {
	prefixes []string
	owners   []string // whose production code may import it
	tests    bool     // whether test files anywhere may
	reason   string
}

// libraries is the table of imports that stay in one room.
var libraries = []library{
	{
		prefixes: []string{"database/sql", "modernc.org/sqlite", "github.com/jackc/pgx", "github.com/pressly/goose"},
		owners:   []string{"internal/sqlstore", "internal/pgtest"}, tests: true,
		reason: "only sqlstore talks to databases",
	},
	{
		prefixes: []string{"github.com/nats-io"},
		owners:   []string{"internal/bus"}, tests: true,
		reason: "only bus knows the message bus",
	},
	{
		prefixes: []string{
			"testing", "pgregory.net/rapid", "go.uber.org/goleak", "github.com/anishathalye/porcupine",
			"github.com/rogpeppe/go-internal",
		},
		owners: testSupport, tests: true,
		reason: "test libraries stay out of the binary",
	},
}

func checkLibraries(t *tree) []finding {
	var out []finding
	for _, f := range t.code {
		for _, spec := range f.syntax.Imports {
			full := importPath(spec.Path.Value)
			for _, rule := range libraries {
				if !underAny(full, rule.prefixes) || f.test && rule.tests || slices.Contains(rule.owners, f.dir) {
					continue
				}
				out = append(out, t.at(spec.Pos(), "%s may not import %s: %s", f.dir, full, rule.reason))
			}
		}
	}
	return out
}

// underAny says whether an import path is one of the prefixes or below one.
func underAny(full string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool {
		return full == prefix || strings.HasPrefix(full, prefix+"/")
	})
}
