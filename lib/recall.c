/* SPDX-License-Identifier: MIT */
/*
 * recall: a run's text, from the log.
 *
 *	up → where did the channel's latest run start? → pages from there
 *	                                  ↑                │ the run's first message is not there
 *	                                  └── from "0-0" ──┘ (it is not the latest)
 */
#include "recall.h"

#include <stdlib.h>
#include <string.h>

#include "chan.h"
#include "json.h"
#include "log.h"
#include "msg.h"

enum { PAGE = 500 };

struct recall {
	struct recall_conf conf;
	recall_end *on_end;
	void *arg;
	struct link link;
	char *log, *runs;
	struct buf text;
	struct id cursor;
	uint64_t next; /* the seq that comes next; all below are in text */
	bool asked_run, from_start, cut;
};

static void begin(struct recall *r, struct id cursor)
{
	r->cursor = cursor;
	r->from_start = id_is_zero(cursor);
	r->next = 0;
	r->cut = false;
	buf_clear(&r->text);
}

static void ask(struct recall *r)
{
	log_ask_page(r->link.redis, r->log, r->cursor, false, PAGE);
}

static void finish(struct recall *r, bool whole)
{
	link_close(&r->link);
	if (!whole && !r->cut)
		buf_clear(&r->text); /* with holes in it it is of no use */
	r->on_end(r->arg, &r->text, whole);
}

/* Takes one of the run's messages, in order. */
static void take(struct recall *r, const struct log_entry *e)
{
	struct msg_sp sp;

	if (strlen(r->conf.channel) != e->channel_len ||
	    memcmp(r->conf.channel, e->channel, e->channel_len) != 0 ||
	    !msg_sp(e->message, e->message_len, &sp) || strlen(r->conf.run) != sp.run_len ||
	    memcmp(sp.run, r->conf.run, sp.run_len) != 0 || sp.seq != r->next)
		return;
	r->next++;
	if (!json_means(msg_type(e->message, e->message_len), "token"))
		return;
	struct json_slice raw = json_string(json_find(e->message, e->message_len, "content"));
	if (!r->cut && raw.s != NULL && buf_add(&r->text, raw.s, raw.len) < 0)
		r->cut = true;
}

static void on_page(struct recall *r, const struct reply *page)
{
	size_t n = page->n;

	for (size_t i = 0; i < n && r->next < r->conf.before && !r->cut; i++) {
		struct log_entry e;
		bool ours = log_entry(page, i, &e);

		r->cursor = e.id;
		if (ours)
			take(r, &e);
	}
	if (r->next >= r->conf.before || r->cut) {
		finish(r, !r->cut);
	} else if (n == PAGE) {
		ask(r);
	} else if (r->next == 0 && !r->from_start) {
		begin(r, (struct id){0, 0});
		ask(r);
	} else {
		finish(r, false);
	}
}

static void on_up(void *arg)
{
	struct recall *r = arg;

	r->asked_run = true;
	log_ask_run(r->link.redis, r->runs, r->conf.channel);
}

static void on_reply(void *arg, struct reply *reply)
{
	struct recall *r = arg;
	struct log_run run;

	if (reply->type == REPLY_ERROR) {
		link_refused(&r->link, r->log, reply);
	} else if (r->asked_run) {
		r->asked_run = false;
		(void)log_run(reply, &run); /* zero when there is none */
		begin(r, log_just_before(run.start));
		ask(r);
	} else if (reply->type == REPLY_ARRAY) {
		on_page(r, reply);
	} else {
		finish(r, false); /* no page: its owner must not wait for ever */
	}
}

static void on_dead(void *arg, const struct why *w)
{
	(void)w;
	finish(arg, false);
}

static const struct link_ops link_ops = {.on_up = on_up, .on_reply = on_reply, .on_dead = on_dead};

struct recall *recall_open(
    struct loop *loop, const struct recall_conf *conf, recall_end *on_end, void *arg)
{
	struct recall *r = xcalloc(1, sizeof *r);

	r->conf = *conf;
	r->on_end = on_end;
	r->arg = arg;
	r->log = chan_log(conf->channel, strlen(conf->channel));
	r->runs = log_sibling(r->log, ":runs");
	buf_init(&r->text, conf->max_bytes);
	link_open(&r->link, loop, &conf->link, &link_ops, r);
	return r;
}

void recall_close(struct recall *r)
{
	if (r == NULL)
		return;
	link_close(&r->link);
	buf_fini(&r->text);
	free(r->log);
	free(r->runs);
	free(r);
}
