/* SPDX-License-Identifier: MIT */
/*
 * Intrusive lists: list_head, circular and doubly linked; hlist, for hash buckets, with a head of
 * one pointer. No locking: the owner's context protects them.
 */
#pragma once

#include "lib/types.h"

struct list_head {
	struct list_head *next, *prev;
};

#define LIST_HEAD_INIT(name)     \
	{                        \
		&(name), &(name) \
	}

#define LIST_HEAD(name) struct list_head name = LIST_HEAD_INIT(name)

static inline void INIT_LIST_HEAD(struct list_head *head)
{
	head->next = head->prev = head;
}

static inline bool list_empty(const struct list_head *head)
{
	return head->next == head;
}

static inline void list_insert_between(struct list_head *item, struct list_head *prev,
				       struct list_head *next)
{
	next->prev = item;
	item->next = next;
	item->prev = prev;
	prev->next = item;
}

/* Puts item first. */
static inline void list_add(struct list_head *item, struct list_head *head)
{
	list_insert_between(item, head, head->next);
}

/* Puts item last. */
static inline void list_add_tail(struct list_head *item, struct list_head *head)
{
	list_insert_between(item, head->prev, head);
}

/* Afterwards item is neither on a list nor empty: it may be freed or added. */
static inline void list_del(struct list_head *item)
{
	item->next->prev = item->prev;
	item->prev->next = item->next;
	item->next = item->prev = NULL;
}

/* Afterwards item is an empty list. */
static inline void list_del_init(struct list_head *item)
{
	item->next->prev = item->prev;
	item->prev->next = item->next;
	INIT_LIST_HEAD(item);
}

/* Moves all of from to the end of to; from is empty afterwards. */
static inline void list_splice_tail_init(struct list_head *from, struct list_head *to)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	INIT_LIST_HEAD(from);
}

#define list_entry(ptr, type, member)        container_of(ptr, type, member)
#define list_first_entry(head, type, member) list_entry((head)->next, type, member)
#define list_last_entry(head, type, member)  list_entry((head)->prev, type, member)

#define list_for_each(pos, head) for (pos = (head)->next; pos != (head); pos = pos->next)

#define list_for_each_entry(pos, head, member)                                                 \
	for (pos = list_entry((head)->next, __typeof__(*pos), member); &pos->member != (head); \
	     pos = list_entry(pos->member.next, __typeof__(*pos), member))

/* The same, when the body may remove pos. */
#define list_for_each_entry_safe(pos, tmp, head, member)                  \
	for (pos = list_entry((head)->next, __typeof__(*pos), member),    \
	    tmp = list_entry(pos->member.next, __typeof__(*pos), member); \
	     &pos->member != (head);                                      \
	     pos = tmp, tmp = list_entry(tmp->member.next, __typeof__(*tmp), member))

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

static inline void hlist_add_head(struct hlist_node *item, struct hlist_head *head)
{
	item->next = head->first;
	if (item->next)
		item->next->pprev = &item->next;
	head->first = item;
	item->pprev = &head->first;
}

/* False for a zeroed node and after hlist_del(). */
static inline bool hlist_hashed(const struct hlist_node *item)
{
	return item->pprev;
}

static inline void hlist_del(struct hlist_node *item)
{
	*item->pprev = item->next;
	if (item->next)
		item->next->pprev = item->pprev;
	item->next = NULL;
	item->pprev = NULL;
}

#define hlist_entry_or_null(ptr, type, member)                          \
	({                                                              \
		__typeof__(ptr) hlist_p_ = (ptr);                       \
		hlist_p_ ? container_of(hlist_p_, type, member) : NULL; \
	})

#define hlist_for_each_entry(pos, head, member)                                       \
	for (pos = hlist_entry_or_null((head)->first, __typeof__(*pos), member); pos; \
	     pos = hlist_entry_or_null(pos->member.next, __typeof__(*pos), member))

/* The same, when the body may remove pos; n is a struct hlist_node *. */
#define hlist_for_each_entry_safe(pos, n, head, member)                          \
	for (pos = hlist_entry_or_null((head)->first, __typeof__(*pos), member); \
	     pos && (n = pos->member.next, true);                                \
	     pos = hlist_entry_or_null(n, __typeof__(*pos), member))
