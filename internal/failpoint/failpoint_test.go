package failpoint

import (
	"slices"
	"strings"
	"testing"
)

func TestAllReadsEveryLineOfTheRegistry(t *testing.T) {
	t.Parallel()
	points := All()
	if want := strings.Count(source, `Point = "`); len(points) != want || want == 0 {
		t.Fatalf("All found %d points, points.go declares %d", len(points), want)
	}
	for _, known := range []Point{DecideWritten, EpochKeyDestroyed, FanoutPublish} {
		if !slices.Contains(points, known) {
			t.Errorf("%q is missing", known)
		}
	}
	sorted := slices.Clone(points)
	slices.Sort(sorted)
	if unique := slices.Compact(sorted); len(unique) != len(points) {
		t.Errorf("%d points, but only %d names", len(points), len(unique))
	}
}
