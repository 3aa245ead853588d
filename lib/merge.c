/* SPDX-License-Identifier: MIT */
/* merge: several logs read as one. The argument stands in the header. */
#include "merge.h"

#include <stdlib.h>
#include <string.h>

#include "chan.h"

enum {
	PAGE_ENTRIES = 2000, /* of a first snapshot, in all */
	PAGE_FIRST = 100,
	PAGE_MOST = 1000,
	PAGES_BYTES = 8 << 20, /* what all pages together should weigh */
};

static const struct id last_id = {UINT64_MAX, UINT64_MAX};

void merge_init(struct merge *m, size_t held_max_bytes)
{
	*m = (struct merge){.arg = NULL};
	buf_init(&m->held, held_max_bytes);
}

static void free_strand(struct strand *s)
{
	buf_fini(&s->page);
	free(s->log);
	free(s);
}

static void forget_channel(struct merge *m)
{
	free(m->last_channel);
	m->last_channel = NULL;
	m->last = NULL;
}

void merge_fini(struct merge *m)
{
	for (size_t i = 0; i < m->n; i++)
		free_strand(m->strands[i]);
	free(m->strands);
	free(m->heap);
	forget_channel(m);
	buf_fini(&m->held);
}

void merge_lost(struct merge *m)
{
	m->live = false;
	m->nheap = 0;
	buf_clear(&m->held);
}

void merge_now(struct merge *m)
{
	m->live = m->n == 0 && m->held.len == 0 && !m->overflowed;
}

/* --- The strands */

/* Where log is, or belongs. */
static size_t place_of(const struct merge *m, const char *log, bool *found)
{
	size_t low = 0, high = m->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int r = strcmp(m->strands[mid]->log, log);

		if (r == 0) {
			*found = true;
			return mid;
		}
		if (r < 0)
			low = mid + 1;
		else
			high = mid;
	}
	*found = false;
	return low;
}

static struct strand *insert(struct merge *m, size_t at, const char *log, struct id cursor)
{
	struct strand *s = xcalloc(1, sizeof *s);

	if (m->n == m->size) {
		m->size = m->size > 0 ? m->size * 2 : 16;
		m->strands = xrealloc(m->strands, m->size * sizeof(struct strand *));
		m->heap = xrealloc(m->heap, m->size * sizeof(struct strand *));
	}
	memmove(m->strands + at + 1, m->strands + at, (m->n - at) * sizeof(struct strand *));
	m->strands[at] = s;
	m->n++;
	*s = (struct strand){.log = xstrdup(log), .cursor = cursor, .read = cursor};
	buf_init(&s->page, SIZE_MAX / 2); /* its entries are bounded, and their number */
	return s;
}

int merge_add(struct merge *m, const char *log, struct id cursor, bool anchored)
{
	bool found;
	size_t at = place_of(m, log, &found);

	if (found)
		return 0;
	if (m->n == MERGE_LOGS_MAX)
		return -1;
	insert(m, at, log, cursor)->anchored = anchored;
	return 0;
}

static void forget(struct merge *m, size_t i)
{
	struct strand *s = m->strands[i];

	if (m->on_forget != NULL)
		m->on_forget(m->arg, s->log, m->floor);
	m->n--;
	memmove(m->strands + i, m->strands + i + 1, (m->n - i) * sizeof(struct strand *));
	forget_channel(m);
	free_strand(s);
}

/* All logs are read up to now: what the oldest one brings next is above its cursor, and so is what
 * any log brings that is met later. */
static void forget_oldest(struct merge *m)
{
	size_t oldest = 0;

	for (size_t i = 1; i < m->n; i++)
		if (id_cmp(m->strands[i]->cursor, m->strands[oldest]->cursor) < 0)
			oldest = i;
	if (id_cmp(m->strands[oldest]->cursor, m->floor) > 0)
		m->floor = m->strands[oldest]->cursor;
	forget(m, oldest);
}

/* The strand of a live message's log. A log that is met here had nothing to deliver before. */
static struct strand *strand_of(struct merge *m, const struct hold_message *message)
{
	bool found;

	if (m->last != NULL && m->last_channel_len == message->channel_len &&
	    memcmp(m->last_channel, message->channel, message->channel_len) == 0)
		return m->last;
	char *log = chan_log(message->channel, message->channel_len);
	size_t at = place_of(m, log, &found);
	if (!found && m->n == MERGE_LOGS_MAX && m->live) {
		forget_oldest(m);
		at = place_of(m, log, &found);
	}
	if (!found && m->n < MERGE_LOGS_MAX) {
		struct id before = message->id;

		if (before.seq-- == 0)
			before.ms -= before.ms > 0;
		found = insert(m, at, log, id_cmp(before, m->floor) < 0 ? before : m->floor);
	}
	free(log);
	forget_channel(m);
	if (!found)
		return NULL;
	m->last = m->strands[at];
	m->last_channel = xstrndup(message->channel, message->channel_len);
	m->last_channel_len = message->channel_len;
	return m->last;
}

static bool passes(struct strand *s, struct id id)
{
	if (id_cmp(id, s->cursor) <= 0)
		return false;
	s->cursor = id;
	s->anchored = true;
	return true;
}

int merge_live(struct merge *m, const struct hold_message *message, const char **log)
{
	struct strand *s = strand_of(m, message);

	if (s == NULL)
		return -1;
	*log = s->log;
	if (m->live)
		return passes(s, message->id);
	if (!m->overflowed && hold_add(&m->held, message) < 0) {
		m->overflowed = true;
		buf_clear(&m->held);
	}
	return 0;
}

/* --- A round */

static void ask(struct strand *s)
{
	s->asked = s->count + (s->has_one ? 1 : 0);
}

void merge_begin(struct merge *m)
{
	size_t fair = PAGE_ENTRIES / (m->n + 1);

	m->nheap = 0;
	m->final = true;
	m->overflowed = false;
	m->bound = (struct id){0, 0};
	buf_clear(&m->held);
	for (size_t i = 0; i < m->n; i++) {
		struct strand *s = m->strands[i];

		buf_clear(&s->page);
		s->read = s->cursor;
		s->has_one = s->anchored;
		if (s->count == 0)
			s->count = fair < 2 ? 2 : fair > PAGE_FIRST ? PAGE_FIRST : (unsigned)fair;
		ask(s);
	}
}

bool merge_survey(struct strand *s, struct id last, struct id first)
{
	s->gone = id_is_zero(last) && id_is_zero(first);
	if (id_cmp(last, s->cursor) < 0) {
		/* The log is gone, or the server lost its end: ids may come again from there. */
		bool gap = s->anchored;

		if (gap)
			s->cursor = s->read = last;
		s->anchored = s->has_one = false;
		return gap;
	}
	return merge_has_gap(s, first);
}

bool merge_has_gap(struct strand *s, struct id first)
{
	bool gap = s->has_one && id_cmp(first, s->read) != 0;

	if (gap)
		s->anchored = s->has_one = false; /* told once */
	return gap;
}

void merge_entry(struct strand *s, struct id id, const struct hold_message *message)
{
	if (id_cmp(id, s->read) <= 0)
		return;
	s->read = id;
	s->has_one = true;
	if (message != NULL)
		(void)hold_add(&s->page, message); /* no cap */
}

void merge_page(struct merge *m, struct strand *s, size_t n, size_t bytes)
{
	s->more = n >= s->asked;
	if (n == 0)
		return;
	size_t fits = PAGES_BYTES / m->n / (bytes / n + 1);
	s->count = fits < 1 ? 1 : fits > PAGE_MOST ? PAGE_MOST : (unsigned)fits;
	ask(s);
}

/* --- The heap: by the id that comes next, or may come next; then by name */

static struct id next_id(const struct strand *s)
{
	struct hold_message m;

	return hold_first(&s->page, &m) ? m.id : s->read;
}

static bool precedes(const struct strand *a, const struct strand *b)
{
	int r = id_cmp(next_id(a), next_id(b));

	return r != 0 ? r < 0 : strcmp(a->log, b->log) < 0;
}

static void sift_down(struct merge *m, size_t i)
{
	struct strand **h = m->heap;

	for (;;) {
		size_t least = i;

		for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < m->nheap; child++)
			if (precedes(h[child], h[least]))
				least = child;
		if (least == i)
			return;
		struct strand *s = h[i];
		h[i] = h[least];
		h[least] = s;
		i = least;
	}
}

/* The strand in front gave something: it goes where it belongs now, or it is through. */
static void settle(struct merge *m)
{
	struct strand *s = m->heap[0];

	if (s->page.len == 0) {
		/* What was passed over behind the last message need not be read again. */
		s->cursor = s->read;
		s->anchored = s->has_one;
		if (!s->more)
			m->heap[0] = m->heap[--m->nheap];
	}
	sift_down(m, 0);
}

void merge_snapshot(struct merge *m, uint64_t time_ms)
{
	for (size_t i = m->n; i-- > 0;)
		if (m->strands[i]->gone)
			forget(m, i);
	for (size_t i = 0; i < m->n; i++) {
		struct strand *s = m->strands[i];

		m->final &= !s->more;
		if (s->more && id_cmp(s->read, m->bound) > 0)
			m->bound = s->read;
		m->heap[m->nheap++] = s;
	}
	struct id before = {time_ms - (time_ms > 0), UINT64_MAX};
	if (m->final)
		m->bound = last_id;
	else if (id_cmp(before, m->bound) > 0)
		m->bound = before;
	for (size_t i = m->nheap / 2; i-- > 0;)
		sift_down(m, i);
}

void merge_paged(struct merge *m)
{
	settle(m);
}

static int next_held(struct merge *m, struct hold_message *message, struct strand **from)
{
	while (hold_next(&m->held, message)) {
		*from = strand_of(m, message); /* it was met when this was kept */
		if (*from != NULL && passes(*from, message->id))
			return 1;
	}
	return -1;
}

int merge_next(struct merge *m, struct hold_message *message, struct strand **from)
{
	while (m->nheap > 0) {
		struct strand *s = *from = m->heap[0];

		if (hold_first(&s->page, message)) {
			if (id_cmp(message->id, m->bound) > 0)
				break;                      /* and so are all that follow */
			(void)hold_next(&s->page, message); /* there is one */
			s->cursor = message->id;
			s->anchored = true;
			settle(m);
			return 1;
		}
		if (s->more && id_cmp(s->read, m->bound) < 0)
			return 0;
		s->more = false;
		settle(m);
	}
	m->nheap = 0;
	if (!m->final || m->overflowed)
		return -1;
	m->live = true;
	return next_held(m, message, from);
}
