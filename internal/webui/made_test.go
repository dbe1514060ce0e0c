package webui_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/sealpost/sealpost/internal/webui/build"
)

// What is made from sources and kept beside them is what these sources make now.
func TestMadeFilesAreCurrent(t *testing.T) {
	t.Parallel()
	made, err := build.Make(".")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range made {
		if there, err := os.ReadFile(name); err != nil || !bytes.Equal(there, want) {
			t.Errorf("%s is not current: run make generate", name)
		}
	}
	for _, pattern := range []string{"*_templ.go", "dist/*"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if _, ok := made[filepath.ToSlash(name)]; !ok {
				t.Errorf("%s is made from nothing any more: run make generate", name)
			}
		}
	}
}
