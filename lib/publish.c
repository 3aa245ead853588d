/* SPDX-License-Identifier: MIT */
/* publish: a generation's input into messages, joined as asked for. Its end: publish_end.c. */
#include "publish.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "publish_own.h"

static const struct append_ops append_ops;
static const struct intake_ops intake_ops;
static void put_token(void *arg, struct json_slice raw, bool due);

int publish_open(struct publish **out, struct loop *loop, const struct publish_conf *conf,
    const struct publish_ops *ops, void *arg, struct why *w)
{
	struct publish *p = xcalloc(1, sizeof *p);

	p->conf = *conf;
	p->ops = ops;
	p->arg = arg;
	p->loop = loop;
	batch_init(&p->batch, loop, conf->batch, conf->linger_ms, put_token, p);
	buf_init(&p->message, SIZE_MAX / 2); /* lines and full_text are bounded */
	buf_init(&p->mapped, SIZE_MAX / 2);
	intake_init(
	    &p->intake, conf->format, conf->provider, conf->max_line, &conf->from, &intake_ops, p);
	run_init(&p->run, &conf->from, conf->full_text, clock_ms());
	if (append_open(&p->append, loop, &conf->append, &append_ops, p, w) < 0) {
		publish_close(p);
		return -1;
	}
	publish_recall(p);
	*out = p;
	return 0;
}

void publish_close(struct publish *p)
{
	if (p == NULL)
		return;
	recall_close(p->recall);
	append_close(p->append);
	batch_fini(&p->batch);
	intake_fini(&p->intake);
	run_fini(&p->run);
	buf_fini(&p->message);
	buf_fini(&p->mapped);
	free(p);
}

const char *publish_run(const struct publish *p)
{
	return append_run(p->append);
}

uint64_t publish_pending(const struct publish *p)
{
	return append_pending(p->append) + p->waits;
}

bool publish_is_spooled(const struct publish *p)
{
	return append_is_spooled(p->append);
}

bool publish_is_finishing(const struct publish *p)
{
	return p->finishing;
}

bool publish_has_failed(const struct publish *p)
{
	return p->failed;
}

/* --- Messages */

void publish_append(struct publish *p, struct buf *open, bool is_end)
{
	p->ended = is_end;
	append_put(p->append, open, is_end);
}

static int on_mapped(
    void *arg, const char *json, size_t len, bool same, const char *string, size_t string_len)
{
	struct publish *p = arg;
	struct msg_facts facts;
	struct why w;

	(void)same; /* then json is the message's own bytes */
	(void)string;
	(void)string_len;
	buf_clear(&p->mapped);
	if (msg_open_line(&p->mapped, json, len, &p->conf.from, clock_wall_us(), &facts, &w) < 0) {
		(void)why_set(&w, WHY_DATA, "message %llu: filter: what it made is not an object",
		    (unsigned long long)p->ninput); /* fills w */
		p->ops->on_filter(p->arg, &w);
		return 0;
	}
	p->failed = json_means(facts.type, "error");
	publish_append(p, &p->mapped, msg_type_is_end(facts.type));
	return 0;
}

/* The input's messages go through the filter; our own done and error do not: a reader waits for
 * them. */
static void put_input(struct publish *p, struct buf *open, bool is_end)
{
	struct why w, told;

	p->ninput++;
	if (p->finishing) { /* a filter's failure has ended the run */
		buf_clear(open);
		return;
	}
	if (p->conf.filter == NULL) {
		publish_append(p, open, is_end);
		return;
	}
	(void)buf_addc(open, '}'); /* no cap */
	if (filter_run(p->conf.filter, buf_head(open), open->len, on_mapped, p, &w) < 0) {
		(void)why_set(&told, WHY_DATA, "message %llu: %s", (unsigned long long)p->ninput,
		    w.text); /* fills told */
		p->ops->on_filter(p->arg, &told);
	}
	buf_clear(open);
}

static void put_token(void *arg, struct json_slice raw, bool due)
{
	struct publish *p = arg;

	if (run_token(&p->run, &p->message, raw, clock_wall_us(), clock_ms()) < 0)
		abort(); /* no cap */
	put_input(p, &p->message, false);
	if (due)
		append_flush(p->append);
}

static void on_text(void *arg, struct json_slice raw)
{
	struct publish *p = arg;

	if (p->conf.format == INTAKE_PROVIDER && p->ops->on_text != NULL)
		p->ops->on_text(p->arg, raw);
	batch_add(&p->batch, raw);
}

static void on_other(void *arg, const char *type, struct json_slice raw)
{
	struct publish *p = arg;

	if (!p->conf.reasoning && strcmp(type, "reasoning") == 0)
		return;
	batch_give(&p->batch);
	if (run_other(&p->run, &p->message, type, raw, clock_wall_us()) < 0)
		abort(); /* no cap */
	put_input(p, &p->message, false);
}

static void on_tool_call(void *arg, const struct dialect_call *call)
{
	struct publish *p = arg;

	batch_give(&p->batch);
	if (run_tool_call(&p->run, &p->message, call, clock_wall_us()) < 0)
		abort(); /* no cap */
	put_input(p, &p->message, false);
}

static void on_message(void *arg, struct buf *open, enum intake_kind kind, struct json_slice token)
{
	struct publish *p = arg;

	if (token.s != NULL)
		run_note(&p->run, token, clock_ms());
	p->failed = kind == INTAKE_ERROR;
	put_input(p, open, kind != INTAKE_PLAIN);
}

static const struct intake_ops intake_ops = {on_text, on_other, on_tool_call, on_message};

/* --- Input */

static int refuse(struct publish *p, struct why *w)
{
	char error[sizeof w->text + 16];

	(void)snprintf(error, sizeof error, "bad input: %s", w->text); /* fits */
	publish_finish(p, error, NULL);
	return -1;
}

int publish_feed(struct publish *p, const char *bytes, size_t len, struct why *w)
{
	if (p->finishing)
		return 0;
	if (intake_feed(&p->intake, bytes, len, clock_wall_us(), w) < 0)
		return refuse(p, w);
	if (p->conf.linger_ms == 0)
		batch_give(&p->batch);
	append_flush(p->append);
	p->ops->on_room(p->arg, append_has_room(p->append));
	return 0;
}

int publish_eof(struct publish *p, struct why *w)
{
	if (p->finishing || intake_end(&p->intake, clock_wall_us(), w) == 0)
		return 0;
	return refuse(p, w);
}

void publish_put(struct publish *p, struct buf *open, bool is_end)
{
	publish_append(p, open, is_end);
	append_flush(p->append);
}

/* --- Redis */

static void on_room(void *arg)
{
	struct publish *p = arg;

	if (!p->finishing)
		p->ops->on_room(p->arg, append_has_room(p->append));
}

static void on_acked(void *arg, const struct append_acked *acked)
{
	struct publish *p = arg;

	p->ops->on_acked(p->arg, acked);
	publish_check_over(p);
	on_room(p);
}

static void on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	struct publish *p = arg;

	p->ops->on_down(p->arg, w, wait_ms);
	on_room(p);
}

static void on_dead(void *arg, const struct why *w)
{
	struct publish *p = arg;

	p->ops->on_dead(p->arg, w);
}

static void on_started(void *arg, const char *path)
{
	struct publish *p = arg;

	p->ops->on_started(p->arg, path);
}

static void on_full(void *arg, const struct why *w)
{
	struct publish *p = arg;

	p->ops->on_full(p->arg, w);
	on_room(p);
}

static void on_recovered(void *arg, uint64_t seq, const char *msg, size_t len)
{
	struct publish *p = arg;

	if (p->recovered++ == 0)
		p->recovered_at = seq;
	if (!json_means(msg_type(msg, len), "token"))
		return;
	struct json_slice raw = json_string(json_find(msg, len, "content"));
	if (raw.s != NULL)
		run_note(&p->run, raw, clock_ms());
}

static const struct append_ops append_ops = {
    .on_recovered = on_recovered,
    .on_acked = on_acked,
    .on_down = on_down,
    .on_dead = on_dead,
    .on_started = on_started,
    .on_full = on_full,
    .on_room = on_room,
};
