/* SPDX-License-Identifier: MIT */
/*
 * dialect_cohere: https://docs.cohere.com/v2/docs/streaming and, with event_type, its version 1.
 *
 *	message-start (content-start content-delta… content-end)… tool-plan-delta…
 *	(tool-call-start tool-call-delta… tool-call-end)… message-end                 v2
 *	stream-start text-generation… tool-calls-generation stream-end                v1
 */

#include "dialect_json.h"
#include "dialect_kinds.h"

enum { TYPE, V1_TYPE, INDEX, DELTA, TEXT, CALLS, FINISH, RESPONSE, ERROR, MESSAGE, COUNT };
static const struct dialect_name names[COUNT] = {
    [TYPE] = DIALECT_NAME("type"),
    [V1_TYPE] = DIALECT_NAME("event_type"),
    [INDEX] = DIALECT_NAME("index"),
    [DELTA] = DIALECT_NAME("delta"),
    [TEXT] = DIALECT_NAME("text"),
    [CALLS] = DIALECT_NAME("tool_calls"),
    [FINISH] = DIALECT_NAME("finish_reason"),
    [RESPONSE] = DIALECT_NAME("response"),
    [ERROR] = DIALECT_NAME("error"),
    [MESSAGE] = DIALECT_NAME("message"),
};

/* --- Version 2: {"type":"…","index":0,"delta":{"message":{…}}} */

static void take_content(struct dialect_facts *f, struct json_slice content)
{
	dialect_say(f, DIALECT_REASONING, json_string(dialect_find(content, "thinking")));
	dialect_say(f, DIALECT_TEXT, json_string(dialect_find(content, "text")));
}

/* Of one call at a time, though the name is plural. */
static void take_call(struct dialect_facts *f, long long index, struct json_slice call)
{
	struct json_slice function = dialect_find(call, "function");
	struct dialect_slot *slot = dialect_slot(f, index);

	if (slot == NULL)
		return;
	dialect_slot_names(f, slot, dialect_find(call, "id"), dialect_find(function, "name"));
	dialect_slot_add(f, slot, dialect_find(function, "arguments"));
}

static void take_call_end(struct dialect_facts *f, long long index)
{
	for (size_t i = f->calls.told; i < f->calls.n; i++)
		if (f->calls.slots[i].key == index)
			f->calls.slots[i].whole = true;
	dialect_calls_tell(f);
}

static void take_end(struct dialect_facts *f, struct json_slice delta)
{
	dialect_finish(f, dialect_find(delta, "finish_reason"));
	dialect_usage(f, dialect_find(delta, "usage"));
	dialect_error(f, dialect_find(delta, "error"));
	f->ended = true;
}

static bool take_event(struct dialect_facts *f, struct json_slice type, const struct json_slice *v)
{
	struct json_slice message = dialect_find(v[DELTA], "message");
	long long index = dialect_count(v[INDEX]);

	if (json_means(type, "content-delta") || json_means(type, "content-start"))
		take_content(f, dialect_find(message, "content"));
	else if (json_means(type, "tool-plan-delta"))
		dialect_say(f, DIALECT_REASONING, json_string(dialect_find(message, "tool_plan")));
	else if (json_means(type, "tool-call-start") || json_means(type, "tool-call-delta"))
		take_call(f, index, dialect_find(message, "tool_calls"));
	else if (json_means(type, "tool-call-end"))
		take_call_end(f, index);
	else if (json_means(type, "message-end"))
		take_end(f, v[DELTA]);
	else
		return json_means(type, "message-start") || json_means(type, "content-end") ||
		    json_means(type, "citation-start") || json_means(type, "citation-end");
	return true;
}

/* --- Version 1: {"event_type":"…","text":"…"} */

static void take_v1_calls(struct dialect_facts *f, struct json_slice calls)
{
	struct dialect_items it;
	struct json_slice call, none = {NULL, 0};

	dialect_items(&it, calls);
	while (dialect_items_next(&it, &call))
		dialect_call_whole(
		    f, none, dialect_find(call, "name"), dialect_find(call, "parameters"));
}

static void take_v1_event(
    struct dialect_facts *f, struct json_slice type, const struct json_slice *v)
{
	if (json_means(type, "text-generation"))
		dialect_say(f, DIALECT_TEXT, json_string(v[TEXT]));
	else if (json_means(type, "tool-calls-generation"))
		take_v1_calls(f, v[CALLS]);
	if (!json_means(type, "stream-end"))
		return;
	dialect_finish(f, v[FINISH]);
	dialect_usage(f, dialect_find(v[RESPONSE], "meta"));
	dialect_error(f, v[ERROR]);
	f->ended = true;
}

enum dialect_took dialect_cohere(struct dialect_facts *f, struct json_slice event)
{
	struct json_slice v[COUNT];

	if (dialect_event(event, names, COUNT, v) < 0)
		return DIALECT_BROKEN;
	if (take_event(f, json_string(v[TYPE]), v))
		return DIALECT_TAKEN;
	if (json_string(v[V1_TYPE]).len > 0) {
		take_v1_event(f, json_string(v[V1_TYPE]), v);
		return DIALECT_TAKEN;
	}
	/* Instead of a stream: {"id":"…","message":"invalid api token"} */
	if (dialect_is_empty(v[ERROR]) && (v[TYPE].s != NULL || json_string(v[MESSAGE]).len == 0))
		return DIALECT_UNKNOWN;
	dialect_error(f, dialect_is_empty(v[ERROR]) ? event : v[ERROR]);
	return DIALECT_TAKEN;
}
