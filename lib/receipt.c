/* SPDX-License-Identifier: MIT */
/* receipt: a taken job as a line of JSON, and back. */
#include "receipt.h"

#include <string.h>

#include "id.h"
#include "number.h"

bool receipt_parse(struct receipt *r, const char *s, size_t len)
{
	const char *slash = len > 0 ? memchr(s, '/', len) : NULL;
	size_t ref = slash != NULL ? (size_t)(slash - s) : 0;
	struct id id;

	if (ref < 2 || ref > QUEUE_REF_MAX || memchr("hml", *s, 3) == NULL ||
	    !id_parse(&id, s + 1, ref - 1))
		return false;
	memcpy(r->ref, s, ref);
	r->ref[ref] = '\0';
	return number_parse(slash + 1, len - ref - 1, UINT64_MAX, &r->token) && slash[1] != '0';
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
