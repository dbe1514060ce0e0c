package config

import (
	"os"
	"path/filepath"
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
	if c, err := Load(filepath.Join(dir, "none")); err != nil || c != Default() {
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
		"log_level": func(c *Config) { c.LogLevel = "loud" },
	} {
		c := Default()
		break_(&c)
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), field+":") {
			t.Errorf("%s: %v", field, err)
		}
	}
}
