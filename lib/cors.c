/* SPDX-License-Identifier: MIT */
/* cors: which web pages may read our answers. */
#include "cors.h"

#include <string.h>

#include "http_answer.h"

int cors_check(const char *text, struct why *w)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz0123456789-._:[]";
	const char *host = strstr(text, "://");
	char shown[100];

	if (strcmp(text, "*") == 0 || strcmp(text, "null") == 0)
		return 0;
	(void)why_quote(shown, sizeof shown, text, strlen(text)); /* returns shown */
	if (host == NULL || host == text || host[3] == '\0')
		return why_set(w, WHY_USAGE, "origin %s: scheme://host[:port] is meant", shown);
	host += 3;
	if (strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+-.") != (size_t)(host - 3 - text) ||
	    strspn(host, chars) != strlen(host))
		return why_set(w, WHY_USAGE,
		    "origin %s: lower case and nothing behind the host (no path, no slash)", shown);
	return 0;
}

static bool is_listed(const struct cors *c, const char *origin, size_t len)
{
	for (size_t i = 0; i < c->norigins; i++)
		if (strlen(c->origins[i]) == len && memcmp(c->origins[i], origin, len) == 0)
			return true;
	return false;
}

bool cors_origin_allowed(const struct cors *c, const char *origin, size_t len)
{
	return is_listed(c, origin, len) || is_listed(c, "*", 1);
}

bool cors_is_preflight(const struct http *h)
{
	struct http_slice value;

	return http_method_is(h, "OPTIONS") && http_field(h, "Origin", &value) == 1 &&
	    http_field(h, "Access-Control-Request-Method", &value) == 1;
}

static int add(struct buf *headers, const char *name, const char *value)
{
	return http_add_header(headers, name, value, strlen(value));
}

static int add_grant(struct buf *headers, bool listed, struct http_slice origin)
{
	static const char name[] = "Access-Control-Allow-Origin";

	if (!listed)
		return add(headers, name, "*");
	if (http_add_header(headers, name, origin.p, origin.len) == -1)
		return -1;
	return add(headers, "Access-Control-Allow-Credentials", "true");
}

static int add_preflight(struct buf *headers)
{
	if (add(headers, "Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS") == -1 ||
	    add(headers, "Access-Control-Allow-Headers",
		"Last-Event-ID, Authorization, Content-Type, Cache-Control") == -1)
		return -1;
	return add(headers, "Access-Control-Max-Age", "600");
}

int cors_add(struct buf *headers, const struct cors *c, const struct http *h)
{
	size_t before = headers->len;
	struct http_slice origin;

	if (c->norigins == 0)
		return 0;
	/* Also where there is no Origin: or a wrong one, else a cache may serve that to others. */
	if (add(headers, "Vary", "Origin") == -1)
		return -1;
	if (http_field(h, "Origin", &origin) != 1 || !cors_origin_allowed(c, origin.p, origin.len))
		return 0;
	/* "Origin: *" is no origin, even though it equals the list's "*". */
	bool listed = is_listed(c, origin.p, origin.len) && !(origin.len == 1 && *origin.p == '*');

	if (add_grant(headers, listed, origin) == 0 &&
	    (!cors_is_preflight(h) || add_preflight(headers) == 0))
		return 0;
	headers->len = before;
	return -1;
}
