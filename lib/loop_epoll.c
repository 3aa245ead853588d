/* SPDX-License-Identifier: MIT */
/* loop_epoll: the loop's backend on Linux, epoll(7), level-triggered. */
#include "loop.h"

#ifdef __linux__

#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "buf.h"

struct epolling {
	int fd;
	struct epoll_event events[LOOP_EVENTS];
};

static void *epolling_open(void)
{
	struct epolling *b = xcalloc(1, sizeof *b);

	b->fd = epoll_create1(EPOLL_CLOEXEC);
	if (b->fd < 0) {
		free(b);
		return NULL;
	}
	return b;
}

static void epolling_close(void *arg)
{
	struct epolling *b = arg;

	(void)close(b->fd); /* nothing to lose in it */
	free(b);
}

static int epolling_set(void *arg, struct watch *w, unsigned want)
{
	struct epolling *b = arg;
	struct epoll_event e = {.data.ptr = w};
	int op = w->want == 0 ? EPOLL_CTL_ADD : want == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;

	e.events = (want & LOOP_READ ? EPOLLIN : 0u) | (want & LOOP_WRITE ? EPOLLOUT : 0u) |
	    (want & LOOP_EXCLUSIVE ? EPOLLEXCLUSIVE : 0u);
	return epoll_ctl(b->fd, op, w->fd, &e);
}

static int epolling_wait(void *arg, int timeout_ms, struct loop_event *events)
{
	struct epolling *b = arg;
	int n = epoll_wait(b->fd, b->events, LOOP_EVENTS, timeout_ms);

	for (int i = 0; i < n; i++) {
		unsigned e = b->events[i].events;

		/* An error or hang-up is found by whoever reads or writes next. */
		events[i].watch = b->events[i].data.ptr;
		events[i].ready = (e & (EPOLLIN | EPOLLHUP | EPOLLERR) ? LOOP_READ : 0u) |
		    (e & (EPOLLOUT | EPOLLERR) ? LOOP_WRITE : 0u) |
		    (e & (EPOLLHUP | EPOLLERR) ? LOOP_HANGUP : 0u);
	}
	return n;
}

const struct loop_backend loop_epoll = {
    "epoll", epolling_open, epolling_close, epolling_set, epolling_wait};

#endif
