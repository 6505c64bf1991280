/* SPDX-License-Identifier: MIT */
/*
 * Rules as text, into iptables-restore: whatever is refused, what is accepted must come out of iptables-save as text
 * that is accepted again and saved the same. A first line "$ COMMAND" is run after it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/libweir.h"
#include "net/ctl.h"
#include "tests/fuzz/lab.h"

#define TEXT_SIZE (1 << 18)

struct text {
	struct ctl_out out;
	size_t len;
	char at[TEXT_SIZE];
};

static void write_text(struct ctl_out *out, const char *s, size_t len)
{
	struct text *t = (struct text *)out;

	len = len < sizeof(t->at) - t->len ? len : sizeof(t->at) - t->len;
	memcpy(t->at + t->len, s, len);
	t->len += len;
}

static int run(struct net *net, const char *line, const char *feed, size_t len, struct text *t)
{
	struct ctl_in in = {.text = feed, .len = len, .name = "-"};
	char copy[1024], *argv[65];
	const char *where;
	int argc;

	t->out.write = write_text;
	t->len = 0;
	snprintf(copy, sizeof(copy), "%s", line);
	argc = ctl_split(copy, argv, 64, &where);
	return argc > 0 ? net_ctl(net, argc, argv, &in, &t->out, &t->out) : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct text first, second, said;
	const char *text = (const char *)data, *end = text + size;
	char line[1024] = "";
	struct net *net = fuzz_begin(0);

	if (size && *text == '$') {
		const char *newline = memchr(text, '\n', size);

		if (!newline)
			newline = end;
		snprintf(line, sizeof(line), "%.*s", (int)(newline - text - 1), text + 1);
		text = newline < end ? newline + 1 : end;
	}
	run(net, "iptables-restore --check -", text, end - text, &said);
	run(net, "iptables-restore -c", text, end - text, &said);
	run(net, line, "", 0, &said);
	run(net, "iptables -L -v", "", 0, &said);
	run(net, "iptables-save -c", "", 0, &first);
	/* A comment or a name may hold a newline or blanks, which Linux saves as they are, too. */
	if (first.len < TEXT_SIZE && !run(net, "iptables-restore -c", first.at, first.len, &said)) {
		run(net, "iptables-save -c", "", 0, &second);
		if (!memmem(text, end - text, "--comment", 9) &&
		    !memmem(text, end - text, "--name", 6) &&
		    !memmem(text, end - text, "prefix", 6) && !*line &&
		    (first.len != second.len || memcmp(first.at, second.at, first.len) != 0))
			abort();
	}
	fuzz_end();
	return 0;
}
