/* SPDX-License-Identifier: MIT */
/* sse_json: messages as events, events as messages. */
#include "sse_json.h"

#include "id.h"
#include "json.h"
#include "msg.h"
#include "utf8.h"

/* What matters of a message. */
struct facts {
	struct json_slice type, sp; /* raw content; object */
};

static int read_facts(struct facts *f, const char *line, size_t len, struct why *w)
{
	struct json_walk walk;
	struct json_member m;
	int r;

	*f = (struct facts){0};
	json_walk(&walk, line, len);
	while ((r = json_next(&walk, &m)) == 1) {
		if (json_means(m.key, "sp"))
			f->sp = m.value;
		else if (f->type.s == NULL && json_means(m.key, "type"))
			f->type = json_string(m.value);
	}
	if (r < 0)
		return why_set(
		    w, WHY_DATA, "%s at byte %zu", walk.error, (size_t)(walk.at - line) + 1);
	return 0;
}

int sse_json_encode(struct buf *out, const char *line, size_t len, bool event_names, struct why *w)
{
	struct facts f;
	struct json_slice id = {NULL, 0};
	struct id parsed;
	struct buf name;

	if (read_facts(&f, line, len, w) < 0)
		return -1;
	if (f.sp.s != NULL)
		id = json_string(json_find(f.sp.s, f.sp.len, "id"));
	if (id.s != NULL && !id_parse(&parsed, id.s, id.len))
		id.len = 0;
	buf_init(&name, len);
	if (event_names && f.type.s != NULL)
		(void)json_unescape(&name, f.type); /* no longer than the line */
	int r = sse_event(out, id.s, id.len, buf_head(&name), name.len, line, len);
	buf_fini(&name);
	return r < 0 ? -2 : 0;
}

static bool is_object(const char *s, size_t len)
{
	struct json_walk walk;
	struct json_member m;
	int r;

	json_walk(&walk, s, len);
	while ((r = json_next(&walk, &m)) == 1)
		;
	return r == 0;
}

static int add_string(struct buf *out, const char *name, const char *s, size_t len)
{
	struct utf8_mend mend = {0};
	struct buf good;

	buf_init(&good, out->max);
	int r = utf8_mend(&mend, &good, s, len) < 0 || utf8_mend_end(&mend, &good) < 0
	    ? -1
	    : msg_string(out, name, buf_head(&good), good.len);
	buf_fini(&good);
	return r;
}

/* A valid JSON text has line ends only where it may as well have spaces. */
static int add_object(struct buf *out, const char *s, size_t len)
{
	size_t start = out->len;

	if (buf_add(out, s, len) < 0)
		return -1;
	char *p = buf_head(out) + start;
	for (size_t i = 0; i < len; i++)
		if (p[i] == '\n' || p[i] == '\r')
			p[i] = ' ';
	return 0;
}

int sse_json_decode(struct buf *out, const struct sse_message *m, bool meta)
{
	bool object = is_object(m->data, m->data_len);
	int r = 0;

	if (object && !meta) {
		r = add_object(out, m->data, m->data_len);
	} else {
		r = buf_addc(out, '{');
		if (r == 0 && m->has_id && m->id_len > 0)
			r = add_string(out, "id", m->id, m->id_len);
		if (r == 0 && m->event_len > 0)
			r = add_string(out, "event", m->event, m->event_len);
		if (r == 0 && object)
			r = msg_json(out, "data", "", 0) < 0
			    ? -1
			    : add_object(out, m->data, m->data_len);
		else if (r == 0)
			r = add_string(out, "data", m->data, m->data_len);
		if (r == 0)
			r = buf_addc(out, '}');
	}
	return r < 0 || buf_addc(out, '\n') < 0 ? -2 : 0;
}
