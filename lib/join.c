/* SPDX-License-Identifier: MIT */
/* join: pages of a log and what is published meanwhile. The argument stands in the header. */
#include "join.h"

enum {
	PAGE_FIRST = 100,
	PAGE_LEAST = 10,
	PAGE_MOST = 1000,
	PAGE_BYTES = 512 * 1024, /* what a page should weigh: bounds the memory of a replay */
};

void join_init(struct join *j, size_t held_max_bytes)
{
	*j = (struct join){.count = PAGE_FIRST};
	buf_init(&j->held, held_max_bytes);
}

void join_fini(struct join *j)
{
	buf_fini(&j->held);
}

void join_lost(struct join *j)
{
	j->live = false;
	buf_clear(&j->held);
}

void join_ask(struct join *j)
{
	j->overflowed = false;
	j->asked = j->count + (j->anchored ? 1 : 0);
	buf_clear(&j->held);
}

bool join_has_gap(struct join *j, struct id first)
{
	bool gap = j->anchored && id_cmp(first, j->cursor) != 0;

	if (gap)
		j->anchored = false; /* told once */
	return gap;
}

bool join_entry(struct join *j, struct id id)
{
	if (id_cmp(id, j->cursor) <= 0)
		return false;
	j->cursor = id;
	j->anchored = true;
	return true;
}

bool join_live(struct join *j, const struct hold_message *m)
{
	if (j->live)
		return join_entry(j, m->id);
	if (!j->overflowed && hold_add(&j->held, m) < 0) {
		j->overflowed = true;
		buf_clear(&j->held);
	}
	return false;
}

bool join_page(struct join *j, size_t n, size_t bytes)
{
	j->live = n < j->asked && !j->overflowed;
	if (j->live || n == 0)
		return j->live;
	size_t fits = PAGE_BYTES / (bytes / n + 1);
	j->count = fits < PAGE_LEAST ? PAGE_LEAST : fits > PAGE_MOST ? PAGE_MOST : (unsigned)fits;
	return false;
}

bool join_held(struct join *j, struct hold_message *m)
{
	while (hold_next(&j->held, m))
		if (join_entry(j, m->id))
			return true;
	return false;
}
