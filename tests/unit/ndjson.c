/* SPDX-License-Identifier: MIT */
#include "ndjson.h"
#include "t.h"
#include "utf8.h"

struct seen {
	struct buf b;
	int stop_at, count;
};

static int on_line(void *arg, const char *line, size_t len)
{
	struct seen *s = arg;

	(void)buf_add(&s->b, line, len);
	(void)buf_addc(&s->b, '|');
	return ++s->count == s->stop_at ? 7 : 0;
}

/* Feeds text in pieces of n bytes; returns what feeding returned, leaves the lines in got. */
static int feed(
    const char *text, size_t len, size_t n, bool raw, size_t max, struct seen *got, struct why *w)
{
	struct ndjson nd;
	int r = 0;

	buf_init(&got->b, 4096);
	ndjson_init(&nd, max, raw);
	for (size_t at = 0; at < len && r == 0; at += n)
		r = ndjson_feed(&nd, text + at, len - at < n ? len - at : n, on_line, got, w);
	if (r == 0)
		r = ndjson_end(&nd, on_line, got, w);
	ndjson_fini(&nd);
	return r;
}

static int gives(const char *text, bool raw, const char *want)
{
	int good = 1;

	for (size_t n = 1; n <= strlen(text) + 1; n++) {
		struct seen got = {0};
		struct why w;

		good &= feed(text, strlen(text), n, raw, 20, &got, &w) == 0 &&
		    t_eq(buf_head(&got.b), got.b.len, want);
		buf_fini(&got.b);
	}
	return good;
}

static int mends(const char *text, size_t len, const char *want)
{
	int good = 1;

	for (size_t n = 1; n <= len; n++) {
		struct utf8_mend m = {0};
		struct buf b;

		buf_init(&b, 4096);
		for (size_t at = 0; at < len; at += n)
			(void)utf8_mend(&m, &b, text + at, len - at < n ? len - at : n);
		(void)utf8_mend_end(&m, &b);
		good &= t_eq(buf_head(&b), b.len, want);
		good &= utf8_valid(buf_head(&b), b.len) == b.len;
		buf_fini(&b);
	}
	return good;
}

int main(void)
{
	struct why w = {0};
	struct seen got = {0};

	ok(gives("a\nbc\n", false, "a|bc|"), "lines are cut, whole and in pieces of every size");
	ok(gives("a\nbc", false, "a|bc|"), "the last line needs no newline");
	ok(gives("\n \t\r\na\n\r\n", false, "a|"), "blank lines are skipped");
	ok(gives("\xef\xbb\xbf{}\n\xef\xbb\xbf\n", false, "{}|\xef\xbb\xbf|"),
	    "a byte-order mark is skipped at the very start only");
	ok(gives("a\n\nb", true, "a\n|\n|b|"), "raw lines keep their newline, blank ones too");
	ok(gives("", false, "") && gives("\n", false, ""), "an empty stream has no line");
	ok(gives("01234567890123456789\n01234567890123456789", false,
	       "01234567890123456789|01234567890123456789|"),
	    "a line as long as the cap is taken");
	for (size_t n = 1; n < 40; n++) {
		int r = feed("\nb\n012345678901234567890\n", 25, n, false, 20, &got, &w);
		if (r != -1 || w.status != WHY_DATA || strstr(w.text, "line 3:") == NULL)
			ok(0, "pieces of %zu: a line over the cap is refused by number: %s", n,
			    w.text);
		buf_fini(&got.b);
	}
	ok(strstr(w.text, "line 3: longer than 20 bytes") != NULL,
	    "a line over the cap is refused by its number");
	got = (struct seen){.stop_at = 2};
	ok(feed("a\nb\nc\n", 6, 6, false, 20, &got, &w) == 7 &&
		t_eq(buf_head(&got.b), got.b.len, "a|b|"),
	    "a reader can stop the feeding");
	buf_fini(&got.b);
	ok(mends("a\xc3\xa9z\xf0\x9f\x98\x80", 8, "a\xc3\xa9z\xf0\x9f\x98\x80"),
	    "valid text stays as it is, cut anywhere");
	ok(mends("\xff"
		 "a\xc3"
		 "b\xe2\x82",
	       6,
	       "\xef\xbf\xbd"
	       "a\xef\xbf\xbd"
	       "b\xef\xbf\xbd"),
	    "bytes that belong to no character become U+FFFD, the same however they are cut");
	ok(mends("\xf0\x9f\xc3\xa9", 4, "\xef\xbf\xbd\xc3\xa9"),
	    "a spoilt character does not swallow the next");
	return t_done();
}
