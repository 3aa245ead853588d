/* SPDX-License-Identifier: MIT */
/* dialect_calls: tool calls, put together from their pieces. Slots are kept in the order of their
 * keys, and of their making where keys are equal. */
#include "dialect_facts.h"

#include <stdlib.h>

#include "dialect_json.h"

static void free_slot(struct dialect_slot *slot)
{
	buf_fini(&slot->id);
	buf_fini(&slot->name);
	buf_fini(&slot->arguments);
}

void dialect_calls_fini(struct dialect_calls *c)
{
	for (size_t i = c->told; i < c->n; i++)
		free_slot(&c->slots[i]);
	free(c->slots);
	*c = (struct dialect_calls){0};
}

struct dialect_slot *dialect_slot_new(struct dialect_facts *f, long long key)
{
	struct dialect_calls *c = &f->calls;
	size_t at = c->n;

	if (c->n == DIALECT_CALLS_MAX) {
		f->refused = "more tool calls than 128";
		return NULL;
	}
	if (c->n == c->size) {
		c->size = c->size > 0 ? 2 * c->size : 4;
		c->slots = xrealloc(c->slots, c->size * sizeof *c->slots);
	}
	for (; at > c->told && c->slots[at - 1].key > key; at--)
		c->slots[at] = c->slots[at - 1];
	c->n++;
	c->slots[at] = (struct dialect_slot){.key = key};
	buf_init(&c->slots[at].id, f->max);
	buf_init(&c->slots[at].name, f->max);
	buf_init(&c->slots[at].arguments, f->max);
	return &c->slots[at];
}

struct dialect_slot *dialect_slot(struct dialect_facts *f, long long key)
{
	for (size_t i = f->calls.n; i > f->calls.told; i--)
		if (f->calls.slots[i - 1].key == key)
			return &f->calls.slots[i - 1];
	return dialect_slot_new(f, key);
}

struct dialect_slot *dialect_slot_last(struct dialect_facts *f)
{
	return f->calls.n > f->calls.told ? &f->calls.slots[f->calls.n - 1] : NULL;
}

/* Adds to a part of a slot, within the bound of all together. */
static void add(struct dialect_facts *f, struct buf *part, struct json_slice raw)
{
	if (raw.len > f->max - f->calls.bytes) {
		f->refused = "tool calls longer than an event may be";
		return;
	}
	(void)buf_add(part, raw.s, raw.len); /* cannot fail: checked */
	f->calls.bytes += raw.len;
}

void dialect_slot_names(struct dialect_facts *f, struct dialect_slot *slot, struct json_slice id,
    struct json_slice name)
{
	struct json_slice i = json_string(id), n = json_string(name);

	if (slot->id.len == 0 && i.len > 0)
		add(f, &slot->id, i);
	if (slot->name.len == 0 && n.len > 0)
		add(f, &slot->name, n);
}

void dialect_slot_set(struct dialect_facts *f, struct dialect_slot *slot, struct json_slice value)
{
	struct json_slice text = json_string(value);

	if (value.s == NULL)
		return;
	f->calls.bytes -= slot->arguments.len;
	buf_clear(&slot->arguments);
	slot->is_json = text.s == NULL;
	if (value.len > 0)
		add(f, &slot->arguments, slot->is_json ? value : text);
}

void dialect_slot_add(struct dialect_facts *f, struct dialect_slot *slot, struct json_slice value)
{
	struct json_slice text = json_string(value);

	if (text.s == NULL || slot->is_json)
		dialect_slot_set(f, slot, value);
	else if (text.len > 0)
		add(f, &slot->arguments, text);
}

/* --- Telling. */

static void tell(struct dialect_facts *f, struct dialect_call *call)
{
	call->index = f->calls.index++;
	if (f->ops->on_tool_call != NULL)
		f->ops->on_tool_call(f->arg, call);
}

static bool has_valid_arguments(const struct dialect_facts *f, const struct dialect_slot *slot)
{
	struct buf plain;

	if (slot->is_json) /* Anthropic's calls begin with {} */
		return !dialect_is_empty(dialect_slice(&slot->arguments));
	buf_init(&plain, f->max);
	bool valid = slot->arguments.len > 0 &&
	    json_unescape(&plain, dialect_slice(&slot->arguments)) == 0 && plain.len > 0 &&
	    json_is_valid(buf_head(&plain), plain.len);
	buf_fini(&plain);
	return valid;
}

static void tell_slot(struct dialect_facts *f, bool only_valid)
{
	struct dialect_slot *slot = &f->calls.slots[f->calls.told++];
	struct dialect_call call = {
	    .id = dialect_slice(&slot->id),
	    .name = dialect_slice(&slot->name),
	    .arguments = slot->arguments.len > 0 ? dialect_slice(&slot->arguments)
						 : (struct json_slice){"", 0},
	    .is_json = slot->is_json,
	};

	if (!only_valid || has_valid_arguments(f, slot))
		tell(f, &call);
	f->calls.bytes -= slot->id.len + slot->name.len + slot->arguments.len;
	free_slot(slot);
}

void dialect_call_whole(struct dialect_facts *f, struct json_slice id, struct json_slice name,
    struct json_slice arguments)
{
	struct json_slice text = json_string(arguments);
	struct dialect_call call = {
	    .id = json_string(id).len > 0 ? json_string(id) : (struct json_slice){NULL, 0},
	    .name = json_string(name),
	    .arguments = text.s != NULL ? text
		: arguments.s != NULL   ? arguments
					: (struct json_slice){"{}", 2},
	    .is_json = text.s == NULL,
	};

	tell(f, &call);
}

/* Slots that are told are used again: the bound is on those that wait. */
static void reuse(struct dialect_calls *c)
{
	if (c->told == c->n)
		c->told = c->n = 0;
}

void dialect_calls_tell(struct dialect_facts *f)
{
	while (f->calls.told < f->calls.n && f->calls.slots[f->calls.told].whole)
		tell_slot(f, false);
	reuse(&f->calls);
}

void dialect_calls_end(struct dialect_facts *f, bool only_valid)
{
	while (f->calls.told < f->calls.n)
		tell_slot(f, only_valid && !f->calls.slots[f->calls.told].whole);
	reuse(&f->calls);
}
