//go:build sealtest

package storetest_test

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/pgtest"
	"github.com/sealpost/sealpost/internal/service"
	"github.com/sealpost/sealpost/internal/sqlstore"
	"github.com/sealpost/sealpost/internal/sqlstore/storetest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// onSQL is a harness around a store on a database.
func onSQL(t *testing.T, database string) storetest.Harness {
	t.Helper()
	var store *sqlstore.Store
	var offset atomic.Int64
	open := func() {
		s, err := sqlstore.Open(t.Context(), sqlstore.Config{Database: database})
		if err != nil {
			t.Fatal(err)
		}
		store = s
		store.SetClockOffset(time.Duration(offset.Load()))
	}
	open()
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return storetest.Harness{
		Store: store,
		Clock: func(by time.Duration) { store.SetClockOffset(time.Duration(offset.Add(int64(by)))) },
		Reopen: func() service.Store {
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
			open()
			return store
		},
	}
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Harness {
		h := onSQL(t, filepath.Join(t.TempDir(), "sealpost.db"))
		h.Checks = 30
		return h
	})
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t)
	storetest.Run(t, func(t *testing.T) storetest.Harness {
		h := onSQL(t, cluster.NewDatabase(t))
		h.Checks = 10
		return h
	})
}
