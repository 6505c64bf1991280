/* SPDX-License-Identifier: MIT */
/* The world of a unit test: begins, NICs and stacks in it, ends with nothing left. */
#include "tests/unit/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/core/net_namespace.h"
#include "net/ctl.h"
#include "net/inetdevice.h"

#define MAX_STACKS   16
#define TEST_SECONDS 120 /* then SIGALRM ends it, whoever still waits for it */
#define CTL_TEXT     65536

static struct {
	struct net *nets[MAX_STACKS];
	struct net_device *devs[MAX_NETDEVS];
	struct list_head nics;
	u32 nr_nets, nr_devs, nr_nics;
} lab;

void harness_begin(void)
{
	alarm(TEST_SECONDS);
	host_init(1);
	memset(&lab, 0, sizeof(lab));
	INIT_LIST_HEAD(&lab.nics);
}

static void take_down_nics(void)
{
	struct nic *nic, *tmp;

	list_for_each_entry_safe (nic, tmp, &lab.nics, list) {
		host_dev_remove(nic->dev);
		nic_forget(nic);
		list_del(&nic->list);
		free(nic);
	}
	for (u32 i = 0; i < lab.nr_devs; i++)
		host_dev_remove(lab.devs[i]);
}

/* Takes everything down; prints and returns what is left. */
static size_t tear_down(void)
{
	host_fail_alloc(0);
	host_run();
	take_down_nics();
	for (u32 i = 0; i < lab.nr_nets; i++)
		net_destroy(lab.nets[i]);
	memset(&lab, 0, sizeof(lab));
	INIT_LIST_HEAD(&lab.nics);
	/* A softirq or a timer that outlived its stack would now run into freed memory. */
	host_advance(host_has_real_clock() ? NSEC_PER_MSEC : 86400 * NSEC_PER_SEC);
	if (host_live_allocs())
		host_print_live_allocs();
	return host_live_allocs();
}

void harness_end(void)
{
	size_t left = tear_down();

	cr_assert_eq(left, 0, "the test left %zu allocations", left);
}

bool harness_alloc_round(u64 n)
{
	bool failed = host_alloc_failed();

	if (n > 1) {
		size_t left = tear_down();

		cr_assert_eq(left, 0, "with allocation %llu failing, %zu allocations are left",
			     (unsigned long long)n - 1, left);
		if (!failed)
			return false;
	}
	host_fail_alloc(n);
	return true;
}

struct net *stack_new(void)
{
	struct net *net = net_create();

	cr_assert(net || host_alloc_failed(), "net_create");
	cr_assert_lt(lab.nr_nets, MAX_STACKS);
	if (net)
		lab.nets[lab.nr_nets++] = net;
	return net;
}

static bool parse_cidr(const char *cidr, be32 *addr, u8 *prefixlen)
{
	unsigned int a, b, c, d, len;

	if (sscanf(cidr, "%u.%u.%u.%u/%u", &a, &b, &c, &d, &len) != 5)
		return false;
	*addr = IP4(a, b, c, d);
	*prefixlen = len;
	return true;
}

bool nic_up(struct net_device *dev, const char *cidr)
{
	struct ifaddr_config cfg = {.has_broadcast = true};
	int error;

	plat_bh_disable();
	error = dev_open(dev);
	if (!error && cidr) {
		cr_assert(parse_cidr(cidr, &cfg.local, &cfg.prefixlen), "bad address %s", cidr);
		cfg.broadcast = cfg.local | ~inet_make_mask(cfg.prefixlen);
		error = inet_addr_add(dev, &cfg);
	}
	plat_bh_enable();
	cr_assert(!error || host_alloc_failed(), "bringing %s up: %d", dev->name, error);
	return !error;
}

struct net_device *port_nic_new(struct net *net, struct port *port, const char *cidr)
{
	struct net_device *dev = host_dev_add(net, port, NULL);

	if (!dev) {
		cr_assert(host_alloc_failed(), "register_netdev");
		return NULL;
	}
	cr_assert_lt(lab.nr_devs, MAX_NETDEVS);
	lab.devs[lab.nr_devs++] = dev;
	return nic_up(dev, cidr) ? dev : NULL;
}

/* Answers an ARP request as if everybody but the stack itself were at nic->peer. */
static bool answered_arp(struct nic *nic, const void *data, u32 len)
{
	struct pkt p, reply;

	if (!nic->answer_arp || pkt_parse(&p, data, len) || p.arp.op != 1 || p.arp.tip == p.arp.sip)
		return false;
	reply = ARP_REPLY(nic->peer, p.arp.tip, p.arp.sha, p.arp.sip);
	nic_queue(nic, &reply);
	return true;
}

static void nic_send(void *arg, const void *data, size_t len)
{
	struct nic *nic = arg;
	struct frame *f;

	if (answered_arp(nic, data, len))
		return;
	f = frame_new(data, len);
	list_add_tail(&f->list, &nic->sent);
}

struct nic *nic_new(struct net *net, const char *cidr)
{
	return fragmenting_nic_new(net, cidr, 0);
}

struct world two_nics_new(const char *first, const char *second)
{
	struct world w = {.net = stack_new()};

	w.nic[0] = w.net ? nic_new(w.net, first) : NULL;
	w.nic[1] = w.nic[0] ? nic_new(w.net, second) : NULL;
	return w;
}

struct net *router_new(struct nic **near, struct nic **far)
{
	const be32 peer = IP4(10, 0, 1, 2), beyond = IP4(10, 0, 2, 2);
	struct world w = two_nics_new("10.0.1.1/24", "10.0.2.1/24");

	*near = w.nic[0];
	*far = w.nic[1];
	if (!*far || ctl(w.net, NULL, "sysctl -w net.ipv4.ip_forward=1"))
		return NULL;
	nic_inject(*near, &UDP4(peer, 999, beyond, 53));
	nic_inject(*far, &UDP4(beyond, 999, peer, 53));
	nic_forget(*near);
	nic_forget(*far);
	return w.net;
}

bool lan_new(struct lan *lan, const struct fault_config *faults)
{
	struct port *ends[2];

	memset(lan, 0, sizeof(*lan));
	lan->client = stack_new();
	lan->server = lan->client ? stack_new() : NULL;
	if (!lan->server)
		return false;
	port_pair(ends);
	if (faults)
		ends[0] = lan->bad = port_fault(ends[0], faults);
	lan->client_dev = port_nic_new(lan->client, ends[0], "10.0.0.2/24");
	lan->server_dev = port_nic_new(lan->server, ends[1], "10.0.0.1/24");
	return lan->client_dev && lan->server_dev;
}

struct nic *fragmenting_nic_new(struct net *net, const char *cidr, u32 rx_linear)
{
	struct nic *nic = calloc(1, sizeof(*nic));
	struct host_dev_config config = {.rx_linear = rx_linear};
	u8 mac[ETH_ALEN], prefixlen;

	cr_assert(nic);
	INIT_LIST_HEAD(&nic->sent);
	nic->net = net;
	nic->mac = MAC_N(0x100 + ++lab.nr_nics);
	nic->peer = MAC_N(0x200 + lab.nr_nics);
	nic->answer_arp = true;
	mac_bytes(nic->mac, mac);
	config.mac = mac;
	nic->port = port_user(nic_send, nic);
	nic->dev = host_dev_add(net, nic->port, &config);
	if (!nic->dev) {
		cr_assert(host_alloc_failed(), "register_netdev");
		free(nic);
		return NULL;
	}
	list_add_tail(&nic->list, &lab.nics);
	if (cidr)
		parse_cidr(cidr, &nic->addr, &prefixlen);
	return nic_up(nic->dev, cidr) ? nic : NULL;
}

void nic_queue(struct nic *nic, const struct pkt *p)
{
	static u8 buf[PKT_MAX];
	struct pkt filled = *p;

	if (!filled.dst)
		filled.dst = nic->mac;
	if (!filled.src)
		filled.src = nic->peer;
	port_deliver(nic->port, frame_new(buf, pkt_build(&filled, buf)));
}

void nic_inject(struct nic *nic, const struct pkt *p)
{
	nic_queue(nic, p);
	host_run();
}

void nic_inject_raw(struct nic *nic, const void *frame, u32 len)
{
	port_deliver(nic->port, frame_new(frame, len));
	host_run();
}

static struct frame *take_sent(struct nic *nic)
{
	free(nic->last);
	nic->last = NULL;
	host_run();
	if (list_empty(&nic->sent))
		return NULL;
	nic->last = list_first_entry(&nic->sent, struct frame, list);
	list_del(&nic->last->list);
	return nic->last;
}

const struct pkt *nic_next(struct nic *nic)
{
	struct frame *f = take_sent(nic);
	const char *wrong;

	if (!f)
		return NULL;
	wrong = pkt_parse(&nic->got, f->data, f->len);
	cr_assert_null(wrong, "the stack sent a malformed frame: %s", wrong);
	return &nic->got;
}

unsigned int nic_sent(const struct nic *nic)
{
	struct frame *f;
	unsigned int n = 0;

	host_run();
	list_for_each_entry (f, &nic->sent, list)
		n++;
	return n;
}

void nic_forget(struct nic *nic)
{
	while (take_sent(nic))
		;
}

const struct pkt *nic_expect(struct nic *nic, const struct pkt *want, const char *file, int line)
{
	const struct pkt *got = nic_next(nic);
	const char *field = got ? pkt_compare(want, got) : "no frame";
	char a[512], b[512];

	cr_assert_null(field, "%s:%d: %s\n  want %s\n  got  %s", file, line, field,
		       pkt_print(want, a, sizeof(a)),
		       got ? pkt_print(got, b, sizeof(b)) : "nothing");
	return got;
}

void nic_expect_none(struct nic *nic, const char *file, int line)
{
	const struct pkt *got = nic_next(nic);
	char text[512];

	cr_assert_null(got, "%s:%d: nothing more was wanted\n  got  %s", file, line,
		       pkt_print(got, text, sizeof(text)));
}

u64 drops(const struct net *net, unsigned int reason)
{
	return net->drops[reason];
}

u64 mib(const struct net *net, unsigned int which)
{
	return net->mib[which];
}

struct text_out {
	struct ctl_out out;
	char text[CTL_TEXT];
	size_t len;
};

static void text_write(struct ctl_out *out, const char *text, size_t len)
{
	struct text_out *t = container_of(out, struct text_out, out);
	size_t n = min(len, sizeof(t->text) - 1 - t->len);

	memcpy(t->text + t->len, text, n);
	t->len += n;
	t->text[t->len] = 0;
}

int ctl(struct net *net, const char **text, const char *fmt, ...)
{
	static struct text_out out;
	static const struct ctl_in nothing = {.text = "", .name = "stdin"};
	char line[1024], *argv[64];
	const char *where;
	va_list ap;
	int argc;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	out.out.write = text_write;
	out.len = 0;
	out.text[0] = 0;
	if (text)
		*text = out.text;
	argc = ctl_split(line, argv, ARRAY_SIZE(argv) - 1, &where);
	cr_assert_gt(argc, 0, "no command in the line");
	return net_ctl(net, argc, argv, &nothing, &out.out, &out.out);
}

u64 rnd(void)
{
	u64 v;

	plat_random(&v, sizeof(v));
	return v;
}

u32 rnd_below(u32 n)
{
	return rnd() % n;
}
