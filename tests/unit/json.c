/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "json.h"
#include "t.h"

static const char *const good[] = {"{}", " {\"a\":1} ", "[]", "\"\"", "0", "-0", "-1.5e+10", "1E5",
    "true", "false", "null", "[1,[2,{\"x\":[]}]]", "\"\\u00e9\\n\\/\"",
    "\"\xc3\xa9\xf0\x9f\x98\x80\"", "\"\\ud800\"", "{\"a\":1,\"a\":2}", "\t\r\n1\t",
    "\"12345678901234567890\"", "9007199254740993"};

static const char *const bad[] = {"", " ", "{", "}", "{]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}",
    "{,}", "[1,]", "[1 2]", "01", "-", "+1", "1.", ".5", "1e", "1e+", "nul", "True", "NaN", "'a'",
    "\"", "\"\\x\"", "\"\\u12g4\"", "\"\\u123\"", "\"\n\"", "\"\x01\"", "\"abcdefgh\x1fij\"",
    "{a:1}", "1 2", "{} {}", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xff\"", "\"\xc3\"",
    "\"abcdefghij\xc3", "[", "[1", "{\"a\":1", "\"abcdefg\\", "// c\n1", "\xef\xbb\xbf{}",
    "{\"a\" 1}", "{1:2}", "\v1"};

/* A text cut anywhere must never be read beyond its end: the sanitizer judges, on an exact copy. */
static void cuts_are_safe(void)
{
	const char *text =
	    "{\"a\":[1,-2.5e3,true,null,\"\\u00e9\\\"\xf0\x9f\x98\x80\"],\"b\":{\"c\":\"d\"}}";
	int valid = 0;

	for (size_t n = 0; n <= strlen(text); n++) {
		char *copy = xstrndup(text, n);
		char *exact = xmalloc(n);

		memcpy(exact, copy, n);
		valid += json_is_valid(exact, n);
		(void)json_find(exact, n, "zz");
		free(copy);
		free(exact);
	}
	ok(valid == 1, "of all beginnings of a text only the whole is valid");
}

static void depth(void)
{
	char text[2 * 300 + 1];

	for (int n = 255; n <= 257; n++) {
		memset(text, '[', (size_t)n);
		memset(text + n, ']', (size_t)n);
		ok(json_is_valid(text, 2 * (size_t)n) == (n <= 256), "%d levels of nesting are %s",
		    n, n <= 256 ? "taken" : "refused");
	}
}

static void finding(void)
{
	const char *t = " { \"a\" : {\"b\":1}, \"\\u0062\":\"x\\ny\" , \"c\":[1, 2] } ";
	struct json_slice v = json_find(t, strlen(t), "a");

	ok(t_eq(v.s, v.len, "{\"b\":1}"), "a member is found at the top level only, as written");
	v = json_find(t, strlen(t), "b");
	ok(t_eq(v.s, v.len, "\"x\\ny\""), "a key written with escapes is the key it means");
	v = json_find(t, strlen(t), "c");
	ok(t_eq(v.s, v.len, "[1, 2]"), "a value keeps its white space");
	ok(json_find(t, strlen(t), "d").s == NULL, "an absent member is absent");
	ok(json_find("[1]", 3, "a").s == NULL, "an array has no members");
	struct json_walk w;
	struct json_member m;
	json_walk(&w, "[1]", 3);
	ok(json_next(&w, &m) == -1 && strcmp(w.error, "not an object") == 0,
	    "JSON that is no object says so");
	json_walk(&w, "{\"a\":1} x", 9);
	ok(json_next(&w, &m) == 1 && json_next(&w, &m) == -1,
	    "bytes behind the object are an error");
}

static void strings(void)
{
	struct buf b;

	buf_init(&b, 1000);
	(void)json_escape(&b, "a\"b\\c\n\x01\x7f\xc3\xa9", 10);
	ok(t_eq(buf_head(&b), b.len, "a\\\"b\\\\c\\n\\u0001\x7f\xc3\xa9"),
	    "what must be escaped is, and no more");
	buf_clear(&b);
	const char *e = "\\u00e9\\ud83d\\ude00\\ud83dx\\ude00\\n\\/\\\"";
	(void)json_unescape(&b, (struct json_slice){e, strlen(e)});
	ok(t_eq(buf_head(&b), b.len, "\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbdx\xef\xbf\xbd\n/\""),
	    "escapes, surrogate pairs and lone surrogates mean what RFC 8259 says");
	buf_fini(&b);
	buf_init(&b, 3);
	ok(json_escape(&b, "ab\n", 3) == -1, "escaping stops at the cap");
	buf_fini(&b);
}

/* Each byte at each place of words and of what is behind them, among neighbours that could hide it.
 */
static void each_byte_is_escaped_where_it_stands(void)
{
	static const char around[] = {'a', '\x1f', ' ', '!', '#', '[', ']', '\x7f', '\x80', '\xff'};
	struct buf b, want;
	int wrong = 0;

	buf_init(&b, 1000);
	buf_init(&want, 1000);
	for (size_t at = 0; at < 20; at++)
		for (int c = 0; c < 256; c++)
			for (size_t i = 0; i < sizeof around; i++) {
				char s[20], one;

				memset(s, around[i], sizeof s);
				s[at] = (char)c;
				buf_clear(&b);
				buf_clear(&want);
				(void)json_escape(&b, s, sizeof s);
				for (size_t j = 0; j < sizeof s; j++) {
					one = s[j];
					(void)json_escape(&want, &one, 1);
				}
				wrong += b.len != want.len ||
				    memcmp(buf_head(&b), buf_head(&want), b.len) != 0;
			}
	ok(wrong == 0, "a text is escaped as its bytes are one by one");
	buf_fini(&b);
	buf_fini(&want);
}

int main(void)
{
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		ok(json_is_valid(good[i], strlen(good[i])), "valid: %s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(!json_is_valid(bad[i], strlen(bad[i])), "not JSON, number %zu of the list", i);
	ok(!json_is_valid("\"a\0b\"", 5), "NUL is refused");
	cuts_are_safe();
	depth();
	finding();
	strings();
	each_byte_is_escaped_where_it_stands();
	return t_done();
}
