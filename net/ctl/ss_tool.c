/* SPDX-License-Identifier: MIT */
/*
 * ss: sockets. Ports are always numbers, as with -n: there is no table of service names.
 *
 * Source: ss(8) of iproute2 6.1, and its behaviour.
 */
#include "lib/byteorder.h"
#include "lib/errno.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "net/core/net_namespace.h"
#include "net/ctl/getopt_tool.h"
#include "net/ctl/ss_tool.h"

/* Kinds of sockets, in the order they are listed. */
enum { DB_RAW, DB_PING, DB_UDP, DB_TCP, DB_NR };

static const char *const db_names[DB_NR] = {"raw", "ping", "udp", "tcp"};

enum { STATE_ESTAB = 1, STATE_UNCONN = 7, STATE_LISTEN = 10, STATE_NR = 12 };

#define STATES_ALL    (BIT(STATE_NR) - 2)
#define STATES_LISTEN (BIT(STATE_LISTEN) | BIT(STATE_UNCONN))

/* iproute2's words: what is shown, and what `state` takes. */
static const struct {
	const char *shown, *word;
} states[STATE_NR] = {
	[1] = {"ESTAB", "established"},     [2] = {"SYN-SENT", "syn-sent"},
	[3] = {"SYN-RECV", "syn-recv"},     [4] = {"FIN-WAIT-1", "fin-wait-1"},
	[5] = {"FIN-WAIT-2", "fin-wait-2"}, [6] = {"TIME-WAIT", "time-wait"},
	[7] = {"UNCONN", "closed"},         [8] = {"CLOSE-WAIT", "close-wait"},
	[9] = {"LAST-ACK", "last-ack"},     [10] = {"LISTEN", "listening"},
	[11] = {"CLOSING", "closing"},
};

enum {
	COL_NETID,
	COL_STATE,
	COL_RECVQ,
	COL_SENDQ,
	COL_ADDR,
	COL_PORT,
	COL_RADDR,
	COL_RPORT,
	COL_PROC,
	COL_NR
};

static const struct {
	const char *head, *delim;
	bool right;
} columns[COL_NR] = {
	{"Netid", "", false},         {"State", " ", false},         {"Recv-Q", " ", false},
	{"Send-Q", " ", false},       {"Local Address:", " ", true}, {"Port", "", false},
	{"Peer Address:", " ", true}, {"Port", "", false},           {"Process", "", false},
};

#define CELL_SIZE 36 /* the longest: address%device: */

struct ss_row {
	u8 db;
	char cell[COL_PROC][CELL_SIZE];
	char ext[]; /* the last column: it may have several lines */
};

#define FILTER_SIZE 512 /* bytes of an expression, */
#define FILTER_MAX  96  /* and its words */

struct ss_run {
	struct ctl *c;
	unsigned long dbs, states;
	bool all, listening, no_header, summary;
	struct ss_show show;
	int nr_words; /* of the expression */
	char *words[FILTER_MAX], word_text[2 * FILTER_SIZE];
	struct ctl_rows rows;
	int width[COL_NR];
};

static const struct ctl_opt ss_opts[] = {
	{'h', "help", CTL_ARG_NONE, false},      {'V', "version", CTL_ARG_NONE, false},
	{'n', "numeric", CTL_ARG_NONE, false},   {'a', "all", CTL_ARG_NONE, false},
	{'l', "listening", CTL_ARG_NONE, false}, {'t', "tcp", CTL_ARG_NONE, false},
	{'u', "udp", CTL_ARG_NONE, false},       {'w', "raw", CTL_ARG_NONE, false},
	{'4', "ipv4", CTL_ARG_NONE, false},      {'f', "family", CTL_ARG_REQUIRED, false},
	{'H', "no-header", CTL_ARG_NONE, false}, {'O', "oneline", CTL_ARG_NONE, false},
	{'A', "query", CTL_ARG_REQUIRED, false}, {'o', "options", CTL_ARG_NONE, false},
	{'e', "extended", CTL_ARG_NONE, false},  {'m', "memory", CTL_ARG_NONE, false},
	{'i', "info", CTL_ARG_NONE, false},      {'s', "summary", CTL_ARG_NONE, false},
	{0, NULL, CTL_ARG_NONE, false},
};

static int usage(struct ctl_out *out, int status)
{
	ctl_printf(out, "Usage: ss [ OPTIONS ]\n"
			"       ss [ OPTIONS ] [ state STATE ] [ exclude STATE ] [ EXPRESSION ]\n"
			"   -h, --help          this message\n"
			"   -V, --version       output version information\n"
			"   -n, --numeric       don't resolve service names\n"
			"   -a, --all           display all sockets\n"
			"   -l, --listening     display listening sockets\n"
			"   -o, --options       show timer information\n"
			"   -e, --extended      show detailed socket information\n"
			"   -m, --memory        show socket memory usage\n"
			"   -i, --info          show internal TCP information\n"
			"   -s, --summary       show socket usage summary\n"
			"\n"
			"   -4, --ipv4          display only IP version 4 sockets\n"
			"   -t, --tcp           display only TCP sockets\n"
			"   -u, --udp           display only UDP sockets\n"
			"   -w, --raw           display only RAW sockets\n"
			"   -f, --family=FAMILY display sockets of type FAMILY\n"
			"       FAMILY := {inet}\n"
			"\n"
			"   -H, --no-header     Suppress header line\n"
			"   -O, --oneline       socket's data printed on a single line\n"
			"\n"
			"   -A, --query=QUERY\n"
			"       QUERY := {all|inet|tcp|udp|raw|ping}[,QUERY]\n"
			"\n"
			"       STATE := "
			"{all|connected|synchronized|bucket|big|established|closed|listening|...}\n"
			"       EXPRESSION := sport, dport OP :PORT; src, dst "
			"ADDRESS[/BITS][:PORT]; dev DEVICE;\n"
			"                     and, or, not, ( )\n");
	return status;
}

/* ---- collecting */

static int db_of(const struct sock_info *info)
{
	for (int i = 0; i < DB_NR; i++) {
		const char *a = db_names[i], *b = info->name;

		while (*a && *a == (*b | 0x20)) {
			a++;
			b++;
		}
		if (!*a && !*b)
			return i;
	}
	return DB_NR;
}

static void format_end(struct ss_run *run, const struct sock_addr *end, u32 ifindex, char *addr,
		       char *port)
{
	struct net_device *dev = ifindex ? dev_get_by_index(run->c->net, ifindex) : NULL;

	scnprintf(addr, CELL_SIZE, "%pI4%s%s:", &end->addr, dev ? "%" : "", dev ? dev->name : "");
	if (end->port)
		scnprintf(port, CELL_SIZE, "%u", be16_to_cpu(end->port));
	else
		(void)strscpy(port, "*", CELL_SIZE);
}

static bool wanted(struct ss_run *run, int db, const struct sock_info *info)
{
	return db != DB_NR && run->dbs & BIT(db) && info->state < STATE_NR &&
	       run->states & BIT(info->state) &&
	       ss_filter(run->c, run->nr_words, run->words, info) > 0;
}

static void collect_socket(void *arg, const struct sock_info *info)
{
	struct ss_run *run = arg;
	int db = db_of(info);
	struct sock_addr peer = info->peer;
	char ext[SS_EXT_SIZE];
	struct ss_row *row;
	size_t len;

	if (!wanted(run, db, info))
		return;
	len = ss_ext(&run->show, info, ext) + 1;
	row = ctl_rows_add(&run->rows, sizeof(*row) + len);
	if (!row)
		return;
	memset(row, 0, sizeof(*row));
	memcpy(row->ext, ext, len);
	row->db = db;
	(void)strscpy(row->cell[COL_NETID], db_names[db], CELL_SIZE);
	(void)strscpy(row->cell[COL_STATE], states[info->state].shown, CELL_SIZE);
	scnprintf(row->cell[COL_RECVQ], CELL_SIZE, "%-6u", info->recvq);
	scnprintf(row->cell[COL_SENDQ], CELL_SIZE, "%-6u", info->sendq);
	format_end(run, &info->local, info->ifindex, row->cell[COL_ADDR], row->cell[COL_PORT]);
	/* The "port" of a raw socket's peer would be its protocol once more. */
	if (db == DB_RAW)
		peer.port = 0;
	format_end(run, &peer, 0, row->cell[COL_RADDR], row->cell[COL_RPORT]);
}

/* ---- printing */

static bool is_single(unsigned long bits)
{
	return !(bits & (bits - 1));
}

static bool column_hidden(const struct ss_run *run, int col)
{
	return (col == COL_NETID && is_single(run->dbs)) ||
	       (col == COL_STATE && is_single(run->states));
}

static const char *cell_of(const struct ss_row *row, int col)
{
	return col == COL_PROC ? row->ext : row->cell[col];
}

static void measure_row(struct ss_run *run, const struct ss_row *row, bool last)
{
	for (int col = 0; col < COL_NR - last; col++)
		run->width[col] = max(run->width[col], (int)strlen(cell_of(row, col)));
}

/* iproute2 overlooks the last row's last column; so its text may stand out. */
static void measure(struct ss_run *run)
{
	const struct ss_row *row;
	u32 left = run->rows.count;

	for (int col = 0; col < COL_NR; col++)
		run->width[col] = run->no_header ? 0 : strlen(columns[col].head);
	for (int db = 0; db < DB_NR; db++) {
		ctl_rows_for_each(row, &run->rows)
		{
			if (row->db == db)
				measure_row(run, row, --left == 0);
		}
	}
}

static void print_cell(struct ss_run *run, int col, const char *text, bool first)
{
	ctl_say(run->c, columns[col].right ? "%s%*s" : "%s%-*s", first ? "" : columns[col].delim,
		run->width[col], text);
}

static void print_line(struct ss_run *run, const struct ss_row *row)
{
	bool first = true;

	for (int col = 0; col < COL_NR; col++) {
		if (column_hidden(run, col))
			continue;
		print_cell(run, col, row ? cell_of(row, col) : columns[col].head, first);
		first = false;
	}
	ctl_say(run->c, "\n");
}

static void print_sockets(struct ss_run *run)
{
	const struct ss_row *row;

	measure(run);
	if (!run->no_header)
		print_line(run, NULL);
	for (int db = 0; db < DB_NR; db++) {
		ctl_rows_for_each(row, &run->rows)
		{
			if (row->db == db)
				print_line(run, row);
		}
	}
}

/* ---- the command line */

static int parse_query(struct ss_run *run, const char *list)
{
	while (*list) {
		const char *comma = strchr(list, ',');
		size_t len = comma ? (size_t)(comma - list) : strlen(list);
		unsigned long dbs = 0;

		for (int db = 0; db < DB_NR; db++) {
			if (strlen(db_names[db]) == len && !strncmp(list, db_names[db], len))
				dbs = BIT(db);
		}
		if ((len == 3 && !strncmp(list, "all", 3)) ||
		    (len == 4 && !strncmp(list, "inet", 4)))
			dbs = BIT(DB_NR) - 1;
		if (!dbs) {
			ctl_complain(run->c, "ss: \"%s\" is illegal socket table id\n", list);
			return usage(run->c->err, 255);
		}
		run->dbs |= dbs;
		list += len + !!comma;
	}
	return -1;
}

/* A word of `state` and `exclude`; 0: none. */
static unsigned long states_of(const char *word)
{
	static const struct {
		const char *word;
		unsigned long states;
	} groups[] = {
		{"all", STATES_ALL},
		{"connected", STATES_ALL & ~STATES_LISTEN},
		{"synchronized", STATES_ALL & ~STATES_LISTEN & ~BIT(2)},
		{"bucket", BIT(3) | BIT(6)},
		{"big", STATES_ALL & ~(BIT(3) | BIT(6))},
		{"listen", BIT(STATE_LISTEN)},
		{"unconnected", BIT(STATE_UNCONN)},
	};

	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		if (!strcmp(word, groups[i].word))
			return groups[i].states;
	}
	for (int i = 1; i < STATE_NR; i++) {
		if (!strcmp(word, states[i].word))
			return BIT(i);
	}
	return 0;
}

/* Appends one word of the expression; NULL: no room. */
static char *add_word(struct ss_run *run, char *at, const char *word, size_t len)
{
	if (run->nr_words == FILTER_MAX || at + len >= run->word_text + sizeof(run->word_text))
		return NULL;
	run->words[run->nr_words++] = memcpy(at, word, len);
	at[len] = '\0';
	return at + len + 1;
}

/* Shells hand an expression over as one word or as several; its signs need no spaces around them. */
static bool split_expression(struct ss_run *run, struct ctl_words *w)
{
	static const char signs[] = "()=<>!&|";
	char *at = run->word_text;
	const char *p;

	for (; at && (p = ctl_word(w)); w->at++, w->left--) {
		while (at && *p) {
			size_t n = 0;

			if (*p == ' ') {
				p++;
				continue;
			}
			if (*p == '(' || *p == ')')
				n = 1;
			else if (strchr(signs, *p))
				n = 1 + (p[1] == '=' || (p[1] == *p && *p != '<' && *p != '>'));
			else
				while (p[n] && p[n] != ' ' && !strchr(signs, p[n]))
					n++;
			at = add_word(run, at, p, n);
			p += n;
		}
	}
	return at != NULL;
}

/* What follows the options: state STATE, exclude STATE, an expression. */
static int parse_filter(struct ss_run *run, struct ctl_words *w)
{
	struct ctl *c = run->c;
	bool state;

	while ((state = ctl_take(w, "state")) || ctl_take(w, "exclude")) {
		const char *word = ctl_value(c, w);
		unsigned long which = word ? states_of(word) : 0;

		if (!word)
			return c->status;
		if (!which) {
			ctl_complain(c, "ss: wrong state name: %s\n", word);
			return 255;
		}
		if (state)
			run->states |= which;
		else
			run->states = (run->states ? run->states : STATES_ALL) & ~which;
	}
	if (!split_expression(run, w)) {
		ctl_complain(c, "ss: the expression is too long\n");
		return 255;
	}
	return ss_filter(c, run->nr_words, run->words, NULL) < 0 ? 1 : -1;
}

/* -1, or the exit status that ends ss here. */
static int take_option(struct ss_run *run, int key, const char *value)
{
	struct ctl *c = run->c;

	switch (key) {
	case 'n':
	case '4':
		return -1; /* it is never otherwise */
	case 'O':
		run->show.oneline = true;
		return -1;
	case 'e':
		run->show.details = true;
		run->show.timers = true;
		return -1;
	case 'o':
		run->show.timers = true;
		return -1;
	case 'm':
		run->show.memory = true;
		return -1;
	case 'i':
		run->show.info = true;
		return -1;
	case 's':
		run->summary = true;
		return -1;
	case 'a':
		run->all = true;
		return -1;
	case 'l':
		run->listening = true;
		return -1;
	case 't':
		run->dbs |= BIT(DB_TCP);
		return -1;
	case 'u':
		run->dbs |= BIT(DB_UDP);
		return -1;
	case 'w':
		run->dbs |= BIT(DB_RAW);
		return -1;
	case 'H':
		run->no_header = true;
		return -1;
	case 'A':
		return parse_query(run, value);
	case 'f':
		if (!strcmp(value, "inet"))
			return -1;
		ctl_complain(c, "ss: \"%s\" is invalid family\n", value);
		return usage(c->err, 255);
	case 'V':
		ctl_say(c, "ss utility, weir\n");
		return 0;
	case 'h':
		return usage(c->out, 0);
	default:
		return usage(c->err, 255);
	}
}

/*
 * What is shown when nothing is said of states: connections; of datagram sockets, connected ones.
 */
static void default_states(struct ss_run *run)
{
	if (!run->states && run->all)
		run->states = STATES_ALL;
	if (!run->states && run->listening)
		run->states = STATES_LISTEN;
	if (!run->states && !(run->dbs & BIT(DB_TCP)))
		run->states = BIT(STATE_ESTAB);
	if (!run->states)
		run->states = STATES_ALL & ~STATES_LISTEN & ~BIT(6) & ~BIT(3);
}

int ss_main(struct ctl *c, int argc, char *const argv[])
{
	struct ss_run run = {.c = c};
	struct ctl_getopt g = {
		.tool = "ss", .opts = ss_opts, .argc = argc, .argv = argv, .next = 1};
	struct ctl_words w;
	int key, status = -1;

	while (status < 0 && (key = ctl_getopt(c, &g)) != CTL_OPT_END) {
		if (key == CTL_OPT_OPERAND)
			break;
		status = take_option(&run, key, g.value);
	}
	if (status >= 0)
		return status;
	w.at = argv + g.next - (key == CTL_OPT_OPERAND);
	w.left = argc - (int)(w.at - argv);
	status = parse_filter(&run, &w);
	if (status >= 0)
		return status;
	if (run.summary) {
		ss_summary(c);
		return 0;
	}
	if (!run.dbs)
		run.dbs = BIT(DB_NR) - 1;
	default_states(&run);
	ctl_enter(c);
	sock_for_each(c->net, collect_socket, &run);
	ctl_leave(c);
	print_sockets(&run);
	return ctl_rows_free(c, &run.rows);
}
