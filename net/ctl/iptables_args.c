/* SPDX-License-Identifier: MIT */
/* Reads iptables' words: what each of them says, and what may stand with what. */
#include "lib/byteorder.h"
#include "lib/errno.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "net/ctl/iptables_tool.h"
#include "net/platform.h"

/* ---- complaints */

static u32 column(const struct ipt_cmd *cmd)
{
	int word = cmd->optind ? cmd->optind - 1 : 0;

	return cmd->columns && word < cmd->argc ? cmd->columns[word] : 0;
}

static void __printf(2, 0) finding(struct ipt_cmd *cmd, const char *fmt, va_list ap)
{
	char text[400];
	size_t len = vscnprintf(text, sizeof(text), fmt, ap);

	while (len && text[len - 1] == '\n')
		text[--len] = 0;
	ctl_say(cmd->c, "%s:%u:%u: %s\n", cmd->file, cmd->line, column(cmd), text);
	cmd->findings++;
}

static int tryhelp(struct ipt_cmd *cmd)
{
	if (cmd->file)
		ctl_complain(cmd->c, "Error occurred at line: %u\n", cmd->line);
	ctl_complain(cmd->c, "Try `%s -h' or '%s --help' for more information.\n", cmd->tool,
		     cmd->tool);
	return 2;
}

int ipt_problem(struct ipt_cmd *cmd, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (cmd->checking) {
		finding(cmd, fmt, ap);
	} else {
		ctl_complain(cmd->c, "%s " IPT_VERSION ": ", cmd->tool);
		ctl_vprintf(cmd->c->err, fmt, ap);
		ctl_complain(cmd->c, "\n");
		tryhelp(cmd);
	}
	va_end(ap);
	return 2;
}

void ipt_warn(struct ipt_cmd *cmd, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (!cmd->checking)
		ctl_vprintf(cmd->c->err, fmt, ap);
	va_end(ap);
}

/* Behind Linux's text: where in the file, and what it is that weir has not. */
static void say_place(struct ipt_cmd *cmd, const char *kind, const char *name)
{
	if (cmd->line && !cmd->checking)
		ctl_complain(cmd->c, "%s:%u:%u: there is no %s `%s' in weir\n", cmd->file,
			     cmd->line, column(cmd), kind, name);
}

int ipt_unsupported(struct ipt_cmd *cmd, const char *kind, const char *name)
{
	if (cmd->checking) {
		(void)ipt_problem(cmd, "there is no %s `%s' in weir", kind, name);
		return 0;
	}
	(void)ipt_problem(cmd, "unknown %s \"%s%s\"", kind, *name >= 'a' ? "--" : "", name);
	say_place(cmd, kind, name);
	return 2;
}

int ipt_no_extension(struct ipt_cmd *cmd, bool target, const char *name)
{
	const char *kind = target ? "target" : "match";

	if (cmd->checking) {
		(void)ipt_problem(cmd, "there is no %s `%s' in weir", kind, name);
		cmd->skipping = true;
		return 0;
	}
	(void)ipt_problem(cmd, "Couldn't load %s `%s':No such file or directory\n", kind, name);
	say_place(cmd, kind, name);
	return 2;
}

int ipt_bad_table(struct ipt_cmd *cmd)
{
	ctl_complain(cmd->c,
		     "%s " IPT_VERSION ": can't initialize iptables table `%s': %s\n"
		     "Perhaps iptables or your kernel needs to be upgraded.\n",
		     cmd->tool, cmd->table,
		     strlen(cmd->table) > 31 ? "Module is wrong version"
					     : "Table does not exist (do you need to insmod?)");
	return 3;
}

/* The next word, if it is no option and no "!". */
static bool has_arg(const struct ipt_cmd *cmd)
{
	return cmd->optind < cmd->argc && cmd->argv[cmd->optind][0] != '-' &&
	       cmd->argv[cmd->optind][0] != '!';
}

const char *ipt_cmd_more(struct ipt_cmd *cmd)
{
	return has_arg(cmd) ? cmd->argv[cmd->optind++] : NULL;
}

u8 ipt_cmd_proto(const struct ipt_cmd *cmd)
{
	return cmd->spec.ip.proto;
}

bool ipt_cmd_proto_inverted(const struct ipt_cmd *cmd)
{
	return cmd->spec.ip.invert & IPT_INV_PROTO;
}

/* ---- extensions */

static int load(struct ipt_cmd *cmd, bool target, const char *name)
{
	const struct xt_words *words = xt_words_find(name, target);
	const struct xt_ext *ext = target ? xt_find_target(name) : xt_find_match(name);
	struct ipt_loaded *l = &cmd->loaded[cmd->nr_loaded];

	if (strlen(name) >= XT_FUNCTION_MAXNAMELEN)
		return ipt_problem(cmd, "Invalid match name \"%s\" (%u chars max)", name,
				   XT_FUNCTION_MAXNAMELEN - 1);
	if (!words || !ext)
		return ipt_no_extension(cmd, target, name);
	if (cmd->nr_loaded - !!cmd->target == IPT_MAX_MATCHES && !target)
		return ipt_problem(cmd, "A rule can have %u matches", IPT_MAX_MATCHES);
	*l = (struct ipt_loaded){.words = words, .ext = ext, .data = cmd->data[cmd->nr_loaded]};
	for (u32 i = 0; i < cmd->nr_loaded; i++) {
		if (cmd->loaded[i].words == words)
			cmd->loaded[i].closed = l->again = true;
	}
	cmd->nr_loaded++;
	memset(l->data, 0, min((size_t)ext->size, sizeof(cmd->data[0])));
	if (words->init)
		words->init(l->data);
	if (target)
		cmd->target = l;
	cmd->skipping = false;
	return 0;
}

static inline bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool bad_name(const char *name)
{
	while (*name && !is_blank(*name))
		name++;
	return *name;
}

static bool is_verdict(const char *name)
{
	static const char words[][8] = {"", "ACCEPT", "DROP", "QUEUE", "RETURN"};

	for (u32 i = 0; i < ARRAY_SIZE(words); i++) {
		if (*name == *words[i] && !strcmp(name, words[i]))
			return true;
	}
	return false;
}

/* -j: a verdict, a target, or a chain (which one shows when the table is open). */
static int jump(struct ipt_cmd *cmd, const char *name)
{
	if (!*name)
		return ipt_problem(cmd, "Invalid target name (too short)");
	if (strlen(name) >= XT_FUNCTION_MAXNAMELEN)
		return ipt_problem(cmd, "Invalid target name `%s' (%u chars max)", name,
				   XT_FUNCTION_MAXNAMELEN - 1);
	if (bad_name(name))
		return ipt_problem(cmd, "Invalid target name `%s'", name);
	cmd->jumpto = name;
	if (!cmd->go && !is_verdict(name) && xt_words_find(name, true) && xt_find_target(name))
		return load(cmd, true, name);
	return 0;
}

/*
 * An option nobody knows: perhaps the match of -p's protocol does. It is asked for once, and the word is
 * then read again.
 */
static bool load_protocol(struct ipt_cmd *cmd)
{
	char name[16];
	u8 proto;

	if (!cmd->proto_word[0] || cmd->proto_used || !xt_parse_protocol(cmd->proto_word, &proto))
		return false;
	if (!xt_protocol_name(proto, name) || !xt_words_find(name, false) || !xt_find_match(name))
		return false;
	cmd->proto_used = true;
	cmd->keep_invert = true; /* it stands before the word still */
	cmd->optind--;
	return !load(cmd, false, name);
}

static int tell(struct ipt_cmd *cmd)
{
	struct ipt_loaded *l = cmd->of ? cmd->of : cmd->loaded;
	struct xt_call call = {.cmd = cmd,
			       .name = l->words->name,
			       .opt = cmd->opt,
			       .arg = cmd->arg,
			       .invert = cmd->invert,
			       .told = l->told,
			       .data = l->data};
	int err = xt_option(l->words, &call);

	l->told |= BIT(cmd->opt->id);
	return err;
}

/* ---- one option after the other */

static int command(struct ipt_cmd *cmd, u32 bit, u32 beside)
{
	u32 others = cmd->command & ~beside;

	if (cmd->invert)
		return ipt_problem(cmd, "unexpected '!' flag");
	if (others)
		return ipt_problem(cmd, "Cannot use -%c with -%c",
				   IPT_CMD_LETTERS[__builtin_ctz(bit)],
				   IPT_CMD_LETTERS[__builtin_ctz(others)]);
	cmd->command |= bit;
	return 0;
}

static int option(struct ipt_cmd *cmd, u32 bit, u8 inverse)
{
	char letter = IPT_OPT_LETTERS[__builtin_ctz(bit)];

	if (cmd->options & bit)
		return ipt_problem(cmd, "multiple -%c flags not allowed", letter);
	cmd->options |= bit;
	if (cmd->invert && !inverse)
		return ipt_problem(cmd, "cannot have ! before -%c", letter);
	if (cmd->invert)
		cmd->spec.ip.invert |= inverse;
	return 0;
}

static int take_rulenum(struct ipt_cmd *cmd)
{
	const char *word = cmd->argv[cmd->optind++];

	return xt_strtoui(word, NULL, &cmd->rulenum, 1, 0x7fffffff)
		       ? 0
		       : ipt_problem(cmd, "Invalid rule number `%s'", word);
}

static int chain_too_long(struct ipt_cmd *cmd, const char *name)
{
	return ipt_problem(cmd, "chain name `%s' too long (must be under %u chars)", name,
			   XT_FUNCTION_MAXNAMELEN);
}

static int check_new_name(struct ipt_cmd *cmd, const char *name)
{
	if (strlen(name) >= XT_FUNCTION_MAXNAMELEN)
		return chain_too_long(cmd, name);
	if (*name == '-' || *name == '!')
		return ipt_problem(cmd, "chain name not allowed to start with `%c'", *name);
	if (is_verdict(name) || xt_words_find(name, true))
		return ipt_problem(cmd, "chain name may not clash with target name");
	if (bad_name(name))
		return ipt_problem(cmd, "Invalid chain name `%s'", name);
	return 0;
}

/* A command with the words it wants. */
static int take_command(struct ipt_cmd *cmd, int key)
{
	static const struct {
		char key;
		bool chain, number; /* may follow as words of their own */
		u32 bit, beside;
	} commands[] = {
		{'A', false, false, CMD_APPEND, 0},
		{'C', false, false, CMD_CHECK, 0},
		{'D', false, true, CMD_DELETE, 0},
		{'R', false, true, CMD_REPLACE, 0},
		{'I', false, true, CMD_INSERT, 0},
		{'L', true, true, CMD_LIST, CMD_ZERO | CMD_ZERO_NUM},
		{'S', true, true, CMD_LIST_RULES, CMD_ZERO | CMD_ZERO_NUM},
		{'F', true, false, CMD_FLUSH, 0},
		{'Z', true, true, CMD_ZERO, CMD_LIST | CMD_LIST_RULES},
		{'N', false, false, CMD_NEW_CHAIN, 0},
		{'X', true, false, CMD_DELETE_CHAIN, 0},
		{'E', false, false, CMD_RENAME_CHAIN, 0},
		{'P', false, false, CMD_SET_POLICY, 0},
	};
	u32 i = 0;
	int err;

	while (commands[i].key != key)
		i++;
	if (key == 'N') {
		err = check_new_name(cmd, cmd->arg);
		if (err)
			return err;
	}
	err = command(cmd, commands[i].bit, commands[i].beside);
	if (err)
		return err;
	if (cmd->arg)
		cmd->chain = cmd->arg;
	else if (commands[i].chain && has_arg(cmd))
		cmd->chain = cmd->argv[cmd->optind++];
	if (commands[i].number && has_arg(cmd)) {
		/* In place of all that was told: -L -Z INPUT 1 lists nothing. */
		if (key == 'D' || key == 'Z')
			cmd->command = key == 'D' ? CMD_DELETE_NUM : CMD_ZERO_NUM;
		return take_rulenum(cmd);
	}
	if (key == 'R')
		return ipt_problem(cmd, "-%c requires a rule number", key);
	if (key == 'E' && !(cmd->newname = ipt_cmd_more(cmd)))
		return ipt_problem(cmd, "-%c requires old-chain-name and new-chain-name", key);
	if (key == 'P' && !(cmd->policy = ipt_cmd_more(cmd)))
		return ipt_problem(cmd, "-%c requires a chain and a policy", key);
	return 0;
}

static int take_iface(struct ipt_cmd *cmd, char *name, const char *word)
{
	if (!*cmd->arg) /* what follows =, where word has all of it */
		return ipt_problem(cmd, "Empty interface is likely to be undesired");
	if (strlen(word) >= IFNAMSIZ)
		return ipt_problem(cmd, "interface name `%s' must be shorter than IFNAMSIZ (%i)",
				   word, IFNAMSIZ - 1);
	strscpy(name, word, IFNAMSIZ);
	for (const char *c = word; *c; c++) {
		if (*c == '/' || *c == ' ') {
			ipt_warn(cmd,
				 "Warning: weird character in interface `%s' ('/' and ' ' are not "
				 "allowed by the kernel).\n",
				 word);
			break;
		}
	}
	return 0;
}

static int take_protocol(struct ipt_cmd *cmd, const char *word)
{
	char *w = cmd->proto_word;

	strscpy(w, word, sizeof(cmd->proto_word));
	for (; *w; w++)
		*w += *w >= 'A' && *w <= 'Z' ? 32 : 0;
	if (!xt_parse_protocol(cmd->proto_word, &cmd->spec.ip.proto))
		return ipt_problem(cmd, "unknown protocol \"%s\" specified", cmd->proto_word);
	return !cmd->spec.ip.proto && cmd->invert
		       ? ipt_problem(cmd, "rule would never match protocol")
		       : 0;
}

bool ipt_scan(const char *s, unsigned int base, const char **end, u64 *v)
{
	const char *stop;

	(void)xt_read_u64(s, base, &stop, v);
	if (end)
		*end = stop;
	return stop > s;
}

static int take_counters(struct ipt_cmd *cmd)
{
	const char *packets = cmd->arg, *bytes = *packets ? strchr(packets + 1, ',') : NULL;

	bytes = bytes ? bytes + 1 : ipt_cmd_more(cmd);
	if (!bytes)
		return ipt_problem(cmd, "-%c requires packet and byte counter", 'c');
	if (!ipt_scan(packets, 10, NULL, &cmd->spec.counters.packets))
		return ipt_problem(cmd, "-%c packet counter not numeric", 'c');
	if (!ipt_scan(bytes, 10, NULL, &cmd->spec.counters.bytes))
		return ipt_problem(cmd, "-%c byte counter not numeric", 'c');
	return 0;
}

int ipt_wait(struct ipt_cmd *cmd, int key, const char *word)
{
	u64 v;

	if (key == 'w')
		return !word || ipt_scan(word, 0, NULL, &v)
			       ? 0
			       : ipt_problem(cmd, "wait seconds not numeric");
	if (!word)
		return ipt_problem(cmd, "wait interval value required");
	if (!ipt_scan(word, 10, NULL, &v))
		return ipt_problem(cmd, "wait interval not numeric");
	if ((u32)v > 999999)
		return ipt_problem(cmd, "too long usec wait %u > 999999 usec", (u32)v);
	ipt_warn(cmd, "Ignoring deprecated --wait-interval option.\n");
	return 0;
}

static int take_wait(struct ipt_cmd *cmd, int key)
{
	if (cmd->line)
		return ipt_problem(cmd, "You cannot use `-%c' from %s", key, cmd->tool);
	cmd->waits |= key == 'W' ? 2 : 1;
	return ipt_wait(cmd, key, cmd->arg ? cmd->arg : ipt_cmd_more(cmd));
}

/* What stands before an option's value: Linux takes the word there, even when it is the option itself. */
static int take_rule_option(struct ipt_cmd *cmd, int key)
{
	static const struct {
		char key;
		u8 inverse;
		u16 bit;
	} options[] = {
		{'s', IPT_INV_SRCIP, OPT_SOURCE},
		{'d', IPT_INV_DSTIP, OPT_DESTINATION},
		{'p', IPT_INV_PROTO, OPT_PROTOCOL},
		{'i', IPT_INV_VIA_IN, OPT_VIANAMEIN},
		{'o', IPT_INV_VIA_OUT, OPT_VIANAMEOUT},
		{'j', 0, OPT_JUMP},
		{'g', 0, OPT_JUMP},
		{'f', IPT_INV_FRAG, OPT_FRAGMENT},
		{'c', 0, OPT_COUNTERS},
		{'n', 0, OPT_NUMERIC},
		{'x', 0, OPT_EXPANDED},
		{'0', 0, OPT_LINENUMBERS},
		{'v', 0, OPT_VERBOSE},
	};
	const char *word = cmd->argv[cmd->optind - 1];
	u32 i = 0;
	int err;

	if (key == 'v' && cmd->verbose++)
		return 0;
	while (options[i].key != key)
		i++;
	err = option(cmd, options[i].bit, options[i].inverse);
	if (err)
		return err;
	switch (key) {
	case 's':
		cmd->src.list = word;
		return 0;
	case 'd':
		cmd->dst.list = word;
		return 0;
	case 'p':
		return take_protocol(cmd, word);
	case 'i':
		return take_iface(cmd, cmd->spec.ip.iniface, word);
	case 'o':
		return take_iface(cmd, cmd->spec.ip.outiface, word);
	case 'g':
		cmd->go = true;
		return jump(cmd, cmd->arg);
	case 'j':
		return jump(cmd, word);
	case 'f':
		cmd->spec.ip.frag = true;
		return 0;
	case 'c':
		return take_counters(cmd);
	}
	return 0;
}

static int take_table(struct ipt_cmd *cmd)
{
	if (cmd->invert)
		return ipt_problem(cmd, "unexpected ! flag before --table");
	if (cmd->line && cmd->table_told)
		return ipt_problem(cmd, "The -t option cannot be used in %s.\n", cmd->tool);
	cmd->table_told = true;
	cmd->table = cmd->arg ? cmd->arg : "";
	return 0;
}

static int show_help(struct ipt_cmd *cmd)
{
	ctl_say(cmd->c,
		"%s " IPT_VERSION ", weir\n\n"
		"Usage: iptables [-t TABLE] -A|-C|-D CHAIN RULE\n"
		"       iptables [-t TABLE] -I CHAIN [NUMBER] RULE, -R CHAIN NUMBER RULE, -D CHAIN "
		"NUMBER\n"
		"       iptables [-t TABLE] -L|-S [CHAIN [NUMBER]], -F|-X|-Z [CHAIN], -N CHAIN\n"
		"       iptables [-t TABLE] -E OLD NEW, -P CHAIN ACCEPT|DROP\n"
		"with -v -n -x --line-numbers, -c PACKETS BYTES, -w\n\n"
		"RULE: [!] -s ADDRESS[/MASK][,...] [!] -d ... [!] -i NAME[+] [!] -o NAME[+]\n"
		"      [!] -p PROTOCOL [!] -f -m MATCH ... -j TARGET|CHAIN, -g CHAIN\n",
		cmd->tool);
	for (int target = 0; target < 2; target++) {
		const char *name;

		ctl_say(cmd->c, target ? "\nTARGET: ACCEPT DROP RETURN QUEUE" : "MATCH:");
		for (u32 i = 0; (name = xt_words_name(i, target)) != NULL; i++)
			ctl_say(cmd->c, "%s%s", *name ? " " : "", name);
	}
	ctl_say(cmd->c, "\n");
	for (u32 i = 0; i < cmd->nr_loaded; i++) {
		const struct xt_words *w = cmd->loaded[i].words;

		ctl_say(cmd->c, "\n%s:", w->name);
		for (u32 j = 0; j < w->nr_opts; j++)
			ctl_say(cmd->c, " --%s", w->opts[j].name);
		ctl_say(cmd->c, "\n");
	}
	return -1;
}

/* A word that belongs to no option. */
static int take_word(struct ipt_cmd *cmd)
{
	const char *word = cmd->argv[cmd->optind - 1];

	if (!strcmp(word, "!")) {
		if (cmd->invert)
			return ipt_problem(cmd, "multiple consecutive ! not allowed");
		cmd->invert = cmd->keep_invert = true;
		return 0;
	}
	if (cmd->checking)
		return cmd->skipping ? 0 : ipt_problem(cmd, "Bad argument `%s'", cmd->arg);
	ctl_complain(cmd->c, "Bad argument `%s'\n", cmd->arg);
	return tryhelp(cmd);
}

static int take_unknown(struct ipt_cmd *cmd, int key)
{
	const char *word = cmd->argv[cmd->optind - 1];

	if (load_protocol(cmd))
		return 0;
	if (cmd->skipping)
		return 0;
	return ipt_problem(cmd,
			   key == OPTION_WITHOUT_ARG ? "option \"%s\" requires an argument"
						     : "unknown option \"%s\"",
			   word);
}

static int take(struct ipt_cmd *cmd, int key)
{
	switch (key) {
	case WORD:
		return take_word(cmd);
	case OPTION:
		return tell(cmd);
	case OPTION_UNKNOWN:
	case OPTION_WITHOUT_ARG:
		return take_unknown(cmd, key);
	case 'm':
		if (cmd->invert)
			return ipt_problem(cmd, "unexpected ! flag before --match");
		return load(cmd, false, cmd->arg);
	case 't':
		return take_table(cmd);
	case 'w':
	case 'W':
		return take_wait(cmd, key);
	case 'h':
		return show_help(cmd);
	case 'V':
		if (cmd->invert)
			ctl_say(cmd->c, "Not %s ;-)\n", &IPT_VERSION[1]);
		else
			ctl_say(cmd->c, "%s " IPT_VERSION "\n", cmd->tool);
		return -1;
	case 'M':
	case '4':
		return 0;
	case '6':
		return cmd->line ? -1 : tryhelp(cmd);
	}
	return key >= 'A' && key <= 'Z' ? take_command(cmd, key) : take_rule_option(cmd, key);
}

/* ---- addresses */

static bool add_addr(struct ipt_addrs *list, be32 addr, be32 mask)
{
	if (list->nr == list->room) {
		u32 room = list->room ? list->room * 4 : 4;
		void *more = plat_alloc(room * sizeof(*list->at));

		if (!more)
			return false;
		if (list->nr)
			memcpy(more, list->at, list->nr * sizeof(*list->at));
		plat_free(list->at);
		list->at = more;
		list->room = room;
	}
	list->at[list->nr].addr = addr & mask;
	list->at[list->nr++].mask = mask;
	return true;
}

static int read_addr(struct ipt_cmd *cmd, struct ipt_addrs *list, char *word)
{
	char *slash = strrchr(word, '/');
	be32 addr = 0, mask = ctl_mask(32);
	u32 len;

	if (slash) {
		*slash++ = 0;
		if (xt_strtoui(slash, NULL, &len, 0, 32))
			mask = ctl_mask(len);
		else if (!xt_dotted(slash, true, &mask))
			return ipt_problem(cmd, "invalid mask `%s' specified", slash);
	}
	/* any/0 */
	if (mask && !xt_dotted(word, false, &addr) && !xt_aton(word, &addr))
		return ipt_problem(cmd, "host/network `%s' not found", word);
	if (!add_addr(list, addr, mask))
		return ipt_problem(cmd, "malloc failed");
	return 0;
}

static int read_addrs(struct ipt_cmd *cmd, struct ipt_addrs *list)
{
	const char *at = list->list;

	list->nr = 0;
	if (!at)
		return add_addr(list, 0, 0) ? 0 : ipt_problem(cmd, "malloc failed");
	for (;;) {
		const char *comma = strchr(at, ',');
		size_t len = comma ? (size_t)(comma - at) : strlen(at);
		char word[256];
		int err;

		while (len && is_blank(*at)) {
			at++;
			len--;
		}
		if (len >= sizeof(word))
			return ipt_problem(cmd, "Hostname too long");
		memcpy(word, at, len);
		word[len] = 0;
		err = read_addr(cmd, list, word);
		if (err || !comma)
			return err;
		at = comma + 1;
	}
}

/* ---- the whole line */

/* Which options may stand beside a command. */
static u32 allowed(u32 command)
{
	if (command & CMD_LIST)
		return OPT_NUMERIC | OPT_VERBOSE | OPT_EXPANDED | OPT_LINENUMBERS;
	if (command & CMD_SET_POLICY)
		return OPT_VERBOSE | OPT_COUNTERS;
	if (!(command & CMD_RULE))
		return OPT_VERBOSE;
	return OPT_SOURCE | OPT_DESTINATION | OPT_PROTOCOL | OPT_JUMP | OPT_VERBOSE |
	       OPT_VIANAMEIN | OPT_VIANAMEOUT | OPT_FRAGMENT |
	       (command & (CMD_DELETE | CMD_CHECK) ? 0 : OPT_COUNTERS);
}

static int check_direction(struct ipt_cmd *cmd)
{
	static const struct {
		const char *chain;
		u16 bit;
	} never[] = {{"PREROUTING", OPT_VIANAMEOUT},
		     {"INPUT", OPT_VIANAMEOUT},
		     {"POSTROUTING", OPT_VIANAMEIN},
		     {"OUTPUT", OPT_VIANAMEIN}};

	for (u32 i = 0; i < ARRAY_SIZE(never); i++) {
		if (cmd->options & never[i].bit && !strcmp(cmd->chain, never[i].chain))
			return ipt_problem(cmd, "Can't use -%c with %s\n",
					   never[i].bit == OPT_VIANAMEOUT ? 'o' : 'i', cmd->chain);
	}
	return 0;
}

static int check_command(struct ipt_cmd *cmd)
{
	u32 bad = cmd->options & ~allowed(cmd->command);

	if (cmd->command == CMD_REPLACE && (cmd->src.nr != 1 || cmd->dst.nr != 1))
		return ipt_problem(cmd, "Replacement rule does not specify a unique address");
	if (bad)
		return ipt_problem(cmd, "Illegal option `-%c' with this command",
				   IPT_OPT_LETTERS[__builtin_ctz(bad)]);
	if (cmd->chain && strlen(cmd->chain) >= XT_FUNCTION_MAXNAMELEN)
		return chain_too_long(cmd, cmd->chain);
	return cmd->chain && cmd->command & CMD_RULE ? check_direction(cmd) : 0;
}

static int check_extensions(struct ipt_cmd *cmd)
{
	int err = 0;

	for (int target = 0; target < 2; target++) {
		for (u32 i = 0; i < cmd->nr_loaded && !err; i++) {
			struct ipt_loaded *l = &cmd->loaded[i];
			struct xt_call call = {.cmd = cmd,
					       .name = l->words->name,
					       .told = l->told,
					       .data = l->data};

			if (l->words->is_target == target)
				err = xt_options_check(l->words, &call);
		}
	}
	return err;
}

static int check_addrs(struct ipt_cmd *cmd)
{
	bool rule = cmd->command & CMD_RULE;
	int err = 0;

	if (cmd->src.list || rule)
		err = read_addrs(cmd, &cmd->src);
	if (!err && (cmd->dst.list || rule))
		err = read_addrs(cmd, &cmd->dst);
	if (!err && (cmd->src.nr > 1 || cmd->dst.nr > 1) &&
	    cmd->spec.ip.invert & (IPT_INV_SRCIP | IPT_INV_DSTIP))
		err = ipt_problem(cmd,
				  "! not allowed with multiple source or destination IP addresses");
	return err;
}

static bool drop_in_nat(const struct ipt_cmd *cmd)
{
	return !strcmp(cmd->table, "nat") &&
	       ((cmd->policy && !strcmp(cmd->policy, "DROP")) || !strcmp(cmd->jumpto, "DROP"));
}

static void cmd_begin(struct ipt_cmd *cmd, int argc, const char *const argv[])
{
	cmd->argc = argc;
	cmd->argv = argv;
	cmd->optind = 1;
	cmd->cluster = NULL;
	cmd->invert = cmd->keep_invert = cmd->table_told = cmd->go = cmd->proto_used =
		cmd->skipping = false;
	cmd->command = cmd->options = cmd->verbose = cmd->nr_loaded = 0;
	cmd->rulenum = cmd->waits = 0;
	cmd->table = "filter";
	cmd->chain = cmd->newname = cmd->policy = NULL;
	cmd->jumpto = "";
	cmd->proto_word[0] = 0;
	cmd->src.list = cmd->dst.list = NULL;
	cmd->src.nr = cmd->dst.nr = 0;
	cmd->target = NULL;
	memset(&cmd->spec, 0, offsetof(struct ipt_rule_spec, matches));
}

int ipt_cmd_parse(struct ipt_cmd *cmd, int argc, const char *const argv[])
{
	int key, err;

	cmd_begin(cmd, argc, argv);
	while ((key = ipt_next_word(cmd)) != WORDS_END) {
		err = take(cmd, key);
		if (err)
			return err;
		cmd->invert &= cmd->keep_invert;
		cmd->keep_invert = false;
	}
	if (cmd->waits == 2)
		return ipt_problem(cmd, "--wait-interval only makes sense with --wait\n");
	if (drop_in_nat(cmd))
		return ipt_problem(cmd,
				   "\nThe \"nat\" table is not intended for filtering, the use "
				   "of DROP is therefore inhibited.\n\n");
	err = check_extensions(cmd);
	if (err)
		return err;
	if (cmd->optind < argc)
		return ipt_problem(cmd, "unknown arguments found on commandline");
	if (!cmd->command)
		return ipt_problem(cmd, "no command specified");
	if (cmd->invert)
		return ipt_problem(cmd, "nothing appropriate following !");
	err = check_addrs(cmd);
	return err ? err : check_command(cmd);
}

struct ipt_cmd *ipt_cmd_new(struct ctl *c, const char *tool)
{
	struct ipt_cmd *cmd = plat_alloc(sizeof(*cmd));

	if (!cmd) {
		ctl_complain(c, "%s: out of memory\n", tool);
		return NULL;
	}
	memset(cmd, 0, offsetof(struct ipt_cmd, data));
	cmd->c = c;
	cmd->tool = tool;
	return cmd;
}

void ipt_cmd_free(struct ipt_cmd *cmd)
{
	plat_free(cmd->src.at);
	plat_free(cmd->dst.at);
	plat_free(cmd);
}
