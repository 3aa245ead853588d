/* SPDX-License-Identifier: MIT */
#include "http_answer.h"
#include "t.h"

static const char *answer(struct buf *b, struct http_answer a)
{
	buf_clear(b);
	if (http_answer(b, &a) == -1 || buf_addc(b, '\0') == -1)
		return "";
	return buf_head(b);
}

static void answers(void)
{
	struct buf b, more;
	const char *s;

	buf_init(&b, 1000);
	buf_init(&more, 100);
	s = answer(&b, (struct http_answer){.status = 404, .body = "No route.", .body_len = 9});
	ok(t_eq(s, strlen(s),
	       "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\n"
	       "Content-Length: 10\r\nConnection: close\r\nCache-Control: no-store\r\n"
	       "X-Content-Type-Options: nosniff\r\n\r\nNo route.\n"),
	    "an answer is complete, and its text ends in a newline");
	ok(http_add_header(&more, "Retry-After", "5", 1) == 0 && more.len == 16,
	    "a header line is added");
	s = answer(&b, (struct http_answer){.status = 503, .headers = &more, .head_only = true});
	ok(strstr(s, "\r\nRetry-After: 5\r\n\r\n") != NULL && strstr(s, "Length: 20\r\n") != NULL &&
		strcmp(s + strlen(s) - 4, "\r\n\r\n") == 0,
	    "an answer to HEAD has the length of the body and no body");
	s = answer(&b, (struct http_answer){.status = 503});
	ok(strstr(s, "\r\n\r\nService Unavailable\n") != NULL,
	    "without a body the status is said in words");
	s = answer(&b, (struct http_answer){.status = 204, .keep_alive = true});
	ok(strstr(s, "\r\nContent-") == NULL && strstr(s, "Connection: keep-alive\r\n") != NULL &&
		strcmp(s + strlen(s) - 4, "\r\n\r\n") == 0,
	    "204 has no content, and the connection may be kept");
	s = answer(&b,
	    (struct http_answer){
		.status = 200, .type = "application/json", .body = "{}", .body_len = 2});
	ok(strstr(s, "application/json\r\nContent-Length: 2\r\n") != NULL &&
		strcmp(s + strlen(s) - 6, "\r\n\r\n{}") == 0,
	    "a body with a type goes out as it is");
	ok(http_add_header(&more, "A", "b\r\nC: d", 7) == -1 &&
		http_add_header(&more, "A", "\0", 1) == -1 &&
		http_add_header(&more, "A", "\n", 1) == -1 && more.len == 16,
	    "a value with a line end or a NUL makes no header");
	char big[90];
	memset(big, 'x', sizeof big);
	ok(http_add_header(&more, "A", big, sizeof big) == -1 && more.len == 16,
	    "a header beyond the buffer's cap is not begun");
	buf_clear(&b);
	ok(http_answer_stream(&b, &more) == 0 && buf_addc(&b, '\0') == 0 &&
		strstr(buf_head(&b), "\r\nContent-Type: text/event-stream\r\n") != NULL &&
		strstr(buf_head(&b), "\r\nCache-Control: no-cache, no-transform\r\n") != NULL &&
		strstr(buf_head(&b), "\r\nX-Accel-Buffering: no\r\n") != NULL &&
		strstr(buf_head(&b), "Content-Length") == NULL &&
		strstr(buf_head(&b), "\r\nRetry-After: 5\r\n\r\n") != NULL,
	    "the head of a stream forbids caching, compression and buffering");
	buf_fini(&b);
	buf_init(&b, 150);
	(void)buf_adds(&b, "before"); /* fits */
	struct http_answer large = {.status = 200, .body = big, .body_len = sizeof big};
	ok(http_answer(&b, &large) == -1 && http_answer_stream(&b, NULL) == -1 && b.len == 6,
	    "an answer beyond the buffer's cap is not begun");
	buf_fini(&b);
	buf_fini(&more);
}

int main(void)
{
	answers();
	return t_done();
}
