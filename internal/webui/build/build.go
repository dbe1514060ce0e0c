// Package build makes what the pages are built from and what git keeps beside its
// sources: the Go code of the .templ files, one script and one style sheet from the
// modules, and the sprite of icons. It needs Go and nothing else, and is no part of
// the binary. A test fails when something is not current.
package build

import (
	"bytes"
	"errors"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/a-h/templ/generator"
	parser "github.com/a-h/templ/parser/v2"
	"github.com/evanw/esbuild/pkg/api"
)

// Make gives the content of every made file, by its path below dir, the folder of
// the package webui. It writes nothing.
func Make(dir string) (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, step := range []func(string, map[string][]byte) error{templates, bundles, sprite} {
		if err := step(dir, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Write writes the files that differ, and removes made code whose template is gone.
func Write(dir string, made map[string][]byte) error {
	old, err := filepath.Glob(filepath.Join(dir, "*_templ.go"))
	if err != nil {
		return err
	}
	for _, name := range old {
		if _, ok := made[filepath.Base(name)]; !ok {
			if err := os.Remove(name); err != nil {
				return err
			}
		}
	}
	for name, content := range made {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return err
		}
		if there, err := os.ReadFile(at); err == nil && bytes.Equal(there, content) {
			continue
		}
		if err := os.WriteFile(at, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// templates makes the Go code of every template.
func templates(dir string, out map[string][]byte) error {
	names, err := filepath.Glob(filepath.Join(dir, "*.templ"))
	if err != nil {
		return err
	}
	for _, name := range names {
		file, err := parser.Parse(name)
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(name), err)
		}
		var b bytes.Buffer
		base := filepath.Base(name)
		if _, err := generator.Generate(file, &b, generator.WithFileName(base)); err != nil {
			return fmt.Errorf("%s: %w", base, err)
		}
		code, err := format.Source(b.Bytes())
		if err != nil {
			return fmt.Errorf("%s: %w", base, err)
		}
		out[strings.TrimSuffix(base, ".templ")+"_templ.go"] = code
	}
	return nil
}

// bundles makes the script and the style sheet.
func bundles(dir string, out map[string][]byte) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	for entry, name := range map[string]string{"assets/js/app.js": "dist/app.js", "assets/css/app.css": "dist/app.css"} {
		result := api.Build(api.BuildOptions{
			EntryPoints: []string{entry}, AbsWorkingDir: abs, Outfile: name, Bundle: true, Write: false,
			MinifyWhitespace: true, MinifyIdentifiers: true, MinifySyntax: true, Charset: api.CharsetUTF8,
			Format: api.FormatESModule, Target: api.ES2022, External: []string{"/files/*"}, LegalComments: api.LegalCommentsNone,
			// What browsers write natively stays: light-dark() follows the page's own theme.
			Supported: map[string]bool{"nesting": true, "color-functions": true},
		})
		if len(result.Errors) > 0 {
			return errors.New(strings.Join(api.FormatMessages(result.Errors, api.FormatMessagesOptions{}), "\n"))
		}
		out[name] = result.OutputFiles[0].Contents
	}
	return nil
}

// drawing matches what is inside an icon, without its licence line and its frame.
var drawing = regexp.MustCompile(`(?s)<svg[^>]*>(.*)</svg>`)

// sprite joins the icons.
func sprite(dir string, out map[string][]byte) error {
	icons := os.DirFS(filepath.Join(dir, "assets", "icons"))
	names, err := fs.Glob(icons, "*.svg")
	if err != nil {
		return err
	}
	slices.Sort(names)
	var b bytes.Buffer
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg">`)
	for _, name := range names {
		text, err := fs.ReadFile(icons, name)
		if err != nil {
			return err
		}
		inner := drawing.FindSubmatch(text)
		if inner == nil {
			return fmt.Errorf("%s is no icon", name)
		}
		fmt.Fprintf(&b, "\n"+`<symbol id="%s" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round">%s</symbol>`,
			strings.TrimSuffix(name, ".svg"), strings.Join(strings.Fields(string(inner[1])), " "))
	}
	b.WriteString("\n</svg>\n")
	out["dist/icons.svg"] = b.Bytes()
	return nil
}
