/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_LOOP_H
#define SPOUT_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "why.h"

/*
 * The event loop: descriptors, timers, and nothing else. Watches and timers live in the caller's
 * storage and must stay where they are while they are set; a callback may set or clear any of them,
 * its own included.
 *
 * What the kernel cannot wait for (regular files, with epoll) is always ready.
 */
enum {
	LOOP_READ = 1,
	LOOP_WRITE = 2,
	LOOP_HANGUP = 4,   /* reported, never asked for */
	LOOP_EXCLUSIVE = 8 /* with LOOP_READ: of the processes that wait so, not all are woken */
};

struct watch {
	int fd;
	int pending; /* from 1: its event of this wake-up, not delivered yet; the loop's */
	void (*on_ready)(void *arg, unsigned ready);
	void *arg;
	unsigned want; /* what is asked for now; set by loop_watch */
	bool always;   /* the kernel cannot wait for it; set by the loop */
	size_t slot;   /* the backend's */
	struct watch *next_always;
};

struct timer {
	void (*on_due)(void *arg);
	void *arg;
	int64_t at_ms; /* on clock_ms(); set by loop_timer */
	size_t slot;   /* place in the heap, from 1; 0 while not set */
};

struct loop;

/* Opens a loop: epoll on Linux, poll(2) elsewhere or when SPOUT_LOOP=poll is in the environment. */
int loop_open(struct loop **loop, struct why *w);
void loop_close(struct loop *loop);

/* Asks for LOOP_READ, LOOP_WRITE, both, or with 0 for nothing more of w->fd. Clear a watch before
 * its descriptor is closed. */
void loop_watch(struct loop *loop, struct watch *w, unsigned want);

/* Calls t->on_due once at_ms is reached; setting a set timer moves it. */
void loop_timer(struct loop *loop, struct timer *t, int64_t at_ms);
void loop_cancel(struct loop *loop, struct timer *t);

/* clock_ms() as of the last wake-up: good enough for deadlines, costs nothing. */
int64_t loop_now(const struct loop *loop);

/* Runs until loop_stop, or until nothing is watched and no timer set. -1 when the kernel refuses to
 * wait. */
int loop_run(struct loop *loop, struct why *w);
void loop_stop(struct loop *loop);

/* --- For the backends. */
struct loop_event {
	struct watch *watch; /* NULL when the watch was cleared meanwhile */
	unsigned ready;
};

enum { LOOP_EVENTS = 256 }; /* per wake-up; more come with the next */

struct loop_backend {
	const char *name;
	void *(*open)(void); /* NULL with errno set */
	void (*close)(void *b);
	int (*set)(
	    void *b, struct watch *w, unsigned want); /* w->want is still the old one; -1: errno */
	int (*wait)(void *b, int timeout_ms, struct loop_event *events); /* how many; -1: errno */
};

extern const struct loop_backend loop_epoll, loop_poll;

#endif
