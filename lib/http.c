/* SPDX-License-Identifier: MIT */
/*
 * http: the head of an HTTP/1.x request, line by line. It knows no methods, routes or bodies.
 *
 *	START --empty line--> REQUEST --line--> FIELDS --empty line--> BODY
 *	  '------------ line ---------------------^ '--line--> FIELDS
 *	any --broken rule, or the cap--> ERROR
 */
#include "http.h"

#include <stdint.h>
#include <string.h>

#include "number.h"

static enum http_step refuse(struct http *h, int status, const char *reason)
{
	h->at = HTTP_AT_ERROR;
	h->status = status;
	h->reason = reason;
	return HTTP_REFUSED;
}

void http_init(struct http *h, size_t max_head_bytes)
{
	*h = (struct http){.max_bytes = max_head_bytes};
}

/* --- Characters. No <ctype.h>: it depends on the locale. */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_token(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(s[i]) && !is_one_of(s[i], "!#$%&'*+-.^_`|~"))
			return false;
	return len > 0;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool same_nocase(const char *s, size_t len, const char *want)
{
	if (len != strlen(want))
		return false;
	for (size_t i = 0; i < len; i++)
		if (lower(s[i]) != lower(want[i]))
			return false;
	return true;
}

static struct http_slice trim(const char *s, size_t len)
{
	while (len > 0 && is_blank(s[0]))
		s++, len--;
	while (len > 0 && is_blank(s[len - 1]))
		len--;
	return (struct http_slice){s, len};
}

/* --- The request line. */

static void split_query(struct http *h, const char *s, size_t len)
{
	const char *mark = memchr(s, '?', len);
	size_t path_len = mark == NULL ? len : (size_t)(mark - s);

	h->path = path_len == 0 ? (struct http_slice){"/", 1} : (struct http_slice){s, path_len};
	h->query = mark == NULL ? (struct http_slice){"", 0}
				: (struct http_slice){mark + 1, len - path_len - 1};
}

/* http://host[:port][/path][?query], which RFC 9112, 3.2.2 demands of every server. */
static enum http_step absolute_target(struct http *h, const char *s, size_t len)
{
	const char *mark = memchr(s, ':', len);
	size_t scheme = mark == NULL ? 0 : (size_t)(mark - s);
	size_t at = scheme + 3;

	if (!same_nocase(s, scheme, "http") && !same_nocase(s, scheme, "https"))
		return refuse(h, 400, "The request target is neither a path nor an http URL.");
	if (len < at || memcmp(mark, "://", 3) != 0)
		return refuse(h, 400, "The request target is neither a path nor an http URL.");
	for (; at < len && s[at] != '/' && s[at] != '?'; at++)
		if (s[at] == '@')
			return refuse(h, 400, "The request target has a user name.");
	if (at == scheme + 3)
		return refuse(h, 400, "The request target has no host.");
	split_query(h, s + at, len - at);
	return HTTP_MORE;
}

static enum http_step request_target(struct http *h, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c <= ' ' || c >= 0x7f)
			return refuse(h, 400, "The request target has a byte to percent-encode.");
		if (s[i] == '#')
			return refuse(h, 400, "The request target has a fragment.");
		if (s[i] == '<' || s[i] == '>' || s[i] == '"')
			return refuse(h, 400, "The request target has a raw <, > or \".");
	}
	if (s[0] == '/') {
		split_query(h, s, len);
		return HTTP_MORE;
	}
	if (len == 1 && s[0] == '*') {
		if (!http_method_is(h, "OPTIONS"))
			return refuse(h, 400, "The request target * is for OPTIONS only.");
		split_query(h, s, len);
		return HTTP_MORE;
	}
	return absolute_target(h, s, len);
}

/* METHOD SP TARGET SP HTTP/1.x. The version comes before the target: HTTP/2's preface (PRI *)
 * deserves a 505. */
static enum http_step request_line(struct http *h, const char *s, size_t len)
{
	const char *space = memchr(s, ' ', len);
	const char *end = s + len;

	if (space == NULL || !is_token(s, (size_t)(space - s)))
		return refuse(h, 400, "The request does not begin with a method and a space.");
	h->method = (struct http_slice){s, (size_t)(space - s)};

	const char *target = space + 1;
	const char *version = memchr(target, ' ', (size_t)(end - target));
	if (version == NULL || version == target)
		return refuse(h, 400, "The request line is not METHOD TARGET VERSION.");
	size_t target_len = (size_t)(version++ - target);
	if (end - version != 8 || memcmp(version, "HTTP/", 5) != 0 || !is_digit(version[5]) ||
	    version[6] != '.' || !is_digit(version[7]))
		return refuse(h, 400, "The request line does not end with HTTP/1.1 or HTTP/1.0.");
	if (version[5] != '1')
		return refuse(h, 505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
	h->minor = version[7] == '0' ? 0 : 1; /* RFC 9110, 2.5: treat 1.x as the highest known */
	return request_target(h, target, target_len);
}

/* --- Header fields. */

static enum http_step field_line(struct http *h, const char *s, size_t len)
{
	const char *colon = memchr(s, ':', len);
	size_t name = colon == NULL ? 0 : (size_t)(colon - s);

	if (is_blank(s[0]))
		return refuse(h, 400, "A header field is folded or begins with a space.");
	if (colon == NULL)
		return refuse(h, 400, "A header field has no colon.");
	if (name > 0 && is_blank(s[name - 1]))
		return refuse(h, 400, "A header field has a space before its colon.");
	if (!is_token(s, name))
		return refuse(h, 400, "A header field's name is empty or not a token.");
	if (++h->nfields > HTTP_FIELDS_MAX)
		return refuse(h, 431, "The request has too many header fields.");
	return HTTP_MORE;
}

/* The next field from *at on: 1, or 0 at the end. Only for lines that field_line has admitted. */
static int next_field(
    const struct http *h, size_t *at, struct http_slice *name, struct http_slice *value)
{
	const char *s = h->fields.p + *at;

	if (*at >= h->fields.len)
		return 0;
	const char *end = memchr(s, '\r', h->fields.len - *at);
	const char *colon = memchr(s, ':', (size_t)(end - s));
	*name = (struct http_slice){s, (size_t)(colon - s)};
	*value = trim(colon + 1, (size_t)(end - colon) - 1);
	*at += (size_t)(end - s) + 2;
	return 1;
}

int http_field(const struct http *h, const char *name, struct http_slice *value)
{
	struct http_slice n, v;
	int found = 0;

	for (size_t at = 0; next_field(h, &at, &n, &v) == 1;)
		if (same_nocase(n.p, n.len, name) && found++ == 0)
			*value = v;
	return found;
}

void http_field_all(const struct http *h, const char *name, struct buf *out)
{
	struct http_slice n, v;
	bool first = true;

	for (size_t at = 0; next_field(h, &at, &n, &v) == 1;) {
		if (!same_nocase(n.p, n.len, name))
			continue;
		if (!first)
			(void)buf_addc(out, ','); /* no cap, here and below */
		(void)buf_add(out, v.p, v.len);
		first = false;
	}
}

static bool list_has(struct http_slice list, const char *token)
{
	for (const char *s = list.p, *end = list.p + list.len; s <= end;) {
		const char *comma = memchr(s, ',', (size_t)(end - s));
		const char *stop = comma == NULL ? end : comma;
		struct http_slice item = trim(s, (size_t)(stop - s));

		if (same_nocase(item.p, item.len, token))
			return true;
		s = stop + 1;
	}
	return false;
}

bool http_field_has(const struct http *h, const char *name, const char *token)
{
	struct http_slice n, v;

	for (size_t at = 0; next_field(h, &at, &n, &v) == 1;)
		if (same_nocase(n.p, n.len, name) && list_has(v, token))
			return true;
	return false;
}

bool http_method_is(const struct http *h, const char *method)
{
	return h->method.len == strlen(method) && memcmp(h->method.p, method, h->method.len) == 0;
}

/* --- What the fields mean together. */

static enum http_step check_length(struct http *h)
{
	struct http_slice n, v;
	uint64_t length;

	h->has_length = false;
	h->length = 0;
	for (size_t at = 0; next_field(h, &at, &n, &v) == 1;) {
		if (!same_nocase(n.p, n.len, "Content-Length"))
			continue;
		if (!number_parse(v.p, v.len, SIZE_MAX / 2, &length))
			return refuse(h, 400, "Content-Length is not a number of bytes.");
		if (h->has_length && h->length != length)
			return refuse(h, 400, "Two Content-Length fields differ.");
		h->has_length = true;
		h->length = length;
	}
	if (http_field(h, "Transfer-Encoding", &v) == 0)
		return HTTP_MORE;
	if (h->has_length)
		return refuse(h, 400, "Content-Length and Transfer-Encoding exclude each other.");
	if (h->minor == 0)
		return refuse(h, 400, "HTTP/1.0 has no Transfer-Encoding.");
	return refuse(h, 501, "Transfer-Encoding is not supported: send a Content-Length.");
}

static enum http_step check_host(struct http *h)
{
	struct http_slice host;
	int hosts = http_field(h, "Host", &host);

	if (hosts > 1)
		return refuse(h, 400, "The request has more than one Host field.");
	if (hosts == 0)
		return h->minor == 0 ? HTTP_MORE : refuse(h, 400, "The request has no Host field.");
	for (size_t i = 0; i < host.len; i++)
		if (!is_alnum(host.p[i]) && !is_one_of(host.p[i], "-._~%!$&'()*+,;=:[]"))
			return refuse(h, 400, "The Host field is not a host name.");
	return HTTP_MORE;
}

static enum http_step complete(struct http *h, const char *bytes)
{
	h->head_bytes = h->line;
	/* The request line again: the bytes may have moved since it was read. */
	(void)request_line(h, bytes + h->request, h->fields_at - h->request - 2);
	h->fields = (struct http_slice){bytes + h->fields_at, h->line - 2 - h->fields_at};
	if (check_host(h) == HTTP_REFUSED || check_length(h) == HTTP_REFUSED)
		return HTTP_REFUSED;
	h->keep_alive = !http_field_has(h, "Connection", "close") &&
	    (h->minor > 0 || http_field_has(h, "Connection", "keep-alive"));
	h->at = HTTP_AT_BODY;
	return HTTP_HEAD;
}

/* Sets *len to the length of the line that begins at h->line, without its end, and returns
 * HTTP_HEAD; HTTP_MORE when the line is not complete. */
static enum http_step next_line(struct http *h, const char *bytes, size_t have, size_t *len)
{
	for (size_t i = h->scanned; i < have; h->scanned = ++i) {
		if (((unsigned char)bytes[i] >= ' ' && bytes[i] != 0x7f) || bytes[i] == '\t')
			continue;
		if (bytes[i] == '\n')
			return refuse(h, 400, "A line ends with a bare line feed.");
		if (bytes[i] != '\r')
			return refuse(h, 400, "The request has a control byte.");
		if (i + 1 == have)
			return HTTP_MORE;
		if (bytes[i + 1] != '\n')
			return refuse(h, 400, "The request has a bare carriage return.");
		*len = i - h->line;
		h->line = h->scanned = i + 2;
		return HTTP_HEAD;
	}
	return HTTP_MORE;
}

static enum http_step take_line(struct http *h, const char *bytes, size_t at, size_t len)
{
	if (h->at == HTTP_AT_FIELDS)
		return len == 0 ? complete(h, bytes) : field_line(h, bytes + at, len);
	if (len == 0 && h->at == HTTP_AT_REQUEST)
		return refuse(h, 400, "The request begins with empty lines.");
	if (len == 0) { /* RFC 9112, 2.2: old clients sent one behind a POST */
		h->at = HTTP_AT_REQUEST;
		return HTTP_MORE;
	}
	h->at = HTTP_AT_FIELDS;
	h->request = at;
	h->fields_at = h->line;
	return request_line(h, bytes + at, len);
}

enum http_step http_parse(struct http *h, const char *bytes, size_t len)
{
	size_t have = len < h->max_bytes ? len : h->max_bytes;
	enum http_step step = HTTP_MORE;
	size_t line_len;

	if (h->at == HTTP_AT_ERROR)
		return HTTP_REFUSED;
	if (h->at == HTTP_AT_BODY)
		return complete(h, bytes);
	while (step == HTTP_MORE) {
		size_t at = h->line;

		step = next_line(h, bytes, have, &line_len);
		if (step == HTTP_MORE && len >= h->max_bytes)
			return refuse(h, 431, "The request head is too large.");
		if (step != HTTP_HEAD)
			return step;
		step = take_line(h, bytes, at, line_len);
	}
	return step;
}
