/* SPDX-License-Identifier: MIT */
/* xq_batch: added jobs in a spool's record, and back. */
#include "xq_batch.h"

#include <string.h>

#include "number.h"

static void put_text(struct buf *out, const char *s)
{
	if (s != NULL)
		(void)buf_adds(out, s); /* the owner's buffer has no cap */
}

void xq_batch_write(
    struct buf *out, const char *run, uint64_t number, const struct queue_new *jobs, size_t n)
{
	(void)buf_addf(out, "%s ", run); /* no cap, here and below */
	(void)buf_addu(out, number);
	(void)buf_addc(out, '\n');
	for (size_t i = 0; i < n; i++) {
		const struct queue_new *j = &jobs[i];

		(void)buf_addf(out, "%d %lld %lld %d %lld %zu %zu %zu\n", (int)j->priority,
		    (long long)j->delay_ms, (long long)j->at_ms, j->retries < 0 ? -1 : j->retries,
		    (long long)j->unique_ms, j->id != NULL ? strlen(j->id) : 0,
		    j->unique != NULL ? strlen(j->unique) : 0, j->len);
		put_text(out, j->id);
		put_text(out, j->unique);
		(void)buf_add(out, j->payload, j->len);
	}
}

/* A number, then the byte that must follow. */
static bool read_number(const char **at, const char *end, char then, int64_t *n)
{
	bool negative = *at < end && **at == '-';
	uint64_t digits;
	const char *s = number_scan(*at + negative, end, INT64_MAX, &digits);

	if (s == NULL || s == end || *s != then)
		return false;
	*n = negative ? -(int64_t)digits : (int64_t)digits;
	*at = s + 1;
	return true;
}

/* Offsets in b->text until it stops growing: pointers move. */
static bool read_text(
    struct xq_batch *b, const char **at, const char *end, int64_t len, size_t *offset)
{
	*offset = SIZE_MAX;
	if (len == 0)
		return true;
	if (len < 0 || len > end - *at || memchr(*at, '\0', (size_t)len) != NULL)
		return false;
	*offset = b->text.len;
	(void)buf_add(&b->text, *at, (size_t)len); /* no cap */
	(void)buf_addc(&b->text, '\0');            /* no cap */
	*at += len;
	return true;
}

static bool read_job(struct xq_batch *b, const char **at, const char *end, size_t offsets[2])
{
	struct queue_new *j = &b->jobs[b->n];
	int64_t f[8];

	for (int i = 0; i < 8; i++)
		if (!read_number(at, end, i < 7 ? ' ' : '\n', &f[i]))
			return false;
	if (f[0] < QUEUE_HIGH || f[0] > QUEUE_LOW || f[1] < 0 || f[2] < 0 || f[3] < -1 ||
	    f[3] > INT32_MAX || f[4] < 0 || f[7] < 1 || f[7] > QUEUE_PAYLOAD_MAX)
		return false;
	*j = (struct queue_new){.priority = (enum queue_priority)f[0],
	    .delay_ms = f[1],
	    .at_ms = f[2],
	    .retries = (int)f[3],
	    .unique_ms = f[4],
	    .len = (size_t)f[7]};
	if (!read_text(b, at, end, f[5], &offsets[0]) ||
	    !read_text(b, at, end, f[6], &offsets[1]) || f[7] > end - *at)
		return false;
	j->payload = *at;
	*at += j->len;
	return true;
}

/* A run's name, as msg_new_run makes them, and a space. */
static bool is_run(const char *s, size_t len)
{
	if (len <= MSG_RUN_LEN || s[MSG_RUN_LEN] != ' ')
		return false;
	for (int i = 0; i < MSG_RUN_LEN; i++)
		if (!(s[i] >= '0' && s[i] <= '9') && !(s[i] >= 'a' && s[i] <= 'z'))
			return false;
	return true;
}

bool xq_batch_read(struct xq_batch *b, const char *s, size_t len)
{
	size_t offsets[QUEUE_BATCH_MAX][2];
	const char *at = s, *end = s + len;
	int64_t number;

	b->n = 0;
	buf_clear(&b->text);
	if (!is_run(s, len))
		return false;
	memcpy(b->run, at, MSG_RUN_LEN);
	b->run[MSG_RUN_LEN] = '\0';
	at += MSG_RUN_LEN + 1;
	if (!read_number(&at, end, '\n', &number) || number < 0)
		return false;
	b->number = (uint64_t)number;
	while (at < end) {
		if (b->n == QUEUE_BATCH_MAX || !read_job(b, &at, end, offsets[b->n]))
			return false;
		b->n++;
	}
	for (size_t i = 0; i < b->n; i++) {
		if (offsets[i][0] != SIZE_MAX)
			b->jobs[i].id = buf_head(&b->text) + offsets[i][0];
		if (offsets[i][1] != SIZE_MAX)
			b->jobs[i].unique = buf_head(&b->text) + offsets[i][1];
	}
	return b->n > 0;
}
