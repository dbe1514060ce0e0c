package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cases := map[string]struct{ text, fault string }{
		"known keys":  {"listen = \"0.0.0.0:80\"\ndatabase = \"postgres://x/y\"\n", ""},
		"unknown key": {"listne = \"0.0.0.0:80\"\n", "no such setting"},
		"wrong type":  {"listen = 80\n", "Listen"},
	}
	for name, c := range cases {
		path := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := Load(path)
		switch {
		case c.fault == "" && (err != nil || got.Listen != "0.0.0.0:80" || got.Data != Default().Data):
			t.Errorf("%s: %+v, %v", name, got, err)
		case c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)):
			t.Errorf("%s: %v", name, err)
		}
	}
	if c, err := Load(filepath.Join(dir, "none")); err != nil || !reflect.DeepEqual(c, Default()) {
		t.Errorf("without a file: %+v, %v", c, err)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	if err := Default().Validate(); err != nil {
		t.Error(err)
	}
	for field, break_ := range map[string]func(*Config){
		"data": func(c *Config) { c.Data = "" }, "listen": func(c *Config) { c.Listen = "80" },
		"ops": func(c *Config) { c.Ops = "x" }, "database": func(c *Config) { c.Database = "mysql://x" },
		"trusted_proxies": func(c *Config) { c.TrustedProxies = []string{"10.0.0.0/8", "proxy.example"} },
		"public_url":      func(c *Config) { c.PublicURL = "post.example.org" },
		"organisation":    func(c *Config) { c.Organisation = "North\nwind" },
		"log_level":       func(c *Config) { c.LogLevel = "loud" },
	} {
		c := Default()
		break_(&c)
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), field+":") {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestProxies(t *testing.T) {
	t.Parallel()
	c := Default()
	c.TrustedProxies, c.PublicURL = []string{"10.1.2.3/8", " 192.0.2.1 ", "2001:db8::/32"}, "https://post.example.org/mail"
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	got, err := c.Proxies()
	if want := "[10.0.0.0/8 192.0.2.1/32 2001:db8::/32]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("%v, %v, want %s", got, err, want)
	}
	for _, bad := range []string{"", "::ffff:10.0.0.0/104", "fe80::1%eth0", "10.0.0.0/33", "0"} {
		if c.TrustedProxies = []string{bad}; c.Validate() == nil {
			t.Errorf("%q is taken for a network", bad)
		}
	}
}
