// Package config is the settings of a server: one struct, its defaults, a strict
// file, and what may be set. The same names are flags of serve and of the local
// commands, SEALPOST_… variables, and keys of sealpost.toml.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
)

// Config is where a server keeps things and listens. Empty fields take the defaults
// of Default.
type Config struct {
	// Data is the directory of everything that has no place of its own below.
	Data string `toml:"data"`
	// Listen is the address of the API.
	Listen string `toml:"listen"`
	// Ops is the address of /healthz, /readyz and /metrics; "off" for none.
	Ops string `toml:"ops"`
	// Database is a postgres:// address; empty: SQLite in the data directory.
	Database string `toml:"database"`
	// Keys is the key directory; empty: "keys" in the data directory. It does not
	// belong into the backup of the data (docs/decisions/keystore.md).
	Keys string `toml:"keys"`
	// LogLevel is debug, info, warn or error.
	LogLevel string `toml:"log_level"`
	// TrustedProxies are addresses or networks (CIDR) whose X-Forwarded-For is
	// believed; empty: nobody's, and every request comes from its connection's peer.
	TrustedProxies []string `toml:"trusted_proxies"`
	// PublicURL is where people reach the server, for links; empty: none are made.
	PublicURL string `toml:"public_url"`
	// Organisation is who runs the server, for the pages of people who are not signed in;
	// empty: Sealpost. At most MaxOrganisation characters on one line.
	Organisation string `toml:"organisation"`
}

// Default is the configuration of a server that was told nothing.
func Default() Config {
	return Config{Data: "sealpost-data", Listen: "127.0.0.1:8080", Ops: "127.0.0.1:8081", LogLevel: "info"}
}

// MaxOrganisation bounds the name of the organisation, in characters.
const MaxOrganisation = 80

// FileName is looked for in the data directory.
const FileName = "sealpost.toml"

// Load reads the file, if there is one, over the defaults. Unknown keys are errors.
func Load(path string) (Config, error) {
	c := Default()
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	decoder := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		var strict *toml.StrictMissingError
		if errors.As(err, &strict) {
			return c, fmt.Errorf("%s: there is no such setting:\n%s", path, strict.String())
		}
		return c, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// Validate names the first setting that cannot be.
func (c Config) Validate() error {
	if c.Data == "" {
		return errors.New("data: a directory is needed")
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return errors.New("listen: must be HOST:PORT")
	}
	if c.Ops != "off" {
		if _, _, err := net.SplitHostPort(c.Ops); err != nil {
			return errors.New("ops: must be HOST:PORT or off")
		}
	}
	if c.Database != "" && !strings.HasPrefix(c.Database, "postgres://") && !strings.HasPrefix(c.Database, "postgresql://") {
		return errors.New("database: must be a postgres:// address, or empty for SQLite in the data directory")
	}
	if _, err := c.Proxies(); err != nil {
		return err
	}
	if u, err := url.Parse(c.PublicURL); c.PublicURL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" || u.User != nil) {
		return errors.New("public_url: must look like https://post.example.org")
	}
	if utf8.RuneCountInString(c.Organisation) > MaxOrganisation || strings.ContainsFunc(c.Organisation, unicode.IsControl) {
		return fmt.Errorf("organisation: must be one line of at most %d characters", MaxOrganisation)
	}
	switch c.LogLevel {
	case "debug", "info", "warn", "error":
		return nil
	}
	return errors.New("log_level: must be debug, info, warn or error")
}

// Proxies are the trusted proxies as networks; a single address is a network of one.
func (c Config) Proxies() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range c.TrustedProxies {
		text = strings.TrimSpace(text)
		network, err := netip.ParsePrefix(text)
		if err != nil {
			one, err := netip.ParseAddr(text)
			if err != nil || one.Zone() != "" {
				return nil, errors.New("trusted_proxies: must be addresses or networks such as 10.0.0.0/8")
			}
			network = netip.PrefixFrom(one, one.BitLen())
		}
		if network.Addr().Is4In6() {
			return nil, errors.New("trusted_proxies: write IPv4 networks as IPv4")
		}
		out = append(out, network.Masked())
	}
	return out, nil
}

// DatabaseAddress is where the database is: the address, or the SQLite file.
func (c Config) DatabaseAddress() string {
	if c.Database != "" {
		return c.Database
	}
	return filepath.Join(c.Data, "sealpost.db")
}

// KeyDir is where the keys are.
func (c Config) KeyDir() string {
	if c.Keys != "" {
		return c.Keys
	}
	return filepath.Join(c.Data, "keys")
}
