//go:build !sealtest

package failpoint

// Enabled says whether this build has working failpoints.
const Enabled = false

// Hit does nothing in builds without the tag sealtest.
func Hit(Point) {}
