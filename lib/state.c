/* SPDX-License-Identifier: MIT */
/* state: the latest message of each stage. */
#include "state.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "chan.h"
#include "clock.h"
#include "hash.h"
#include "id.h"
#include "json.h"
#include "log.h"
#include "msg.h"

enum {
	PAGE = 500, /* entries; a log has some 10,000 */
	KEEP_MS = 1000,
	PROJECTS_MAX = 256, /* kept at a time */
	BODY_MAX = 32 << 20,
	BUCKETS = 1024, /* of the stages that were found: whoever publishes may name thousands */
};

/* A stage that was found. */
struct found {
	struct found *next;
	size_t len;
	char channel[];
};

struct project {
	struct project *next;
	struct state_waiter *waiters;
	char *id, *log, *runs;
	struct buf body, fresh; /* the answer; the one being read */
	int64_t at_ms;          /* of the answer; 0: there is none */
	bool is_read;           /* now: its next reply is due */
	bool is_told;           /* now: it stays, whatever its waiters ask for */
	long long channels; /* that have a run: when all are found it is enough; -1: not asked */
	long long nfound;
	struct found **found; /* BUCKETS lists, while it is read */
	struct id last;       /* the earliest entry seen */
};

struct state {
	struct loop *loop;
	const struct link_conf *conf;
	const char *namespace;
	struct link link;
	bool opened;
	int64_t keep_ms;
	struct project *projects;
	size_t nprojects;
	struct hash_key key;
	struct buf queue; /* struct project *: whose replies are due, in order */
	struct timer reopen;
};

/* --- Projects */

static void forget_found(struct project *p)
{
	for (size_t i = 0; p->found != NULL && i < BUCKETS; i++)
		for (struct found *f = p->found[i], *next; f != NULL; f = next) {
			next = f->next;
			free(f);
		}
	free(p->found);
	p->found = NULL;
	p->nfound = 0;
}

static void free_project(struct project *p)
{
	forget_found(p);
	while (p->waiters != NULL)
		state_forget(p->waiters);
	buf_fini(&p->body);
	buf_fini(&p->fresh);
	free(p->id);
	free(p->log);
	free(p->runs);
	free(p);
}

/* Makes room: those whose answers are old go. */
static void sweep(struct state *s, int64_t now)
{
	for (struct project **at = &s->projects; *at != NULL;) {
		struct project *p = *at;

		if (p->is_read || p->is_told || p->waiters != NULL ||
		    now - p->at_ms <= s->keep_ms) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		s->nprojects--;
		free_project(p);
	}
}

static struct project *find(struct state *s, const char *id)
{
	for (struct project *p = s->projects; p != NULL; p = p->next)
		if (strcmp(p->id, id) == 0)
			return p;
	struct project *p = xcalloc(1, sizeof *p);
	char *channel = chan_stage(s->namespace, id, "x");
	p->id = xstrdup(id);
	p->log = chan_log(channel, strlen(channel));
	p->runs = log_sibling(p->log, ":runs");
	free(channel);
	buf_init(&p->body, BODY_MAX);
	buf_init(&p->fresh, BODY_MAX);
	p->next = s->projects;
	s->projects = p;
	s->nprojects++;
	return p;
}

/* Tells all who wait; a waiter may ask again. */
static void tell(struct project *p, const struct buf *body)
{
	struct state_waiter *list = p->waiters, *w;
	bool was_told = p->is_told;

	p->is_told = true;
	p->waiters = NULL;
	if (list != NULL)
		list->link = &list;
	while ((w = list) != NULL) {
		state_forget(w);
		w->on_state(
		    w->arg, body != NULL ? buf_head(body) : NULL, body != NULL ? body->len : 0);
	}
	p->is_told = was_told;
}

/* --- Reading a log backward */

static void ask(struct state *s, struct project *p)
{
	char upper[ID_TEXT_MAX + 2] = "(", count[12];

	if (p->channels < 0) {
		redis_command(s->link.redis, 2, (const char *const[]){"HLEN", p->runs}, NULL);
	} else {
		(void)id_format(p->last, upper + 1);             /* the length does not matter */
		(void)snprintf(count, sizeof count, "%d", PAGE); /* fits */
		redis_command(s->link.redis, 6,
		    (const char *const[]){"XREVRANGE", p->log, id_is_zero(p->last) ? "+" : upper,
			"-", "COUNT", count},
		    NULL);
	}
	(void)buf_add(&s->queue, &p, sizeof(struct project *)); /* no cap */
}

static void start(struct state *s, struct project *p)
{
	struct buf *b = &p->fresh;

	forget_found(p);
	p->found = xcalloc(BUCKETS, sizeof *p->found);
	buf_clear(b);
	p->is_read = true;
	p->channels = -1;
	p->last = (struct id){0, 0};
	(void)buf_adds(b, "{\"project_id\":\"");    /* an empty buffer has room */
	(void)json_escape(b, p->id, strlen(p->id)); /* as above */
	(void)buf_adds(b, "\",\"stages\":{");       /* as above */
	ask(s, p);
}

static bool is_known(const struct found *f, const char *channel, size_t len)
{
	for (; f != NULL; f = f->next)
		if (f->len == len && memcmp(f->channel, channel, len) == 0)
			return true;
	return false;
}

/* -1 when the answer becomes too large. */
static int take_entry(const struct state *s, struct project *p, const struct log_entry *e)
{
	struct found **list = &p->found[hash_of(&s->key, e->channel, e->channel_len, 0) % BUCKETS];
	struct chan_parts parts;

	if (is_known(*list, e->channel, e->channel_len) ||
	    !chan_parse(e->channel, e->channel_len, &parts))
		return 0;
	struct found *f = xmalloc(sizeof *f + e->channel_len);
	f->next = *list;
	f->len = e->channel_len;
	memcpy(f->channel, e->channel, e->channel_len);
	*list = f;
	struct buf *b = &p->fresh;
	if (buf_adds(b, p->nfound++ > 0 ? ",\"" : "\"") < 0 ||
	    json_escape(b, parts.stage, parts.stage_len) < 0 || buf_adds(b, "\":") < 0 ||
	    msg_with_id(b, e->message, e->message_len, e->id) < 0)
		return -1;
	return 0;
}

static void complete(struct project *p, bool good)
{
	struct buf old = p->body;

	p->is_read = false;
	forget_found(p);
	if (!good || buf_adds(&p->fresh, "}}\n") < 0) {
		tell(p, NULL);
		return;
	}
	p->body = p->fresh;
	p->fresh = old;
	p->at_ms = clock_ms();
	tell(p, &p->body);
}

static void on_reply(void *arg, struct reply *reply)
{
	struct state *s = arg;
	struct project *p;
	struct log_entry e;

	if (s->queue.len == 0)
		return;
	memcpy(&p, buf_head(&s->queue), sizeof(struct project *));
	buf_consume(&s->queue, sizeof(struct project *));
	if (p->channels < 0 && reply->type == REPLY_INTEGER) {
		p->channels = reply->integer;
		ask(s, p);
		return;
	}
	if (reply->type != REPLY_ARRAY) {
		complete(p, false);
		return;
	}
	for (size_t i = 0; i < reply->n; i++) {
		if (log_entry(reply, i, &e) && take_entry(s, p, &e) < 0) {
			complete(p, false);
			return;
		}
		p->last = e.id;
	}
	if (reply->n < PAGE || id_is_zero(p->last) || p->nfound >= p->channels)
		complete(p, true);
	else
		ask(s, p);
}

/* --- The connection, from the first question on */

static void fail_all(struct state *s)
{
	buf_clear(&s->queue);
	for (struct project *p = s->projects; p != NULL; p = p->next)
		complete(p, false);
}

static void on_up(void *arg)
{
	struct state *s = arg;

	for (struct project *p = s->projects; p != NULL; p = p->next)
		if (p->waiters != NULL && !p->is_read)
			start(s, p);
}

static void on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	(void)w; /* whoever follows Redis for the readers says so */
	(void)wait_ms;
	fail_all(arg);
}

static void on_dead(void *arg, const struct why *w)
{
	struct state *s = arg;

	(void)w;           /* as above */
	s->opened = false; /* the next question tries again */
	fail_all(s);
}

struct state *state_open(struct loop *loop, const struct link_conf *conf, const char *namespace)
{
	struct state *s = xcalloc(1, sizeof *s);

	*s = (struct state){.loop = loop,
	    .conf = conf,
	    .namespace = namespace,
	    .keep_ms = KEEP_MS,
	    .key = hash_key()};
	buf_init(&s->queue, SIZE_MAX / 2);
	return s;
}

void state_close(struct state *s)
{
	if (s == NULL)
		return;
	if (s->opened)
		link_close(&s->link);
	for (struct project *p = s->projects, *next; p != NULL; p = next) {
		next = p->next;
		free_project(p);
	}
	buf_fini(&s->queue);
	free(s);
}

void state_keep(struct state *s, int64_t keep_ms)
{
	s->keep_ms = keep_ms;
}

void state_ask(struct state *s, const char *project, struct state_waiter *w, uint64_t *reads)
{
	static const struct link_ops ops = {
	    .on_up = on_up, .on_reply = on_reply, .on_down = on_down, .on_dead = on_dead};
	int64_t now = clock_ms();

	if (s->nprojects >= PROJECTS_MAX)
		sweep(s, now);
	struct project *p = find(s, project);
	if (p->at_ms > 0 && now - p->at_ms < s->keep_ms) {
		w->on_state(w->arg, buf_head(&p->body), p->body.len);
		return;
	}
	w->next = p->waiters;
	w->link = &p->waiters;
	if (w->next != NULL)
		w->next->link = &w->next;
	p->waiters = w;
	if (p->is_read)
		return;
	(*reads)++;
	if (!s->opened) {
		s->opened = true;
		link_open(&s->link, s->loop, s->conf, &ops, s);
	} else if (s->link.up) {
		start(s, p);
		link_pump(&s->link);
	}
}

void state_forget(struct state_waiter *w)
{
	if (w->link == NULL)
		return;
	*w->link = w->next;
	if (w->next != NULL)
		w->next->link = w->link;
	w->link = NULL;
}
