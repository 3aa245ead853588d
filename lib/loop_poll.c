/* SPDX-License-Identifier: MIT */
/* loop_poll: the loop's backend everywhere, poll(2). w->slot is the watch's place in both arrays.
 */
#include "loop.h"

#include <poll.h>
#include <stdlib.h>

#include "buf.h"

struct polling {
	struct pollfd *fds;
	struct watch **watches;
	size_t n, size;
};

static void *polling_open(void)
{
	return xcalloc(1, sizeof(struct polling));
}

static void polling_close(void *arg)
{
	struct polling *b = arg;

	free(b->fds);
	free(b->watches);
	free(b);
}

static int polling_set(void *arg, struct watch *w, unsigned want)
{
	struct polling *b = arg;

	if (want == 0) {
		size_t last = --b->n;

		b->fds[w->slot] = b->fds[last];
		b->watches[w->slot] = b->watches[last];
		b->watches[w->slot]->slot = w->slot;
		return 0;
	}
	if (w->want == 0) {
		if (b->n == b->size) {
			b->size = b->size > 0 ? b->size * 2 : 8;
			b->fds = xrealloc(b->fds, b->size * sizeof *b->fds);
			b->watches = xrealloc(b->watches, b->size * sizeof(struct watch *));
		}
		w->slot = b->n++;
		b->watches[w->slot] = w;
		b->fds[w->slot].fd = w->fd;
	}
	b->fds[w->slot].events =
	    (short)((want & LOOP_READ ? POLLIN : 0) | (want & LOOP_WRITE ? POLLOUT : 0));
	return 0;
}

static int polling_wait(void *arg, int timeout_ms, struct loop_event *events)
{
	struct polling *b = arg;
	int left = poll(b->fds, (nfds_t)b->n, timeout_ms), n = 0;

	if (left < 0)
		return -1;
	for (size_t i = 0; i < b->n && left > 0 && n < LOOP_EVENTS; i++) {
		int e = b->fds[i].revents;

		if (e == 0)
			continue;
		left--;
		events[n].watch = b->watches[i];
		events[n++].ready = (e & (POLLIN | POLLHUP | POLLERR | POLLNVAL) ? LOOP_READ : 0u) |
		    (e & (POLLOUT | POLLERR) ? LOOP_WRITE : 0u) |
		    (e & (POLLHUP | POLLERR | POLLNVAL) ? LOOP_HANGUP : 0u);
	}
	return n;
}

const struct loop_backend loop_poll = {
    "poll", polling_open, polling_close, polling_set, polling_wait};
