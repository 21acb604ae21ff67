# run test bench package lint format fuzz clean
SWIFT ?= swift

.PHONY: dependencies
dependencies:
	@scripts/install-dependencies

.PHONY: test
test: dependencies
	$(SWIFT) test

.PHONY: clean
clean:
	$(SWIFT) package clean
