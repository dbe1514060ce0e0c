package client

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// basePath is where the API begins on its host.
const basePath = "/api/v1"

// Client is one caller of one server.
type Client struct {
	*shared
	token         string
	authorization []string // as a header value, made once
}

// shared is what clients of one server with different tokens have in common.
type shared struct {
	base    url.URL // its path ends in basePath
	http    *http.Client
	timeout time.Duration
	retry   Retry
	agent   []string
	buffers sync.Pool // of *bytes.Buffer, for answers
}

// Retry bounds how often a call is repeated, and how long it waits in between.
type Retry struct {
	Attempts int           // in all, the first one included; 1: never repeat
	First    time.Duration // the wait before the first repetition; it doubles
	Max      time.Duration // the longest wait; a server that asks for more is not waited for
}

// DefaultRetry gives up after about five seconds of waiting.
func DefaultRetry() Retry {
	return Retry{Attempts: 6, First: 100 * time.Millisecond, Max: 2 * time.Second}
}

// Option changes how a Client works.
type Option func(*settings)

type settings struct {
	token   string
	http    *http.Client
	idle    int
	timeout time.Duration
	retry   Retry
	agent   string
}

// WithToken signs every call with a session's or an API token.
func WithToken(token string) Option { return func(s *settings) { s.token = token } }

// WithHTTPClient uses another HTTP client. It should not follow redirects, for they
// would carry the token on, and must have no Timeout if Events is used.
func WithHTTPClient(h *http.Client) Option { return func(s *settings) { s.http = h } }

// WithIdleConnections keeps up to n connections for reuse; the default is 64. It
// has no effect together with WithHTTPClient.
func WithIdleConnections(n int) Option { return func(s *settings) { s.idle = n } }

// WithTimeout bounds one attempt of a call; the default is 30 seconds. Events is
// not bounded by it.
func WithTimeout(d time.Duration) Option { return func(s *settings) { s.timeout = d } }

// WithRetry replaces DefaultRetry.
func WithRetry(r Retry) Option { return func(s *settings) { s.retry = r } }

// WithAgent names the calling program in the User-Agent header, where the owner of
// a session sees it.
func WithAgent(name string) Option { return func(s *settings) { s.agent = name } }

var errBase = errors.New("client: the address must look like https://host, without user, query or fragment")

// New makes a client for the server at base, such as https://post.example.org. A
// path in it is kept in front of the API's own.
func New(base string, options ...Option) (*Client, error) {
	u, err := url.Parse(strings.TrimRight(base, "/"))
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errBase // without the address: it may hold a password
	}
	s := settings{idle: 64, timeout: 30 * time.Second, retry: DefaultRetry(), agent: "sealpost-client"}
	for _, o := range options {
		o(&s)
	}
	if s.http == nil {
		s.http = newHTTPClient(s.idle)
	}
	s.retry.Attempts = max(s.retry.Attempts, 1)
	c := &Client{shared: &shared{
		base: url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path + basePath},
		http: s.http, timeout: s.timeout, retry: s.retry, agent: []string{s.agent},
	}}
	c.buffers.New = func() any { return new(bytes.Buffer) }
	return c.As(s.token), nil
}

// As gives a client for the same server with another token, over the same
// connections. An empty token is nobody.
func (c *Client) As(token string) *Client {
	other := &Client{shared: c.shared, token: token}
	if token != "" {
		other.authorization = []string{"Bearer " + token}
	}
	return other
}

// Token is the token that the client was made with.
func (c *Client) Token() string { return c.token }

// Close closes idle connections. Other clients made from this one share them.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func newHTTPClient(idle int) *http.Client {
	dialer := net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            dialer.DialContext,
			TLSHandshakeTimeout:    5 * time.Second,
			ResponseHeaderTimeout:  30 * time.Second,
			ExpectContinueTimeout:  time.Second,
			IdleConnTimeout:        90 * time.Second,
			MaxIdleConns:           idle,
			MaxIdleConnsPerHost:    idle,
			MaxResponseHeaderBytes: 64 << 10,
			DisableCompression:     true, // no lengths of compressed content on the wire, and less work
			ForceAttemptHTTP2:      true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
