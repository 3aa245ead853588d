/* SPDX-License-Identifier: MIT */
/*
 * doctor: a few exchanges, each about one or two questions.
 *
 *	GET, compression offered → the head; GET, plain → how events come, idle cuts, probes
 *	GET with Last-Event-ID   → resume;   OPTIONS with an Origin → CORS
 */
#include "doctor.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "clock.h"
#include "cors.h"
#include "fetch.h"
#include "json.h"
#include "jwt.h"
#include "opt.h"
#include "proc.h"
#include "sse.h"

enum {
	PROMPT_MS = 1000, /* an event on its way for longer is noticed by a person */
	LOOK_MS = 1000,   /* how long to look on for messages that are there already */
	EVENT_MAX = 1 << 20,
	PROBES = 3,
};

enum level { OK, WARN, BAD, SKIP };

static const char buffering_fix[] =
    "nginx: proxy_buffering off, and no proxy_ignore_headers X-Accel-Buffering; Apache: "
    "ProxyPass … flushpackets=on; Caddy: flush_interval -1; Varnish: set beresp.do_stream = true";
static const char compression_fix[] =
    "nginx: gzip off (brotli off) in this location, or no text/event-stream in gzip_types; "
    "Apache: SetEnv no-gzip 1; Caddy: leave it out of encode";
static const char resume_fix[] =
    "let the request header Last-Event-ID through (nginx: no proxy_set_header Last-Event-ID \"\"; "
    "CDN: forward it and do not cache)";
static const char idle_fix[] =
    "nginx: proxy_read_timeout 1h; Apache: ProxyTimeout 3600; HAProxy: timeout server and timeout "
    "tunnel 1h; AWS ALB: idle timeout; or a shorter sp-sse --heartbeat";

struct doctor {
	struct say *say;
	const char *token_file, *origin;
	int64_t idle_ms, timeout_ms;
	bool probe;
	struct fetch_url url;
	struct buf headers; /* those of every request */
	struct buf out;
	int nbad;
	struct why why;

	/* The stream being read. */
	struct fetch stream;
	struct sse_decoder decoder;
	int64_t first_ms; /* when its first event came; 0: not yet */
	int64_t last_ms;  /* when the last bytes came */
	int64_t gap_ms;   /* the longest silence between two reads */
	int nmessages, nprobes;
	bool connected_has_id, has_stream_end, has_repeat;
	char probe_mark[40];         /* in the data of our probes; empty before them */
	char cursor[SSE_ID_MAX + 1]; /* the first id that came; what to resume after */
	const char *resumed;         /* the cursor of this request; NULL: none */
};

/* --- Findings */

__attribute__((format(printf, 5, 6))) static void find(
    struct doctor *d, enum level level, const char *what, const char *fix, const char *fmt, ...)
{
	static const char *const words[] = {"ok", "warn", "bad", "-"};
	char text[400], shown[400];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap); /* a cut finding is still one */
	va_end(ap);
	d->nbad += level == BAD;
	(void)buf_addf(&d->out, "%-5s%-13s%s\n", words[level], what,
	    why_quote(shown, sizeof shown, text, strlen(text))); /* no cap */
	if ((level == BAD || level == WARN) && fix != NULL)
		(void)buf_addf(&d->out, "     %-13s→ %s\n", "", fix); /* no cap */
	/* A doctor is watched: each finding is shown when it is there. */
	if (proc_write(STDOUT_FILENO, "standard output", buf_head(&d->out), d->out.len, &d->why) <
	    0)
		d->nbad++; /* d->why tells */
	buf_clear(&d->out);
}

/* --- Reading a stream */

static int on_event(void *arg, const struct sse_message *m, struct why *w)
{
	struct doctor *d = arg;
	struct json_slice type = json_string(json_find(m->data, m->data_len, "type"));
	bool is_connected = json_means(type, "connected");

	(void)w; /* never fails */
	if (d->first_ms == 0)
		d->first_ms = clock_ms();
	d->nmessages += !is_connected;
	d->has_stream_end |= json_means(type, "stream_end");
	d->connected_has_id |= is_connected && m->has_id;
	if (m->has_id && d->resumed != NULL && strlen(d->resumed) == m->id_len &&
	    memcmp(d->resumed, m->id, m->id_len) == 0)
		d->has_repeat = true;
	if (m->has_id && d->cursor[0] == '\0' && m->id_len < sizeof d->cursor &&
	    sse_id_is_legal(m->id, m->id_len))
		memcpy(d->cursor, m->id, m->id_len);
	if (d->probe_mark[0] != '\0' &&
	    memmem(m->data, m->data_len, d->probe_mark, strlen(d->probe_mark)) != NULL)
		d->nprobes++;
	return 0;
}

static void add_header(struct doctor *d, struct buf *b, const char *name, const char *value)
{
	(void)buf_add(b, buf_head(&d->headers), b->len == 0 ? d->headers.len : 0); /* no cap */
	(void)buf_addf(b, "%s: %s\r\n", name, value);                              /* no cap */
}

/* Opens the stream with one header line more. 0, or -1 with d->why. */
static int open_stream(struct doctor *d, const char *name, const char *value)
{
	struct buf headers;

	buf_init(&headers, SIZE_MAX / 2);
	add_header(d, &headers, "Accept", "text/event-stream");
	add_header(d, &headers, name, value);
	(void)buf_addc(&headers, '\0'); /* no cap */
	int r = fetch_open(&d->stream, &d->url, "GET", buf_head(&headers), NULL,
	    clock_ms() + d->timeout_ms, &d->why);
	buf_fini(&headers);
	if (r < 0)
		return -1;
	sse_decoder_init(&d->decoder, EVENT_MAX);
	d->first_ms = d->gap_ms = 0;
	d->last_ms = d->stream.head_ms;
	d->nmessages = 0;
	d->connected_has_id = d->has_stream_end = d->has_repeat = false;
	return 0;
}

static void close_stream(struct doctor *d)
{
	fetch_close(&d->stream);
	sse_decoder_fini(&d->decoder);
}

static bool has_first(const struct doctor *d)
{
	return d->first_ms != 0;
}

static bool has_probe(const struct doctor *d)
{
	return d->nprobes > 0;
}

/* Reads until enough is there (NULL: never): 1; FETCH_LATE; 0 at the end of the stream; -1. */
static int read_until(struct doctor *d, bool (*enough)(const struct doctor *), int64_t until_ms)
{
	char bytes[16 * 1024];

	while (enough == NULL || !enough(d)) {
		ssize_t n = fetch_read(&d->stream, bytes, sizeof bytes, until_ms, &d->why);
		int64_t now = clock_ms();

		if (n <= 0)
			return (int)n;
		if (now - d->last_ms > d->gap_ms)
			d->gap_ms = now - d->last_ms;
		d->last_ms = now;
		if (sse_feed(&d->decoder, bytes, (size_t)n, on_event, d, &d->why) < 0)
			return -1;
	}
	return 1;
}

/* --- The head */

static void check_status(struct doctor *d, int status)
{
	const char *fix = status == 401 ? "--token FILE, with a token of sp-sse token"
	    : status == 403             ? "a token that grants this; or --allow, for a channel"
	    : status == 404             ? "the path, as the proxy maps it (proxy_pass with a path?)"
	    : status == 204 ? "the run is over and was seen: take a stage that runs, or a project"
	    : status >= 300 && status < 400 ? "the URL that it redirects to"
	    : status >= 500 ? "is the server behind the proxy up, and Redis behind that?"
			    : NULL;

	find(d, BAD, "status", fix, "%d instead of 200", status);
}

static void check_headers(struct doctor *d)
{
	const struct fetch *f = &d->stream;
	struct http_slice v;

	find(d, OK, "version", NULL, "HTTP/1.%d%s", f->minor,
	    f->is_chunked ? ", chunked" : ", until the connection closes");
	if (f->has_length)
		find(d, BAD, "length", buffering_fix,
		    "there is a Content-Length: somebody kept the stream back until it ended");
	if (!fetch_field_has(f, "Content-Type", "text/event-stream"))
		find(d, BAD, "type", "is this the URL of a stream? what answers it?",
		    "not text/event-stream: browsers refuse it");
	if (fetch_field(f, "Content-Encoding", &v) && v.len > 0 &&
	    !fetch_field_has(f, "Content-Encoding", "identity"))
		find(d, BAD, "compression", compression_fix,
		    "Content-Encoding is %.*s: events wait until a block is full",
		    (int)(v.len < 40 ? strcspn(v.p, "\r\n") : 40), v.p);
	else
		find(
		    d, OK, "compression", NULL, "none, although gzip, deflate and br were offered");
	if (!fetch_field_has(f, "Cache-Control", "no-cache") &&
	    !fetch_field_has(f, "Cache-Control", "no-store"))
		find(d, BAD, "caching",
		    "let Cache-Control through (nginx: no expires, no add_header)",
		    "Cache-Control has no no-cache");
	else if (!fetch_field_has(f, "Cache-Control", "no-transform"))
		find(d, WARN, "caching", "let Cache-Control through as the server sends it",
		    "Cache-Control has no no-transform: a cache on the way may compress");
	else
		find(d, OK, "caching", NULL, "no-cache, no-transform");
	/* nginx heeds and removes it. */
	if (!fetch_field_has(f, "X-Accel-Buffering", "no") &&
	    !fetch_field_has(f, "Server", "nginx"))
		find(d, WARN, "X-Accel", "let X-Accel-Buffering through (Apache: no Header unset)",
		    "no X-Accel-Buffering: no; an nginx further out would buffer");
}

static int check_head(struct doctor *d)
{
	int r = open_stream(d, "Accept-Encoding", "gzip, deflate, br");
	if (r < 0 && d->why.status == WHY_TIMEOUT)
		find(d, BAD, "buffering", buffering_fix, "%s (%.1f s): %s", d->why.text,
		    (double)d->timeout_ms / 1000,
		    "the server is stuck, or something keeps all of the answer back");
	if (r < 0)
		return d->nbad > 0 ? 1 : -1;
	int status = d->stream.status;
	if (status == 200)
		check_headers(d);
	else
		check_status(d, status);
	close_stream(d);
	return status == 200 ? 0 : 1;
}

/* --- How events come */

static void check_idle(struct doctor *d)
{
	int64_t from = clock_ms();
	int r = read_until(d, NULL, from + d->idle_ms);

	if (r == FETCH_LATE)
		find(d, OK, "idle", NULL,
		    "open for %.1f s; the longest silence was %.1f s (heartbeats count)",
		    (double)d->idle_ms / 1000, (double)d->gap_ms / 1000);
	else if (r == 0 && d->has_stream_end)
		find(d, SKIP, "idle", NULL, "the run ended; take a project, or a stage that runs");
	else
		find(d, BAD, "idle", idle_fix, "cut after %.1f s, %.1f s of them in silence",
		    (double)(clock_ms() - from) / 1000, (double)(clock_ms() - d->last_ms) / 1000);
}

/* Publishes one message by POST to the same URL; the status, or -1. */
static int post_probe(struct doctor *d)
{
	struct fetch f;
	struct buf headers, body;

	buf_init(&headers, SIZE_MAX / 2);
	buf_init(&body, SIZE_MAX / 2);
	add_header(d, &headers, "Content-Type", "application/json");
	(void)buf_addc(&headers, '\0'); /* no cap */
	(void)buf_addf(
	    &body, "{\"type\":\"probe\",\"mark\":\"%s\"}%c", d->probe_mark, '\0'); /* as above */
	int r = fetch_open(&f, &d->url, "POST", buf_head(&headers), buf_head(&body),
	    clock_ms() + d->timeout_ms, &d->why);
	buf_fini(&headers);
	buf_fini(&body);
	if (r < 0)
		return -1;
	fetch_close(&f);
	return f.status;
}

static void check_probes(struct doctor *d)
{
	int64_t most_ms = 0;

	(void)snprintf(d->probe_mark, sizeof d->probe_mark, "doctor-%016llx",
	    (unsigned long long)clock_random(UINT64_MAX)); /* fits */
	for (int i = 0; i < PROBES; i++) {
		int64_t from = clock_ms();
		int status = post_probe(d);

		d->nprobes = 0;
		if (status < 0) {
			find(d, BAD, "probe", "does the proxy let POST through?", "POST: %s",
			    d->why.text);
			return;
		}
		if (status > 299) {
			find(d, SKIP, "probe", NULL,
			    "not possible: POST is answered with %d (a token with pub is needed)",
			    status);
			return;
		}
		if (read_until(d, has_probe, clock_ms() + d->timeout_ms) != 1) {
			find(d, BAD, "probe", buffering_fix,
			    "a message that was published did not come within %.1f s",
			    (double)d->timeout_ms / 1000);
			return;
		}
		if (clock_ms() - from > most_ms)
			most_ms = clock_ms() - from;
	}
	find(d, most_ms > PROMPT_MS ? BAD : OK, "probe", buffering_fix,
	    "%d messages were published; each came within %lld ms", PROBES, (long long)most_ms);
}

static int check_events(struct doctor *d)
{
	if (open_stream(d, "Accept-Encoding", "identity") < 0)
		return -1;
	int r = read_until(d, has_first, clock_ms() + d->timeout_ms);
	int64_t wait_ms = d->first_ms - d->stream.head_ms;
	if (r == FETCH_LATE)
		find(d, BAD, "buffering", buffering_fix,
		    "the head came, but in %.1f s no event: something keeps them back",
		    (double)d->timeout_ms / 1000);
	else if (r != 1)
		find(d, BAD, "buffering", NULL, "the stream ended before its first event");
	else
		find(d, wait_ms > PROMPT_MS ? BAD : OK, "buffering", buffering_fix,
		    "the first event came %lld ms after the head", (long long)wait_ms);
	if (r == 1) {
		r = read_until(d, NULL, clock_ms() + LOOK_MS);
		if (r == 0 && !d->has_stream_end)
			find(d, BAD, "end", idle_fix, "the stream was cut %s",
			    d->stream.is_cut ? "in the middle of a chunk" : "within a second");
		else if (r == 0 && (d->probe || d->idle_ms > 0))
			find(d, SKIP, "end", NULL,
			    "the run has ended: for --idle and --probe take one that runs");
		else if (r == FETCH_LATE && d->probe)
			check_probes(d);
		if (r == FETCH_LATE && d->idle_ms > 0)
			check_idle(d);
	}
	close_stream(d);
	return r == -1 ? -1 : 0;
}

/* --- Coming back */

static int check_resume(struct doctor *d)
{
	if (d->cursor[0] == '\0') {
		find(d, SKIP, "resume", NULL, "no event with an id came: not tested");
		return 0;
	}
	d->resumed = d->cursor;
	if (open_stream(d, "Last-Event-ID", d->cursor) < 0)
		return -1;
	int status = d->stream.status;
	int r = status == 200 ? read_until(d, NULL, clock_ms() + LOOK_MS) : 0;
	/* A server of ours gives `connected` an id only when the reader brought none. */
	if (status == 204 ||
	    (status == 200 && d->first_ms != 0 && !d->connected_has_id && !d->has_repeat))
		find(d, OK, "resume", NULL, "Last-Event-ID is heeded");
	else if (status == 200 && d->first_ms != 0)
		find(d, BAD, "resume", resume_fix,
		    "Last-Event-ID does not reach the server: who returns starts anew");
	else
		find(d, BAD, "resume", resume_fix, "with Last-Event-ID: status %d, no event",
		    status);
	close_stream(d);
	return r == -1 ? -1 : 0;
}

static bool may_read(const struct doctor *d, const struct fetch *f)
{
	struct http_slice v;

	return fetch_field(f, "Access-Control-Allow-Origin", &v) && v.len > 0 &&
	    (v.p[0] == '*' || (v.len == strlen(d->origin) && memcmp(v.p, d->origin, v.len) == 0));
}

static int check_cors(struct doctor *d)
{
	static const char fix[] =
	    "sp-sse --cors ORIGIN, and nothing in the proxy that answers OPTIONS or sets "
	    "Access-Control-* itself";
	struct fetch f;
	struct buf headers;

	if (d->origin == NULL) {
		find(d, SKIP, "CORS", NULL, "not tested: --origin https://your.page");
		return 0;
	}
	buf_init(&headers, SIZE_MAX / 2);
	(void)buf_addf(&headers,
	    "Origin: %s\r\nAccess-Control-Request-Method: GET\r\n"
	    "Access-Control-Request-Headers: authorization,last-event-id\r\n%c",
	    d->origin, '\0'); /* no cap */
	int r = fetch_open(
	    &f, &d->url, "OPTIONS", buf_head(&headers), NULL, clock_ms() + d->timeout_ms, &d->why);
	buf_fini(&headers);
	if (r < 0 || open_stream(d, "Origin", d->origin) < 0)
		return -1;
	if (f.status < 200 || f.status > 299 || !may_read(d, &f) ||
	    !fetch_field_has(&f, "Access-Control-Allow-Headers", "last-event-id"))
		find(d, BAD, "CORS", fix,
		    "the preflight is answered with %d and does not admit %s with Last-Event-ID",
		    f.status, d->origin);
	else if (!may_read(d, &d->stream))
		find(d, BAD, "CORS", fix, "the stream itself does not admit %s", d->origin);
	else
		find(d, OK, "CORS", NULL, "%s may read", d->origin);
	fetch_close(&f);
	close_stream(d);
	return 0;
}

/* --- The command */

static int read_token(struct doctor *d)
{
	char text[JWT_MAX + 2];
	int fd = open(d->token_file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

	if (n < 0)
		(void)why_errno(&d->why, WHY_NOINPUT, "--token %s", d->token_file); /* told below */
	if (fd >= 0)
		(void)close(fd); /* only read */
	if (n < 0)
		return -1;
	text[n] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
	(void)buf_addf(&d->headers, "Authorization: Bearer %s\r\n", text); /* no cap */
	return 0;
}

static enum opt_result parse(struct doctor *d, int argc, char **argv)
{
	const struct opt opts[] = {
	    {0, "token", "FILE", OPT_STRING, &d->token_file, "send the token in FILE", NULL, 0, 0},
	    {0, "origin", "ORIGIN", OPT_STRING, &d->origin,
		"test whether a page of this origin may read", NULL, 0, 0},
	    {0, "idle", "D", OPT_DURATION, &d->idle_ms,
		"look on for D to see whether somebody cuts the stream", NULL, 1, 0},
	    {0, "probe", NULL, OPT_FLAG, &d->probe,
		"publish three messages by POST (readers see them) and wait for each", NULL, 0, 0},
	    {0, "timeout", "D", OPT_DURATION, &d->timeout_ms,
		"how long to wait for an answer or an event (5s)", NULL, 1, 0},
	    CLI_OPTS_SAY(d->say),
	    {.kind = OPT_GROUP},
	};
	const struct opt_tool tool = {.name = "sp-sse doctor",
	    .summary = "Tell what the proxies in front of a stream do to it, and what to change.",
	    .usage = "sp-sse doctor [options] URL",
	    .examples = "sp-sse doctor http://127.0.0.1:8080/api/v1/sse/projects/7/\n"
			"sp-sse doctor --idle 2m --origin https://example.com "
			"http://www.example.com/api/v1/sse/projects/7/",
	    .opts = opts};
	struct opt_rest rest;
	enum opt_result r = opt_parse(&tool, argc, argv, &rest, &d->why);

	if (r != OPT_RUN)
		return r;
	if (rest.noperands != 1 || rest.command != NULL)
		(void)why_set(&d->why, WHY_USAGE, "one URL is needed"); /* told by the caller */
	else if ((d->origin == NULL || cors_check(d->origin, &d->why) == 0) &&
	    fetch_url(&d->url, rest.operands[0], &d->why) == 0)
		return OPT_RUN;
	return OPT_BAD;
}

static int run(struct doctor *d)
{
	if (d->token_file != NULL && read_token(d) < 0)
		return -1;
	int r = check_head(d);
	if (r == 0 && (r = check_events(d)) == 0 && (r = check_resume(d)) == 0)
		r = check_cors(d);
	return r;
}

int doctor_main(struct say *s, int argc, char **argv)
{
	struct doctor d = {.say = s, .timeout_ms = 5000};

	s->tool = "sp-sse doctor";
	buf_init(&d.headers, SIZE_MAX / 2);
	buf_init(&d.out, SIZE_MAX / 2);
	enum opt_result parsed = parse(&d, argc, argv);
	int r = parsed == OPT_RUN ? run(&d) : parsed == OPT_EXIT ? 0 : -1;
	buf_fini(&d.headers);
	buf_fini(&d.out);
	if (proc_output_is_gone())
		proc_die_of_pipe();
	if (r < 0)
		return say_why(s, &d.why);
	return d.nbad > 0 ? WHY_ENDED : 0;
}
