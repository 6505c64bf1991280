# Cases over a tap, against weir in QEMU or (DUT=linux) this machine's kernel: make tap [T=name] [DUT=linux]

DUT       ?= weir
TAP_APPS  := $(patsubst %,$(O)/tap/apps/%,echo sink source httpd nc fetch iperf3 nfq traceroute $(T_APPS))
LIBS_nfq  := -lnetfilter_queue
TAP_NEEDS := $(TAP_APPS) $(if $(filter linux,$(DUT)),,$(O)/weir.elf $(O)/test/weir.elf $(O)/weir.efi $(O)/weirctl $(O)/libweir.so)

$(O)/tap/apps/%: apps/%.c
	$(call say,CC,$< for Linux)
	$(Q)mkdir -p $(@D) && $(CC) -std=gnu11 -O2 $(WARN) -I. -o $@ $(filter %.c,$^) $(LIBS_$*)

$(foreach a,$(APPS),$(eval $(O)/tap/apps/$(a): $(addsuffix .c,$(call app-parts,$(a))) $(wildcard apps/$(a)/*.h apps/common/*.h)))

$(O)/tap/apps/%: tests/apps/%.c
	$(call say,CC,$< for Linux)
	$(Q)mkdir -p $(@D) && $(CC) -std=gnu11 -O2 -I. $(WARN) -o $@ $<

.PHONY: tap
tap: $(TAP_NEEDS) ## packets in, packets out: T=name selects cases, DUT=linux asks Linux the same
	$(Q)O=$(O) DUT=$(DUT) FLOOD_SECONDS=$(FLOOD_SECONDS) BULK_MIB=$(BULK_MIB) PYTHONDONTWRITEBYTECODE=1 \
	  /usr/bin/python3 -m pytest tests/tap $(if $(T),-k '$(T)')

SEED  ?= 1
N     ?= 2000
COUNT ?= 100000
WORLD ?= usual

.PHONY: diff diff-rules diff-frames
diff: diff-rules diff-frames ## random rulesets and mutated frames through Linux and through weir [N=] [COUNT=] [SEED=] [WORLD=]

diff-rules: $(O)/libweir.so $(if $(IMAGE),$(O)/weir.elf) ## of these the rulesets, with conversations [N=2000] [SEED=1] [IMAGE=1]
	$(Q)O=$(O) PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 tests/diff/rules_differential.py --seed $(SEED) --count $(N) \
	  $(if $(IMAGE),--image)

diff-frames: $(TAP_APPS) $(O)/weir.elf $(O)/weirctl ## of these the frames [SEED=] [COUNT=100000] [WORLD=open]
	$(Q)O=$(O) PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 tests/diff/differential.py --seed $(SEED) --count $(COUNT) \
	  --world $(WORLD)
