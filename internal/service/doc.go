// Package service is the use cases: load, decide, commit. It owns the ports that
// the adapters implement, and it is the only place where the domain, the policy
// and sealing meet.
//
// Everything that decides runs inside Decider.Decide: lock the conversation, read
// a snapshot, apply a pure function, write what it returns, in one transaction.
package service
