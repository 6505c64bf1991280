# Measurements: make bench beside a Linux guest, make bench-insn for weir alone while working on its speed.

BENCH       := $(O)/bench
BENCH_FLAGS := -std=gnu11 -O2 $(WARN)
BENCH_APPS  := $(patsubst %,$(BENCH)/apps/%,echo sink source httpd)

BENCH_LOADS := $(BENCH)/udpload $(BENCH)/tcpload

$(BENCH_LOADS): $(BENCH)/%: tests/bench/%.c tests/bench/load.h
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(BENCH_FLAGS) -o $@ $<

$(BENCH)/icount.so: tests/bench/icount.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(BENCH_FLAGS) -fPIC -shared -fvisibility=hidden -o $@ $<

# The guests run the same server programs.
$(BENCH)/apps/%: apps/%.c
	$(call say,CC,$< for Linux)
	$(Q)mkdir -p $(@D) && $(CC) $(BENCH_FLAGS) -static -I. -o $@ $(filter %.c,$^)

$(foreach a,$(APPS),$(eval $(BENCH)/apps/$(a): $(addsuffix .c,$(call app-parts,$(a))) $(wildcard apps/$(a)/*.h apps/common/*.h)))

$(BENCH)/linux/initrd.gz: tests/bench/linux-guest.sh tests/bench/linux-init.sh $(BENCH_APPS)
	$(call say,GUEST,$(@D))
	$(Q)tests/bench/linux-guest.sh $(@D) $(BENCH_APPS)

.PHONY: bench bench-insn
bench: $(O)/weir.elf $(O)/weir.efi $(O)/weirctl $(BENCH_LOADS) $(BENCH)/icount.so $(BENCH)/linux/initrd.gz ## measure weir beside a Linux guest; writes docs/BENCHMARKS.md
	$(Q)BENCH_COMMAND="make bench" tests/bench/bench.py --build $(O)

bench-insn: $(O)/weir.elf $(BENCH_LOADS) $(BENCH)/icount.so ## weir's instructions per packet, by function
	$(Q)tests/bench/bench.py --build $(O) --guest weir --runs 1 --profile 40 insn
