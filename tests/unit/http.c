/* SPDX-License-Identifier: MIT */
/* Every request is parsed whole and byte by byte, in memory that moves; both must agree. */
#include "http.h"
#include "t.h"

#include <stdlib.h>

static struct http h; /* of the last request */
static char *moved;   /* the bytes that h points into when they came one by one */

static enum http_step parse_split(const char *s, size_t len, size_t cap)
{
	enum http_step step = HTTP_MORE;

	http_init(&h, cap);
	for (size_t n = 0; n <= len && step == HTTP_MORE; n++) {
		char *copy = malloc(n + 1);

		memcpy(copy, s, n);
		free(moved);
		moved = copy;
		step = http_parse(&h, moved, n);
	}
	return step;
}

static enum http_step parse_n(const char *s, size_t len, size_t cap)
{
	struct http split;
	enum http_step step = parse_split(s, len, cap);

	split = h;
	http_init(&h, cap);
	enum http_step whole = http_parse(&h, s, len);
	if (whole != step || h.status != split.status || h.reason != split.reason ||
	    h.head_bytes != split.head_bytes || h.path.len != split.path.len ||
	    (step == HTTP_HEAD && memcmp(h.path.p, split.path.p, h.path.len) != 0) ||
	    h.keep_alive != split.keep_alive || h.length != split.length) {
		printf("# whole and split differ for <%.*s>\n", (int)len, s);
		abort();
	}
	return step;
}

static enum http_step parse(const char *s)
{
	return parse_n(s, strlen(s), HTTP_HEAD_MAX);
}

/* The status that refuses these bytes, 0 when they are a head, -1 when more is needed. */
static int refused(const char *s, size_t len)
{
	enum http_step step = parse_n(s, len, HTTP_HEAD_MAX);

	return step == HTTP_REFUSED ? h.status : step == HTTP_HEAD ? 0 : -1;
}

#define H "Host: a\r\n"

static void good_requests(void)
{
	static const char get[] =
	    "GET /a/b?x=1&y=2 HTTP/1.1\r\nHost: example.com:80\r\nX-A: \t one two \t\r\nX-E:\r\n"
	    "x-a:2\r\n\r\nbody";
	struct http_slice v;

	ok(parse(get) == HTTP_HEAD && h.head_bytes == strlen(get) - 4,
	    "a head ends with its empty line; what follows is not looked at");
	ok(t_eq(h.method.p, h.method.len, "GET") && http_method_is(&h, "GET") &&
		!http_method_is(&h, "GE") && !http_method_is(&h, "get"),
	    "the method is told, in its case");
	ok(t_eq(h.path.p, h.path.len, "/a/b") && t_eq(h.query.p, h.query.len, "x=1&y=2"),
	    "the target is cut at the first question mark");
	ok(http_field(&h, "X-a", &v) == 2 && t_eq(v.p, v.len, "one two"),
	    "a field is found without case, counted, and trimmed of blanks and tabs");
	ok(http_field(&h, "x-e", &v) == 1 && v.len == 0, "a field may be empty");
	struct buf all;
	buf_init(&all, 100);
	http_field_all(&h, "X-A", &all);
	http_field_all(&h, "X-Y", &all);
	ok(t_eq(buf_head(&all), all.len, "one two,2"), "fields of one name are one list");
	buf_fini(&all);
	ok(http_field(&h, "X-", &v) == 0 && http_field(&h, "one", &v) == 0,
	    "a field that is not there is not found");
	ok(h.minor == 1 && h.keep_alive && !h.has_length && h.length == 0,
	    "HTTP/1.1 keeps the connection, and has no body without a length");
	ok(parse("\r\nGET / HTTP/1.0\r\n\r\n") == HTTP_HEAD && h.minor == 0 && !h.keep_alive &&
		h.head_bytes == 20,
	    "one leading CRLF is tolerated, HTTP/1.0 needs no Host and closes");
	ok(parse("GET / HTTP/1.7\r\n" H "\r\n") == HTTP_HEAD && h.minor == 1,
	    "a later minor version is spoken to as HTTP/1.1");
	ok(parse("GET / HTTP/1.1\r\n" H "A: \xc3\xa9\t\xff\r\n\r\n") == HTTP_HEAD,
	    "a field's value may have tabs and bytes beyond ASCII");
	ok(parse("POST / HTTP/1.1\r\n" H "Content-Length: 12\r\ncontent-length: 012\r\n\r\n") ==
		    HTTP_HEAD &&
		h.has_length && h.length == 12,
	    "a Content-Length that is repeated with the same value counts once");
	ok(parse("GET /a%zz|^` HTTP/1.1\r\n" H "\r\n") == HTTP_HEAD,
	    "what browsers send unencoded passes here, and escapes are for who decodes");
}

static void after_the_bytes_moved(void)
{
	static const char get[] = "GET /path?q HTTP/1.1\r\nHost: abc\r\n\r\n";
	char *copy = malloc(sizeof get);
	struct http_slice v;

	(void)parse(get); /* tested above */
	memcpy(copy, get, sizeof get);
	ok(http_parse(&h, copy, sizeof get - 1) == HTTP_HEAD && h.path.p == copy + 4 &&
		http_field(&h, "host", &v) == 1 && v.p > copy && v.p < copy + sizeof get,
	    "parsing a complete head again makes the slices anew, where the bytes are now");
	free(copy);
}

static void targets(void)
{
	static const struct {
		const char *target, *path, *query;
	} good[] = {
	    {"/", "/", ""},
	    {"//a", "//a", ""},
	    {"/a?", "/a", ""},
	    {"/?a?b", "/", "a?b"},
	    {"http://host/p?q", "/p", "q"},
	    {"HTTPS://host:8/p", "/p", ""},
	    {"http://h", "/", ""},
	    {"http://[::1]?q", "/", "q"},
	};
	static const char *const bad[] = {"*", "host:80", "host", "?a", "ftp://h/", "http:/h",
	    "http:", "http://", "http:///p", "http://u@h/", "http://?q", ":", "://h", "a/b", "/#",
	    "/a#b", "/<", "/>", "/\"", "/\xc3\xa9", "/\x7f", "/\t", "http://h/#f", "/a b", "/ "};
	char s[100];

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		(void)snprintf(s, sizeof s, "GET %s HTTP/1.1\r\n" H "\r\n", good[i].target);
		ok(parse(s) == HTTP_HEAD && t_eq(h.path.p, h.path.len, good[i].path) &&
			t_eq(h.query.p, h.query.len, good[i].query),
		    "target %s is path %s and query <%s>", good[i].target, good[i].path,
		    good[i].query);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char shown[40] = "", *to = shown;

		for (const char *p = bad[i]; *p != '\0'; p++) /* a '#' would be a TAP directive */
			to += sprintf(to, *p > ' ' && *p < 0x7f && *p != '#' ? "%c" : "<%02x>",
			    (unsigned char)*p);
		(void)snprintf(s, sizeof s, "GET %s HTTP/1.1\r\n" H "\r\n", bad[i]);
		ok(refused(s, strlen(s)) == 400, "target %s is refused with 400", shown);
	}
	ok(parse("OPTIONS * HTTP/1.1\r\n" H "\r\n") == HTTP_HEAD && t_eq(h.path.p, h.path.len, "*"),
	    "OPTIONS may ask for *");
	ok(refused("CONNECT h:80 HTTP/1.1\r\n" H "\r\n", 31) == 400,
	    "CONNECT, with an authority for a target, is refused");
}

#define GET "GET / HTTP/1.1\r\n"
#define BAD(status, bytes, title)                      \
	{                                              \
		status, sizeof bytes - 1, bytes, title \
	}

static const struct {
	int status;
	size_t len;
	const char *bytes, *title;
} malformed[] = {
    BAD(400, "GET / HTTP/1.1\nHost: a\n\n", "a bare LF behind the request line"),
    BAD(400, GET "Host: a\n\r\n", "a bare LF behind a field"),
    BAD(400, GET H "\n", "a bare LF for the empty line"),
    BAD(400, GET H "A: b\rc\r\n\r\n", "a bare CR in a value"),
    BAD(400, GET H "\r\r\n", "a bare CR before the last line end"),
    BAD(400, GET H "A: b\r\r\n\r\n", "two CR before an LF"),
    BAD(400, "\n" GET H "\r\n", "a leading LF"),
    BAD(400, "\r\n\r\n" GET H "\r\n", "two leading CRLF"),
    BAD(400, "GET  / HTTP/1.1\r\n" H "\r\n", "two spaces behind the method"),
    BAD(400, "GET /  HTTP/1.1\r\n" H "\r\n", "two spaces behind the target"),
    BAD(400, " GET / HTTP/1.1\r\n" H "\r\n", "a space before the method"),
    BAD(400, "GET / HTTP/1.1 \r\n" H "\r\n", "a space behind the version"),
    BAD(400, "GET\t/ HTTP/1.1\r\n" H "\r\n", "a tab for a space"),
    BAD(400, "G(T / HTTP/1.1\r\n" H "\r\n", "a method that is no token"),
    BAD(400, "GET /\r\n\r\n", "HTTP/0.9: no version"),
    BAD(400, "GET\r\n\r\n", "a method alone"),
    BAD(400, "GET / http/1.1\r\n" H "\r\n", "a version in lower case"),
    BAD(400, "GET / HTTP/1.10\r\n" H "\r\n", "a minor version of two digits"),
    BAD(400, "GET / HTTP/11\r\n" H "\r\n", "a version without a point"),
    BAD(400, "GET / HTTP/1.x\r\n" H "\r\n", "a version that is no number"),
    BAD(505, "GET / HTTP/2.0\r\n" H "\r\n", "HTTP/2.0"),
    BAD(505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "the preface of HTTP/2"),
    BAD(505, "GET / HTTP/0.9\r\n\r\n", "HTTP/0.9 with a version"),
    BAD(400, "\x16\x03\x01\x02", "the beginning of a TLS connection, at once"),
    BAD(400, GET H "A: b\r\n c\r\n\r\n", "a folded field (space)"),
    BAD(400, GET H "A: b\r\n\tc\r\n\r\n", "a folded field (tab)"),
    BAD(400, GET " Host: a\r\n\r\n", "a space before the first field"),
    BAD(400, GET "Host : a\r\n\r\n", "a space before the colon"),
    BAD(400, GET "Host\t: a\r\n\r\n", "a tab before the colon"),
    BAD(400, GET H "A B: c\r\n\r\n", "a space in a name"),
    BAD(400, GET H "A\xc3\xa9: c\r\n\r\n", "a byte beyond ASCII in a name"),
    BAD(400, GET H "A@: c\r\n\r\n", "a name that is no token"),
    BAD(400, GET H ": c\r\n\r\n", "an empty name"),
    BAD(400, GET H "abc\r\n\r\n", "a field without a colon"),
    BAD(400, GET H "A: b\0c\r\n\r\n", "a NUL in a value"),
    BAD(400, GET H "A\0: c\r\n\r\n", "a NUL in a name"),
    BAD(400, "GET /\0 HTTP/1.1\r\n" H "\r\n", "a NUL in the target"),
    BAD(400, "GE\0T / HTTP/1.1\r\n" H "\r\n", "a NUL in the method"),
    BAD(400, GET H "A: b\x1b[2J\r\n\r\n", "a control byte in a value"),
    BAD(400, GET H "A: b\x7f\r\n\r\n", "a DEL in a value"),
    BAD(400, GET "\r\n", "HTTP/1.1 without Host"),
    BAD(400, GET "Hos: a\r\n\r\n", "HTTP/1.1 with almost a Host"),
    BAD(400, GET H "host: a\r\n\r\n", "two Hosts, even the same"),
    BAD(400, "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", "two Hosts in HTTP/1.0"),
    BAD(400, GET "Host: a/b\r\n\r\n", "a Host that has a path"),
    BAD(400, GET "Host: u@b\r\n\r\n", "a Host that has a user"),
    BAD(400, GET "Host: a b\r\n\r\n", "a Host with a space"),
    BAD(400, GET H "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", "two lengths that differ"),
    BAD(400, GET H "Content-Length: 1, 1\r\n\r\n", "a list of lengths"),
    BAD(400, GET H "Content-Length: \r\n\r\n", "an empty length"),
    BAD(400, GET H "Content-Length: +1\r\n\r\n", "a length with a sign"),
    BAD(400, GET H "Content-Length: -1\r\n\r\n", "a negative length"),
    BAD(400, GET H "Content-Length: 0x1\r\n\r\n", "a length in hexadecimal"),
    BAD(400, GET H "Content-Length: 18446744073709551617\r\n\r\n",
	"a length that wraps around to 1"),
    BAD(400, GET H "Content-Length: 9223372036854775808\r\n\r\n",
	"a length that would be negative"),
    BAD(400, GET H "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
	"a length and a transfer coding"),
    BAD(501, GET H "Transfer-Encoding: chunked\r\n\r\n", "a transfer coding"),
    BAD(501, GET H "transfer-encoding:\r\n\r\n", "an empty transfer coding"),
    BAD(400, "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
	"a transfer coding in HTTP/1.0"),
};

static void bad_requests(void)
{
	for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++)
		ok(refused(malformed[i].bytes, malformed[i].len) == malformed[i].status &&
			h.reason != NULL,
		    "%s is refused with %d", malformed[i].title, malformed[i].status);
	ok(http_parse(&h, "", 0) == HTTP_REFUSED, "what was refused stays refused");
}

/* Where several rules would refuse: the one that says most. */
static void reasons(void)
{
	static const struct {
		const char *bytes, *word;
	} cases[] = {
	    {GET H "A: b\n\r\n", "bare line feed"},
	    {"GET  / HTTP/1.1\r\n" H "\r\n", "METHOD TARGET VERSION"},
	    {GET "Host : a\r\n\r\n", "space before its colon"},
	    {GET H "A: b\r\n c:d\r\n\r\n", "folded"},
	    {GET H "\tc:d\r\n\r\n", "folded"},
	    {"GET /# HTTP/1.1\r\n" H "\r\n", "fragment"},
	    {"GET /\xc3 HTTP/1.1\r\n" H "\r\n", "percent-encode"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ok(parse(cases[i].bytes) == HTTP_REFUSED && strstr(h.reason, cases[i].word) != NULL,
		    "a reason says: %s", cases[i].word);
}

static void control_bytes(void)
{
	static const char get[] = "GET /abc HTTP/1.1\r\nHost: abc\r\nName: value\r\n\r\n";
	char s[sizeof get];
	int bad = 0, more = 0;

	for (size_t at = 0; at < sizeof get - 1; at++)
		for (int c = 0; c < 0x20; c++) {
			memcpy(s, get, sizeof get);
			if (c == '\t' || c == '\r' || c == '\n' || s[at] == '\r' || s[at] == '\n')
				continue;
			s[at] = (char)c;
			bad += refused(s, sizeof get - 1) != 400;
		}
	for (size_t n = 0; n < sizeof get - 1; n++)
		more += refused(get, n) != -1;
	ok(bad == 0, "a control byte anywhere is refused with 400");
	ok(more == 0, "every beginning of a good head asks for more");
}

static void caps(void)
{
	static char s[20000];
	int n = snprintf(s, sizeof s, GET H);

	for (int i = 1; i < HTTP_FIELDS_MAX; i++)
		n += snprintf(s + n, sizeof s - (size_t)n, "A%d:\r\n", i);
	(void)snprintf(s + n, sizeof s - (size_t)n, "\r\n");
	ok(parse(s) == HTTP_HEAD, "a hundred fields pass");
	(void)snprintf(s + n, sizeof s - (size_t)n, "A:\r\n\r\n");
	ok(parse(s) == HTTP_REFUSED && h.status == 431, "one more is refused with 431");

	static const char get[] = GET H "\r\n";
	size_t len = sizeof get - 1;
	ok(parse_n(get, len, len) == HTTP_HEAD, "a head of exactly the cap passes");
	ok(parse_n(get, len, len - 1) == HTTP_REFUSED && h.status == 431,
	    "a head one byte above the cap is refused with 431");
	memset(s, 'A', sizeof s);
	memcpy(s, "GET /", 5);
	ok(refused(s, sizeof s) == 431 && h.head_bytes == 0,
	    "a line without end is refused with 431 when the cap is reached");
}

static void keep_alive(void)
{
	static const struct {
		const char *request;
		bool keep;
	} cases[] = {
	    {GET H "Connection: close\r\n\r\n", false},
	    {GET H "Connection: CLOSE\r\n\r\n", false},
	    {GET H "Connection: foo , Close,bar\r\n\r\n", false},
	    {GET H "Connection: foo\r\nConnection: close\r\n\r\n", false},
	    {GET H "Connection: closed, enclose\r\n\r\n", true},
	    {GET H "Connection:\r\n\r\n", true},
	    {GET H "Connection: keep-alive\r\n\r\n", true},
	    {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
	    {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false},
	    {"GET / HTTP/1.0\r\nX: keep-alive\r\n\r\n", false},
	};
	int wrong = 0;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		wrong += parse(cases[i].request) != HTTP_HEAD || h.keep_alive != cases[i].keep;
	ok(wrong == 0, "a connection is kept as version and Connection say, close winning");
}

int main(void)
{
	good_requests();
	after_the_bytes_moved();
	targets();
	bad_requests();
	reasons();
	control_bytes();
	caps();
	keep_alive();
	free(moved);
	return t_done();
}
