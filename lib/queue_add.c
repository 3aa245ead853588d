/* SPDX-License-Identifier: MIT */
/*
 * queue_add: jobs in. lib/lua/xq_add.lua tells the arguments.
 *
 * Many plain jobs do not go through a script, which costs half as much again as the XADDs in it:
 * they are a transaction, where we may do that, at whose end a small one looks whether it is a
 * repetition (xqbulk.lua).
 */
#include "queue.h"

#include <string.h>

#include "id.h"
#include "queue_call.h"
#include "resp.h"

enum {
	KNOWN_MS = 600 * 1000,
	BULK_LEAST = 8, /* jobs that are worth a transaction */
	FIELDS = 8,     /* of a job that is not plain */
};

static const char letters[] = "hml";
static const char *const streams[] = {":high", ":medium", ":low"};
static const char bulk[] =
#include "xqbulk.lua.h"
    ;

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

/* A word, up to a space or the end. */
static struct json_slice next_word(const char **at, const char *end)
{
	const char *start = *at, *stop = memchr(start, ' ', (size_t)(end - start));

	if (stop == NULL)
		stop = end;
	*at = stop + (stop < end);
	return (struct json_slice){start, (size_t)(stop - start)};
}

static size_t run_length(struct json_slice digits)
{
	size_t n = 0;

	for (size_t i = 0; i < digits.len && n <= QUEUE_BATCH_MAX; i++)
		n = n * 10 + (size_t)(digits.s[i] - '0');
	return n;
}

/* The ids of plain jobs: "MS-SEQ" of the first, which the others follow; or "MS-SEQ N MS-SEQ N …".
 * texts has ID_TEXT_MAX + 2 bytes for each. */
static size_t make_ids(
    const struct reply *reply, struct queue_added *added, size_t n, char letter, char *texts)
{
	const char *at = reply->str, *end = at + reply->len;
	struct id id;
	size_t i = 0;

	while (at < end) {
		struct json_slice first = next_word(&at, end);
		size_t until = at < end ? i + run_length(next_word(&at, end)) : n;

		if (!id_parse(&id, first.s, first.len))
			break;
		for (; i < until && i < n; i++, id.seq++) {
			char *text = texts + i * (ID_TEXT_MAX + 2);

			*text = letter;
			added[i] = (struct queue_added){.id = {text, 1 + id_format(id, text + 1)}};
		}
	}
	return i;
}

static void on_added(struct queue *q, const struct queue_pending *call, const struct reply *reply)
{
	size_t n = call->n, head = n * sizeof(struct queue_added);

	if (reply->type == REPLY_ARRAY && reply->n > 0)
		reply = &reply->elem[reply->n - 1]; /* of a transaction: what its script said */
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

static int64_t known_ms(const struct queue *q)
{
	return q->conf.known_ms > 0 ? q->conf.known_ms : KNOWN_MS;
}

/* XADD STREAM * j PAYLOAD, for each the same but for the last word. */
static void add_entries(struct queue *q, const struct queue_new *jobs, size_t n)
{
	struct buf head, key;

	buf_init(&key, SIZE_MAX / 2);
	buf_init(&head, SIZE_MAX / 2);
	(void)buf_adds(&key, q->tag); /* no cap, here and below */
	(void)buf_adds(&key, streams[jobs[0].priority]);
	(void)resp_array(&head, 5);
	(void)resp_bulk(&head, "XADD", 4);
	(void)resp_bulk(&head, buf_head(&key), key.len);
	(void)resp_bulk(&head, "*", 1);
	(void)resp_bulk(&head, "j", 1);
	for (size_t i = 0; i < n; i++) {
		(void)buf_add(&q->bytes, buf_head(&head), head.len);
		queue_arg(q, jobs[i].payload, jobs[i].len);
	}
	buf_fini(&key);
	buf_fini(&head);
}

/* Whoever may not say MULTI would have the XADDs done all the same: so that is asked first, and
 * until the answer is there it goes by the script. */
static void probe(struct queue *q)
{
	q->probed = true;
	q->begun = q->bytes.len;
	(void)resp_command(&q->bytes, 1, (const char *const[]){"MULTI"}, NULL); /* no cap */
	(void)resp_command(&q->bytes, 1, (const char *const[]){"EXEC"}, NULL);  /* the same */
	queue_end_call(q, &(struct queue_pending){.commands = 2, .probes = true, .loads = true});
}

static void add_bulk(struct queue *q, const char *run, uint64_t batch, const struct queue_new *jobs,
    size_t n, struct queue_pending *call)
{
	q->begun = q->bytes.len;
	(void)resp_command(&q->bytes, 1, (const char *const[]){"MULTI"}, NULL); /* no cap */
	add_entries(q, jobs, n);
	(void)resp_array(&q->bytes, 9); /* the same */
	queue_args(q, "EVAL");
	queue_arg(q, bulk, sizeof bulk - 1);
	queue_args(q, "1");
	queue_args(q, q->tag);
	queue_args(q, run);
	queue_argu(q, batch);
	queue_argi(q, known_ms(q));
	queue_arg(q, &call->letter, 1);
	queue_argu(q, n);
	(void)resp_command(&q->bytes, 1, (const char *const[]){"EXEC"}, NULL); /* the same */
	call->commands = n + 3;
	queue_end_call(q, call);
}

static void add_by_script(struct queue *q, const char *run, uint64_t batch,
    const struct queue_new *jobs, size_t n, struct queue_pending *call)
{
	bool plain = call->letter != '*';

	call->script = queue_begin(q, "add", 4 + n * (plain ? 1 : FIELDS));
	queue_args(q, run);
	queue_argu(q, batch);
	queue_argi(q, known_ms(q));
	queue_arg(q, &call->letter, 1);
	for (size_t i = 0; i < n; i++) {
		if (plain)
			queue_arg(q, jobs[i].payload, jobs[i].len);
		else
			add_fields(q, &jobs[i]);
	}
	queue_end_call(q, call);
}

void queue_add(struct queue *q, const char run[MSG_RUN_LEN + 1], uint64_t batch,
    const struct queue_new *jobs, size_t n, queue_added_fn *fn, void *arg)
{
	struct queue_pending call = {.on_answer = on_added,
	    .fn = (void (*)(void))fn,
	    .arg = arg,
	    .n = n,
	    .letter = find_letter(jobs, n)};

	bool many = call.letter != '*' && n >= BULK_LEAST;
	if (many && !q->probed)
		probe(q);
	if (many && q->transacts)
		add_bulk(q, run, batch, jobs, n, &call);
	else
		add_by_script(q, run, batch, jobs, n, &call);
}
