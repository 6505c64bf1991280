# weir: one image (build/weir.elf), its host twin (build/libweir.so, tools), its tests.
# `make help` lists the targets. O=DIR builds elsewhere, CC=clang with clang, V=1 shows commands.

O      ?= build
CC     = gcc
V      ?= 0
Q      := $(if $(filter 1,$(V)),,@)
say     = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' '$(1)' '$(2)')

WARN   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
          -Wcast-qual -Wwrite-strings -Wundef -Werror
GNU    := -std=gnu11 -g -MMD -MP

.DEFAULT_GOAL := all
.PHONY: all
all: $(O)/weir.elf host ## build the image and the host tools

include boot/boot.mk
include host/host.mk
include tests/tests.mk
include tests/check.mk
-include tests/tap/tap.mk tests/bench/bench.mk

.PHONY: help clean
help: ## this list
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | sort | \
	  awk -F ':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'

clean: ## remove what was built (newlib stays: rm -r build)
	$(Q)find $(O) -mindepth 1 -maxdepth 1 ! -name 'newlib*' -exec rm -rf {} + 2>/dev/null || true
