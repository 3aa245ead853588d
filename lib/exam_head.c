/* SPDX-License-Identifier: MIT */
/* exam_head: who answers, and what the head of the answer tells. */
#include "exam.h"

enum { DAYS_LEFT_MIN = 14 }; /* whoever renews by itself has done so by then */

static const char certificate_fix[] =
    "a certificate of a known authority, with the whole chain (nginx: ssl_certificate "
    "fullchain.pem), for this very name, renewed in time; for an authority of your own: --cafile "
    "FILE";
static const char compression_fix[] =
    "nginx: gzip off (brotli off) in this location, or no text/event-stream in gzip_types; "
    "Apache: SetEnv no-gzip 1; Caddy: leave it out of encode";

static const char *status_fix(int status)
{
	switch (status) {
	case 204:
		return "the run is over and was seen: take a stage that runs, or a project";
	case 400:
		return "a port with TLS behind http://? try https://; else see what the body says";
	case 401:
		return "--token FILE, with a token of sp-sse token";
	case 403:
		return "a token that grants this; or --allow, for a channel";
	case 404:
		return "the path, as the proxy maps it (proxy_pass with a path?)";
	case 429:
		return "sp-sse --max-per-ip; behind a proxy, --trust-proxy";
	}
	return status >= 500    ? "is the server behind the proxy up, and Redis behind that?"
	    : status / 100 == 3 ? "the URL that it redirects to"
				: NULL;
}

static void check_tls(struct exam *e)
{
	const struct tls *t = dial_tls(e->stream.dial);

	if (t == NULL)
		return;
	int days = tls_days_left(t);
	exam_find(e, days < DAYS_LEFT_MIN ? EXAM_WARN : EXAM_OK, "certificate",
	    "renew it, and see that it renews itself", "%s; valid for %s, for %d days yet",
	    tls_version(t), e->url.host, days);
}

static void check_type(struct exam *e)
{
	const struct fetch_head *h = &e->stream.head;
	struct http_slice v = {"nothing", 7};

	exam_find(e, EXAM_OK, "version", NULL, "HTTP/1.%d%s", h->minor,
	    h->is_chunked ? ", chunked" : ", until the connection closes");
	if (h->has_length)
		exam_find(e, EXAM_BAD, "length", exam_buffering_fix,
		    "there is a Content-Length: somebody kept the stream back until it ended");
	if (!fetch_field_has(h, "Content-Type", "text/event-stream")) {
		(void)fetch_field(h, "Content-Type", &v); /* or nothing */
		exam_find(e, EXAM_BAD, "type", "is this the URL of a stream? what answers it?",
		    "%.*s is not text/event-stream: browsers refuse it",
		    (int)(v.len < 60 ? v.len : 60), v.p);
	}
}

static void check_compression(struct exam *e)
{
	const struct fetch_head *h = &e->stream.head;
	struct http_slice v;

	if (fetch_field(h, "Content-Encoding", &v) && v.len > 0 &&
	    !fetch_field_has(h, "Content-Encoding", "identity"))
		exam_find(e, EXAM_BAD, "compression", compression_fix,
		    "Content-Encoding is %.*s: events wait until a block is full",
		    (int)(v.len < 40 ? v.len : 40), v.p);
	else
		exam_find(e, EXAM_OK, "compression", NULL,
		    "none, although gzip, deflate and br were offered");
}

static void check_caching(struct exam *e)
{
	const struct fetch_head *h = &e->stream.head;

	if (!fetch_field_has(h, "Cache-Control", "no-cache") &&
	    !fetch_field_has(h, "Cache-Control", "no-store"))
		exam_find(e, EXAM_BAD, "caching",
		    "let Cache-Control through (nginx: no expires, no add_header)",
		    "Cache-Control has no no-cache");
	else if (!fetch_field_has(h, "Cache-Control", "no-transform"))
		exam_find(e, EXAM_WARN, "caching",
		    "let Cache-Control through as the server sends it",
		    "Cache-Control has no no-transform: a cache on the way may compress");
	else
		exam_find(e, EXAM_OK, "caching", NULL, "no-cache, no-transform");
	/* nginx heeds and removes it. */
	if (!fetch_field_has(h, "X-Accel-Buffering", "no") &&
	    !fetch_field_has(h, "Server", "nginx"))
		exam_find(e, EXAM_WARN, "X-Accel",
		    "let X-Accel-Buffering through (Apache: no Header unset)",
		    "no X-Accel-Buffering: no; an nginx further out would buffer");
}

/* Who cannot be reached is no finding: there is nothing to examine. */
static int tell_failure(struct exam *e)
{
	if (e->stream.step == DIAL_SHAKE && e->why.status == WHY_REFUSED)
		exam_find(e, EXAM_BAD, "certificate", certificate_fix, "%s", e->why.text);
	else if (e->stream.step == DIAL_OPEN && e->why.status == WHY_TIMEOUT)
		exam_find(e, EXAM_BAD, "buffering", exam_buffering_fix,
		    "%s (%.1f s): the server is stuck, or something keeps all of the answer back",
		    e->why.text, (double)e->timeout_ms / 1000);
	else
		return -1;
	return 1;
}

int exam_head(struct exam *e)
{
	if (exam_open(e, "Accept-Encoding", "gzip, deflate, br") < 0)
		return tell_failure(e);
	int status = e->stream.head.status;
	check_tls(e);
	if (status == 200) {
		check_type(e);
		check_compression(e);
		check_caching(e);
	} else {
		exam_find(e, EXAM_BAD, "status", status_fix(status), "%d instead of 200", status);
	}
	exam_close(e);
	return status == 200 ? 0 : 1;
}
