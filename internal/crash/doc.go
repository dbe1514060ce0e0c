// Package crash is tests only: it kills the real server, and the database under
// it, at every registered failpoint and at random, starts it again, and checks
// that what was acknowledged is there once, that no verdict changed, and that
// every request without an answer learns the truth by its retry (R11, I6 to I8).
//
// The results of a run are in docs/crash.md.
package crash
