/* SPDX-License-Identifier: MIT */
/* merge against a simple model: a server with several logs, and messages that cross at random. */
#include <stdlib.h>

#include "merge.h"
#include "t.h"

enum { LOGS = 5, MESSAGES = 300, LIVE_MAX = MESSAGES };

/* Message n, from 1 on, is in log log_of[n]; of one millisecond there are up to three, in any logs.
 */
struct world {
	struct merge m;
	unsigned seed;
	int appended, log_of[MESSAGES + 1];
	int live[LIVE_MAX], nlive, live_at; /* on their way to the subscriber */
	bool subscribed, scanned;
	/* The answer that is on its way: of a snapshot, or of one page. */
	enum { NOTHING, SNAPSHOT, PAGE } asked;
	bool answered;
	int taken; /* messages that there were when it was answered */
	struct strand *surveyed[LOGS], *wants;
	size_t nsurveyed;
	bool seen[MESSAGES + 1];
	bool is_old[LOGS]; /* there before the reader was */
	int delivered, last, last_of[LOGS], wrong;
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

static void make(struct hold_message *m, char channel[8], char text[16], int n, int log)
{
	(void)snprintf(channel, 8, "c%d", log); /* fits */
	(void)snprintf(text, 16, "%d", n);      /* fits */
	*m = (struct hold_message){channel, text, strlen(channel), strlen(text), id_of(n)};
}

static int number(const struct hold_message *m)
{
	char text[16] = "";

	memcpy(text, m->text, m->len);
	return atoi(text);
}

static void deliver(struct world *w, const struct hold_message *m)
{
	int n = number(m), log = w->log_of[n];

	/* Ids are unique here, so the order of publishing is that of the ids. A log that came while
	 * the reader caught up may be behind the others. */
	w->wrong += w->seen[n] || n < w->last_of[log] || (n < w->last && w->is_old[log]);
	w->seen[n] = true;
	w->last_of[log] = n;
	w->last = n > w->last ? n : w->last;
	w->delivered++;
}

static void receive_live(struct world *w)
{
	int n = w->live[w->live_at++];
	char channel[8], text[16];
	const char *log;
	struct hold_message m;

	make(&m, channel, text, n, w->log_of[n]);
	int got = merge_live(&w->m, &m, &log);
	if (got > 0)
		deliver(w, &m);
	w->wrong += got < 0;
}

static void ask_snapshot(struct world *w)
{
	merge_begin(&w->m);
	w->nsurveyed = w->m.n;
	memcpy(w->surveyed, w->m.strands, w->m.n * sizeof w->m.strands[0]);
	w->asked = SNAPSHOT;
}

/* What the server has of a log: the last id, and a page up to `to`. */
static void give_page(struct world *w, struct strand *s, struct id to, bool survey)
{
	int log = s->log[1] - '0', page[MESSAGES];
	size_t n = 0;
	struct id last = {0, 0};

	for (int i = 1; i <= w->taken; i++) {
		int r = id_cmp(id_of(i), s->read);

		if (w->log_of[i] != log)
			continue;
		last = id_of(i);
		if ((r > 0 || (r == 0 && s->has_one)) && id_cmp(last, to) <= 0 && n < s->asked)
			page[n++] = i;
	}
	struct id first = n > 0 ? id_of(page[0]) : (struct id){0, 0};
	w->wrong += survey ? merge_survey(s, last, first) : merge_has_gap(s, first);
	for (size_t i = 0; i < n; i++) {
		char channel[8], text[16];
		struct hold_message m;

		make(&m, channel, text, page[i], log);
		merge_entry(s, m.id, &m);
	}
	/* As if they weighed much: a few entries a page. */
	merge_page(&w->m, s, n, n * (2u << 20));
}

static void receive_answer(struct world *w)
{
	struct hold_message m;
	int got;

	if (w->asked == SNAPSHOT) {
		for (size_t i = 0; i < w->nsurveyed; i++)
			give_page(w, w->surveyed[i], (struct id){UINT64_MAX, UINT64_MAX}, true);
		merge_snapshot(&w->m, id_of(w->taken).ms);
	} else {
		give_page(w, w->wants, w->m.bound, false);
		merge_paged(&w->m);
	}
	w->asked = NOTHING;
	w->answered = false;
	while ((got = merge_next(&w->m, &m, &w->wants)) > 0)
		deliver(w, &m);
	if (!w->m.live && got == 0)
		w->asked = PAGE;
	else if (!w->m.live)
		ask_snapshot(w);
}

static void scan(struct world *w)
{
	for (int log = 0; log < LOGS; log++) {
		char name[24];

		(void)snprintf(name, sizeof name, "c%d:log", log); /* fits */
		for (int i = 1; i <= w->appended; i++)
			if (w->log_of[i] == log) {
				(void)merge_add(&w->m, name, w->m.floor, false); /* they are few */
				break;
			}
	}
	w->scanned = true;
	ask_snapshot(w);
}

static void append(struct world *w)
{
	if (w->appended == MESSAGES)
		return;
	/* The last log appears late. */
	w->appended++;
	w->log_of[w->appended] = roll(w, w->appended > MESSAGES / 2 ? LOGS : LOGS - 1);
	if (w->subscribed)
		w->live[w->nlive++] = w->appended;
}

static void lose_connection(struct world *w)
{
	merge_lost(&w->m);
	w->nlive = w->live_at = 0;
	w->asked = NOTHING;
	w->answered = w->subscribed = w->scanned = false;
}

static void step(struct world *w)
{
	switch (roll(w, 10)) {
	case 0:
	case 1:
	case 2:
		append(w);
		break;
	case 3:
	case 4:
		if (w->live_at < w->nlive)
			receive_live(w);
		break;
	case 5:
	case 6:
		if (w->asked != NOTHING && !w->answered) {
			w->taken = w->appended;
			w->answered = true;
		}
		break;
	case 7:
	case 8:
		if (w->answered)
			receive_answer(w);
		break;
	case 9:
		if (!w->subscribed)
			w->subscribed = true;
		else if (!w->scanned)
			scan(w);
		else if (roll(w, 60) == 0)
			lose_connection(w);
		break;
	}
}

static bool run_world(unsigned seed, int before, size_t held_max)
{
	struct world w = {.seed = seed};

	merge_init(&w.m, held_max);
	for (int i = 1; i <= before; i++) {
		append(&w);
		w.is_old[w.log_of[i]] = true;
	}
	for (int i = 0; i < 100000 && (w.delivered < MESSAGES || !w.m.live); i++)
		step(&w);
	merge_fini(&w.m);
	return w.wrong == 0 && w.delivered == MESSAGES;
}

static void test_worlds(void)
{
	int good = 0, tight = 0;

	for (unsigned seed = 1; seed <= 500; seed++) {
		good += run_world(seed, (int)seed % MESSAGES, 1 << 20);
		tight += run_world(seed, (int)seed % MESSAGES, 300);
	}
	ok(good == 500, "500 random interleavings: every message once, in order (%d)", good);
	ok(tight == 500, "the same when few messages can be held (%d)", tight);
}

static int forgotten;

static void on_forget(void *arg, const char *log, struct id floor)
{
	(void)arg;
	(void)floor;
	forgotten += strcmp(log, "c0:log") == 0 ? 1 : 1000;
}

static void test_many(void)
{
	struct merge m;
	const char *log;
	int wrong = 0;

	merge_init(&m, 1 << 20);
	m.on_forget = on_forget;
	merge_now(&m);
	for (int i = 0; i <= MERGE_LOGS_MAX; i++) {
		char channel[16];
		int len = snprintf(channel, sizeof channel, "c%d", i);

		wrong += merge_live(&m,
			     &(struct hold_message){
				 channel, "x", (size_t)len, 1, {1000 + (uint64_t)i, 0}},
			     &log) != 1;
	}
	ok(wrong == 0, "of more logs than are remembered all live messages pass");
	ok(forgotten == 1 && m.n == MERGE_LOGS_MAX,
	    "the one that was silent for longest is forgotten");
	ok(id_cmp(m.floor, (struct id){1000, 0}) == 0,
	    "and whatever comes of it is behind its last");
	ok(merge_add(&m, "another", m.floor, false) < 0, "to read more than that is refused");
	merge_lost(&m);
	ok(merge_live(&m, &(struct hold_message){"y", "x", 1, 1, {9000, 0}}, &log) < 0,
	    "and so is to keep a message of one more");
	merge_fini(&m);
}

static void test_ties(void)
{
	struct merge m;
	struct strand *from;
	struct hold_message got;
	char order[8] = "";

	merge_init(&m, 1 << 20);
	(void)merge_add(&m, "b", (struct id){0, 0}, false); /* they are few */
	(void)merge_add(&m, "a", (struct id){0, 0}, false); /* as above */
	merge_begin(&m);
	for (size_t i = 0; i < 2; i++) {
		(void)merge_survey(m.strands[i], (struct id){5, 0}, (struct id){5, 0}); /* no gap */
		merge_entry(m.strands[i], (struct id){5, 0},
		    &(struct hold_message){m.strands[i]->log, "x", 1, 1, {5, 0}});
		merge_page(&m, m.strands[i], 1, 1);
	}
	merge_snapshot(&m, 9);
	while (merge_next(&m, &got, &from) > 0)
		strncat(order, from->log, 1);
	ok(strcmp(order, "ab") == 0, "of the same id the log's name decides");
	merge_fini(&m);
}

int main(void)
{
	test_worlds();
	test_many();
	test_ties();
	return t_done();
}
