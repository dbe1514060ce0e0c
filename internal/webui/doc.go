// Package webui is the pages: sign-in, network, messages, settings and
// administration, as HTML that works without script and is better with it. It calls
// the use cases and nothing below them, and shows only what the API would tell the
// same person: both go through the views of internal/service.
//
// A page is a handler in one file and its markup in the .templ file of the same
// name. Nothing is opened, sent or recalled by a GET (R4).
package webui

//go:generate go run ./build/generate
