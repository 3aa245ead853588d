/* SPDX-License-Identifier: MIT */
/* exam_return: coming back with Last-Event-ID, and coming from another origin. */
#include <stdio.h>

#include "clock.h"
#include "exam.h"

enum { LOOK_MS = 1000 }; /* as in exam_events */

static const char resume_fix[] =
    "let the request header Last-Event-ID through (nginx: no proxy_set_header Last-Event-ID \"\"; "
    "CDN: forward it and do not cache)";
static const char cors_fix[] =
    "sp-sse --cors ORIGIN, and nothing in the proxy that answers OPTIONS or sets "
    "Access-Control-* itself";

/* A server of ours gives `connected` an id only when the reader brought none. */
static bool was_heeded(const struct exam *e, int status)
{
	return status == 204 ||
	    (status == 200 && e->first_ms != 0 && !e->connected_has_id && !e->has_repeat);
}

int exam_resume(struct exam *e)
{
	int r = 0;

	if (e->cursor[0] == '\0') {
		exam_find(e, EXAM_SKIP, "resume", NULL, "no event with an id came: not tested");
		return 0;
	}
	e->resumed = e->cursor;
	if (exam_open(e, "Last-Event-ID", e->cursor) < 0)
		return -1;
	int status = e->stream.head.status;
	if (status == 200)
		r = exam_read(e, NULL, clock_ms() + LOOK_MS);
	if (was_heeded(e, status))
		exam_find(e, EXAM_OK, "resume", NULL, "Last-Event-ID is heeded");
	else if (status == 200 && e->first_ms != 0)
		exam_find(e, EXAM_BAD, "resume", resume_fix,
		    "Last-Event-ID does not reach the server: who returns starts anew");
	else
		exam_find(e, EXAM_BAD, "resume", resume_fix,
		    "with Last-Event-ID: status %d, no event", status);
	exam_close(e);
	return r == -1 ? -1 : 0;
}

static bool may_read(const struct exam *e, const struct fetch *f)
{
	struct http_slice v;

	return fetch_field(&f->head, "Access-Control-Allow-Origin", &v) &&
	    ((v.len == 1 && v.p[0] == '*') ||
		(v.len == strlen(e->origin) && memcmp(v.p, e->origin, v.len) == 0));
}

/* Asks as a browser does before it sends what is not simple: 0, or -1. */
static int preflight(struct exam *e, bool *admits, int *status)
{
	char headers[600];
	struct fetch f;

	(void)snprintf(headers, sizeof headers,
	    "Origin: %.300s\r\nAccess-Control-Request-Method: GET\r\n"
	    "Access-Control-Request-Headers: authorization,last-event-id\r\n",
	    e->origin); /* a host has at most 253 bytes */
	if (exam_fetch(e, &f, "OPTIONS", headers, NULL) < 0)
		return -1;
	*status = f.head.status;
	*admits = *status >= 200 && *status <= 299 && may_read(e, &f) &&
	    fetch_field_has(&f.head, "Access-Control-Allow-Headers", "last-event-id");
	fetch_close(&f);
	return 0;
}

int exam_cors(struct exam *e)
{
	bool admits = false;
	int status = 0;

	if (e->origin == NULL) {
		exam_find(e, EXAM_SKIP, "CORS", NULL, "not tested: --origin https://your.page");
		return 0;
	}
	if (preflight(e, &admits, &status) < 0 || exam_open(e, "Origin", e->origin) < 0)
		return -1;
	if (!admits)
		exam_find(e, EXAM_BAD, "CORS", cors_fix,
		    "the preflight is answered with %d and does not admit %s with Last-Event-ID",
		    status, e->origin);
	else if (!may_read(e, &e->stream))
		exam_find(e, EXAM_BAD, "CORS", cors_fix, "the stream itself does not admit %s",
		    e->origin);
	else
		exam_find(e, EXAM_OK, "CORS", NULL, "%s may read", e->origin);
	exam_close(e);
	return 0;
}
