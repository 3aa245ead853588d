/* SPDX-License-Identifier: MIT */
/* say: messages to a person or a log. The only part of the library that prints, and only when
 * asked. */
#include "say.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "json.h"
#include "utf8.h"

enum { SAY_LINE_MAX = 4096 }; /* below PIPE_BUF: lines of several processes do not mix */

static void add_json(struct buf *b, const struct say *s, enum say_level level, const char *text)
{
	static const char *const levels[] = {"error", "note", "detail"};
	int64_t us = clock_wall_us();

	(void)buf_addf(b,
	    "{\"time\":%" PRId64 ".%03d,\"level\":\"%s\",\"tool\":\"%s\",\"message\":\"",
	    us / 1000000, (int)(us / 1000 % 1000), levels[level],
	    s->tool);                                               /* fits, see SAY_LINE_MAX */
	(void)json_escape(b, text, utf8_valid(text, strlen(text))); /* as above */
	(void)buf_adds(b, "\"}\n");                                 /* as above */
}

void say(const struct say *s, enum say_level level, const char *fmt, ...)
{
	char text[1024];
	struct buf b;
	va_list ap;

	if ((level == SAY_NOTE && s->quiet) || (level == SAY_DETAIL && !s->verbose))
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap); /* a cut message is still a message */
	va_end(ap);
	if (s->syslog) {
		syslog(level == SAY_ERROR ? LOG_ERR : LOG_NOTICE, "%s", text);
		return;
	}
	buf_init(&b, SAY_LINE_MAX * 2);
	if (s->json)
		add_json(&b, s, level, text);
	else
		(void)buf_addf(
		    &b, "%s%s: %s\n", s->erase != NULL ? s->erase : "", s->tool, text); /* fits */
	/* One write(2) a line; where stderr is closed there is nobody left to tell. */
	if (write(STDERR_FILENO, buf_head(&b), b.len) < 0) {
	}
	buf_fini(&b);
}

void say_to_syslog(struct say *s)
{
	openlog(s->tool, LOG_PID, LOG_DAEMON);
	s->syslog = 1;
}

int say_why(const struct say *s, const struct why *w)
{
	say(s, SAY_ERROR, "%s", w->text);
	if (w->status == WHY_USAGE && !s->json)
		say(s, SAY_NOTE, "try '%s --help'", s->tool);
	return (int)w->status;
}
