// Package sim is test support: it decides whether what clients were told can be
// true. It holds a model of one message (open, recall, look), a recorder of what
// concurrent clients asked and were answered, and the checker that compares the
// two. Its tests run the real service on every store, race opens against recalls,
// and simulate the whole service under faults.
//
// A checker is worth something only if it rejects what is wrong: the tests keep a
// store that checks and then acts, a client that calls an unknown outcome a
// success, and a reader that answers too late, and each must be rejected.
package sim
