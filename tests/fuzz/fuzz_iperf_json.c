/* SPDX-License-Identifier: MIT */
/* An iperf3 peer's message: any bytes. All that is found lies within them. */
#include <stdlib.h>
#include <string.h>

#include "apps/iperf3/iperf_json.h"
#include "tests/fuzz/lab.h"

static void inside(struct json outer, struct json v)
{
	if (v.p && (v.p < outer.p || v.end > outer.end || v.end <= v.p))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size ? size : 1);
	struct json all, list, e;

	if (!text)
		return 0;
	memcpy(text, data, size);
	all = json_parse(text, size);
	inside((struct json){text, text + size}, all);
	inside(all, json_get(all, "omit"));
	list = json_get(all, "streams");
	inside(all, list);
	for (e = json_first(list); e.p; e = json_next(list, e)) {
		inside(list, e);
		(void)json_number(json_get(e, "id"), 0);
	}
	free(text);
	return 0;
}
