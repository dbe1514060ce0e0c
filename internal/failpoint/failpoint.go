// Package failpoint names the places where a crash is worth testing.
//
// Production builds compile every Hit to nothing. Builds with the tag
// sealtest kill their own process at the point that the environment names, as
// kill -9 would: no deferred function runs and no buffer is flushed. It is a
// leaf: it imports nothing of this module.
package failpoint

import (
	_ "embed"
	"regexp"
)

// Point names a place in the code. Only the constants of this package are
// points.
type Point string

// source is points.go itself, so that registering a point takes one line.
//
//go:embed points.go
var source string

var declaration = regexp.MustCompile(`(?m)^\t\w+ +Point = "([^"]+)"`)

// All returns every registered point in the order of the registry. It is for
// tests, which run each point on each engine.
func All() []Point {
	var points []Point
	for _, match := range declaration.FindAllStringSubmatch(source, -1) {
		points = append(points, Point(match[1]))
	}
	return points
}
