/* SPDX-License-Identifier: MIT */
/*
 * Hierarchical timer wheel.
 *
 * A slot of level l stands for 64^l ticks. A timer waits at the lowest level that reaches its tick; when
 * the wheel enters the slot, its timers move (cascade) to lower levels, so that each fires at its own
 * tick. Whenever w->tick moves, the slots it enters are cascaded at once: at levels above 0 the slot
 * under the hand is therefore always empty of this turn's timers, and holds only the next turn's.
 * A bitmap per level lets the hand jump over empty time.
 *
 * Source: Varghese, Lauck, "Hashed and hierarchical timing wheels", scheme 7.
 */
#include "lib/timer_wheel.h"

#include "lib/bits.h"

#define LEVEL_BITS 6
#define WHEEL_SPAN \
	(1ULL << (LEVEL_BITS * TIMER_LEVELS)) /* ticks; later timers wait in the last slot */
#define NO_TICK U64_MAX

static inline u32 slot_index(u64 tick, unsigned int level)
{
	return tick >> (LEVEL_BITS * level) & (TIMER_SLOTS - 1);
}

/* The first tick that begins at or after ns. */
static inline u64 tick_of(u64 ns)
{
	return ns / TIMER_TICK_NS + (ns % TIMER_TICK_NS != 0);
}

void timer_wheel_init(struct timer_wheel *w, u64 now)
{
	*w = (struct timer_wheel){.tick = now / TIMER_TICK_NS};
}

void timer_setup(struct timer *t, void (*fn)(struct timer *t, u64 now))
{
	*t = (struct timer){.fn = fn};
}

static inline struct hlist_head *slot_head(struct timer_wheel *w, unsigned int slot)
{
	return (struct hlist_head *)w->slots + slot; /* of all levels */
}

static void enqueue(struct timer_wheel *w, struct timer *t)
{
	u64 tick = max(tick_of(t->expires), w->tick);
	u64 delta = min(tick - w->tick, WHEEL_SPAN - 1);
	unsigned int level = delta < TIMER_SLOTS ? 0 : fls64(delta) / LEVEL_BITS;
	u32 slot = slot_index(w->tick + delta, level);

	t->slot = level * TIMER_SLOTS + slot;
	w->pending[level] |= 1ULL << slot;
	hlist_add_head(&t->node, slot_head(w, t->slot));
}

static void dequeue(struct timer_wheel *w, struct timer *t)
{
	hlist_del(&t->node);
	if (!slot_head(w, t->slot)->first)
		w->pending[t->slot / TIMER_SLOTS] &= ~(1ULL << t->slot % TIMER_SLOTS);
}

bool mod_timer(struct timer_wheel *w, struct timer *t, u64 expires)
{
	bool was_pending = timer_pending(t);

	if (was_pending)
		dequeue(w, t);
	t->expires = expires;
	enqueue(w, t);
	return was_pending;
}

bool del_timer(struct timer_wheel *w, struct timer *t)
{
	if (!timer_pending(t))
		return false;
	dequeue(w, t);
	return true;
}

/* Empties a slot into list. */
static void take_slot(struct timer_wheel *w, unsigned int level, u32 slot, struct hlist_head *list)
{
	struct hlist_head *from = &w->slots[level][slot];

	list->first = from->first;
	if (list->first)
		list->first->pprev = &list->first;
	from->first = NULL;
	w->pending[level] &= ~(1ULL << slot);
}

/* Moves the hand, past no slot that holds timers. */
static void advance(struct timer_wheel *w, u64 tick)
{
	struct hlist_head list;
	struct hlist_node *n;
	struct timer *t;

	w->tick = tick;
	for (unsigned int level = 1; level < TIMER_LEVELS; level++) {
		if (tick & ((1ULL << (LEVEL_BITS * level)) - 1))
			break;
		take_slot(w, level, slot_index(tick, level), &list);
		hlist_for_each_entry_safe (t, n, &list, node) {
			hlist_del(&t->node);
			enqueue(w, t);
		}
	}
}

/* The first tick at which a timer fires or a slot must be cascaded. */
static u64 next_tick(const struct timer_wheel *w)
{
	u64 next = NO_TICK;

	if (w->pending[0])
		next = w->tick + ffs64(ror64(w->pending[0], slot_index(w->tick, 0)));
	for (unsigned int level = 1; level < TIMER_LEVELS; level++) {
		u64 position = (w->tick >> (LEVEL_BITS * level)) + 1;

		if (!w->pending[level])
			continue;
		position += ffs64(ror64(w->pending[level], slot_index(w->tick, level) + 1));
		next = min(next, position << (LEVEL_BITS * level));
	}
	return next;
}

u64 timer_wheel_next(const struct timer_wheel *w)
{
	u64 next = next_tick(w);

	return next > U64_MAX / TIMER_TICK_NS ? U64_MAX : next * TIMER_TICK_NS;
}

static void run_slot(struct timer_wheel *w, u32 slot, u64 now)
{
	struct hlist_head due;
	struct timer *t;

	take_slot(w, 0, slot, &due);
	/* From here on fn's timers land in later slots: one that re-arms itself cannot hold us. */
	advance(w, w->tick + 1);
	while ((t = hlist_entry_or_null(due.first, struct timer, node))) {
		hlist_del(&t->node);
		t->fn(t, now);
	}
}

void timer_wheel_run(struct timer_wheel *w, u64 now)
{
	u64 last = now / TIMER_TICK_NS;

	for (u64 tick; (tick = next_tick(w)) <= last;) {
		if (tick > w->tick)
			advance(w, tick);
		if (w->pending[0] >> slot_index(tick, 0) & 1)
			run_slot(w, slot_index(tick, 0), now);
	}
	if (w->tick <= last)
		advance(w, last + 1);
}
