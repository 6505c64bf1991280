/* SPDX-License-Identifier: MIT */
/* iperf3's messages, as far as they are read: well-formed or not, members, elements, numbers. */
#include <string.h>

#include "apps/iperf3/iperf_json.h"
#include "tests/unit/harness.h"

static struct json parse(const char *text)
{
	return json_parse(text, strlen(text));
}

WEIR_TEST(iperf_json, well_formed_or_not)
{
	static const char *const good[] = {"{}",
					   " [ ] ",
					   "1",
					   "\"a\\\"b\"",
					   "{\"a\":1}",
					   "[1,-2.5e3,true,null]",
					   "{ \"a\" : [ {\"b\":\"}]\"} , 2 ] , \"c\" : {} }\n"};
	static const char *const bad[] = {"",
					  "{",
					  "[1",
					  "[1,",
					  "[1,]",
					  "{\"a\"}",
					  "{\"a\":}",
					  "{\"a\":1,}",
					  "{a:1}",
					  "\"a",
					  "\"a\\",
					  "1 2",
					  "{}}",
					  "[1}",
					  "{\"a\" 1}",
					  "\x01",
					  "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		cr_assert(parse(good[i]).p, "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert(!parse(bad[i]).p, "%s", bad[i]);
}

WEIR_TEST(iperf_json, numbers)
{
	static const struct {
		const char *text;
		double v;
	} rows[] = {
		{"0", 0},
		{"-0", 0},
		{"10", 10},
		{"131072", 131072},
		{"1.5", 1.5},
		{"-2.25", -2.25},
		{"1e3", 1000},
		{"1.5E+2", 150},
		{"25e-2", 0.25},
		{"1e-05", 0.00001},
		{"18014398509481984", 18014398509481984.0},
	};
	static const char *const bad[] = {"",      "-",  ".",    "e5", "1e",  "1e+",
					  "1e301", "1x", "0x10", "1 ", "--1", "inf"};
	double v;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert(json_decimal(rows[i].text, strlen(rows[i].text), &v), "%s", rows[i].text);
		cr_assert_float_eq(v, rows[i].v, 1e-15, "%s", rows[i].text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert(!json_decimal(bad[i], strlen(bad[i]), &v), "%s", bad[i]);
}

WEIR_TEST(iperf_json, members_elements_numbers)
{
	struct json m = parse("{\"time\":10, \"tcp\" :true,\"x\":{\"time\":3},\"len\":1.5e2 "
			      ",\"title\":\"a,\\\"time\\\":1\","
			      "\"streams\":[{\"id\":1},{\"id\":3}],\"none\":null,\"no\":[]}");
	struct json list = json_get(m, "streams"), e = json_first(list);

	cr_assert_eq(json_number(json_get(m, "time"), -1), 10);
	cr_assert_eq(json_number(json_get(m, "tcp"), -1), 1);
	cr_assert_eq(json_number(json_get(m, "len"), -1), 150);
	cr_assert_eq(json_number(json_get(json_get(m, "x"), "time"), -1), 3);
	cr_assert_eq(json_number(json_get(m, "tim"), -1), -1);
	cr_assert_eq(json_number(json_get(m, "title"), -1), -1);
	cr_assert_eq(json_number(json_get(m, "none"), -1), -1);
	cr_assert_eq(json_number(json_get(json_get(m, "time"), "time"), -1), -1);
	cr_assert_eq(json_number(json_get(e, "id"), -1), 1);
	e = json_next(list, e);
	cr_assert_eq(json_number(json_get(e, "id"), -1), 3);
	cr_assert_null(json_next(list, e).p);
	cr_assert_null(json_first(json_get(m, "no")).p);
	cr_assert_null(json_first(m).p);
}
