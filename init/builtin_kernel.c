/* SPDX-License-Identifier: MIT */
/* Commands about the kernel: log, memory, interrupts, clock, the end. */
#include "init/command.h"
#include "kernel/clock.h"
#include "kernel/irq.h"
#include "kernel/mm.h"
#include "kernel/power.h"
#include "kernel/printk.h"
#include "kernel/softirq.h"
#include "lib/errno.h"
#include "lib/fmt.h"
#include "lib/string.h"

static bool parse_number(const char *s, u64 max, u64 *v)
{
	*v = 0;
	if (!*s)
		return false;
	for (; *s; s++) {
		u64 digit = *s - '0';

		if (*s < '0' || *s > '9' || *v > (U64_MAX - digit) / 10)
			return false;
		*v = *v * 10 + digit;
	}
	return *v <= max;
}

/* ---- dmesg */

struct log_copy {
	char *text;
	size_t len, room, need;
};

/* "[    1.234567] text" */
static void copy_line(void *arg, u64 ns, int level, const char *text, size_t len)
{
	struct log_copy *copy = arg;
	size_t left = copy->room - copy->len;

	(void)level;
	copy->need += len + 32;
	if (left < len + 32)
		return;
	copy->len += scnprintf(copy->text + copy->len, left, "[%5llu.%06llu] ",
			       (unsigned long long)(ns / NSEC_PER_SEC),
			       (unsigned long long)(ns % NSEC_PER_SEC / NSEC_PER_USEC));
	memcpy(copy->text + copy->len, text, len);
	copy->len += len;
	copy->text[copy->len++] = '\n';
}

static int print_log(struct command *cmd)
{
	struct log_copy copy = {.room = 0};

	printk_for_each(copy_line, &copy);
	/* A few lines may come meanwhile. */
	copy.room = copy.need + 1024;
	copy.text = kmalloc(copy.room);
	if (!copy.text) {
		ctl_printf(cmd->err, "dmesg: out of memory\n");
		return 1;
	}
	printk_for_each(copy_line, &copy);
	cmd->out->write(cmd->out, copy.text, copy.len);
	kfree(copy.text);
	return 0;
}

static int set_console_level(struct command *cmd, const char *word)
{
	static const char *const names[] = {"emerg", "alert",  "crit", "err",
					    "warn",  "notice", "info", "debug"};
	u64 number;

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(word, names[i])) {
			printk_set_console_level(i);
			return 0;
		}
	}
	/* As Linux: messages below this number are shown. */
	if (!parse_number(word, 8, &number) || !number)
		return cmd_usage(cmd, "unknown level", word);
	printk_set_console_level(number - 1);
	return 0;
}

int cmd_dmesg(struct command *cmd)
{
	if (cmd->argc == 1)
		return print_log(cmd);
	if (!strcmp(cmd->argv[1], "-n")) {
		if (cmd->argc != 3)
			return cmd_usage(cmd, "-n needs one level", NULL);
		return set_console_level(cmd, cmd->argv[2]);
	}
	if (cmd->argc > 2)
		return cmd_usage(cmd, "unexpected", cmd->argv[2]);
	if (!strcmp(cmd->argv[1], "-C")) {
		printk_clear();
		return 0;
	}
	if (!strcmp(cmd->argv[1], "-c")) {
		int status = print_log(cmd);

		if (!status)
			printk_clear();
		return status;
	}
	return cmd_usage(cmd, "unknown option", cmd->argv[1]);
}

/* ---- free */

/* As procps: three digits at most, one behind the point below ten. */
static void format_human(char buf[16], u64 bytes)
{
	static const char units[] = "BKMGT";
	unsigned int unit = 0;
	u64 tenths = bytes * 10;

	while (tenths >= 10240 && unit < 4) {
		tenths /= 1024;
		unit++;
	}
	if (!unit)
		scnprintf(buf, 16, "%lluB", (unsigned long long)bytes);
	else if (tenths < 100)
		scnprintf(buf, 16, "%llu.%llu%ci", (unsigned long long)(tenths / 10),
			  (unsigned long long)(tenths % 10), units[unit]);
	else
		scnprintf(buf, 16, "%llu%ci", (unsigned long long)(tenths / 10), units[unit]);
}

static void print_size(struct command *cmd, u64 bytes, unsigned int shift, bool human)
{
	char text[24];

	if (human)
		format_human(text, bytes);
	else
		scnprintf(text, sizeof(text), "%llu", (unsigned long long)(bytes >> shift));
	ctl_printf(cmd->out, " %11s", text);
}

static void print_memory(struct command *cmd, unsigned int shift, bool human)
{
	struct mm_stats st;
	u64 cache;

	mm_get_stats(&st);
	cache = st.slab + st.frag;
	ctl_printf(cmd->out, "%s\n",
		   "               total        used        free      shared  "
		   "buff/cache   available");
	ctl_printf(cmd->out, "Mem:    ");
	print_size(cmd, st.total, shift, human);
	print_size(cmd, st.total - st.free - min(cache, st.total - st.free), shift, human);
	print_size(cmd, st.free, shift, human);
	print_size(cmd, 0, shift, human);
	print_size(cmd, cache, shift, human);
	print_size(cmd, st.free, shift, human);
	ctl_printf(cmd->out, "\nSwap:   ");
	for (int i = 0; i < 3; i++)
		print_size(cmd, 0, shift, human);
	ctl_printf(cmd->out, "\n");
}

int cmd_free(struct command *cmd)
{
	const char *opt = cmd->argc > 1 ? cmd->argv[1] : "-k";
	unsigned int shift;

	if (cmd->argc > 2)
		return cmd_usage(cmd, "unexpected", cmd->argv[2]);
	if (!strcmp(opt, "-b"))
		shift = 0;
	else if (!strcmp(opt, "-k"))
		shift = 10;
	else if (!strcmp(opt, "-m"))
		shift = 20;
	else if (!strcmp(opt, "-h"))
		shift = 0;
	else
		return cmd_usage(cmd, "unknown option", opt);
	print_memory(cmd, shift, !strcmp(opt, "-h"));
	return 0;
}

/* ---- slabinfo, interrupts */

struct table_copy {
	char *text;
	size_t len, room;
};

/* Tables are walked with softirqs off: they are formatted into memory, and printed afterwards. */
static int print_table(struct command *cmd, void (*walk)(struct table_copy *copy))
{
	struct table_copy copy = {.room = 16384};

	copy.text = kmalloc(copy.room);
	if (!copy.text) {
		ctl_printf(cmd->err, "%s: out of memory\n", cmd->argv[0]);
		return 1;
	}
	walk(&copy);
	cmd->out->write(cmd->out, copy.text, copy.len);
	kfree(copy.text);
	return 0;
}

static void copy_cache(void *arg, const char *name, size_t size, u64 used, u64 pages)
{
	struct table_copy *copy = arg;

	copy->len += scnprintf(copy->text + copy->len, copy->room - copy->len,
			       "%-20s %8zu %8llu %8llu\n", name, size, (unsigned long long)used,
			       (unsigned long long)pages);
}

static void walk_caches(struct table_copy *copy)
{
	kmem_cache_for_each(copy_cache, copy);
}

int cmd_slabinfo(struct command *cmd)
{
	if (cmd->argc > 1)
		return cmd_usage(cmd, "unexpected", cmd->argv[1]);
	ctl_printf(cmd->out, "%-20s %8s %8s %8s\n", "NAME", "SIZE", "IN USE", "PAGES");
	return print_table(cmd, walk_caches);
}

static void copy_irq(void *arg, unsigned int vector, const char *name, u64 count)
{
	struct table_copy *copy = arg;

	copy->len += scnprintf(copy->text + copy->len, copy->room - copy->len, "%3u: %10llu  %s\n",
			       vector, (unsigned long long)count, name);
}

static void walk_irqs(struct table_copy *copy)
{
	irq_for_each(copy_irq, copy);
}

int cmd_interrupts(struct command *cmd)
{
	struct softirq_stats st;
	int status;

	if (cmd->argc > 1)
		return cmd_usage(cmd, "unexpected", cmd->argv[1]);
	status = print_table(cmd, walk_irqs);
	softirq_get_stats(&st);
	ctl_printf(cmd->out, "softirqs: %llu runs, %llu repeated, %llu left to ksoftirqd\n",
		   (unsigned long long)st.runs, (unsigned long long)st.restarts,
		   (unsigned long long)st.wakeups);
	return status;
}

/* ---- date, uptime */

struct calendar {
	unsigned int year, month, day, weekday, hour, minute, second; /* month from 0, Sunday 0 */
};

/*
 * Days since 1970 into year, month, day: counted in eras of 400 years that begin on the 1st of
 * March.
 */
static void calendar_of(struct calendar *cal, u64 seconds)
{
	u64 days = seconds / 86400 + 719468; /* since 0000-03-01 */
	unsigned int day_of_era = days % 146097;
	unsigned int year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	unsigned int day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	unsigned int month = (5 * day_of_year + 2) / 153; /* from March */

	cal->day = day_of_year - (153 * month + 2) / 5 + 1;
	cal->month = month < 10 ? month + 2 : month - 10;
	cal->year = year_of_era + days / 146097 * 400 + (cal->month < 2);
	cal->weekday = (seconds / 86400 + 4) % 7;
	cal->hour = seconds / 3600 % 24;
	cal->minute = seconds / 60 % 60;
	cal->second = seconds % 60;
}

static void print_date(struct command *cmd)
{
	static const char weekdays[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct calendar cal;

	calendar_of(&cal, clock_wall_ns() / NSEC_PER_SEC);
	ctl_printf(cmd->out, "%.3s %.3s %2u %02u:%02u:%02u UTC %u\n", weekdays + 3 * cal.weekday,
		   months + 3 * cal.month, cal.day, cal.hour, cal.minute, cal.second, cal.year);
}

int cmd_date(struct command *cmd)
{
	u64 seconds;

	if (cmd->argc == 1) {
		print_date(cmd);
		return 0;
	}
	if (cmd->argc == 2 && !strcmp(cmd->argv[1], "+%s")) {
		ctl_printf(cmd->out, "%llu\n",
			   (unsigned long long)(clock_wall_ns() / NSEC_PER_SEC));
		return 0;
	}
	if (cmd->argc != 3 || strcmp(cmd->argv[1], "-s") != 0)
		return cmd_usage(cmd, "unknown argument", cmd->argv[1]);
	if (cmd->argv[2][0] != '@' ||
	    !parse_number(cmd->argv[2] + 1, U64_MAX / NSEC_PER_SEC, &seconds))
		return cmd_usage(cmd, "not a time, as in @1700000000:", cmd->argv[2]);
	clock_set_wall(seconds * NSEC_PER_SEC);
	print_date(cmd);
	return 0;
}

/* " 07:40:01 up 2 days,  3:04" */
int cmd_uptime(struct command *cmd)
{
	u64 up = clock_ns() / NSEC_PER_SEC, days = up / 86400;
	unsigned int hours = up / 3600 % 24, minutes = up / 60 % 60;
	struct calendar cal;

	if (cmd->argc > 1)
		return cmd_usage(cmd, "unexpected", cmd->argv[1]);
	calendar_of(&cal, clock_wall_ns() / NSEC_PER_SEC);
	ctl_printf(cmd->out, " %02u:%02u:%02u up ", cal.hour, cal.minute, cal.second);
	if (days)
		ctl_printf(cmd->out, "%llu day%s, ", (unsigned long long)days, days > 1 ? "s" : "");
	if (hours)
		ctl_printf(cmd->out, "%2u:%02u\n", hours, minutes);
	else
		ctl_printf(cmd->out, "%u min, %llu s\n", minutes, (unsigned long long)(up % 60));
	return 0;
}

/* ---- the end */

int cmd_poweroff(struct command *cmd)
{
	u64 status;

	if (cmd->argc > 2)
		return cmd_usage(cmd, "unexpected", cmd->argv[2]);
	if (cmd->argc == 1)
		power_off();
	if (!parse_number(cmd->argv[1], 32, &status))
		return cmd_usage(cmd, "not a status (0 to 32):", cmd->argv[1]);
	exit_status(EXIT_SUCCESS_STATUS + status);
}

int cmd_reboot(struct command *cmd)
{
	if (cmd->argc > 1)
		return cmd_usage(cmd, "unexpected", cmd->argv[1]);
	power_reset();
}
