/* SPDX-License-Identifier: MIT */
/* Options of matches and targets by their tables: values, and what may be told with what. */
#include "lib/byteorder.h"
#include "lib/string.h"
#include "net/ctl/tool.h"
#include "net/ctl/xt_words.h"
#include "net/x_tables.h"

/* ---- numbers */

static inline unsigned int digit(char c)
{
	if ((u8)(c - '0') < 10)
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

static const char *behind_blanks(const char *s)
{
	while (*s == ' ' || (*s >= '\t' && *s <= '\r'))
		s++;
	return s;
}

bool xt_read_u64(const char *s, unsigned int base, const char **end, u64 *v)
{
	u64 sum = 0;
	unsigned int d;
	bool minus, over = false;
	const char *start;

	*end = s;
	*v = 0;
	s = behind_blanks(s);
	minus = *s == '-';
	s += *s == '-' || *s == '+';
	if ((!base || base == 16) && s[0] == '0' && (s[1] | 0x20) == 'x' && digit(s[2]) < 16) {
		base = 16;
		s += 2;
	} else if (!base) {
		base = *s == '0' ? 8 : 10;
	}
	for (start = s; (d = digit(*s)) < base; s++) {
		over |= __builtin_mul_overflow(sum, base, &sum);
		over |= __builtin_add_overflow(sum, d, &sum);
	}
	if (s == start)
		return false;
	*end = s;
	*v = over ? U64_MAX : minus ? -sum : sum;
	return !over;
}

bool xt_strtoul(const char *s, const char **end, u64 *v)
{
	return xt_read_u64(s, 0, end, v);
}

bool xt_strtoui(const char *s, const char **end, u32 *v, u32 min, u32 max)
{
	const char *stop;
	u64 wide;

	if (*behind_blanks(s) == '-' || !xt_strtoul(s, &stop, &wide) || wide < min || wide > max ||
	    (!end && *stop))
		return false;
	if (end)
		*end = stop;
	*v = wide;
	return true;
}

bool xt_aton(const char *s, be32 *addr)
{
	u32 sum = 0;

	for (int i = 0; i < 4; i++) {
		u64 part;

		if (digit(*s) > 9 || !xt_strtoul(s, &s, &part))
			return false;
		if (*s != '.') {
			if (*s || part > U32_MAX >> (8 * i))
				return false;
			*addr = cpu_to_be32(sum | (u32)part);
			return true;
		}
		if (part > 255)
			return false;
		sum |= (u32)part << (24 - 8 * i);
		s++;
	}
	return false;
}

bool xt_dotted(const char *s, bool mask, be32 *addr)
{
	u32 sum = 0;

	for (int i = 0; i < 4; i++) {
		u64 part;

		if (!xt_strtoul(s, &s, &part) || part > 255)
			return false;
		sum |= (u32)part << (24 - 8 * i);
		*addr = cpu_to_be32(sum);
		if (!*s)
			return i == 3 || !mask;
		if (*s++ != '.')
			return false;
	}
	return false;
}

int xt_mask_len(be32 mask)
{
	int len = mask ? 32 - __builtin_ctz(be32_to_cpu(mask)) : 0;

	return mask == ctl_mask(len) ? len : -1;
}

bool xt_same_word(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char x = a[i] >= 'A' && a[i] <= 'Z' ? a[i] + 32 : a[i];
		char y = b[i] >= 'A' && b[i] <= 'Z' ? b[i] + 32 : b[i];

		if (x != y)
			return false;
		if (!x)
			return true;
	}
	return true;
}

/* ---- values */

static u32 most(const struct xt_opt *o)
{
	if (o->max)
		return o->max;
	if (o->type == XTTYPE_UINT8)
		return 255;
	return o->type == XTTYPE_UINT16 || o->type == XTTYPE_UINT16RC ? U16_MAX : U32_MAX;
}

static int read_number(struct xt_call *call)
{
	const struct xt_opt *o = call->opt;

	if (xt_strtoui(call->arg, NULL, call->val, o->min, most(o)))
		return 0;
	return ipt_problem(call->cmd,
			   "%s: bad value for option \"--%s\", or out of range (%u-%u).\n",
			   call->name, o->name, o->min, most(o));
}

static int read_range(struct xt_call *call)
{
	const struct xt_opt *o = call->opt;
	const char *at = call->arg, *end;

	for (call->nvals = 0;; at = end + 1) {
		if (call->nvals == 2)
			return ipt_problem(
				call->cmd,
				"%s: Too many components for option \"--%s\" (max: %u)\n",
				call->name, o->name, 2);
		end = at;
		if (!*at || *at == ':')
			call->val[call->nvals] = call->nvals ? most(o) : 0;
		else if (!xt_strtoui(at, &end, &call->val[call->nvals], 0, most(o)))
			return ipt_problem(
				call->cmd,
				"%s: bad value for option \"--%s\" near \"%s\", or out of "
				"range (0-%u).\n",
				call->name, o->name, at, most(o));
		call->nvals++;
		if (!*end)
			break;
		if (*end != ':')
			return ipt_problem(
				call->cmd,
				"%s: Argument to \"--%s\" has unexpected characters near "
				"\"%s\".\n",
				call->name, o->name, end);
	}
	if (call->nvals == 1)
		call->val[1] = call->val[0];
	return 0;
}

/* As glibc's getaddrinfo(): any decimal number whose 32 bits are not negative, and 16 bits of it. */
static bool resolve_port(const char *s, u32 *port)
{
	const char *end;
	u64 wide;
	int known;

	if (xt_read_u64(s, 10, &end, &wide) && !*end && !(wide & BIT(31))) {
		*port = (u16)wide;
		return true;
	}
	known = xt_service_port(s, 0);
	*port = known;
	return known >= 0;
}

static int read_ports(struct xt_call *call)
{
	const char *at = call->arg, *colon;
	char word[64];

	for (call->nvals = 0;; at = colon + 1) {
		size_t len;

		if (call->nvals == 2)
			return ipt_problem(
				call->cmd,
				"%s: Too many components for option \"--%s\" (max: %u)\n",
				call->name, call->opt->name, 2);
		colon = strchr(at, ':');
		len = min(colon ? (size_t)(colon - at) : strlen(at), sizeof(word) - 1);
		memcpy(word, at, len);
		word[len] = 0;
		if (!len)
			call->val[call->nvals] = call->nvals ? U16_MAX : 0;
		else if (!resolve_port(word, &call->val[call->nvals]))
			return ipt_problem(call->cmd, "Port \"%s\" does not resolve to anything.\n",
					   word);
		call->nvals++;
		if (!colon)
			break;
	}
	if (call->nvals == 1)
		call->val[1] = call->val[0];
	return 0;
}

static int read_mark(struct xt_call *call)
{
	const char *end;

	call->val[1] = U32_MAX;
	if (!xt_strtoui(call->arg, &end, &call->val[0], 0, U32_MAX) ||
	    (*end == '/' && !xt_strtoui(end + 1, &end, &call->val[1], 0, U32_MAX)))
		return ipt_problem(call->cmd,
				   "%s: bad integer value for option \"--%s\", or out of range.\n",
				   call->name, call->opt->name);
	if (*end)
		return ipt_problem(call->cmd,
				   "%s: trailing garbage after value for option \"--%s\".\n",
				   call->name, call->opt->name);
	return 0;
}

/* There is no name service; so a name is not found, and what cannot be one is none. */
static int read_host(struct xt_call *call, const char *host)
{
	bool name = *host && *host != '-' && *host != '.', number = true;
	char last = 0;

	if (xt_aton(host, &call->addr))
		return 0;
	for (const char *c = host; *c; last = *c++) {
		bool digits = digit(*c) < 10;

		name &= digits || ((*c | 0x20) >= 'a' && (*c | 0x20) <= 'z') || *c == '-' ||
			*c == '_' || (*c == '.' && last != '.');
		number &= digits || *c == '.';
	}
	return ipt_problem(call->cmd, "getaddrinfo: %s\n",
			   name && (!number || last == '.') ? "Temporary failure in name resolution"
							    : "Name or service not known");
}

static int read_hostmask(struct xt_call *call)
{
	const char *slash = strchr(call->arg, '/');
	char host[64];
	u32 len;
	int err;

	call->mask = ctl_mask(32);
	if (!slash)
		return read_host(call, call->arg);
	len = min((size_t)(slash - call->arg), sizeof(host) - 1);
	memcpy(host, call->arg, len);
	host[len] = 0;
	err = read_host(call, host);
	if (err)
		return err;
	if (xt_strtoui(slash + 1, NULL, &len, 0, 32))
		call->mask = ctl_mask(len);
	else if (!xt_aton(slash + 1, &call->mask))
		return ipt_problem(
			call->cmd,
			"%s: bad value for option \"--%s\", neither a valid network mask "
			"nor valid CIDR (%u-%u).\n",
			call->name, call->opt->name, 0, 32);
	if (xt_mask_len(call->mask) < 0)
		call->mask = ctl_mask(32);
	return 0;
}

static int read_loglevel(struct xt_call *call)
{
	static const char levels[][8] = {"emerg",   "alert",  "crit", "error",
					 "warning", "notice", "info", "debug"};

	if (xt_strtoui(call->arg, NULL, call->val, 0, 7))
		return 0;
	for (u32 i = 0; i < ARRAY_SIZE(levels); i++) {
		if (!strcmp(call->arg, levels[i])) {
			call->val[0] = i;
			return 0;
		}
	}
	if (!strcmp(call->arg, "panic")) {
		call->val[0] = 0;
		return 0;
	}
	return ipt_problem(call->cmd, "log level \"%s\" unknown\n", call->arg);
}

static int read_protocol(struct xt_call *call)
{
	u8 proto;

	if (!xt_parse_protocol(call->arg, &proto))
		return ipt_problem(call->cmd, "unknown protocol \"%s\" specified", call->arg);
	call->val[0] = proto;
	return 0;
}

static int read_value(struct xt_call *call)
{
	switch (call->opt->type) {
	case XTTYPE_UINT8:
	case XTTYPE_UINT16:
	case XTTYPE_UINT32:
		return read_number(call);
	case XTTYPE_UINT16RC:
	case XTTYPE_UINT32RC:
		return read_range(call);
	case XTTYPE_PORTRC:
		return read_ports(call);
	case XTTYPE_MARKMASK32:
		return read_mark(call);
	case XTTYPE_HOST:
		return read_host(call, call->arg);
	case XTTYPE_HOSTMASK:
		return read_hostmask(call);
	case XTTYPE_SYSLOGLEVEL:
		return read_loglevel(call);
	case XTTYPE_PROTOCOL:
		return read_protocol(call);
	case XTTYPE_STRING:
		if (strlen(call->arg) < call->opt->min)
			return ipt_problem(call->cmd,
					   "Argument must have a minimum length of %u characters\n",
					   call->opt->min);
	}
	return 0;
}

static void put_value(struct xt_call *call)
{
	char *at = (char *)call->data + call->opt->put - 1;
	u16 pair[2] = {call->val[0], call->val[1]};

	switch (call->opt->type) {
	case XTTYPE_STRING:
		strscpy(at, call->arg, call->opt->max);
		break;
	case XTTYPE_UINT8:
	case XTTYPE_SYSLOGLEVEL:
		*at = call->val[0];
		break;
	case XTTYPE_UINT16:
	case XTTYPE_PROTOCOL:
		memcpy(at, pair, 2);
		break;
	case XTTYPE_UINT16RC:
	case XTTYPE_PORTRC:
		memcpy(at, pair, 4);
		break;
	case XTTYPE_UINT32RC:
	case XTTYPE_MARKMASK32:
		memcpy(at, call->val, 8);
		break;
	case XTTYPE_HOST:
	case XTTYPE_HOSTMASK:
		memcpy(at, &call->addr, 4);
		if (call->opt->type == XTTYPE_HOSTMASK)
			memcpy(at + 4, &call->mask, 4);
		break;
	default:
		memcpy(at, call->val, 4);
	}
}

/* ---- options */

/* Of aliases the first: that is the one complaints name. */
static const struct xt_opt *first_of(const struct xt_words *words, u8 id)
{
	const struct xt_opt *o = words->opts;

	while (o->id != id)
		o++;
	return o;
}

int xt_option(const struct xt_words *words, struct xt_call *call)
{
	const struct xt_opt *o = call->opt = first_of(words, call->opt->id);
	int err;

	if (!(o->flags & XTOPT_MULTI) && call->told & BIT(o->id))
		return ipt_problem(call->cmd, "%s: option \"--%s\" can only be used once.\n",
				   call->name, o->name);
	if (call->invert && !(o->flags & XTOPT_INVERT))
		return ipt_problem(call->cmd, "%s: option \"--%s\" cannot be inverted.\n",
				   call->name, o->name);
	err = read_value(call);
	if (err)
		return err;
	if (o->put)
		put_value(call);
	return words->parse ? words->parse(call) : 0;
}

/* What o cannot stand beside, among what was told. */
static int check_beside(const struct xt_words *words, struct xt_call *call, const struct xt_opt *o)
{
	u32 beside;

	if (o->also && !(call->told & o->also))
		return ipt_problem(call->cmd, "%s: option \"--%s\" also requires \"--%s\".\n",
				   call->name, o->name,
				   first_of(words, __builtin_ctz(o->also))->name);
	beside = o->excl & call->told & ~BIT(o->id);
	return beside ? ipt_problem(call->cmd,
				    "%s: option \"--%s\" cannot be used together with \"--%s\".\n",
				    call->name, o->name,
				    first_of(words, __builtin_ctz(beside))->name)
		      : 0;
}

int xt_options_check(const struct xt_words *words, struct xt_call *call)
{
	int err = words->check ? words->check(call) : 0;

	for (u32 i = 0; i < words->nr_opts && !err; i++) {
		const struct xt_opt *o = &words->opts[i];

		if (call->told & BIT(o->id))
			err = check_beside(words, call, o);
		else if (o->flags & XTOPT_MAND)
			err = ipt_problem(call->cmd, "%s: option \"--%s\" must be specified\n",
					  call->name, o->name);
	}
	return err;
}

static const struct {
	const struct xt_words *list;
	const u8 *nr;
} lists[] = {{xt_l4_words, &xt_l4_words_nr},         {xt_conn_words, &xt_conn_words_nr},
	     {xt_packet_words, &xt_packet_words_nr}, {xt_rate_words, &xt_rate_words_nr},
	     {xt_target_words, &xt_target_words_nr}, {xt_nat_words, &xt_nat_words_nr}};

static const struct xt_words *nth_words(u32 n)
{
	for (u32 i = 0; i < ARRAY_SIZE(lists); n -= *lists[i].nr, i++) {
		if (n < *lists[i].nr)
			return &lists[i].list[n];
	}
	return NULL;
}

const struct xt_words *xt_words_find(const char *name, bool is_target)
{
	for (u32 i = 0; i < ARRAY_SIZE(lists); i++) {
		const struct xt_words *w = lists[i].list, *end = w + *lists[i].nr;

		/* Once and more for each rule of a file: first letters first. */
		for (; w < end; w++) {
			if (*w->name == *name && w->is_target == is_target &&
			    !strcmp(w->name, name))
				return w;
		}
	}
	return NULL;
}

const char *xt_words_name(u32 n, bool is_target)
{
	const struct xt_words *w = nth_words(n);

	if (!w)
		return NULL;
	if (w->is_target != is_target)
		return "";
	return (is_target ? xt_find_target(w->name) : xt_find_match(w->name)) ? w->name : "";
}
