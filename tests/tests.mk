# make unit, fuzz, cov: what runs on the host. tests/check.mk has lint and check.

# --- unit: one Criterion program of all tests/unit/*.c; tests are found, not listed ---

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# Tables of tests name only the fields that matter.
T_WARN   := $(WARN) -Wno-missing-field-initializers
T_CFLAGS := $(GNU) $(T_WARN) $(H_DEFS) -O1 $(SANITIZE)

# Parts of the image that know nothing of the machine, and so can be tested here.
T_KERNEL_SRC := $(wildcard drivers/pci.c drivers/virtqueue.c drivers/virtio.c drivers/virtio_net*.c \
                  drivers/virtio_console.c drivers/virtio_rng.c $(wildcard tests/selftest/virtio_*.c) \
                  $(addprefix kernel/,bootmem.c buddy.c chacha.c drbg.c cmdline.c initrd.c) $(addprefix init/,line_edit.c command_line.c) \
                  apps/httpd/http_request.c apps/httpd/http_date.c $(wildcard apps/fetch/*.c) apps/iperf3/iperf_json.c)
T_KERNEL_SRC += libc/dns_message.c
T_SRC     := $(wildcard tests/unit/*.c)
UNIT_SRC  := $(H_SRC) $(T_KERNEL_SRC) $(T_SRC)
# The kernel's allocators under other names, beside the stand-ins for drivers (kernel_host.c).
T_MM_OBJ  := $(addprefix $(O)/t/mm/,slab.o page_frag.o)
UNIT_OBJ  := $(patsubst %.c,$(O)/t/%.o,$(UNIT_SRC)) $(O)/t/lib/string-bare.o $(T_MM_OBJ)

UNIT_FILTER ?=

$(O)/t/%.o: %.c
	$(call say,TESTCC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(T_CFLAGS) -c $< -o $@

# Drivers switch interrupts off around what their handlers touch too; here there are none.
DRIVER_NAMES := -include tests/unit/irq_names.h
$(O)/t/drivers/%.o $(O)/t/tests/selftest/%.o: T_CFLAGS += $(DRIVER_NAMES)
$(O)/c/drivers/%.o $(O)/c/tests/selftest/%.o: C_CFLAGS += $(DRIVER_NAMES)
$(O)/f/drivers/%.o $(O)/f/tests/selftest/%.o: FUZZ_CFLAGS += $(DRIVER_NAMES)

$(T_MM_OBJ): $(O)/t/mm/%.o: kernel/%.c
	$(call say,TESTCC,$< (renamed))
	$(Q)mkdir -p $(@D) && $(CC) $(T_CFLAGS) -include tests/unit/mm_names.h -c $< -o $@

# lib/string.c under other names, beside the C library's.
BARE_STRING := memcpy memmove memset memcmp memchr strlen strnlen strcmp strncmp strchr strrchr strstr
bare-renames = $(foreach f,$(BARE_STRING),--redefine-sym $(f)=bare_$(f))

$(O)/t/lib/string-bare.o: lib/string.c
	$(call say,TESTCC,$< (renamed))
	$(Q)mkdir -p $(@D) && $(CC) $(GNU) $(WARN) -O2 -ffreestanding -mgeneral-regs-only -fPIC -I. \
	  -c $< -o $@.tmp && objcopy $(bare-renames) $@.tmp $@ && rm -f $@.tmp

$(O)/unit: $(UNIT_OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(SANITIZE) $(UNIT_OBJ) -lcriterion -o $@

# The library's tests once more, against the shared object alone: what it exports suffices.
$(O)/unit-libweir: $(wildcard tests/unit/test_libweir*.c) $(O)/libweir.so
	$(call say,LINK,$@)
	$(Q)$(CC) $(filter-out -MMD -MP,$(GNU)) $(T_WARN) $(H_DEFS) $^ -Wl,-rpath,'$$ORIGIN' -lcriterion -o $@

.PHONY: unit
unit: $(O)/unit $(O)/unit-libweir $(O)/weir-example ## run the unit tests [UNIT_FILTER=suite/test]
	$(Q)tests/unit/run.sh $(O)/unit '$(UNIT_FILTER)'
	$(Q)$(if $(UNIT_FILTER),,tests/unit/run.sh $(O)/unit-libweir && $(O)/weir-example)

# --- cov: the same tests, counting lines and branches ---

C_CFLAGS := $(GNU) $(H_DEFS) -O0 --coverage
C_OBJ    := $(patsubst $(O)/t/%,$(O)/c/%,$(UNIT_OBJ))

$(O)/c/%.o: %.c
	$(Q)mkdir -p $(@D) && gcc $(C_CFLAGS) -c $< -o $@

$(O)/c/mm/%.o: kernel/%.c
	$(Q)mkdir -p $(@D) && gcc $(C_CFLAGS) -include tests/unit/mm_names.h -c $< -o $@

$(O)/c/lib/string-bare.o: lib/string.c
	$(Q)mkdir -p $(@D) && gcc $(C_CFLAGS) -ffreestanding -c $< -o $@ && objcopy $(bare-renames) $@

$(O)/unit-cov: $(C_OBJ)
	$(Q)gcc --coverage $(C_OBJ) -lcriterion -o $@

.PHONY: cov
cov: $(O)/unit-cov ## lines and branches that the unit tests reach (build/cov.html)
	$(Q)find $(O)/c -name '*.gcda' -delete
	$(Q)tests/unit/run.sh $(O)/unit-cov '$(UNIT_FILTER)'
	$(Q)cd $(O)/c && gcovr -r $(CURDIR) --object-directory . --branches \
	  -f '$(CURDIR)/(lib|net|drivers|host|kernel)/' . | tee ../cov.txt
	$(Q)cd $(O)/c && gcovr -r $(CURDIR) --object-directory . --html-details ../cov.html \
	  -f '$(CURDIR)/(lib|net|drivers|host|kernel)/' .

# --- fuzz: one libFuzzer program per tests/fuzz/fuzz_*.c, seeds in tests/fuzz/seeds/NAME ---

FUZZ_CFLAGS  := $(GNU) $(T_WARN) $(H_DEFS) -O1 -fsanitize=fuzzer-no-link,address,undefined \
                -fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ_SECONDS ?= 8
FUZZ_NAMES   := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ         ?= $(FUZZ_NAMES)
F_OBJ        := $(patsubst %.c,$(O)/f/%.o,$(H_SRC) $(T_KERNEL_SRC) \
                  $(filter-out tests/fuzz/fuzz_%.c,$(wildcard tests/fuzz/*.c)))

$(O)/f/%.o: %.c
	$(call say,FUZZCC,$<)
	$(Q)mkdir -p $(@D) && clang $(FUZZ_CFLAGS) -c $< -o $@

$(O)/f/all.a: $(F_OBJ)
	$(Q)rm -f $@ && ar rcs $@ $^

$(O)/fuzz_%: $(O)/f/tests/fuzz/fuzz_%.o $(O)/f/all.a
	$(call say,LINK,$@)
	$(Q)clang -fsanitize=fuzzer,address,undefined $^ -o $@

.PRECIOUS: $(O)/f/%.o # kept, although only a chain of rules makes them

.PHONY: fuzz
fuzz: $(addprefix $(O)/fuzz_,$(FUZZ)) ## fuzz each target [FUZZ=name] [FUZZ_SECONDS=8]
	$(Q)tests/fuzz/run.sh $(O) $(FUZZ_SECONDS) $(FUZZ)

-include $(UNIT_OBJ:.o=.d) $(C_OBJ:.o=.d) $(F_OBJ:.o=.d) \
         $(patsubst %,$(O)/f/tests/fuzz/fuzz_%.d,$(FUZZ_NAMES))
