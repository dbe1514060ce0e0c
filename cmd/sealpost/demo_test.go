package main

import (
	"net"
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
