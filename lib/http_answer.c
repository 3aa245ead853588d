/* SPDX-License-Identifier: MIT */
/* http_answer: what goes back to an HTTP client. */
#include "http_answer.h"

#include <string.h>

/* The reason phrase of a status, "Unknown" when it is none of ours. */
static const char *reason_of(int status)
{
	static const struct {
		int status;
		const char *words;
	} table[] = {
	    {200, "OK"},
	    {201, "Created"},
	    {202, "Accepted"},
	    {204, "No Content"},
	    {304, "Not Modified"},
	    {400, "Bad Request"},
	    {401, "Unauthorized"},
	    {403, "Forbidden"},
	    {404, "Not Found"},
	    {405, "Method Not Allowed"},
	    {406, "Not Acceptable"},
	    {408, "Request Timeout"},
	    {409, "Conflict"},
	    {411, "Length Required"},
	    {413, "Content Too Large"},
	    {415, "Unsupported Media Type"},
	    {417, "Expectation Failed"},
	    {422, "Unprocessable Content"},
	    {429, "Too Many Requests"},
	    {431, "Request Header Fields Too Large"},
	    {500, "Internal Server Error"},
	    {501, "Not Implemented"},
	    {502, "Bad Gateway"},
	    {503, "Service Unavailable"},
	    {504, "Gateway Timeout"},
	    {505, "HTTP Version Not Supported"},
	};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (table[i].status == status)
			return table[i].words;
	return "Unknown";
}

int http_add_header(struct buf *headers, const char *name, const char *value, size_t value_len)
{
	size_t before = headers->len;

	for (size_t i = 0; i < value_len; i++)
		if (((unsigned char)value[i] < ' ' && value[i] != '\t') || value[i] == 0x7f)
			return -1;
	if (buf_adds(headers, name) == 0 && buf_adds(headers, ": ") == 0 &&
	    buf_add(headers, value, value_len) == 0 && buf_adds(headers, "\r\n") == 0)
		return 0;
	headers->len = before;
	return -1;
}

static int add_headers(struct buf *out, const struct buf *headers)
{
	if (headers != NULL && headers->len > 0 &&
	    buf_add(out, buf_head(headers), headers->len) == -1)
		return -1;
	return buf_adds(out, "\r\n");
}

static int add_head(struct buf *out, const struct http_answer *a, size_t length)
{
	const char *type = a->type != NULL ? a->type : "text/plain; charset=utf-8";

	if (buf_addf(out, "HTTP/1.1 %d %s\r\n", a->status, reason_of(a->status)) == -1)
		return -1;
	/* RFC 9110, 8.6 and 15.4.5: no length where there is no content */
	if (a->status != 204 && a->status != 304 &&
	    buf_addf(out, "Content-Type: %s\r\nContent-Length: %zu\r\n", type, length) == -1)
		return -1;
	if (buf_addf(out,
		"Connection: %s\r\n"
		"Cache-Control: no-store\r\n"
		"X-Content-Type-Options: nosniff\r\n",
		a->keep_alive ? "keep-alive" : "close") == -1)
		return -1;
	return add_headers(out, a->headers);
}

int http_answer(struct buf *out, const struct http_answer *a)
{
	size_t before = out->len;
	bool is_text = a->type == NULL || a->body == NULL;
	const char *body = a->body != NULL ? a->body : reason_of(a->status);
	size_t len = a->body != NULL ? a->body_len : strlen(body);
	const char *newline = is_text && (len == 0 || body[len - 1] != '\n') ? "\n" : "";
	struct http_answer head = *a;

	if (is_text)
		head.type = NULL;
	if (add_head(out, &head, len + strlen(newline)) == 0) {
		if (a->head_only || a->status == 204 || a->status == 304)
			return 0;
		if (buf_add(out, body, len) == 0 && buf_adds(out, newline) == 0)
			return 0;
	}
	out->len = before;
	return -1;
}

int http_answer_stream(struct buf *out, const struct buf *headers)
{
	size_t before = out->len;

	/* no-transform: proxies that compress hold back even the head. X-Accel-Buffering: nginx. */
	if (buf_adds(out,
		"HTTP/1.1 200 OK\r\n"
		"Content-Type: text/event-stream\r\n"
		"Connection: close\r\n"
		"Cache-Control: no-cache, no-transform\r\n"
		"X-Accel-Buffering: no\r\n"
		"X-Content-Type-Options: nosniff\r\n") == 0 &&
	    add_headers(out, headers) == 0)
		return 0;
	out->len = before;
	return -1;
}
