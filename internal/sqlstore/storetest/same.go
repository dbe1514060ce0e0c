package storetest

import (
	"reflect"
	"slices"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// plain gives a message the one form in which two stores are compared: no empty
// slices that could be nil, and deliveries in order.
func plain(m sealpost.Message) sealpost.Message {
	m.Content = plainSealed(m.Content)
	m.Deliveries = slices.Clone(m.Deliveries)
	slices.SortFunc(m.Deliveries, func(a, b sealpost.Delivery) int { return a.UserID.Compare(b.UserID) })
	if len(m.Deliveries) == 0 {
		m.Deliveries = nil
	}
	return m
}

func plainSealed(c sealpost.Sealed) sealpost.Sealed {
	if len(c.Body) == 0 {
		c.Body = nil
	}
	if len(c.Wrapped) == 0 {
		c.Wrapped = nil
	}
	return c
}

func plainAll(messages []sealpost.Message) []sealpost.Message {
	var out []sealpost.Message
	for _, m := range messages {
		out = append(out, plain(m))
	}
	return out
}

// plainThread leaves out what no view shows: the counters (R34), and settings of
// others, which only decisions read.
func plainThread(t service.Thread) service.Thread {
	t.Conversation.Seq, t.Conversation.Rev = 0, 0
	t.Self.Receipts = false
	t.Members = slices.Clone(t.Members)
	for i := range t.Members {
		t.Members[i].Receipts = false
	}
	return t
}

// same fails unless both are equal, field by field.
func same[T any](w *world, what string, got, want T) {
	w.t.Helper()
	switch g := any(got).(type) {
	case sealpost.Message:
		got, want = any(plain(g)).(T), any(plain(any(want).(sealpost.Message))).(T)
	case []sealpost.Message:
		got, want = any(plainAll(g)).(T), any(plainAll(any(want).([]sealpost.Message))).(T)
	case service.Thread:
		got, want = any(plainThread(g)).(T), any(plainThread(any(want).(service.Thread))).(T)
	}
	if !reflect.DeepEqual(got, want) {
		w.t.Fatalf("%s differs\n got  %+v\n want %+v", what, got, want)
	}
}

// sameOrder fails unless both hold the same ids in the same order.
func sameOrder[T comparable](w *world, what string, got, want []T) {
	w.t.Helper()
	if !slices.Equal(got, want) {
		w.t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
