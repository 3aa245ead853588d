/* SPDX-License-Identifier: MIT */
/*
 * dialect_openai: chat and legacy completions, https://platform.openai.com/docs/api-reference/chat.
 *
 *	{"model":"…","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}],"usage":…}
 *
 * and what those add who imitate it: reasoning in three places, content in parts, usage elsewhere,
 * a whole `message` where a delta should be.
 */
#include <string.h>

#include "dialect_json.h"
#include "dialect_kinds.h"

/* --- Tool calls: [{"index":0,"id":"…","function":{"name":"…","arguments":"{\"ci"}}] */

/* The slot that a piece belongs to. A piece without an index belongs to the call before, unless it
 * begins one. Some give the same index to all calls, and others a new id to each piece: only an id
 * that is new and comes with a name begins a call. */
static struct dialect_slot *find_slot(
    struct dialect_facts *f, long long index, struct json_slice id, bool has_name)
{
	struct dialect_slot *slot = index >= 0 ? dialect_slot(f, index) : dialect_slot_last(f);

	if (slot == NULL)
		return index >= 0 ? NULL : dialect_slot(f, 0);
	bool is_other = slot->id.len > 0 && id.len > 0 &&
	    (id.len != slot->id.len || memcmp(id.s, buf_head(&slot->id), id.len) != 0);
	bool is_next = index < 0 && slot->name.len > 0 && id.len == 0;
	if (has_name && (is_other || is_next))
		return dialect_slot_new(f, index >= 0 ? index : slot->key);
	return slot;
}

static void take_function(
    struct dialect_facts *f, long long index, struct json_slice id, struct json_slice function)
{
	enum { NAME, ARGUMENTS, INPUT, COUNT };
	static const struct dialect_name names[COUNT] = {
	    [NAME] = DIALECT_NAME("name"),
	    [ARGUMENTS] = DIALECT_NAME("arguments"),
	    [INPUT] = DIALECT_NAME("input"), /* of a custom tool */
	};
	struct json_slice v[COUNT];

	(void)dialect_members(function, names, COUNT, v); /* absent is empty */
	struct dialect_slot *slot =
	    find_slot(f, index, json_string(id), json_string(v[NAME]).len > 0);
	if (slot == NULL)
		return;
	dialect_slot_names(f, slot, id, v[NAME]);
	dialect_slot_add(f, slot, v[ARGUMENTS].s != NULL ? v[ARGUMENTS] : v[INPUT]);
}

static void take_tool_calls(struct dialect_facts *f, struct json_slice calls)
{
	enum { INDEX, ID, FUNCTION, CUSTOM, COUNT };
	static const struct dialect_name names[COUNT] = {
	    [INDEX] = DIALECT_NAME("index"),
	    [ID] = DIALECT_NAME("id"),
	    [FUNCTION] = DIALECT_NAME("function"),
	    [CUSTOM] = DIALECT_NAME("custom"),
	};
	struct dialect_items it;
	struct json_slice v[COUNT], call;

	dialect_items(&it, calls);
	while (dialect_items_next(&it, &call))
		if (dialect_members(call, names, COUNT, v) == 0)
			take_function(f, dialect_count(v[INDEX]), v[ID],
			    v[FUNCTION].s != NULL ? v[FUNCTION] : v[CUSTOM]);
}

/* --- Content: a string, or parts: [{"type":"thinking","thinking":[{"text":"…"}]},{"text":"…"}] */

static void say_parts(
    struct dialect_facts *f, enum dialect_said what, struct json_slice value, int depth);

static void say_part(
    struct dialect_facts *f, enum dialect_said what, struct json_slice part, int depth)
{
	enum { TEXT, THINKING, SUMMARY, REFUSAL, COUNT };
	static const struct dialect_name names[COUNT] = {
	    [TEXT] = DIALECT_NAME("text"),
	    [THINKING] = DIALECT_NAME("thinking"),
	    [SUMMARY] = DIALECT_NAME("summary"), /* in OpenRouter's reasoning_details */
	    [REFUSAL] = DIALECT_NAME("refusal"),
	};
	struct json_slice v[COUNT];

	if (dialect_members(part, names, COUNT, v) < 0)
		return;
	say_parts(f, DIALECT_REASONING, v[THINKING], depth + 1);
	say_parts(f, what, v[TEXT], depth + 1);
	say_parts(f, DIALECT_REASONING, v[SUMMARY], depth + 1);
	say_parts(f, DIALECT_REFUSAL, v[REFUSAL], depth + 1);
}

static void say_parts(
    struct dialect_facts *f, enum dialect_said what, struct json_slice value, int depth)
{
	struct dialect_items it;
	struct json_slice part;

	if (value.s == NULL || depth > 2) /* parts, parts of a thought, their text */
		return;
	if (value.s[0] == '"') {
		dialect_say(f, what, json_string(value));
		return;
	}
	if (value.s[0] == '{')
		say_part(f, what, value, depth);
	dialect_items(&it, value);
	while (dialect_items_next(&it, &part))
		say_part(f, what, part, depth);
}

/* --- Choices. */

static void take_delta(struct dialect_facts *f, struct json_slice delta)
{
	/* The forms of reasoning in order of preference: where two come together they are equal. */
	enum { CONTENT, REASONING, DETAILS = REASONING + 2, REFUSAL, CALLS, CALL, COUNT };
	static const struct dialect_name names[COUNT] = {
	    [CONTENT] = DIALECT_NAME("content"),
	    [REASONING] = DIALECT_NAME("reasoning_content"),
	    [REASONING + 1] = DIALECT_NAME("reasoning"),
	    [DETAILS] = DIALECT_NAME("reasoning_details"),
	    [REFUSAL] = DIALECT_NAME("refusal"),
	    [CALLS] = DIALECT_NAME("tool_calls"),
	    [CALL] = DIALECT_NAME("function_call"), /* before there were tools */
	};
	struct json_slice v[COUNT];

	if (dialect_members(delta, names, COUNT, v) < 0)
		return;
	for (int i = REASONING; i <= DETAILS; i++)
		if (!dialect_is_empty(v[i])) {
			say_parts(f, DIALECT_REASONING, v[i], 0);
			break;
		}
	say_parts(f, DIALECT_TEXT, v[CONTENT], 0);
	dialect_say(f, DIALECT_REFUSAL, json_string(v[REFUSAL]));
	take_tool_calls(f, v[CALLS]);
	if (dialect_is_object(v[CALL]))
		take_function(f, 0, (struct json_slice){NULL, 0}, v[CALL]);
}

/* The text of choice 0 is the text; the others are other answers to the same question. */
static void take_choice(struct dialect_facts *f, struct json_slice choice)
{
	enum { INDEX, DELTA, MESSAGE, TEXT, FINISH, ERROR, USAGE, COUNT };
	static const struct dialect_name names[COUNT] = {
	    [INDEX] = DIALECT_NAME("index"),
	    [DELTA] = DIALECT_NAME("delta"),
	    [MESSAGE] = DIALECT_NAME("message"), /* all of the answer, if there is no delta */
	    [TEXT] = DIALECT_NAME("text"),       /* legacy; some send it with the delta too */
	    [FINISH] = DIALECT_NAME("finish_reason"),
	    [ERROR] = DIALECT_NAME("error"), /* OpenRouter */
	    [USAGE] = DIALECT_NAME("usage"), /* Moonshot */
	};
	struct json_slice v[COUNT];

	if (dialect_members(choice, names, COUNT, v) < 0 ||
	    (v[INDEX].s != NULL && dialect_count(v[INDEX]) != 0))
		return;
	if (dialect_is_object(v[DELTA]))
		take_delta(f, v[DELTA]);
	else if (dialect_is_object(v[MESSAGE]))
		take_delta(f, v[MESSAGE]);
	else
		dialect_say(f, DIALECT_TEXT, json_string(v[TEXT]));
	dialect_finish(f, v[FINISH]);
	dialect_error(f, v[ERROR]);
	dialect_usage(f, v[USAGE]);
}

static void take_choices(struct dialect_facts *f, struct json_slice choices)
{
	struct dialect_items it;
	struct json_slice choice;

	dialect_items(&it, choices);
	while (dialect_items_next(&it, &choice))
		take_choice(f, choice);
}

enum dialect_took dialect_openai(struct dialect_facts *f, struct json_slice event)
{
	enum { MODEL, CHOICES, USAGE, ERROR, OBJECT, GROQ, COUNT };
	static const struct dialect_name names[COUNT] = {
	    [MODEL] = DIALECT_NAME("model"),
	    [CHOICES] = DIALECT_NAME("choices"),
	    [USAGE] = DIALECT_NAME("usage"),
	    [ERROR] = DIALECT_NAME("error"),
	    [OBJECT] = DIALECT_NAME("object"),
	    [GROQ] = DIALECT_NAME("x_groq"), /* {"usage":…} */
	};
	struct json_slice v[COUNT];

	if (dialect_event(event, names, COUNT, v) < 0)
		return DIALECT_BROKEN;
	bool is_error = dialect_is(v[OBJECT], "error"); /* vLLM: the event is the error */
	if (v[CHOICES].s == NULL && v[USAGE].s == NULL && dialect_is_empty(v[ERROR]) && !is_error)
		return DIALECT_UNKNOWN;
	dialect_model(f, v[MODEL]);
	take_choices(f, v[CHOICES]);
	if (dialect_is_empty(v[USAGE]))
		v[USAGE] = dialect_find(v[GROQ], "usage");
	dialect_usage(f, v[USAGE]);
	dialect_error(f, dialect_is_empty(v[ERROR]) && is_error ? event : v[ERROR]);
	return DIALECT_TAKEN;
}
