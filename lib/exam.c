/* SPDX-License-Identifier: MIT */
/* exam: findings, and requests. */
#include "exam.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "proc.h"

const char exam_buffering_fix[] =
    "nginx: proxy_buffering off, and no proxy_ignore_headers X-Accel-Buffering; Apache: "
    "ProxyPass … flushpackets=on; Caddy: flush_interval -1; Varnish: set beresp.do_stream = true";
const char exam_idle_fix[] =
    "nginx: proxy_read_timeout 1h; Apache: ProxyTimeout 3600; HAProxy: timeout server and timeout "
    "tunnel 1h; AWS ALB: idle timeout; or a shorter sp-sse --heartbeat";

void exam_init(struct exam *e)
{
	*e = (struct exam){.timeout_ms = 5000};
	buf_init(&e->headers, SIZE_MAX / 2);
}

void exam_fini(struct exam *e)
{
	buf_fini(&e->headers);
}

void exam_find(
    struct exam *e, enum exam_level level, const char *what, const char *fix, const char *fmt, ...)
{
	static const char *const words[] = {"ok", "warn", "bad", "-"};
	char text[400], shown[400];
	struct buf out;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap); /* a cut finding is still one */
	va_end(ap);
	e->nbad += level == EXAM_BAD;
	buf_init(&out, SIZE_MAX / 2);
	(void)buf_addf(&out, "%-5s%-13s%s\n", words[level], what,
	    why_quote(shown, sizeof shown, text, strlen(text))); /* no cap */
	if ((level == EXAM_BAD || level == EXAM_WARN) && fix != NULL)
		(void)buf_addf(&out, "     %-13s→ %s\n", "", fix); /* as above */
	(void)proc_write(STDOUT_FILENO, "standard output", buf_head(&out), out.len,
	    &e->output); /* the owner looks */
	buf_fini(&out);
}

/* --- Requests */

/* What to do about a request that failed; NULL: its reason says all. */
static const char *advice(enum dial_step step, int status)
{
	switch (step) {
	case DIAL_CONNECT:
		return status == WHY_TIMEOUT
		    ? "is this the right address, and does a firewall drop it?"
		    : "is the server running, and is this its address and port?";
	case DIAL_SHAKE:
		return status == WHY_DATA || status == WHY_TIMEOUT
		    ? "does this port speak TLS? if not, try http://"
		    : NULL;
	case DIAL_OPEN:
		return status == WHY_DATA || status == WHY_UNAVAILABLE
		    ? "is this the port of an HTTP server? if it speaks TLS, try https://"
		    : NULL;
	}
	return NULL;
}

int exam_fetch(
    struct exam *e, struct fetch *f, const char *method, const char *headers, const char *body)
{
	struct buf all;
	struct why cause;

	buf_init(&all, SIZE_MAX / 2);
	/* No cap. A browser sends no token with a preflight. */
	(void)buf_add(
	    &all, buf_head(&e->headers), strcmp(method, "OPTIONS") == 0 ? 0 : e->headers.len);
	(void)buf_addf(&all, "%s%c", headers, '\0'); /* as above */
	const struct fetch_request request = {&e->url, method, buf_head(&all), body, e->cafile};
	int r = fetch_open(f, &request, clock_ms() + e->timeout_ms, &cause);
	buf_fini(&all);
	if (r == 0)
		return 0;
	const char *todo = advice(f->step, cause.status);
	return why_set(&e->why, cause.status, "%.370s%s%s", cause.text, todo != NULL ? "; " : "",
	    todo != NULL ? todo : "");
}
