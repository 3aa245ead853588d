/* SPDX-License-Identifier: MIT */
/* xq_spool: added jobs in a file while Redis is away. */
#include "xq_spool.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "buf.h"
#include "clock.h"

enum { LOOK_AGAIN_MS = 20 }; /* at a file that somebody else has */

static void forget_left(struct xq_spool *s)
{
	if (s->left == NULL)
		return;
	buf_fini(&s->left->text);
	free(s->left);
	s->left = NULL;
}

/* Reads the next record: 1, 0: there is none left, -1. */
static int next_left(struct xq_spool *s, struct why *w)
{
	const char *record;
	size_t len;
	int got = spool_next(s->file, &record, &len);

	if (got > 0 && xq_batch_read(s->left, record, len))
		return 1;
	forget_left(s);
	return got > 0 ? why_set(w, WHY_DATA, "spool %s: damaged", s->path) : 0;
}

static int open_patiently(struct xq_spool *s, const char *name, int64_t patience_ms, struct why *w)
{
	const struct timespec pause = {0, LOOK_AGAIN_MS * 1000000L};
	int64_t until = clock_ms() + patience_ms;

	while (spool_open(&s->file, s->path, name, w) < 0) {
		s->file = NULL;
		if (w->status != WHY_TIMEOUT || clock_ms() >= until)
			return -1;
		(void)nanosleep(&pause, NULL); /* a signal only shortens it */
	}
	w->status = 0;
	return 0;
}

int xq_spool_open(
    struct xq_spool *s, const char *path, const char *tag, int64_t patience_ms, struct why *w)
{
	char name[QUEUE_NAME_MAX + 1024];

	*s = (struct xq_spool){.path = path};
	(void)snprintf(name, sizeof name, "xq1 %s", tag); /* fits */
	if (open_patiently(s, name, patience_ms, w) < 0)
		return -1;
	if (spool_run(s->file) == NULL)
		return 0;
	s->left = xcalloc(1, sizeof *s->left);
	buf_init(&s->left->text, SIZE_MAX / 2);
	if (next_left(s, w) >= 0)
		return 0;
	xq_spool_close(s);
	return -1;
}

void xq_spool_close(struct xq_spool *s)
{
	forget_left(s);
	spool_close(s->file);
	s->file = NULL;
}

bool xq_spool_is_open(const struct xq_spool *s)
{
	return s->file != NULL;
}

int xq_spool_begin(struct xq_spool *s, const char *run, struct why *w)
{
	/* Each record has its own run: behind what is left, the file's own may be another's. */
	return s->left != NULL ? 0 : spool_begin(s->file, run, w);
}

int xq_spool_write(struct xq_spool *s, const char *run, uint64_t number,
    const struct queue_new *jobs, size_t n, bool sync, struct why *w)
{
	struct buf record;

	buf_init(&record, SIZE_MAX / 2);
	xq_batch_write(&record, run, number, jobs, n);
	spool_add(s->file, buf_head(&record), record.len);
	buf_fini(&record);
	if (spool_write(s->file, w) < 0)
		return -1;
	return sync ? spool_sync(s->file, w) : 0;
}

int xq_spool_send(struct xq_spool *s, struct queue *q, size_t window, queue_added_fn *fn, void *arg,
    size_t *calls, struct why *w)
{
	int got = 1;

	while (s->left != NULL && queue_pending(q) < window) {
		queue_add(q, s->left->run, s->left->number, s->left->jobs, s->left->n, fn, arg);
		++*calls;
		got = next_left(s, w);
	}
	queue_flush(q);
	return got < 0 ? -1 : 0;
}

int xq_spool_skip(struct xq_spool *s, struct why *w)
{
	while (s->left != NULL)
		if (next_left(s, w) < 0)
			return -1;
	return 0;
}

void xq_spool_done(struct xq_spool *s, bool now)
{
	struct why w;

	(void)spool_reset(s->file, now, &w); /* see the header */
}
