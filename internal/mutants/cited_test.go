package mutants

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// implemented are the rules that exist so far; docs/recall.md states them.
var implemented = []int{
	1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 21, 22, 23, 24, 25, 26, 27, 28, 30, 31, 32, 33, 34,
}

var citation = regexp.MustCompile(`\bR([1-9][0-9]?)\b`)

// TestEveryRuleIsCited: by the code that implements it, by a test, and by a mutant.
func TestEveryRuleIsCited(t *testing.T) {
	t.Parallel()
	code, tests := map[string]int{}, map[string]int{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != root {
			if d != nil && d.IsDir() {
				return filepath.SkipDir
			}
			return err
		}
		if !strings.HasSuffix(path, ".go") || strings.Contains(path, "internal/mutants") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		into := code
		if strings.HasSuffix(path, "_test.go") || strings.Contains(path, "storetest") {
			into = tests
		}
		for _, m := range citation.FindAllStringSubmatch(string(text), -1) {
			into[m[1]]++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range implemented {
		rule := fmt.Sprint(n)
		if code[rule] == 0 {
			t.Errorf("no code cites R%s", rule)
		}
		if tests[rule] == 0 {
			t.Errorf("no test cites R%s", rule)
		}
		if !slices.ContainsFunc(mutants, func(m mutant) bool { return m.rule == "R"+rule }) {
			t.Errorf("no mutant breaks R%s", rule)
		}
	}
}
