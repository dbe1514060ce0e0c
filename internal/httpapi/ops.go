package httpapi

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// readyLimit is how long a readiness check may take.
const readyLimit = 3 * time.Second

// Ops serves what operators and their tools ask, on a listener of its own:
// /healthz (the process answers), /readyz (so do the database and the key store)
// and /metrics. Nothing in it names a person or holds content.
func (s *Server) Ops() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { plainAnswer(w, http.StatusOK, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyLimit)
		defer cancel()
		if err := s.service.Ready(ctx); err != nil {
			s.log.WarnContext(ctx, "not ready", "error", err)
			plainAnswer(w, http.StatusServiceUnavailable, "not ready\n")
			return
		}
		plainAnswer(w, http.StatusOK, "ready\n")
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}))
	return mux
}

func plainAnswer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // who asked may be gone
}

// metrics counts requests by route pattern and status.
type metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMetrics(registry *prometheus.Registry, live *hub) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sealpost_http_requests_total", Help: "Requests of the API by route and status.",
		}, []string{"route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "sealpost_http_request_seconds", Help: "Time to answer requests of the API by route, live events left out.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"route"}),
	}
	connections := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "sealpost_live_connections", Help: "Live event connections of this process.",
	}, func() float64 { return float64(live.count.Load()) })
	for _, c := range []prometheus.Collector{m.requests, m.seconds, connections} {
		if err := registry.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// Observe counts a request, of the API or served beside it.
func (s *Server) Observe(route string, status int, took time.Duration) {
	m := s.metrics
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	if route != eventsRoute {
		m.seconds.WithLabelValues(route).Observe(took.Seconds())
	}
}
