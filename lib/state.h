/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_STATE_H
#define SPOUT_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "link.h"
#include "loop.h"

/*
 * The latest message of each stage of a project, as the log has it:
 *
 *	{"project_id":"7","stages":{"draft":{"type":"done",…},"rewrite":{"type":"token",…}}}
 *
 * Read backward in pages, over one connection, for all who ask meanwhile; then kept for a while.
 */
struct state;

/* Somebody who waits for an answer; in the caller's storage. */
struct state_waiter {
	struct state_waiter *next, **link; /* link: NULL while it does not wait */
	/* body: NULL when it cannot be had. */
	void (*on_state)(void *arg, const char *body, size_t len);
	void *arg;
};

/* conf and namespace are borrowed. */
struct state *state_open(struct loop *loop, const struct link_conf *conf, const char *namespace);
void state_close(struct state *s);

/* How long an answer is kept; 1 s at first. */
void state_keep(struct state *s, int64_t keep_ms);

/* Calls on_state at once when the answer is there, else later; *reads counts the logs read. */
void state_ask(struct state *s, const char *project, struct state_waiter *w, uint64_t *reads);

/* Nobody waits there any more. */
void state_forget(struct state_waiter *w);

#endif
