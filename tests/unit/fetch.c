/* SPDX-License-Identifier: MIT */
#include "fetch_body.h"
#include "fetch_url.h"
#include "t.h"

static struct fetch_head head;
static struct why why;

static int parse(const char *text)
{
	return fetch_head_parse(&head, text, strlen(text), &why);
}

#define OK_LINE "HTTP/1.1 200 OK\r\n"

static void heads(void)
{
	struct http_slice v;
	static const char *const wrong[] = {"HTTP/2 200 OK\r\n\r\n", "HTTP/1.2 200 OK\r\n\r\n",
	    "HTTP/1.1 20\r\n\r\n", "HTTP/1.1 2000\r\n\r\n", "HTTP/1.1 600 x\r\n\r\n",
	    "http/1.1 200 OK\r\n\r\n", "SSH-2.0-OpenSSH_9\r\n\r\n",
	    OK_LINE "Content-Length: -1\r\n\r\n", OK_LINE "Content-Length: 0x1\r\n\r\n",
	    OK_LINE "Content-Length:\r\n\r\n", OK_LINE "Content-Length: 1, 1\r\n\r\n",
	    OK_LINE "Content-Length: 9999999999999999999\r\n\r\n",
	    OK_LINE "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
	    OK_LINE "Transfer-Encoding: gzip, chunked\r\n\r\n",
	    OK_LINE "Transfer-Encoding: xchunked\r\n\r\n",
	    OK_LINE "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"};

	ok(fetch_head_bytes("HTTP/1.1 200 OK\r\n\r", 18) == 0 &&
		fetch_head_bytes("HTTP/1.1 200 OK\r\n\r\nx", 20) == 19,
	    "a head ends with its empty line");
	ok(parse("HTTP/1.0 204\r\n\r\n") == 0 && head.status == 204 && head.minor == 0,
	    "a status line without words");
	ok(parse(OK_LINE "content-TYPE: \t text/event-stream \r\nX: a\r\nx: b\r\n\r\n") == 0 &&
		fetch_field(&head, "Content-Type", &v) && t_eq(v.p, v.len, "text/event-stream") &&
		fetch_field(&head, "X", &v) && t_eq(v.p, v.len, "a") &&
		fetch_field_has(&head, "X", "B") && !fetch_field(&head, "Conten", &v),
	    "fields are found without case, the first one first");
	ok(parse(OK_LINE "Content-Length: 5\r\nContent-Length: 5\r\n\r\n") == 0 &&
		head.has_length && head.length == 5,
	    "the same length twice is one");
	ok(parse(OK_LINE "Content-Length: 5\r\nTransfer-Encoding: Chunked\r\n\r\n") == 0 &&
		head.is_chunked && !head.has_length,
	    "chunks win over a length");
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		ok(parse(wrong[i]) == -1 && why.status == WHY_DATA, "refused: %.*s: %s",
		    (int)strcspn(wrong[i], "\r"), wrong[i], why.text);
	ok(fetch_head_parse(&head, "\x15\x03\x01\x00\x02\x02\x28\r\n\r\n", 11, &why) == -1 &&
		strstr(why.text, "TLS") != NULL,
	    "an alert of TLS is told as such");
}

/* The body that `framed` holds, cut every `step` bytes; whether it ended well. */
static bool unframe(const char *fields, const char *framed, size_t step, struct buf *out)
{
	struct fetch_body b;
	struct buf in;
	char to[7], text[300];
	ssize_t n = 0;

	(void)snprintf(text, sizeof text, OK_LINE "%s\r\n", fields); /* fits */
	if (parse(text) < 0)
		return false;
	fetch_body_init(&b, &head);
	buf_init(&in, 1000);
	for (size_t at = 0, len = strlen(framed); at < len && n >= 0; at += step) {
		(void)buf_add(&in, framed + at, len - at < step ? len - at : step); /* fits */
		while ((n = fetch_body_take(&b, &in, to, sizeof to, &why)) > 0)
			(void)buf_add(out, to, (size_t)n); /* as above */
	}
	buf_fini(&in);
	return n >= 0 && !fetch_body_cut(&b);
}

static void bodies(void)
{
	static const struct {
		const char *fields, *framed, *body;
		bool good;
	} tests[] = {
	    {"", "data: x\n\n", "data: x\n\n", true},
	    {"Content-Length: 3\r\n", "abcdef", "abc", true},
	    {"Content-Length: 3\r\n", "ab", "ab", false},
	    {"Transfer-Encoding: chunked\r\n",
		"3\r\nabc\r\n0A ;x=\"y\"\r\n0123456789\r\n0\r\nT: x\r\n\r\n", "abc0123456789",
		true},
	    {"Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n", "abc", false},
	    {"Transfer-Encoding: chunked\r\n", "5\r\nabc", "abc", false},
	    {"Transfer-Encoding: chunked\r\n", "3\nabc\r\n", "", false},
	    {"Transfer-Encoding: chunked\r\n", "\r\n3\r\nabc\r\n", "", false},
	    {"Transfer-Encoding: chunked\r\n", "3\r\nabcd\r\n", "abc", false},
	    {"Transfer-Encoding: chunked\r\n", "+3\r\nabc\r\n", "", false},
	    {"Transfer-Encoding: chunked\r\n", "0x3\r\nabc\r\n", "", false},
	    {"Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\nabc\r\n", "", false},
	};

	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
		for (size_t step = 1; step <= 64; step *= 4) {
			struct buf out;

			buf_init(&out, 1000);
			bool good =
			    unframe(tests[i].fields, tests[i].framed, step, &out) == tests[i].good;
			ok(good && t_eq(buf_head(&out), out.len, tests[i].body),
			    "body %zu, cut every %zu bytes", i, step);
			buf_fini(&out);
		}
}

static void urls(void)
{
	struct fetch_url u;
	static const char *const wrong[] = {"", "a", "ftp://a/", "http://", "http:///x",
	    "http://:80/", "http://u:p@h/", "http://h:0/", "http://h:x/", "http://h:65536/",
	    "http://h:99999999999/", "http://[::1/", "http://[]/", "http://[::1]x/", "http://h/#x",
	    "http://h/ x", "http://h/\x7f", "https:/h/"};

	ok(fetch_url(&u, "HTTPS://example.com?q=1", &why) == 0 && u.tls && u.port == 443 &&
		strcmp(u.target, "?q=1") == 0 && strcmp(u.shown, "HTTPS://example.com") == 0,
	    "https, without a path; the query is not for showing");
	ok(fetch_url(&u, "http://[::1]:81/x", &why) == 0 && strcmp(u.host, "::1") == 0 &&
		u.port == 81 && strcmp(u.authority, "[::1]:81") == 0 && !u.tls,
	    "IPv6 in brackets");
	ok(fetch_url(&u, "http://[::1]", &why) == 0 && u.port == 80, "without a port");
	ok(fetch_url(&u, "http://h:/", &why) == 0 && u.port == 80, "an empty port is the default");
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		ok(fetch_url(&u, wrong[i], &why) == -1 && why.status == WHY_USAGE, "refused: %s",
		    wrong[i]);
}

int main(void)
{
	heads();
	bodies();
	urls();
	return t_done();
}
