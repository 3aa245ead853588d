/* SPDX-License-Identifier: MIT */
/* show: messages as lines, as text, or through a filter. */
#include "show.h"

#include <stdint.h>
#include <string.h>

#include "json.h"
#include "msg.h"

void show_init(struct show *s)
{
	*s = (struct show){0};
	buf_init(&s->out, SIZE_MAX / 2); /* one message beyond what the owner waits for */
}

void show_fini(struct show *s)
{
	filter_close(s->filter);
	buf_fini(&s->out);
}

void show_line(struct show *s, const char *text, size_t len)
{
	size_t start = s->out.len;

	(void)buf_add(&s->out, text, len); /* no cap */
	(void)buf_addc(&s->out, '\n');     /* no cap */
	char *line = buf_head(&s->out) + start;
	for (char *nl = line; (nl = memchr(nl, '\n', len - (size_t)(nl - line))) != NULL;)
		*nl = ' ';
}

/* What a filter gave, in the mode asked for. */
struct output {
	struct show *show;
	int count;
};

static int add_output(
    void *arg, const char *json, size_t len, bool same, const char *string, size_t string_len)
{
	struct output *o = arg;

	(void)same; /* then json is the message's own bytes */
	o->count++;
	if (string != NULL && (o->show->raw || o->show->text)) {
		(void)buf_add(&o->show->out, string, string_len); /* no cap */
		if (!o->show->text)
			(void)buf_addc(&o->show->out, '\n'); /* no cap */
	} else {
		show_line(o->show, json, len);
	}
	return 0;
}

static int add_text(struct show *s, const char *text, size_t len)
{
	struct json_slice content = {NULL, 0};

	if (json_means(msg_type(text, len), "token"))
		content = json_string(json_find(text, len, "content"));
	if (content.s == NULL)
		return 0;
	(void)json_unescape(&s->out, content); /* no cap */
	return 1;
}

int show_message(struct show *s, const char *text, size_t len, struct why *w)
{
	struct output o = {s, 0};

	if (s->filter != NULL)
		return filter_run(s->filter, text, len, add_output, &o, w) < 0 ? -1 : o.count;
	if (s->text)
		return add_text(s, text, len);
	show_line(s, text, len);
	return 1;
}
