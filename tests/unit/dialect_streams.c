/* SPDX-License-Identifier: MIT */
/*
 * Recorded streams of real providers, in $SPOUT_STREAMS or else ../shared/llm-streams: NAME.sse or
 * NAME.ndjson, and NAME.expected.json with what is in it. Each is fed whole, byte by byte, and cut
 * at every tenth byte; with its dialect's name, and with auto.
 */
#include <dirent.h>
#include <stdlib.h>

#include "dialect.h"
#include "dialect_json.h"
#include "t.h"

enum { TELLS_WITHIN = 2000 }; /* auto is tried with cuts up to here: it has told long before */

/* --- What was told, as one JSON object with the members that an expected one has. */

struct told {
	struct buf text, reasoning, refusal, calls; /* contents of strings; items of an array */
	unsigned deltas, ncalls;
	struct buf all;
};

static void add(struct buf *b, const char *before, struct json_slice s, const char *behind)
{
	(void)buf_adds(b, before);    /* the caps are far above any recording */
	(void)buf_add(b, s.s, s.len); /* as above */
	(void)buf_adds(b, behind);    /* as above */
}

/* A member that is a string, or null. */
static void add_string(struct buf *b, const char *name, struct json_slice s)
{
	(void)buf_addf(b, ",\"%s\":", name); /* as above */
	if (s.s == NULL)
		add(b, "null", (struct json_slice){"", 0}, "");
	else
		add(b, "\"", s, "\"");
}

static void on_text(void *arg, struct json_slice raw)
{
	struct told *t = arg;

	add(&t->text, "", raw, "");
	t->deltas++;
}

static void on_reasoning(void *arg, struct json_slice raw)
{
	add(&((struct told *)arg)->reasoning, "", raw, "");
}

static void on_refusal(void *arg, struct json_slice raw)
{
	add(&((struct told *)arg)->refusal, "", raw, "");
}

static void on_tool_call(void *arg, const struct dialect_call *c)
{
	struct told *t = arg;
	const char *quote = c->is_json ? "" : "\"";

	if (c->index != t->ncalls++)
		abort();
	(void)buf_adds(&t->calls, t->ncalls > 1 ? ",{\"x\":1" : "{\"x\":1"); /* as above */
	add_string(&t->calls, "id", c->id);
	add_string(&t->calls, "name", c->name);
	add(&t->calls, ",\"arguments\":", (struct json_slice){quote, strlen(quote)}, "");
	add(&t->calls, "", c->arguments, quote);
	(void)buf_adds(&t->calls, "}"); /* as above */
}

static struct json_slice or_null(struct json_slice value)
{
	return value.s != NULL ? value : (struct json_slice){"null", 4};
}

static struct json_slice content(const struct buf *b, const char *empty)
{
	return b->len > 0 ? (struct json_slice){buf_head(b), b->len}
			  : (struct json_slice){empty, 0};
}

static void told_all(struct told *t, const struct dialect_result *r)
{
	static const char *const ends[] = {"own", "cut", "error"};

	(void)buf_addf(&t->all,
	    "{\"from\":\"%s\",\"end\":\"%s\",\"text_deltas\":%u,\"tokens\":%lld",
	    dialect_name(r->kind), ends[r->end], t->deltas, r->tokens_used); /* as above */
	add_string(&t->all, "text", content(&t->text, ""));
	add_string(&t->all, "reasoning", content(&t->reasoning, ""));
	add_string(&t->all, "refusal", content(&t->refusal, NULL));
	add(&t->all, ",\"tool_calls\":[", content(&t->calls, ""), "]");
	add_string(&t->all, "finish_reason", r->finish_reason);
	add_string(&t->all, "model", r->model);
	add(&t->all, ",\"usage\":", or_null(r->usage), "");
	add(&t->all, ",\"error\":", or_null(r->error), "}");
}

static void told_init(struct told *t)
{
	struct buf *const bufs[] = {&t->text, &t->reasoning, &t->refusal, &t->calls, &t->all};

	*t = (struct told){.deltas = 0};
	for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
		buf_init(bufs[i], 1 << 24);
}

static void told_fini(struct told *t)
{
	buf_fini(&t->text);
	buf_fini(&t->reasoning);
	buf_fini(&t->refusal);
	buf_fini(&t->calls);
	buf_fini(&t->all);
}

/* Feeds the first bytes, then step at a time. */
static void read_stream(
    struct told *t, enum dialect_kind kind, const struct buf *s, size_t first, size_t step)
{
	static const struct dialect_ops ops = {on_text, on_reasoning, on_refusal, on_tool_call};
	struct dialect *d = dialect_open(kind, &ops, t, 1 << 20);
	struct dialect_result r;
	struct why w;
	int result = 0;

	told_init(t);
	for (size_t at = 0, n = first; at < s->len && result == 0; at += n, n = step) {
		n = n < s->len - at ? n : s->len - at;
		result = dialect_feed(d, buf_head(s) + at, n, &w);
	}
	if (result == 0 && (result = dialect_end(d, &r, &w)) == 0)
		told_all(t, &r);
	if (result < 0)
		(void)buf_addf(&t->all, "%s", w.text); /* as above */
	dialect_close(d);
}

/* --- Values that mean the same: other escapes, white space, order, and forms of a number. */

static bool is_same(struct json_slice a, struct json_slice b);

static bool is_same_string(struct json_slice a, struct json_slice b)
{
	struct buf x, y;

	buf_init(&x, a.len + 1);
	buf_init(&y, b.len + 1);
	(void)json_unescape(&x, json_string(a)); /* never longer than what is escaped */
	(void)json_unescape(&y, json_string(b)); /* as above */
	bool same =
	    x.len == y.len && (x.len == 0 || memcmp(buf_head(&x), buf_head(&y), x.len) == 0);
	buf_fini(&x);
	buf_fini(&y);
	return same;
}

static bool is_same_object(struct json_slice a, struct json_slice b)
{
	struct json_walk w;
	struct json_member m;
	int na = 0, nb = 0;

	json_walk(&w, b.s, b.len);
	while (json_next(&w, &m) == 1)
		nb++;
	json_walk(&w, a.s, a.len);
	while (json_next(&w, &m) == 1) {
		char *name = xstrndup(m.key.s, m.key.len); /* no name has an escape */
		struct json_slice other = json_find(b.s, b.len, name);

		free(name);
		na++;
		if (other.s == NULL || !is_same(m.value, other))
			return false;
	}
	return na == nb;
}

static bool is_same_array(struct json_slice a, struct json_slice b)
{
	struct dialect_items ia, ib;
	struct json_slice x, y;

	dialect_items(&ia, a);
	dialect_items(&ib, b);
	while (dialect_items_next(&ia, &x))
		if (!dialect_items_next(&ib, &y) || !is_same(x, y))
			return false;
	return !dialect_items_next(&ib, &y);
}

static double number(struct json_slice s)
{
	char text[64];

	return strtod(why_quote(text, sizeof text, s.s, s.len), NULL);
}

static bool is_same(struct json_slice a, struct json_slice b)
{
	if (a.len == b.len && memcmp(a.s, b.s, a.len) == 0)
		return true;
	if (strchr("-0123456789", a.s[0]) != NULL && strchr("-0123456789", b.s[0]) != NULL)
		return (memchr(a.s, '.', a.len) != NULL || memchr(b.s, '.', b.len) != NULL) &&
		    number(a) == number(b);
	if (a.s[0] != b.s[0])
		return false;
	return a.s[0] == '"' ? is_same_string(a, b)
	    : a.s[0] == '{'  ? is_same_object(a, b)
	    : a.s[0] == '['  ? is_same_array(a, b)
			     : false;
}

/* --- One recording. */

static struct json_slice member(const struct buf *object, const char *name)
{
	return or_null(json_find(buf_head(object), object->len, name));
}

/* The calls of an expected file have no x and no index. */
static bool has_calls(struct json_slice told, struct json_slice want)
{
	static const char *const names[] = {"id", "name", "arguments"};
	struct dialect_items it, iw;
	struct json_slice t, w;

	dialect_items(&it, told);
	dialect_items(&iw, want);
	while (dialect_items_next(&iw, &w)) {
		if (!dialect_items_next(&it, &t))
			return false;
		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			if (!is_same(or_null(json_find(t.s, t.len, names[i])),
				or_null(json_find(w.s, w.len, names[i]))))
				return false;
	}
	return !dialect_items_next(&it, &t);
}

static bool is_null(struct json_slice value)
{
	return value.s[0] == 'n';
}

static bool has_end(const struct buf *told, const struct buf *want)
{
	const char *end = !is_null(member(want, "error")) ? "error"
	    : member(want, "terminated").s[0] == 't' || !is_null(member(want, "finish_reason"))
	    ? "own"
	    : "cut";

	return dialect_is(member(told, "end"), end);
}

static bool is_expected(const struct buf *told, const struct buf *want)
{
	static const char *const names[] = {
	    "text", "reasoning", "refusal", "finish_reason", "usage", "error", "text_deltas"};
	bool good = true;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct json_slice t = member(told, names[i]), w = member(want, names[i]);

		if (is_same(t, w))
			continue;
		printf("# %s: <%.*s>, not <%.*s>\n", names[i], (int)t.len, t.s, (int)w.len, w.s);
		good = false;
	}
	bool is_counted = is_null(member(want, "usage")) == (member(told, "tokens").s[0] == '-');
	return good && is_counted && has_end(told, want) &&
	    has_calls(member(told, "tool_calls"), member(want, "tool_calls"));
}

static bool is_alike(
    enum dialect_kind kind, const struct buf *s, size_t first, size_t step, const struct buf *want)
{
	struct told t;

	read_stream(&t, kind, s, first, step);
	bool same =
	    t.all.len == want->len && memcmp(buf_head(&t.all), buf_head(want), want->len) == 0;
	if (!same)
		printf(
		    "# first %zu, then %zu: %.*s\n", first, step, (int)t.all.len, buf_head(&t.all));
	told_fini(&t);
	return same;
}

static bool is_alike_cut(
    enum dialect_kind kind, const struct buf *s, size_t upto, const struct buf *want)
{
	for (size_t first = 10; first < s->len && first < upto; first += 10)
		if (!is_alike(kind, s, first, s->len, want))
			return false;
	return is_alike(kind, s, 1, 1, want);
}

static void check(const char *name, const struct buf *stream, const struct buf *want)
{
	char from[32];
	struct json_slice raw = json_string(member(want, "from"));
	int kind = dialect_by_name(json_means(raw, "openai-responses")
		? "responses"
		: why_quote(from, sizeof from, raw.s, raw.len));
	struct told t;

	if (kind < 0) {
		ok(0, "%s: a dialect that is known", name);
		return;
	}
	read_stream(&t, (enum dialect_kind)kind, stream, stream->len, 1);
	ok(is_expected(&t.all, want), "%s: what is expected is told", name);
	ok(is_alike_cut((enum dialect_kind)kind, stream, stream->len, &t.all),
	    "%s: the same, byte by byte and cut at every tenth byte", name);
	ok(is_alike(DIALECT_AUTO, stream, stream->len, 1, &t.all) &&
		is_alike_cut(DIALECT_AUTO, stream, TELLS_WITHIN, &t.all),
	    "%s: the same, without the dialect's name", name);
	told_fini(&t);
}

/* --- The directory. */

static bool read_file(struct buf *b, const char *dir, const char *name, const char *suffix)
{
	char path[4096];

	(void)snprintf(path, sizeof path, "%s/%s%s", dir, name, suffix); /* cut: it does not open */
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		return false;
	buf_init(b, 1 << 24);
	for (char *room; (room = buf_room(b, 1 << 16)) != NULL;) {
		size_t n = fread(room, 1, 1 << 16, f);

		b->len += n;
		if (n == 0)
			break;
	}
	(void)fclose(f); /* it was only read */
	return true;
}

static const char suffix[] = ".expected.json";

static int is_expectation(const struct dirent *e)
{
	size_t n = strlen(e->d_name), end = sizeof suffix - 1;

	return n > end && strcmp(e->d_name + n - end, suffix) == 0;
}

static void check_entry(const char *dir, const char *entry)
{
	char *name = xstrndup(entry, strlen(entry) - (sizeof suffix - 1));
	struct buf stream, want;

	if (read_file(&stream, dir, name, ".sse") || read_file(&stream, dir, name, ".ndjson")) {
		if (read_file(&want, dir, name, suffix)) {
			check(name, &stream, &want);
			buf_fini(&want);
		}
		buf_fini(&stream);
	} else {
		ok(0, "%s: the stream is there", name);
	}
	free(name);
}

int main(void)
{
	const char *dir = getenv("SPOUT_STREAMS");
	struct dirent **entries;
	int n = scandir(
	    dir != NULL ? dir : "../shared/llm-streams", &entries, is_expectation, alphasort);

	if (dir == NULL)
		dir = "../shared/llm-streams";
	if (n <= 0) {
		printf(
		    "ok %d # SKIP no recorded streams in %s (see SPOUT_STREAMS)\n", ++t_count, dir);
		return t_done();
	}
	for (int i = 0; i < n; i++) {
		check_entry(dir, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return t_done();
}
