/* SPDX-License-Identifier: MIT */
/* control: requests to publishers. */
#include "control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "json.h"
#include "msg.h"

struct control {
	struct link link;
	char *channel; /* CHANNEL:ctl */
	const struct control_ops *ops;
	void *arg;
};

static void on_listen_up(void *arg)
{
	struct control *c = arg;

	redis_command(c->link.redis, 2, (const char *const[]){"SUBSCRIBE", c->channel}, NULL);
	redis_subscribing(c->link.redis);
}

static void on_listen_reply(void *arg, struct reply *reply)
{
	struct control *c = arg;

	if (reply->type == REPLY_ERROR) {
		link_refused(&c->link, c->channel, reply);
		return;
	}
	if (!redis_is_push(reply) || reply->elem[2].type != REPLY_STRING)
		return;
	if (json_means(msg_type(reply->elem[2].str, reply->elem[2].len), "stop"))
		c->ops->on_stop(c->arg, 1);
}

static void on_stop_up(void *arg)
{
	struct control *c = arg;

	redis_command(c->link.redis, 3,
	    (const char *const[]){"PUBLISH", c->channel, "{\"type\":\"stop\"}"}, NULL);
}

static void on_stop_reply(void *arg, struct reply *reply)
{
	struct control *c = arg;

	if (reply->type == REPLY_ERROR)
		link_refused(&c->link, c->channel, reply);
	else
		c->ops->on_stop(c->arg, reply->integer);
}

static void on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	struct control *c = arg;

	if (c->ops->on_down != NULL)
		c->ops->on_down(c->arg, w, wait_ms);
}

static void on_dead(void *arg, const struct why *w)
{
	struct control *c = arg;

	c->ops->on_dead(c->arg, w);
}

static void on_started(void *arg, const char *path)
{
	struct control *c = arg;

	c->ops->on_started(c->arg, path);
}

static const struct link_ops listen_ops = {.on_up = on_listen_up,
    .on_reply = on_listen_reply,
    .on_down = on_down,
    .on_dead = on_dead,
    .on_started = on_started};

static const struct link_ops stop_ops = {.on_up = on_stop_up,
    .on_reply = on_stop_reply,
    .on_down = on_down,
    .on_dead = on_dead,
    .on_started = on_started};

static void start(struct control **out, struct loop *loop, const struct link_conf *link,
    const char *channel, const struct link_ops *link_ops, const struct control_ops *ops, void *arg)
{
	struct control *c = xcalloc(1, sizeof *c);
	size_t n = strlen(channel) + sizeof ":ctl";

	c->channel = xmalloc(n);
	(void)snprintf(c->channel, n, "%s:ctl", channel); /* measured */
	c->ops = ops;
	c->arg = arg;
	link_open(&c->link, loop, link, link_ops, c);
	*out = c;
}

void control_listen(struct control **c, struct loop *loop, const struct link_conf *link,
    const char *channel, const struct control_ops *ops, void *arg)
{
	start(c, loop, link, channel, &listen_ops, ops, arg);
}

void control_stop(struct control **c, struct loop *loop, const struct link_conf *link,
    const char *channel, const struct control_ops *ops, void *arg)
{
	start(c, loop, link, channel, &stop_ops, ops, arg);
}

void control_close(struct control *c)
{
	if (c == NULL)
		return;
	link_close(&c->link);
	free(c->channel);
	free(c);
}
