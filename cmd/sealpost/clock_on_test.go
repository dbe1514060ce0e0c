//go:build sealtest

package main

// clockMoves says that this build can move the decision clock.
const clockMoves = true
