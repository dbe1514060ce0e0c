package tidy

import (
	"go/ast"
	"go/token"
)

const failpointDir = "internal/failpoint"

// checkFailpoints holds the registry of crash points and the code together:
// only registered constants are hit, and each is hit somewhere in production
// code, or its crash test would wait for a crash that never comes.
func checkFailpoints(t *tree) []finding {
	registered := map[string]token.Pos{}
	for _, f := range t.production() {
		if f.path == failpointDir+"/points.go" {
			registered = pointConstants(f)
		}
	}
	hit := map[string]bool{}
	var out []finding
	for _, f := range t.production() {
		local := localName(f, module+"/"+failpointDir)
		if local == "" {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !isSelector(call.Fun, local, "Hit") {
				return true
			}
			if len(call.Args) == 1 {
				if sel, ok := call.Args[0].(*ast.SelectorExpr); ok && isSelector(sel, local, sel.Sel.Name) {
					if _, ok := registered[sel.Sel.Name]; ok {
						hit[sel.Sel.Name] = true
						return true
					}
				}
			}
			out = append(out, t.at(call.Pos(), "failpoint.Hit takes a constant of the registry"))
			return true
		})
	}
	for name, pos := range registered {
		if !hit[name] {
			out = append(out, t.at(pos, "failpoint %s is registered and never hit", name))
		}
	}
	return out
}

func pointConstants(f *goFile) map[string]token.Pos {
	points := map[string]token.Pos{}
	for _, decl := range f.syntax.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.CONST {
			continue
		}
		for _, spec := range gen.Specs {
			if value, ok := spec.(*ast.ValueSpec); ok {
				for _, name := range value.Names {
					points[name.Name] = name.Pos()
				}
			}
		}
	}
	return points
}

func isSelector(expr ast.Expr, x, name string) bool {
	sel, ok := expr.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != name {
		return false
	}
	ident, ok := sel.X.(*ast.Ident)
	return ok && ident.Name == x
}
