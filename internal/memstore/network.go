package memstore

import "github.com/sealpost/sealpost/internal/sealpost"

func (a *amendment) AddConnection(one, other sealpost.UserID) error {
	for _, p := range []pair{{one, other}, {other, one}} {
		if _, known := a.store.connections[p]; !known {
			put(a, a.store.connections, p, &a.now)
		}
	}
	return nil
}

func (a *amendment) DropConnection(one, other sealpost.UserID) error {
	if _, known := a.store.connections[pair{one, other}]; !known {
		return sealpost.NotFound()
	}
	put(a, a.store.connections, pair{one, other}, nil)
	put(a, a.store.connections, pair{other, one}, nil)
	return nil
}

func (a *amendment) AddBlock(user, other sealpost.UserID) error {
	if _, known := a.store.blocks[pair{user, other}]; !known {
		put(a, a.store.blocks, pair{user, other}, &a.now)
	}
	return nil
}

func (a *amendment) DropBlock(user, other sealpost.UserID) error {
	if _, known := a.store.blocks[pair{user, other}]; !known {
		return sealpost.NotFound()
	}
	put(a, a.store.blocks, pair{user, other}, nil)
	return nil
}
