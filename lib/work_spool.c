/* SPDX-License-Identifier: MIT */
/*
 * work_spool: delivers what `add` left in a spool while Redis was away.
 *
 *	looked at: at each connection, and with each hello
 *	CLOSED ──there is something, and nobody has it──→ OPEN ──all answered──→ emptied, CLOSED
 *	   ↑ orphans are answered                          └──connection lost──→ CLOSED
 *
 * The file is locked only while there is a connection, so that an `add` that comes while Redis is
 * away finds it free. Calls that were made before the loss are sent again by the queue; they are
 * orphans: nothing is sent anew before they are answered, and then all is, from the file. Redis
 * recognises what it had.
 */
#include <string.h>
#include <sys/stat.h>

#include "work_own.h"

enum { WINDOW = 24 }; /* calls on their way: as add has it */

static void send_more(struct work *w);

static bool look_at(const char *path, struct stat *st)
{
	return stat(path, st) == 0 && st->st_size > 0;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Opens the file for whichever of our queues it is of. */
static int open_file(struct work *w, struct why *why)
{
	struct work_spool *s = &w->spool;

	for (int i = 0; i < w->conf.nqueues; i++) {
		s->queue = &w->queues[i];
		if (xq_spool_open(&s->file, w->conf.spool, queue_tag(s->queue->queue), 0, why) == 0)
			return 0;
		if (why->status != WHY_DATA)
			break;
	}
	return -1;
}

/* Nobody needs to look at it again before somebody has written to it. */
static void close_file(struct work *w)
{
	struct work_spool *s = &w->spool;

	if (!look_at(w->conf.spool, &s->seen))
		memset(&s->seen, 0, sizeof s->seen);
	xq_spool_close(&s->file);
}

static void fail(struct work *w, const struct why *why)
{
	struct work_spool *s = &w->spool;

	w->ops->on_spool(w->arg, s->jobs, why);
	s->jobs = 0;
	close_file(w);
}

static void end(struct work *w)
{
	struct work_spool *s = &w->spool;

	xq_spool_done(&s->file, true);
	close_file(w);
	if (s->jobs > 0)
		w->ops->on_spool(w->arg, s->jobs, NULL);
	s->jobs = 0;
	s->queue->empty = false; /* we ourselves may have what was added */
	work_pump(w);
}

static void on_added(void *arg, const struct queue_added *added, size_t n)
{
	struct work *w = arg;
	struct work_spool *s = &w->spool;

	if (s->orphans > 0) {
		s->orphans--;
		work_spool_look(w);
		return;
	}
	for (size_t i = 0; i < n; i++)
		s->jobs += !added[i].duplicate;
	s->calls--;
	send_more(w);
}

static void send_more(struct work *w)
{
	struct work_spool *s = &w->spool;
	size_t calls = 0;
	struct why why;
	int r = 0;

	if (!w->stopping)
		r = xq_spool_send(&s->file, s->queue->queue, WINDOW, on_added, w, &calls, &why);
	if (r < 0) {
		s->orphans += s->calls + calls;
		s->calls = 0;
		fail(w, &why);
		return;
	}
	if (!xq_spool_is_open(&s->file)) { /* sending it, the connection was lost */
		s->orphans += calls;
		return;
	}
	s->calls += calls;
	if (s->calls > 0)
		return;
	if (s->file.left == NULL)
		end(w);
	else
		close_file(w); /* the worker stops */
}

void work_spool_look(struct work *w)
{
	struct work_spool *s = &w->spool;
	struct stat st;
	struct why why;

	if (w->conf.spool == NULL || w->stopping || xq_spool_is_open(&s->file) || s->orphans > 0 ||
	    !look_at(w->conf.spool, &st) || is_same(&st, &s->seen))
		return;
	if (open_file(w, &why) < 0) {
		if (why.status == WHY_TIMEOUT)
			return; /* somebody adds, or delivers: the next look finds what is left */
		s->seen = st;
		w->ops->on_spool(w->arg, 0, &why);
	} else if (!s->queue->up) {
		xq_spool_close(&s->file);
	} else {
		send_more(w);
	}
}

void work_spool_down(struct work *w, const struct work_queue *q)
{
	struct work_spool *s = &w->spool;

	if (!xq_spool_is_open(&s->file) || s->queue != q)
		return;
	s->orphans += s->calls;
	s->calls = 0;
	xq_spool_close(&s->file); /* what is in it is not seen yet */
}

bool work_spool_is_busy(const struct work *w)
{
	return xq_spool_is_open(&w->spool.file);
}

int work_spool_check(struct work *w, struct why *why)
{
	struct stat st;
	struct why cause;

	if (w->conf.spool == NULL || !look_at(w->conf.spool, &st))
		return 0;
	if (open_file(w, &cause) == 0) {
		xq_spool_close(&w->spool.file);
	} else if (cause.status != WHY_TIMEOUT) {
		*why = cause;
		return -1;
	}
	return 0;
}
