/* SPDX-License-Identifier: MIT */
/* The battery-backed clock (MC146818A): UTC at boot. */
#include "kernel/arch.h"
#include "kernel/io.h"

#define RTC_INDEX 0x70
#define RTC_DATA  0x71

#define RTC_SECONDS  0x00
#define RTC_MINUTES  0x02
#define RTC_HOURS    0x04
#define RTC_DAY      0x07
#define RTC_MONTH    0x08
#define RTC_YEAR     0x09
#define RTC_STATUS_A 0x0a
#define RTC_STATUS_B 0x0b

#define A_UPDATING 0x80
#define B_24_HOURS 0x02
#define B_BINARY   0x04
#define HOUR_PM    0x80
#define MAX_READINGS \
	1000 /* an update takes up to 2 ms and is rare; half of a microsecond each at least */

static u8 rtc_read(u8 reg)
{
	outb(RTC_INDEX, reg);
	return inb(RTC_DATA);
}

struct rtc_time {
	u8 second, minute, hour, day, month, year;
};

static struct rtc_time read_fields(void)
{
	return (struct rtc_time){rtc_read(RTC_SECONDS), rtc_read(RTC_MINUTES), rtc_read(RTC_HOURS),
				 rtc_read(RTC_DAY),     rtc_read(RTC_MONTH),   rtc_read(RTC_YEAR)};
}

static u8 from_bcd(u8 v)
{
	return (u8)((v >> 4) * 10 + (v & 15));
}

static void decode(struct rtc_time *t, u8 status_b)
{
	bool pm = !(status_b & B_24_HOURS) && t->hour & HOUR_PM;

	t->hour &= (u8)~HOUR_PM;
	if (!(status_b & B_BINARY)) {
		t->second = from_bcd(t->second);
		t->minute = from_bcd(t->minute);
		t->hour = from_bcd(t->hour);
		t->day = from_bcd(t->day);
		t->month = from_bcd(t->month);
		t->year = from_bcd(t->year);
	}
	if (!(status_b & B_24_HOURS))
		t->hour = (u8)(t->hour % 12 + (pm ? 12 : 0));
}

static bool plausible(const struct rtc_time *t)
{
	return t->second < 60 && t->minute < 60 && t->hour < 24 && t->day >= 1 && t->day <= 31 &&
	       t->month >= 1 && t->month <= 12 && t->year < 100;
}

/* Days from 1970-01-01, years counted from March so that the leap day comes last. */
static u64 days_since_1970(u64 year, u64 month, u64 day)
{
	u64 y = month > 2 ? year : year - 1, m = (month + 9) % 12;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

u64 arch_rtc_seconds(void)
{
	struct rtc_time t;
	int readings = 0;

	/* Between two updates a reading is consistent: none under way before, none after. */
	do {
		if (readings++ == MAX_READINGS)
			return 0;
		t = read_fields();
	} while (rtc_read(RTC_STATUS_A) & A_UPDATING || t.second != rtc_read(RTC_SECONDS));
	decode(&t, rtc_read(RTC_STATUS_B));
	if (!plausible(&t))
		return 0;
	return days_since_1970(2000U + t.year, t.month, t.day) * 86400 + t.hour * 3600U +
	       t.minute * 60U + t.second;
}
