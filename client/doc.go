// Package client talks to a Sealpost server over its HTTP API.
//
// Every change carries an Idempotency-Key, and is repeated under the same key when
// the connection fails or the server answers that it is unavailable; so a lost
// answer never becomes a doubled message or a false report (R11). An error says
// whether the outcome is unknown; repeat the call WithKey(err.Key) to learn it.
//
// A Client is safe for concurrent use. It keeps no content and logs nothing.
package client
