// Package mutants shows that the tests can fail: one small, wrong patch a rule, and
// the test that rejects it. `make mutants` applies each by an overlay, without
// touching the tree, and writes docs/mutants.md.
package mutants
