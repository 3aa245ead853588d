/* SPDX-License-Identifier: MIT */
/* ready: does Redis answer? */
#include "ready.h"

struct check {
	struct loop *loop;
	struct link link;
	struct why *why;
	bool good;
};

static void on_up(void *arg)
{
	struct check *c = arg;

	redis_command(c->link.redis, 1, (const char *const[]){"PING"}, NULL);
}

static void on_reply(void *arg, struct reply *reply)
{
	struct check *c = arg;

	c->good = reply->type != REPLY_ERROR;
	if (!c->good)
		(void)redis_refusal(link_name(&c->link), reply, c->why); /* fills w */
	loop_stop(c->loop);
}

static void on_dead(void *arg, const struct why *w)
{
	struct check *c = arg;

	*c->why = *w;
	loop_stop(c->loop);
}

static void on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	(void)wait_ms; /* one try is enough */
	on_dead(arg, w);
}

int ready_check(const struct link_conf *conf, struct why *w)
{
	static const struct link_ops ops = {
	    .on_up = on_up, .on_reply = on_reply, .on_down = on_down, .on_dead = on_dead};
	struct check c = {.why = w};

	if (loop_open(&c.loop, w) < 0)
		return -1;
	link_open(&c.link, c.loop, conf, &ops, &c);
	int r = loop_run(c.loop, w);
	link_close(&c.link);
	loop_close(c.loop);
	return r < 0 || !c.good ? -1 : 0;
}
