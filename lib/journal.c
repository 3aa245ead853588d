/* SPDX-License-Identifier: MIT */
/* journal: the access log. */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "http_query.h"
#include "json.h"

enum { LINES_MAX = 256 * 1024, FLUSH_BYTES = 32 * 1024 };

static int open_file(const char *path, struct why *w)
{
	int fd = strcmp(path, "-") == 0
	    ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)
	    : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);

	return fd < 0 ? why_errno(w, WHY_CANTCREAT, "%s", path) : fd;
}

int journal_open(struct journal *j, const char *path, struct why *w)
{
	*j = (struct journal){.path = path, .fd = -1};
	buf_init(&j->lines, LINES_MAX);
	if (path != NULL && (j->fd = open_file(path, w)) < 0)
		return -1;
	return 0;
}

void journal_close(struct journal *j)
{
	journal_flush(j);
	if (j->fd >= 0)
		(void)close(j->fd); /* written, as far as it goes */
	buf_fini(&j->lines);
	j->fd = -1;
}

int journal_reopen(struct journal *j, struct why *w)
{
	int fd;

	if (j->fd < 0 || strcmp(j->path, "-") == 0)
		return 0;
	journal_flush(j);
	if ((fd = open_file(j->path, w)) < 0)
		return -1;
	(void)close(j->fd); /* written */
	j->fd = fd;
	return 0;
}

/* Whether name[0..len) of a query is, or might be, that of a token. */
static bool is_secret(const char *name, size_t len)
{
	char plain[64];
	size_t n;
	struct why w;

	if (http_percent_decode(plain, sizeof plain, &n, name, len, &w) < 0)
		return len < sizeof plain; /* malformed: better not shown */
	return strcasestr(plain, "token") != NULL;
}

static void add_query(struct buf *out, struct http_slice query)
{
	const char *p = query.p, *end = query.p + query.len;

	for (bool first = true; p < end; p++) {
		const char *amp = memchr(p, '&', (size_t)(end - p));
		const char *stop = amp != NULL ? amp : end;
		const char *equals = memchr(p, '=', (size_t)(stop - p));

		if (!is_secret(p, (size_t)((equals != NULL ? equals : stop) - p))) {
			(void)buf_adds(out, first ? "" : "&");         /* no cap */
			(void)json_escape(out, p, (size_t)(stop - p)); /* ASCII; no cap */
			first = false;
		}
		p = stop;
	}
}

static void add_time(struct buf *out, int64_t wall_us)
{
	time_t s = (time_t)(wall_us / 1000000);
	struct tm tm;
	char text[32];

	(void)gmtime_r(&s, &tm); /* a year of four digits */
	(void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
	(void)buf_addf(
	    out, "{\"time\":\"%s.%03dZ\"", text, (int)(wall_us / 1000 % 1000)); /* no cap */
}

void journal_begin(
    struct buf *out, const struct http *h, const struct address *client, int64_t wall_us)
{
	char text[ADDRESS_TEXT_MAX];

	/* No cap anywhere here. A request line that was parsed is ASCII. */
	add_time(out, wall_us);
	(void)buf_addf(out, ",\"client\":\"%s\",\"method\":\"", address_format(client, text));
	(void)json_escape(out, h->method.p, h->method.len);
	(void)buf_adds(out, "\",\"path\":\"");
	(void)json_escape(out, h->path.p, h->path.len);
	(void)buf_adds(out, "\",\"query\":\"");
	add_query(out, h->query);
	(void)buf_adds(out, "\"");
}

void journal_end(
    struct journal *j, const char *line, size_t len, int status, uint64_t bytes, int64_t took_us)
{
	if (j->fd < 0)
		return;
	if (buf_add(&j->lines, line, len) == 0)
		(void)buf_addf(&j->lines, ",\"status\":%d,\"bytes\":%llu,\"ms\":%.3f}\n", status,
		    (unsigned long long)bytes, (double)took_us / 1000); /* a full buffer drops */
	if (j->lines.len >= FLUSH_BYTES)
		journal_flush(j);
}

void journal_flush(struct journal *j)
{
	while (j->fd >= 0 && j->lines.len > 0) {
		ssize_t n = write(j->fd, buf_head(&j->lines), j->lines.len);

		if (n < 0 && errno != EINTR)
			break;
		if (n > 0)
			buf_consume(&j->lines, (size_t)n);
	}
	buf_clear(&j->lines);
}
