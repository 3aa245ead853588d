/* SPDX-License-Identifier: MIT */
/* join: pages of a log and what is published meanwhile. The argument stands in the header. */
#include "join.h"

#include <string.h>

enum {
	PAGE_FIRST = 100,
	PAGE_LEAST = 10,
	PAGE_MOST = 1000,
	PAGE_BYTES = 512 * 1024, /* what a page should weigh: bounds the memory of a replay */
};

/* What stands in front of a held message's channel and text. */
struct held {
	struct id id;
	size_t channel_len, len;
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

bool join_live(struct join *j, const struct join_message *m)
{
	struct held h = {m->id, m->channel_len, m->len};

	if (j->live)
		return join_entry(j, m->id);
	if (j->overflowed)
		return false;
	if (sizeof h + h.channel_len + h.len > j->held.max - j->held.len) {
		j->overflowed = true;
		buf_clear(&j->held);
		return false;
	}
	(void)buf_add(&j->held, &h, sizeof h);              /* measured above */
	(void)buf_add(&j->held, m->channel, h.channel_len); /* as above */
	(void)buf_add(&j->held, m->text, h.len);            /* as above */
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

bool join_held(struct join *j, struct join_message *m)
{
	while (j->held.len > 0) {
		struct held h;

		memcpy(&h, buf_head(&j->held), sizeof h);
		m->channel = buf_head(&j->held) + sizeof h;
		m->channel_len = h.channel_len;
		m->text = m->channel + h.channel_len;
		m->len = h.len;
		m->id = h.id;
		/* The bytes stay where they are until something is added. */
		buf_consume(&j->held, sizeof h + h.channel_len + h.len);
		if (join_entry(j, m->id))
			return true;
	}
	return false;
}
