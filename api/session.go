package api

// SessionCookie is the name of the cookie that holds the token of a browser's
// session. The prefix makes browsers take it only over TLS, or on the same machine,
// for this host and every path.
const SessionCookie = "__Host-sealpost"
