/* SPDX-License-Identifier: MIT */
/*
 * append: a run's messages on their way into the log: wire holds them, link brings them, spool
 * keeps them.
 *
 * Exactly once: the script appends a batch only if its first seq is not above the one that is due,
 * and skips those below. Each new connection makes sure of the script and of the due key, then
 * sends everything that is not acknowledged, in order.
 */
#include "append.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chan.h"
#include "log.h"
#include "spooler.h"
#include "wire.h"

/* clang-format off */
static const char resume_lua[] =
#include "resume.lua.h"
    ;
/* clang-format on */

enum {
	WINDOW_BYTES = 4 << 20, /* unacknowledged while connected: keeps the server busy */
	LEASE_MS = 10000,       /* a publisher that died is out of the way after that */
};

struct append {
	struct append_conf conf;
	const struct append_ops *ops;
	void *arg;
	struct loop *loop;
	struct link link;
	struct wire wire;
	char run[MSG_RUN_LEN + 1];
	char *log, *due, *runs, *lease; /* keys */
	uint64_t seq, acked;            /* next to put; next to be acknowledged */
	size_t expected; /* commands whose replies this connection was told to expect */
	int preamble;    /* replies due to what on_up sent */
	bool resumes;    /* the server may know some of it: a preamble is due */
	struct spooler spooler;
	struct timer lease_timer;
	bool released;
};

static const struct link_ops link_ops;
static const struct spooler_ops spooler_ops;
static void on_lease_timer(void *arg);

/* --- Life */

static void set_up_wire(struct append *a)
{
	char suffix[MSG_RUN_LEN + 8];

	(void)snprintf(suffix, sizeof suffix, ":run:%s", a->run); /* fits */
	a->log = chan_log(a->conf.channel, strlen(a->conf.channel));
	a->due = log_sibling(a->log, suffix);
	a->runs = log_sibling(a->log, ":runs");
	if (a->conf.exclusive) {
		char *name = xmalloc(strlen(a->conf.channel) + sizeof ":lease:");

		(void)sprintf(name, ":lease:%s", a->conf.channel); /* measured */
		a->lease = log_sibling(a->log, name);
		free(name);
	}
	wire_init(&a->wire,
	    &(struct wire_conf){.channel = a->conf.channel,
		.log = a->log,
		.due = a->due,
		.runs = a->runs,
		.ephemeral = a->conf.ephemeral,
		.one_shot = a->conf.one_shot,
		.want_ids = a->conf.want_ids,
		.maxlen = a->conf.maxlen,
		.ttl_ms = a->conf.ttl_ms,
		.lease = a->lease,
		.run = a->run,
		.lease_ms = LEASE_MS});
}

/* Takes over what an earlier process left in the spool: its run, and its messages as if they had
 * been put now. */
static int recover(struct append *a, struct why *w)
{
	struct spool *spool;
	const char *msg;
	size_t len;
	struct msg_sp sp;

	if (a->conf.spool == NULL)
		return 0;
	if (spool_open(&a->spooler.spool, a->conf.spool, a->conf.channel, w) < 0)
		return -1;
	spool = a->spooler.spool;
	if (spool_next(spool, &msg, &len) == 0)
		return spool_begin(spool, a->run, w);
	memcpy(a->run, spool_run(spool), MSG_RUN_LEN + 1);
	set_up_wire(a);
	a->resumes = true;
	if (msg_sp(msg, len, &sp))
		a->acked = a->seq = sp.seq;
	do {
		if (!msg_sp(msg, len, &sp) || sp.seq != a->seq)
			return why_set(w, WHY_DATA, "spool %s: damaged", a->conf.spool);
		if (a->ops->on_recovered != NULL)
			a->ops->on_recovered(a->arg, sp.seq, msg, len);
		wire_put(&a->wire, msg, len, a->seq++, msg_type_is_end(msg_type(msg, len)));
	} while (spool_next(spool, &msg, &len) > 0);
	wire_end_batch(&a->wire, a->seq);
	return 0;
}

int append_open(struct append **out, struct loop *loop, const struct append_conf *conf,
    const struct append_ops *ops, void *arg, struct why *w)
{
	struct append *a = xcalloc(1, sizeof *a);

	a->conf = *conf;
	a->ops = ops;
	a->arg = arg;
	a->loop = loop;
	spooler_init(&a->spooler, loop, (size_t)conf->buffer_bytes, &spooler_ops, a);
	a->lease_timer = (struct timer){.on_due = on_lease_timer, .arg = a};
	msg_new_run(a->run);
	if (recover(a, w) < 0) {
		spool_close(a->spooler.spool); /* as it is: nothing of it was acknowledged */
		a->spooler.spool = NULL;
		append_close(a);
		return -1;
	}
	if (a->log == NULL)
		set_up_wire(a);
	if (conf->exclusive)
		loop_timer(loop, &a->lease_timer, 0); /* at once: refused before anything is read */
	link_open(&a->link, loop, &conf->link, &link_ops, a);
	*out = a;
	return 0;
}

void append_close(struct append *a)
{
	if (a == NULL)
		return;
	link_close(&a->link);
	loop_cancel(a->loop, &a->lease_timer);
	spooler_fini(&a->spooler, append_pending(a) == 0);
	wire_fini(&a->wire);
	free(a->log);
	free(a->due);
	free(a->runs);
	free(a->lease);
	free(a);
}

const char *append_run(const struct append *a)
{
	return a->run;
}

uint64_t append_pending(const struct append *a)
{
	/* The lease that is given back counts: whoever waits for our end may publish then. */
	return a->seq - a->acked +
	    (a->released && wire_commands(&a->wire) > 0 && a->seq == a->acked);
}

bool append_is_spooled(const struct append *a)
{
	return spooler_is_written(&a->spooler);
}

/* --- Messages in */

void append_put(struct append *a, struct buf *m, bool is_end)
{
	(void)msg_close(m, a->run, a->seq); /* the caller's cap leaves room for sp */
	if (a->spooler.spool != NULL)
		spool_add(a->spooler.spool, buf_head(m), m->len);
	wire_put(&a->wire, buf_head(m), m->len, a->seq++, is_end);
	buf_clear(m);
}

static void send_wire(struct append *a)
{
	size_t len, commands = wire_commands(&a->wire);

	if (!a->link.up)
		return;
	redis_expect(a->link.redis, commands - a->expected);
	a->expected = commands;
	for (const char *p = wire_unsent(&a->wire, &len); len > 0;
	     p = wire_unsent(&a->wire, &len)) {
		size_t n = link_send(&a->link, p, len);

		if (n == 0)
			break;
		wire_sent(&a->wire, n);
	}
}

/* Every command keeps the lease; this one is for silence. */
static void on_lease_timer(void *arg)
{
	struct append *a = arg;

	if (a->released)
		return;
	loop_timer(a->loop, &a->lease_timer, clock_ms() + LEASE_MS / 3);
	if (wire_commands(&a->wire) == 0) {
		wire_lease(&a->wire, a->seq, true);
		send_wire(a);
	}
}

void append_release(struct append *a)
{
	if (a->released || !a->conf.exclusive)
		return;
	a->released = true;
	wire_lease(&a->wire, a->seq, false);
	send_wire(a);
}

void append_flush(struct append *a)
{
	spooler_write(&a->spooler);
	wire_end_batch(&a->wire, a->seq);
	send_wire(a);
}

bool append_has_room(const struct append *a)
{
	size_t most = (size_t)a->conf.buffer_bytes;

	if (!spooler_has_room(&a->spooler))
		return false;
	if (a->link.up && most > WINDOW_BYTES)
		most = WINDOW_BYTES;
	return wire_size(&a->wire) < most;
}

/* --- The connection */

static void on_up(void *arg)
{
	struct append *a = arg;
	struct redis *r = a->link.redis;
	char seq[24], ttl[24];

	wire_rewind(&a->wire);
	a->expected = 0;
	a->preamble = 0;
	if (a->resumes && !a->conf.ephemeral) {
		(void)snprintf(seq, sizeof seq, "%llu", (unsigned long long)a->acked); /* fits */
		(void)snprintf(
		    ttl, sizeof ttl, "%lld", (long long)wire_due_ttl_ms(&a->wire)); /* fits */
		redis_command(r, 3, (const char *const[]){"SCRIPT", "LOAD", wire_script}, NULL);
		redis_command(
		    r, 6, (const char *const[]){"EVAL", resume_lua, "1", a->due, seq, ttl}, NULL);
		a->preamble = 2;
	}
	a->resumes = true;
}

static bool begins(const struct reply *reply, const char *word)
{
	return reply->len >= strlen(word) && memcmp(reply->str, word, strlen(word)) == 0;
}

static void on_error(struct append *a, const struct reply *reply)
{
	char object[CHAN_NAME_MAX + 16], text[160];
	struct why w;

	/* The scripts were flushed, or messages in front of these are missing: begin again. */
	if (begins(reply, "NOSCRIPT") || begins(reply, "SPGAP")) {
		why_quote(text, sizeof text, reply->str, reply->len);
		(void)why_set(&w, WHY_UNAVAILABLE, "%s", text); /* fills w */
		link_fault(&a->link, &w);
		return;
	}
	if (begins(reply, "SPHELD")) {
		why_quote(text, sizeof text, reply->str, reply->len);
		(void)why_set(&w, WHY_TIMEOUT,
		    "channel %s: another publisher has it (run %s); wait for its end or stop it "
		    "with --stop",
		    a->conf.channel, text + strlen("SPHELD ")); /* fills w */
		link_die(&a->link, &w);
		return;
	}
	(void)snprintf(object, sizeof object, a->conf.ephemeral ? "channel %s" : "log %s",
	    a->conf.ephemeral ? a->conf.channel : a->log); /* a cut name is still a name */
	link_refused(&a->link, object, reply);
}

/* The ids of a call's messages; zero where there is none. The caller frees. */
static struct id *read_ids(const struct reply *reply, size_t n)
{
	struct id *ids = xcalloc(n, sizeof *ids);

	for (size_t i = 0; i < n && i < reply->n; i++) {
		const struct reply *e = &reply->elem[i];

		if (e->type == REPLY_STRING && !id_parse(&ids[i], e->str, e->len))
			ids[i] = (struct id){0, 0};
	}
	return ids;
}

static void on_reply(void *arg, struct reply *reply)
{
	struct append *a = arg;

	if (reply->type == REPLY_ERROR) {
		on_error(a, reply);
		return;
	}
	if (a->preamble > 0) {
		a->preamble--;
		return;
	}
	ssize_t n = wire_acked(&a->wire);
	if (n < 0)
		return; /* an answer to nothing: a server that talks too much does no harm */
	struct append_acked acked = {.seq = a->acked, .n = (size_t)n, .receivers = -1};
	a->acked += acked.n;
	a->expected--;
	struct id *ids = reply->type == REPLY_ARRAY ? read_ids(reply, acked.n) : NULL;
	acked.ids = ids;
	if (reply->type == REPLY_INTEGER)
		acked.receivers = reply->integer;
	if (append_pending(a) == 0)
		spooler_empty(&a->spooler);
	a->ops->on_acked(a->arg, &acked);
	free(ids);
}

static void on_idle(void *arg)
{
	send_wire(arg);
}

static void on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	struct append *a = arg;

	a->ops->on_down(a->arg, w, wait_ms);
}

static void on_dead(void *arg, const struct why *w)
{
	struct append *a = arg;

	a->ops->on_dead(a->arg, w);
}

static void on_started(void *arg, const char *path)
{
	struct append *a = arg;

	a->ops->on_started(a->arg, path);
}

static const struct link_ops link_ops = {
    .on_up = on_up,
    .on_reply = on_reply,
    .on_idle = on_idle,
    .on_down = on_down,
    .on_dead = on_dead,
    .on_started = on_started,
};

static void on_full(void *arg, const struct why *w)
{
	struct append *a = arg;

	a->ops->on_full(a->arg, w);
}

static void on_room(void *arg)
{
	struct append *a = arg;

	a->ops->on_room(a->arg);
}

static const struct spooler_ops spooler_ops = {on_full, on_room};
