/* SPDX-License-Identifier: MIT */
/* Classic BPF: the checker and the interpreter. */
#include "lib/errno.h"
#include "net/core/filter.h"
#include "net/core/net_namespace.h"
#include "net/sockopt.h"
#include "net/wire/ipv4_hdr.h"

/* A bit for each ancillary load that means something here; all are multiples of 4. */
#define ANCILLARY(what) (1U << (what) / 4)
#define ANCILLARY_NONE \
	(ANCILLARY(SKF_AD_NLATTR) | ANCILLARY(SKF_AD_NLATTR_NEST) | ANCILLARY(SKF_AD_QUEUE))

static bool is_ancillary(u32 k)
{
	return k >= (u32)SKF_AD_OFF;
}

static bool ancillary_ok(u32 k)
{
	u32 what = k - SKF_AD_OFF;

	return !(what & 3) && what < SKF_AD_MAX && !(ANCILLARY_NONE & ANCILLARY(what));
}

/* ---- the checker ---- */

static bool alu_ok(const struct sock_filter *f)
{
	bool by_k = BPF_SRC(f->code) == BPF_K;

	switch (BPF_OP(f->code)) {
	case BPF_DIV:
	case BPF_MOD:
		return !by_k || f->k;
	case BPF_LSH:
	case BPF_RSH:
		return !by_k || f->k < 32;
	case BPF_NEG:
		return by_k;
	default:
		return BPF_OP(f->code) <= BPF_XOR;
	}
}

/* left: instructions behind it. */
static bool jump_ok(const struct sock_filter *f, u32 left)
{
	if (f->code == (BPF_JMP | BPF_JA))
		return f->k < left;
	return BPF_OP(f->code) && BPF_OP(f->code) <= BPF_JSET && f->jt < left && f->jf < left;
}

static bool insn_ok(const struct sock_filter *f, u32 left)
{
	if (f->code > U8_MAX)
		return false;
	if (BPF_CLASS(f->code) == BPF_ALU)
		return alu_ok(f);
	if (BPF_CLASS(f->code) == BPF_JMP)
		return jump_ok(f, left);
	switch (f->code) {
	case BPF_LD | BPF_W | BPF_ABS:
	case BPF_LD | BPF_H | BPF_ABS:
	case BPF_LD | BPF_B | BPF_ABS:
		return !is_ancillary(f->k) || ancillary_ok(f->k);
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
		return f->k < BPF_MEMWORDS;
	case BPF_LD | BPF_W | BPF_IND:
	case BPF_LD | BPF_H | BPF_IND:
	case BPF_LD | BPF_B | BPF_IND:
	case BPF_LD | BPF_IMM:
	case BPF_LD | BPF_LEN:
	case BPF_LDX | BPF_IMM:
	case BPF_LDX | BPF_LEN:
	case BPF_LDX | BPF_B | BPF_MSH:
	case BPF_RET | BPF_K:
	case BPF_RET | BPF_A:
	case BPF_MISC | BPF_TAX:
	case BPF_MISC | BPF_TXA:
		return true;
	}
	return false;
}

/*
 * written[i]: the cells of scratch memory that have a value on each way to i; all bits, to begin with. Jumps go forwards, so
 * that one pass sees each way before it arrives. As in Linux a return counts as a way to what stands behind it.
 */
static bool cells_ok(const struct bpf_prog *prog, u16 *written)
{
	u16 now = 0;

	for (u32 i = 0; i < prog->len; i++) {
		const struct sock_filter *f = &prog->insns[i];
		u8 class = BPF_CLASS(f->code);

		now &= written[i];
		if (class == BPF_ST || class == BPF_STX) {
			now |= 1U << f->k;
		} else if (class <= BPF_LDX && BPF_MODE(f->code) == BPF_MEM) {
			if (!(now >> f->k & 1))
				return false;
		} else if (class == BPF_JMP) {
			bool always = BPF_OP(f->code) == BPF_JA;

			written[i + 1 + (always ? f->k : f->jt)] &= now;
			written[i + 1 + (always ? f->k : f->jf)] &= now;
			now = U16_MAX;
		}
	}
	return true;
}

static int prog_check(const struct bpf_prog *prog)
{
	u16 *written;
	bool good;

	for (u32 i = 0; i < prog->len; i++)
		if (!insn_ok(&prog->insns[i], prog->len - 1 - i))
			return -EINVAL;
	if (BPF_CLASS(prog->insns[prog->len - 1].code) != BPF_RET)
		return -EINVAL;
	written = plat_alloc(prog->len * sizeof(*written));
	if (!written)
		return -ENOMEM;
	memset(written, 0xff, prog->len * sizeof(*written));
	good = cells_ok(prog, written);
	plat_free(written);
	return good ? 0 : -EINVAL;
}

int bpf_prog_create(const struct sock_filter *insns, u32 len, struct bpf_prog **out)
{
	struct bpf_prog *prog;
	int err;

	if (!insns || !len || len > BPF_MAXINSNS)
		return -EINVAL;
	prog = plat_alloc(sizeof(*prog) + len * sizeof(*insns));
	if (!prog)
		return -ENOMEM;
	prog->users = 1;
	prog->len = len;
	memcpy(prog->insns, insns, len * sizeof(*insns));
	err = prog_check(prog);
	if (err)
		plat_free(prog);
	else
		*out = prog;
	return err;
}

struct bpf_prog *bpf_prog_get(struct bpf_prog *prog)
{
	if (prog)
		prog->users++;
	return prog;
}

void bpf_prog_put(struct bpf_prog *prog)
{
	if (prog && !--prog->users)
		plat_free(prog);
}

/* ---- the interpreter ---- */

struct bpf_state {
	const struct sk_buff *skb;
	u32 a, x, mem[BPF_MEMWORDS];
};

/* size bytes at k in network order; false: they are not in the packet. */
static bool load_bytes(const struct sk_buff *skb, u32 k, u32 size, u32 *v)
{
	s32 at = (s32)k;
	u8 b[4] = {0}, *to = b + 4 - size;
	u32 front; /* so many lie in front of the data, where headers are: linear */

	if (at < 0 && at >= SKF_NET_OFF)
		at += skb_network_offset(skb) - SKF_NET_OFF;
	else if (at < 0 && at >= SKF_LL_OFF && skb_mac_header_was_set(skb))
		at += (s32)skb->mac_header - (s32)skb_headroom(skb) - SKF_LL_OFF;
	else if (at < 0)
		return false;
	front = at < 0 ? min((u32)-at, size) : 0;
	if (at < -(s32)skb_headroom(skb) ||
	    skb_copy_bits(skb, max(at, 0), to + front, size - front))
		return false;
	memcpy(to, skb->data + at, front);
	*v = get_unaligned_be32(b);
	return true;
}

/* Where the payload of its transport begins, as far as that is known. */
static u32 payload_offset(const struct sk_buff *skb)
{
	u32 first, protocol, doff, at;

	if (!load_bytes(skb, SKF_NET_OFF, 1, &first) ||
	    !load_bytes(skb, SKF_NET_OFF + 9, 1, &protocol))
		return 0;
	at = (first & 15) * 4;
	switch (protocol) {
	case IPPROTO_TCP:
		if (load_bytes(skb, SKF_NET_OFF + at + 12, 1, &doff))
			at += max(20U, (doff >> 4) * 4);
		break;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_ICMP:
	case IPPROTO_IGMP:
		at += 8;
		break;
	case IPPROTO_DCCP:
	case IPPROTO_SCTP:
		at += 12;
	}
	return at + skb_network_offset(skb);
}

/* There is one CPU; tags are off, and no device has told a hash, before a socket sees a packet. */
static u32 ancillary(const struct bpf_state *s, u32 what)
{
	const struct sk_buff *skb = s->skb;
	u32 v = 0;

	switch (what) {
	case SKF_AD_PROTOCOL:
		return be16_to_cpu(skb->protocol);
	case SKF_AD_PKTTYPE:
		return skb->pkt_type;
	case SKF_AD_IFINDEX:
		return skb->dev->ifindex;
	case SKF_AD_HATYPE:
		return skb->dev->type;
	case SKF_AD_MARK:
		return skb->mark;
	case SKF_AD_ALU_XOR_X:
		return s->a ^ s->x;
	case SKF_AD_PAY_OFFSET:
		return payload_offset(skb);
	case SKF_AD_RANDOM:
		plat_random(&v, sizeof(v));
	}
	return v;
}

/* False: the program ends. */
static bool load(const struct bpf_state *s, const struct sock_filter *f, u32 *to)
{
	u32 size = 4 >> (BPF_SIZE(f->code) >> 3);

	switch (BPF_MODE(f->code)) {
	case BPF_IMM:
		*to = f->k;
		return true;
	case BPF_MEM:
		*to = s->mem[f->k];
		return true;
	case BPF_LEN:
		*to = s->skb->len;
		return true;
	case BPF_ABS:
		if (!is_ancillary(f->k))
			return load_bytes(s->skb, f->k, size, to);
		*to = ancillary(s, f->k - SKF_AD_OFF);
		return true;
	case BPF_IND:
		return load_bytes(s->skb, s->x + f->k, size, to);
	default: /* BPF_MSH: the length of an IP header */
		if (!load_bytes(s->skb, f->k, 1, to))
			return false;
		*to = (*to & 15) * 4;
		return true;
	}
}

/* False: a division by 0. */
static bool compute(u8 op, u32 *a, u32 v)
{
	switch (op) {
	case BPF_ADD:
		*a += v;
		break;
	case BPF_SUB:
		*a -= v;
		break;
	case BPF_MUL:
		*a *= v;
		break;
	case BPF_DIV:
		if (v)
			*a /= v;
		return v;
	case BPF_MOD:
		if (v)
			*a %= v;
		return v;
	case BPF_OR:
		*a |= v;
		break;
	case BPF_AND:
		*a &= v;
		break;
	case BPF_XOR:
		*a ^= v;
		break;
	case BPF_LSH:
		*a <<= v & 31;
		break;
	case BPF_RSH:
		*a >>= v & 31;
		break;
	default: /* BPF_NEG */
		*a = -*a;
	}
	return true;
}

/* How many instructions are left out. */
static u32 jump(const struct sock_filter *f, u32 a, u32 v)
{
	bool yes;

	switch (BPF_OP(f->code)) {
	case BPF_JA:
		return f->k;
	case BPF_JEQ:
		yes = a == v;
		break;
	case BPF_JGT:
		yes = a > v;
		break;
	case BPF_JGE:
		yes = a >= v;
		break;
	default: /* BPF_JSET */
		yes = a & v;
	}
	return yes ? f->jt : f->jf;
}

u32 bpf_prog_run(const struct bpf_prog *prog, const struct sk_buff *skb)
{
	struct bpf_state s = {.skb = skb};

	for (const struct sock_filter *f = prog->insns;; f++) {
		u32 v = BPF_SRC(f->code) == BPF_X ? s.x : f->k;
		bool going = true;

		switch (BPF_CLASS(f->code)) {
		case BPF_LD:
			going = load(&s, f, &s.a);
			break;
		case BPF_LDX:
			going = load(&s, f, &s.x);
			break;
		case BPF_ST:
			s.mem[f->k] = s.a;
			break;
		case BPF_STX:
			s.mem[f->k] = s.x;
			break;
		case BPF_ALU:
			going = compute(BPF_OP(f->code), &s.a, v);
			break;
		case BPF_JMP:
			f += jump(f, s.a, v);
			break;
		case BPF_RET:
			return BPF_RVAL(f->code) == BPF_A ? s.a : f->k;
		default:
			if (BPF_MISCOP(f->code) == BPF_TAX)
				s.x = s.a;
			else
				s.a = s.x;
		}
		if (!going)
			return 0;
	}
}
