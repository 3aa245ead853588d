/* SPDX-License-Identifier: MIT */
/* dialect_auto: whose event is this? Told by members that no other dialect has at the top level. */
#include <string.h>

#include "dialect_json.h"
#include "dialect_kinds.h"

enum {
	TYPE,
	EVENT_TYPE,
	CHOICES,
	CANDIDATES,
	FEEDBACK,
	DONE,
	ERROR,
	MESSAGE,
	SEQUENCE,
	OBJECT,
	ID,
	USAGE_METADATA,
	COUNT,
};
static const struct dialect_name names[COUNT] = {
    [TYPE] = DIALECT_NAME("type"),
    [EVENT_TYPE] = DIALECT_NAME("event_type"),
    [CHOICES] = DIALECT_NAME("choices"),
    [CANDIDATES] = DIALECT_NAME("candidates"),
    [FEEDBACK] = DIALECT_NAME("promptFeedback"),
    [DONE] = DIALECT_NAME("done"),
    [ERROR] = DIALECT_NAME("error"),
    [MESSAGE] = DIALECT_NAME("message"),
    [SEQUENCE] = DIALECT_NAME("sequence_number"),
    [OBJECT] = DIALECT_NAME("object"),
    [ID] = DIALECT_NAME("id"),
    [USAGE_METADATA] = DIALECT_NAME("usageMetadata"),
};

static bool begins_with(struct json_slice raw, const char *start)
{
	size_t n = strlen(start);

	return raw.len >= n && memcmp(raw.s, start, n) == 0;
}

/* By the type of an event; Anthropic writes it with underscores, Cohere with dashes. */
static enum dialect_kind tell_type(struct json_slice type)
{
	static const char *const anthropic[] = {"message_start", "content_block_", "message_delta",
	    "message_stop", "ping", "completion", NULL};
	static const char *const cohere[] = {
	    "message-", "content-", "tool-call-", "tool-plan-", "citation-", NULL};

	if (begins_with(type, "response."))
		return DIALECT_RESPONSES;
	for (int i = 0; anthropic[i] != NULL; i++)
		if (begins_with(type, anthropic[i]))
			return DIALECT_ANTHROPIC;
	for (int i = 0; cohere[i] != NULL; i++)
		if (begins_with(type, cohere[i]))
			return DIALECT_COHERE;
	return DIALECT_AUTO;
}

/* By the form of an error: {"error":"…"}, {"error":{"code":400,"status":"…"}},
 * {"error":{"type":"…"}} and {"type":"error","error":{"type":"…"}}. */
static enum dialect_kind tell_error(const struct json_slice *v)
{
	enum { E_TYPE, E_CODE, E_STATUS, E_COUNT };
	static const struct dialect_name error_names[E_COUNT] = {
	    [E_TYPE] = DIALECT_NAME("type"),
	    [E_CODE] = DIALECT_NAME("code"),
	    [E_STATUS] = DIALECT_NAME("status"),
	};
	struct json_slice e[E_COUNT];
	bool is_event = dialect_is(v[TYPE], "error");

	if (json_string(v[ERROR]).s != NULL && !is_event)
		return DIALECT_OLLAMA;
	if (dialect_members(v[ERROR], error_names, E_COUNT, e) < 0)
		return DIALECT_AUTO;
	if (is_event)
		return DIALECT_ANTHROPIC;
	return json_string(e[E_STATUS]).s != NULL && dialect_count(e[E_CODE]) >= 0 ? DIALECT_GEMINI
										   : DIALECT_OPENAI;
}

enum dialect_kind dialect_tell(struct json_slice event)
{
	struct json_slice v[COUNT];

	if (dialect_event(event, names, COUNT, v) < 0)
		return DIALECT_AUTO;
	if (v[CHOICES].s != NULL || dialect_is(v[OBJECT], "error"))
		return DIALECT_OPENAI;
	if (v[CANDIDATES].s != NULL || v[FEEDBACK].s != NULL || v[USAGE_METADATA].s != NULL)
		return DIALECT_GEMINI;
	if (v[DONE].s != NULL)
		return DIALECT_OLLAMA;
	if (v[EVENT_TYPE].s != NULL)
		return DIALECT_COHERE;
	enum dialect_kind kind = tell_type(json_string(v[TYPE]));
	if (kind != DIALECT_AUTO)
		return kind;
	if (dialect_is(v[TYPE], "error") && v[SEQUENCE].s != NULL)
		return DIALECT_RESPONSES;
	if (!dialect_is_empty(v[ERROR]))
		return tell_error(v);
	if (v[TYPE].s == NULL && v[ID].s != NULL && json_string(v[MESSAGE]).len > 0)
		return DIALECT_COHERE;
	return DIALECT_AUTO;
}
