# build         debug build
# run           release build, then the appliance on 127.0.0.1 with Config/intermezzo.yaml
# test          everything that CI runs: unit tests, then real peers
# test-peers    the tests with real peers alone (needs root for network namespaces)
# fuzz          a million mutated inputs through every reader
# bench         the benchmarks; table on the terminal, JSON in Benchmarks/results
# format        format the Swift sources in place
# lint          say what is not formatted
# package       a Debian package in .build/package
# docs          check that the links in the documentation lead somewhere
# clean         remove what was built
SWIFT ?= swift
SOURCES = Package.swift Sources Tests

.DEFAULT_GOAL := build
.PHONY: build run test test-peers fuzz bench format lint package docs clean dependencies

dependencies:
	@scripts/install-dependencies

build: dependencies
	$(SWIFT) build

run: dependencies
	$(SWIFT) build -c release --product intermezzo
	@exec .build/release/intermezzo serve --greet --config Config/intermezzo.yaml

test: dependencies
	@scripts/test

test-peers: dependencies
	$(SWIFT) build
	@scripts/test --peers

fuzz: dependencies
	@scripts/fuzz

bench: dependencies
	@scripts/bench

format:
	$(SWIFT) format format --in-place --recursive --parallel $(SOURCES)

lint:
	$(SWIFT) format lint --strict --recursive --parallel $(SOURCES)

package: dependencies
	$(SWIFT) build -c release --static-swift-stdlib --product intermezzo
	@packaging/make-package .build/release/intermezzo .build/package

docs:
	@scripts/check-links README.md CHANGELOG.md CONTRIBUTING.md docs

clean:
	$(SWIFT) package clean
	rm -rf .build/package
