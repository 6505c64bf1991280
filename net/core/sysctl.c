/* SPDX-License-Identifier: MIT */
/*
 * Settings by name. All entries of all tables lie in one array. Registering appends, so that a boot pays for no
 * names; whoever looks first sorts what was added by full name, which is put together from a table's prefix and an
 * entry's name.
 */
#include "lib/errno.h"
#include "lib/fmt.h"
#include "net/core/net_namespace.h"
#include "net/core/sysctl_registry.h"

#define SYSCTL_NAME_MAX   128
#define SYSCTL_VALUES_MAX 4
#define RENAME_ROOM       16 /* a device's longest name, behind its group */

struct sysctl_entry {
	const char *prefix; /* shared by the entries of a table, freed with the last */
	const struct ctl_table *t;
	void *base;
};

struct sysctl_registry {
	u32 count, room;
	u32 sorted; /* so many of them, the first, are in order */
	struct sysctl_entry *entries;
};

static void full_name(const struct sysctl_entry *e, char *name)
{
	scnprintf(name, SYSCTL_NAME_MAX, "%s.%s", e->prefix, e->t->name);
}

/* The i-th character of an entry's full name, prefix.name; p_len: the prefix's length. */
static char name_at(const struct sysctl_entry *e, size_t p_len, size_t i)
{
	if (i < p_len)
		return e->prefix[i];
	return i == p_len ? '.' : e->t->name[i - p_len - 1];
}

static char dotted(char c)
{
	return c == '/' ? '.' : c;
}

/* As strcmp of an entry's full name and name, in both of which slashes count as dots. */
static int entry_cmp(const struct sysctl_entry *e, const char *name)
{
	size_t p_len = strlen(e->prefix);

	for (size_t i = 0;; i++) {
		char own = dotted(name_at(e, p_len, i)), other = dotted(name[i]);

		if (own != other || !own)
			return (u8)own - (u8)other;
	}
}

/* Index of the first sorted entry not before name. */
static u32 lower_bound(const struct sysctl_registry *r, const char *name)
{
	u32 low = 0, high = r->sorted;

	while (low < high) {
		u32 mid = (low + high) / 2;

		if (entry_cmp(&r->entries[mid], name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int registry_reserve(struct sysctl_registry *r, u32 more)
{
	u32 room = r->count + more;
	struct sysctl_entry *entries;

	if (room <= r->room)
		return 0;
	room = ALIGN(room, 64);
	entries = plat_alloc(room * sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	if (r->count)
		memcpy(entries, r->entries, r->count * sizeof(*entries));
	plat_free(r->entries);
	r->entries = entries;
	r->room = room;
	return 0;
}

static void registry_sort(struct sysctl_registry *r)
{
	for (; r->sorted < r->count; r->sorted++) {
		struct sysctl_entry e = r->entries[r->sorted];
		char name[SYSCTL_NAME_MAX];
		u32 at;

		full_name(&e, name);
		at = lower_bound(r, name);
		memmove(&r->entries[at + 1], &r->entries[at], (r->sorted - at) * sizeof(e));
		r->entries[at] = e;
	}
}

static struct sysctl_entry *sysctl_find(struct net *net, const char *name)
{
	struct sysctl_registry *r = net->sysctl;
	u32 i;

	registry_sort(r);
	i = lower_bound(r, name);
	return i < r->count && entry_cmp(&r->entries[i], name) == 0 ? &r->entries[i] : NULL;
}

int sysctl_register(struct net *net, const char *prefix, const struct ctl_table *table, u32 n,
		    void *base)
{
	size_t len = strlen(prefix) + 1;
	char *own;

	for (u32 i = 0; i < n; i++) {
		if (len + strlen(table[i].name) >= SYSCTL_NAME_MAX ||
		    (table[i].count > SYSCTL_VALUES_MAX && table[i].count != SYSCTL_TEXT))
			return -EINVAL;
	}
	if (registry_reserve(net->sysctl, n))
		return -ENOMEM;
	own = plat_alloc(len + RENAME_ROOM);
	if (!own)
		return -ENOMEM;
	memcpy(own, prefix, len);
	for (u32 i = 0; i < n; i++)
		net->sysctl->entries[net->sysctl->count++] =
			(struct sysctl_entry){own, &table[i], base};
	return 0;
}

/* procps shows net.ipv4.conf.eth0/5.forwarding: dots part the names, so those of a name are slashes. */
static void device_prefix(char *prefix, const char *group, const char *dev)
{
	while (*group)
		*prefix++ = *group++;
	do
		*prefix++ = *dev == '.' ? '/' : *dev;
	while (*dev++);
}

int sysctl_register_dev(struct net *net, const char *group, const char *dev,
			const struct ctl_table *table, u32 n, void *base)
{
	char prefix[SYSCTL_NAME_MAX];

	device_prefix(prefix, group, dev);
	return sysctl_register(net, prefix, table, n, base);
}

void sysctl_rename_dev(struct net *net, const char *group, const char *dev, const void *base)
{
	struct sysctl_registry *r = net->sysctl;

	for (u32 i = 0; i < r->count; i++) {
		if (r->entries[i].base == base) {
			device_prefix((char *)(uintptr_t)r->entries[i].prefix, group, dev);
			r->sorted = 0;
			return;
		}
	}
}

static bool prefix_in_use(const struct sysctl_registry *r, const char *prefix)
{
	for (u32 i = 0; i < r->count; i++) {
		if (r->entries[i].prefix == prefix)
			return true;
	}
	return false;
}

void sysctl_unregister(struct net *net, const void *base)
{
	struct sysctl_registry *r = net->sysctl;

	for (u32 i = 0; i < r->count;) {
		struct sysctl_entry e = r->entries[i];

		if (e.base != base) {
			i++;
			continue;
		}
		r->count--;
		r->sorted -= i < r->sorted;
		memmove(&r->entries[i], &r->entries[i + 1], (r->count - i) * sizeof(e));
		if (!prefix_in_use(r, e.prefix)) {
			char *own = (char *)(uintptr_t)e.prefix;

			plat_free(own);
		}
	}
}

static int *entry_values(const struct sysctl_entry *e)
{
	return (int *)((u8 *)e->base + e->t->offset);
}

static u32 entry_count(const struct sysctl_entry *e)
{
	return e->t->count ? e->t->count : 1;
}

static const struct sysctl_text *entry_text(const struct sysctl_entry *e)
{
	const void *at = (const u8 *)e->base + e->t->offset;

	return e->t->count == SYSCTL_TEXT ? *(const struct sysctl_text *const *)at : NULL;
}

static int entry_print(const struct sysctl_entry *e, char *buf, size_t size)
{
	const struct sysctl_text *text = entry_text(e);
	const int *v = entry_values(e);
	size_t n = 0;

	if (text)
		return text->show(e->base, buf, size);
	for (u32 i = 0; i < entry_count(e); i++)
		n += scnprintf(buf + n, size - n, i ? "\t%d" : "%d", v[i]);
	return n;
}

int sysctl_read(struct net *net, const char *name, char *buf, size_t size)
{
	struct sysctl_entry *e = sysctl_find(net, name);

	return e ? entry_print(e, buf, size) : -ENOENT;
}

/* 36 and more: no digit. */
static unsigned int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'z' ? c - 'a' + 10U : 36U;
}

/* A number as C writes it: 10, 0x10, 010; *p moves behind it and the blanks after. */
static int parse_int(const char **p, int *value)
{
	const char *s = *p;
	bool minus = *s == '-';
	unsigned int base = 10, digits = 0;
	s64 v = 0;

	s += minus;
	if (s[0] == '0')
		base = 8;
	if (s[0] == '0' && (s[1] | 0x20) == 'x') {
		base = 16;
		s += 2;
	}
	for (;; s++, digits++) {
		unsigned int d = digit_of(*s);

		if (d >= base)
			break;
		v = v * base + d;
		if (v > (s64)U32_MAX)
			return -EINVAL;
	}
	if (!digits || (*s && *s != ' ' && *s != '\t' && *s != '\n'))
		return -EINVAL;
	while (*s == ' ' || *s == '\t' || *s == '\n')
		s++;
	v = minus ? -v : v;
	if (v < -0x80000000LL || v > 0x7fffffffLL)
		return -EINVAL;
	*value = v;
	*p = s;
	return 0;
}

static int parse_values(const struct sysctl_entry *e, const char *text, int *values)
{
	while (*text == ' ' || *text == '\t')
		text++;
	for (u32 i = 0; i < entry_count(e); i++) {
		if (parse_int(&text, &values[i]) || values[i] < e->t->min || values[i] > e->t->max)
			return -EINVAL;
	}
	return *text ? -EINVAL : 0;
}

int sysctl_write(struct net *net, const char *name, const char *text)
{
	int values[SYSCTL_VALUES_MAX], old[SYSCTL_VALUES_MAX], err;
	struct sysctl_entry *e = sysctl_find(net, name);
	size_t size;

	if (!e)
		return -ENOENT;
	if (e->t->readonly)
		return -EPERM;
	if (entry_text(e))
		return entry_text(e)->store(e->base, text);
	err = parse_values(e, text, values);
	if (err)
		return err;
	size = entry_count(e) * sizeof(int);
	memcpy(old, entry_values(e), size);
	memcpy(entry_values(e), values, size);
	if (e->t->changed) {
		struct sysctl_entry own = *e;

		err = own.t->changed(net, own.base, own.t, old[0]);
		if (err)
			memcpy(entry_values(&own), old, size);
	}
	return err;
}

void sysctl_for_each(struct net *net, void (*fn)(void *arg, const char *name, const char *value),
		     void *arg)
{
	char name[SYSCTL_NAME_MAX], value[SYSCTL_VALUES_MAX * 12 + 1];
	struct sysctl_registry *r = net->sysctl;

	registry_sort(r);
	for (u32 i = 0; i < r->count; i++) {
		full_name(&r->entries[i], name);
		entry_print(&r->entries[i], value, sizeof(value));
		fn(arg, name, value);
	}
}

int sysctl_init(struct net *net)
{
	net->sysctl = plat_alloc(sizeof(*net->sysctl));
	if (!net->sysctl)
		return -ENOMEM;
	memset(net->sysctl, 0, sizeof(*net->sysctl));
	return 0;
}

void sysctl_exit(struct net *net)
{
	while (net->sysctl->count)
		sysctl_unregister(net, net->sysctl->entries[0].base);
	plat_free(net->sysctl->entries);
	plat_free(net->sysctl);
	net->sysctl = NULL;
}
