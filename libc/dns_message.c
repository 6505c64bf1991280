/* SPDX-License-Identifier: MIT */
/*
 * DNS messages. Names are compared in the form they have on the wire, uncompressed and in lower case. Each pointer
 * of a compressed name must lead to before where the name began, so reading one ends; so do chains of CNAMEs.
 */
#include "libc/dns_message.h"
#include "lib/errno.h"
#include "lib/string.h"

#define HEADER_LEN  12
#define FLAG_QR     0x80 /* byte 2: a reply */
#define OPCODE_MASK 0x78
#define FLAG_TC     0x02
#define FLAG_RD     0x01
#define CLASS_IN    1
#define LABEL_MAX   63
#define WIRE_MAX    255 /* a name, RFC 1035 s3.1 */
#define POINTER     0xc0

struct reader {
	const u8 *msg;
	size_t len, at;
};

/* A resource record. */
struct record {
	u8 owner[WIRE_MAX];
	u16 type, class, rdlen;
	size_t rdata; /* offset */
};

static u16 get16(const u8 *p)
{
	return p[0] << 8 | p[1];
}

static u8 *put16(u8 *p, u16 v)
{
	p[0] = v >> 8;
	p[1] = v;
	return p + 2;
}

static u8 lower(u8 ch)
{
	return ch >= 'A' && ch <= 'Z' ? ch + 32 : ch;
}

/* Text to labels; its length on the wire, or -EINVAL. */
static int put_name(u8 *to, const char *name)
{
	int at = 0;

	if (name[0] == '.' && !name[1])
		name++; /* the root */
	while (*name) {
		const char *dot = strchr(name, '.');
		size_t n = dot ? (size_t)(dot - name) : strlen(name);

		if (!n || n > LABEL_MAX || at + 1 + n + 1 > WIRE_MAX)
			return -EINVAL;
		to[at++] = n;
		memcpy(to + at, name, n);
		at += n;
		name += n + (dot != NULL);
	}
	to[at++] = 0;
	return at;
}

int dns_make_query(u8 msg[DNS_QUERY_MAX], u16 id, const char *name, u16 type)
{
	int n;
	u8 *at;

	memset(msg, 0, HEADER_LEN);
	put16(msg, id);
	msg[2] = FLAG_RD;
	put16(msg + 4, 1);
	n = put_name(msg + HEADER_LEN, name);
	if (n < 0)
		return n;
	at = put16(msg + HEADER_LEN + n, type);
	at = put16(at, CLASS_IN);
	return at - msg;
}

/* The name at r->at, uncompressed, to to; r->at moves behind it. False: it is none. */
static bool get_name(struct reader *r, u8 to[WIRE_MAX])
{
	size_t at = r->at, start = at, used = 0;
	bool jumped = false;
	u8 n, i;

	do {
		if (at >= r->len)
			return false;
		n = r->msg[at++];
		if ((n & POINTER) == POINTER) {
			if (at >= r->len)
				return false;
			if (!jumped)
				r->at = at + 1;
			jumped = true;
			at = (n & ~POINTER) << 8 | r->msg[at];
			if (at >= start) /* backwards only: so it ends */
				return false;
			start = at;
			continue;
		}
		if (n > LABEL_MAX || at + n > r->len || (n && used + n + 2 > WIRE_MAX))
			return false;
		to[used++] = n;
		for (i = 0; i < n; i++)
			to[used++] = lower(r->msg[at++]);
	} while (n);
	if (!jumped)
		r->at = at;
	return true;
}

static bool same_name(const u8 *a, const u8 *b)
{
	while (*a == *b && *a) {
		if (memcmp(a + 1, b + 1, *a))
			return false;
		b += *b + 1;
		a += *a + 1;
	}
	return *a == *b;
}

/* To text. False: bytes that no name of a host has (it will be shown on terminals, and compared). */
static bool name_text(const u8 *name, char text[DNS_NAME_MAX])
{
	size_t at = 0;

	while (*name) {
		u8 n = *name++;

		while (n--) {
			u8 ch = *name++;

			if (!((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '-' ||
			      ch == '_'))
				return false;
			text[at++] = ch;
		}
		text[at++] = '.';
	}
	text[at ? at - 1 : 0] = '\0';
	return at > 0;
}

static bool get_record(struct reader *r, struct record *rec)
{
	const u8 *p;

	if (!get_name(r, rec->owner) || r->len - r->at < 10)
		return false;
	p = r->msg + r->at;
	rec->type = get16(p);
	rec->class = get16(p + 2);
	rec->rdlen = get16(p + 8);
	rec->rdata = r->at + 10;
	r->at = rec->rdata;
	if (rec->rdlen > r->len - r->at)
		return false;
	r->at += rec->rdlen;
	return true;
}

/* The name in a record's data, which it must fill. */
static bool record_name(const struct reader *r, const struct record *rec, u8 to[WIRE_MAX])
{
	struct reader in = {r->msg, rec->rdata + rec->rdlen, rec->rdata};

	return get_name(&in, to) && in.at == in.len;
}

static bool take_record(const struct reader *r, const struct record *rec, struct dns_answer *out)
{
	u8 name[WIRE_MAX];

	if (rec->type == DNS_PTR)
		return out->name[0] || (record_name(r, rec, name) && name_text(name, out->name));
	if (rec->rdlen != sizeof(be32))
		return false;
	if (out->nr < DNS_ADDRS_MAX)
		memcpy(&out->addrs[out->nr++], r->msg + rec->rdata, sizeof(be32));
	return true;
}

/*
 * One look at all answers: takes what is owned by name, which becomes the target of its CNAME (then *moved). False: the
 * message is broken.
 */
static bool read_answers(struct reader r, u16 count, u16 type, u8 name[WIRE_MAX], bool *moved,
			 struct dns_answer *out)
{
	struct record rec;

	*moved = false;
	out->nr = 0;
	out->name[0] = '\0';
	while (count--) {
		if (!get_record(&r, &rec))
			return false;
		if (rec.class != CLASS_IN || !same_name(rec.owner, name))
			continue;
		if (rec.type == DNS_CNAME && !*moved) {
			if (!record_name(&r, &rec, name))
				return false;
			*moved = true;
		} else if (rec.type == type && !take_record(&r, &rec, out)) {
			return false;
		}
	}
	return true;
}

static int read_chain(const struct reader *r, u16 count, u16 type, u8 name[WIRE_MAX],
		      struct dns_answer *out)
{
	bool moved = true;
	int links;

	for (links = 0; moved && links <= DNS_CHAIN_MAX; links++)
		if (!read_answers(*r, count, type, name, &moved, out))
			return -EBADMSG;
	if (moved) /* too long, or a circle */
		return -EBADMSG;
	if (type == DNS_A && out->nr && !name_text(name, out->name))
		return -EBADMSG;
	return 0;
}

int dns_parse_reply(const u8 *msg, size_t len, const u8 *query, int query_len,
		    struct dns_answer *out)
{
	struct reader r = {msg, len, HEADER_LEN}, q = {query, query_len, HEADER_LEN};
	u8 asked[WIRE_MAX], name[WIRE_MAX];

	memset(out, 0, sizeof(*out));
	if (len < HEADER_LEN || memcmp(msg, query, 2) ||
	    (msg[2] & (FLAG_QR | OPCODE_MASK)) != FLAG_QR)
		return -EAGAIN;
	out->rcode = msg[3] & 15;
	/* A server that cannot read questions need not repeat them. */
	if (get16(msg + 4) == 0 && out->rcode && len == HEADER_LEN)
		return 0;
	if (get16(msg + 4) != 1 || !get_name(&q, asked) || !get_name(&r, name) ||
	    !same_name(asked, name) || len - r.at < 4 || memcmp(msg + r.at, query + q.at, 4))
		return -EAGAIN;
	r.at += 4;
	out->truncated = msg[2] & FLAG_TC;
	if (out->truncated || out->rcode)
		return 0;
	return read_chain(&r, get16(msg + 6), get16(query + q.at), name, out);
}
