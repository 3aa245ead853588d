/* SPDX-License-Identifier: MIT */
/* conn_stream: a connection that has become a reader's stream. */
#include <stdlib.h>

#include "chan.h"
#include "clock.h"
#include "conn.h"
#include "http_answer.h"
#include "note.h"
#include "sse.h"

enum { PROBE_MS = 250 }; /* after the peer closed its side: is the other one open? */

static void add_note(struct conn *c, const char *event, const struct buf *note, const char *id)
{
	bool named = c->server->conf->event_names;

	(void)sse_event(&c->out, id, strlen(id), event, named ? strlen(event) : 0, buf_head(note),
	    note->len); /* no cap */
}

static struct msg_from from(const struct request *r)
{
	const char *stage = r->names + strlen(r->names) + 1;

	return (struct msg_from){
	    r->names[0] != '\0' ? r->names : NULL, *stage != '\0' ? stage : NULL};
}

bool conn_on_start(struct member *m, struct id cursor, const struct log_run *run)
{
	struct conn *c = conn_of_member(m);
	struct request *r = c->request;
	char id[ID_TEXT_MAX + 1] = "";
	struct msg_from who = from(r);
	struct buf note;

	if (gate_has_ended(r->kind, &r->start, cursor, run)) {
		c->state = CONN_HEAD;
		conn_answer_text(c, 204, NULL);
		/* The next request may be another stream, and this member is not out yet. */
		c->put_off = c->state == CONN_HEAD && c->request != NULL;
		if (c->put_off)
			conn_deadline(c, 0);
		if (c->state == CONN_CLOSING)
			conn_close_behind(c);
		else if (conn_flush(c))
			conn_settle(c);
		return false;
	}
	/* Who follows from now on has no cursor until the first message: this is one, so that a
	 * connection lost before it loses nothing. */
	if (r->start.since == FEED_NOW)
		(void)id_format(cursor, id);            /* the length does not matter */
	(void)http_answer_stream(&c->out, &r->headers); /* no cap, here and below */
	(void)sse_retry(&c->out, c->server->conf->retry_ms);
	buf_init(&note, SIZE_MAX / 2);
	note_connected(&note, &who);
	add_note(c, "connected", &note, id);
	buf_fini(&note);
	conn_free_request(c);
	c->state = CONN_STREAM;
	c->server->metrics->n[METRICS_STREAMS]++;
	c->server->metrics->n[METRICS_STREAMS_OPENED]++;
	c->server->metrics->n[METRICS_ANSWERS_2XX]++;
	conn_next_heartbeat(c);
	if (!conn_flush(c))
		return false;
	if (c->half)
		conn_on_half(c, 0); /* it closed its side while Redis was asked */
	else
		conn_settle(c);
	return c->state == CONN_STREAM;
}

static enum metrics_id count_of(enum member_end end)
{
	switch (end) {
	case MEMBER_DONE:
	case MEMBER_ERROR:
		return METRICS_ENDED_DONE;
	case MEMBER_SLOW:
		return METRICS_ENDED_SLOW;
	case MEMBER_GONE:
		return METRICS_ENDED_READER;
	case MEMBER_REFUSED:
		break;
	}
	return METRICS_ENDED_REDIS;
}

/* Only a stage's stream has an end. */
static void add_stream_end(struct conn *c, const char *channel)
{
	struct chan_parts parts = {"", "", 0, 0};
	struct buf note;

	(void)chan_parse(channel, strlen(channel), &parts); /* it was made from such parts */
	char *project = xstrndup(parts.project, parts.project_len);
	char *stage = xstrndup(parts.stage, parts.stage_len);
	buf_init(&note, SIZE_MAX / 2);
	note_stream_end(&note, &(struct msg_from){project, stage});
	add_note(c, "stream_end", &note, "");
	buf_fini(&note);
	free(project);
	free(stage);
}

void conn_on_end(struct member *m, enum member_end end, const char *channel)
{
	struct conn *c = conn_of_member(m);

	if (c->state == CONN_DEAD)
		return;
	if (c->state == CONN_JOINING) {
		c->server->metrics->n[METRICS_NOT_STARTED]++;
		c->state = CONN_HEAD;
		conn_come_back(c, 503, "Redis is not available");
		conn_go_on(c);
		return;
	}
	conn_count_end(c, count_of(end));
	c->state = CONN_CLOSING;
	if (end != MEMBER_DONE && end != MEMBER_ERROR) {
		conn_drop(c); /* perhaps in the middle of an event: nothing may follow */
		return;
	}
	add_stream_end(c, channel);
	conn_close_behind(c);
}

/* A comment finds out whether the reader is there. Not into the middle of an event. */
static bool send_comment(struct conn *c)
{
	if (c->blocked)
		return true;
	(void)sse_comment(&c->out, "heartbeat"); /* no cap */
	c->server->metrics->n[METRICS_HEARTBEATS]++;
	return conn_flush(c);
}

void conn_on_quiet(struct conn *c)
{
	int64_t now = loop_now(c->server->loop), every = c->server->conf->heartbeat_ms;

	if (c->server->load.level >= STRAIN_LIGHT)
		every *= 2;
	if (c->probing || now - c->moved_ms >= every) {
		c->probing = false;
		if (!send_comment(c))
			return;
		conn_settle(c);
		if (!c->blocked)
			conn_next_heartbeat(c);
	} else {
		conn_deadline(c, every - (now - c->moved_ms));
	}
}

/* When the reader has closed its side it may still listen (a half-closed socket), or be gone: what
 * is sent to one that is gone is answered by a reset, so that two comments, a moment apart, tell
 * the difference. */
void conn_on_half(struct conn *c, unsigned ready)
{
	c->half = true;
	if (ready & LOOP_HANGUP) {
		conn_drop(c);
		return;
	}
	if (c->state == CONN_STREAM) {
		c->probing = true;
		if (!send_comment(c))
			return;
		if (!c->blocked)
			conn_deadline(c, PROBE_MS);
	}
	conn_settle(c);
}
