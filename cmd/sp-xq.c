/* SPDX-License-Identifier: MIT */
/* sp-xq: a job queue that a shell script can trust.
 *
 *	jq -c '.pages[]' book.json | sp-xq add -q render     # elsewhere: sp-xq take -q render … */
#include <stdio.h>
#include <string.h>

#include "xq.h"

static const struct xq_verb verbs[] = {
    {"add", "add jobs", xq_add},
    {"work", "run a command for each job", xq_work},
    {"take", "take jobs, for a loop made by hand", xq_take},
    {"ack", "they are done", xq_ack},
    {"nack", "they failed, or are given back", xq_nack},
    {"extend", "keep them for longer", xq_extend},
    {"wait", "until jobs have come to their ends", xq_wait},
    {"result", "of jobs that are done", xq_result},
    {"progress", "where jobs are", xq_progress},
    {"cancel", "remove or kill jobs", xq_cancel},
    {"stats", "how much, how fast, for how long", xq_stats},
    {"pending", "which jobs are taken", xq_pending},
    {"workers", "who works", xq_workers},
    {"doctor", "what is wrong, and what to do", xq_doctor},
    {"dead", "list, retry or drop the jobs that died", xq_dead},
    {"pause", "take no more jobs", xq_pause},
    {"resume", "go on", xq_resume},
    {"purge", "drop what waits", xq_purge},
    {"every", "add a job at each tick of a schedule", xq_every},
    {"lock", "run a command while a lock is held", xq_lock},
    {NULL, NULL, NULL},
};

static int run_verb(const char *name, int argc, char **argv, struct why *w);
static enum opt_result parse(int argc, char **argv, struct why *w);

int main(int argc, char **argv)
{
	const struct say s = {.tool = "sp-xq"};
	struct why w = {0};
	bool closed[3];

	proc_std(closed);
	if (argc > 1 && argv[1][0] != '-') {
		int status = run_verb(argv[1], argc - 1, argv + 1, &w);

		return status < 0 ? say_why(&s, &w) : status;
	}
	switch (parse(argc, argv, &w)) {
	case OPT_EXIT:
		return 0;
	case OPT_RUN:
		(void)why_set(&w, WHY_USAGE, "what to do? add, take, ack, stats …"); /* fills w */
		break;
	case OPT_BAD:
		break;
	}
	return say_why(&s, &w);
}

static int run_verb(const char *name, int argc, char **argv, struct why *w)
{
	char shown[32];

	for (const struct xq_verb *v = verbs; v->name != NULL; v++)
		if (strcmp(v->name, name) == 0)
			return v->run(argc, argv);
	why_quote(shown, sizeof shown, name, strlen(name));
	return why_set(w, WHY_USAGE, "\"%s\" is not one of its commands", shown);
}

/* Each from its own table. */
static void complete_verbs(const struct opt_tool *tool, enum opt_shell shell)
{
	char option[32], name[32];

	(void)tool;
	(void)snprintf(option, sizeof option, "--completion=%s", opt_shell_name(shell)); /* fits */
	for (const struct xq_verb *v = verbs; v->name != NULL; v++) {
		(void)snprintf(name, sizeof name, "%s", v->name); /* fits */
		(void)v->run(2, (char *[]){name, option, NULL});  /* stdout's error stays there */
	}
}

/* Options in front of a command: only --help and its like. */
static enum opt_result parse(int argc, char **argv, struct why *w)
{
	const struct opt opts[] = {{.kind = OPT_GROUP}};
	char usage[2000], names[400] = "";
	size_t at = 0, end = 0;
	struct opt_rest rest;

	for (const struct xq_verb *v = verbs; v->name != NULL; v++) {
		at += (size_t)snprintf(usage + at, sizeof usage - at, "%ssp-xq %-9s %s",
		    at > 0 ? "\n" : "", v->name, v->summary); /* fits */
		end += (size_t)snprintf(names + end, sizeof names - end, "%s%s", end > 0 ? " " : "",
		    v->name); /* fits */
	}
	const struct opt_tool tool = {.name = "sp-xq",
	    .summary = "A queue of jobs in Redis; each command has a --help of its own.",
	    .usage = usage,
	    .examples = "sp-xq add '{\"page\": 7}'\n"
			"sp-xq take -n 10 | tee jobs | jq .job && sp-xq ack < jobs\n"
			"sp-xq stats --watch 2s",
	    .opts = opts,
	    .operands = names,
	    .complete_verbs = complete_verbs};

	return opt_parse(&tool, argc, argv, &rest, w);
}
