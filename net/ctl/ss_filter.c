/* SPDX-License-Identifier: MIT */
/*
 * ss's expressions: `( sport = :22 or dst 10.0.0.0/8 ) and not dport > :1024`. They are short and read anew for each
 * socket, so parsing and deciding is one walk: each function returns what its part says of the socket.
 */
#include "lib/byteorder.h"
#include "lib/string.h"
#include "net/core/net_namespace.h"
#include "net/ctl/ss_tool.h"
#include "net/ctl/xt_words.h"

#define NEST_MAX 16

struct walk {
	struct ctl *c;
	int argc;
	char *const *argv;
	const struct sock_info *info; /* NULL: only the form counts */
	int nests;
	bool bad;
};

enum op { OP_EQ, OP_NE, OP_GE, OP_LE, OP_GT, OP_LT, OP_NONE };

static const struct {
	const char *word;
	enum op op;
} ops[] = {{"=", OP_EQ},   {"==", OP_EQ},  {"eq", OP_EQ}, {"!=", OP_NE},
	   {"ne", OP_NE},  {"neq", OP_NE}, {">=", OP_GE}, {"ge", OP_GE},
	   {"geq", OP_GE}, {"<=", OP_LE},  {"le", OP_LE}, {"leq", OP_LE},
	   {">", OP_GT},   {"gt", OP_GT},  {"<", OP_LT},  {"lt", OP_LT}};

static bool take(struct walk *w, const char *word)
{
	if (!w->argc || strcmp(w->argv[0], word))
		return false;
	w->argc--;
	w->argv++;
	return true;
}

static bool fail(struct walk *w, const char *what, const char *word)
{
	if (!w->bad && !w->info)
		ctl_complain(w->c, "Error: %s is expected rather than \"%s\".\n", what, word);
	w->bad = true;
	return false;
}

/* iproute2's words. */
static bool fail_address(struct walk *w, const char *word)
{
	fail(w, "an inet prefix", word);
	if (!w->info)
		ctl_complain(w->c, "Cannot parse dst/src address.\n");
	return false;
}

static enum op take_op(struct walk *w)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ops); i++)
		if (take(w, ops[i].word))
			return ops[i].op;
	return OP_NONE;
}

/* A port: 80, :80 or *. False: it is none. *any: every one. */
static bool parse_port(const char *text, u32 *port, bool *any)
{
	if (*text == ':')
		text++;
	*any = !strcmp(text, "*") || !*text;
	*port = 0;
	if (*text >= 'A' && *text <= 'z') { /* a service */
		int known = xt_service_port(text, 0);

		*port = known;
		return known >= 0;
	}
	for (; *text && !*any; text++) {
		if (*text < '0' || *text > '9' || *port > 65535)
			return false;
		*port = *port * 10 + *text - '0';
	}
	return *port <= 65535;
}

static bool compare(enum op op, u32 have, u32 want)
{
	switch (op) {
	case OP_NE:
		return have != want;
	case OP_GE:
		return have >= want;
	case OP_LE:
		return have <= want;
	case OP_GT:
		return have > want;
	case OP_LT:
		return have < want;
	default:
		return have == want;
	}
}

static bool port_term(struct walk *w, bool peer)
{
	enum op op = take_op(w);
	const char *word = w->argc ? w->argv[0] : "";
	bool any;
	u32 port;

	if (!w->argc || !parse_port(word, &port, &any))
		return fail(w, "a port", word);
	take(w, word);
	if (any || !w->info)
		return true;
	return compare(op, be16_to_cpu(peer ? w->info->peer.port : w->info->local.port), port);
}

/* ADDRESS[/BITS], "*" or nothing before a port. */
static bool parse_host(const char *text, be32 *addr, u32 *mask)
{
	const char *slash = strchr(text, '/');
	char host[16];
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	u32 bits = 32;

	*addr = 0;
	*mask = 0;
	if (!*text || !strcmp(text, "*"))
		return true;
	if (len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	if (slash) {
		bool any;

		if (!parse_port(slash + 1, &bits, &any) || any || slash[1] == ':' || bits > 32)
			return false;
	}
	*mask = bits ? U32_MAX << (32 - bits) : 0;
	return ctl_parse_addr(host, addr);
}

static bool address_term(struct walk *w, bool peer)
{
	enum op op = take_op(w);
	const char *word = w->argc ? w->argv[0] : "", *colon = strchr(word, ':');
	char host[24];
	size_t len = colon ? (size_t)(colon - word) : strlen(word);
	bool any = true, same;
	u32 port = 0, mask;
	const struct sock_addr *have;
	be32 addr;

	if (op > OP_NE && op != OP_NONE)
		return fail(w, "== or !=", word);
	if (!w->argc || len >= sizeof(host))
		return fail_address(w, word);
	memcpy(host, word, len);
	host[len] = '\0';
	if (!parse_host(host, &addr, &mask) || (colon && !parse_port(colon, &port, &any)))
		return fail_address(w, word);
	take(w, word);
	if (!w->info)
		return true;
	have = peer ? &w->info->peer : &w->info->local;
	same = !((be32_to_cpu(have->addr) ^ be32_to_cpu(addr)) & mask) &&
	       (any || be16_to_cpu(have->port) == port);
	return op == OP_NE ? !same : same;
}

static bool device_term(struct walk *w)
{
	enum op op = take_op(w);
	const char *word = w->argc ? w->argv[0] : "";
	struct net_device *dev = dev_get_by_name(w->c->net, word);

	if (!w->argc || !dev || (op > OP_NE && op != OP_NONE))
		return fail(w, "a device", word);
	take(w, word);
	return w->info && (op == OP_NE) != (w->info->ifindex == dev->ifindex);
}

static bool expression(struct walk *w);

static bool term(struct walk *w)
{
	bool result;

	if (take(w, "not") || take(w, "!"))
		return !term(w);
	if (take(w, "(")) {
		if (++w->nests > NEST_MAX)
			return fail(w, "less nesting", "(");
		result = expression(w);
		w->nests--;
		return take(w, ")") ? result : fail(w, "\")\"", w->argc ? w->argv[0] : "");
	}
	if (take(w, "sport"))
		return port_term(w, false);
	if (take(w, "dport"))
		return port_term(w, true);
	if (take(w, "src"))
		return address_term(w, false);
	if (take(w, "dst"))
		return address_term(w, true);
	if (take(w, "dev"))
		return device_term(w);
	return address_term(w, true); /* a word alone is a peer */
}

static bool all_of(struct walk *w)
{
	bool result = term(w);

	while (!w->bad && w->argc && strcmp(w->argv[0], ")") && strcmp(w->argv[0], "or") &&
	       strcmp(w->argv[0], "|") && strcmp(w->argv[0], "||")) {
		if (!take(w, "and") && !take(w, "&"))
			take(w, "&&");
		result &= term(w);
	}
	return result;
}

static bool expression(struct walk *w)
{
	bool result = all_of(w);

	while (!w->bad && (take(w, "or") || take(w, "|") || take(w, "||")))
		result |= all_of(w);
	return result;
}

int ss_filter(struct ctl *c, int argc, char *const argv[], const struct sock_info *info)
{
	struct walk w = {.c = c, .argc = argc, .argv = argv, .info = info};
	bool result;

	if (!argc)
		return 1;
	result = expression(&w);
	if (!w.bad && w.argc)
		fail(&w, "the end", w.argv[0]);
	return w.bad ? -1 : result;
}
