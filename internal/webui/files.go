package webui

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// dist is what generate makes, and what is served as it is; never changed.
//
//go:embed dist assets/font assets/mark.svg
var dist embed.FS

// fileTypes is the table of what is served, by ending; it never changes.
var fileTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".woff2": "font/woff2",
}

// files are the files of the pages, each under a name with a hash of what it holds,
// so that a browser keeps it for good and asks for a new one at once.
type files struct {
	byAddress map[string]*file
	address   map[string]string // by plain name
}

type file struct {
	media string
	plain []byte
	// packed is made when it is first asked for: starting should not wait for it.
	packed func() []byte
}

func newFiles() (*files, error) {
	f := &files{byAddress: map[string]*file{}, address: map[string]string{}}
	for _, folder := range []string{"assets/font", "assets", "dist"} { // fonts first: the style sheet names them
		entries, err := fs.ReadDir(dist, folder)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			media, ok := fileTypes[path.Ext(e.Name())]
			if !ok {
				continue // a folder, or the licence of a font
			}
			content, err := dist.ReadFile(path.Join(folder, e.Name()))
			if err != nil {
				return nil, err
			}
			f.add(e.Name(), media, content)
		}
	}
	for _, needed := range []string{"app.js", "app.css", "icons.svg"} {
		if f.address[needed] == "" {
			return nil, fmt.Errorf("webui: %s is missing: run go generate ./internal/webui", needed)
		}
	}
	return f, nil
}

// add names a file by its hash, which changes with those of the files that it names.
func (f *files) add(name, media string, content []byte) {
	if media == fileTypes[".css"] {
		for plain, address := range f.address {
			content = bytes.ReplaceAll(content, []byte("/files/"+plain), []byte(address))
		}
	}
	hash := sha256.Sum256(content)
	ending := path.Ext(name)
	address := "/files/" + strings.TrimSuffix(name, ending) + "." + hex.EncodeToString(hash[:6]) + ending
	one := &file{media: media, plain: content}
	one.packed = sync.OnceValue(func() []byte {
		var b bytes.Buffer
		w := brotli.NewWriterLevel(&b, brotli.BestCompression)
		_, _ = w.Write(content) // neither fails on a buffer
		_ = w.Close()
		return b.Bytes()
	})
	f.byAddress[address], f.address[name] = one, address
}

func (s *Server) registerFiles() {
	s.mux.HandleFunc("GET /files/{name}", s.serveFile)
	s.routes = append(s.routes, Route{http.MethodGet, "/files/{name}", Public})
}

// serveFile serves a file for good. Nothing of a person is in one.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request) {
	one, ok := s.files.byAddress[r.URL.Path]
	if !ok {
		s.refuse(w, r, sealpost.NotFound())
		return
	}
	h := w.Header()
	h.Set("Content-Type", one.media)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	h.Set("Content-Security-Policy", "default-src 'none'")
	if one.media != "font/woff2" && strings.Contains(r.Header.Get("Accept-Encoding"), "br") {
		h.Set("Content-Encoding", "br")
		_, _ = w.Write(one.packed()) // the client may be gone
		return
	}
	_, _ = w.Write(one.plain)
}

// fileAddress is where a file is served.
func (q *request) fileAddress(name string) string { return q.server.files.address[name] }
