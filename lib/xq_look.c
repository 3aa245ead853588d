/* SPDX-License-Identifier: MIT */
/* xq_look: what is known of a job, as the script tells it and as people read it. */
#include "xq_look.h"

#include <stdint.h>
#include <string.h>

#include "number.h"

const char *xq_state_name(enum xq_state state)
{
	static const char *const names[] = {[XQ_WAITING] = "waiting",
	    [XQ_RUNNING] = "running",
	    [XQ_DELAYED] = "delayed",
	    [XQ_DEAD] = "dead",
	    [XQ_DONE] = "done",
	    [XQ_CANCELLED] = "cancelled",
	    [XQ_DROPPED] = "dropped",
	    [XQ_UNKNOWN] = "unknown"};

	return names[state];
}

struct words {
	const char *at, *end;
	bool bad;
};

static struct json_slice next_word(struct words *w)
{
	const char *stop = memchr(w->at, ' ', (size_t)(w->end - w->at));
	struct json_slice word = {w->at, (size_t)((stop != NULL ? stop : w->end) - w->at)};

	w->at = stop != NULL ? stop + 1 : w->end;
	w->bad |= word.len == 0;
	return word;
}

static int64_t next_number(struct words *w)
{
	struct json_slice word = next_word(w);
	uint64_t n = 0;

	w->bad |= !number_parse(word.s, word.len, INT64_MAX, &n);
	return (int64_t)n;
}

static bool word_is(struct json_slice word, const char *s)
{
	return word.len == strlen(s) && memcmp(word.s, s, word.len) == 0;
}

/* What is left, when it is JSON. */
static struct json_slice rest(const struct words *w)
{
	struct json_slice json = {w->at, (size_t)(w->end - w->at)};

	return json.len > 0 && json_is_valid(json.s, json.len) ? json
							       : (struct json_slice){NULL, 0};
}

static char next_priority(struct words *w)
{
	struct json_slice word = next_word(w);

	if (word.len != 1 || memchr("hml", word.s[0], 3) == NULL) {
		w->bad = true;
		return 'm';
	}
	return word.s[0];
}

static void read_running(struct xq_look *l, struct words *w)
{
	l->priority = next_priority(w);
	l->attempt = next_number(w);
	l->at_ms = next_number(w);
	l->consumer = next_word(w);
	l->lease_ms = next_number(w);
	l->cancelling = word_is(next_word(w), "c");
	l->noted_ms = next_number(w);
	if (l->noted_ms > 0)
		l->json = rest(w);
}

static enum xq_state read_ended(struct xq_look *l, struct words *w)
{
	struct json_slice name = next_word(w);

	l->at_ms = next_number(w);
	l->json = rest(w);
	return word_is(name, "done")     ? XQ_DONE
	    : word_is(name, "cancelled") ? XQ_CANCELLED
	    : word_is(name, "dropped")   ? XQ_DROPPED
					 : XQ_UNKNOWN;
}

void xq_look_read(struct xq_look *l, const char *s, size_t len)
{
	struct words w = {s, s + len, false};
	struct json_slice state = next_word(&w);

	*l = (struct xq_look){.state = XQ_UNKNOWN, .priority = 'm'};
	if (word_is(state, "waiting")) {
		l->state = XQ_WAITING;
		l->priority = next_priority(&w);
	} else if (word_is(state, "running")) {
		l->state = XQ_RUNNING;
		read_running(l, &w);
	} else if (word_is(state, "delayed")) {
		l->state = XQ_DELAYED;
		l->at_ms = next_number(&w);
		l->attempt = next_number(&w);
	} else if (word_is(state, "dead")) {
		l->state = XQ_DEAD;
		l->json = rest(&w);
	} else if (word_is(state, "ended")) {
		l->state = read_ended(l, &w);
	}
	if (w.bad)
		*l = (struct xq_look){.state = XQ_UNKNOWN, .priority = 'm'};
}

bool xq_look_is_over(const struct xq_look *l)
{
	switch (l->state) {
	case XQ_WAITING:
	case XQ_RUNNING:
	case XQ_DELAYED:
		return false;
	case XQ_DEAD:
	case XQ_DONE:
	case XQ_CANCELLED:
	case XQ_DROPPED:
	case XQ_UNKNOWN:
		break;
	}
	return true;
}

static void add_time(struct buf *out, const char *name, int64_t ms)
{
	(void)buf_addf(
	    out, ",\"%s\":%lld.%03d", name, (long long)(ms / 1000), (int)(ms % 1000)); /* no cap */
}

static void add_json(struct buf *out, const char *name, struct json_slice json)
{
	if (json.s == NULL)
		return;
	(void)buf_addf(out, ",\"%s\":", name); /* no cap */
	(void)buf_add(out, json.s, json.len);  /* no cap */
}

/* The owner's buffer has no cap. */
void xq_look_write(struct buf *out, const char *id, const struct xq_look *l)
{
	(void)buf_adds(out, "{\"id\":\"");
	(void)json_escape(out, id, strlen(id));
	(void)buf_addf(out, "\",\"state\":\"%s\"", xq_state_name(l->state));
	switch (l->state) {
	case XQ_RUNNING:
		(void)buf_addf(out, ",\"attempt\":%lld", (long long)l->attempt);
		add_time(out, "since", l->at_ms);
		(void)buf_adds(out, ",\"worker\":\"");
		(void)json_escape(out, l->consumer.s, l->consumer.len);
		(void)buf_adds(out, l->cancelling ? "\",\"cancelling\":true" : "\"");
		add_json(out, "progress", l->json);
		break;
	case XQ_DELAYED:
		add_time(out, "due", l->at_ms);
		break;
	case XQ_DEAD:
		add_json(out, "last", l->json);
		break;
	case XQ_DONE:
	case XQ_CANCELLED:
	case XQ_DROPPED:
		add_time(out, "at", l->at_ms);
		add_json(out, "result", l->json);
		break;
	case XQ_WAITING:
	case XQ_UNKNOWN:
		break;
	}
	(void)buf_adds(out, "}\n");
}
