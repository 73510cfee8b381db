# Everything a user or a developer types. Each target installs what it needs first (tools/setup; nothing when all is there).
#
#   make demo      the first minute        make test      what CI runs
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

PREFIX ?= /usr/local
DESTDIR ?=
# make fuzz: seconds for each target. make soak: minutes in all.
SECONDS_EACH ?= 30
MINUTES ?= 60

export CCACHE_NOHASHDIR := 1
VERSION := $(shell awk '/^project.hearth VERSION/ { print $$3 }' CMakeLists.txt)
DIST := build/dist/hearth-$(VERSION)-linux-$(shell uname -m)

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

.PHONY: build
build: ## the program: build/bin/hearth
	@tools/setup build
	@cmake --preset release >build/configure.log || { cat build/configure.log; exit 1; }
	@ninja -C build hearth

.PHONY: demo
demo: build ## starts Hearth, reads an object twice (miss, then hit), stops
	@tools/demo

.PHONY: test
test: ## every test that CI runs (tools/test names the parts and their time budgets)
	@tools/test

.PHONY: test-full
test-full: ## lint everything, all tests under every sanitizer, more seeds, short fuzzing
	@$(MAKE) --no-print-directory lint ALL=1
	@tools/test --full
	@$(MAKE) --no-print-directory fuzz

.PHONY: lint
lint: ## format, layers, clang-tidy on changed files (ALL=1: on all)
	@tools/setup build lint
	@tools/lint $(if $(ALL),--all)

.PHONY: fmt
fmt: ## formats the C++ sources
	@tools/setup lint
	@tools/lint --fix-format

.PHONY: bench
bench: build ## measures Hearth against what it replaces (docs/performance.md)
	@tools/setup bench
	@benchmarks/run

.PHONY: fuzz
fuzz: ## runs each fuzz target for SECONDS_EACH=30
	@tools/setup build
	@tools/fuzz $(SECONDS_EACH)

.PHONY: soak
soak: ## random seeds of the model test, one after another, for MINUTES=60
	@tools/setup build
	@tools/soak $(MINUTES)

.PHONY: docs
docs: build ## docs/configuration.md, docs/metrics.md and docs/s3.md from the code
	@for page in configuration metrics s3; do \
	  build/bin/hearth docs $$page >build/$$page.md && mv build/$$page.md docs/$$page.md; \
	done

.PHONY: install
install: build ## the program and its second name into PREFIX=/usr/local
	@install -d '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(PREFIX)/share/doc/hearth'
	@install -m 755 -s --strip-program=llvm-strip-19 build/bin/hearth '$(DESTDIR)$(PREFIX)/bin/hearth'
	@ln -sf hearth '$(DESTDIR)$(PREFIX)/bin/frontcache'
	@install -m 644 README.md LICENSE '$(DESTDIR)$(PREFIX)/share/doc/hearth'

.PHONY: package
package: ## build/dist/hearth-VERSION-linux-ARCH.tar.gz
	@rm -rf $(DIST) $(DIST).tar.gz
	@$(MAKE) --no-print-directory install DESTDIR= PREFIX='$(CURDIR)/$(DIST)'
	@tar -C build/dist --owner=0 --group=0 --sort=name -czf $(DIST).tar.gz $(notdir $(DIST))
	@ls -l $(DIST).tar.gz

.PHONY: clean
clean: ## removes what was built; keeps the pinned environments and tools
	@[ ! -d build ] || find build -mindepth 1 -maxdepth 1 ! -name 'venv*' ! -name tools -exec rm -rf {} +
