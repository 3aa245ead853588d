/* SPDX-License-Identifier: MIT */
/*
 * dialect_responses: https://platform.openai.com/docs/api-reference/responses-streaming.
 *
 *	{"type":"response.output_text.delta","output_index":1,"delta":"Hi"}
 *
 * What ends with .done repeats what the deltas said, and response.completed repeats it all.
 */
#include <string.h>

#include "dialect_json.h"
#include "dialect_kinds.h"

enum { TYPE, RESPONSE, DELTA, INDEX, ITEM, ARGUMENTS, INPUT, ERROR, COUNT };
static const struct dialect_name names[COUNT] = {
    [TYPE] = DIALECT_NAME("type"),
    [RESPONSE] = DIALECT_NAME("response"),
    [DELTA] = DIALECT_NAME("delta"),
    [INDEX] = DIALECT_NAME("output_index"),
    [ITEM] = DIALECT_NAME("item"),
    [ARGUMENTS] = DIALECT_NAME("arguments"),
    [INPUT] = DIALECT_NAME("input"),
    [ERROR] = DIALECT_NAME("error"),
};

/* What an event does. */
enum act {
	IGNORE,
	SAY_TEXT,
	SAY_REFUSAL,
	SAY_REASONING,
	SAY_SUMMARY,
	ADD,
	SET,
	ITEM_NEW,
	ITEM_WHOLE
};
static const struct {
	struct dialect_name type; /* behind "response." */
	enum act act;
} acts[] = {
    {DIALECT_NAME("output_text.delta"), SAY_TEXT},
    {DIALECT_NAME("refusal.delta"), SAY_REFUSAL},
    {DIALECT_NAME("reasoning_text.delta"), SAY_REASONING},
    {DIALECT_NAME("reasoning.delta"), SAY_REASONING},
    {DIALECT_NAME("reasoning_summary_text.delta"), SAY_SUMMARY},
    {DIALECT_NAME("function_call_arguments.delta"), ADD},
    {DIALECT_NAME("custom_tool_call_input.delta"), ADD},
    {DIALECT_NAME("function_call_arguments.done"), SET},
    {DIALECT_NAME("custom_tool_call_input.done"), SET},
    {DIALECT_NAME("output_item.added"), ITEM_NEW},
    {DIALECT_NAME("output_item.done"), ITEM_WHOLE},
};

static enum act act_of(struct json_slice type)
{
	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
		if (type.len == acts[i].type.len && memcmp(type.s, acts[i].type.s, type.len) == 0)
			return acts[i].act;
	return IGNORE;
}

/* A thought and its summary are two forms of the same. */
static void say_reasoning(struct dialect_facts *f, enum act form, struct json_slice delta)
{
	if (f->reasoning_form == 0 && delta.len > 0)
		f->reasoning_form = (int)form;
	if (f->reasoning_form == (int)form)
		dialect_say(f, DIALECT_REASONING, delta);
}

static void take_item(
    struct dialect_facts *f, long long index, struct json_slice item, bool is_whole)
{
	enum { I_TYPE, I_ID, I_NAME, I_ARGUMENTS, I_INPUT, I_COUNT };
	static const struct dialect_name item_names[I_COUNT] = {
	    [I_TYPE] = DIALECT_NAME("type"),
	    [I_ID] = DIALECT_NAME("call_id"),
	    [I_NAME] = DIALECT_NAME("name"),
	    [I_ARGUMENTS] = DIALECT_NAME("arguments"),
	    [I_INPUT] = DIALECT_NAME("input"),
	};
	struct json_slice v[I_COUNT];

	if (dialect_members(item, item_names, I_COUNT, v) < 0 ||
	    (!dialect_is(v[I_TYPE], "function_call") && !dialect_is(v[I_TYPE], "custom_tool_call")))
		return;
	struct dialect_slot *slot = dialect_slot(f, index);
	if (slot == NULL)
		return;
	struct json_slice arguments = v[I_ARGUMENTS].s != NULL ? v[I_ARGUMENTS] : v[I_INPUT];
	dialect_slot_names(f, slot, v[I_ID], v[I_NAME]);
	if (!dialect_is_empty(arguments))
		dialect_slot_set(f, slot, arguments);
	slot->whole = is_whole;
	dialect_calls_tell(f);
}

/* Arguments outside of a call that began are of something else: a server's own tool. */
static void take_arguments(
    struct dialect_facts *f, long long index, enum act act, struct json_slice value)
{
	for (size_t i = f->calls.told; i < f->calls.n; i++)
		if (f->calls.slots[i].key == index && act == ADD)
			dialect_slot_add(f, &f->calls.slots[i], value);
		else if (f->calls.slots[i].key == index && !dialect_is_empty(value))
			dialect_slot_set(f, &f->calls.slots[i], value);
}

/* created, in_progress, completed, incomplete, failed: the last three end the stream. */
static void take_response(
    struct dialect_facts *f, struct json_slice type, struct json_slice response)
{
	enum { R_MODEL, R_STATUS, R_USAGE, R_ERROR, R_COUNT };
	static const struct dialect_name response_names[R_COUNT] = {
	    [R_MODEL] = DIALECT_NAME("model"),
	    [R_STATUS] = DIALECT_NAME("status"),
	    [R_USAGE] = DIALECT_NAME("usage"),
	    [R_ERROR] = DIALECT_NAME("error"),
	};
	struct json_slice v[R_COUNT];
	bool is_failed = json_means(type, "failed");

	(void)dialect_members(response, response_names, R_COUNT, v); /* absent is empty */
	dialect_model(f, v[R_MODEL]);
	dialect_usage(f, v[R_USAGE]);
	dialect_error(f, v[R_ERROR]);
	if (!is_failed && !json_means(type, "completed") && !json_means(type, "incomplete") &&
	    !json_means(type, "cancelled"))
		return;
	dialect_finish(f, v[R_STATUS]);
	if (is_failed)
		dialect_error_text(f, "the response failed", strlen("the response failed"));
	f->ended = true;
}

static void take_act(struct dialect_facts *f, struct json_slice type, const struct json_slice *v)
{
	struct json_slice delta = json_string(v[DELTA]);
	long long index = dialect_count(v[INDEX]);
	enum act act = act_of(type);

	switch (act) {
	case IGNORE:
		if (dialect_is_object(v[RESPONSE]))
			take_response(f, type, v[RESPONSE]);
		break;
	case SAY_TEXT:
		dialect_say(f, DIALECT_TEXT, delta);
		break;
	case SAY_REFUSAL:
		dialect_say(f, DIALECT_REFUSAL, delta);
		break;
	case SAY_REASONING:
	case SAY_SUMMARY:
		say_reasoning(f, act, delta);
		break;
	case ADD:
		take_arguments(f, index, act, v[DELTA]);
		break;
	case SET:
		take_arguments(f, index, act, v[ARGUMENTS].s != NULL ? v[ARGUMENTS] : v[INPUT]);
		break;
	case ITEM_NEW:
	case ITEM_WHOLE:
		take_item(f, index, v[ITEM], act == ITEM_WHOLE);
		break;
	}
}

enum dialect_took dialect_responses(struct dialect_facts *f, struct json_slice event)
{
	static const struct dialect_name prefix = DIALECT_NAME("response.");
	struct json_slice v[COUNT];

	if (dialect_event(event, names, COUNT, v) < 0)
		return DIALECT_BROKEN;
	struct json_slice type = json_string(v[TYPE]);
	if (type.len > prefix.len && memcmp(type.s, prefix.s, prefix.len) == 0) {
		type.s += prefix.len;
		type.len -= prefix.len;
		take_act(f, type, v);
		return DIALECT_TAKEN;
	}
	if (dialect_is_empty(v[ERROR]) && !json_means(type, "error"))
		return DIALECT_UNKNOWN;
	/* The reference has code and message in the event itself; the servers send an object. */
	dialect_error(f, dialect_is_empty(v[ERROR]) ? event : v[ERROR]);
	return DIALECT_TAKEN;
}
