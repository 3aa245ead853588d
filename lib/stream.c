/* SPDX-License-Identifier: MIT */
/* stream: one reader's event stream. */
#include "stream.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "json.h"
#include "note.h"
#include "peer.h"
#include "sse.h"

enum { FLUSH_BYTES = 64 * 1024 };

struct stream {
	const struct stream_conf *conf;
	const struct stream_ops *ops;
	void *arg;
	struct loop *loop;
	struct feed *feed;
	struct timer heartbeat;
	int64_t quiet_since_ms; /* when something was written last */
	struct buf out;
	bool started, over;
};

static void end(struct stream *s, enum stream_end how, const struct why *w)
{
	if (s->over)
		return;
	s->over = true;
	feed_stop(s->feed);
	loop_cancel(s->loop, &s->heartbeat);
	s->ops->on_end(s->arg, how, w);
}

/* Writes what is waiting; -1 when the reader is gone, and the stream over with that. */
static int flush(struct stream *s)
{
	struct why w;

	if (s->out.len == 0 || s->over)
		return s->over ? -1 : 0;
	int r = peer_write(s->conf->fd, buf_head(&s->out), s->out.len, s->conf->write_ms, &w);
	buf_clear(&s->out);
	s->quiet_since_ms = clock_ms();
	if (r < 0)
		end(s, STREAM_CLOSED, &w);
	return r;
}

void stream_probe(struct stream *s)
{
	if (s->over || !s->started)
		return;
	(void)sse_comment(&s->out, "heartbeat"); /* no cap */
	(void)flush(s);                          /* ends the stream if it must */
}

static void on_heartbeat(void *arg)
{
	struct stream *s = arg;
	int64_t due = s->quiet_since_ms + s->conf->heartbeat_ms;

	if (clock_ms() >= due) {
		stream_probe(s);
		due = clock_ms() + s->conf->heartbeat_ms;
	}
	if (!s->over)
		loop_timer(s->loop, &s->heartbeat, due);
}

static void add_note(struct stream *s, const char *event, const struct buf *note, const char *id)
{
	/* No cap: out holds one message beyond FLUSH_BYTES. */
	(void)sse_event(&s->out, id, strlen(id), event, s->conf->event_names ? strlen(event) : 0,
	    buf_head(note), note->len);
}

static void on_start(void *arg, int source, struct id cursor, const struct log_run *run)
{
	struct stream *s = arg;
	char id[ID_TEXT_MAX + 1] = "";
	struct buf note;

	(void)source; /* there is one */
	s->started = true;
	bool go = s->ops->on_start == NULL || s->ops->on_start(s->arg, &s->out, cursor, run);
	if (!go) {
		if (flush(s) == 0)
			end(s, STREAM_DONE, NULL);
		return;
	}
	/* Who follows from now on has no cursor until the first message: this is one, so that a
	 * connection lost before it loses nothing. */
	if (s->conf->start.since == FEED_NOW)
		(void)id_format(cursor, id);         /* the length does not matter */
	(void)sse_retry(&s->out, s->conf->retry_ms); /* no cap */
	buf_init(&note, SIZE_MAX / 2);
	note_connected(&note, &s->conf->from);
	add_note(s, "connected", &note, id);
	buf_fini(&note);
	if (flush(s) == 0)
		loop_timer(s->loop, &s->heartbeat, s->quiet_since_ms + s->conf->heartbeat_ms);
}

static void add_message(struct stream *s, const struct feed_message *m, struct json_slice type)
{
	char id[ID_TEXT_MAX + 1];
	size_t n = m->has_id ? id_format(m->id, id) : 0;
	struct buf name;

	if (!s->conf->event_names || type.s == NULL) {
		(void)sse_event(&s->out, id, n, NULL, 0, m->text, m->len); /* no cap */
		return;
	}
	buf_init(&name, SIZE_MAX / 2);
	(void)json_unescape(&name, type);                                            /* no cap */
	(void)sse_event(&s->out, id, n, buf_head(&name), name.len, m->text, m->len); /* no cap */
	buf_fini(&name);
}

static void on_message(void *arg, const struct feed_message *m)
{
	struct stream *s = arg;
	struct json_slice type = {NULL, 0};
	struct buf note;

	if (s->conf->ends || s->conf->event_names)
		type = msg_type(m->text, m->len);
	add_message(s, m, type);
	if (s->conf->ends && msg_type_is_end(type)) {
		buf_init(&note, SIZE_MAX / 2);
		note_stream_end(&note, &s->conf->from);
		add_note(s, "stream_end", &note, "");
		buf_fini(&note);
		if (flush(s) == 0)
			end(s, json_means(type, "error") ? STREAM_ERROR : STREAM_DONE, NULL);
	} else if (s->out.len >= FLUSH_BYTES) {
		(void)flush(s); /* ends the stream if it must */
	}
}

static void on_gap(void *arg, int source, struct id after, struct id before)
{
	struct stream *s = arg;
	struct buf note;

	(void)source; /* there is one */
	buf_init(&note, SIZE_MAX / 2);
	note_gap(&note, &s->conf->from, after, before);
	add_note(s, "gap", &note, "");
	buf_fini(&note);
}

static void on_idle(void *arg)
{
	(void)flush(arg); /* ends the stream if it must */
}

static void on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	struct stream *s = arg;

	s->ops->on_down(s->arg, w, wait_ms);
}

static void on_dead(void *arg, const struct why *w)
{
	end(arg, STREAM_DEAD, w);
}

static void on_started(void *arg, const char *path)
{
	struct stream *s = arg;

	s->ops->on_started(s->arg, path);
}

static const struct feed_ops feed_ops = {
    .on_start = on_start,
    .on_message = on_message,
    .on_gap = on_gap,
    .on_idle = on_idle,
    .on_down = on_down,
    .on_dead = on_dead,
    .on_started = on_started,
};

int stream_open(struct stream **out, struct loop *loop, const struct stream_conf *conf,
    const struct stream_ops *ops, void *arg, struct why *w)
{
	struct stream *s = xcalloc(1, sizeof *s);
	const struct feed_conf feed = {
	    .link = conf->link, .sources = &conf->source, .nsources = 1, .start = conf->start};

	*s = (struct stream){.conf = conf, .ops = ops, .arg = arg, .loop = loop};
	s->heartbeat = (struct timer){.on_due = on_heartbeat, .arg = s};
	buf_init(&s->out, SIZE_MAX / 2);
	if (feed_open(&s->feed, loop, &feed, &feed_ops, s, w) < 0) {
		free(s);
		return -1;
	}
	*out = s;
	return 0;
}

void stream_close(struct stream *s)
{
	if (s == NULL)
		return;
	loop_cancel(s->loop, &s->heartbeat);
	feed_close(s->feed);
	buf_fini(&s->out);
	free(s);
}

bool stream_is_started(const struct stream *s)
{
	return s->started;
}
