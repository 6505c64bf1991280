# Everything CI runs, the house's rules, and the daily round: run, debug, format.

.PHONY: run debug lint fmt check
run: all ## boot weir in QEMU, user-mode network, console here
	@./run.sh --no-build

debug: all ## the same under gdb: symbols and printers loaded, breakpoint at panic
	@scripts/debug.sh

lint: $(O)/weir.elf ## include rules, link rules, sizes, style, clang-tidy, both compilers
	@O=$(O) NEWLIB=$(NEWLIB) tests/lint/lint.py

fmt: ## let clang-format lay out every C file
	@git ls-files -z -co --exclude-standard '*.c' '*.h' | xargs -0 clang-format -i

check: ## everything CI runs, and one line that adds it up
	@tests/check.py
