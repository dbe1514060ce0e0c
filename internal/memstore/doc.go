// Package memstore is the store as a model: everything in memory, under one mutex,
// and everything that can be derived is derived from the messages when it is asked
// for. Unread counts, last activity, the daily limit and the throttle are counted
// anew each time, by the domain's own functions.
//
// It is what the real stores are compared with, and what the simulators run on. It
// is written to be obviously right, and its reads take time in proportion to what
// is stored.
package memstore
