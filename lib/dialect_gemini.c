/* SPDX-License-Identifier: MIT */
/*
 * dialect_gemini: https://ai.google.dev/api/generate-content. Each event is a whole response; there
 * is no end marker, and older models send a finishReason with each event.
 *
 *	{"candidates":[{"content":{"parts":[{"text":"Hi"}]},"finishReason":"STOP"}],
 *	 "usageMetadata":{…},"modelVersion":"…"}
 */
#include "dialect_json.h"
#include "dialect_kinds.h"

static void take_call(struct dialect_facts *f, struct json_slice call)
{
	enum { ID, NAME, ARGS, COUNT };
	static const struct dialect_name names[COUNT] = {[ID] = DIALECT_NAME("id"),
	    [NAME] = DIALECT_NAME("name"),
	    [ARGS] = DIALECT_NAME("args")};
	struct json_slice v[COUNT];

	/* Without a name it is the rest of one whose arguments come in pieces: Vertex AI, on
	 * demand. */
	if (dialect_members(call, names, COUNT, v) == 0 && json_string(v[NAME]).len > 0)
		dialect_call_whole(f, v[ID], v[NAME], v[ARGS]);
}

static void take_part(struct dialect_facts *f, struct json_slice part)
{
	enum { TEXT, THOUGHT, CALL, COUNT };
	static const struct dialect_name names[COUNT] = {
	    [TEXT] = DIALECT_NAME("text"),
	    [THOUGHT] = DIALECT_NAME("thought"),
	    [CALL] = DIALECT_NAME("functionCall"),
	};
	struct json_slice v[COUNT];

	if (dialect_members(part, names, COUNT, v) < 0)
		return;
	bool is_thought = v[THOUGHT].s != NULL && v[THOUGHT].s[0] == 't';
	dialect_say(f, is_thought ? DIALECT_REASONING : DIALECT_TEXT, json_string(v[TEXT]));
	take_call(f, v[CALL]);
}

static void take_content(struct dialect_facts *f, struct json_slice content)
{
	struct dialect_items it;
	struct json_slice part;

	dialect_items(&it, dialect_find(content, "parts"));
	while (dialect_items_next(&it, &part))
		take_part(f, part);
}

static void take_candidate(struct dialect_facts *f, struct json_slice candidate)
{
	enum { INDEX, CONTENT, FINISH, COUNT };
	static const struct dialect_name names[COUNT] = {
	    [INDEX] = DIALECT_NAME("index"),
	    [CONTENT] = DIALECT_NAME("content"),
	    [FINISH] = DIALECT_NAME("finishReason"),
	};
	struct json_slice v[COUNT];

	if (dialect_members(candidate, names, COUNT, v) < 0 ||
	    (v[INDEX].s != NULL && dialect_count(v[INDEX]) != 0))
		return;
	take_content(f, v[CONTENT]);
	dialect_finish(f, v[FINISH]);
}

static void take_candidates(struct dialect_facts *f, struct json_slice candidates)
{
	struct dialect_items it;
	struct json_slice candidate;

	dialect_items(&it, candidates);
	while (dialect_items_next(&it, &candidate))
		take_candidate(f, candidate);
}

enum dialect_took dialect_gemini(struct dialect_facts *f, struct json_slice event)
{
	enum { CANDIDATES, FEEDBACK, USAGE, MODEL, ERROR, COUNT };
	static const struct dialect_name names[COUNT] = {
	    [CANDIDATES] = DIALECT_NAME("candidates"),
	    [FEEDBACK] = DIALECT_NAME("promptFeedback"),
	    [USAGE] = DIALECT_NAME("usageMetadata"),
	    [MODEL] = DIALECT_NAME("modelVersion"),
	    [ERROR] = DIALECT_NAME("error"),
	};
	struct json_slice v[COUNT];

	if (dialect_event(event, names, COUNT, v) < 0)
		return DIALECT_BROKEN;
	if (v[CANDIDATES].s == NULL && v[FEEDBACK].s == NULL && v[USAGE].s == NULL &&
	    dialect_is_empty(v[ERROR]))
		return DIALECT_UNKNOWN;
	take_candidates(f, v[CANDIDATES]);
	dialect_finish(f, dialect_find(v[FEEDBACK], "blockReason"));
	dialect_usage(f, v[USAGE]);
	dialect_model(f, v[MODEL]);
	dialect_error(f, v[ERROR]);
	return DIALECT_TAKEN;
}
