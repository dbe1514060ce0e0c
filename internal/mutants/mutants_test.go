package mutants

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// root is the top of the repository, from this package's folder.
const root = "../.."

// TestTableIsCurrent finds every patch's place exactly once, so that a change of the
// code that a mutant was made for is noticed at once.
func TestTableIsCurrent(t *testing.T) {
	t.Parallel()
	for _, m := range mutants {
		text, err := os.ReadFile(filepath.Join(root, m.file))
		if err != nil {
			t.Error(err)
			continue
		}
		if n := strings.Count(string(text), m.old); n != 1 {
			t.Errorf("%s, %s: the place of the patch is %d times in %s", m.rule, m.what, n, m.file)
		}
	}
}

// TestCommittedTable compares docs/mutants.md with the table: every mutant is in it,
// with the test that rejected it.
func TestCommittedTable(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "docs", "mutants.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutants {
		if !strings.Contains(string(text), "| "+m.rule+" | "+m.what+" | `Test") {
			t.Errorf("docs/mutants.md does not say which test rejects %s, %s: run make mutants", m.rule, m.what)
		}
	}
}

// TestMutants applies every patch and wants a test to fail. SEALPOST_MUTANTS_OF=R14
// applies those of one rule and leaves the table as it is.
func TestMutants(t *testing.T) {
	if os.Getenv("SEALPOST_MUTANTS") == "" {
		t.Skip("a campaign of minutes: make mutants")
	}
	var table strings.Builder
	table.WriteString("# Mutants\n\nOne wrong patch a rule, and the test that rejects it. Written by `make mutants`; the patches are in\n`internal/mutants/table_test.go`.\n\n| rule | the patch | rejected by |\n|---|---|---|\n")
	only := os.Getenv("SEALPOST_MUTANTS_OF")
	for _, m := range mutants {
		if only != "" && m.rule != only {
			continue
		}
		failing, output := apply(t, m)
		if failing == "" {
			t.Errorf("%s, %s: no test fails\n%s", m.rule, m.what, output)
			failing = "**nothing**"
		}
		t.Logf("%-4s %-50s %s", m.rule, m.what, failing)
		fmt.Fprintf(&table, "| %s | %s | `%s` in `%s` |\n", m.rule, m.what, failing, strings.TrimPrefix(m.pkg, "./"))
	}
	if t.Failed() || only != "" {
		return
	}
	if err := os.WriteFile(filepath.Join(root, "docs", "mutants.md"), []byte(table.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

var failed = regexp.MustCompile(`--- FAIL: (\S+)`)

// apply runs the tests with the patch laid over the tree. A patch that does not
// compile proves nothing and fails the campaign.
func apply(t *testing.T, m mutant) (failing, output string) {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, m.file))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	patched := filepath.Join(dir, "patched.go")
	if err := os.WriteFile(patched, []byte(strings.Replace(string(text), m.old, m.with, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {path: patched}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "test", "-tags", "sealtest", "-overlay", file, "-run", m.run, m.pkg)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return "", "the tests took longer than five minutes, which proves nothing:\n" + string(out)
	}
	if strings.Contains(string(out), "[build failed]") || strings.Contains(string(out), "[setup failed]") {
		return "", "the patch does not compile:\n" + string(out)
	}
	for _, found := range failed.FindAllStringSubmatch(string(out), -1) {
		if len(found[1]) > len(failing) { // the innermost says most
			failing = found[1]
		}
	}
	if err == nil {
		return "", string(out)
	}
	return failing, string(out)
}
