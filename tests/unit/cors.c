/* SPDX-License-Identifier: MIT */
#include "cors.h"
#include "t.h"

#include <stdlib.h>

static char shown[1000];

/* The header lines for a request with these fields. */
static const char *headers(const struct cors *c, const char *method, const char *fields)
{
	char request[500];
	struct http h;
	struct buf b;

	(void)snprintf(
	    request, sizeof request, "%s / HTTP/1.1\r\nHost: a\r\n%s\r\n", method, fields);
	http_init(&h, HTTP_HEAD_MAX);
	if (http_parse(&h, request, strlen(request)) != HTTP_HEAD)
		abort();
	buf_init(&b, sizeof shown - 1);
	if (cors_add(&b, c, &h) == -1)
		abort();
	memcpy(shown, b.len > 0 ? buf_head(&b) : "", b.len);
	shown[b.len] = '\0';
	buf_fini(&b);
	return shown;
}

#define GRANT(o) "Vary: Origin\r\nAccess-Control-Allow-Origin: " o "\r\n"
#define COOKIES "Access-Control-Allow-Credentials: true\r\n"
#define PREFLIGHT                                                                    \
	"Access-Control-Allow-Methods: GET, HEAD, POST, OPTIONS\r\n"                 \
	"Access-Control-Allow-Headers: Last-Event-ID, Authorization, Content-Type, " \
	"Cache-Control\r\nAccess-Control-Max-Age: 600\r\n"
#define ASK "Access-Control-Request-Method: GET\r\n"

static int same(const char *got, const char *want)
{
	return t_eq(got, strlen(got), want);
}

static void grants(void)
{
	const char *const list[] = {"https://a.example", "http://localhost:3000"};
	const char *const any[] = {"*"}, *const both[] = {"*", "https://a.example"};
	struct cors none = {0}, two = {list, 2}, all = {any, 1}, mixed = {both, 2};

	ok(same(headers(&none, "GET", "Origin: https://a.example\r\n"), ""),
	    "without a list there are no headers");
	ok(same(headers(&two, "GET", "Origin: https://a.example\r\n"),
	       GRANT("https://a.example") COOKIES),
	    "a listed origin is echoed and may use cookies");
	ok(same(headers(&two, "GET", ""), "Vary: Origin\r\n"),
	    "without an origin only caches are told that the answer depends on it");
	static const char *const others[] = {"https://a.example.evil", "https://a.exampl",
	    "http://a.example", "https://A.example", "https://a.example:443", "null", "*", ""};
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		char field[100];

		(void)snprintf(field, sizeof field, "Origin: %s\r\n", others[i]);
		ok(same(headers(&two, "GET", field), "Vary: Origin\r\n"),
		    "origin <%s> is not taken for a listed one", others[i]);
	}
	ok(same(headers(&two, "GET", "Origin: https://a.example\r\nOrigin: http://evil\r\n"),
	       "Vary: Origin\r\n"),
	    "two origins are none");
	ok(same(headers(&all, "GET", "Origin: https://x\r\n"), GRANT("*")) &&
		same(headers(&all, "GET", "Origin: *\r\n"), GRANT("*")),
	    "any origin may read when * is listed, but without cookies");
	ok(same(headers(&mixed, "GET", "Origin: https://a.example\r\n"),
	       GRANT("https://a.example") COOKIES),
	    "an origin that is listed beside * may use cookies");
	ok(same(headers(&two, "OPTIONS", ASK "Origin: http://localhost:3000\r\n"),
	       GRANT("http://localhost:3000") COOKIES PREFLIGHT),
	    "a preflight is told methods, headers and for how long");
	ok(same(headers(&two, "OPTIONS", ASK "Origin: http://evil\r\n"), "Vary: Origin\r\n"),
	    "a preflight from elsewhere is told nothing");
	ok(same(headers(&all, "OPTIONS", "Origin: http://x\r\n"), GRANT("*")) &&
		same(headers(&all, "GET", ASK "Origin: http://x\r\n"), GRANT("*")),
	    "a preflight is OPTIONS with Access-Control-Request-Method, nothing less");
}

static void checks(void)
{
	static const char *const good[] = {"*", "null", "https://a.example",
	    "http://localhost:3000", "http://[::1]:8", "chrome-extension://abc"};
	static const char *const bad[] = {"", "a.example", "https://", "://a", "https://a/",
	    "https://A.example", "HTTPS://a", "https://a/path", "https://*.example", "https://a b",
	    "https://a\r\n", "https://a?b", "https://u@a"};
	struct why w;

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		ok(cors_check(good[i], &w) == 0, "%s can be an origin", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char q[40];

		ok(cors_check(bad[i], &w) == -1 && w.status == WHY_USAGE &&
			strchr(w.text, '\n') == NULL,
		    "<%s> cannot be an origin", why_quote(q, sizeof q, bad[i], strlen(bad[i])));
	}
}

static void caps(void)
{
	const char *const any[] = {"*"};
	struct cors all = {any, 1};
	struct http h;
	struct buf b;
	static const char get[] = "GET / HTTP/1.1\r\nHost: a\r\nOrigin: http://x\r\n\r\n";

	http_init(&h, HTTP_HEAD_MAX);
	(void)http_parse(&h, get, strlen(get)); /* a good request */
	buf_init(&b, 30);
	ok(cors_add(&b, &all, &h) == -1 && b.len == 0, "headers beyond the cap are not begun");
	ok(cors_origin_allowed(&all, "x", 1) && !cors_origin_allowed(&(struct cors){0}, "x", 1),
	    "an origin is allowed by the list alone");
	buf_fini(&b);
}

int main(void)
{
	grants();
	checks();
	caps();
	return t_done();
}
