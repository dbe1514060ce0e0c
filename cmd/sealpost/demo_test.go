package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestDemoTakesAFreePort(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := taken.Addr().String()
	var said strings.Builder
	if got := freeAddress(t.Context(), address, &said); got != "127.0.0.1:0" || !strings.Contains(said.String(), "is taken") {
		t.Errorf("of a taken one it makes %s and says %q", got, said.String())
	}
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	said.Reset()
	if got := freeAddress(t.Context(), address, &said); got != address || said.Len() > 0 {
		t.Errorf("of a free one it makes %s and says %q", got, said.String())
	}
	if got := freeAddress(t.Context(), "nonsense", &said); got != "nonsense" {
		t.Errorf("of nonsense it makes %s", got)
	}
}

// A link of the demo signs a browser in, once, and its token a program.
func TestDemoLinks(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	said, out := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"demo", "--listen", "127.0.0.1:0"}, streams{strings.NewReader(""), out, io.Discard})
		_ = out.Close()
	}()
	defer func() {
		stop()
		if code := <-done; code != 0 {
			t.Errorf("the demo ended with %d", code)
		}
	}()
	link, program := regexp.MustCompile(`(http://[^/ ]+)(/try/\w+)`), regexp.MustCompile(`SEALPOST_TOKEN=(\w[\w-]*)`)
	var links [][]string
	token := ""
	for lines := bufio.NewScanner(said); token == "" && lines.Scan(); {
		if found := link.FindStringSubmatch(lines.Text()); found != nil {
			links = append(links, found)
		}
		if found := program.FindStringSubmatch(lines.Text()); found != nil {
			token = found[1]
		}
	}
	go func() { _, _ = io.Copy(io.Discard, said) }()
	if len(links) != 2 || token == "" {
		t.Fatalf("the demo says %q and the token %q", links, token)
	}
	ask := func(method, url, header, value string) (status int, headers http.Header) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set(header, value)
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		return answer.StatusCode, answer.Header
	}
	for _, l := range links {
		status, in := ask(http.MethodPost, l[0], "Accept", "*/*")
		if status != http.StatusSeeOther || in.Get("Location") != "/messages" {
			t.Errorf("a link gives %d to %q", status, in.Get("Location"))
		}
		session, _, _ := strings.Cut(in.Get("Set-Cookie"), ";")
		if status, _ := ask(http.MethodGet, l[1]+"/messages", "Cookie", session); status != http.StatusOK {
			t.Errorf("who has used a link gets %d", status)
		}
		if status, _ := ask(http.MethodPost, l[0], "Accept", "*/*"); status != http.StatusNotFound {
			t.Errorf("a used link gives %d", status)
		}
	}
	if status, _ := ask(http.MethodGet, links[0][1]+"/api/v1/me", "Authorization", "Bearer "+token); status != http.StatusOK {
		t.Errorf("the token gives %d", status)
	}
}
