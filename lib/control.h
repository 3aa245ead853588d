/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_CONTROL_H
#define SPOUT_CONTROL_H

#include <stdint.h>

#include "link.h"
#include "loop.h"

/*
 * Requests to whoever publishes on a channel, on a channel of their own: CHANNEL:ctl. A message
 * there is a JSON object with a type; "stop" is the only one so far. Plain pub/sub: a request
 * counts now or never.
 */
struct control_ops {
	/* Somebody asked to stop. For the asking side: how many publishers heard it. */
	void (*on_stop)(void *arg, int64_t heard);
	/* As link_ops; on_down may be NULL. */
	void (*on_down)(void *arg, const struct why *w, int64_t wait_ms);
	void (*on_dead)(void *arg, const struct why *w);
	void (*on_started)(void *arg, const char *path);
};

struct control;

/* Listens for requests to channel. */
void control_listen(struct control **c, struct loop *loop, const struct link_conf *link,
    const char *channel, const struct control_ops *ops, void *arg);

/* Asks the publishers of channel to stop. */
void control_stop(struct control **c, struct loop *loop, const struct link_conf *link,
    const char *channel, const struct control_ops *ops, void *arg);

void control_close(struct control *c);

#endif
