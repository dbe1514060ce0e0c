package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestServeSettings starts the server with settings from sealpost.toml and flags: the
// page to sign in names the organisation, and a flag wins over the file.
func TestServeSettings(t *testing.T) {
	for name, flag := range map[string][]string{"Northwind Health": nil, "Southwind": {"--organisation", "Southwind"}} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "sealpost.toml"), []byte("organisation = \"Northwind Health\"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		address := filepath.Join(dir, "address")
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan int, 1)
		args := append([]string{"serve", "--data", dir, "--listen", "127.0.0.1:0", "--ops", "off", "--listen-file", address}, flag...)
		go func() { done <- run(ctx, args, streams{strings.NewReader(""), io.Discard, io.Discard}) }()
		page, err := signInPage(address)
		stop()
		if code := <-done; code != 0 {
			t.Errorf("the server ended with %d", code)
		}
		if err != nil || !strings.Contains(page, name) {
			t.Errorf("%s is not on the page to sign in: %v\n%s", name, err, page)
		}
	}
}

// signInPage waits for the address of a server and fetches its page to sign in.
func signInPage(address string) (string, error) {
	for until := time.Now().Add(20 * time.Second); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		at, err := os.ReadFile(address)
		if err != nil || len(at) == 0 {
			continue
		}
		answer, err := http.Get("http://" + string(at) + "/sign-in")
		if err != nil {
			return "", err
		}
		page, err := io.ReadAll(answer.Body)
		return string(page), errors.Join(err, answer.Body.Close())
	}
	return "", errors.New("the server does not answer")
}
