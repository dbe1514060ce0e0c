// Package api is the wire: the types of the HTTP API and of the live events, with
// the names that the contract fixes. It holds no rules and imports nothing of the
// program, so that clients can use it alone.
//
// The struct tags besides json describe the fields for the OpenAPI document: doc
// is the description, format, minimum, maxLength and so on are what the server
// checks. An id is a UUID in its canonical lower-case form.
//
// A pointer without omitempty is null where there is no value.
package api
