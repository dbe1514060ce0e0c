package httpapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/served"
)

func TestTheTableOfStatusesIsComplete(t *testing.T) {
	t.Parallel()
	for _, c := range sealpost.Codes() {
		if s := statuses[c]; s < 400 || s > 599 || http.StatusText(s) == "" {
			t.Errorf("%s has the status %d", c, s)
		}
	}
	if len(statuses) != len(sealpost.Codes()) {
		t.Errorf("%d statuses for %d codes", len(statuses), len(sealpost.Codes()))
	}
}

func TestInternalErrorsShowOnlyAReference(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := &Server{log: slog.New(slog.NewTextHandler(&log, nil))}
	for _, err := range []error{
		errors.New("the disk is on fire"),
		fmt.Errorf("while reading: %w", &sealpost.Error{Code: sealpost.CodeInternal, Detail: "the disk is on fire"}),
		&sealpost.Error{Code: "no such code", Detail: "the disk is on fire"},
	} {
		log.Reset()
		w := httptest.NewRecorder()
		s.problem(t.Context(), err).write(w)
		body := w.Body.String()
		p := s.problem(t.Context(), err)
		if w.Code != 500 || strings.Contains(body, "fire") || len(p.Reference) != 16 || !strings.Contains(log.String(), p.Reference) || !strings.Contains(log.String(), "fire") {
			t.Errorf("%d %s; log %s", w.Code, body, log.String())
		}
	}
}

func TestAnInterruptedRequestIsUnavailable(t *testing.T) {
	t.Parallel()
	s := &Server{log: slog.New(slog.DiscardHandler)}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if p := s.problem(ctx, ctx.Err()); p.Code != string(sealpost.CodeUnavailable) || p.Reference != "" {
		t.Errorf("%+v", p)
	}
}

func TestRetryAtIsAHeaderToo(t *testing.T) {
	t.Parallel()
	at := sealpost.InstantOf(time.Date(2026, 11, 23, 20, 0, 0, 1000, time.UTC))
	p := fromError(&sealpost.Error{Code: sealpost.CodeDailyLimit, RetryAt: at, Also: []sealpost.Code{sealpost.CodeThrottled}})
	w := httptest.NewRecorder()
	p.write(w)
	if got := w.Header().Get("Retry-After"); got != "Mon, 23 Nov 2026 20:00:01 GMT" {
		t.Errorf("Retry-After %q: it must not be before retry_at", got)
	}
	if body := w.Body.String(); w.Code != 429 || !strings.Contains(body, `"retry_at":"2026-11-23T20:00:00.000001Z"`) || !strings.Contains(body, `"also":["throttled"]`) {
		t.Errorf("%d %s", w.Code, body)
	}
}

// What huma would answer holds the rejected value; what is answered does not.
func TestHumaErrorsLoseTheirValues(t *testing.T) {
	t.Parallel()
	for status, code := range map[int]string{422: "invalid", 400: "malformed", 413: "too_large", 415: "unsupported_media", 406: "internal"} {
		v, err := replaceErrors(nil, "", &huma.ErrorModel{Status: status, Detail: "canary", Errors: []*huma.ErrorDetail{
			{Location: "query.limit", Message: "canary", Value: "canary"},
		}})
		p, ok := v.(*problem)
		if err != nil || !ok || p.Status != status || p.Code != code || p.Field != "limit" {
			t.Errorf("%d: %+v, %v", status, v, err)
		}
		if ok && strings.Contains(fmt.Sprintf("%+v", p.Problem), "canary") {
			t.Errorf("%d: %+v repeats the value", status, p.Problem)
		}
	}
}

// A panic is answered like any internal fault, and what was thrown is not logged:
// it may be content.
func TestPanics(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := &Server{log: slog.New(slog.NewTextHandler(&log, nil))}
	w := httptest.NewRecorder()
	a := &served.Answer{ResponseWriter: w}
	s.recovered(a, httptest.NewRequest("GET", "/", nil), a.Panicked("canary words"))
	if w.Code != 500 || strings.Contains(w.Body.String()+log.String(), "canary") || !strings.Contains(log.String(), "panic with a string") {
		t.Errorf("%d %s; log %s", w.Code, w.Body, log.String())
	}
}

// What was begun is broken off, not completed with something else.
func TestAPanicAfterTheBeginningAborts(t *testing.T) {
	t.Parallel()
	s := &Server{log: slog.New(slog.DiscardHandler)}
	a := &served.Answer{ResponseWriter: httptest.NewRecorder()}
	a.WriteHeader(200)
	defer func() {
		fault, ok := recover().(error)
		if !ok || !errors.Is(fault, http.ErrAbortHandler) {
			t.Errorf("%v", fault)
		}
	}()
	s.recovered(a, httptest.NewRequest("GET", "/", nil), a.Panicked("words"))
	t.Error("it goes on")
}
