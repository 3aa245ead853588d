/* SPDX-License-Identifier: MIT */
/*
 * queue: names, and a queue from its opening to its end. How calls travel: queue_call.c; what they
 * are: queue_add.c, queue_take.c, queue_give.c; the second connection, which waits:
 * queue_listen.c.
 */
#include "queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chan.h"
#include "queue_call.h"

/* --- Names */

int queue_name_check(const char *what, const char *name, struct why *w)
{
	return chan_part_check(what, name, strlen(name), w);
}

/* [hmld]DIGITS-DIGITS */
static bool is_given(const char *id, size_t len)
{
	size_t i = 1, dash;

	if (len == 0 || memchr("hmld", id[0], 4) == NULL)
		return false;
	while (i < len && id[i] >= '0' && id[i] <= '9')
		i++;
	dash = i;
	if (i == 1 || i == len || id[i] != '-')
		return false;
	for (i++; i < len && id[i] >= '0' && id[i] <= '9'; i++)
		continue;
	return i == len && i > dash + 1;
}

int queue_id_check(const char *id, size_t len, struct why *w)
{
	char shown[40];

	if (len == 0 || len > QUEUE_ID_MAX)
		return why_set(w, WHY_USAGE, "a job's id has 1 to %d bytes", QUEUE_ID_MAX);
	why_quote(shown, sizeof shown, id, len);
	for (size_t i = 0; i < len; i++)
		if (id[i] <= ' ' || id[i] > '~' || id[i] == '"' || id[i] == '\\')
			return why_set(w, WHY_USAGE,
			    "job id \"%s\": only printable ASCII without space, \" and \\ is "
			    "allowed",
			    shown);
	if (is_given(id, len) || (len == 1 && id[0] == '='))
		return why_set(
		    w, WHY_USAGE, "job id \"%s\": ids of that form are given by the queue", shown);
	return 0;
}

/* --- Life */

int queue_open(struct queue **out, struct loop *loop, const struct queue_conf *conf,
    const struct queue_ops *ops, void *arg, struct why *w)
{
	if (queue_name_check("queue", conf->name, w) < 0 ||
	    queue_name_check("consumer", conf->consumer, w) < 0)
		return -1;
	struct queue *q = xcalloc(1, sizeof *q);
	*q = (struct queue){.loop = loop, .conf = *conf, .ops = ops, .arg = arg};
	size_t size = strlen(conf->namespace) + strlen(conf->name) + sizeof "{:q:}";
	q->tag = xmalloc(size);
	(void)snprintf(q->tag, size, "{%s:q:%s}", conf->namespace, conf->name); /* measured */
	msg_new_run(q->run);
	/* No caps: the owner stops asking long before memory ends. */
	buf_init(&q->bytes, SIZE_MAX / 2);
	buf_init(&q->calls, SIZE_MAX / 2);
	buf_init(&q->scratch, SIZE_MAX / 2);
	if (!conf->lazy)
		queue_connect(q);
	*out = q;
	return 0;
}

void queue_close(struct queue *q)
{
	if (q == NULL)
		return;
	queue_listener_close(q);
	link_close(&q->link);
	buf_fini(&q->bytes);
	buf_fini(&q->calls);
	buf_fini(&q->scratch);
	free(q->tag);
	free(q);
}

void queue_die(struct queue *q, const struct why *w)
{
	if (q->dead)
		return;
	q->dead = true;
	queue_listener_close(q);
	link_close(&q->link);
	q->ops->on_dead(q->arg, w);
}

const char *queue_tag(const struct queue *q)
{
	return q->tag;
}

size_t queue_pending(const struct queue *q)
{
	return q->calls.len / sizeof(struct queue_pending);
}

size_t queue_pending_bytes(const struct queue *q)
{
	return q->bytes.len;
}
