package httpapi_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealpost/sealpost/internal/bus"
	"github.com/sealpost/sealpost/internal/httpapi"
	"github.com/sealpost/sealpost/internal/keystore"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
	"github.com/sealpost/sealpost/internal/sqlstore"
)

// BenchmarkStore is what a send and a page of the inbox cost on a real database, SQLite
// unless SEALPOST_BENCH_DATABASE names another: without a network, and for the inbox
// 50 lines out of 1,000 conversations.
func BenchmarkStore(b *testing.B) {
	database := os.Getenv("SEALPOST_BENCH_DATABASE")
	if database == "" {
		database = filepath.Join(b.TempDir(), "sealpost.db")
	}
	handler, token, conversations := benchHouse(b, database)
	body := []byte(`{"body":"` + benchText + `"}`)
	b.Run("send", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			serveOnce(b, handler, "POST", "/api/v1/conversations/"+conversations[i%len(conversations)].String()+"/messages", token, body, 201)
		}
	})
	b.Run("inbox", func(b *testing.B) {
		for b.Loop() {
			serveOnce(b, handler, "GET", "/api/v1/conversations?limit=50", token, nil, 200)
		}
	})
}

// benchHouse is a server on a database, with somebody who has 1,000 conversations and
// wrote in each.
func benchHouse(b *testing.B, database string) (http.Handler, string, []sealpost.ConversationID) {
	b.Helper()
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	store, err := sqlstore.Open(b.Context(), sqlstore.Config{Database: database})
	must(err)
	b.Cleanup(func() { _ = store.Close() })
	keys, err := keystore.Open(filepath.Join(b.TempDir(), "keys"), rand.Reader)
	must(err)
	b.Cleanup(func() { _ = keys.Close() })
	s, err := service.New(service.Config{Store: store, Keys: keys, Bus: bus.New(), Passwords: plainPasswords{}})
	must(err)
	must(s.KeepEpochs(b.Context()))
	server, err := httpapi.New(httpapi.Config{Service: s})
	must(err)
	b.Cleanup(func() { _ = server.Close(context.Background()) })
	person := func(name string) service.Principal {
		u, err := s.AddUser(b.Context(), "", service.NewUser{Email: strings.ToLower(name) + "@example.org", Name: name, Password: "a password"})
		must(err)
		return service.Principal{User: u}
	}
	ada := person("Ada")
	var conversations []sealpost.ConversationID
	for n := range 1000 {
		other := person(fmt.Sprintf("Person%d", n))
		t, _, err := s.CreateConversation(b.Context(), ada, "", []sealpost.UserID{other.User.ID}, "")
		must(err)
		conversations = append(conversations, t.Conversation.ID)
		_, err = s.Send(b.Context(), ada, "", service.Sending{Conversation: t.Conversation.ID, Body: benchText, Kind: sealpost.KindMessage})
		must(err)
	}
	token, err := s.TokenFor(b.Context(), ada.User.Email, "bench")
	must(err)
	return server.Handler(), token, conversations
}
