/* SPDX-License-Identifier: MIT */
/* hub_page: members that read the log, and the pages that they share. */
#include "hub_reader.h"

enum {
	PAGE_BYTES = 256 * 1024,   /* what a page should weigh */
	PAGE_MOST_BYTES = 4 << 20, /* and may, when messages are larger than they used to be */
	PAGE_LEAST = 4,            /* entries: of 1 MiB each that is as much as a page may have */
	CROWD = 256,               /* of 256 KB each: some 10 ms, in which nobody else is served */
	PAGE_MOST = 1000,          /* of 300 bytes: Redis takes some 0.5 ms */
};

bool hub_page_ask(struct hub_topic *t, struct hub_ask *ask)
{
	struct flow *f = t->flow;

	if (f == NULL || f->ask.going_on || ring_is_empty(&f->waiting))
		return false;
	/* For the one that waits longest, so that nobody starves; others join where they are. */
	const struct member *m = ring_thing(f->waiting.next, struct member, at);
	unsigned fits = PAGE_BYTES / (t->entry_bytes + 1);

	fits = fits < PAGE_LEAST ? PAGE_LEAST : fits > PAGE_MOST ? PAGE_MOST : fits;
	f->ask = (struct hub_ask){m->cursor, t->base, fits, true};
	f->page_last = m->cursor;
	f->page_bytes = 0;
	f->page_full = false;
	*ask = f->ask;
	return true;
}

void hub_page_weigh(struct hub_topic *t, size_t entry_bytes)
{
	if (entry_bytes > t->entry_bytes)
		t->entry_bytes =
		    entry_bytes < PAGE_MOST_BYTES ? (uint32_t)entry_bytes : PAGE_MOST_BYTES;
}

static struct block *page_of(struct hub_topic *t)
{
	struct flow *f = t->flow;

	if (f->page == NULL) {
		f->page = block_new(t, BLOCK_PAGE, 4096);
		f->page->from = f->ask.from;
	}
	return f->page;
}

void hub_page_entry(struct hub_topic *t, const struct hub_message *msg, bool ours)
{
	struct block *page = page_of(t);
	struct hub *h = t->hub;
	struct flow *f = t->flow;
	const struct event e = {.id = msg->id, .logged = true, .over = hub_over(msg)};

	f->page_bytes += msg->len;
	if (f->page_full || id_cmp(msg->id, f->page_last) <= 0)
		return;
	if (ours) {
		hub_encode(h, msg);
		if (page->events > 0 && page->len + h->note.len > PAGE_MOST_BYTES) {
			f->page_full = true;
			return;
		}
		size_t need = page->len + page->events * sizeof e + block_room_for(h->note.len);
		if (need > page->size)
			f->page = page = block_resize(page, 2 * need);
		(void)block_add(page, buf_head(&h->note), h->note.len, e); /* there is room */
	}
	f->page_last = msg->id;
}

bool hub_page_misses(const struct block *page, const struct member *m)
{
	if (!m->whole || id_is_zero(m->cursor))
		return false;
	return id_is_zero(page->first) || id_cmp(next_id(m->cursor), page->first) < 0;
}

ssize_t hub_page_place(const struct block *page, const struct member *m)
{
	if (page->kind != BLOCK_PAGE || page == m->topic->flow->page || page->fell_back)
		return -1;
	if (id_cmp(m->cursor, page->from) < 0 || hub_page_misses(page, m))
		return -1;
	if (id_cmp(m->cursor, page->from) > 0 && id_cmp(m->cursor, page->reach) >= 0)
		return -1;
	return (ssize_t)block_start(page, block_find(page, m->cursor));
}

/* How far the page goes: see hub.h. */
static struct id reach_of(const struct hub_topic *t, size_t entries)
{
	const struct flow *f = t->flow;

	if (entries >= f->ask.count || f->page_full)
		return f->page_last;
	return id_cmp(f->page_last, f->ask.base) < 0 ? f->ask.base : f->page_last;
}

/* Who waits and is helped by the page stands in it then, or in the note of a gap before it. Returns
 * that note. Of a crowd the rest wait for another page, which costs less than to let all others
 * wait for them. */
static struct block *hand_out(struct hub_topic *t, struct block *page, struct ring *readers)
{
	unsigned most = t->hub->conf.crowd > 0 ? t->hub->conf.crowd : CROWD, given = 0;
	struct block *note = NULL;
	struct ring all;

	ring_init(&all);
	ring_splice(&all, &t->flow->waiting);
	while (!ring_is_empty(&all) && given < most) {
		struct member *m = ring_thing(all.next, struct member, at);
		ssize_t at = hub_page_place(page, m);

		if (at >= 0) {
			reader_stand(m, page, (size_t)at);
		} else if (id_cmp(m->cursor, page->from) == 0 && hub_page_misses(page, m)) {
			if (note == NULL)
				note = reader_note(t, m->cursor, page->first);
			reader_tell(m, note);
			/* Told once: from there on it is to miss nothing, or be told again. */
			m->whole = !id_is_zero(page->first);
			m->cursor = m->whole ? previous_id(page->first) : page->reach;
		}
		ring_remove(&m->at);
		ring_add(m->block != NULL ? readers : &t->flow->waiting, &m->at);
		given += m->block != NULL;
	}
	ring_splice(&t->flow->waiting, &all);
	return note;
}

void hub_page_end(struct hub_topic *t, size_t entries, struct id first)
{
	struct block *page = page_of(t);
	struct flow *f = t->flow;
	struct ring readers;

	flow_enter(t);
	topic_flush(t);
	if (entries > 0)
		t->entry_bytes = (uint32_t)(f->page_bytes / entries);
	size_t used = page->len + page->events * sizeof(struct event);
	if (page->size - used > 4096)
		page = block_resize(page, used);
	page->reach = reach_of(t, entries);
	page->first = first;
	page->fell_back = false;
	f->page = NULL;
	f->ask.going_on = false;
	t->hub->stats.pages++;
	ring_init(&readers);
	struct block *note = hand_out(t, page, &readers);
	reader_read_all(&readers);
	if (note != NULL)
		block_release(note);
	block_release(page);
	if (!f->ask.going_on && !ring_is_empty(&f->waiting))
		t->hub->ops->on_page(t);
	window_trim(t);
	flow_leave(t);
}

void hub_page_fail(struct hub_topic *t)
{
	struct flow *f = t->flow;

	if (f == NULL)
		return;
	flow_enter(t);
	if (f->page != NULL)
		block_release(f->page);
	f->page = NULL;
	f->ask.going_on = false;
	flow_leave(t);
}
