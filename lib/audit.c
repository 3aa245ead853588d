/* SPDX-License-Identifier: MIT */
/*
 * audit: a table of lanes for each channel, found by run and lane. A lane's window is a ring of
 * bits over the seqs in front of `next`:
 *
 *	… lost or came │ window: a bit each, set when it came │ next, not seen yet …
 */
#include "audit.h"

#include <stdlib.h>
#include <string.h>

struct member {
	uint32_t run, lane;
	struct audit_lane state;
	uint64_t sent;
};

struct channel {
	struct member *members; /* heap */
	uint32_t n, last;       /* last: where the last message's was found */
	struct audit_counts counts;
};

struct audit {
	struct channel *channels;
	size_t n;
	uint32_t window;
	bool from_start;
};

/* --- One lane */

void audit_lane_init(struct audit_lane *l, uint64_t *bits, uint32_t window, bool from_start)
{
	/* Begun at 0 when all is expected; else with the first message. */
	*l = (struct audit_lane){.bits = bits, .window = window, .begun = from_start};
}

static uint64_t *word_of(struct audit_lane *l, uint64_t seq)
{
	return l->bits != NULL ? &l->bits[(seq & (l->window - 1)) / 64] : &l->word;
}

static uint64_t bit_of(uint64_t seq)
{
	return UINT64_C(1) << (seq % 64);
}

/* How many of the window did not come. */
static uint64_t holes(struct audit_lane *l)
{
	uint64_t n = 0;
	uint64_t edge = l->next > l->window ? l->next - l->window : 0;

	for (uint64_t s = edge > l->low ? edge : l->low; s < l->next; s++)
		n += (*word_of(l, s) & bit_of(s)) == 0;
	return n;
}

/* A leap over more than the window: all in it is decided, and what is behind it never came. */
static void leap(struct audit_lane *l, struct audit_counts *c, uint64_t seq)
{
	c->lost += holes(l);
	c->lost += seq + 1 - l->window - l->next;
	if (l->bits != NULL)
		memset(l->bits, 0, l->window / 8);
	l->word = 0;
	l->low = l->next = seq + 1 - l->window;
}

static void advance(struct audit_lane *l, struct audit_counts *c, uint64_t seq)
{
	if (seq - l->next >= l->window)
		leap(l, c, seq);
	for (uint64_t s = l->next; s <= seq; s++) {
		uint64_t *word = word_of(l, s), bit = bit_of(s);

		/* The one that leaves the window here is s - window. */
		if (s >= l->low + l->window && (*word & bit) == 0)
			c->lost++;
		*word &= ~bit;
	}
	l->next = seq + 1;
	*word_of(l, seq) |= bit_of(seq);
}

void audit_lane_take(struct audit_lane *l, struct audit_counts *c, uint64_t seq)
{
	c->received++;
	if (!l->begun) {
		l->begun = true;
		l->low = l->next = seq;
	}
	if (seq >= l->next) {
		advance(l, c, seq);
	} else if (l->next - seq > l->window) {
		c->stale++;
	} else if (*word_of(l, seq) & bit_of(seq)) {
		c->duplicated++;
	} else {
		c->reordered++;
		*word_of(l, seq) |= bit_of(seq);
		/* Older than the first that came, of a reader that came late. */
		l->low = seq < l->low ? seq : l->low;
	}
}

void audit_lane_end(struct audit_lane *l, struct audit_counts *c, uint64_t sent)
{
	c->lost += holes(l);
	if (sent > l->next)
		c->lost += sent - l->next;
}

void audit_add(struct audit_counts *a, const struct audit_counts *b)
{
	a->received += b->received;
	a->lost += b->lost;
	a->duplicated += b->duplicated;
	a->reordered += b->reordered;
	a->corrupted += b->corrupted;
	a->stale += b->stale;
}

bool audit_is_clean(const struct audit_counts *c)
{
	return (c->lost | c->duplicated | c->reordered | c->corrupted | c->stale) == 0;
}

/* --- Channels */

struct audit *audit_open(size_t channels, uint32_t window, bool from_start)
{
	struct audit *a = xcalloc(1, sizeof *a);

	*a = (struct audit){xcalloc(channels, sizeof *a->channels), channels, window, from_start};
	return a;
}

void audit_close(struct audit *a)
{
	if (a == NULL)
		return;
	for (size_t i = 0; i < a->n; i++) {
		for (uint32_t k = 0; k < a->channels[i].n; k++)
			free(a->channels[i].members[k].state.bits);
		free(a->channels[i].members);
	}
	free(a->channels);
	free(a);
}

/* NULL when the channel has had too many. */
static struct member *find(struct audit *a, struct channel *ch, uint32_t run, uint32_t lane)
{
	for (uint32_t k = 0; k < ch->n; k++) {
		uint32_t at = (ch->last + k) % ch->n;

		if (ch->members[at].run == run && ch->members[at].lane == lane) {
			ch->last = at;
			return &ch->members[at];
		}
	}
	if (ch->n == AUDIT_RUNS_MAX)
		return NULL;
	if ((ch->n & (ch->n - 1)) == 0)
		ch->members =
		    xrealloc(ch->members, (ch->n > 0 ? ch->n * 2u : 1u) * sizeof *ch->members);
	struct member *m = &ch->members[ch->last = ch->n++];
	*m = (struct member){.run = run, .lane = lane};
	audit_lane_init(&m->state, a->window > 64 ? xcalloc(a->window / 64, 8) : NULL, a->window,
	    a->from_start);
	return m;
}

enum audit_found audit_take(
    struct audit *a, size_t channel, const char *text, size_t len, struct audit_stamp *s)
{
	struct channel *ch = &a->channels[channel];
	enum audit_found found = audit_find(text, len, s);

	switch (found) {
	case AUDIT_NONE:
		break;
	case AUDIT_DAMAGED:
		ch->counts.corrupted++;
		break;
	case AUDIT_GOOD:;
		struct member *m = find(a, ch, s->run, s->lane);

		if (m != NULL)
			audit_lane_take(&m->state, &ch->counts, s->seq);
		else
			ch->counts.stale++;
	}
	return found;
}

void audit_damaged(struct audit *a, size_t channel)
{
	a->channels[channel].counts.corrupted++;
}

void audit_sent(struct audit *a, size_t channel, uint32_t run, uint32_t lane, uint64_t sent)
{
	struct member *m = find(a, &a->channels[channel], run, lane);

	if (m != NULL)
		m->sent = sent;
}

void audit_end(struct audit *a)
{
	for (size_t i = 0; i < a->n; i++) {
		struct channel *ch = &a->channels[i];
		struct audit_counts *c = &ch->counts;

		for (uint32_t k = 0; k < ch->n; k++)
			audit_lane_end(&ch->members[k].state, c, ch->members[k].sent);
		c->lost -= c->lost < c->corrupted ? c->lost : c->corrupted;
	}
}

const struct audit_counts *audit_channel(const struct audit *a, size_t channel)
{
	return &a->channels[channel].counts;
}

struct audit_counts audit_total(const struct audit *a)
{
	struct audit_counts sum = {0};

	for (size_t i = 0; i < a->n; i++)
		audit_add(&sum, &a->channels[i].counts);
	return sum;
}
