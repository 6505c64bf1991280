/* SPDX-License-Identifier: MIT */
#include "apps/httpd/http_date.h"

#include <string.h>

static const char days[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* Days from 1970-01-01 to a date of the Gregorian calendar; month from 1. Years begin in March here. */
static long day_number(long year, long month, long day)
{
	long y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 719469;
}

static void put(char *p, long value, int digits)
{
	int i;

	for (i = digits - 1; i >= 0; i--, value /= 10)
		p[i] = '0' + value % 10;
}

void http_format_date(time_t t, char *out)
{
	long day = t / 86400, sec = t % 86400, year = 1970 + day / 366, month = 1;

	while (day_number(year + 1, 1, 1) <= day)
		year++;
	while (month < 12 && day_number(year, month + 1, 1) <= day)
		month++;
	memcpy(out, "Day, 00 Mon 0000 00:00:00 GMT", HTTP_DATE_LEN + 1);
	memcpy(out, days + day % 7 * 3, 3);
	put(out + 5, day - day_number(year, month, 1) + 1, 2);
	memcpy(out + 8, months + (month - 1) * 3, 3);
	put(out + 12, year, 4);
	put(out + 17, sec / 3600, 2);
	put(out + 20, sec / 60 % 60, 2);
	put(out + 23, sec % 60, 2);
}

/* Two digits, or -1. */
static long two(const char *p)
{
	return p[0] >= '0' && p[0] <= '9' && p[1] >= '0' && p[1] <= '9'
		       ? (p[0] - '0') * 10 + p[1] - '0'
		       : -1;
}

/* The month's number from 1, or 0. */
static long month_of(const char *p)
{
	long m;

	for (m = 0; m < 12; m++)
		if (!memcmp(months + m * 3, p, 3))
			return m + 1;
	return 0;
}

time_t http_parse_date(const char *text, size_t len)
{
	char again[HTTP_DATE_LEN + 1];
	long day, month, century, year, h, m, s;
	time_t t;

	if (len != HTTP_DATE_LEN)
		return 0;
	day = two(text + 5);
	month = month_of(text + 8);
	century = two(text + 12);
	year = two(text + 14);
	h = two(text + 17);
	m = two(text + 20);
	s = two(text + 23);
	if (day < 1 || !month || century < 19 || year < 0 || h < 0 || m < 0 || s < 0 || h > 23 ||
	    m > 59 || s > 59)
		return 0;
	t = day_number(century * 100 + year, month, day) * 86400 + h * 3600 + m * 60 + s;
	if (t <= 0)
		return 0;
	http_format_date(t, again); /* anything else that is wrong makes it another text */
	return memcmp(again, text, HTTP_DATE_LEN) ? 0 : t;
}
