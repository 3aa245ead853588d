/* SPDX-License-Identifier: MIT */
/* lock: one holder at a time, by lib/lua/lock.lua. */
#include "lock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "msg.h"

/* clang-format off */
static const char script[] =
#include "lock.lua.h"
    ;
/* clang-format on */

enum {
	ANCESTORS_MAX = 16, /* locks nested in one another */
	BLOCK_MS = 2000,    /* the longest wait for a word; a waiter that died may have taken it */
};

struct lock {
	struct lock_conf conf;
	const struct lock_ops *ops;
	void *arg;
	struct loop *loop;
	struct link link;
	char *key, *fence, *wake;
	char owner[MSG_RUN_LEN + 1];
	enum { ASKING, BLOCKED, HELD, RELEASING } state;
	int due;               /* answers that are to come */
	int64_t until_ms;      /* end of the wait; below 0: none */
	int64_t away_until_ms; /* end of the wait for a server, the same */
	struct why cause;      /* why it is away */
	int64_t sent_ms;       /* when the take or keep in hand was sent */
	int64_t
	    confirmed_ms; /* when the last confirmed one was sent: ours until ttl_ms behind it */
	struct timer renew, deadline;
};

/* --- Questions */

static void ask(struct lock *l, const char *verb)
{
	const char *argv[7 + ANCESTORS_MAX] = {
	    "EVAL", script, "3", l->key, l->fence, l->wake, verb};
	char ttl[24], tokens[ANCESTORS_MAX * 21], *save = NULL;
	int n = 7;

	(void)snprintf(ttl, sizeof ttl, "%lld", (long long)l->conf.ttl_ms);
	argv[n++] = l->owner;
	argv[n++] = ttl;
	if (l->state == ASKING && l->conf.ancestors != NULL) {
		(void)snprintf(tokens, sizeof tokens, "%s", l->conf.ancestors); /* cut: refused */
		for (char *t = strtok_r(tokens, " ", &save);
		     t != NULL && n < (int)(sizeof argv / sizeof *argv);
		     t = strtok_r(NULL, " ", &save))
			argv[n++] = t;
	}
	l->sent_ms = clock_ms();
	l->due++;
	redis_command(l->link.redis, n, argv, NULL);
}

static void take(struct lock *l)
{
	l->state = ASKING;
	ask(l, "take");
}

/* Waits for the word that it is free, but not beyond its time to live. */
static void block(struct lock *l, int64_t ttl_ms)
{
	int64_t left = l->until_ms < 0 ? BLOCK_MS : l->until_ms - clock_ms();
	int64_t ms = ttl_ms > 0 && ttl_ms < BLOCK_MS ? ttl_ms : BLOCK_MS;
	int64_t patience = l->conf.link.times.command_ms / 2;
	char seconds[24];

	ms = left < ms ? left : ms;
	ms = patience > 0 && patience < ms ? patience : ms;
	ms = ms > 0 ? ms : 1;
	(void)snprintf(seconds, sizeof seconds, "%.3f", (double)ms / 1000);
	l->state = BLOCKED;
	l->due++;
	redis_command(l->link.redis, 3, (const char *const[]){"BLPOP", l->wake, seconds}, NULL);
}

/* --- Answers */

static void end(struct lock *l)
{
	link_close(&l->link);
	loop_cancel(l->loop, &l->renew);
	loop_cancel(l->loop, &l->deadline);
}

static void lose(struct lock *l, const char *cause)
{
	struct why w;

	end(l);
	(void)why_set(&w, WHY_TIMEOUT, "lock %s: %s", l->conf.name, cause); /* fills w */
	l->ops->on_lost(l->arg, &w);
}

static void confirm(struct lock *l)
{
	l->confirmed_ms = l->sent_ms;
	loop_timer(l->loop, &l->deadline, l->confirmed_ms + l->conf.ttl_ms);
	loop_timer(l->loop, &l->renew, l->confirmed_ms + l->conf.ttl_ms / 3);
}

static void on_taken(struct lock *l, long long how, long long value)
{
	if (how == 2) {
		end(l);
		l->ops->on_held(l->arg, (uint64_t)value, true);
	} else if (how == 1) {
		l->state = HELD;
		confirm(l);
		l->ops->on_held(l->arg, (uint64_t)value, false);
	} else if (l->until_ms >= 0 && clock_ms() >= l->until_ms) {
		end(l);
		l->ops->on_busy(l->arg);
	} else {
		block(l, value);
	}
}

static void on_reply(void *arg, struct reply *reply)
{
	struct lock *l = arg;
	bool is_pair = reply->type == REPLY_ARRAY && reply->n == 2 &&
	    reply->elem[0].type == REPLY_INTEGER && reply->elem[1].type == REPLY_INTEGER;

	if (reply->type == REPLY_ERROR) {
		link_refused(&l->link, l->key, reply);
		return;
	}
	l->due--;
	switch (l->state) {
	case BLOCKED:
		take(l);
		break;
	case ASKING:
		if (is_pair)
			on_taken(l, reply->elem[0].integer, reply->elem[1].integer);
		break;
	case HELD:
		if (is_pair && reply->elem[0].integer == 1)
			confirm(l);
		else
			lose(l, "it expired, and is not ours any more");
		break;
	case RELEASING:
		if (l->due > 0)
			break; /* a renewal's */
		end(l);
		l->ops->on_released(l->arg);
		break;
	}
}

static void on_up(void *arg)
{
	struct lock *l = arg;

	l->ops->on_up(l->arg);
	switch (l->state) {
	case ASKING:
	case BLOCKED:
		take(l);
		break;
	case HELD:
		ask(l, "keep");
		break;
	case RELEASING:
		ask(l, "give");
		break;
	}
}

/* Whether a server that is away is not waited for any longer. */
static bool is_over(const struct lock *l)
{
	return l->away_until_ms >= 0 && (l->state == ASKING || l->state == BLOCKED) &&
	    clock_ms() >= l->away_until_ms;
}

static void give_up(struct lock *l)
{
	struct why w;

	(void)why_set(&w, WHY_UNAVAILABLE, "lock %s: %s; gave up", l->conf.name,
	    l->cause.text); /* fills it */
	link_die(&l->link, &w);
}

static void on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	struct lock *l = arg;

	l->due = 0;
	l->cause = *w;
	if (is_over(l)) {
		give_up(l);
		return;
	}
	l->ops->on_down(l->arg, w, wait_ms);
}

static void on_dead(void *arg, const struct why *w)
{
	struct lock *l = arg;
	struct why copy = *w;

	end(l);
	if (l->state == HELD)
		l->ops->on_lost(l->arg, &copy);
	else
		l->ops->on_dead(l->arg, &copy);
}

static void on_started(void *arg, const char *path)
{
	struct lock *l = arg;

	l->ops->on_started(l->arg, path);
}

static void on_renew(void *arg)
{
	struct lock *l = arg;

	loop_timer(l->loop, &l->renew, clock_ms() + l->conf.ttl_ms / 3);
	if (!l->link.up || l->due > 0)
		return; /* on_up asks, or the answer is due */
	ask(l, "keep");
	link_pump(&l->link);
}

static void on_deadline(void *arg)
{
	struct lock *l = arg;

	switch (l->state) {
	case ASKING:
	case BLOCKED:
		if (!l->link.up)
			give_up(l);
		break; /* else the answer is due, or on_down */
	case HELD:
		lose(l, "it could not be renewed in time");
		break;
	case RELEASING:
		end(l);
		l->ops->on_released(l->arg);
		break;
	}
}

/* --- Life */

static char *key(const char *namespace, const char *kind, const char *name)
{
	size_t n = strlen(namespace) + strlen(kind) + strlen(name) + sizeof "{:lock}";
	char *s = xmalloc(n);

	(void)snprintf(s, n, "{%s:lock}%s%s", namespace, kind, name); /* measured */
	return s;
}

/* For as long as for the lock, and at least until one connection was tried. */
static void wait_for_server(struct lock *l)
{
	const struct lock_conf *c = &l->conf;
	int64_t ms = c->wait_ms > 0 ? c->wait_ms : c->link.times.connect_ms;

	l->away_until_ms = -1;
	if (c->wait_ms < 0 || c->link.give_up_ms >= 0)
		return;
	(void)why_set(&l->cause, WHY_UNAVAILABLE, "%s: no connection within %.3g s",
	    c->link.url != NULL ? c->link.url->shown : "the private Redis",
	    (double)ms / 1000); /* fills it */
	l->away_until_ms = clock_ms() + ms;
	loop_timer(l->loop, &l->deadline, l->away_until_ms);
}

void lock_open(struct lock **out, struct loop *loop, const struct lock_conf *conf,
    const struct lock_ops *ops, void *arg)
{
	static const struct link_ops link_ops = {.on_up = on_up,
	    .on_reply = on_reply,
	    .on_down = on_down,
	    .on_dead = on_dead,
	    .on_started = on_started};
	struct lock *l = xcalloc(1, sizeof *l);

	l->conf = *conf;
	l->ops = ops;
	l->arg = arg;
	l->loop = loop;
	l->key = key(conf->namespace, ":held:", conf->name);
	l->wake = key(conf->namespace, ":wake:", conf->name);
	l->fence = key(conf->namespace, ":fence", "");
	l->until_ms = conf->wait_ms < 0 ? -1 : clock_ms() + conf->wait_ms;
	l->renew = (struct timer){.on_due = on_renew, .arg = l};
	l->deadline = (struct timer){.on_due = on_deadline, .arg = l};
	msg_new_run(l->owner);
	wait_for_server(l);
	link_open(&l->link, loop, &conf->link, &link_ops, l);
	*out = l;
}

void lock_close(struct lock *l)
{
	if (l == NULL)
		return;
	end(l);
	free(l->key);
	free(l->wake);
	free(l->fence);
	free(l);
}

void lock_release(struct lock *l)
{
	l->state = RELEASING;
	loop_cancel(l->loop, &l->renew);
	if (!l->link.up)
		return; /* on_up gives it back, or it expires */
	ask(l, "give");
	link_pump(&l->link);
}
