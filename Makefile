# `make` alone prints what there is. Every target works on a fresh machine with
# Go and make; what else one needs, it says.

MODULE   := github.com/sealpost/sealpost
GO       ?= go
BIN      := bin/sealpost
TIME     ?= 1m
SEED     ?=
TAGS     := -tags sealtest
TIMEOUT  := -timeout 20m

# bash for pipefail: a campaign that is piped must still fail.
SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

# Behind a verbose go test: shows everything and fails when nothing ran.
RAN = | awk '{ print } /^--- (PASS|FAIL)/ { n++ } END { if (!n) { print "$@: no test ran"; exit 1 } }'

# The race detector needs cgo and a C compiler; tests run without it where
# there is none, and say so.
CC_FOUND := $(shell command -v $(firstword $(shell $(GO) env CC)) 2>/dev/null)
ifneq ($(CC_FOUND),)
RACE     := CGO_ENABLED=1
RACEFLAG := -race
else
RACE     := CGO_ENABLED=0
RACEFLAG :=
endif

# golangci-lint is built once, outside the checkout and outside go.mod: its
# hundreds of modules are not ours.
LINT_VERSION := v2.15.0
CACHE        := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)
LINT_DIR     := $(CACHE)/sealpost-tools/golangci-lint-$(LINT_VERSION)
LINT         := $(LINT_DIR)/golangci-lint

.DEFAULT_GOAL := help

.PHONY: help
help: ## print this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo "  TIME=5m sets how long fuzz and sim run (default $(TIME)); SEED=n repeats one simulation."

.PHONY: run
run: build ## start a server with demo data and print its address
	$(BIN) demo

.PHONY: build
build: ## build the binary into bin/
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN) ./cmd/sealpost

.PHONY: generate
generate: ## make the code of the pages' markup, their script, style sheet and icons from the sources
	cd internal/webui && $(GO) run ./build/generate

.PHONY: test
test: ## vet and test everything, with the race detector where there is a C compiler (minutes)
ifeq ($(RACEFLAG),)
	@echo "make test: no C compiler found, so the race detector stays off (apt-get install gcc)"
endif
	$(GO) vet ./...
	$(GO) vet $(TAGS) ./...
	$(RACE) $(GO) test $(RACEFLAG) -shuffle=on $(TAGS) $(TIMEOUT) $$($(GO) list ./... | grep -v /internal/browser)
	$(GO) test $(TAGS) $(TIMEOUT) ./internal/browser

.PHONY: test-long
test-long: ## the same tests with more rounds: property tests, races, crash points
	$(RACE) SEALPOST_LONG=1 $(GO) test $(RACEFLAG) -shuffle=on $(TAGS) -timeout 60m -count=1 ./...
	@packages=$$($(GO) list $(TAGS) -f '{{range .TestImports}}{{if eq . "pgregory.net/rapid"}}{{$$.ImportPath}} {{end}}{{end}}{{range .XTestImports}}{{if eq . "pgregory.net/rapid"}}{{$$.ImportPath}} {{end}}{{end}}' ./... | xargs -n1 | sort -u); \
	if [ -n "$$packages" ]; then $(RACE) $(GO) test $(RACEFLAG) $(TAGS) -timeout 60m -count=1 $$packages -rapid.checks=5000; fi

.PHONY: lint
lint: $(LINT) ## golangci-lint, built on first use (about two minutes, cached)
	$(LINT) run --build-tags sealtest ./...
	$(LINT) fmt --diff

$(LINT):
	@echo "make lint: building golangci-lint $(LINT_VERSION) into $(LINT_DIR), once"
	@mkdir -p $(LINT_DIR)
	GOFLAGS= GOBIN=$(LINT_DIR) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)

.PHONY: fuzz
fuzz: ## fuzz every decoder, TIME each
	@set -e; for package in $$($(GO) list $(TAGS) ./...); do \
		dir=.$${package#$(MODULE)}; \
		names=$$(cat "$$dir"/*_test.go 2>/dev/null | sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' | sort -u || true); \
		for name in $$names; do \
			echo "== $$package $$name"; \
			$(GO) test $(TAGS) -run '^$$' -fuzz "^$$name$$" -fuzztime $(TIME) $$package; \
		done; \
	done

.PHONY: sim
sim: ## simulate the whole service under faults for TIME, print counts and seeds
	SEALPOST_SIM_TIME=$(TIME) SEALPOST_SIM_SEED=$(SEED) $(GO) test $(TAGS) -count=1 -v -timeout 0 -run Sim ./internal/sim $(RAN)

.PHONY: bench
bench: build ## Go benchmarks of the inner parts, then load over HTTP on SQLite and on PostgreSQL (minutes)
	$(GO) test $(TAGS) -run '^$$' -bench . -benchmem ./...
	$(BIN) bench --history 100000
	$(BIN) bench --history 100000 --postgres

.PHONY: mutants
mutants: ## apply one small patch a rule and print which test fails
	SEALPOST_MUTANTS=1 $(GO) test $(TAGS) -count=1 -v -timeout 0 -run '^TestMutants' ./internal/... $(RAN)

.PHONY: e2e
e2e: ## end to end: scripts against the real binary, and the pages in Chromium
	$(GO) test $(TAGS) -count=1 -v $(TIMEOUT) ./cmd/sealpost ./internal/browser $(RAN)

.PHONY: pictures
pictures: ## take the pictures of the README in Chromium
	SEALPOST_README_PICTURES=$(CURDIR)/docs/pictures $(GO) test $(TAGS) -count=1 -run '^TestPictures$$' ./internal/browser

.PHONY: pages
pages: ## take a picture of every page, theme, width and direction into bin/pages, to be looked at
	SEALPOST_PAGE_PICTURES=$(CURDIR)/bin/pages $(GO) test $(TAGS) -count=1 -run '^TestAccessibility$$' ./internal/browser

.PHONY: crash
crash: ## kill -9 at every named crash point, on each engine
	SEALPOST_LONG=1 $(GO) test $(TAGS) -count=1 -v -timeout 30m -run Crash ./cmd/sealpost ./internal/... $(RAN)

.PHONY: cover
cover: ## test coverage of all packages by all tests, as cover.html
	$(GO) test $(TAGS) $(TIMEOUT) -coverpkg=./... -coverprofile=cover.out ./...
	$(GO) tool cover -func=cover.out | tail -1
	$(GO) tool cover -html=cover.out -o cover.html

.PHONY: doc
doc: ## print the documentation of every package
	@for package in $$($(GO) list ./...); do echo "== $$package"; $(GO) doc $$package; echo; done
