/* SPDX-License-Identifier: MIT */
/* libweir.h on host.h: nothing but names and plain types. */
#include "host/libweir.h"

#include <stdlib.h>
#include <string.h>

#include "host/enter.h"
#include "host/host_dev.h"
#include "host/world.h"
#include "net/ctl.h"
#include "net/net.h"
#include "net/platform.h"

#define MAX_WORDS 64
#define MAX_LINE  4096

struct weir_nic {
	struct net_device *dev;
	struct port *port;
};

void weir_init(uint64_t seed)
{
	host_init(seed);
}

void weir_use_real_clock(void)
{
	host_real_clock();
}

void weir_on_log(void (*fn)(void *arg, int level, const char *line), void *arg)
{
	host_log_hook(fn, arg);
}

uint64_t weir_now(void)
{
	uint64_t now;

	enter_world();
	now = plat_now();
	leave_world();
	return now;
}

uint64_t weir_next_deadline(void)
{
	uint64_t next;

	enter_world();
	next = host_next_deadline();
	leave_world();
	return next;
}

void weir_run(void)
{
	enter_world();
	host_run();
	leave_world();
}

void weir_advance(uint64_t ns)
{
	u64 end;

	enter_world();
	end = plat_now() + ns;
	do {
		host_run();
		let_served_go_on();
	} while (plat_now() < end && host_idle(end));
	host_run();
	leave_world();
}

struct net *weir_stack_new(void)
{
	struct net *net;

	enter_world();
	net = net_create();
	leave_world();
	return net;
}

void weir_stack_free(struct net *net)
{
	enter_world();
	net_destroy(net);
	leave_world();
}

/* Takes port, also when it fails. port NULL: has failed already. */
static struct weir_nic *nic_new(struct net *net, const char *name, const uint8_t *mac,
				struct port *port)
{
	struct host_dev_config config = {.name = name, .mac = mac};
	struct weir_nic *nic;

	if (!port)
		return NULL;
	nic = calloc(1, sizeof(*nic));
	if (!nic) {
		port_close(port);
		return NULL;
	}
	nic->port = port;
	nic->dev = host_dev_add(net, port, &config);
	if (!nic->dev) {
		free(nic);
		return NULL;
	}
	return nic;
}

struct weir_nic *weir_nic_user(struct net *net, const char *name, const uint8_t mac[6],
			       void (*fn)(void *arg, const void *frame, size_t len), void *arg)
{
	struct weir_nic *nic;

	enter_world();
	nic = nic_new(net, name, mac, port_user(fn, arg));
	leave_world();
	return nic;
}

int weir_nic_pair(struct net *a, struct net *b, struct weir_nic *nics[2])
{
	struct port *ends[2];

	enter_world();
	port_pair(ends);
	nics[0] = nic_new(a, NULL, NULL, ends[0]);
	nics[1] = nic_new(b, NULL, NULL, ends[1]);
	leave_world();
	if (nics[0] && nics[1])
		return 0;
	for (int i = 0; i < 2; i++) {
		if (nics[i])
			weir_nic_remove(nics[i]);
	}
	return -1;
}

struct weir_nic *weir_nic_tap(struct net *net, const char *name, const char *tap)
{
	struct weir_nic *nic;

	enter_world();
	nic = nic_new(net, name, NULL, port_tap(tap));
	leave_world();
	return nic;
}

struct weir_nic *weir_nic_pcap(struct net *net, const char *name, const char *path)
{
	struct weir_nic *nic;

	enter_world();
	nic = nic_new(net, name, NULL, port_pcap_replay(path));
	leave_world();
	return nic;
}

void weir_nic_input(struct weir_nic *nic, const void *frame, size_t len)
{
	enter_world();
	port_deliver(nic->port, frame_new(frame, min(len, (size_t)FRAME_MAX)));
	leave_world();
}

void weir_nic_remove(struct weir_nic *nic)
{
	enter_world();
	host_dev_remove(nic->dev);
	free(nic);
	leave_world();
}

struct text {
	struct ctl_out out;
	char *at, *last;
};

static void write_text(struct ctl_out *out, const char *data, size_t len)
{
	struct text *t = container_of(out, struct text, out);
	size_t n = min(len, (size_t)(t->last - t->at));

	memcpy(t->at, data, n);
	t->at += n;
	*t->at = 0;
}

int weir_ctl(struct net *net, const char *line, char *text, size_t size)
{
	static const struct ctl_in nothing = {.text = "", .name = "stdin"};
	char copy[MAX_LINE], *argv[MAX_WORDS + 1], none;
	struct text t = {.out.write = write_text};
	const char *where;
	int argc, status = 0;

	t.at = size ? text : &none;
	t.last = size ? text + size - 1 : &none;
	*t.at = 0;
	if (strlen(line) >= sizeof(copy))
		return 2;
	strcpy(copy, line);
	argc = ctl_split(copy, argv, MAX_WORDS, &where);
	if (argc < 0)
		return 2;
	enter_world();
	if (argc)
		status = net_ctl(net, argc, argv, &nothing, &t.out, &t.out);
	leave_world();
	return status;
}
