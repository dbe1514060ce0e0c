package service

import (
	"sync"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
)

const (
	sessionShards  = 16
	sessionEntries = 50_000                 // of all shards together
	sessionTurn    = 900 * time.Millisecond // an entry lives one to two turns
)

// sessionCache keeps what Authenticate found, for at most two turns, which is less
// than two seconds: so long another process's revocation, or change of a user, may
// take to be noticed here. This process's own are noticed at once.
//
// Entries age by generation and not by the clock: new ones go to the young map,
// each turn the young becomes the old and the old is dropped. So a lookup reads no
// clock, and an idle cache holds nothing and has no timer.
type sessionCache struct {
	shards [sessionShards]sessionShard
}

type sessionShard struct {
	mu         sync.RWMutex
	young, old map[[32]byte]Principal // by the hash of the secret; guarded by mu
	epoch      uint64                 // counts forgettings; guarded by mu
	turning    bool                   // a turn is due; guarded by mu
}

func (c *sessionCache) shard(hash [32]byte) *sessionShard { return &c.shards[hash[0]%sessionShards] }

// find gives the principal, or the epoch that a later keep must name.
func (c *sessionCache) find(hash [32]byte) (p Principal, epoch uint64, ok bool) {
	s := c.shard(hash)
	s.mu.RLock()
	defer s.mu.RUnlock()
	if p, ok = s.young[hash]; !ok {
		p, ok = s.old[hash]
	}
	return p, s.epoch, ok
}

// keep adds what was read from the database since epoch was given. It does nothing
// if something was forgotten in between: what was read may be what was forgotten.
func (c *sessionCache) keep(hash [32]byte, p Principal, epoch uint64) {
	s := c.shard(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.epoch != epoch {
		return
	}
	if len(s.young) >= sessionEntries/sessionShards/2 {
		s.old, s.young = s.young, nil
	}
	if s.young == nil {
		s.young = map[[32]byte]Principal{}
	}
	s.young[hash] = p
	if !s.turning {
		s.turning = true
		time.AfterFunc(sessionTurn, s.turn)
	}
}

func (s *sessionShard) turn() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.old, s.young = s.young, nil
	if s.turning = s.old != nil; s.turning {
		time.AfterFunc(sessionTurn, s.turn)
	}
}

// forget drops everything about a user, and what is being read about anybody.
func (c *sessionCache) forget(user sealpost.UserID) {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		s.epoch++
		for _, m := range []map[[32]byte]Principal{s.young, s.old} {
			for hash, p := range m {
				if p.User.ID == user {
					delete(m, hash)
				}
			}
		}
		s.mu.Unlock()
	}
}
