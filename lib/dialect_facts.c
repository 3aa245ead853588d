/* SPDX-License-Identifier: MIT */
/* dialect_facts: what a stream has said so far. */
#include "dialect_facts.h"

#include <string.h>

#include "dialect_json.h"
#include "utf8.h"

void dialect_facts_init(struct dialect_facts *f, enum dialect_kind kind,
    const struct dialect_ops *ops, void *arg, size_t max)
{
	*f = (struct dialect_facts){.kind = kind, .ops = ops, .arg = arg, .max = max};
	buf_init(&f->joined, max + sizeof f->half[0]);
	buf_init(&f->model, max);
	buf_init(&f->finish, max);
	/* Twice: an overlay is as long as both of its layers. Escaped text may be six times as
	 * long. */
	buf_init(&f->usage, 2 * max);
	buf_init(&f->error, 6 * max + 2);
}

void dialect_facts_fini(struct dialect_facts *f)
{
	buf_fini(&f->joined);
	buf_fini(&f->model);
	buf_fini(&f->finish);
	buf_fini(&f->usage);
	buf_fini(&f->error);
	dialect_calls_fini(&f->calls);
}

struct json_slice dialect_slice(const struct buf *b)
{
	return b->len > 0 ? (struct json_slice){buf_head(b), b->len} : (struct json_slice){NULL, 0};
}

/* --- Text. */

/* Whether raw ends with the first half of a surrogate pair: a backslash that is not itself escaped,
 * u, D, 8 to B, and two more digits. */
static bool ends_in_half(struct json_slice raw)
{
	const char *s = raw.s + raw.len - 6;
	size_t slashes = 0;

	if (raw.len < 6 || s[0] != '\\' || s[1] != 'u' || (s[2] | 0x20) != 'd' ||
	    strchr("89abAB", s[3]) == NULL)
		return false;
	while (s - slashes > raw.s && s[-1 - (ptrdiff_t)slashes] == '\\')
		slashes++;
	return slashes % 2 == 0;
}

static void give(const struct dialect_facts *f, enum dialect_said what, struct json_slice raw)
{
	void (*const on[])(void *, struct json_slice) = {
	    [DIALECT_TEXT] = f->ops->on_text,
	    [DIALECT_REASONING] = f->ops->on_reasoning,
	    [DIALECT_REFUSAL] = f->ops->on_refusal,
	};

	if (on[what] != NULL)
		on[what](f->arg, raw);
}

void dialect_say(struct dialect_facts *f, enum dialect_said what, struct json_slice raw)
{
	if (raw.s == NULL || raw.len == 0)
		return;
	if (f->has_half[what]) {
		buf_clear(&f->joined);
		if (buf_add(&f->joined, f->half[what], sizeof f->half[what]) < 0 ||
		    buf_add(&f->joined, raw.s, raw.len) < 0)
			return; /* cannot be: raw is a part of one event */
		raw = (struct json_slice){buf_head(&f->joined), f->joined.len};
		f->has_half[what] = false;
	}
	if (ends_in_half(raw)) {
		raw.len -= sizeof f->half[what];
		memcpy(f->half[what], raw.s + raw.len, sizeof f->half[what]);
		f->has_half[what] = true;
	}
	if (raw.len > 0)
		give(f, what, raw);
}

void dialect_say_end(struct dialect_facts *f)
{
	for (int what = 0; what < DIALECT_SAID_COUNT; what++)
		if (f->has_half[what])
			give(f, (enum dialect_said)what,
			    (struct json_slice){f->half[what], sizeof f->half[what]});
	memset(f->has_half, 0, sizeof f->has_half);
}

/* --- What there is one of. */

static void set(struct buf *b, struct json_slice value)
{
	buf_clear(b);
	(void)buf_add(b, value.s, value.len); /* cannot fail: a part of one event */
}

void dialect_model(struct dialect_facts *f, struct json_slice value)
{
	struct json_slice model = json_string(value);

	if (f->model.len == 0 && model.len > 0)
		set(&f->model, model);
}

void dialect_finish(struct dialect_facts *f, struct json_slice value)
{
	struct json_slice reason = json_string(value);

	if (reason.len > 0)
		set(&f->finish, reason);
}

void dialect_usage(struct dialect_facts *f, struct json_slice value)
{
	if (dialect_is_object(value) && !dialect_is_empty(value))
		set(&f->usage, value);
}

/* Enough for any usage that was ever seen; what is beyond is dropped, and the work stays small. */
enum { USAGE_MEMBERS_MAX = 64 };

static size_t read_members(struct json_slice object, struct json_member *m)
{
	struct json_walk w;
	size_t n = 0;

	json_walk(&w, object.s, object.len);
	while (n < USAGE_MEMBERS_MAX && json_next(&w, &m[n]) == 1)
		n++;
	return n;
}

static const struct json_member *find(
    const struct json_member *m, size_t n, const struct json_member *like)
{
	for (size_t i = 0; i < n; i++)
		if (m[i].key.len == like->key.len &&
		    memcmp(m[i].key.s, like->key.s, like->key.len) == 0)
			return &m[i];
	return NULL;
}

static void add_member(
    struct buf *b, const struct json_member *name, const struct json_member *value)
{
	/* None of these can fail: b has room for both layers. */
	(void)buf_addc(b, b->len == 0 ? '{' : ',');
	(void)buf_addc(b, '"');
	(void)buf_add(b, name->key.s, name->key.len);
	(void)buf_add(b, "\":", 2);
	(void)buf_add(b, value->value.s, value->value.len);
}

void dialect_usage_over(struct dialect_facts *f, struct json_slice value)
{
	struct json_member under[USAGE_MEMBERS_MAX], over[USAGE_MEMBERS_MAX];
	struct buf b;

	if (f->usage.len == 0) {
		dialect_usage(f, value);
		return;
	}
	if (f->usage.len > f->max || !dialect_is_object(value))
		return;
	size_t nu = read_members(dialect_slice(&f->usage), under);
	size_t no = read_members(value, over);
	buf_init(&b, f->usage.max + 2);
	for (size_t i = 0; i < nu; i++) {
		const struct json_member *o = find(over, no, &under[i]);

		add_member(&b, &under[i], o == NULL || o->value.s[0] == 'n' ? &under[i] : o);
	}
	for (size_t i = 0; i < no; i++)
		if (find(under, nu, &over[i]) == NULL)
			add_member(&b, &over[i], &over[i]);
	if (buf_addc(&b, '}') == 0 && b.len > 1)
		set(&f->usage, (struct json_slice){buf_head(&b), b.len});
	buf_fini(&b);
}

/* Where providers keep the count; each has only one of these, or the one that comes first counts.
 */
long long dialect_tokens(const struct dialect_facts *f)
{
	enum { TOKENS, BILLED, FIRST, LAST = FIRST + 3, COUNT };
	static const struct dialect_name names[COUNT] = {
	    [TOKENS] = DIALECT_NAME("tokens"),                  /* Cohere: {"output_tokens":…} */
	    [BILLED] = DIALECT_NAME("billed_units"),            /* the same */
	    [FIRST] = DIALECT_NAME("completion_tokens"),        /* OpenAI */
	    [FIRST + 1] = DIALECT_NAME("output_tokens"),        /* Responses, Anthropic */
	    [FIRST + 2] = DIALECT_NAME("candidatesTokenCount"), /* Gemini */
	    [LAST] = DIALECT_NAME("eval_count"),                /* Ollama */
	};
	struct json_slice v[COUNT];

	if (dialect_members(dialect_slice(&f->usage), names, COUNT, v) < 0)
		return -1;
	for (int i = FIRST; i <= LAST; i++)
		if (v[i].s != NULL)
			return dialect_count(v[i]);
	struct json_slice inner = dialect_is_object(v[TOKENS]) ? v[TOKENS] : v[BILLED];
	return dialect_count(dialect_find(inner, "output_tokens"));
}

/* --- Errors. */

/* The part of an error that is for people: a string, or all of it. */
static struct json_slice error_sentence(struct json_slice value)
{
	enum { MESSAGE, ERROR, DETAIL, COUNT };
	static const struct dialect_name names[COUNT] = {
	    [MESSAGE] = DIALECT_NAME("message"),
	    [ERROR] = DIALECT_NAME("error"),
	    [DETAIL] = DIALECT_NAME("detail"),
	};
	struct json_slice v[COUNT], whole = value;

	/* {"error":{"error":{"message":…}}} was seen; deeper than that was not. */
	for (int i = 0; i < 4 && dialect_is_object(value); i++) {
		(void)dialect_members(value, names, COUNT, v); /* part of a valid event */
		value = !dialect_is_empty(v[MESSAGE]) ? v[MESSAGE]
		    : !dialect_is_empty(v[ERROR])     ? v[ERROR]
						      : v[DETAIL];
	}
	return json_string(value).len > 0 ? json_string(value) : whole;
}

/* One line of valid UTF-8 that is cut between characters. */
static void set_message(struct dialect_facts *f, const char *text, size_t len)
{
	char line[sizeof f->message];

	why_quote(line, sizeof line, text, len);
	size_t n = utf8_valid(line, strlen(line));
	memcpy(f->message, line, n);
	f->message[n] = '\0';
}

void dialect_error(struct dialect_facts *f, struct json_slice value)
{
	struct buf plain;

	if (f->error.len > 0 || dialect_is_empty(value))
		return;
	set(&f->error, value);
	buf_init(&plain, f->max);
	struct json_slice sentence = error_sentence(value);
	if (sentence.s == value.s || json_unescape(&plain, sentence) < 0)
		set_message(f, value.s, value.len);
	else
		set_message(f, buf_head(&plain), plain.len);
	buf_fini(&plain);
}

void dialect_error_text(struct dialect_facts *f, const char *text, size_t len)
{
	size_t valid = utf8_valid(text, len);

	if (f->error.len > 0)
		return;
	if (valid < len)
		text = "an error that is not valid UTF-8", len = strlen(text);
	/* None of these can fail: six bytes for each, and two. */
	(void)buf_addc(&f->error, '"');
	(void)json_escape(&f->error, text, len);
	(void)buf_addc(&f->error, '"');
	set_message(f, text, len);
}
