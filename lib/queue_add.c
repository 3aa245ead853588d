/* SPDX-License-Identifier: MIT */
/* queue_add: jobs in. lib/lua/xq_add.lua tells the arguments. */
#include "queue.h"

#include <string.h>

#include "id.h"
#include "queue_call.h"

enum {
	KNOWN_MS = 600 * 1000,
	FIELDS = 8, /* of a job that is not plain */
};

static const char letters[] = "hml";

/* What the script does fast: nothing but a payload. */
static bool is_plain(const struct queue_new *j)
{
	return j->delay_ms == 0 && j->at_ms == 0 && j->id == NULL && j->unique == NULL &&
	    j->retries < 0;
}

/* The letter that all share when all are plain; else '*'. */
static char find_letter(const struct queue_new *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_plain(&jobs[i]) || jobs[i].priority != jobs[0].priority)
			return '*';
	return letters[jobs[0].priority];
}

static void add_fields(struct queue *q, const struct queue_new *j)
{
	queue_arg(q, &letters[j->priority], 1);
	queue_argi(q, j->delay_ms);
	queue_argi(q, j->at_ms);
	queue_args(q, j->id != NULL ? j->id : "");
	queue_args(q, j->unique != NULL ? j->unique : "");
	queue_argi(q, j->unique_ms);
	queue_argi(q, j->retries < 0 ? -1 : j->retries);
	queue_arg(q, j->payload, j->len);
}

/* The next word of an answer: +ID or =ID. */
static bool next_id(const char **at, const char *end, struct queue_added *a)
{
	const char *start = *at, *stop;

	if (start >= end)
		return false;
	stop = memchr(start, ' ', (size_t)(end - start));
	if (stop == NULL)
		stop = end;
	*a = (struct queue_added){
	    .id = {start + 1, (size_t)(stop - start) - 1}, .duplicate = *start == '='};
	*at = stop + 1;
	return true;
}

static size_t read_ids(const struct reply *reply, struct queue_added *added, size_t n)
{
	const char *at = reply->str, *end = at + reply->len;
	size_t i = 0;

	while (i < n && next_id(&at, end, &added[i]))
		i++;
	return i;
}

/* The ids of plain jobs, from the first entry's: texts has ID_TEXT_MAX + 2 bytes for each. */
static size_t make_ids(
    const struct reply *reply, struct queue_added *added, size_t n, char letter, char *texts)
{
	struct id id;

	if (!id_parse(&id, reply->str, reply->len))
		return 0;
	for (size_t i = 0; i < n; i++, id.seq++) {
		char *text = texts + i * (ID_TEXT_MAX + 2);

		*text = letter;
		added[i] = (struct queue_added){.id = {text, 1 + id_format(id, text + 1)}};
	}
	return n;
}

static void on_added(struct queue *q, const struct queue_pending *call, const struct reply *reply)
{
	size_t n = call->n, head = n * sizeof(struct queue_added);

	buf_clear(&q->scratch);
	/* No cap: there is room. */
	char *room = buf_room(&q->scratch, head + n * (ID_TEXT_MAX + 2));
	struct queue_added *added = (struct queue_added *)(void *)room;
	if (reply->type != REPLY_STRING)
		n = 0;
	else if (call->letter == '*')
		n = read_ids(reply, added, n);
	else
		n = make_ids(reply, added, n, call->letter, room + head);
	((queue_added_fn *)call->fn)(call->arg, added, n);
}

void queue_add(struct queue *q, const char run[MSG_RUN_LEN + 1], uint64_t batch,
    const struct queue_new *jobs, size_t n, queue_added_fn *fn, void *arg)
{
	char letter = find_letter(jobs, n);
	const struct queue_script *s = queue_begin(q, "add", 4 + n * (letter == '*' ? FIELDS : 1));

	queue_args(q, run);
	queue_argu(q, batch);
	queue_argi(q, q->conf.known_ms > 0 ? q->conf.known_ms : KNOWN_MS);
	queue_arg(q, &letter, 1);
	for (size_t i = 0; i < n; i++) {
		if (letter == '*')
			add_fields(q, &jobs[i]);
		else
			queue_arg(q, jobs[i].payload, jobs[i].len);
	}
	queue_end_call(q,
	    &(struct queue_pending){.script = s,
		.on_answer = on_added,
		.fn = (void (*)(void))fn,
		.arg = arg,
		.n = n,
		.letter = letter});
}
