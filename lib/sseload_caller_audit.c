/* SPDX-License-Identifier: MIT */
/* sseload_caller_audit: what a reader makes of the events that it gets. */
#include <string.h>

#include "sseload_caller.h"

/* How many messages its channel has got. */
static uint64_t due(const struct caller *c)
{
	const struct shared *s = c->crew->shared;

	return c->channel < s->lanes ? __atomic_load_n(&s->sent[c->channel], __ATOMIC_RELAXED) : 0;
}

static bool bad_counts(const struct audit_counts *c)
{
	return c->lost + c->duplicated + c->reordered + c->corrupted + c->stale > 0;
}

/* Only a reader that is not clean has counts of its own. */
static void count(struct caller *c, const struct audit_counts *more)
{
	if (bad_counts(more) && c->counts == NULL)
		c->counts = xcalloc(1, sizeof *c->counts);
	if (c->counts != NULL)
		audit_add(c->counts, more);
	audit_add(&c->crew->tally.audit, more);
}

static void note_caught_up(struct caller *c, int64_t now_ns)
{
	struct crew *w = c->crew;

	if (!w->complete || c->caught_up || c->kind != CALLER_FAST || !c->bound ||
	    c->lane.next < due(c))
		return;
	c->caught_up = true;
	w->behind--;
	if (w->return_ns == 0)
		return;
	w->tally.caught_up++;
	hist_record(&w->hists[TALLY_CAUGHT_UP], now_ns - w->return_ns);
}

static void measure(struct caller *c, const struct audit_stamp *s, int64_t now_ns)
{
	struct crew *w = c->crew;
	int64_t ns = now_ns - s->time_ns;

	w->tally.last_event_ns = now_ns;
	if (!w->measuring || c->kind != CALLER_FAST)
		return;
	hist_record(&w->hists[TALLY_DELIVERY], ns);
	hist_record(&w->second, ns);
	if (w->conf->publish != SSELOAD_NONE && s->lane < w->shared->lanes)
		hist_record(&w->hists[TALLY_UNCORRECTED], ns - shared_lag(w->shared, s));
}

/* Whose stamps count: our publisher's; without one, those of the first that is heard. */
static bool is_ours(struct caller *c, const struct audit_stamp *s)
{
	const struct crew *w = c->crew;
	bool publishes = w->conf->publish != SSELOAD_NONE;

	if (publishes && (s->run != w->run || s->lane != c->channel))
		return false;
	if (!c->bound) {
		c->bound = true;
		c->run = s->run;
		c->lane_number = s->lane;
		audit_lane_init(&c->lane, NULL, 64, publishes);
	}
	return s->run == c->run && s->lane == c->lane_number;
}

void caller_take(
    struct caller *c, enum audit_found found, const struct audit_stamp *s, int64_t now_ns)
{
	struct crew *w = c->crew;
	struct audit_counts more = {0};

	w->tally.events++;
	w->tally.slow_events += c->kind != CALLER_FAST;
	if (!c->seen_event)
		hist_record(&w->hists[TALLY_FIRST_EVENT], now_ns - c->since_ns);
	c->seen_event = true;
	if (found == AUDIT_NONE)
		return;
	if (found == AUDIT_DAMAGED) {
		more.corrupted = 1;
		count(c, &more);
		return;
	}
	if (!is_ours(c, s)) {
		w->tally.foreign++;
		return;
	}
	w->tally.stamped++;
	if (c->event_ns > 0 && w->measuring)
		hist_record(&w->hists[TALLY_GAP], now_ns - c->event_ns);
	c->event_ns = now_ns;
	audit_lane_take(&c->lane, &more, s->seq);
	count(c, &more);
	measure(c, s, now_ns);
	note_caught_up(c, now_ns);
}

void crew_count_behind(struct crew *w, struct caller *readers, uint64_t n)
{
	w->behind = 0;
	for (uint64_t i = 0; i < n; i++) {
		struct caller *c = &readers[i];
		uint64_t want = due(c);

		c->caught_up = c->kind != CALLER_FAST || want == 0 || c->state == CALLER_OVER ||
		    (c->bound && c->lane.next >= want);
		w->behind += !c->caught_up;
	}
}

/* A corrupted message is not lost as well. What a slow reader missed, or one that never had a
 * stream, is no finding: that is told by other counts. */
void caller_settle(struct caller *c)
{
	struct crew *w = c->crew;
	struct audit_counts more = {0};
	uint64_t sent = w->complete ? due(c) : 0;

	if (c->kind != CALLER_FAST || !c->had_stream || (!c->bound && sent == 0))
		return;
	if (!c->bound)
		audit_lane_init(&c->lane, NULL, 64, true);
	audit_lane_end(&c->lane, &more, sent);
	count(c, &more);
	if (c->counts == NULL)
		return;
	uint64_t same =
	    c->counts->lost < c->counts->corrupted ? c->counts->lost : c->counts->corrupted;
	c->counts->lost -= same;
	w->tally.audit.lost -= same;
}
