package tidy

import (
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// planted is one small tree with a breach, or without one.
type planted struct {
	check string
	name  string
	want  []string // each is part of a finding, in any order; none: the tree is clean
	files string   // txtar; MODULE stands for the module's path
}

func TestPlantedBreaches(t *testing.T) {
	t.Parallel()
	rejects, accepts := map[string]bool{}, map[string]bool{}
	for _, p := range append(plantedImports, append(plantedCode, plantedRegistries...)...) {
		if len(p.want) > 0 {
			rejects[p.check] = true
		} else {
			accepts[p.check] = true
		}
		t.Run(p.check+"/"+p.name, func(t *testing.T) {
			t.Parallel()
			got := runPlanted(t, p)
			if len(got) != len(p.want) {
				t.Fatalf("%d findings, want %d: %v", len(got), len(p.want), got)
			}
			for _, want := range p.want {
				if !strings.Contains(joined(got), want) {
					t.Errorf("no finding says %q: %v", want, got)
				}
			}
		})
	}
	for _, c := range checks {
		if !rejects[c.name] || !accepts[c.name] {
			t.Errorf("check %s needs a planted breach and a clean tree", c.name)
		}
	}
}

func runPlanted(t *testing.T, p planted) []finding {
	t.Helper()
	files := map[string]string{}
	for _, f := range txtar.Parse([]byte(p.files)).Files {
		files[f.Name] = strings.ReplaceAll(string(f.Data), "MODULE", module)
	}
	house, err := newTree(files)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range checks {
		if c.name == p.check {
			return c.run(house)
		}
	}
	t.Fatalf("no check is named %s", p.check)
	return nil
}

func joined(findings []finding) string {
	var b strings.Builder
	for _, f := range findings {
		b.WriteString(f.String() + "\n")
	}
	return b.String()
}

var plantedImports = []planted{
	{check: "edges", name: "adapter imports adapter", want: []string{"a.go:2: internal/httpapi may not import internal/sqlstore"}, files: `
-- internal/httpapi/a.go --
package httpapi
import "MODULE/internal/sqlstore"
`},
	{check: "edges", name: "centre imports outward", want: []string{"internal/sealpost may not import internal/service"}, files: `
-- internal/sealpost/a.go --
package sealpost
import _ "MODULE/internal/service"
`},
	{check: "edges", name: "config outside cmd", want: []string{"internal/service may not import internal/config"}, files: `
-- internal/service/a.go --
package service
import "MODULE/internal/config"
`},
	{check: "edges", name: "production imports test support", want: []string{"may not import internal/pgtest"}, files: `
-- cmd/sealpost/main.go --
package main
import "MODULE/internal/pgtest"
`},
	{check: "edges", name: "inner test imports adapter", want: []string{"internal/service may not import internal/sqlstore"}, files: `
-- internal/service/a_test.go --
package service
import "MODULE/internal/sqlstore"
`},
	{check: "edges", name: "unknown package", want: []string{"internal/extra has no row"}, files: `
-- internal/extra/a.go --
package extra
`},
	{check: "edges", name: "clean", files: `
-- cmd/sealpost/main.go --
package main
import "MODULE/internal/config"
-- internal/httpapi/a.go --
package httpapi
import ("MODULE/api"; "MODULE/internal/service")
-- internal/httpapi/a_test.go --
package httpapi_test
import ("MODULE/internal/sqlstore"; "MODULE/internal/pgtest")
-- internal/sqlstore/a_test.go --
package sqlstore
import ("MODULE/internal/pgtest"; "MODULE/internal/sqlstore/storetest")
`},
	{check: "libraries", name: "database outside sqlstore", want: []string{"database/sql:", "pgx/v5/pgxpool:", "sqlite:", "goose/v3:"}, files: `
-- internal/service/a.go --
package service
import (
	"database/sql"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "modernc.org/sqlite"
	"github.com/pressly/goose/v3"
)
`},
	{check: "libraries", name: "test library in production", want: []string{"may not import testing", "may not import go.uber.org/goleak"}, files: `
-- internal/sqlstore/a.go --
package sqlstore
import ("testing"; "go.uber.org/goleak")
`},
	{check: "libraries", name: "clean", files: `
-- internal/sqlstore/a.go --
package sqlstore
import "database/sql/driver"
-- internal/service/a_test.go --
package service_test
import ("database/sql"; "testing"; "pgregory.net/rapid")
-- internal/sim/a.go --
package sim
import "github.com/anishathalye/porcupine"
`},
	{check: "pure", name: "imports", want: []string{"import context", "import os", "import net/http", "import math/rand/v2", "may not import log", "may not import time"}, files: `
-- internal/review/a.go --
package review
import ("context"; "os"; "net/http"; "math/rand/v2"; "time")
-- internal/seal/a.go --
package seal
import _ "log"
-- internal/seal/b.go --
package seal
import "strings"
`},
	{check: "pure", name: "clock and zones", want: []string{"time.Now", "time.Since", "time.After", "time.Sleep", "time.LoadLocation"}, files: `
-- internal/policy/a.go --
package policy
import clock "time"
func f(t clock.Time) { clock.Sleep(clock.Since(clock.Now())); <-clock.After(1); clock.LoadLocation("UTC") }
`},
	{check: "pure", name: "module of others", want: []string{"standard library only, not github.com/google/uuid"}, files: `
-- internal/sealpost/a.go --
package sealpost
import "github.com/google/uuid"
`},
	{check: "pure", name: "clean", files: `
-- internal/policy/a.go --
package policy
import ("time"; "strings"; "MODULE/internal/sealpost")
func f(t time.Time, d time.Duration) time.Time { return t.Add(d * time.Second) }
-- internal/policy/a_test.go --
package policy
import ("os"; "context"; "testing")
-- internal/service/a.go --
package service
import "context"
`},
}
