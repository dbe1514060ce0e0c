//go:build race

package httpapi_test

// manyMessages is how many a large export has: the race detector makes SQLite slow.
const manyMessages = 2_000
