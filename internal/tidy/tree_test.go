// Package tidy holds the house: who may import whom, which identifiers stay
// out of which rooms, how long files and functions may get. It is a Go test,
// so that a breach fails make test and needs no tool.
//
// Every check works on a tree, which is the checkout or a few planted files;
// planted_test.go shows for each check that it rejects.
package tidy

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/sealpost/sealpost"

// finding is one breach.
type finding struct {
	file    string
	line    int
	message string
}

func (f finding) String() string { return fmt.Sprintf("%s:%d: %s", f.file, f.line, f.message) }

// goFile is one parsed Go file.
type goFile struct {
	path   string
	dir    string // also the package, relative to the module
	lines  int
	test   bool // *_test.go
	outer  bool // package x_test
	made   bool // generated
	syntax *ast.File
}

// tree is a set of files by their slash-separated path.
type tree struct {
	files map[string]string
	fset  *token.FileSet
	code  []*goFile
}

func newTree(files map[string]string) (*tree, error) {
	t := &tree{files: files, fset: token.NewFileSet()}
	for name, content := range files {
		if !strings.HasSuffix(name, ".go") || strings.Contains("/"+name, "/testdata/") {
			continue
		}
		syntax, err := parser.ParseFile(t.fset, name, content, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		t.code = append(t.code, &goFile{
			path: name, dir: path.Dir(name),
			lines:  strings.Count(content, "\n"),
			test:   strings.HasSuffix(name, "_test.go"),
			outer:  strings.HasSuffix(syntax.Name.Name, "_test"),
			made:   ast.IsGenerated(syntax),
			syntax: syntax,
		})
	}
	slices.SortFunc(t.code, func(a, b *goFile) int { return strings.Compare(a.path, b.path) })
	return t, nil
}

// at makes a finding at a place in the code.
func (t *tree) at(pos token.Pos, format string, args ...any) finding {
	place := t.fset.Position(pos)
	return finding{place.Filename, place.Line, fmt.Sprintf(format, args...)}
}

// production is the code that ends up in a binary.
func (t *tree) production() []*goFile {
	var out []*goFile
	for _, f := range t.code {
		if !f.test {
			out = append(out, f)
		}
	}
	return out
}

// check is one rule of the house.
type check struct {
	name string
	run  func(*tree) []finding
}

// checks is the table of everything that is held; planted_test.go fails when
// one of them has no planted breach.
var checks = []check{
	{"edges", checkEdges},
	{"libraries", checkLibraries},
	{"pure", checkPure},
	{"identifiers", checkIdentifiers},
	{"sizes", checkSizes},
	{"package-names", checkPackageNames},
	{"variables", checkVariables},
	{"sql", checkSQL},
	{"failpoints", checkFailpoints},
	{"text", checkText},
	{"dependencies", checkDependencies},
}

func TestTree(t *testing.T) {
	t.Parallel()
	files, err := checkout()
	if err != nil {
		t.Fatal(err)
	}
	house, err := newTree(files)
	if err != nil {
		t.Fatal(err)
	}
	if len(house.code) < 5 {
		t.Fatalf("only %d Go files found: the checks would pass by seeing nothing", len(house.code))
	}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			found := c.run(house)
			slices.SortFunc(found, func(a, b finding) int {
				return cmp.Or(strings.Compare(a.file, b.file), a.line-b.line)
			})
			for _, f := range found {
				t.Error(f)
			}
		})
	}
}

// checkout reads every file that is tracked or would be: what git ignores does
// not count. Without git (an unpacked archive) it reads everything.
func checkout() (map[string]string, error) {
	root, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(root, "go.mod")); missing == nil {
			break
		}
		if root == filepath.Dir(root) {
			return nil, errors.New("no go.mod above the working directory")
		}
		root = filepath.Dir(root)
	}
	if err != nil {
		return nil, err
	}
	// Walking is not only for archives: the go command keeps the result of a
	// test until a file or folder changes that the test itself has opened, so
	// without it a new file would go unseen.
	names, err := walked(root)
	if err != nil {
		return nil, err
	}
	if tracked, err := listed(root); err == nil {
		names = tracked
	}
	files := make(map[string]string, len(names))
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted, not yet committed
		}
		if err != nil {
			return nil, err
		}
		files[name] = string(content)
	}
	return files, nil
}

func listed(root string) ([]string, error) {
	cmd := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	names := strings.Split(strings.TrimRight(string(out), "\x00"), "\x00")
	if !slices.Contains(names, "go.mod") {
		return nil, errors.New("the repository around the checkout is another one")
	}
	return names, nil
}

func walked(root string) ([]string, error) {
	var names []string
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && name == ".git" {
			return fs.SkipDir
		}
		if err == nil && entry.Type().IsRegular() {
			names = append(names, name)
		}
		return err
	})
	return names, err
}
