package sqlstore

import (
	"errors"
	"testing"
)

// A database is opened with the keys that it was made with, and no others.
func TestBind(t *testing.T) {
	t.Parallel()
	for name, s := range engines(t) {
		for range 2 {
			if err := s.Bind(t.Context(), [16]byte{1}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := s.Bind(t.Context(), [16]byte{2}); !errors.Is(err, ErrOtherInstallation) {
			t.Errorf("%s: another installation: %v", name, err)
		}
	}
}
