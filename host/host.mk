# The same net/ in a Linux process: build/libweir.so and the tools of host/.

HOST_CC  ?= $(CC)
H_DEFS   := -D_GNU_SOURCE -I.
H_CFLAGS := $(GNU) $(WARN) $(H_DEFS) -O2 -fPIC

# host/weir*.c are programs, each of one file; the rest of host/ is the library. lib/string.c is for bare metal.
H_TOOL_SRC := $(wildcard host/weir*.c)
H_SRC      := $(filter-out lib/string.c,$(wildcard $(addsuffix /*.c,lib $(NET_DIRS)))) \
              $(filter-out $(H_TOOL_SRC),$(wildcard host/*.c))
H_OBJ      := $(patsubst %.c,$(O)/h/%.o,$(H_SRC))
H_TOOLS    := $(patsubst host/%.c,$(O)/%,$(H_TOOL_SRC))

# Names that host/weir-iptables.c is called by.
H_LINKS    := $(addprefix $(O)/,iptables iptables-save iptables-restore)

.PHONY: host
host: $(O)/libweir.so $(H_TOOLS) $(H_LINKS) ## build the host library and tools

$(O)/h/%.o: %.c
	$(call say,HOSTCC,$<)
	$(Q)mkdir -p $(@D) && $(HOST_CC) $(H_CFLAGS) -c $< -o $@

$(O)/libweir.so: $(H_OBJ) host/libweir.map
	$(call say,LINK,$@)
	$(Q)$(HOST_CC) -shared -Wl,--version-script=host/libweir.map -Wl,-z,defs $(H_OBJ) -o $@

# An archive, so that a tool takes only what it uses (weirctl: nothing).
$(O)/libweir.a: $(H_OBJ)
	$(Q)rm -f $@ && ar rcs $@ $(H_OBJ)

$(H_TOOLS): $(O)/%: $(O)/h/host/%.o $(O)/libweir.a
	$(call say,LINK,$@)
	$(Q)$(HOST_CC) $< $(O)/libweir.a -o $@

$(H_LINKS): $(O)/weir-iptables
	$(Q)ln -sf weir-iptables $@

-include $(H_OBJ:.o=.d) $(patsubst host/%.c,$(O)/h/host/%.d,$(H_TOOL_SRC))
