/* SPDX-License-Identifier: MIT */
/* Fuzzes the hub against a server with a log and a subscription, both simple: each byte of the
 * input is one thing that happens. Whatever does, each member gets each message once and in order
 * from its cursor on, or is told of a gap where there is a reason for one. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMBERS = 6, LOG_MAX = 4000, PLAIN = 1u << 30 };

struct entry {
	struct id id;
	bool ours;
	uint8_t over; /* 'd', 'e' or 0 */
};

struct reader {
	struct member m;
	bool used, out, ends, over;
	size_t room;    /* what its transport takes now */
	struct id last; /* the last id it got, or where it began */
	bool gap;       /* since the last message */
	struct id before;
	unsigned plain; /* the last one it got */
	char part[256]; /* of a line */
	size_t part_len;
	struct id event_id;
	bool has_id;
};

struct world {
	struct hub hub;
	struct hub_topic topic;
	struct entry log[LOG_MAX];
	unsigned first, end; /* the log's entries */
	unsigned plain;
	uint64_t clock;
	bool subscribed, confirmed, surveyed; /* surveyed: its answer is on the way */
	struct id survey;
	struct {
		unsigned entry, plain; /* entry == PLAIN: the number of a plain one */
	} wire[LOG_MAX];
	unsigned wire_at, wire_end;
	bool page_asked, page_answered, page_wanted;
	bool page_before; /* the survey: answers come in the order of what was asked */
	struct hub_ask ask;
	struct entry page[1100];
	unsigned npage;
	struct id page_first;
	struct reader readers[MEMBERS];
	bool may_gap, drained;
};

static struct world *w;

static void must(int cond)
{
	if (!cond)
		abort();
}

static struct reader *reader_of(struct member *m)
{
	return (struct reader *)(void *)((char *)m - offsetof(struct reader, m));
}

/* --- What a reader gets */

/* Nothing of ours between what it had and id is missing, unless it was told. */
static void check_order(struct reader *r, struct id id)
{
	must(id_cmp(id, r->last) > 0);
	for (unsigned i = 0; i < w->end; i++) {
		const struct entry *e = &w->log[i];
		bool between = id_cmp(e->id, r->last) > 0 && id_cmp(e->id, id) < 0;

		/* Who has had nothing yet cannot know that there was something. */
		if (e->ours && between && !(id_is_zero(r->last) && i < w->first))
			must(r->gap && (id_is_zero(r->before) || id_cmp(e->id, r->before) < 0));
	}
	r->last = id;
	r->gap = false;
}

/* One gap may follow another before a message comes: what is missing is what either says. */
static void on_told(struct reader *r, struct id before)
{
	if (!r->gap || id_is_zero(before) ||
	    (!id_is_zero(r->before) && id_cmp(before, r->before) > 0))
		r->before = before;
	r->gap = true;
}

static void on_data(struct reader *r, const char *text)
{
	unsigned n;
	unsigned long long ms, seq;

	must(!r->over);
	if (sscanf(text, "{\"gap\":\"%llu-%llu\"", &ms, &seq) == 2) {
		must(w->may_gap);
		on_told(r, (struct id){ms, seq});
	} else if (sscanf(text, "{\"plain\":%u", &n) == 1) {
		must(n > r->plain);
		r->plain = n;
	} else {
		must(r->has_id && sscanf(text, "{\"n\":%llu,\"s\":%llu", &ms, &seq) == 2);
		must(r->event_id.ms == ms && r->event_id.seq == seq);
		check_order(r, r->event_id);
		r->over = r->ends && strstr(text, "\"over\"") != NULL;
	}
	r->has_id = false;
}

static void on_line(struct reader *r)
{
	r->part[r->part_len] = '\0';
	if (strncmp(r->part, "id: ", 4) == 0)
		r->has_id = id_parse(&r->event_id, r->part + 4, r->part_len - 4);
	else if (strncmp(r->part, "data: ", 6) == 0)
		on_data(r, r->part + 6);
	else
		must(r->part_len == 0);
	r->part_len = 0;
}

static ssize_t on_send(struct member *m, const struct iovec *parts, int nparts)
{
	struct reader *r = reader_of(m);
	size_t took = 0;

	must(!r->out && nparts > 0);
	for (int i = 0; i < nparts; i++)
		for (size_t k = 0; k < parts[i].iov_len && r->room > 0; k++, took++) {
			char c = ((const char *)parts[i].iov_base)[k];

			r->room--;
			if (c == '\n') {
				on_line(r);
			} else {
				must(r->part_len < sizeof r->part - 1);
				r->part[r->part_len++] = c;
			}
		}
	return (ssize_t)took;
}

static void on_end(struct hub_topic *t, struct member *m, enum member_end end)
{
	struct reader *r = reader_of(m);

	(void)t;
	must(!r->out);
	must((end == MEMBER_SLOW) || (r->over && r->part_len == 0));
	r->out = true;
}

static void on_page(struct hub_topic *t)
{
	(void)t;
	w->page_wanted = true;
}

static void on_empty(struct hub_topic *t)
{
	must(t->members == 0);
}

static void on_gap(struct hub_topic *t, struct buf *text, struct id after, struct id before)
{
	(void)t;
	(void)after;
	(void)buf_addf(text, "{\"gap\":\"%llu-%llu\"}", (unsigned long long)before.ms,
	    (unsigned long long)before.seq); /* no cap */
}

static const struct hub_ops ops = {on_send, on_end, on_page, on_empty, on_gap};

/* --- What the server does */

static void publish(bool ours, uint8_t over)
{
	if (w->end == LOG_MAX || w->wire_end == LOG_MAX)
		return;
	w->clock++;
	w->log[w->end] = (struct entry){{w->clock / 3, w->clock % 3}, ours, over};
	if (w->subscribed && ours)
		w->wire[w->wire_end++].entry = w->end;
	w->end++;
}

static void publish_plain(void)
{
	w->plain++;
	if (w->subscribed && w->wire_end < LOG_MAX) {
		w->wire[w->wire_end].entry = PLAIN;
		w->wire[w->wire_end++].plain = w->plain;
	}
}

static struct id last_id(void)
{
	return w->end > w->first ? w->log[w->end - 1].id : (struct id){0, 0};
}

static struct hub_message message_of(const struct entry *e, char text[96])
{
	int n = snprintf(text, 96, "{\"n\":%llu,\"s\":%llu%s,\"pad\":\"%.*s\"}",
	    (unsigned long long)e->id.ms, (unsigned long long)e->id.seq,
	    e->over != 0 ? ",\"over\":1" : "", (int)(e->id.ms % 30),
	    "012345678901234567890123456789");

	return (struct hub_message){.text = text,
	    .len = (size_t)n,
	    .type = e->over == 'd' ? "done"
		: e->over == 'e'   ? "error"
				   : "token",
	    .type_len = e->over == 'd' ? 4 : 5,
	    .has_id = true,
	    .id = e->id};
}

static void receive(void)
{
	char text[96];

	if (!w->confirmed || w->wire_at == w->wire_end)
		return;
	unsigned i = w->wire[w->wire_at].entry;
	if (i == PLAIN) {
		int n = snprintf(text, sizeof text, "{\"plain\":%u}", w->wire[w->wire_at].plain);
		const struct hub_message m = {.text = text, .len = (size_t)n};

		hub_message(&w->topic, &m);
	} else {
		const struct hub_message m = message_of(&w->log[i], text);

		hub_message(&w->topic, &m);
	}
	w->wire_at++;
}

static void begin(void)
{
	w->surveyed = false;
	hub_begin(&w->topic, w->survey);
	hub_flush(&w->hub);
}

static void answer_page(void)
{
	if (!w->page_asked || w->page_answered)
		return;
	w->page_answered = true;
	w->npage = 0;
	w->page_first = w->end > w->first ? w->log[w->first].id : (struct id){0, 0};
	for (unsigned i = w->first; i < w->end && w->npage < w->ask.count; i++)
		if (id_cmp(w->log[i].id, w->ask.from) > 0)
			w->page[w->npage++] = w->log[i];
}

static void receive_page(void)
{
	char text[96];

	if (!w->page_answered)
		return;
	if (w->surveyed && !w->page_before)
		begin();
	w->page_asked = w->page_answered = false;
	for (unsigned i = 0; i < w->npage; i++) {
		const struct hub_message m = message_of(&w->page[i], text);

		hub_page_entry(&w->topic, &m, w->page[i].ours);
	}
	hub_page_end(&w->topic, w->npage, w->page_first);
	hub_flush(&w->hub);
}

static void ask_page(unsigned count)
{
	if (w->page_asked || !w->page_wanted)
		return;
	w->page_wanted = false;
	w->page_asked = hub_page_ask(&w->topic, &w->ask);
	w->page_before = false;
	if (w->page_asked && count > 1 && count < w->ask.count) {
		/* A short page of ours, to need more of them. */
		w->ask.count = w->topic.flow->ask.count = count;
	}
}

/* Members that were enlisted begin with what was found when they asked. */
static void join_all(uint8_t where)
{
	while (w->topic.begun && !ring_is_empty(&w->topic.asking)) {
		struct reader *r = reader_of(ring_thing(w->topic.asking.next, struct member, at));
		struct id cursor = w->topic.last;

		if (where % 3 == 0)
			cursor = (struct id){0, 0};
		else if (where % 3 == 1 && w->end > w->first)
			cursor = w->log[w->first + where % (w->end - w->first)].id;
		r->last = cursor;
		if (w->first > 0) {
			/* What is gone already was never promised. */
			r->gap = true;
			r->before = w->log[w->first - (w->first == w->end)].id;
			r->before.seq += w->first == w->end;
		}
		hub_join(&r->m, cursor, where % 3 == 1 && w->end > w->first);
	}
	hub_flush(&w->hub);
}

static void subscribe(void)
{
	if (!w->subscribed) {
		w->subscribed = true;
	} else if (!w->confirmed) {
		w->confirmed = true;
	} else if (!w->topic.begun && !w->surveyed) {
		w->surveyed = true;
		w->survey = last_id();
		w->page_before = w->page_asked;
		answer_page();
	} else if (w->surveyed) {
		if (w->page_before)
			receive_page();
		begin();
	}
}

static void lose(void)
{
	w->subscribed = w->confirmed = w->surveyed = false;
	w->wire_at = w->wire_end = 0;
	hub_lost(&w->topic);
	hub_flush(&w->hub);
}

static void trim(unsigned n)
{
	for (; n > 0 && w->first + 1 < w->end; n--)
		w->first++;
	w->may_gap = true;
}

/* The whole log expires, or somebody deletes it. */
static void expire(void)
{
	w->first = w->end;
	w->may_gap = true;
}

static void fail_page(void)
{
	hub_page_fail(&w->topic);
	w->page_answered = w->page_asked = false;
	w->page_wanted = true;
}

/* Redis is killed, and comes back without what it had not written: ids go on by the clock. */
static void lose_end(unsigned n)
{
	lose();
	fail_page();
	for (; n > 0 && w->end > w->first; n--)
		w->end--;
	w->may_gap = true;
}

static void enlist(unsigned i, bool ends)
{
	struct reader *r = &w->readers[i];

	if (r->used && !r->out)
		hub_leave(&r->m);
	*r = (struct reader){.used = true, .ends = ends, .room = 50, .plain = 0};
	hub_enlist(&w->topic, &r->m, ends);
}

static void take(unsigned i, size_t n)
{
	struct reader *r = &w->readers[i];

	r->room = n;
	if (r->used && !r->out)
		hub_writable(&r->m);
}

static void step(uint8_t op, uint8_t arg)
{
	switch (op % 16) {
	case 0:
	case 1:
		for (unsigned i = 0; i <= arg % 8; i++)
			publish(true, 0);
		break;
	case 2:
		publish(arg % 2 == 0, arg % 16 == 0 ? 'd' : arg % 16 == 8 ? 'e' : 0);
		break;
	case 3:
		publish_plain();
		break;
	case 4:
	case 5:
		for (unsigned i = 0; i <= arg % 16; i++)
			receive();
		break;
	case 6:
		hub_flush(&w->hub);
		break;
	case 7:
		answer_page();
		break;
	case 8:
		receive_page();
		break;
	case 9:
		ask_page(arg % 8);
		break;
	case 10:
		join_all(arg);
		break;
	case 11:
		enlist(arg % MEMBERS, arg >= 192);
		break;
	case 12:
	case 13:
		take(arg % MEMBERS, (size_t)(arg / MEMBERS) * 8);
		break;
	case 14:
		if (arg < 200)
			subscribe();
		else if (arg < 230)
			lose();
		else
			trim(arg - 230);
		break;
	case 15:
		if (arg < 10)
			hub_leave(&w->readers[arg % MEMBERS].m);
		else if (arg < 20)
			fail_page();
		else if (arg < 30)
			lose_end(arg - 19);
		else if (arg < 35)
			expire();
		break;
	}
}

/* All that was published arrives, and everybody takes all there is. */
static void drain(void)
{
	for (int i = 0; i < 400; i++) {
		subscribe();
		while (w->wire_at < w->wire_end && w->confirmed)
			receive();
		hub_flush(&w->hub);
		join_all(2);
		ask_page(0);
		answer_page();
		receive_page();
		for (unsigned k = 0; k < MEMBERS; k++)
			take(k, SIZE_MAX);
	}
	for (unsigned k = 0; k < MEMBERS; k++) {
		struct reader *r = &w->readers[k];

		if (!r->used || r->m.topic == NULL)
			continue;
		must(!r->over && r->part_len == 0);
		check_order(r, (struct id){UINT64_MAX, 0});
	}
	/* All have all there is: a quiet topic holds nothing, unless somebody is ahead of it. */
	must(w->hub.stats.window_bytes == 0);
	must(w->topic.flow == NULL || !ring_is_empty(&w->topic.flow->ahead));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > 4000)
		return 0;
	struct hub_conf conf = {.slow = data[0] % 3,
	    .max_lag_bytes = 200 + (size_t)(data[1] % 16) * 200,
	    .memory_bytes = data[1] >= 128 ? 1u << 30 : 2000u + data[1] * 16u,
	    .crowd = data[0] / 3 % 4}; /* of one to three members, or of more than there are */

	w = xcalloc(1, sizeof *w);
	w->clock = 1000;
	w->may_gap = conf.slow == HUB_LATEST;
	hub_init(&w->hub, &conf, &ops);
	hub_topic_init(&w->topic, &w->hub);
	for (size_t i = 2; i + 1 < size; i += 2) {
		if (data[i] % 16 == 3)
			w->may_gap = true; /* plain messages that fall out are told of */
		step(data[i], data[i + 1]);
	}
	drain();
	for (unsigned k = 0; k < MEMBERS; k++)
		hub_leave(&w->readers[k].m);
	must(w->topic.members == 0);
	must(w->topic.flow == NULL || w->topic.flow->catching == 0);
	hub_topic_fini(&w->topic);
	must(w->topic.flow == NULL);
	must(w->hub.stats.window_bytes == 0 && ring_is_empty(&w->hub.blocks));
	must(w->hub.stats.catching == 0 && w->hub.stats.blocked == 0 && w->hub.stats.members == 0);
	hub_fini(&w->hub);
	free(w);
	return 0;
}
