/* SPDX-License-Identifier: MIT */
/* sp-local: the private Redis that the other tools start when nobody named one.
 *
 *	sp-local status; sp-local cli XLEN chat:log; sp-local stop */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "cli.h"
#include "local.h"
#include "proc.h"

static int start(struct why *w);
static int stop(const struct say *s, struct why *w);
static int status(struct why *w);
static int url(struct why *w);
static int run_cli(char **args, struct why *w);

int main(int argc, char **argv)
{
	struct say s = {.tool = "sp-local"};
	struct why w = {0};
	struct opt_rest rest;
	bool closed[3];
	int r;
	const struct opt opts[] = {CLI_OPTS_SAY(&s), {.kind = OPT_GROUP}};
	const struct opt_tool tool = {.name = "sp-local",
	    .summary = "Start, stop and look at the private Redis of this user.",
	    .usage = "sp-local start | stop | status | url | cli [ARG ...]",
	    .examples = "sp-local status\nsp-local cli XLEN chat:log\nREDIS_URL=$(sp-local url) "
			"celery worker",
	    .opts = opts,
	    .operands = "start stop status url cli"};

	proc_std(closed);
	/* Everything behind cli is redis-cli's, options too. */
	if (argc > 1 && strcmp(argv[1], "cli") == 0)
		return run_cli(argv + 2, &w) < 0 ? say_why(&s, &w) : 0;
	switch (opt_parse(&tool, argc, argv, &rest, &w)) {
	case OPT_BAD:
		return say_why(&s, &w);
	case OPT_EXIT:
		return 0;
	case OPT_RUN:
		break;
	}
	const char *verb = rest.noperands == 1 ? rest.operands[0] : "";
	if (strcmp(verb, "start") == 0)
		r = start(&w);
	else if (strcmp(verb, "stop") == 0)
		r = stop(&s, &w);
	else if (strcmp(verb, "status") == 0)
		r = status(&w);
	else if (strcmp(verb, "url") == 0)
		r = url(&w);
	else
		r = why_set(&w, WHY_USAGE, "what to do? start, stop, status, url or cli");
	return r < 0 ? say_why(&s, &w) : r;
}

static int print(const char *text, struct why *w)
{
	return proc_write(STDOUT_FILENO, "standard output", text, strlen(text), w);
}

static int print_url(struct url *u, struct why *w)
{
	struct buf b;

	buf_init(&b, 4096);
	int r = buf_addf(&b, "%s\n", u->shown) < 0 ? -1 : print(buf_head(&b), w);
	buf_fini(&b);
	url_fini(u);
	return r;
}

static int start(struct why *w)
{
	struct url u;
	bool started;

	return local_start(&u, &started, false, w) < 0 ? -1 : print_url(&u, w);
}

static int stop(const struct say *s, struct why *w)
{
	int r = local_stop(w);

	if (r == 0)
		say(s, SAY_NOTE, "no private Redis is running");
	return r < 0 ? -1 : r == 0 ? WHY_ENDED : 0;
}

/* Where it would be, whether it runs or not. */
static int url(struct why *w)
{
	struct url u;
	int running = local_running(&u, w);

	if (running == 0)
		running = local_url(&u, w) < 0 ? -1 : 1;
	return running < 0 ? -1 : print_url(&u, w);
}

/* Whether it runs, and what it holds: a line each, for people; the status for scripts. */
static int status(struct why *w)
{
	static const char *const lines[] = {"redis_version:", "process_id:", "uptime_in_seconds:",
	    "connected_clients:", "used_memory_human:", "aof_enabled:", "db0:", NULL};
	struct url u;
	struct redis *r;
	struct reply *reply;
	struct buf b;
	int running = local_running(&u, w);

	if (running <= 0)
		return running < 0 ? -1 : print("not running\n", w) < 0 ? -1 : WHY_ENDED;
	buf_init(&b, 1 << 20);
	(void)buf_addf(&b, "running at %s\n", u.shown); /* far from full */
	int ok = redis_open(&r, &u, &REDIS_TIMES_DEFAULT, w);
	if (ok == 0) {
		redis_command(r, 2, (const char *const[]){"INFO", "everything"}, NULL);
		ok = redis_wait(r, &reply, w);
		for (int i = 0; ok == 0 && reply->type == REPLY_STRING && lines[i] != NULL; i++) {
			const char *at = strstr(reply->str, lines[i]);

			if (at != NULL)
				(void)buf_addf(
				    &b, "%.*s\n", (int)strcspn(at, "\r\n"), at); /* as above */
		}
		redis_close(r);
	}
	(void)buf_add(&b, "", 1); /* as above */
	if (ok == 0)
		ok = print(buf_head(&b), w);
	buf_fini(&b);
	url_fini(&u);
	return ok;
}

static int run_cli(char **args, struct why *w)
{
	struct url u;
	bool started;
	int n = 0;

	if (local_start(&u, &started, false, w) < 0)
		return -1;
	while (args[n] != NULL)
		n++;
	char **argv = xcalloc((size_t)n + 4, sizeof *argv);
	argv[0] = (char[]){"redis-cli"};
	argv[1] = (char[]){"-s"};
	argv[2] = u.path;
	memcpy(argv + 3, args, (size_t)n * sizeof *argv);
	(void)execvp(argv[0], argv);
	(void)why_errno(w, WHY_UNAVAILABLE, "redis-cli (install redis-tools)"); /* fills w */
	free(argv);
	url_fini(&u);
	return -1;
}
