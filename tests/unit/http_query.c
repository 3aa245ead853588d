/* SPDX-License-Identifier: MIT */
#include "http_query.h"
#include "t.h"

#include <stdlib.h>

static void decoding(void)
{
	char out[20];
	size_t n;
	struct why w;

	ok(http_percent_decode(out, sizeof out, &n, "a%20+%252F%c3%A9", 16, &w) == 0 &&
		t_eq(out, n, "a +%2F\xc3\xa9") && out[n] == '\0',
	    "escapes are decoded once, in both cases; a plus stays a plus");
	ok(http_percent_decode(out, sizeof out, &n, "", 0, &w) == 0 && n == 0,
	    "nothing decodes to nothing");
	static const char *const bad[] = {"%", "%4", "a%4", "%zz", "%4g", "%%41", "%00", "% 1"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		size_t len = strlen(bad[i]);
		char *copy = malloc(len); /* of exactly that length: a read beyond it is seen */

		memcpy(copy, bad[i], len);
		ok(http_percent_decode(out, sizeof out, &n, copy, len, &w) == -1 &&
			w.status == WHY_DATA,
		    "escape %s is refused", bad[i]);
		free(copy);
	}
	ok(http_percent_decode(out, sizeof out, &n, "a\0b", 3, &w) == -1, "a raw NUL is refused");
	ok(http_percent_decode(out, 4, &n, "a%62c", 5, &w) == 0 && n == 3 &&
		http_percent_decode(out, 4, &n, "abcd", 4, &w) == -1,
	    "what does not fit is refused, and what just fits is not");
}

static int get(const char *query, const char *name, const char *want)
{
	char out[20];
	size_t n;
	struct why w;
	int found = http_query_get(
	    (struct http_slice){query, strlen(query)}, name, out, sizeof out, &n, &w);

	return found == 1 && want != NULL ? t_eq(out, n, want) : found;
}

static void queries(void)
{
	ok(get("a=1&since=5m&b", "since", "5m") && get("since=%35m", "since", "5m"),
	    "a parameter is found among others and decoded");
	ok(get("since", "since", "") && get("since=", "since", "") && get("&&since&", "since", ""),
	    "a parameter may be empty, with or without its equals sign");
	ok(get("t=a+b==", "t", "a+b=="), "a token in plain Base64 survives");
	ok(get("", "a", NULL) == 0 && get("aa=1&A=2&xa=3", "a", NULL) == 0,
	    "another name is not taken for it");
	ok(get("%61=1", "a", "1") && get("%61=1&a=2", "a", NULL) == -1,
	    "names are compared decoded, so none hides behind an escape");
	ok(get("a=1&a=1", "a", NULL) == -1, "a parameter that is there twice is refused");
	ok(get("a=%", "a", NULL) == -1 && get("b=%&%=1&a=2", "a", "2"),
	    "a bad escape counts only in the parameter that is asked for");
	ok(get("a=123456789012345678901", "a", NULL) == -1, "a value that is too long is refused");
}

int main(void)
{
	decoding();
	queries();
	return t_done();
}
