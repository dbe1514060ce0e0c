// Package sealpost is the domain: who takes part, what a message is, and how one
// message changes state for one recipient.
//
// It is pure. Every function takes values and returns values; the time, ids and
// randomness arrive as arguments. It imports the standard library only and does
// no I/O. The rules it implements are cited by number (R8); docs/recall.md lists
// them.
package sealpost
