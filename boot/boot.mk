# The bare-metal image: newlib, the kernel's objects, the apps, the ELF.

NEWLIB   ?= build/newlib
NEWLIB_STAMP := $(NEWLIB)/built-by-$(shell cksum <scripts/build-newlib.sh | tr ' ' -)
# Flags are here, and headers come with the library.
K_DEPS   := $(NEWLIB_STAMP) boot/boot.mk
GCC_INC  := $(shell gcc -print-file-name=include)
LIBGCC   := $(shell gcc -print-libgcc-file-name)

# No padding: QEMU executes it, and it takes 11 KB.
ALIGN    := -falign-functions=1 -falign-loops=1 \
            $(if $(findstring clang,$(CC)),,-falign-jumps=1 -falign-labels=1)
K_MODEL  := -ffreestanding -fno-pic -fno-pie -mcmodel=kernel -mno-red-zone \
            -fno-asynchronous-unwind-tables -fomit-frame-pointer -ffunction-sections \
            -fdata-sections -fstack-protector-strong -mstack-protector-guard=global \
            -fno-strict-aliasing $(ALIGN) \
            -D__DYNAMIC_REENT__ -U__linux__ -Ulinux -U__unix__ -Uunix
# Fast where packets go, small where people type, machines boot and things end.
OPT      := -O2
COLD     := apps/% tests/% net/ctl/% net/raw/% init/% boot/% kernel/x86_64/% lib/ctl_frame lib/fmt
COLD     += $(addprefix kernel/, acpi boot_mark bootmem chardev cmdline drbg initrd main no_selftest panic power \
              printk random symbols vmalloc)
COLD     += $(addprefix drivers/, drivers pci uart virtio virtio_console virtio_mmio virtio_net_ctrl virtio_pci \
              virtio_rng)
COLD     += $(addprefix net/core/, dev_mc gso loopback netdevice skb_csum snmp sysctl vlan_dev)
COLD     += $(addprefix net/ipv4/, arp arp_proxy devconf devinet fib_frontend fib_multipath fib_rules fib_semantics icmp_send)
COLD     += $(addprefix net/ipv4/, igmp igmp_report inet_errqueue inet_tstamp inetdev_event inetpeer ipv4 mc_group mc_sock)
COLD     += $(addprefix net/ipv4/, neigh_sysctl neigh_table neighbour route_exception)
COLD     += $(addprefix net/netfilter/, conntrack_by_hand conntrack_event conntrack_gc conntrack_sysctl conntrack_tcp_fsm nat_targets nat_unique)
COLD     += $(addprefix net/netfilter/, ipt_commit ipt_draft ipt_drop nf_log nf_reject nf_reroute nfnetlink_queue xt_change xt_ext)
COLD     += net/core/core $(addprefix net/ipv4/, icmp inet_sock ip_fragment ip_options)
COLD     += drivers/virtio_net kernel/buddy kernel/page_alloc
COLD     += $(addprefix net/socket/, filter_sockopt mcast_sockopt sockopt) net/udp/udp_cork net/core/filter net/ipv4/sk_filter
COLD     += $(addprefix net/tcp/tcp, _connect _cong _reply _request _sack _sockopt _state _timer _timewait) net/tcp/tcp
COLD     += $(addprefix libc/, app_% if_ioctl inet_text initrd_file libc_time netdb newlib_locks process \
              stdio_% stream system)
COLD     += net/tcp/tcp_ip_opt net/tcp/tcp_syncookies
COLD     += $(addprefix net/tcp/tcp_, board cubic ecn loss rack rate retrans scoreboard)
COLD     += $(addprefix libc/, dns_message hostent nfq_queue resolv%) net/socket/socket_table
# Tables of jumps take 8 bytes a case; what loops keep ready costs more than it brings here.
SMALL    := -Oz -fno-jump-tables $(if $(findstring clang,$(CC)),,-fno-ivopts -fno-move-loop-invariants -fno-tree-loop-im)
$(patsubst %,$(O)/k/%.o,$(COLD)): OPT := $(SMALL)
$(patsubst %,$(O)/k/apps/%.o,echo sink source httpd): OPT := -O2
K_INC    := -nostdinc -isystem $(NEWLIB)/x86_64-elf/include -isystem $(GCC_INC)
# Below libc nothing touches SSE or x87 registers: interrupts then save none.
K_CFLAGS = $(GNU) $(WARN) $(OPT) $(K_MODEL) -mgeneral-regs-only -I. $(K_INC)
# libc/ may; it also sees the headers it adds to newlib's.
L_CFLAGS = $(GNU) $(WARN) $(OPT) $(K_MODEL) -nostdinc -isystem libc/include -I. \
            -isystem $(NEWLIB)/x86_64-elf/include -isystem $(GCC_INC) \
            -D_POSIX_TIMERS=1 -D_POSIX_MONOTONIC_CLOCK=200112L -D_POSIX_THREADS=1
# Apps see standard headers and their own. -idirafter lets libc's headers reach net/sockopt.h; only -MD names what it finds.
A_CFLAGS = $(subst -MMD,-MD,$(GNU)) $(WARN) $(OPT) $(K_MODEL) -nostdinc -isystem libc/include -idirafter . \
            -isystem $(NEWLIB)/x86_64-elf/include -isystem $(GCC_INC) \
            -D_POSIX_TIMERS=1 -D_POSIX_MONOTONIC_CLOCK=200112L -D_POSIX_THREADS=1

NET_DIRS := net net/wire net/core net/ipv4 net/udp net/tcp net/raw net/netfilter net/socket net/ctl
K_DIRS   := lib kernel kernel/x86_64 drivers boot $(NET_DIRS)
K_SRC    := $(wildcard $(addsuffix /*.c,$(K_DIRS)) $(addsuffix /*.S,kernel/x86_64 boot))
L_SRC    := $(wildcard libc/*.c init/*.c)
APPS     := $(basename $(notdir $(wildcard apps/*.c)))
# Only in the image for tests, build/test/weir.elf; what of the product they take the place of.
T_APPS   := $(basename $(notdir $(wildcard tests/apps/*.c)))
T_SRC_K  := $(wildcard tests/selftest/*.c)
T_NOT    := $(O)/k/kernel/no_selftest.o

K_OBJ    := $(patsubst %,$(O)/k/%.o,$(basename $(K_SRC)))
L_OBJ    := $(patsubst %.c,$(O)/k/%.o,$(L_SRC))
A_OBJ    := $(patsubst %,$(O)/k/apps/%.o,$(APPS))
T_A_OBJ  := $(patsubst %,$(O)/k/apps/%.o,$(T_APPS)) $(patsubst %.c,$(O)/k/%.o,$(T_SRC_K))

$(NEWLIB_STAMP):
	$(call say,NEWLIB,$(NEWLIB) (once: about a minute))
	$(Q)scripts/build-newlib.sh $(NEWLIB) $(@F)

$(O)/k/libc/%.o: libc/%.c $(K_DEPS)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(L_CFLAGS) -c $< -o $@

$(O)/k/init/%.o: init/%.c $(K_DEPS)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(L_CFLAGS) -c $< -o $@

# Every app has a main(); in the image it becomes APP_main, and nothing else of it is visible.
define build-app
	$(call say,APP,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(A_CFLAGS) -MF $(@:.o=.d) -MT $@ -c $< -o $@.main && \
	  ld -r -o $@.all $@.main $(filter %.o,$^) && \
	  objcopy --redefine-sym main=$*_main --keep-global-symbol=$*_main $@.all $@ && rm -f $@.main $@.all
endef

# A larger app has parts in apps/APP/; some have parts in common.
app-parts   = $(basename $(wildcard apps/$(1)/*.c)) $(addprefix apps/common/,$(COMMON_$(1)))
COMMON_echo   := tcp_service
COMMON_sink   := tcp_service source_lines
COMMON_source := tcp_service source_lines

$(patsubst %,$(O)/k/parts/apps/httpd/http_%.o,date request): OPT := -Oz

$(O)/k/parts/%.o: %.c $(K_DEPS)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(A_CFLAGS) -c $< -o $@

$(foreach a,$(APPS),$(eval $(O)/k/apps/$(a).o: $(patsubst %,$(O)/k/parts/%.o,$(call app-parts,$(a)))))

$(O)/k/apps/%.o: apps/%.c $(K_DEPS)
	$(build-app)

$(O)/k/apps/%.o: tests/apps/%.c $(K_DEPS)
	$(build-app)

$(O)/k/%.o: %.c $(K_DEPS)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(K_CFLAGS) -c $< -o $@

$(O)/k/%.o: %.S $(K_DEPS)
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(K_CFLAGS) -c $< -o $@

# The table of built-in apps that libc/ starts programs from.
define write-app-table
	$(Q)mkdir -p $(@D) && { echo '#include "libc/app_table.h"'; \
	  for a in $(1); do echo "int $${a}_main(int argc, char **argv);"; done; \
	  echo 'const struct app app_table[] = {'; \
	  for a in $(1); do echo "	{ \"$$a\", $${a}_main },"; done; \
	  echo '	{ 0, 0 } };'; } > $@
endef

$(O)/gen/app_table.c: $(patsubst %,apps/%.c,$(APPS)) boot/boot.mk
	$(call write-app-table,$(APPS))

$(O)/gen/test_app_table.c: $(patsubst %,apps/%.c,$(APPS)) $(patsubst %,tests/apps/%.c,$(T_APPS)) boot/boot.mk
	$(call write-app-table,$(APPS) $(T_APPS))

$(O)/k/gen/%.o: $(O)/gen/%.c $(K_DEPS)
	$(Q)mkdir -p $(@D) && $(CC) $(L_CFLAGS) -c $< -o $@

LINK := $(CC) -nostdlib -static -Wl,-T,boot/kernel.ld -Wl,--gc-sections \
        -Wl,-z,max-page-size=64 -Wl,--build-id=none -Wl,-z,noexecstack
LIBS := -L$(NEWLIB)/x86_64-elf/lib -Wl,--start-group -lc -lm -Wl,--end-group $(LIBGCC)
ALL_K_OBJ := $(K_OBJ) $(L_OBJ) $(A_OBJ) $(O)/k/gen/app_table.o
T_K_OBJ   := $(filter-out $(T_NOT),$(K_OBJ)) $(L_OBJ) $(A_OBJ) $(T_A_OBJ) $(O)/k/gen/test_app_table.o

# Linked twice: the second time with the table of symbols that panic() names addresses by.
$(O)/weir.elf: $(ALL_K_OBJ) boot/kernel.ld scripts/gen-symbols.c scripts/link-kernel.sh
	$(call say,LINK,$@)
	$(Q)scripts/link-kernel.sh "$@" "$(LINK)" "$(ALL_K_OBJ)" "$(LIBS)"

.PHONY: size
size: $(O)/weir.elf ## what the image is made of
	$(Q)strip -o $(O)/weir.stripped $< && printf '%s bytes stripped\n' "$$(stat -c %s $(O)/weir.stripped)"
	$(Q)scripts/image-size.py $<.map

# The same with the programs of tests/apps and the selftests.
.PHONY: test-image
test-image: $(O)/test/weir.elf ## the image with selftests and programs for tests
$(O)/test/weir.elf: $(T_K_OBJ) boot/kernel.ld scripts/gen-symbols.c scripts/link-kernel.sh
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && ln -sf ../weirctl $(@D) && \
	  scripts/link-kernel.sh "$@" "$(LINK)" "$(T_K_OBJ)" "$(LIBS)"

-include $(ALL_K_OBJ:.o=.d) $(T_A_OBJ:.o=.d) \
         $(foreach a,$(APPS),$(patsubst %,$(O)/k/parts/%.d,$(call app-parts,$(a))))

# The same image for UEFI: a loader that carries it, stripped (its segments are the same bytes).
EFI_CFLAGS := -std=gnu11 -g -MMD -MP $(WARN) -isystem /usr/include/efi -isystem /usr/include/efi/x86_64 \
              -I. -O2 -fpic -ffreestanding -fno-stack-protector -fno-stack-check -fshort-wchar -mno-red-zone \
              -maccumulate-outgoing-args -mgeneral-regs-only -DGNU_EFI_USE_MS_ABI
EFI_OBJ    := $(patsubst %.c,$(O)/efi/%.o,$(notdir $(wildcard boot/efi/*.c))) $(O)/efi/kernel_elf.o

$(O)/efi/%.o: boot/efi/%.c
	$(call say,EFI,$<)
	$(Q)mkdir -p $(@D) && gcc $(EFI_CFLAGS) -c $< -o $@

$(O)/efi/kernel_elf.o: boot/efi/kernel_elf.S $(O)/weir.elf
	$(Q)mkdir -p $(@D) && strip -o $(O)/efi/weir.stripped $(O)/weir.elf && \
	  gcc -DKERNEL_ELF='"$(O)/efi/weir.stripped"' -c $< -o $@

$(O)/weir.efi: $(EFI_OBJ)
	$(call say,LINK,$@)
	$(Q)ld -nostdlib -znocombreloc -z noexecstack -T /usr/lib/elf_x86_64_efi.lds -shared -Bsymbolic --no-undefined \
	  /usr/lib/crt0-efi-x86_64.o $(EFI_OBJ) -o $(O)/efi/loader.so -L/usr/lib -lgnuefi && \
	objcopy -j .text -j .sdata -j .data -j .rodata -j .dynamic -j .dynsym -j '.rel*' -j '.rela*' -j .reloc \
	  --target=efi-app-x86_64 --subsystem=10 $(O)/efi/loader.so $@

-include $(EFI_OBJ:.o=.d)
