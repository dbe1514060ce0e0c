//go:build !race

package httpapi_test

// manyMessages is how many a large export has.
const manyMessages = 10_000
