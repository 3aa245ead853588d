/* SPDX-License-Identifier: MIT */
/* fetch_head: the head of an answer. */
#include "fetch_head.h"

#include <string.h>
#include <strings.h>

#include "number.h"

size_t fetch_head_bytes(const char *bytes, size_t len)
{
	const char *end = len > 0 ? memmem(bytes, len, "\r\n\r\n", 4) : NULL;

	return end != NULL ? (size_t)(end - bytes) + 4 : 0;
}

/* --- Fields */

/* The line at the front, without its end, which is taken off; false at the end. */
static bool next_line(struct http_slice *rest, struct http_slice *line)
{
	const char *end = rest->len > 0 ? memchr(rest->p, '\n', rest->len) : NULL;

	if (end == NULL)
		return false;
	*line = (struct http_slice){rest->p, (size_t)(end - rest->p)};
	rest->len -= line->len + 1;
	rest->p = end + 1;
	if (line->len > 0 && line->p[line->len - 1] == '\r')
		line->len--;
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* The next field of this name; true when there is one. */
static bool next_field(struct http_slice *rest, const char *name, struct http_slice *value)
{
	size_t n = strlen(name);

	for (struct http_slice line; next_line(rest, &line);) {
		if (line.len <= n || line.p[n] != ':' || strncasecmp(line.p, name, n) != 0)
			continue;
		*value = (struct http_slice){line.p + n + 1, line.len - n - 1};
		while (value->len > 0 && is_space(*value->p))
			value->p++, value->len--;
		while (value->len > 0 && is_space(value->p[value->len - 1]))
			value->len--;
		return true;
	}
	return false;
}

bool fetch_field(const struct fetch_head *h, const char *name, struct http_slice *value)
{
	struct http_slice rest = h->fields;

	return next_field(&rest, name, value);
}

bool fetch_field_has(const struct fetch_head *h, const char *name, const char *text)
{
	struct http_slice rest = h->fields, value;
	size_t n = strlen(text);

	while (next_field(&rest, name, &value))
		for (size_t i = 0; i + n <= value.len; i++)
			if (strncasecmp(value.p + i, text, n) == 0)
				return true;
	return false;
}

/* --- Framing (RFC 9112, 6.3) */

enum { LENGTH_DIGITS_MAX = 18 }; /* what has more is no length */

static int find_framing(struct fetch_head *h, struct why *w)
{
	struct http_slice rest = h->fields, v;
	uint64_t length;

	while (next_field(&rest, "Transfer-Encoding", &v)) {
		if (h->is_chunked || v.len != 7 || strncasecmp(v.p, "chunked", 7) != 0)
			return why_set(w, WHY_DATA,
			    "the answer's Transfer-Encoding is not chunked, and nothing else was "
			    "offered");
		h->is_chunked = true;
	}
	rest = h->fields;
	while (!h->is_chunked && next_field(&rest, "Content-Length", &v)) {
		if (v.len > LENGTH_DIGITS_MAX || !number_parse(v.p, v.len, UINT64_MAX, &length) ||
		    (h->has_length && length != h->length))
			return why_set(w, WHY_DATA, "the answer's Content-Length is broken");
		h->has_length = true;
		h->length = length;
	}
	return 0;
}

int fetch_head_parse(struct fetch_head *h, const char *s, size_t len, struct why *w)
{
	uint64_t status;

	*h = (struct fetch_head){.status = 0};
	/* HTTP/1.1 200 OK; the words may be missing. */
	if (len < 14 || memcmp(s, "HTTP/1.", 7) != 0 || s[7] < '0' || s[7] > '1' || s[8] != ' ' ||
	    !number_parse(s + 9, 3, 599, &status) || status < 100 ||
	    (s[12] != ' ' && s[12] != '\r'))
		return why_set(w, WHY_DATA,
		    len > 1 && (s[0] == 0x15 || s[0] == 0x16) && s[1] == 3
			? "this is no HTTP/1 server, but one of TLS"
			: "this is no HTTP/1 server");
	h->minor = s[7] - '0';
	h->status = (int)status;
	const char *end = memchr(s, '\n', len);
	if (end != NULL)
		h->fields = (struct http_slice){end + 1, len - (size_t)(end + 1 - s)};
	return find_framing(h, w);
}
