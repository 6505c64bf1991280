/* SPDX-License-Identifier: MIT */
/*
 * sysctl: shows and writes settings.
 *
 * Source: sysctl(8) of procps 4.0, and its behaviour. Each key=value takes effect or fails by
 * itself, as there.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "net/ctl/getopt_tool.h"
#include "net/sysctl.h"

#define NAME_SIZE  128
#define VALUE_SIZE 64

#define DEFAULT_FILE "/etc/sysctl.conf"

static const struct ctl_opt sysctl_opts[] = {
	{'a', "all", CTL_ARG_NONE, false},    {'A', NULL, CTL_ARG_NONE, false},
	{'X', NULL, CTL_ARG_NONE, false},     {'b', "binary", CTL_ARG_NONE, false},
	{'e', "ignore", CTL_ARG_NONE, false}, {'N', "names", CTL_ARG_NONE, false},
	{'n', "values", CTL_ARG_NONE, false}, {'p', "load", CTL_ARG_OPTIONAL, false},
	{'f', NULL, CTL_ARG_OPTIONAL, false}, {'q', "quiet", CTL_ARG_NONE, false},
	{'w', "write", CTL_ARG_NONE, false},  {'h', "help", CTL_ARG_NONE, false},
	{'d', NULL, CTL_ARG_NONE, false},     {'V', "version", CTL_ARG_NONE, false},
	{0, NULL, CTL_ARG_NONE, false},
};

struct sysctl_run {
	bool all, binary, ignore, names, values, quiet, write, load;
	bool failed;
};

static void usage(struct ctl_out *out)
{
	ctl_printf(out, "\nUsage:\n"
			" sysctl [options] [variable[=value] ...]\n"
			"\n"
			"Options:\n"
			"  -a, --all            display all variables\n"
			"  -A                   alias of -a\n"
			"  -X                   alias of -a\n"
			"  -b, --binary         print value without new line\n"
			"  -e, --ignore         ignore unknown variables errors\n"
			"  -N, --names          print variable names without values\n"
			"  -n, --values         print only values of the given variable(s)\n"
			"  -p, --load[=<file>]  read values from file\n"
			"  -f                   alias of -p\n"
			"  -q, --quiet          do not echo variable set\n"
			"  -w, --write          enable writing a value to variable\n"
			"  -d                   alias of -h\n"
			"\n"
			" -h, --help     display this help and exit\n"
			" -V, --version  output version information and exit\n");
}

/*
 * As procps: what the first separator is, separates; in a dotted name a slash stands for a dot
 * inside a part (net.ipv4.conf.eth0/5.forwarding). Gives the path with slashes. False: too long.
 */
static bool name_to_path(const char *name, char path[NAME_SIZE])
{
	const char *first = name + strlen(name);
	size_t len = strlen(name);

	for (const char *s = name; *s; s++) {
		if (*s == '.' || *s == '/') {
			first = s;
			break;
		}
	}
	if (len >= NAME_SIZE)
		return false;
	memcpy(path, name, len + 1);
	for (char *s = path; *first == '.' && *s; s++) {
		if (*s == '.')
			*s = '/';
		else if (*s == '/')
			*s = '.';
	}
	return true;
}

static void path_to_name(const char *path, char name[NAME_SIZE])
{
	size_t i;

	for (i = 0; path[i]; i++) {
		name[i] = path[i];
		if (path[i] == '/')
			name[i] = '.';
		else if (path[i] == '.')
			name[i] = '/';
	}
	name[i] = '\0';
}

static void print_one(struct ctl *c, const struct sysctl_run *run, const char *name,
		      const char *value)
{
	if (run->names)
		ctl_say(c, "%s\n", name);
	else if (run->binary)
		ctl_say(c, "%s", value);
	else if (run->values)
		ctl_say(c, "%s\n", value);
	else
		ctl_say(c, "%s = %s\n", name, value);
}

static void complain_unknown(struct ctl *c, struct sysctl_run *run, const char *path)
{
	if (run->ignore)
		return;
	ctl_complain(c, "sysctl: cannot stat /proc/sys/%s: %s\n", path, ctl_strerror(-ENOENT));
	run->failed = true;
}

/* ---- reading */

struct collect {
	const char *prefix; /* a dotted name; "" for all */
	struct ctl_rows rows;
};

/* A row is the name and the value, each with its 0. */
static void collect_one(void *arg, const char *name, const char *value)
{
	struct collect *collect = arg;
	size_t prefix = strlen(collect->prefix), name_size = strlen(name) + 1;
	size_t value_size = strlen(value) + 1;
	char *row;

	if (prefix && (strncmp(name, collect->prefix, prefix) != 0 || name[prefix] != '.'))
		return;
	row = ctl_rows_add(&collect->rows, name_size + value_size);
	if (!row)
		return;
	memcpy(row, name, name_size);
	memcpy(row + name_size, value, value_size);
}

/* All settings below a name. False: there are none. */
static bool show_below(struct ctl *c, struct sysctl_run *run, const char *prefix)
{
	struct collect collect = {.prefix = prefix};
	const char *row;
	bool any;

	ctl_enter(c);
	sysctl_for_each(c->net, collect_one, &collect);
	ctl_leave(c);
	any = collect.rows.count;
	ctl_rows_for_each(row, &collect.rows) print_one(c, run, row, row + strlen(row) + 1);
	run->failed |= ctl_rows_free(c, &collect.rows) != 0;
	return any;
}

static void show(struct ctl *c, struct sysctl_run *run, const char *word)
{
	char path[NAME_SIZE], name[NAME_SIZE], value[VALUE_SIZE];
	int len;

	if (!*word) {
		ctl_complain(c, "sysctl: \"\" is an unknown key\n");
		run->failed = true;
		return;
	}
	if (!name_to_path(word, path)) {
		complain_unknown(c, run, word);
		return;
	}
	path_to_name(path, name);
	ctl_enter(c);
	len = sysctl_read(c->net, path, value, sizeof(value));
	ctl_leave(c);
	if (len >= 0)
		print_one(c, run, name, value);
	else if (!show_below(c, run, name))
		complain_unknown(c, run, path);
}

/* ---- writing */

static const char *skip_blanks(const char *s)
{
	while (*s == ' ' || *s == '\t')
		s++;
	return s;
}

static void cut_blanks(char *s)
{
	size_t len = strlen(s);

	while (len && (s[len - 1] == ' ' || s[len - 1] == '\t' || s[len - 1] == '\r'))
		s[--len] = '\0';
}

static void write_one(struct ctl *c, struct sysctl_run *run, const char *key, const char *value,
		      bool ignore)
{
	char path[NAME_SIZE], name[NAME_SIZE], old[VALUE_SIZE];
	bool known;
	int err;

	if (!name_to_path(key, path)) {
		complain_unknown(c, run, key);
		return;
	}
	path_to_name(path, name);
	ctl_enter(c);
	known = sysctl_read(c->net, path, old, sizeof(old)) >= 0;
	err = sysctl_write(c->net, path, value);
	ctl_leave(c);
	if (!err) {
		if (!run->quiet)
			print_one(c, run, name, value);
		return;
	}
	if (!known) {
		complain_unknown(c, run, path);
		return;
	}
	if (err == -EPERM)
		ctl_complain(c, "sysctl: permission denied on key \"%s\"%s\n", name,
			     ignore ? ", ignoring" : "");
	else
		ctl_complain(c, "sysctl: setting key \"%s\"%s: %s\n", name,
			     ignore ? ", ignoring" : "", ctl_strerror(err));
	run->failed |= !ignore;
}

/* "key = value", cut in place; a leading '-' (files only) lets errors pass. False: no such form. */
static bool write_setting(struct ctl *c, struct sysctl_run *run, char *text, bool in_file)
{
	char *equals = strchr(text, '=');
	const char *key = skip_blanks(text), *value;
	bool ignore = false;

	if (!equals)
		return false;
	*equals = '\0';
	if (in_file && *key == '-') {
		ignore = true;
		key = skip_blanks(key + 1);
	}
	cut_blanks(text);
	value = skip_blanks(equals + 1);
	cut_blanks(equals + 1);
	if (!*key)
		return false;
	write_one(c, run, key, value, ignore);
	return true;
}

static void invalid_syntax(struct ctl *c, struct sysctl_run *run, const char *where,
			   unsigned int line)
{
	ctl_complain(c, "sysctl: %s(%u): invalid syntax, continuing...\n", where, line);
	run->failed = true;
}

static void do_operand(struct ctl *c, struct sysctl_run *run, const char *word)
{
	char text[NAME_SIZE + VALUE_SIZE];

	if (!run->write && !strchr(word, '=')) {
		show(c, run, word);
		return;
	}
	if (strscpy(text, word, sizeof(text)) < 0 || !write_setting(c, run, text, false))
		invalid_syntax(c, run, "command line", 0);
}

static void load_line(struct ctl *c, struct sysctl_run *run, const char *text, size_t len,
		      unsigned int number)
{
	char line[NAME_SIZE + VALUE_SIZE];
	const char *first;

	if (len < sizeof(line)) {
		memcpy(line, text, len);
		line[len] = '\0';
		first = skip_blanks(line);
		if (!*first || *first == '#' || *first == ';' || *first == '\r')
			return;
		if (write_setting(c, run, line, true))
			return;
	}
	invalid_syntax(c, run, c->in->name, number);
}

static void load(struct ctl *c, struct sysctl_run *run, const char *file)
{
	const char *at = c->in->text, *end;

	if (!at || strcmp(file, c->in->name) != 0) {
		ctl_complain(c, "sysctl: cannot open \"%s\": %s\n", file, ctl_strerror(-ENOENT));
		run->failed = true;
		return;
	}
	end = at + c->in->len;
	for (unsigned int number = 1; at < end; number++) {
		const char *newline = memchr(at, '\n', end - at);
		size_t len = newline ? (size_t)(newline - at) : (size_t)(end - at);

		load_line(c, run, at, len, number);
		at += len + 1;
	}
}

/* ---- the command line */

/* Options first. -1, or the exit status that ends sysctl here. */
static int take_options(struct ctl *c, struct ctl_getopt *g, struct sysctl_run *run)
{
	int key;

	while ((key = ctl_getopt(c, g)) != CTL_OPT_END) {
		switch (key) {
		case CTL_OPT_OPERAND:
			break;
		case 'a':
		case 'A':
		case 'X':
			run->all = true;
			break;
		case 'b':
			run->binary = true;
			break;
		case 'e':
			run->ignore = true;
			break;
		case 'N':
			run->names = true;
			break;
		case 'n':
			run->values = true;
			break;
		case 'p':
		case 'f':
			run->load = true;
			break;
		case 'q':
			run->quiet = true;
			break;
		case 'w':
			run->write = true;
			break;
		case 'h':
		case 'd':
			usage(c->out);
			return 0;
		case 'V':
			ctl_say(c, "sysctl from weir\n");
			return 0;
		default:
			usage(c->err);
			return 1;
		}
	}
	return -1;
}

static struct ctl_getopt options(int argc, char *const argv[])
{
	return (struct ctl_getopt){
		.tool = "sysctl", .opts = sysctl_opts, .argc = argc, .argv = argv, .next = 1};
}

/* The operands, and the files that are glued to -p. Returns how many there were. */
static unsigned int take_operands(struct ctl *c, struct ctl_getopt *g, struct sysctl_run *run)
{
	unsigned int n = 0;
	int key;

	while ((key = ctl_getopt(c, g)) != CTL_OPT_END) {
		bool file = (key == 'p' || key == 'f') && g->value;

		if (!file && key != CTL_OPT_OPERAND)
			continue;
		if (run->load)
			load(c, run, g->value);
		else
			do_operand(c, run, g->value);
		n++;
	}
	return n;
}

int sysctl_main(struct ctl *c, int argc, char *const argv[])
{
	struct ctl_getopt g = options(argc, argv);
	struct sysctl_run run = {.all = false};
	int status = take_options(c, &g, &run);

	if (status >= 0)
		return status;
	if (argc == 1) {
		usage(c->err);
		return 1;
	}
	if (run.all)
		return show_below(c, &run, "") && !run.failed ? 0 : 1;
	g = options(argc, argv);
	if (!take_operands(c, &g, &run)) {
		if (!run.load) {
			ctl_complain(c, "sysctl: no variables specified\n"
					"Try `sysctl --help' for more information.\n");
			return 1;
		}
		load(c, &run, DEFAULT_FILE);
	}
	return run.failed;
}

const char *sysctl_input(int argc, char *const argv[])
{
	struct ctl_getopt g = options(argc, argv);
	const char *operand = NULL;
	bool wanted = false;
	int key;

	while ((key = ctl_getopt(NULL, &g)) != CTL_OPT_END && key != CTL_OPT_ERROR) {
		if ((key == 'p' || key == 'f') && g.value)
			return g.value;
		wanted |= key == 'p' || key == 'f';
		if (key == CTL_OPT_OPERAND && !operand)
			operand = g.value;
	}
	if (!wanted)
		return NULL;
	return operand ? operand : DEFAULT_FILE;
}
