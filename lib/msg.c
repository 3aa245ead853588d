/* SPDX-License-Identifier: MIT */
/* msg: building, opening and reading messages. */
#include "msg.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "number.h"
#include "utf8.h"

void msg_new_run(char run[MSG_RUN_LEN + 1])
{
	static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
	unsigned char r[MSG_RUN_LEN];

	if (getrandom(r, sizeof r, 0) != (ssize_t)sizeof r)
		abort(); /* getrandom(2) cannot fail for 16 bytes without a flag */
	for (int i = 0; i < MSG_RUN_LEN; i++)
		run[i] = digits[r[i] & 31];
	run[MSG_RUN_LEN] = '\0';
}

int msg_begin(struct buf *b, const char *type)
{
	if (buf_adds(b, "{\"type\":\"") < 0 || json_escape(b, type, strlen(type)) < 0)
		return -1;
	return buf_addc(b, '"');
}

/* ,"name": — without the comma when the object is still empty. */
static int add_name(struct buf *b, const char *name)
{
	if (b->len > 0 && buf_head(b)[b->len - 1] != '{' && buf_addc(b, ',') < 0)
		return -1;
	if (buf_addc(b, '"') < 0 || json_escape(b, name, strlen(name)) < 0)
		return -1;
	return buf_add(b, "\":", 2);
}

int msg_string(struct buf *b, const char *name, const char *s, size_t len)
{
	if (add_name(b, name) < 0 || buf_addc(b, '"') < 0 || json_escape(b, s, len) < 0)
		return -1;
	return buf_addc(b, '"');
}

int msg_json(struct buf *b, const char *name, const char *json, size_t len)
{
	return add_name(b, name) < 0 ? -1 : buf_add(b, json, len);
}

int msg_raw(struct buf *b, const char *name, struct json_slice raw)
{
	if (add_name(b, name) < 0 || buf_addc(b, '"') < 0 || buf_add(b, raw.s, raw.len) < 0)
		return -1;
	return buf_addc(b, '"');
}

int msg_json_line(struct buf *b, const char *name, struct json_slice json)
{
	if (add_name(b, name) < 0)
		return -1;
	size_t start = b->len;
	if (buf_add(b, json.s, json.len) < 0)
		return -1;
	for (char *p = buf_head(b) + start; p < buf_head(b) + b->len; p++)
		if (*p == '\n' || *p == '\r')
			*p = ' ';
	return 0;
}

static bool is_number_field(const char *name)
{
	static const char *const names[] = {
	    "timestamp", "progress", "current", "total", "retry_count", NULL};

	for (int i = 0; names[i] != NULL; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static int add_value(struct buf *b, const char *key, const char *value, bool is_json, struct why *w)
{
	size_t len = strlen(value);
	bool is_number = !is_json && is_number_field(key);

	if (strcmp(key, "type") == 0 || strcmp(key, "sp") == 0)
		return why_set(w, WHY_USAGE, "%s: this member is not yours to set", key);
	if (is_number && (strspn(value, "0123456789+-.eE") != len || !json_is_valid(value, len)))
		return why_set(w, WHY_USAGE, "%s: \"%s\" is not a number", key, value);
	if (is_json && !json_is_valid(value, len))
		return why_set(w, WHY_USAGE, "%s: %s is not valid JSON", key, value);
	int r =
	    is_json || is_number ? msg_json(b, key, value, len) : msg_string(b, key, value, len);
	return r < 0 ? why_set(w, WHY_USAGE, "%s: too long", key) : 0;
}

int msg_operand(struct buf *b, const char *operand, struct why *w)
{
	const char *eq = strchr(operand, '=');
	size_t n = strlen(operand);

	if (utf8_valid(operand, n) != n)
		return why_set(w, WHY_USAGE, "an argument is not valid UTF-8");
	bool is_json = eq != NULL && eq > operand && eq[-1] == ':';
	if (eq == NULL || eq == operand + (is_json ? 1 : 0))
		return why_set(
		    w, WHY_USAGE, "\"%s\" is not of the form key=value or key:=json", operand);
	char *key = xstrndup(operand, (size_t)(eq - operand) - (is_json ? 1 : 0));
	int r = add_value(b, key, eq + 1, is_json, w);
	free(key);
	return r;
}

static int add_timestamp(struct buf *b, int64_t wall_us)
{
	char text[10] = "0.000000";
	uint64_t us = (uint64_t)wall_us % 1000000;

	if (add_name(b, "timestamp") < 0 || buf_addu(b, (uint64_t)wall_us / 1000000) < 0)
		return -1;
	for (int i = 7; i > 1; i--, us /= 10)
		text[i] = (char)('0' + us % 10);
	return buf_add(b, text + 1, 7);
}

int msg_stamp(struct buf *b, const struct msg_from *from, int64_t wall_us)
{
	if (from->project != NULL &&
	    msg_string(b, "project_id", from->project, strlen(from->project)) < 0)
		return -1;
	if (from->stage != NULL && msg_string(b, "stage", from->stage, strlen(from->stage)) < 0)
		return -1;
	return add_timestamp(b, wall_us);
}

/* Which of the members that Spout knows a line has. */
enum { HAS_TYPE = 1, HAS_PROJECT = 2, HAS_STAGE = 4, HAS_TIMESTAMP = 8 };

static int note_member(const struct json_member *m, struct msg_facts *facts)
{
	if (json_means(m->key, "type")) {
		if (facts->type.s == NULL)
			facts->type = json_string(m->value);
		return HAS_TYPE;
	}
	if (json_means(m->key, "content") && facts->content.s == NULL)
		facts->content = json_string(m->value);
	return json_means(m->key, "project_id") ? HAS_PROJECT
	    : json_means(m->key, "stage")       ? HAS_STAGE
	    : json_means(m->key, "timestamp")   ? HAS_TIMESTAMP
						: 0;
}

static int add_missing(struct buf *b, int has, const struct msg_from *from, int64_t wall_us)
{
	const char *project = has & HAS_PROJECT ? NULL : from->project;
	const char *stage = has & HAS_STAGE ? NULL : from->stage;

	if (!(has & HAS_TYPE) && msg_string(b, "type", "message", 7) < 0)
		return -1;
	if (project != NULL && msg_string(b, "project_id", project, strlen(project)) < 0)
		return -1;
	if (stage != NULL && msg_string(b, "stage", stage, strlen(stage)) < 0)
		return -1;
	return has & HAS_TIMESTAMP ? 0 : add_timestamp(b, wall_us);
}

/* Bytes of the line that are kept in one piece. */
struct piece {
	const char *start, *end;
};

static int flush_piece(struct buf *b, struct piece *p)
{
	int r = p->start != NULL ? buf_add(b, p->start, (size_t)(p->end - p->start)) : 0;

	p->start = NULL;
	return r;
}

int msg_open_line(struct buf *b, const char *line, size_t len, const struct msg_from *from,
    int64_t wall_us, struct msg_facts *facts, struct why *w)
{
	struct json_walk walk;
	struct json_member m;
	struct piece kept = {NULL, NULL};
	const char *previous = NULL;         /* end of the member in front, kept or not */
	const char *open = line + (len > 0); /* behind the opening brace */
	size_t before = b->len;
	bool any = false;
	int r, has = 0;

	*facts = (struct msg_facts){0};
	if (buf_addc(b, '{') < 0)
		return -2;
	json_walk(&walk, line, len);
	while ((r = json_next(&walk, &m)) == 1) {
		const char *start = m.key.s - 1, *end = m.value.s + m.value.len;

		if (previous == NULL)
			open = (const char *)memchr(line, '{', len) + 1;
		if (json_means(m.key, "sp")) {
			if (flush_piece(b, &kept) < 0)
				return -2;
		} else {
			has |= note_member(&m, facts);
			if (kept.start == NULL)
				kept.start = any ? previous : previous != NULL ? start : open;
			kept.end = end;
			any = true;
		}
		previous = end;
	}
	if (r < 0) {
		b->len = before;
		return why_set(
		    w, WHY_DATA, "%s at byte %zu", walk.error, (size_t)(walk.at - line) + 1);
	}
	return flush_piece(b, &kept) < 0 || add_missing(b, has, from, wall_us) < 0 ? -2 : 0;
}

int msg_close(struct buf *b, const char *run, uint64_t seq)
{
	if (add_name(b, "sp") < 0 || buf_adds(b, "{\"run\":\"") < 0 || buf_adds(b, run) < 0 ||
	    buf_adds(b, "\",\"seq\":") < 0 || buf_addu(b, seq) < 0)
		return -1;
	return buf_add(b, "}}", 2);
}

/* Steps back over text in front of *end; false when it is not there. */
static bool back_over(const char *start, const char **end, const char *text)
{
	size_t n = strlen(text);

	if ((size_t)(*end - start) < n || memcmp(*end - n, text, n) != 0)
		return false;
	*end -= n;
	return true;
}

static bool is_name_byte(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    c == '-';
}

/* Steps back over letters, digits and dashes, at most max of them; the slice is empty when there is
 * none or one too many. */
static struct json_slice back_over_name(const char *start, const char **end, size_t max)
{
	const char *p = *end;

	while (p > start && is_name_byte(p[-1]) && (size_t)(*end - p) <= max)
		p--;
	struct json_slice name = {p, (size_t)(*end - p)};
	*end = p;
	return name.len <= max ? name : (struct json_slice){p, 0};
}

/*
 * Read from the end: …,"sp":{"run":"RUN","seq":N,"id":"MS-SEQ"}} . No escaped quote can precede
 * these quotes, so within valid JSON this tail can only be the top level's last member.
 */
bool msg_sp(const char *msg, size_t len, struct msg_sp *sp)
{
	const char *end = msg + len;

	*sp = (struct msg_sp){0};
	if (!back_over(msg, &end, "}}"))
		return false;
	if (back_over(msg, &end, "\"")) {
		struct json_slice id = back_over_name(msg, &end, ID_TEXT_MAX);

		sp->has_id = true;
		if (!id_parse(&sp->id, id.s, id.len) || !back_over(msg, &end, ",\"id\":\""))
			return false;
	}
	struct json_slice seq = back_over_name(msg, &end, 19);
	if (!number_parse(seq.s, seq.len, UINT64_MAX, &sp->seq) ||
	    !back_over(msg, &end, "\",\"seq\":"))
		return false;
	struct json_slice run = back_over_name(msg, &end, 64);
	sp->run = run.s;
	sp->run_len = run.len;
	return run.len > 0 && back_over(msg, &end, "\"sp\":{\"run\":\"") && end > msg &&
	    (end[-1] == ',' || end[-1] == '{');
}

int msg_with_id(struct buf *b, const char *msg, size_t len, struct id id)
{
	char text[ID_TEXT_MAX + 1];
	size_t n = id_format(id, text);

	if (len < 2 || memcmp(msg + len - 2, "}}", 2) != 0)
		return buf_add(b, msg, len); /* not written by Spout: as it is */
	if (buf_add(b, msg, len - 2) < 0 || buf_adds(b, ",\"id\":\"") < 0 ||
	    buf_add(b, text, n) < 0)
		return -1;
	return buf_add(b, "\"}}", 3);
}

struct json_slice msg_type(const char *msg, size_t len)
{
	/* What Spout writes begins so; an escape in it is left to the slow way. */
	static const char usual[] = "{\"type\":\"";
	size_t n = sizeof usual - 1;

	if (len > n && memcmp(msg, usual, n) == 0) {
		const char *end = memchr(msg + n, '"', len - n);

		if (end != NULL && memchr(msg + n, '\\', (size_t)(end - msg) - n) == NULL)
			return (struct json_slice){msg + n, (size_t)(end - msg) - n};
	}
	return json_string(json_find(msg, len, "type"));
}

bool msg_type_is_end(struct json_slice type)
{
	return json_means(type, "done") || json_means(type, "error");
}
