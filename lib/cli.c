/* SPDX-License-Identifier: MIT */
/* cli: what every command has in common. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "chan.h"

enum { URL_FILE_MAX = 8192 };

/* The URL that stands in a file: its first line. */
static int read_url_file(const char *path, char text[URL_FILE_MAX], struct why *w)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return why_errno(w, WHY_NOINPUT, "-u @%s", path);
	ssize_t n = read(fd, text, URL_FILE_MAX - 1);
	int saved = errno;
	(void)close(fd); /* only read */
	errno = saved;
	if (n < 0)
		return why_errno(w, WHY_NOINPUT, "-u @%s", path);
	text[n] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
	if (text[0] == '\0')
		return why_set(w, WHY_USAGE, "-u @%s: the file holds no URL", path);
	return 0;
}

static int find_url(struct cli *c, struct why *w)
{
	const char *env = getenv("REDIS_URL");
	char *text;

	if (c->url_text == NULL && (env == NULL || env[0] == '\0'))
		return 0;
	if (c->url_text != NULL && c->url_text[0] == '@') {
		text = xmalloc(URL_FILE_MAX);
		if (read_url_file(c->url_text + 1, text, w) < 0) {
			free(text);
			return -1;
		}
	} else {
		text = xstrdup(c->url_text != NULL ? c->url_text : env);
		/* It stands in argv, which ps(1) shows to everybody. */
		if (c->url_text != NULL)
			url_hide((char *)(uintptr_t)c->url_text);
	}
	int r = url_parse(&c->url, text, w);
	explicit_bzero(text, strlen(text));
	free(text);
	c->has_url = r == 0;
	return r;
}

static int check_kind(const struct url *u, struct why *w)
{
	const char *what = u->tls     ? "rediss:// (TLS)"
	    : u->kind == URL_SENTINEL ? "redis+sentinel://"
	    : u->kind == URL_CLUSTER  ? "redis+cluster://"
				      : NULL;

	if (what == NULL)
		return 0;
	return why_set(w, WHY_USAGE,
	    "%s: %s is not supported by this version; use redis:// or unix://", u->shown, what);
}

int cli_redis(struct cli *c, bool one_shot, struct link_conf *conf, struct why *w)
{
	const char *env = getenv("SP_NAMESPACE");

	if (c->namespace == NULL)
		c->namespace = env != NULL && env[0] != '\0' ? env : "sp";
	if (chan_namespace_check(c->namespace, w) < 0 ||
	    (c->project != NULL &&
		chan_part_check("project", c->project, strlen(c->project), w) < 0) ||
	    (c->stage != NULL && chan_part_check("stage", c->stage, strlen(c->stage), w) < 0))
		return -1;
	if (c->stage != NULL && c->project == NULL)
		return why_set(w, WHY_USAGE, "-s %s needs -p PROJECT", c->stage);
	if (find_url(c, w) < 0 || (c->has_url && check_kind(&c->url, w) < 0))
		return -1;
	*conf = (struct link_conf){.url = c->has_url ? &c->url : NULL,
	    .times = {c->connect_ms, c->command_ms, REDIS_TIMES_DEFAULT.health_ms},
	    .give_up_ms = c->give_up_ms >= 0 ? c->give_up_ms
		: one_shot                   ? c->connect_ms
					     : -1};
	return 0;
}

void cli_fini(struct cli *c)
{
	if (c->has_url)
		url_fini(&c->url);
	c->has_url = false;
}

void cli_down(struct cli *c, const struct why *w, int64_t wait_ms)
{
	say(&c->say, c->down ? SAY_DETAIL : SAY_NOTE, "%s, retrying in %lld ms", w->text,
	    (long long)wait_ms);
	c->down = true;
}

void cli_up(struct cli *c)
{
	if (c->down)
		say(&c->say, SAY_NOTE, "%s: connected again",
		    c->has_url ? c->url.shown : "the private Redis");
	c->down = false;
}

void cli_started(const struct cli *c, const char *path)
{
	say(&c->say, SAY_NOTE,
	    "no Redis was named, so a private one was started (unix://%s; `sp-local stop` ends it)",
	    path);
}

bool cli_cursor(struct id *id, const char *s, size_t len)
{
	char text[ID_TEXT_MAX + 1];

	if (len > 0 && len < ID_TEXT_MAX - 2 && memchr(s, '-', len) == NULL) {
		memcpy(text, s, len);
		memcpy(text + len, "-0", 3);
		return id_parse(id, text, len + 2);
	}
	return id_parse(id, s, len);
}
