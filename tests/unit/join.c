/* SPDX-License-Identifier: MIT */
/* join against a simple model: a server with a log and subscribers, and messages that cross at
 * random. */
#include <stdlib.h>

#include "join.h"
#include "t.h"

enum { MESSAGES = 400, IN_FLIGHT = 64 };

/* A reader of a server whose log has `appended` entries 1 … appended; `live` are on their way, in
 * order. */
struct world {
	struct join j;
	unsigned seed;
	int appended;
	int live[MESSAGES + 1], nlive,
	    live_at;            /* published since the subscription, not yet received */
	int page_from, page_to; /* answered, not yet received; from > to: an empty one */
	bool page_asked, page_answered, subscribed;
	int delivered, wrong;
};

static int roll(struct world *w, int n)
{
	w->seed = w->seed * 1103515245u + 12345u;
	return (int)(w->seed >> 16) % n;
}

static struct id id_of(int n)
{
	return (struct id){1000 + (uint64_t)n / 3, (uint64_t)n % 3};
}

static void deliver(struct world *w, int n)
{
	if (n != w->delivered + 1)
		w->wrong++;
	w->delivered = n;
}

static void receive_live(struct world *w)
{
	int n = w->live[w->live_at++];
	char text[16];
	int len = snprintf(text, sizeof text, "%d", n);

	if (join_live(&w->j, &(struct hold_message){"c", text, 1, (size_t)len, id_of(n)}))
		deliver(w, n);
}

static int number(const struct hold_message *m)
{
	char text[16] = "";

	memcpy(text, m->text, m->len);
	return atoi(text);
}

static void receive_page(struct world *w)
{
	size_t n = 0;
	struct hold_message m;

	w->page_answered = w->page_asked = false;
	if (join_has_gap(
		&w->j, w->page_from <= w->page_to ? id_of(w->page_from) : (struct id){0, 0}))
		w->wrong++;
	for (int i = w->page_from; i <= w->page_to; i++, n++)
		if (join_entry(&w->j, id_of(i)))
			deliver(w, i);
	if (join_page(&w->j, n, n * 100))
		while (join_held(&w->j, &m))
			deliver(w, number(&m));
}

static void ask(struct world *w)
{
	join_ask(&w->j);
	w->page_asked = true;
}

/* The server answers the page as of now: what is appended later is not in it. */
static void answer_page(struct world *w)
{
	int count = (int)w->j.asked;

	w->page_from = w->delivered + (w->j.anchored ? 0 : 1);
	w->page_to = w->appended;
	if (w->page_to - w->page_from + 1 > count)
		w->page_to = w->page_from + count - 1;
	w->page_answered = true;
}

static void lose_connection(struct world *w)
{
	join_lost(&w->j);
	w->nlive = w->live_at = 0;
	w->page_asked = w->page_answered = w->subscribed = false;
}

static void step(struct world *w)
{
	switch (roll(w, 8)) {
	case 0:
	case 1:
	case 2:
		if (w->appended < MESSAGES) {
			w->appended++;
			if (w->subscribed)
				w->live[w->nlive++] = w->appended;
		}
		break;
	case 3:
	case 4:
		if (w->live_at < w->nlive)
			receive_live(w);
		break;
	case 5:
		if (w->page_asked && !w->page_answered)
			answer_page(w);
		break;
	case 6:
		if (w->page_answered)
			receive_page(w);
		break;
	case 7:
		if (!w->subscribed)
			w->subscribed = true;
		else if (!w->page_asked && !w->j.live)
			ask(w);
		else if (roll(w, 40) == 0)
			lose_connection(w);
		break;
	}
}

static int run_world(unsigned seed, size_t held_max)
{
	struct world w = {.seed = seed};

	join_init(&w.j, held_max);
	for (int i = 0; i < 200000 && (w.delivered < MESSAGES || !w.j.live); i++)
		step(&w);
	join_fini(&w.j);
	return w.wrong == 0 && w.delivered == MESSAGES;
}

int main(void)
{
	int good = 0, tight = 0;

	for (unsigned seed = 1; seed <= 500; seed++) {
		good += run_world(seed, 1 << 20);
		tight += run_world(seed, 200);
	}
	struct world far = {.seed = 1, .appended = MESSAGES};
	join_init(&far.j, 1 << 20);
	for (int i = 0; i < 20 && !far.j.live; i++) {
		ask(&far);
		answer_page(&far);
		receive_page(&far);
	}
	ok(far.wrong == 0 && far.delivered == MESSAGES, "a log of many pages is read to its end");
	join_fini(&far.j);
	ok(good == 500, "500 random interleavings: every message once, in order (%d)", good);
	ok(tight == 500, "the same when few messages can be held (%d)", tight);

	struct join j;
	join_init(&j, 1 << 20);
	ok(!join_live(&j, &(struct hold_message){"c", "x", 1, 1, {5, 0}}),
	    "before the page, a live message waits");
	join_ask(&j);
	ok(join_page(&j, 0, 0), "an empty page means: caught up");
	struct hold_message m;
	ok(!join_held(&j, &m),
	    "what came before the page was asked for is in the page, or was never");
	ok(join_live(&j, &(struct hold_message){"c", "x", 1, 1, {5, 0}}),
	    "then live messages pass at once");
	ok(!join_live(&j, &(struct hold_message){"c", "x", 1, 1, {5, 0}}), "but not twice");
	join_fini(&j);
	return t_done();
}
