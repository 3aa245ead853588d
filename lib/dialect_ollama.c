/* SPDX-License-Identifier: MIT */
/*
 * dialect_ollama: https://github.com/ollama/ollama/blob/main/docs/api.md. A JSON object a line; the
 * last one has "done":true and what was counted.
 *
 *	{"model":"…","message":{"content":"Hi","thinking":"","tool_calls":[…]},"done":false}    chat
 *	{"model":"…","response":"Hi","thinking":"","done":false}                            generate
 */
#include <string.h>

#include "dialect_json.h"
#include "dialect_kinds.h"

static void take_tool_calls(struct dialect_facts *f, struct json_slice calls)
{
	enum { ID, NAME, ARGUMENTS, COUNT };
	static const struct dialect_name names[COUNT] = {
	    [ID] = DIALECT_NAME("id"),
	    [NAME] = DIALECT_NAME("name"),
	    [ARGUMENTS] = DIALECT_NAME("arguments"),
	};
	struct dialect_items it;
	struct json_slice call, v[COUNT];

	dialect_items(&it, calls);
	while (dialect_items_next(&it, &call)) {
		struct json_slice id = dialect_find(call, "id");
		if (dialect_members(dialect_find(call, "function"), names, COUNT, v) == 0)
			dialect_call_whole(f, id.s != NULL ? id : v[ID], v[NAME], v[ARGUMENTS]);
	}
}

static void take_message(struct dialect_facts *f, struct json_slice message)
{
	enum { THINKING, CONTENT, CALLS, COUNT };
	static const struct dialect_name names[COUNT] = {
	    [THINKING] = DIALECT_NAME("thinking"),
	    [CONTENT] = DIALECT_NAME("content"),
	    [CALLS] = DIALECT_NAME("tool_calls"),
	};
	struct json_slice v[COUNT];

	if (dialect_members(message, names, COUNT, v) < 0)
		return;
	dialect_say(f, DIALECT_REASONING, json_string(v[THINKING]));
	dialect_say(f, DIALECT_TEXT, json_string(v[CONTENT]));
	take_tool_calls(f, v[CALLS]);
}

static bool ends_with(struct json_slice key, const char *end)
{
	size_t n = strlen(end);

	return key.len > n && memcmp(key.s + key.len - n, end, n) == 0;
}

/* The counts and durations of the last object, as an object of their own. */
static void take_counts(struct dialect_facts *f, struct json_slice event)
{
	struct json_walk w;
	struct json_member m;
	struct buf b;

	buf_init(&b, event.len + 2);
	json_walk(&w, event.s, event.len);
	/* No addition can fail: what is added is part of the event. */
	while (json_next(&w, &m) == 1)
		if (ends_with(m.key, "_count") || ends_with(m.key, "_duration")) {
			(void)buf_addc(&b, b.len == 0 ? '{' : ',');
			(void)buf_addc(&b, '"');
			(void)buf_add(&b, m.key.s, m.key.len);
			(void)buf_add(&b, "\":", 2);
			(void)buf_add(&b, m.value.s, m.value.len);
		}
	if (b.len > 0 && buf_addc(&b, '}') == 0)
		dialect_usage(f, (struct json_slice){buf_head(&b), b.len});
	buf_fini(&b);
}

enum dialect_took dialect_ollama(struct dialect_facts *f, struct json_slice event)
{
	enum { MODEL, MESSAGE, THINKING, RESPONSE, DONE, REASON, ERROR, COUNT };
	static const struct dialect_name names[COUNT] = {
	    [MODEL] = DIALECT_NAME("model"),
	    [MESSAGE] = DIALECT_NAME("message"),
	    [THINKING] = DIALECT_NAME("thinking"),
	    [RESPONSE] = DIALECT_NAME("response"),
	    [DONE] = DIALECT_NAME("done"),
	    [REASON] = DIALECT_NAME("done_reason"),
	    [ERROR] = DIALECT_NAME("error"),
	};
	struct json_slice v[COUNT];

	if (dialect_event(event, names, COUNT, v) < 0)
		return DIALECT_BROKEN;
	if (v[DONE].s == NULL && !dialect_is_object(v[MESSAGE]) && v[RESPONSE].s == NULL &&
	    dialect_is_empty(v[ERROR]))
		return DIALECT_UNKNOWN;
	dialect_model(f, v[MODEL]);
	take_message(f, v[MESSAGE]);
	dialect_say(f, DIALECT_REASONING, json_string(v[THINKING]));
	dialect_say(f, DIALECT_TEXT, json_string(v[RESPONSE]));
	dialect_finish(f, v[REASON]);
	dialect_error(f, v[ERROR]);
	if (v[DONE].s != NULL && v[DONE].s[0] == 't') {
		take_counts(f, event);
		f->ended = true;
	}
	return DIALECT_TAKEN;
}
