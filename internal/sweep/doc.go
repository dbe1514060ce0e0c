// Package sweep looks for text that somebody should not have. It is test support:
// canaries are message bodies full of random tokens, a scanner finds any part of a
// token in bytes, however it was encoded on its way, and the tests of this package
// take the whole server apart and scan every surface of it.
//
// The rule that the sweep holds: nothing is derived from content before the message
// is settled, and no content byte reaches anybody but in the answer of a committed
// open (R2, R3). So most checks are for an absence that holds by construction, and
// a check for an absence proves nothing unless it finds what is planted: every
// encoding and every surface has a planted leak beside it.
package sweep
