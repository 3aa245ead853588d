/* SPDX-License-Identifier: MIT */
/*
 * dialect_anthropic: Messages, https://docs.anthropic.com/en/api/messages-streaming.
 *
 *	message_start (content_block_start content_block_delta… content_block_stop)…
 *	message_delta message_stop          and ping and error anywhere
 */

#include "dialect_json.h"
#include "dialect_kinds.h"

enum { TYPE, INDEX, MESSAGE, BLOCK, DELTA, USAGE, ERROR, COMPLETION, STOP, MODEL, COUNT };
static const struct dialect_name names[COUNT] = {
    [TYPE] = DIALECT_NAME("type"),
    [INDEX] = DIALECT_NAME("index"),
    [MESSAGE] = DIALECT_NAME("message"),
    [BLOCK] = DIALECT_NAME("content_block"),
    [DELTA] = DIALECT_NAME("delta"),
    [USAGE] = DIALECT_NAME("usage"),
    [ERROR] = DIALECT_NAME("error"),
    /* Of the completions that came before Messages, which are one event after the other. */
    [COMPLETION] = DIALECT_NAME("completion"),
    [STOP] = DIALECT_NAME("stop_reason"),
    [MODEL] = DIALECT_NAME("model"),
};

static void take_start(struct dialect_facts *f, struct json_slice message)
{
	enum { M_MODEL, M_USAGE, M_COUNT };
	static const struct dialect_name message_names[M_COUNT] = {
	    [M_MODEL] = DIALECT_NAME("model"), [M_USAGE] = DIALECT_NAME("usage")};
	struct json_slice v[M_COUNT];

	if (dialect_members(message, message_names, M_COUNT, v) < 0)
		return;
	dialect_model(f, v[M_MODEL]);
	dialect_usage_over(f, v[M_USAGE]);
}

/* Only tool_use is for the caller: the server's own tools (server_tool_use, mcp_tool_use) are not.
 * Some that imitate Anthropic send all of the input here and no delta. */
static void take_block(struct dialect_facts *f, long long index, struct json_slice block)
{
	enum { B_TYPE, B_TEXT, B_THINKING, B_ID, B_NAME, B_INPUT, B_COUNT };
	static const struct dialect_name block_names[B_COUNT] = {
	    [B_TYPE] = DIALECT_NAME("type"),
	    [B_TEXT] = DIALECT_NAME("text"),
	    [B_THINKING] = DIALECT_NAME("thinking"),
	    [B_ID] = DIALECT_NAME("id"),
	    [B_NAME] = DIALECT_NAME("name"),
	    [B_INPUT] = DIALECT_NAME("input"),
	};
	struct json_slice v[B_COUNT];

	if (dialect_members(block, block_names, B_COUNT, v) < 0)
		return;
	if (dialect_is(v[B_TYPE], "text"))
		dialect_say(f, DIALECT_TEXT, json_string(v[B_TEXT]));
	else if (dialect_is(v[B_TYPE], "thinking"))
		dialect_say(f, DIALECT_REASONING, json_string(v[B_THINKING]));
	if (!dialect_is(v[B_TYPE], "tool_use"))
		return;
	struct dialect_slot *slot = dialect_slot_new(f, index);
	if (slot == NULL)
		return;
	dialect_slot_names(f, slot, v[B_ID], v[B_NAME]);
	dialect_slot_set(f, slot, v[B_INPUT]);
}

static struct dialect_slot *open_slot(struct dialect_facts *f, long long index)
{
	struct dialect_slot *slot = dialect_slot_last(f);

	return slot != NULL && slot->key == index ? slot : NULL;
}

/* The first piece of text takes the place of the input, which is {} then. */
static void add_input(struct dialect_facts *f, long long index, struct json_slice piece)
{
	struct dialect_slot *slot = open_slot(f, index);

	if (slot == NULL || json_string(piece).s == NULL)
		return;
	if (slot->is_json)
		dialect_slot_set(f, slot, piece);
	else
		dialect_slot_add(f, slot, piece);
}

static void take_delta(struct dialect_facts *f, long long index, struct json_slice delta)
{
	enum { D_TYPE, D_TEXT, D_THINKING, D_JSON, D_COUNT };
	static const struct dialect_name delta_names[D_COUNT] = {
	    [D_TYPE] = DIALECT_NAME("type"),
	    [D_TEXT] = DIALECT_NAME("text"),
	    [D_THINKING] = DIALECT_NAME("thinking"),
	    [D_JSON] = DIALECT_NAME("partial_json"),
	};
	struct json_slice v[D_COUNT];

	if (dialect_members(delta, delta_names, D_COUNT, v) < 0)
		return;
	if (dialect_is(v[D_TYPE], "text_delta"))
		dialect_say(f, DIALECT_TEXT, json_string(v[D_TEXT]));
	else if (dialect_is(v[D_TYPE], "thinking_delta"))
		dialect_say(f, DIALECT_REASONING, json_string(v[D_THINKING]));
	else if (dialect_is(v[D_TYPE], "input_json_delta"))
		add_input(f, index, v[D_JSON]);
}

static void take_stop(struct dialect_facts *f, long long index)
{
	struct dialect_slot *slot = open_slot(f, index);

	if (slot != NULL)
		slot->whole = true;
	dialect_calls_tell(f);
}

static void take_completion(struct dialect_facts *f, const struct json_slice *v)
{
	dialect_model(f, v[MODEL]);
	dialect_say(f, DIALECT_TEXT, json_string(v[COMPLETION]));
	dialect_finish(f, v[STOP]);
}

static bool take_event(struct dialect_facts *f, struct json_slice type, const struct json_slice *v)
{
	long long index = dialect_count(v[INDEX]);

	if (json_means(type, "content_block_delta")) {
		take_delta(f, index, v[DELTA]);
	} else if (json_means(type, "message_start")) {
		take_start(f, v[MESSAGE]);
	} else if (json_means(type, "content_block_start")) {
		take_block(f, index, v[BLOCK]);
	} else if (json_means(type, "content_block_stop")) {
		take_stop(f, index);
	} else if (json_means(type, "message_delta")) {
		dialect_finish(f, dialect_find(v[DELTA], "stop_reason"));
		dialect_usage_over(f, v[USAGE]);
	} else if (json_means(type, "message_stop")) {
		f->ended = true;
	} else if (json_means(type, "completion")) {
		take_completion(f, v);
	} else {
		return json_means(type, "ping");
	}
	return true;
}

enum dialect_took dialect_anthropic(struct dialect_facts *f, struct json_slice event)
{
	struct json_slice v[COUNT];

	if (dialect_event(event, names, COUNT, v) < 0)
		return DIALECT_BROKEN;
	if (take_event(f, json_string(v[TYPE]), v))
		return DIALECT_TAKEN;
	if (dialect_is_empty(v[ERROR]))
		return DIALECT_UNKNOWN;
	dialect_error(f, v[ERROR]);
	return DIALECT_TAKEN;
}
