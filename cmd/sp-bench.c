/* SPDX-License-Identifier: MIT */
/* sp-bench: load, latency and proof: what this machine, this Redis and these tools hold.
 *
 *	sp-bench pub --rate 20000 --connections 8 --duration 30s > pub.json */
#include "sp-bench.h"

#include <string.h>

const struct mode bench_modes[] = {
    {"pub", PUB, bench_pub},
    {"sub", SUB, bench_sub},
    {"pipe", PIPE, bench_pipe},
    {"xq", XQ, bench_xq},
    {"plot", PLOT, bench_plot},
    {"sse", SSE, bench_sse},
    {NULL, 0, NULL},
};

static const struct mode *find_mode(struct bench *b, const struct opt_rest *rest);

int main(int argc, char **argv)
{
	struct bench b = BENCH_DEFAULTS;
	struct opt_rest rest;
	bool closed[3];

	proc_std(closed);
	switch (bench_parse(&b, argc, argv, &rest)) {
	case OPT_BAD:
		return say_why(&b.cli.say, &b.why);
	case OPT_EXIT:
		return 0;
	case OPT_RUN:
		break;
	}
	const struct mode *m = find_mode(&b, &rest);
	int status = m == NULL || bench_check(&b, m, &rest) < 0 ? -1 : m->run(&b);
	if (status < 0)
		status = say_why(&b.cli.say, &b.why);
	bench_close(&b);
	return status;
}

static const struct mode *find_mode(struct bench *b, const struct opt_rest *rest)
{
	const char *name = rest->noperands > 0 ? rest->operands[0] : "";
	char quoted[64];

	for (const struct mode *m = bench_modes; m->name != NULL; m++)
		if (strcmp(m->name, name) == 0)
			return m;
	if (name[0] == '\0')
		(void)why_set(&b->why, WHY_USAGE,
		    "what to measure? pub, sub, pipe, xq, sse or plot"); /* fills */
	else
		(void)why_set(&b->why, WHY_USAGE, "\"%s\" is none of pub, sub, pipe, xq, sse, plot",
		    why_quote(quoted, sizeof quoted, name, strlen(name))); /* as above */
	return NULL;
}
