package tidy

import (
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"regexp"
	"strings"
)

// databaseCall matches the methods that take SQL text, of database/sql, of pgx
// and of our own wrappers around them.
var databaseCall = regexp.MustCompile(`(?i)^(exec|query|queryrow|queue|prepare)(context)?$`)

// checkSQL keeps every statement in the registry of queries, because a query
// that is not registered is not prepared on both engines by the test.
// Migrations and the two dialect files talk to their own engine.
func checkSQL(t *tree) []finding {
	var out []finding
	for _, f := range t.production() {
		base := path.Base(f.path)
		if f.dir != "internal/sqlstore" || base == "postgres.go" || base == "sqlite.go" ||
			strings.HasPrefix(base, "migrate") {
			continue
		}
		literals := stringNames(f)
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			if made, ok := n.(*ast.CompositeLit); ok && isQueryType(made.Type) && functionAt(f, made) != "register" {
				out = append(out, t.at(made.Pos(), "a query made outside register"))
			}
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !databaseCall.MatchString(method.Sel.Name) {
				return true
			}
			for _, arg := range sqlArguments(method.Sel.Name, call.Args) {
				if isText(arg, literals) {
					out = append(out, t.at(arg.Pos(), "SQL text passed to %s: register the query", method.Sel.Name))
				}
			}
			return true
		})
	}
	return out
}

func isQueryType(expr ast.Expr) bool {
	name, ok := expr.(*ast.Ident)
	return ok && name.Name == "query"
}

// sqlArguments are the arguments that may hold the statement: the first, or
// the first behind a context, and for pgx's Prepare also the one behind the
// name.
func sqlArguments(method string, args []ast.Expr) []ast.Expr {
	if len(args) > 0 && strings.Contains(strings.ToLower(types.ExprString(args[0])), "ctx") ||
		len(args) > 0 && strings.HasPrefix(types.ExprString(args[0]), "context.") {
		args = args[1:]
	}
	count := 1
	if strings.HasPrefix(strings.ToLower(method), "prepare") {
		count = 2
	}
	return args[:min(count, len(args))]
}

// stringNames are constants and variables that the file itself gives string
// text, so that a detour over a name is seen too.
func stringNames(f *goFile) map[string]bool {
	names := map[string]bool{}
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ValueSpec:
			for i, value := range n.Values {
				if i < len(n.Names) && isText(value, names) {
					names[n.Names[i].Name] = true
				}
			}
		case *ast.AssignStmt:
			for i, value := range n.Rhs {
				if name, ok := n.Lhs[min(i, len(n.Lhs)-1)].(*ast.Ident); ok && isText(value, names) {
					names[name.Name] = true
				}
			}
		}
		return true
	})
	return names
}

// isText says whether an expression builds a string on the spot.
func isText(expr ast.Expr, names map[string]bool) bool {
	switch e := expr.(type) {
	case *ast.BasicLit:
		return e.Kind == token.STRING
	case *ast.BinaryExpr:
		return e.Op == token.ADD && (isText(e.X, names) || isText(e.Y, names))
	case *ast.ParenExpr:
		return isText(e.X, names)
	case *ast.Ident:
		return names[e.Name]
	case *ast.CallExpr:
		function := types.ExprString(e.Fun)
		return function == "fmt.Sprintf" || function == "fmt.Sprint" || function == "strings.Join" ||
			function == "strings.Replace" || function == "strings.ReplaceAll"
	}
	return false
}
