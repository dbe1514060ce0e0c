// Package sqlstore keeps Sealpost's data in SQLite or PostgreSQL. It is the only
// package with SQL: one set of registered queries for both engines.
//
// Decisions are gathered: while one transaction commits, those that arrive wait;
// the next transaction takes all of them (gather.go). Two engines implement one
// small interface (engine.go); everything above it is shared.
package sqlstore
