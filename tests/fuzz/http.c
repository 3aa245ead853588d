/* SPDX-License-Identifier: MIT */
/* Any bytes as a request: the result does not depend on how they are cut, nothing that comes out
 * can begin a line, and the answer that would be sent is one whole answer. */
#include <stdint.h>
#include <stdlib.h>

#include "cors.h"
#include "http_answer.h"
#include "http_query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { CAP = 600 };

static void must(bool good)
{
	if (!good)
		abort();
}

/* Nothing in s can end a line; a request's own slices have no other control byte either. */
static void must_be_clean(struct http_slice s)
{
	for (size_t i = 0; i < s.len; i++)
		must((unsigned char)s.p[i] >= ' ' || s.p[i] == '\t');
}

static bool same(struct http_slice a, struct http_slice b)
{
	return a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
}

static enum http_step parse_cut(struct http *h, const char *s, size_t len, size_t step)
{
	enum http_step result = HTTP_MORE;

	http_init(h, CAP);
	for (size_t n = 0; n < len && result == HTTP_MORE;) {
		n = len - n < step ? len : n + step;
		char *copy = malloc(n); /* a read beyond n is seen */

		memcpy(copy, s, n);
		result = http_parse(h, copy, n);
		free(copy);
	}
	return result;
}

static void compare(const char *s, size_t len, const struct http *whole, enum http_step result)
{
	for (size_t step = 1; step <= 7; step += 2) {
		struct http cut;

		must(parse_cut(&cut, s, len, step) == result);
		must(cut.status == whole->status && cut.reason == whole->reason);
		if (result != HTTP_HEAD)
			continue;
		must(http_parse(&cut, s, len) == HTTP_HEAD); /* its slices point to freed memory */
		must(cut.head_bytes == whole->head_bytes && cut.minor == whole->minor);
		must(same(cut.method, whole->method) && same(cut.path, whole->path));
		must(same(cut.query, whole->query) && cut.keep_alive == whole->keep_alive);
		must(cut.has_length == whole->has_length && cut.length == whole->length);
	}
}

static void check_answer(const struct http *h, struct http_slice echo)
{
	const char *origins[] = {"https://a.example", "*"};
	struct cors c = {origins, 2};
	struct http_answer a = {
	    .status = h->status, .body = h->reason, .body_len = strlen(h->reason)};
	struct buf headers, out;

	buf_init(&headers, 4096);
	buf_init(&out, 8192);
	if (h->at == HTTP_AT_BODY)
		must(cors_add(&headers, &c, h) == 0);
	must(http_add_header(&headers, "X-Echo", echo.p, echo.len) == 0);
	a.headers = &headers;
	must(http_answer(&out, &a) == 0 && buf_addc(&out, '\0') == 0);
	/* One empty line, and behind it exactly the text that was announced. */
	char *body = strstr(buf_head(&out), "\r\n\r\n");
	char *length = strstr(buf_head(&out), "\r\nContent-Length: ");
	must(body != NULL && length != NULL && length < body);
	must(strtoul(length + 18, NULL, 10) == strlen(body + 4));
	must(strlen(body + 4) == a.body_len + 1);
	buf_fini(&headers);
	buf_fini(&out);
}

static void check_head(const struct http *h, size_t len)
{
	struct http_slice v = {"", 0};
	static const char *const names[] = {"Host", "Origin", "Last-Event-ID", "Authorization"};
	char decoded[CAP + 1];
	size_t n;
	struct why w;

	must(h->head_bytes <= len && h->head_bytes <= CAP);
	must(h->method.len > 0 && h->path.len > 0 && (h->path.p[0] == '/' || h->path.p[0] == '*'));
	must(memchr(h->path.p, '?', h->path.len) == NULL);
	must(memchr(h->path.p, ' ', h->path.len) == NULL);
	must_be_clean(h->method);
	must_be_clean(h->path);
	must_be_clean(h->query);
	must(h->minor == 0 || http_field(h, "host", &v) == 1);
	must(http_field(h, "transfer-encoding", &v) == 0);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (http_field(h, names[i], &v) > 0)
			must_be_clean(v);
	if (http_query_get(h->query, "since", decoded, sizeof decoded, &n, &w) == 1)
		must(n <= h->query.len && strlen(decoded) == n);
	struct http answered = *h;
	answered.status = 200;
	answered.reason = "Fine.";
	check_answer(&answered, v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *s = (const char *)data;
	struct http h;

	http_init(&h, CAP);
	enum http_step result = http_parse(&h, s, len);
	compare(s, len, &h, result);
	if (result == HTTP_MORE) {
		must(len < CAP);
	} else if (result == HTTP_HEAD) {
		check_head(&h, len);
	} else {
		must(h.status == 400 || h.status == 431 || h.status == 501 || h.status == 505);
		check_answer(&h, (struct http_slice){"", 0});
	}
	return 0;
}
