package tidy

import (
	"errors"
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"
)

// varying is the table of package-level variables that change, each with the
// reason why no value that is handed around can do its work.
var varying = []excuse{
	{"internal/failpoint/on.go:state", "what this process armed, in test builds only"},
	{"internal/pgtest/pgtest.go:shared", "the one cluster of a test process, test support only"},
	{"internal/sqlstore:registered", "the registry of queries, complete once the package is initialised"},
}

// tableComment marks a variable that is a table: its comment calls it one and
// says why it never varies. tidy checks that nothing assigns to it.
var tableComment = regexp.MustCompile(`(?i)\btable\b`)

func checkVariables(t *tree) []finding {
	byDir := map[string][]*goFile{}
	for _, f := range t.production() {
		byDir[f.dir] = append(byDir[f.dir], f)
	}
	var out []finding
	for dir, files := range byDir {
		vars := map[string]bool{}
		for _, f := range files {
			for _, decl := range f.syntax.Decls {
				gen, ok := decl.(*ast.GenDecl)
				if !ok || gen.Tok != token.VAR {
					continue
				}
				for _, spec := range gen.Specs {
					value, ok := spec.(*ast.ValueSpec)
					if !ok {
						continue
					}
					out = append(out, checkVariable(t, f, gen, value, vars)...)
				}
			}
		}
		out = append(out, checkAssigned(t, dir, files, vars)...)
	}
	return out
}

// checkVariable judges one specification, and notes in constant the names that
// nothing may assign to.
func checkVariable(t *tree, f *goFile, gen *ast.GenDecl, spec *ast.ValueSpec, constant map[string]bool) []finding {
	var out []finding
	for i, name := range spec.Names {
		if name.Name == "_" || excused(varying, f, name.Name) {
			continue
		}
		constant[name.Name] = true
		var value ast.Expr
		if i < len(spec.Values) {
			value = spec.Values[i]
		}
		comment := text(spec.Doc) + text(spec.Comment) + text(gen.Doc)
		switch {
		case isErrorValue(name.Name, value), calls(value, "regexp.MustCompile"):
		case strings.Contains(comment, "//go:embed "):
		case f.dir == "internal/sqlstore" && (calls(value, "register") || calls(value, "registerOnly")): // a query in its registry
		case tableComment.MatchString(comment):
		default:
			out = append(out, t.at(name.Pos(), "package variable %s: hand it around; if it is a table that never varies, its comment says so with the word table and the reason", name.Name))
		}
	}
	return out
}

func text(group *ast.CommentGroup) string {
	if group == nil {
		return ""
	}
	var b strings.Builder
	for _, comment := range group.List {
		b.WriteString(comment.Text + "\n")
	}
	return b.String()
}

func isErrorValue(name string, value ast.Expr) bool {
	return strings.HasPrefix(name, "Err") || strings.HasPrefix(name, "err") ||
		calls(value, "errors.New") || calls(value, "fmt.Errorf")
}

// calls says whether the expression is a call of the function, written as in
// the source.
func calls(value ast.Expr, function string) bool {
	call, ok := value.(*ast.CallExpr)
	return ok && types.ExprString(call.Fun) == function
}

// checkAssigned finds writes to package variables after their declaration. It
// type-checks the package without its imports, which is enough to know a
// package variable from a local one of the same name.
func checkAssigned(t *tree, dir string, files []*goFile, constant map[string]bool) []finding {
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{
		Error:    func(error) {}, // imports are missing and build tags are mixed on purpose
		Importer: noImports{},
	}
	syntax := make([]*ast.File, len(files))
	for i, f := range files {
		syntax[i] = f.syntax
	}
	pkg, _ := config.Check(dir, t.fset, syntax, info)
	var out []finding
	written := func(expr ast.Expr) {
		root := rootOf(expr)
		if root == nil || !constant[root.Name] {
			return
		}
		if object, ok := info.Uses[root].(*types.Var); ok && object.Parent() == pkg.Scope() {
			out = append(out, t.at(expr.Pos(), "package variable %s is written to", root.Name))
		}
	}
	for _, f := range files {
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for _, left := range n.Lhs {
					written(left)
				}
			case *ast.IncDecStmt:
				written(n.X)
			case *ast.RangeStmt:
				if n.Tok == token.ASSIGN {
					written(n.Key)
				}
			case *ast.UnaryExpr:
				if n.Op == token.AND {
					written(n.X)
				}
			case *ast.CallExpr:
				if callee, ok := n.Fun.(*ast.Ident); ok && slices.Contains([]string{"clear", "copy", "delete"}, callee.Name) && len(n.Args) > 0 {
					written(n.Args[0])
				}
			}
			return true
		})
	}
	return out
}

// rootOf is the variable behind v, v.field, v[i], *v and (v).
func rootOf(expr ast.Expr) *ast.Ident {
	for {
		switch e := expr.(type) {
		case *ast.Ident:
			return e
		case *ast.SelectorExpr:
			expr = e.X
		case *ast.IndexExpr:
			expr = e.X
		case *ast.SliceExpr:
			expr = e.X
		case *ast.StarExpr:
			expr = e.X
		case *ast.ParenExpr:
			expr = e.X
		default:
			return nil
		}
	}
}

type noImports struct{}

func (noImports) Import(string) (*types.Package, error) { return nil, errors.New("not needed") }
