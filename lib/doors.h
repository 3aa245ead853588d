/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_DOORS_H
#define SPOUT_DOORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "listen.h"
#include "loop.h"
#include "metrics.h"
#include "say.h"

/*
 * Where connections come in: the sockets that a process listens on, and how fast they are let in.
 * Those that are not stay in the kernel's queue; nobody is refused here.
 *
 *	doors_open → (loop) on_accept … doors_shut → doors_close
 */
struct doors;

struct door {
	struct watch watch;
	struct doors *doors;
	const struct listen_socket *socket;
};

enum doors_pace {
	DOORS_FREE,
	DOORS_AHEAD, /* the other workers should have the next ones */
	DOORS_SLOW   /* the server has it hard: a few at a time */
};

struct doors_ops {
	enum doors_pace (*pace)(void *arg);
	/* Takes the descriptor. */
	void (*on_accept)(void *arg, const struct door *door, int fd, const struct address *peer);
};

struct doors {
	struct loop *loop;
	const struct say *say;
	struct metrics *metrics;
	const struct doors_ops *ops;
	void *arg;
	struct door *all;
	size_t n;
	struct timer reopen;
	int64_t max_rate;   /* a second; 0: no limit */
	int64_t rate_at_ms; /* the bucket as of then */
	double rate_left;
	bool are_open;
	bool yielded; /* to the other workers */
	bool told_error;
};

/* Opens them; metrics, say and listen's sockets stay until doors_close. */
void doors_open(struct doors *d, struct loop *loop, struct listen *listen, int64_t max_rate,
    const struct say *say, struct metrics *metrics, const struct doors_ops *ops, void *arg);

/* Lets in, at any pace, those that the kernel has let in already. */
void doors_hear(struct doors *d);

/* Nobody comes in any more. */
void doors_shut(struct doors *d);
void doors_close(struct doors *d);

#endif
