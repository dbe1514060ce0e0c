package storetest

import "testing"

func sameAsTheModel(*testing.T, *world) {}
