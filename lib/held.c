/* SPDX-License-Identifier: MIT */
/* held: the jobs in a worker's hands. */
#include "held.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"

void held_list_init(struct held_list *l)
{
	*l = (struct held_list){0};
	l->waiting_end = &l->waiting;
}

static char *put(char *to, struct json_slice s)
{
	if (s.len > 0)
		memcpy(to, s.s, s.len);
	to[s.len] = '\0';
	return to + s.len + 1;
}

struct held *held_add(struct held_list *l, const struct queue_job *job, int queue, int64_t until_ms)
{
	struct held *h = xmalloc(sizeof *h + job->id.len + job->ref.len + job->payload.len + 3);
	char *at = h->text;

	*h = (struct held){.next = l->first,
	    .serial = ++l->serials,
	    .queue = queue,
	    .token = job->token,
	    .attempt = job->attempt,
	    .crashes = job->crashes,
	    .retries = job->retries,
	    .until_ms = until_ms,
	    .len = job->payload.len,
	    .retry_ms = -1};
	h->ref = at;
	h->id = at = put(at, job->ref);
	h->payload = at = put(at, job->id);
	(void)put(at, job->payload); /* the end of it is not needed */
	if (l->first != NULL)
		l->first->prev = h;
	l->first = h;
	l->n++;
	*l->waiting_end = h;
	l->waiting_end = &h->queued;
	l->nwaiting++;
	return h;
}

static struct held *unqueue(struct held_list *l)
{
	struct held *h = l->waiting;

	l->waiting = h->queued;
	if (l->waiting == NULL)
		l->waiting_end = &l->waiting;
	l->nwaiting--;
	return h;
}

const struct held *held_peek(struct held_list *l)
{
	while (l->waiting != NULL && l->waiting->lost)
		held_drop(l, unqueue(l));
	return l->waiting;
}

struct held *held_next(struct held_list *l)
{
	return held_peek(l) != NULL ? unqueue(l) : NULL;
}

void held_drop(struct held_list *l, struct held *h)
{
	if (h->prev != NULL)
		h->prev->next = h->next;
	else
		l->first = h->next;
	if (h->next != NULL)
		h->next->prev = h->prev;
	l->n--;
	free(h->result);
	free(h->note);
	free(h);
}

struct held *held_find(const struct held_list *l, int queue, struct json_slice ref, uint64_t token)
{
	struct held *h = l->first;

	while (h != NULL &&
	    !(h->queue == queue && h->token == token && strlen(h->ref) == ref.len &&
		memcmp(h->ref, ref.s, ref.len) == 0))
		h = h->next;
	return h;
}

void held_set_result(struct held *h, const char *json, size_t len)
{
	free(h->result);
	h->result = xstrndup(json, len);
	h->result_len = len;
}
