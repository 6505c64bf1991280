/* SPDX-License-Identifier: MIT */
/*
 * Any program of classic BPF on any packet, of one piece and of several: what the checker admits ends, reads nothing but the
 * packet and its headers, and answers the same however the packet lies in memory.
 */
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "net/core/filter.h"
#include "net/core/net_namespace.h"
#include "tests/fuzz/lab.h"

#define MAX_PROG  64
#define MAX_DATA  80
#define LINK      14
#define HEADERS   (LINK + 20)
#define FRONT_MAX 40

static void free_frag(struct skb_frag *f)
{
	free(f->page);
}

static void add_frag(struct sk_buff *skb, const u8 *bytes, u32 n)
{
	struct skb_frag *f = &skb_shinfo(skb)->frags[skb_shinfo(skb)->nr_frags++];

	skb_shinfo(skb)->free_frag = free_frag;
	f->page = malloc(n); /* of its own, so that each step beyond it shows */
	f->len = n;
	memcpy(f->page, bytes, n);
	skb->len += n;
	skb->data_len += n;
}

/* bytes as a packet whose data begins front bytes behind its first one, linear up to there and so many more. */
static struct sk_buff *packet(struct net *net, const u8 *bytes, u32 len, u32 front, u32 linear)
{
	struct sk_buff *skb = alloc_skb(net, HEADERS + MAX_DATA);
	u32 at = min(front + linear, len), n;

	if (!skb)
		abort();
	memcpy(skb_put(skb, at), bytes, at);
	skb_reset_mac_header(skb);
	skb->network_header = skb->mac_header + LINK;
	__skb_pull(skb, front);
	for (; at < len; at += n) {
		n = min(7U, len - at);
		add_frag(skb, bytes + at, n);
	}
	skb->dev = fuzz_dev(0);
	return skb;
}

static bool by_chance(const struct bpf_prog *prog)
{
	for (u32 i = 0; i < prog->len; i++)
		if (prog->insns[i].k == (u32)SKF_AD_OFF + SKF_AD_RANDOM)
			return true;
	return false;
}

static void run(struct net *net, const struct bpf_prog *prog, struct fuzz_input *in)
{
	u8 bytes[HEADERS + MAX_DATA] = {0};
	u32 front = fuzz_u8(in) % FRONT_MAX, first = 0;
	size_t len;
	const uint8_t *data = fuzz_bytes(in, sizeof(bytes), &len);

	memcpy(bytes, data, len);
	len = max(len, (size_t)FRONT_MAX);
	for (u32 linear = 0; linear <= MAX_DATA; linear += 9) {
		struct sk_buff *skb = packet(net, bytes, len, front, linear);
		u32 answer = bpf_prog_run(prog, skb);

		if (linear && answer != first && !by_chance(prog))
			abort();
		first = answer;
		consume_skb(skb);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	struct sock_filter *insns;
	struct net *net = fuzz_begin(0);
	struct bpf_prog *prog;
	size_t n = 1 + fuzz_u8(&in) % MAX_PROG, got;

	plat_bh_disable();
	insns = calloc(n, sizeof(*insns)); /* as large as said, not more */
	if (!insns)
		abort();
	data = fuzz_bytes(&in, n * sizeof(*insns), &got);
	memcpy(insns, data, got);
	if (!bpf_prog_create(insns, n, &prog)) {
		run(net, prog, &in);
		bpf_prog_put(prog);
	}
	free(insns);
	plat_bh_enable();
	fuzz_end();
	return 0;
}
