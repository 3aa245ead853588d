/* SPDX-License-Identifier: MIT */
/* doctor: options, and an examination (lib/exam.h). */
#include "doctor.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chan.h"
#include "cli.h"
#include "cors.h"
#include "exam.h"
#include "jwt.h"
#include "opt.h"
#include "proc.h"
#include "route.h"

struct doctor {
	struct cli cli;
	const char *url, *token_file, *channel;
	char *made; /* the channel that the URL's path names; heap */
	struct link_conf redis;
	struct exam exam;
	struct why why;
};

static enum opt_result parse(struct doctor *d, int argc, char **argv)
{
	struct exam *e = &d->exam;
	const struct opt opts[] = {
	    {0, "token", "FILE", OPT_STRING, &d->token_file, "send the token in FILE", NULL, 0, 0},
	    {0, "cafile", "FILE", OPT_STRING, &e->cafile,
		"trust the authorities in FILE, in PEM, instead of the machine's", NULL, 0, 0},
	    {0, "origin", "ORIGIN", OPT_STRING, &e->origin,
		"test whether a page of this origin may read", NULL, 0, 0},
	    {0, "idle", "D", OPT_DURATION, &e->idle_ms,
		"look on for D to see whether somebody cuts the stream", NULL, 1, 0},
	    {0, "probe", NULL, OPT_FLAG, &e->probe,
		"publish three messages by POST (readers see them) and wait for each", NULL, 0, 0},
	    {'u', "url", "URL", OPT_STRING, &d->cli.url_text,
		"publish the probes in this Redis, the server's: redis://, unix://, or @FILE", NULL,
		0, 0},
	    {'c', "channel", "CHANNEL", OPT_STRING, &d->channel,
		"with -u: on this channel, when the path does not tell", NULL, 0, 0},
	    {0, "namespace", "NS", OPT_STRING, &d->cli.namespace,
		"with -u: first part of project channels ($SP_NAMESPACE, else sp)", NULL, 0, 0},
	    {0, "timeout", "D", OPT_DURATION, &e->timeout_ms,
		"how long to wait for an answer or an event (5s)", NULL, 1, 0},
	    CLI_OPTS_SAY(&d->cli.say),
	    {.kind = OPT_GROUP},
	};
	const struct opt_tool tool = {.name = "sp-sse doctor",
	    .summary = "Tell what the proxies in front of a stream do to it, and what to change.",
	    .usage = "sp-sse doctor [options] URL",
	    .examples = "sp-sse doctor http://127.0.0.1:8080/api/v1/sse/projects/7/\n"
			"sp-sse doctor --idle 2m https://example.com/api/v1/sse/projects/7/",
	    .opts = opts};
	struct opt_rest rest;
	enum opt_result r = opt_parse(&tool, argc, argv, &rest, &d->why);

	if (r != OPT_RUN)
		return r;
	if (rest.noperands == 1 && rest.command == NULL) {
		d->url = rest.operands[0];
		return OPT_RUN;
	}
	(void)why_set(&d->why, WHY_USAGE, "one URL is needed"); /* told by the caller */
	return OPT_BAD;
}

/* --- Probes in Redis */

/* The channel of a stream, from the path of its URL: what a proxy put in front of ours does not
 * matter. Of a project, a stage that only we use. Heap; NULL when it is none of ours. */
static char *channel_of(const struct doctor *d)
{
	struct route route;
	struct why w;
	const char *path = strstr(d->exam.url.target, "/api/v1/sse/");

	if (path == NULL)
		return NULL;
	switch (route_parse(&route, path, strcspn(path, "?"), &w)) {
	case ROUTE_STAGE:
		return chan_stage(d->cli.namespace, route.project, route.stage);
	case ROUTE_PROJECT:
		return chan_stage(d->cli.namespace, route.project, "doctor");
	case ROUTE_CHANNEL:
		return xstrdup(route.channel);
	case ROUTE_NONE:
	case ROUTE_BAD:
	case ROUTE_STATE:
	case ROUTE_STOP_STAGE:
	case ROUTE_STOP_CHANNEL:
	case ROUTE_HEALTHZ:
	case ROUTE_READYZ:
	case ROUTE_STATUS:
	case ROUTE_METRICS:
	case ROUTE_VIEWER:
		break;
	}
	return NULL;
}

static int find_redis(struct doctor *d)
{
	if (d->cli.url_text == NULL)
		return d->channel == NULL && d->cli.namespace == NULL
		    ? 0
		    : why_set(&d->why, WHY_USAGE, "-c and --namespace need -u REDIS");
	d->cli.connect_ms = d->cli.command_ms = d->exam.timeout_ms;
	if (cli_redis(&d->cli, true, &d->redis, &d->why) < 0)
		return -1;
	if (d->channel != NULL && chan_name_check(d->channel, strlen(d->channel), &d->why) < 0)
		return -1;
	if (d->channel == NULL)
		d->channel = d->made = channel_of(d);
	if (d->channel == NULL)
		return why_set(&d->why, WHY_USAGE,
		    "-u: the URL's path does not tell the channel: -c CHANNEL is needed");
	d->exam.redis = &d->redis;
	d->exam.channel = d->channel;
	d->exam.probe = true;
	return 0;
}

/* --- The examination */

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
	(void)buf_addf(&d->exam.headers, "Authorization: Bearer %s\r\n", text); /* no cap */
	return 0;
}

static int prepare(struct doctor *d)
{
	struct exam *e = &d->exam;

	if ((e->origin != NULL && cors_check(e->origin, &d->why) < 0) ||
	    fetch_url(&e->url, d->url, &d->why) < 0 || find_redis(d) < 0)
		return -1;
	if (e->cafile != NULL && !e->url.tls)
		return why_set(&d->why, WHY_USAGE, "--cafile is for https://");
	return d->token_file != NULL ? read_token(d) : 0;
}

static int examine(struct doctor *d)
{
	static int (*const parts[])(struct exam *) = {
	    exam_head, exam_events, exam_resume, exam_cors};
	struct exam *e = &d->exam;
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof parts / sizeof parts[0]; i++) {
		r = parts[i](e);
		if (e->output.status != 0)
			e->why = e->output, r = -1;
	}
	if (r < 0)
		d->why = e->why;
	return r < 0 ? -1 : 0;
}

int doctor_main(int argc, char **argv)
{
	struct doctor d = {.cli = CLI_DEFAULTS("sp-sse doctor")};

	exam_init(&d.exam);
	enum opt_result parsed = parse(&d, argc, argv);
	int r = parsed == OPT_RUN ? prepare(&d) : parsed == OPT_EXIT ? 0 : -1;
	if (r == 0 && parsed == OPT_RUN)
		r = examine(&d);
	int status = r < 0 ? d.why.status : d.exam.nbad > 0 ? WHY_ENDED : 0;
	exam_fini(&d.exam);
	free(d.made);
	cli_fini(&d.cli);
	if (proc_output_is_gone())
		proc_die_of_pipe();
	return r < 0 ? say_why(&d.cli.say, &d.why) : status;
}
