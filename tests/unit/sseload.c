/* SPDX-License-Identifier: MIT */
/* The load's answers and events, each fed whole and one byte at a time; targets and sources. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "sseload_answer.h"
#include "sseload_scan.h"
#include "sseload_target.h"
#include "t.h"

/* --- Answers: "STATUS[flags]body." and how it ended: E over, ! bad, ~ the end may come here */

static void read_answer(struct buf *out, const char *s, size_t len, size_t step)
{
	struct answer a;
	enum answer_step got = ANSWER_MORE;

	buf_init(out, 1 << 20);
	answer_init(&a);
	for (size_t at = 0; at < len && got != ANSWER_END && got != ANSWER_BAD;) {
		size_t n = len - at < step ? len - at : step;
		char *copy = malloc(n); /* a read beyond n is seen */
		const char *p = copy;
		struct answer_bytes body;

		memcpy(copy, s + at, n);
		at += n;
		while ((got = answer_next(&a, &p, &n, &body)) != ANSWER_MORE) {
			if (got == ANSWER_HEAD)
				(void)buf_addf(out, "%u%s%s%s[", a.status, a.is_stream ? "s" : "",
				    a.is_encoded ? "z" : "", a.close ? "c" : "");
			else if (got == ANSWER_BODY)
				(void)buf_add(out, body.p, body.len);
			else
				break;
		}
		free(copy);
	}
	(void)buf_adds(out,
	    got == ANSWER_END       ? "]E"
		: got == ANSWER_BAD ? "!"
		: answer_eof(&a)    ? "~"
				    : "…");
}

static void answer(const char *s, const char *want, const char *title)
{
	struct buf out;
	bool same = true;

	for (size_t step = 1; step <= strlen(s); step++) {
		read_answer(&out, s, strlen(s), step);
		same = same && t_eq(buf_head(&out), out.len, want);
		buf_fini(&out);
	}
	ok(same, "%s", title);
}

#define OK "HTTP/1.1 200 OK\r\n"
#define STREAM "Content-Type: text/event-stream\r\n"

static void answers(void)
{
	answer(OK STREAM "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n \r\n0\r\n\r\n",
	    "200s[hello ]E", "a chunked body");
	answer(OK "transfer-encoding:chunked\r\n\r\nA\r\n0123456789\r\n00\r\nX: y\r\n\r\nrest",
	    "200[0123456789]E", "a trailer is skipped");
	answer(OK STREAM "Content-Length: 3\r\n\r\nabc", "200s[abc]E", "a body of a given length");
	answer(OK STREAM "\r\ndata", "200sc[data~", "a body that lasts until the connection ends");
	answer("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "200c[]E", "HTTP/1.0 closes");
	answer("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", "200[]E",
	    "HTTP/1.0 that is kept alive");
	answer(OK "Connection: close\r\nContent-Length: 1\r\n\r\nx", "200c[x]E", "one that closes");
	answer("HTTP/1.1 204 No Content\r\n\r\n", "204[]E", "204 has no body");
	answer("HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	    "200[]E", "an informational head is skipped");
	answer(
	    "HTTP/1.1 200\nContent-Type: text/event-stream; charset=utf-8\nContent-Length: 1\n\nx",
	    "200s[x]E", "bare LF, no reason, a parameter");
	answer(OK "Content-Type: text/event-streams\r\nContent-Encoding: gzip\r\nContent-Length: "
		  "0\r\n\r\n",
	    "200z[]E", "another type, and a coding");
	answer(OK "X: 0123456789012345678901234567890123456789012345678901234567890123456789\r\n"
		  "Content-Length: 0\r\n\r\n",
	    "200[]E", "a line longer than what is kept of it");
	answer("HTTP/2 200\r\n\r\n", "!", "another version");
	answer("SSH-2.0-x\r\n", "!", "another protocol");
	answer(OK "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", "!", "two lengths");
	answer(OK "Content-Length: -1\r\n\r\n", "!", "a length that is none");
	answer(OK "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "!",
	    "a length and a coding");
	answer(OK "Transfer-Encoding: gzip, chunked\r\n\r\n", "!", "a coding that we do not know");
	answer(OK "Transfer-Encoding: chunked\r\n\r\n\r\n", "200[!", "a chunk without a size");
	answer(OK "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", "200[!",
	    "a chunk of more than there is");
	answer(OK "Transfer-Encoding: chunked\r\n\r\n1\r\nab", "200[a!", "a chunk that is longer");
	answer(OK "no field\r\n", "!", "a line that is no field");
	answer(OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhel", "200[hel…", "a chunk that is cut");
}

/* --- Events: "(found seq|id)" each */

static void scan_all(struct buf *out, const char *s, size_t len, size_t step)
{
	struct scan scan;
	enum scan_step got = SCAN_MORE;

	buf_init(out, 1 << 20);
	scan_init(&scan);
	for (size_t at = 0; at < len && got != SCAN_LONG;) {
		size_t n = len - at < step ? len - at : step;
		char *copy = malloc(n);
		const char *p = copy;
		enum audit_found found;
		struct audit_stamp stamp;

		memcpy(copy, s + at, n);
		at += n;
		while ((got = scan_next(&scan, &p, &n, &found, &stamp)) == SCAN_EVENT)
			(void)buf_addf(out, "(%s%llu|%.*s)",
			    found == AUDIT_GOOD          ? ""
				: found == AUDIT_DAMAGED ? "!"
							 : "-",
			    found == AUDIT_GOOD ? (unsigned long long)stamp.seq : 0, scan.id_len,
			    scan.id);
		free(copy);
	}

	(void)buf_addf(out, "%.*s", scan.id_len, scan.id);
	scan_restart(&scan);
}

static void scan(const char *s, size_t len, const char *want, const char *title)
{
	struct buf out;
	bool same = true;

	for (size_t step = 1; step <= len; step += step < 40 ? 1 : 37) {
		scan_all(&out, s, len, step);
		same = same && t_eq(buf_head(&out), out.len, want);
		buf_fini(&out);
	}
	ok(same, "%s", title);
}

static void events(void)
{
	char stamp[120], text[2000];
	struct audit_stamp s = {.run = 7, .lane = 3, .seq = 42, .time_ns = 1};

	audit_stamp(stamp, sizeof stamp - 1, &s);
	stamp[sizeof stamp - 1] = '\0';
	snprintf(text, sizeof text,
	    "\xef\xbb\xbfid: 1-0\ndata: {\"content\":\"%s\"}\n\nid:2-0\r\ndata:%s\r\n\r\n: c\n\n"
	    "event: x\rdata: y\rdata: %s\r\rdata\n\nid: 9-9\n\nid: cut\ndata: x\n",
	    stamp, stamp, stamp);
	scan(text, strlen(text), "(42|1-0)(42|2-0)(42|2-0)(-0|2-0)9-9",
	    "stamps and ids, with LF, CR and CRLF, and a last event that is cut");
	stamp[100] ^= 1;
	snprintf(text, sizeof text, "data: %s\n\n", stamp);
	scan(text, strlen(text), "(!0|)", "a damaged stamp");
	snprintf(text, sizeof text, "idx: 1\ndatax: 1\nid\ndata: a\n\n");
	scan(text, strlen(text), "(-0|)", "fields of other names; an id without a value");
	scan("id: a\0b\ndata: x\n\n", 17, "(-0|)", "an id with a NUL is none");
	scan("id: 012345678901234567890123456789012345678901234567\ndata\n\n", 60, "(-0|)",
	    "an id that is too long to keep");
}

/* --- Targets and sources */

static void target(const char *url, const char *host, const char *path)
{
	struct target t;
	struct why w;
	int r = target_parse(&t, url, &w);
	char shown[100];

	if (host == NULL)
		ok(r < 0 && w.status == WHY_USAGE, "%s is refused",
		    why_quote(shown, sizeof shown, url, strlen(url)));
	else
		ok(r == 0 && t_eq(t.host, t.host_len, host) && t_eq(t.path, strlen(t.path), path),
		    "%s", url);
	target_fini(&t);
}

static void targets(void)
{
	struct sources s;
	struct why w;
	struct buf b;

	target("http://127.0.0.1:80/x", "127.0.0.1:80", "/x");
	target("HTTP://localhost", "localhost", "/");
	target("http://[::1]:8080/{n}?a=b", "[::1]:8080", "/{n}?a=b");
	target("unix:/a/b:/x", "localhost", "/x");
	target("http://unix:/a/b:/x", "localhost", "/x");
	target("unix:/a/b", "localhost", "/");
	target("https://127.0.0.1/", NULL, NULL);
	target("http://example.org/", NULL, NULL);
	target("http://127.0.0.1:0/", NULL, NULL);
	target("http://127.0.0.1:65536/", NULL, NULL);
	target("http://a:b@127.0.0.1/", NULL, NULL);
	target("http://127.0.0.1/a b", NULL, NULL);
	target("http://127.0.0.1/\r\nX:", NULL, NULL);
	target("http://127.0.0.1?x", NULL, NULL);
	target("unix::/x", NULL, NULL);
	target("http://[::1/", NULL, NULL);
	ok(sources_parse(&s, "127.0.0.5,127.1.0.0/30,127.2.0.0/31", &w) == 0 && s.count == 5 &&
		sources_at(&s, 0) == htonl(0x7f000005) && sources_at(&s, 1) == htonl(0x7f010001) &&
		sources_at(&s, 2) == htonl(0x7f010002) && sources_at(&s, 3) == htonl(0x7f020000) &&
		sources_at(&s, 4) == htonl(0x7f020001),
	    "sources: addresses and networks");
	sources_fini(&s);
	ok(sources_parse(&s, "127.0.0.1/7", &w) < 0 && sources_parse(&s, "", &w) < 0 &&
		sources_parse(&s, "127.0.0.1,", &w) < 0 &&
		sources_parse(&s, "127.0.0.1/", &w) < 0 && sources_parse(&s, "::1", &w) < 0,
	    "sources that are none");
	buf_init(&b, 1 << 10);
	target_expand(&b, "/{n}/a{n}{x}", 12);
	ok(t_eq(buf_head(&b), b.len, "/12/a12{x}"), "a template");
	buf_fini(&b);
}

int main(void)
{
	answers();
	events();
	targets();
	return t_done();
}
