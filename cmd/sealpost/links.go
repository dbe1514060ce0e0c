package main

import (
	"crypto/rand"
	"sync"
)

// signInLinks are the links of the demo: who has one is signed in with it, once.
type signInLinks struct {
	mu       sync.Mutex
	bySecret map[string]signInLink // guarded by mu
}

type signInLink struct{ name, token string }

// add gives the secret of a new link.
func (l *signInLinks) add(name, token string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bySecret == nil {
		l.bySecret = map[string]signInLink{}
	}
	secret := rand.Text()
	l.bySecret[secret] = signInLink{name, token}
	return secret
}

// Peek names whom a link signs in, without using it up.
func (l *signInLinks) Peek(secret string) (string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one, ok := l.bySecret[secret]
	return one.name, ok
}

// Take uses a link up.
func (l *signInLinks) Take(secret string) (string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one, ok := l.bySecret[secret]
	delete(l.bySecret, secret)
	return one.token, ok
}
