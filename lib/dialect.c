/* SPDX-License-Identifier: MIT */
/*
 * dialect: a provider's bytes into facts.
 *
 *	bytes --dialect_frame--> events --dialect_openai, …--> dialect_facts --> the caller
 *	                          '--dialect_auto--> which one, once
 */
#include "dialect.h"

#include <stdlib.h>
#include <string.h>

#include "dialect_facts.h"
#include "dialect_frame.h"
#include "dialect_json.h"
#include "dialect_kinds.h"

enum { UNTOLD_MAX = 64 }; /* events of nobody in front of the first that tells; none was seen */

struct dialect {
	struct dialect_frame frame;
	struct dialect_facts facts;
	unsigned long long taken, untold; /* events that the dialect knows; events of nobody */
};

static const struct {
	const char *name;
	enum dialect_took (*take)(struct dialect_facts *f, struct json_slice event);
} kinds[] = {
    [DIALECT_AUTO] = {"auto", NULL},
    [DIALECT_OPENAI] = {"openai", dialect_openai},
    [DIALECT_RESPONSES] = {"responses", dialect_responses},
    [DIALECT_ANTHROPIC] = {"anthropic", dialect_anthropic},
    [DIALECT_GEMINI] = {"gemini", dialect_gemini},
    [DIALECT_OLLAMA] = {"ollama", dialect_ollama},
    [DIALECT_COHERE] = {"cohere", dialect_cohere},
};

const char *dialect_name(enum dialect_kind kind)
{
	return kinds[kind].name;
}

int dialect_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return (int)i;
	return -1;
}

static dialect_on_event take_event;

struct dialect *dialect_open(
    enum dialect_kind kind, const struct dialect_ops *ops, void *arg, size_t max_line)
{
	struct dialect *d = xcalloc(1, sizeof *d);

	dialect_frame_init(&d->frame, max_line, take_event, d);
	dialect_facts_init(&d->facts, kind, ops, arg, max_line);
	return d;
}

void dialect_close(struct dialect *d)
{
	dialect_frame_fini(&d->frame);
	dialect_facts_fini(&d->facts);
	free(d);
}

/* --- Events. */

/* Why a text is no JSON object; 1, as dialect_on_event wants it. */
static int explain(struct json_slice text, struct why *w)
{
	struct json_walk walk;
	struct json_member m;

	json_walk(&walk, text.s, text.len);
	while (json_next(&walk, &m) == 1)
		;
	(void)why_set(w, WHY_DATA, "not JSON: %s at byte %zu", walk.error,
	    (size_t)(walk.at - text.s) + 1); /* -1, as always */
	return 1;
}

/* The error in an event that says it is one: its error member, or all of it. */
static int take_error(struct dialect *d, struct json_slice text, struct why *w)
{
	static const struct dialect_name names[1] = {DIALECT_NAME("error")};
	struct json_slice error;

	if (text.s[0] != '{') {
		dialect_error_text(&d->facts, text.s, text.len);
		return 0;
	}
	if (dialect_event(text, names, 1, &error) < 0)
		return explain(text, w);
	if (d->facts.kind == DIALECT_AUTO)
		d->facts.kind = dialect_tell(text);
	dialect_error(&d->facts, dialect_is_empty(error) ? text : error);
	return 0;
}

/* An object instead of a stream may be an error that the dialect does not know: a gateway's. */
static void take_body(struct dialect *d, struct json_slice text)
{
	enum { ERROR, MESSAGE, DETAIL, COUNT };
	static const struct dialect_name names[COUNT] = {
	    [ERROR] = DIALECT_NAME("error"),
	    [MESSAGE] = DIALECT_NAME("message"),
	    [DETAIL] = DIALECT_NAME("detail"),
	};
	struct json_slice v[COUNT];

	(void)dialect_members(text, names, COUNT, v); /* valid: the dialect read it */
	if (!dialect_is_empty(v[ERROR]))
		dialect_error(&d->facts, v[ERROR]);
	else if (!dialect_is_empty(v[MESSAGE]) || !dialect_is_empty(v[DETAIL]))
		dialect_error(&d->facts, text);
}

static int take_unknown(struct dialect *d, const struct dialect_frame_event *e, struct why *w)
{
	enum dialect_kind asked = d->facts.kind, told = dialect_tell(e->text);

	if (d->taken > 0)
		return 0;
	d->untold++;
	if (asked != DIALECT_AUTO && told != DIALECT_AUTO && told != asked)
		return why_set(w, WHY_DATA, "line %llu: this is the stream of %s, not of %s",
		    e->line, dialect_name(told), dialect_name(asked));
	if (e->is_bare)
		take_body(d, e->text);
	if (asked == DIALECT_AUTO && d->untold > UNTOLD_MAX)
		return why_set(
		    w, WHY_DATA, "line %llu: this is no known provider's stream", e->line);
	return 0;
}

static int take_json(struct dialect *d, const struct dialect_frame_event *e, struct why *w)
{
	struct dialect_facts *f = &d->facts;
	enum dialect_took took;

	if (f->kind == DIALECT_AUTO)
		f->kind = dialect_tell(e->text);
	if (f->kind == DIALECT_AUTO)
		took = dialect_event(e->text, NULL, 0, NULL) < 0 ? DIALECT_BROKEN : DIALECT_UNKNOWN;
	else
		took = kinds[f->kind].take(f, e->text);
	switch (took) {
	case DIALECT_BROKEN:
		return explain(e->text, w);
	case DIALECT_UNKNOWN:
		return take_unknown(d, e, w);
	case DIALECT_TAKEN:
		d->taken++;
		break;
	}
	if (f->refused != NULL)
		return why_set(w, WHY_DATA, "line %llu: %s", e->line, f->refused);
	return 0;
}

static int take_event(void *arg, const struct dialect_frame_event *e, struct why *w)
{
	struct dialect *d = arg;

	switch (e->what) {
	case DIALECT_FRAME_DONE:
		d->facts.ended = true;
		dialect_calls_end(&d->facts, d->facts.error.len > 0);
		return 0;
	case DIALECT_FRAME_ERROR:
		return take_error(d, e->text, w);
	case DIALECT_FRAME_JSON:
		break;
	}
	return take_json(d, e, w);
}

/* --- The end. */

int dialect_feed(struct dialect *d, const char *bytes, size_t len, struct why *w)
{
	struct why why; /* it also gets the reasons why a text is no event yet */

	if (dialect_frame_feed(&d->frame, bytes, len, &why) == 0)
		return 0;
	*w = why;
	return -1;
}

/* Gemini may send its finish reason with each event: in front of a torn line it says nothing. */
static enum dialect_end how_ended(const struct dialect *d)
{
	const struct dialect_facts *f = &d->facts;
	bool is_final = f->kind != DIALECT_GEMINI || !d->frame.is_torn;

	if (f->error.len > 0)
		return DIALECT_ERROR;
	return f->ended || (f->finish.len > 0 && is_final) ? DIALECT_OWN_END : DIALECT_CUT;
}

/* A reason that is an error, with no word about which: what OpenRouter and Cohere may end with. */
static void take_bare_reason(struct dialect_facts *f)
{
	static const char *const reasons[] = {"error", "ERROR", NULL};
	struct json_slice finish = dialect_slice(&f->finish);
	const char *text = "the provider ended with an error and did not say which";

	for (int i = 0; reasons[i] != NULL && f->finish.len > 0; i++)
		if (json_means(finish, reasons[i]))
			dialect_error_text(f, text, strlen(text));
}

/* Bytes that hold no event at all. */
static int refuse_empty(const struct dialect *d, struct why *w)
{
	const struct dialect_frame *f = &d->frame;

	if (f->odd_line > 0)
		return why_set(w, WHY_DATA, "line %llu: this is no provider's stream: \"%s\"",
		    f->odd_line, f->odd);
	if (d->untold > 0 && d->facts.kind == DIALECT_AUTO)
		return why_set(w, WHY_DATA, "line 1: this is no known provider's stream");
	return 0;
}

static void explain_cut(struct dialect *d)
{
	struct dialect_facts *f = &d->facts;
	struct buf b;

	buf_init(&b, sizeof f->message - 1);
	/* None of these can fail: they are short. */
	if (d->frame.lines == 0)
		(void)buf_adds(&b, "the stream is empty");
	else if (d->frame.is_torn)
		(void)buf_addf(&b, "the stream was cut in the middle of line %llu", d->frame.lines);
	else
		(void)buf_addf(&b, "the stream ended after line %llu without an end of its own",
		    d->frame.lines);
	memcpy(f->message, buf_head(&b), b.len);
	f->message[b.len] = '\0';
	buf_fini(&b);
}

int dialect_end(struct dialect *d, struct dialect_result *r, struct why *w)
{
	struct dialect_facts *f = &d->facts;
	struct why why; /* as above */

	if (dialect_frame_end(&d->frame, &why) < 0) {
		*w = why;
		return -1;
	}
	take_bare_reason(f);
	enum dialect_end end = how_ended(d);
	if (end == DIALECT_CUT && d->taken == 0 && refuse_empty(d, w) < 0)
		return -1;
	dialect_say_end(f);
	dialect_calls_end(f, end != DIALECT_OWN_END);
	if (end == DIALECT_CUT)
		explain_cut(d);
	*r = (struct dialect_result){
	    .end = end,
	    .kind = f->kind,
	    .model = dialect_slice(&f->model),
	    .finish_reason = dialect_slice(&f->finish),
	    .usage = dialect_slice(&f->usage),
	    .tokens_used = dialect_tokens(f),
	    .error = dialect_slice(&f->error),
	    .message = f->message,
	};
	return 0;
}
