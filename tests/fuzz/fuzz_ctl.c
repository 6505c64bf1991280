/* SPDX-License-Identifier: MIT */
/*
 * Command lines: text, one command a line. Time passes between them, so that what they set up also
 * happens.
 */
#include <string.h>

#include "host/host.h"
#include "host/libweir.h"
#include "tests/fuzz/lab.h"

#define MAX_LINES 40
#define TEXT_SIZE 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char line[1024], text[TEXT_SIZE];
	struct net *net = fuzz_begin(0);
	const char *p = (const char *)data, *end = p + size;

	for (int n = 0; p < end && n < MAX_LINES; n++) {
		const char *eol = memchr(p, '\n', end - p);
		size_t len = (eol ? eol : end) - p;

		if (len < sizeof(line)) {
			memcpy(line, p, len);
			line[len] = 0;
			weir_ctl(net, line, text, sizeof(text));
			host_advance(10 * NSEC_PER_MSEC);
		}
		p = eol ? eol + 1 : end;
	}
	fuzz_end();
	return 0;
}
