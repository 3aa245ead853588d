/* SPDX-License-Identifier: MIT */
/* subs_push: what a topic's messages are: which published ones are its own, and the hub's own. */
#include <stdlib.h>
#include <string.h>

#include "chan.h"
#include "msg.h"
#include "note.h"
#include "subs_state.h"

bool topic_has(const struct topic *t, const char *channel, size_t len)
{
	struct chan_parts parts;

	if (!t->is_pattern)
		return len == t->len && memcmp(channel, t->name, len) == 0;
	/* The stages of this very project, and nothing that merely looks like one. */
	return len >= t->len && memcmp(channel, t->name, t->len - 1) == 0 &&
	    chan_parse(channel, len, &parts) && parts.stage == channel + t->len - 1;
}

struct hub_message subs_message(
    const struct subs *s, const struct topic *t, const char *text, size_t len)
{
	struct hub_message m = {.text = text, .len = len};

	/* Only one stage has an end. */
	if (len > 0 && (!t->is_pattern || s->conf.event_names)) {
		struct json_slice type = msg_type(text, len);

		m.type = type.s;
		m.type_len = type.len;
	}
	return m;
}

/* The topic that a message came for by this name of a subscription. */
static struct topic *find(struct subs *s, const struct reply *reply)
{
	const struct reply *name = &reply->elem[1], *channel = &reply->elem[reply->n - 2];
	bool is_pattern = reply->n == 4;
	struct chan_parts parts;
	char own[CHAN_NAME_MAX + 1];
	struct topic *t;

	if (!is_pattern) {
		t = topics_find(&s->topics, name->str, name->len, false);
	} else if (name->len == strlen(s->wide_name) &&
	    memcmp(name->str, s->wide_name, name->len) == 0) {
		if (!chan_parse(channel->str, channel->len, &parts))
			return NULL;
		size_t n = (size_t)(parts.stage - channel->str);
		if (n >= sizeof own)
			return NULL;
		memcpy(own, channel->str, n);
		own[n] = '*';
		t = topics_find(&s->topics, own, n + 1, true);
		if (t != NULL && t->narrow)
			return NULL; /* it comes from there */
	} else {
		t = topics_find(&s->topics, name->str, name->len, true);
		if (t != NULL && !t->narrow)
			return NULL;
	}
	return t != NULL && t->state == TOPIC_ON ? t : NULL;
}

void push_reply(struct subs *s, const struct reply *reply)
{
	const struct reply *channel = &reply->elem[reply->n - 2];
	const struct reply *text = &reply->elem[reply->n - 1];
	struct msg_sp sp;

	if (channel->type != REPLY_STRING || text->type != REPLY_STRING ||
	    reply->elem[1].type != REPLY_STRING)
		return;
	struct topic *t = find(s, reply);
	if (t == NULL || !topic_has(t, channel->str, channel->len))
		return;
	struct hub_message m = subs_message(s, t, text->str, text->len);
	if (msg_sp(text->str, text->len, &sp) && sp.has_id) {
		m.has_id = true;
		m.id = sp.id;
	}
	hub_message(&t->hub, &m);
}

void push_gap(struct hub_topic *hub, struct buf *text, struct id after, struct id before)
{
	const struct topic *t = topic_of(hub);
	struct chan_parts parts;
	struct msg_from from = {NULL, NULL};
	char *name = xstrdup(t->name), *project = NULL, *stage = NULL;

	if (t->is_pattern)
		name[t->len - 1] = 'x';
	if (chan_parse(name, t->len, &parts)) {
		from.project = project = xstrndup(parts.project, parts.project_len);
		if (!t->is_pattern)
			from.stage = stage = xstrndup(parts.stage, parts.stage_len);
	}
	note_gap(text, &from, after, before);
	free(name);
	free(project);
	free(stage);
}
