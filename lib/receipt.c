/* SPDX-License-Identifier: MIT */
/* receipt: a taken job as a line of JSON, and back. */
#include "receipt.h"

#include <string.h>

/* Digits without a sign and without a zero in front. */
static const char *read_number(const char *s, const char *end, uint64_t *n)
{
	const char *start = s;

	for (*n = 0; s < end && *s >= '0' && *s <= '9'; s++)
		if (__builtin_mul_overflow(*n, 10u, n) ||
		    __builtin_add_overflow(*n, (uint64_t)(*s - '0'), n))
			return NULL;
	return s == start || (*start == '0' && s > start + 1) ? NULL : s;
}

bool receipt_parse(struct receipt *r, const char *s, size_t len)
{
	const char *end = s + len, *at = s;
	uint64_t n;

	if (len < 2 || memchr("hml", *at, 3) == NULL)
		return false;
	at = read_number(at + 1, end, &n);
	if (at == NULL || at == end || *at != '-')
		return false;
	at = read_number(at + 1, end, &n);
	if (at == NULL || at == end || *at != '/' || (size_t)(at - s) > QUEUE_REF_MAX)
		return false;
	memcpy(r->ref, s, (size_t)(at - s));
	r->ref[at - s] = '\0';
	return read_number(at + 1, end, &r->token) == end && r->token > 0;
}

int receipt_read(struct receipt *r, const char *line, size_t len, struct why *w)
{
	struct json_walk walk;
	struct json_member m;
	struct json_slice text = {NULL, 0};
	int got;

	*r = (struct receipt){0};
	json_walk(&walk, line, len);
	while ((got = json_next(&walk, &m)) > 0) {
		if (json_means(m.key, "receipt"))
			text = json_string(m.value);
		else if (json_means(m.key, "queue"))
			r->queue = json_string(m.value);
		else if (json_means(m.key, "result"))
			r->result = m.value;
	}
	if (got < 0)
		return why_set(w, WHY_DATA, "not a JSON object: %s", walk.error);
	if (text.s == NULL)
		return why_set(w, WHY_DATA, "no member \"receipt\": not a job that take printed");
	if (!receipt_parse(r, text.s, text.len))
		return why_set(w, WHY_DATA, "the receipt is damaged");
	return 0;
}

/* Out's cap is the owner's concern: there is none. */
void receipt_write(struct buf *out, const char *queue, const struct queue_job *j)
{
	(void)buf_adds(out, "{\"id\":\"");
	(void)json_escape(out, j->id.s, j->id.len);
	(void)buf_adds(out, "\",\"queue\":\"");
	(void)json_escape(out, queue, strlen(queue));
	(void)buf_adds(out, "\",\"attempt\":");
	(void)buf_addu(out, j->attempt);
	(void)buf_adds(out, ",\"receipt\":\"");
	(void)buf_add(out, j->ref.s, j->ref.len);
	(void)buf_addc(out, '/');
	(void)buf_addu(out, j->token);
	(void)buf_adds(out, "\",\"job\":");
	(void)buf_add(out, j->payload.s, j->payload.len);
	(void)buf_adds(out, "}\n");
}
