/* SPDX-License-Identifier: MIT */
/* sp-pub: publish what a pipeline prints, as it comes, so that nobody misses a word of it.
 *
 *	llm 'Tell me a story' | sp-pub -p 7 -s story        # elsewhere: sp-sub -p 7 -s story --text
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "append.h"
#include "chan.h"
#include "cli.h"
#include "command.h"
#include "intake.h"
#include "proc.h"
#include "run.h"

enum { READ_SIZE = 64 * 1024, BUFFER_BYTES = 64 << 20, STOP_MS = 5000 };

struct pub {
	struct cli cli;
	struct loop *loop;
	struct append *append;
	struct append_conf conf;
	struct signals signals;
	struct run run;
	struct intake intake;
	struct watch in;        /* standard input */
	struct command command; /* or the command's output */
	struct timer deadline;  /* of the acknowledgements, after a signal */
	char *channel;          /* made of project and stage */
	char *chunk;
	int from, full_text;
	int64_t max_line;
	bool tee, end;
	bool one_shot, has_command;
	bool finishing;   /* the end is published: only acknowledgements are missing */
	bool ended;       /* the last message is a done or error */
	int signo;        /* that asked us to stop */
	bool pipe_closed; /* our standard output is gone */
	int status;
	struct why why; /* told at the end when it has a status */
};

static enum opt_result parse(struct pub *p, int argc, char **argv, struct opt_rest *rest);
static int set_up(struct pub *p, const struct opt_rest *rest);
static int put_one(struct pub *p, const struct opt_rest *rest);
static int start_stream(struct pub *p, const struct opt_rest *rest);
static int report(struct pub *p);

int main(int argc, char **argv)
{
	struct pub p = {.cli = CLI_DEFAULTS("sp-pub"), .end = true, .full_text = RUN_FULL_DONE};
	struct opt_rest rest;
	bool closed[3];

	proc_std(closed);
	switch (parse(&p, argc, argv, &rest)) {
	case OPT_BAD:
		return say_why(&p.cli.say, &p.why);
	case OPT_EXIT:
		return 0;
	case OPT_RUN:
		break;
	}
	p.one_shot = rest.noperands > 0;
	p.has_command = rest.command != NULL;
	int r = 0;
	if (!p.one_shot && !p.has_command && closed[0])
		r = why_set(&p.why, WHY_IO, "standard input is closed: nothing to publish");
	if (r == 0)
		r = set_up(&p, &rest);
	if (r == 0)
		r = p.one_shot ? put_one(&p, &rest) : start_stream(&p, &rest);
	if (r == 0)
		(void)loop_run(p.loop, &p.why); /* p.why tells */
	return report(&p);
}

/* --- Options */

static enum opt_result parse(struct pub *p, int argc, char **argv, struct opt_rest *rest)
{
	struct append_conf *c = &p->conf;

	*c = (struct append_conf){.maxlen = 10000, .ttl_ms = 24 * 3600 * 1000};
	p->max_line = NDJSON_MAX_LINE;
	const struct opt opts[] = {
	    {'c', "channel", "CHANNEL", OPT_STRING, &c->channel, "the channel, by its full name",
		NULL, 0, 0},
	    CLI_OPTS_NAMES(&p->cli),
	    {.kind = OPT_GROUP, .name = "Input"},
	    {'f', "from", "FORMAT", OPT_CHOICE, &p->from,
		"text: what each read gives is a token; lines: each line is; json: each line is a "
		"message",
		"text|lines|json", 0, 0},
	    {0, "max-line", "SIZE", OPT_SIZE, &p->max_line, "refuse longer lines (1m)", NULL, 1,
		512 << 20},
	    {.kind = OPT_GROUP, .name = "Messages and their log"},
	    {0, "full-text", "WHEN", OPT_CHOICE, &p->full_text,
		"whether done, or each token, carries the whole text so far (done)",
		"none|done|each", 0, 0},
	    {'e', "ephemeral", NULL, OPT_FLAG, &c->ephemeral, "PUBLISH only: keep no log", NULL, 0,
		0},
	    {0, "maxlen", "N", OPT_NUMBER, &c->maxlen,
		"keep about N messages in the log (10000; 0: all)", NULL, 0, INT64_MAX},
	    {0, "ttl", "D", OPT_DURATION, &c->ttl_ms,
		"drop the log D after the last message (24h; 0: never)", NULL, 0, 0},
	    {0, "no-end", NULL, OPT_UNFLAG, &p->end, "publish no done or error at the end", NULL, 0,
		0},
	    {.kind = OPT_GROUP, .name = "Output"},
	    {'t', "tee", NULL, OPT_FLAG, &p->tee, "write the input to standard output too", NULL, 0,
		0},
	    {'i', "ids", NULL, OPT_FLAG, &c->want_ids,
		"print each message's sp object once it is acknowledged", NULL, 0, 0},
	    CLI_OPTS_REDIS(&p->cli, "timeout"),
	    CLI_OPTS_LOG(&p->cli),
	    {.kind = OPT_GROUP},
	};
	const struct opt_tool tool = {.name = "sp-pub",
	    .summary = "Publish standard input, a command's output, or one message.",
	    .usage = "sp-pub [options] (-c CHANNEL | -p PROJECT -s STAGE) [TYPE [key=value | "
		     "key:=json ...]]\n"
		     "sp-pub [options] (-c CHANNEL | -p PROJECT -s STAGE) [-- COMMAND [ARG ...]]",
	    .examples = "llm 'Tell me a story' | sp-pub -p 7 -s story\n"
			"sp-pub -p 7 -s story -- llm 'Tell me a story'\n"
			"sp-pub -p 7 -s story stage_update status=processing progress:=40\n"
			"tail -f events.ndjson | sp-pub -c events --from json --no-end",
	    .opts = opts,
	    .operands = "token stage_update progress done error"};

	return opt_parse(&tool, argc, argv, rest, &p->why);
}

/* --- Set-up */

static void on_signal(void *arg, int signo);
static const struct append_ops append_ops;

static int find_channel(struct pub *p)
{
	struct cli *c = &p->cli;

	if (p->conf.channel != NULL && c->project != NULL)
		return why_set(&p->why, WHY_USAGE, "-c and -p exclude each other");
	if (p->conf.channel != NULL)
		return chan_name_check(p->conf.channel, strlen(p->conf.channel), &p->why);
	if (c->project == NULL || c->stage == NULL)
		return why_set(
		    &p->why, WHY_USAGE, "where to? give -c CHANNEL, or -p PROJECT and -s STAGE");
	p->conf.channel = p->channel = chan_stage(c->namespace, c->project, c->stage);
	return 0;
}

static int set_up(struct pub *p, const struct opt_rest *rest)
{
	static const int signos[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD, 0};

	if (p->one_shot && p->has_command)
		return why_set(&p->why, WHY_USAGE, "a TYPE and a COMMAND exclude each other");
	if (p->has_command && rest->ncommand == 0)
		return why_set(&p->why, WHY_USAGE, "-- needs a COMMAND behind it");
	if (p->tee && p->conf.want_ids)
		return why_set(&p->why, WHY_USAGE, "--tee and --ids both write to standard output");
	if (cli_redis(&p->cli, p->one_shot, &p->conf.link, &p->why) < 0 || find_channel(p) < 0 ||
	    loop_open(&p->loop, &p->why) < 0 ||
	    signals_open(&p->signals, p->loop, signos, on_signal, p, &p->why) < 0)
		return -1;
	/* What is not acknowledged yet must not die with a reader of our own output. */
	(void)signal(SIGPIPE, SIG_IGN);
	p->conf.one_shot = p->one_shot;
	p->conf.buffer_bytes = BUFFER_BYTES;
	append_open(&p->append, p->loop, &p->conf, &append_ops, p);
	run_init(&p->run, &(struct msg_from){p->cli.project, p->cli.stage},
	    (enum run_full_text)p->full_text, clock_ms());
	return 0;
}

/* --- One message from the command line */

static int put_one(struct pub *p, const struct opt_rest *rest)
{
	const char *type = rest->operands[0];
	struct buf line, m;
	struct msg_facts facts;

	if (type[0] == '\0' || strchr(type, '=') != NULL ||
	    utf8_valid(type, strlen(type)) != strlen(type))
		return why_set(&p->why, WHY_USAGE, "\"%s\" is not a message TYPE", type);
	buf_init(&line, SIZE_MAX / 2); /* the kernel bounds a command line */
	buf_init(&m, SIZE_MAX / 2);
	int r = msg_begin(&line, type);
	for (int i = 1; i < rest->noperands && r == 0; i++)
		r = msg_operand(&line, rest->operands[i], &p->why);
	if (r == 0 && buf_addc(&line, '}') == 0)
		r = msg_open_line(
		    &m, buf_head(&line), line.len, &p->run.from, clock_wall_us(), &facts, &p->why);
	if (r == 0) {
		append_put(p->append, &m, msg_type_is_end(facts.type));
		append_flush(p->append);
		p->finishing = true;
	}
	buf_fini(&line);
	buf_fini(&m);
	return r;
}

/* --- A stream */

/* Publishes the end, unless the input brought its own; what is left is to wait for
 * acknowledgements. */
static void finish(struct pub *p, const char *error, const char *members)
{
	struct buf m;

	if (p->finishing)
		return;
	p->finishing = true;
	loop_watch(p->loop, &p->in, 0);
	if (p->end && !p->ended) {
		buf_init(&m, SIZE_MAX / 2); /* full_text is bounded */
		int r = error != NULL ? run_error(&p->run, &m, error, members, clock_wall_us())
				      : run_done(&p->run, &m, clock_wall_us(), clock_ms());
		if (r < 0)
			abort(); /* out of memory ends the process earlier */
		append_put(p->append, &m, true);
		buf_fini(&m);
	}
	append_flush(p->append);
	if (append_pending(p->append) == 0)
		loop_stop(p->loop);
}

/* The same, with p->why as the reason to tell and to exit with. */
static void fail(struct pub *p, const char *error)
{
	p->status = p->why.status;
	if (p->has_command)
		command_stop(&p->command);
	finish(p, error, NULL);
}

/* Reads on while there is room: a full buffer stops the producer and drops nothing. */
static void read_more(struct pub *p)
{
	bool room = append_has_room(p->append);

	if (p->finishing)
		return;
	if (p->has_command)
		command_pause(&p->command, !room);
	else
		loop_watch(p->loop, &p->in, room ? LOOP_READ : 0);
}

static void on_message(void *arg, struct buf *open, enum intake_kind kind)
{
	struct pub *p = arg;

	p->ended = kind != INTAKE_PLAIN;
	p->status = kind == INTAKE_ERROR ? WHY_ENDED : 0;
	append_put(p->append, open, p->ended);
}

static void refuse_input(struct pub *p)
{
	char error[sizeof p->why.text + 16];

	append_flush(p->append);
	(void)snprintf(error, sizeof error, "bad input: %s", p->why.text); /* fits */
	fail(p, error);
}

static void on_output(void *arg, const char *bytes, size_t len)
{
	struct pub *p = arg;

	if (p->finishing)
		return;
	if (p->tee && proc_write(STDOUT_FILENO, "standard output", bytes, len, &p->why) < 0) {
		p->pipe_closed = errno == EPIPE;
		fail(p, "the publisher's own output was closed");
		return;
	}
	if (intake_feed(&p->intake, bytes, len, clock_wall_us(), clock_ms(), &p->why) < 0) {
		refuse_input(p);
		return;
	}
	append_flush(p->append);
	read_more(p);
}

static bool end_input(struct pub *p)
{
	if (p->finishing || intake_end(&p->intake, clock_wall_us(), clock_ms(), &p->why) == 0)
		return true;
	refuse_input(p);
	return false;
}

static void on_input(void *arg, unsigned ready)
{
	struct pub *p = arg;
	ssize_t n = read(STDIN_FILENO, p->chunk, READ_SIZE);

	(void)ready;
	if (n > 0) {
		on_output(p, p->chunk, (size_t)n);
	} else if (n == 0) {
		if (end_input(p))
			finish(p, NULL, NULL);
	} else if (errno != EINTR && errno != EAGAIN) {
		(void)why_errno(&p->why, WHY_IO, "standard input"); /* fills p->why */
		fail(p, p->why.text);
	}
}

static void on_command_end(void *arg)
{
	struct pub *p = arg;
	char error[COMMAND_TAIL + 100], members[40];

	if (p->finishing && append_pending(p->append) == 0)
		loop_stop(p->loop);
	if (p->finishing || !end_input(p))
		return;
	int status = command_status(&p->command);
	command_describe(&p->command, error, sizeof error, members, sizeof members);
	finish(p, status == 0 ? NULL : error, members);
	p->status = status != 0 ? status : p->status;
}

static const struct command_ops command_ops = {on_output, on_command_end};

static int start_stream(struct pub *p, const struct opt_rest *rest)
{
	char error[sizeof p->why.text + 16];

	intake_init(
	    &p->intake, (enum intake_from)p->from, (size_t)p->max_line, &p->run, on_message, p);
	p->in = (struct watch){.fd = STDIN_FILENO, .on_ready = on_input, .arg = p};
	if (!p->has_command) {
		p->chunk = xmalloc(READ_SIZE);
		loop_watch(p->loop, &p->in, LOOP_READ);
	} else if (command_start(&p->command, p->loop, rest->command, &command_ops, p, &p->why) <
	    0) {
		p->has_command = false;
		(void)snprintf(error, sizeof error, "cannot run %s", p->why.text); /* fits */
		fail(p, error);
	}
	return 0;
}

/* --- Redis and signals */

static void print_ids(struct pub *p, uint64_t seq, size_t n, const struct id *ids)
{
	struct buf out;
	char id[ID_TEXT_MAX + 1];

	buf_init(&out, SIZE_MAX / 2);
	for (size_t i = 0; i < n; i++) {
		(void)buf_addf(&out, "{\"run\":\"%s\",\"seq\":%llu", append_run(p->append),
		    (unsigned long long)(seq + i)); /* no cap */
		if (ids != NULL && !id_is_zero(ids[i])) {
			(void)id_format(ids[i], id);                /* the length does not matter */
			(void)buf_addf(&out, ",\"id\":\"%s\"", id); /* no cap */
		}
		(void)buf_adds(&out, "}\n"); /* no cap */
	}
	if (proc_write(STDOUT_FILENO, "standard output", buf_head(&out), out.len, &p->why) < 0) {
		p->pipe_closed = errno == EPIPE;
		p->conf.want_ids = false;
		fail(p, "the publisher's own output was closed");
	}
	buf_fini(&out);
}

static void on_acked(void *arg, uint64_t seq, size_t n, const struct id *ids)
{
	struct pub *p = arg;

	cli_up(&p->cli);
	if (p->conf.want_ids)
		print_ids(p, seq, n, ids);
	bool runs = p->has_command && !p->command.over;
	if (p->finishing && append_pending(p->append) == 0 && !runs)
		loop_stop(p->loop);
	else if (!p->one_shot)
		read_more(p);
}

static void on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	struct pub *p = arg;

	cli_down(&p->cli, w, wait_ms);
	if (p->signo != 0)
		loop_stop(p->loop);
	else if (!p->one_shot)
		read_more(p);
}

static void on_dead(void *arg, const struct why *w)
{
	struct pub *p = arg;

	p->why = *w;
	p->status = w->status;
	if (p->has_command)
		child_kill(&p->command.child, SIGTERM);
	loop_stop(p->loop);
}

static void on_started(void *arg, const char *path)
{
	struct pub *p = arg;

	cli_started(&p->cli, path);
}

static const struct append_ops append_ops = {on_acked, on_down, on_dead, on_started};

static void on_deadline(void *arg)
{
	struct pub *p = arg;

	loop_stop(p->loop);
}

/* Ends the input and waits for what is on its way. */
static void on_signal(void *arg, int signo)
{
	struct pub *p = arg;
	char error[64];

	if (signo == SIGCHLD) {
		command_on_child(&p->command);
		return;
	}
	p->signo = signo;
	p->status = 128 + signo;
	if (p->cli.down) {
		loop_stop(p->loop);
		return;
	}
	p->deadline = (struct timer){.on_due = on_deadline, .arg = p};
	loop_timer(p->loop, &p->deadline, clock_ms() + STOP_MS);
	if (p->one_shot)
		return;
	(void)snprintf(error, sizeof error, "the publisher was stopped by signal %d (%s)", signo,
	    strsignal(signo)); /* fits */
	if (p->has_command)
		command_stop(&p->command);
	finish(p, error, NULL);
}

static int report(struct pub *p)
{
	uint64_t pending = p->append != NULL ? append_pending(p->append) : 0;

	if (p->why.status != 0 && !p->pipe_closed)
		p->status = say_why(&p->cli.say, &p->why);
	if (pending > 0 && p->status != 0)
		say(&p->cli.say, SAY_ERROR, "%s: %llu message%s not acknowledged", p->conf.channel,
		    (unsigned long long)pending, pending == 1 ? " was" : "s were");
	append_close(p->append);
	command_fini(&p->command);
	signals_close(&p->signals);
	loop_close(p->loop);
	intake_fini(&p->intake);
	run_fini(&p->run);
	cli_fini(&p->cli);
	free(p->channel);
	free(p->chunk);
	if (p->pipe_closed)
		proc_die_of_pipe();
	return p->status;
}
