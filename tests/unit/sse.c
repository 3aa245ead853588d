/* SPDX-License-Identifier: MIT */
/* Every stream is decoded whole, byte by byte, and in two parts, cut anywhere. */
#include "sse.h"
#include "t.h"

#include <stdlib.h>

enum { CAP = 100 };

/* What the decoder said, as text: {number|event|id|data} per event, '+' behind an id of its own. */
struct heard {
	struct buf text;
	int64_t retry_ms;
	int result;
	struct why why;
};

static int on_event(void *arg, const struct sse_message *m, struct why *w)
{
	struct buf *b = arg;

	(void)w;
	return buf_addf(b, "{%llu|%.*s|%.*s%s|", m->number, (int)m->event_len, m->event,
		   (int)m->id_len, m->id, m->has_id ? "+" : "") == -1 ||
		buf_add(b, m->data, m->data_len) == -1 || buf_addc(b, '}') == -1
	    ? -1
	    : 0;
}

/* Feeds the first `first` bytes, then `step` at a time, each from memory of its own. */
static void decode(struct heard *h, const char *s, size_t len, size_t first, size_t step)
{
	struct sse_decoder d;

	buf_init(&h->text, 1 << 20);
	sse_decoder_init(&d, CAP);
	h->result = 0;
	for (size_t at = 0, n = first; at < len && h->result == 0; at += n, n = step) {
		n = n < len - at ? n : len - at;
		char *copy = malloc(n > 0 ? n : 1);

		memcpy(copy, s + at, n);
		h->result = sse_feed(&d, copy, n, on_event, &h->text, &h->why);
		free(copy);
	}
	h->retry_ms = d.retry_ms;
	(void)buf_addc(&h->text, '\0'); /* far below the cap */
	sse_decoder_fini(&d);
}

static struct heard last;

static const char *decoded_n(const char *s, size_t len)
{
	buf_fini(&last.text);
	decode(&last, s, len, len, len);
	for (size_t first = 0; first <= len; first++) {
		struct heard h;

		decode(&h, s, len, first, first == 0 ? 1 : len);
		if (strcmp(buf_head(&h.text), buf_head(&last.text)) != 0 ||
		    h.result != last.result || h.retry_ms != last.retry_ms ||
		    (h.result == -1 && strcmp(h.why.text, last.why.text) != 0)) {
			printf("# cut at %zu: %s, not %s\n", first, buf_head(&h.text),
			    buf_head(&last.text));
			abort();
		}
		buf_fini(&h.text);
	}
	return buf_head(&last.text);
}

static int gives(const char *s, const char *want)
{
	const char *got = decoded_n(s, strlen(s));

	return t_eq(got, strlen(got), want);
}

static void decoding(void)
{
	ok(gives("data: YHOO\ndata: +2\ndata: 10\n\n", "{1|||YHOO\n+2\n10}"),
	    "data lines are joined with LF (the standard's first example)");
	ok(gives(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\n"
		 "data:  third event\n\n",
	       "{1||1+|first event}{2||+|second event}{3||| third event}"),
	    "comments, an id reset and one dropped space (the second example)");
	ok(gives("data\n\ndata\ndata\n\ndata:", "{1|||}{2|||\n}"),
	    "empty data is data, and a last event without an empty line is dropped (the third)");
	ok(gives("data:test\n\ndata: test\n\n", "{1|||test}{2|||test}"),
	    "the space behind the colon is optional (the fourth)");
	ok(gives("data: a\n", "") && gives("data: a", "") && gives("", ""),
	    "what has no empty line behind it is no event");
	ok(gives("data: a\r\rdata: b\r\n\r\ndata: c\n\r\ndata: d\r\n\rdata: e\r\ndata: f\n\n",
	       "{1|||a}{2|||b}{3|||c}{4|||d}{5|||e\nf}"),
	    "CR, LF and CRLF all end a line, mixed and cut anywhere");
	ok(gives("\xef\xbb\xbf"
		 "data: a\n\n",
	       "{1|||a}"),
	    "a byte-order mark at the start is skipped");
	ok(gives("\n\xef\xbb\xbf"
		 "data: a\n\n\xef\xbb\xbf"
		 "data: b\n\n\xef\xbb\xbf\xef\xbb\xbf\n",
	       ""),
	    "a byte-order mark elsewhere is part of a field's name");
	ok(gives("\xef\xbb\xbf\xef\xbb\xbf"
		 "data: a\n\n",
	       "") &&
		gives("\xef\xbb"
		      "data: a\n\n",
		    ""),
	    "only one whole mark is skipped");
	ok(gives("event: a\nevent: b\ndata: 1\n\ndata: 2\n\n", "{1|b||1}{2|||2}"),
	    "the last event line counts, for its event only");
	ok(gives("event: a\n\ndata: 1\n\n", "{1|||1}"),
	    "an event without data is none, and its type is forgotten");
	ok(gives("id: 1\ndata: a\n\ndata: b\n\nid: 2\n\ndata: c\n\nid:\ndata: d\n\n",
	       "{1||1+|a}{2||1|b}{3||2+|c}{4||+|d}"),
	    "an id stays until the next one, even one without data");
	ok(gives(
	       "Data: a\ndata : b\n data: c\ndatax: d\nda: e\nfoo\n: f\n:\ndata: g\n\n", "{1|||g}"),
	    "comments and unknown fields are ignored; names have case");
	ok(gives("data:a:b: c\n\ndata: : \n\n", "{1|||a:b: c}{2|||: }"),
	    "only the first colon separates");
}

static void nul_in_id(void)
{
	static const char s[] = "id: 1\nid: 2\0x\ndata: a\n\n";
	const char *got = decoded_n(s, sizeof s - 1);

	ok(t_eq(got, strlen(got), "{1||1+|a}"), "an id with a NUL is ignored");
}

static void retries(void)
{
	ok(gives("retry: 2500\n", "") && last.retry_ms == 2500, "retry is taken at once");
	ok(gives("data: a\n\n", "{1|||a}") && last.retry_ms == -1, "without retry there is none");
	ok(gives("retry: 7\nretry: +1\nretry: -1\nretry: 1s\nretry:\nretry\nretry:  1\n", "") &&
		last.retry_ms == 7,
	    "a retry that is not digits alone is ignored");
	ok(gives("retry: 99999999999999999999999999\n", "") && last.retry_ms > 1000000000,
	    "an absurd retry does not wrap around");
}

static int repeated(const char *prefix, int n, const char *suffix)
{
	static char s[1000];
	int len = snprintf(s, sizeof s, "data: 1\n\n%s", prefix);

	memset(s + len, 'x', (size_t)n);
	(void)snprintf(s + len + n, sizeof s - (size_t)(len + n), "%s", suffix);
	(void)decoded_n(s, strlen(s)); /* last is looked at */
	return last.result;
}

static int refuse(void *arg, const struct sse_message *m, struct why *w)
{
	++*(int *)arg;
	return m->number == 2 ? why_set(w, WHY_IO, "enough") : 0;
}

static void caps(void)
{
	ok(repeated("data: ", CAP - 6, "\n\n") == 0 && last.text.len > CAP,
	    "an event of exactly the cap passes");
	ok(repeated("data: ", CAP - 5, "\n\n") == -1 && last.why.status == WHY_DATA &&
		strcmp(last.why.text, "event 2 is larger than 100 bytes") == 0 &&
		strcmp(buf_head(&last.text), "{1|||1}") == 0,
	    "a larger one is refused by its number, and nothing before it is lost");
	ok(repeated("data: ", CAP - 5, "") == -1, "a line without end is refused at the cap");
	ok(repeated("data: 12345678901234567890\ndata: ", CAP - 26, "\n\n") == -1 &&
		repeated("data: 12345678901234567890\ndata: ", CAP - 27, "\n\n") == 0,
	    "the lines of one event count together");
	ok(repeated("event: 12345678901234567890\ndata: ", CAP - 25, "\n\n") == -1 &&
		repeated("event: 12345678901234567890\ndata: ", CAP - 26, "\n\n") == 0,
	    "so does its type");

	static const char three[] = "data: 1\n\ndata: 2\n\ndata: 3\n\n";
	struct sse_decoder d;
	struct why w;
	int calls = 0;

	sse_decoder_init(&d, CAP);
	ok(sse_feed(&d, three, sizeof three - 1, refuse, &calls, &w) == -1 && calls == 2 &&
		w.status == WHY_IO && d.events == 2,
	    "a callback that fails stops the decoder, with its reason");
	sse_decoder_fini(&d);
}

static struct buf out;

static int event(const char *id, const char *type, const char *data, const char *want)
{
	buf_clear(&out);
	return sse_event(&out, id, strlen(id), type, strlen(type), data, strlen(data)) == 0 &&
	    t_eq(buf_head(&out), out.len, want);
}

static void encoding(void)
{
	static char longest[SSE_ID_MAX + 2];
	char want[100];

	buf_init(&out, 10000);
	ok(event("1-0", "token", "{}", "id: 1-0\nevent: token\ndata: {}\n\n"),
	    "an event has id, type and data, one space behind each colon");
	ok(event("", "", "", "data: \n\n"), "what is empty is left out, except data");
	ok(event("", "", "a\nb\rc\r\nd\n\re",
	       "data: a\ndata: b\ndata: c\ndata: d\ndata: \ndata: e\n\n"),
	    "data is split at LF, CR and CRLF");
	ok(event("", "", "\n", "data: \ndata: \n\n") &&
		event("", "", "a\r\n", "data: a\ndata: \n\n"),
	    "a line end at the end makes an empty last line");
	ok(event("", "", " a", "data:  a\n\n"),
	    "a leading space stays behind the one that is dropped");
	static const char *const ids[] = {"1 0", "1\n0", "1\r", "a_b", "1.0", "\xc3\xa9", "1:0"};
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
		ok(event(ids[i], "", "x", "data: x\n\n"), "id %zu of no legal form is left out", i);
	ok(!sse_id_is_legal("a\0b", 3) && !sse_id_is_legal("", 0),
	    "nor has an id a NUL, or nothing");
	memset(longest, 'Z', SSE_ID_MAX);
	(void)snprintf(want, sizeof want, "id: %s\ndata: x\n\n", longest);
	ok(event(longest, "", "x", want), "an id may have 64 bytes");
	longest[SSE_ID_MAX] = 'Z';
	ok(event(longest, "", "x", "data: x\n\n"), "but no more");
	ok(event("", "a\nb", "x", "data: x\n\n") && event("", "a\rb", "x", "data: x\n\n"),
	    "a type with a line end is left out");
	ok(event("", "a b:c", "x", "event: a b:c\ndata: x\n\n"),
	    "a type may have blanks and colons");
	buf_clear(&out);
	ok(sse_event(&out, NULL, 0, "a\0b", 3, NULL, 0) == 0 &&
		t_eq(buf_head(&out), out.len, "data: \n\n"),
	    "a type with a NUL is left out");
	buf_clear(&out);
	ok(sse_retry(&out, 3000) == 0 && sse_comment(&out, "") == 0 &&
		sse_comment(&out, "a\nid: 1\r\rb") == 0 &&
		t_eq(buf_head(&out), out.len, "retry: 3000\n: \n\n: a\n: id: 1\n: \n: b\n\n"),
	    "no line of a comment can become a field");
	buf_fini(&out);
}

static void encoding_caps(void)
{
	buf_init(&out, 29);
	ok(event("1", "e", "a\nb", "id: 1\nevent: e\ndata: a\ndata: b\n\n") == 0 && out.len == 0 &&
		sse_comment(&out, "123456789012345678901234567890") == -1 && out.len == 0,
	    "what does not fit is not begun");
	ok(event("", "", "1234567890123456789012", "data: 1234567890123456789012\n\n") == 0 &&
		event("", "", "123456789012345678901", "data: 123456789012345678901\n\n"),
	    "what just fits is written");
	buf_fini(&out);
}

/* A quadratic splitter takes minutes for this; the test's deadline is the suite's. */
static void many_lines(void)
{
	enum { LINES = 1000000 };
	char *s = malloc(LINES);
	struct sse_decoder d;
	struct heard h = {0};

	memset(s, '\n', LINES);
	buf_init(&out, (size_t)64 << 20);
	buf_init(&h.text, (size_t)64 << 20);
	sse_decoder_init(&d, (size_t)64 << 20);
	ok(sse_event(&out, "", 0, "", 0, s, LINES) == 0 &&
		sse_feed(&d, buf_head(&out), out.len, on_event, &h.text, &h.why) == 0 &&
		h.text.len == LINES + 6 && memcmp(buf_head(&h.text) + 5, s, LINES) == 0,
	    "a million lines make the way there and back");
	sse_decoder_fini(&d);
	buf_fini(&h.text);
	buf_fini(&out);
	free(s);
}

int main(void)
{
	decoding();
	nul_in_id();
	retries();
	caps();
	encoding();
	encoding_caps();
	many_lines();
	buf_fini(&last.text);
	return t_done();
}
