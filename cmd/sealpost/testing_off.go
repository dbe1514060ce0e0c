//go:build !sealtest

package main

import "github.com/sealpost/sealpost/internal/sqlstore"

// moveClock does nothing outside test builds: the decision clock is the database's
// (R12).
func moveClock(*sqlstore.Store) error { return nil }
