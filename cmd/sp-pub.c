/* SPDX-License-Identifier: MIT */
/* sp-pub: publish what a pipeline prints, as it comes, so that nobody misses a word of it.
 *
 *	llm 'Tell me a story' | sp-pub -p 7 -s story        # elsewhere: sp-sub -p 7 -s story --text
 */
#include "sp-pub.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "utf8.h"

static int set_up(struct pub *p, const struct opt_rest *rest, const bool closed[3]);
static int put_one(struct pub *p, const struct opt_rest *rest);
static int start_stream(struct pub *p, const struct opt_rest *rest);
static int report(struct pub *p);

int main(int argc, char **argv)
{
	struct pub p = {.cli = CLI_DEFAULTS("sp-pub"),
	    .full_text = RUN_FULL_DONE,
	    .conf = {.end = true,
		.batch = 1,
		.append = {.maxlen = 10000, .ttl_ms = 24 * 3600 * 1000, .buffer_bytes = 64 << 20}}};
	struct opt_rest rest;
	bool closed[3];

	proc_std(closed);
	switch (pub_parse(&p, argc, argv, &rest)) {
	case OPT_BAD:
	case OPT_EXIT:
		return report(&p);
	case OPT_RUN:
		break;
	}
	int r = set_up(&p, &rest, closed);
	if (r == 0)
		r = p.stop ? 0 : p.one_shot ? put_one(&p, &rest) : start_stream(&p, &rest);
	if (r == 0)
		(void)loop_run(p.loop, &p.why); /* p.why tells */
	return report(&p);
}

/* --- Set-up */

static const struct publish_ops publish_ops;

static int set_up(struct pub *p, const struct opt_rest *rest, const bool closed[3])
{
	static const int signos[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD, 0};

	if (pub_settle(p, rest, closed) < 0 || loop_open(&p->loop, &p->why) < 0 ||
	    signals_open(&p->signals, p->loop, signos, pub_on_signal, p, &p->why) < 0)
		return -1;
	/* What is not acknowledged yet must not die with a reader of our own output. */
	(void)signal(SIGPIPE, SIG_IGN);
	if (p->stop) {
		pub_ask_to_stop(p);
		return 0;
	}
	if (p->filter_text != NULL && filter_open(&p->conf.filter, p->filter_text, &p->why) < 0)
		return -1;
	return publish_open(&p->publish, p->loop, &p->conf, &publish_ops, p, &p->why);
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
		    &m, buf_head(&line), line.len, &p->conf.from, clock_wall_us(), &facts, &p->why);
	if (r == 0) {
		publish_put(p->publish, &m, msg_type_is_end(facts.type));
		publish_finish(p->publish, NULL, NULL);
	}
	buf_fini(&line);
	buf_fini(&m);
	return r;
}

/* --- A stream */

/* Ends the input with p->why as the reason to tell and to exit with. */
static void fail(struct pub *p, const char *error)
{
	p->status = p->why.status;
	input_stop(&p->input);
	publish_finish(p->publish, error, NULL);
}

static bool write_tee(struct pub *p, const char *bytes, size_t len)
{
	struct why w;

	if (proc_write(STDOUT_FILENO, "standard output", bytes, len, &w) == 0 || errno == EINTR)
		return true;
	p->why = w;
	p->pipe_closed = errno == EPIPE;
	p->tee = false;
	fail(p, "the publisher's own output was closed");
	return false;
}

/* Of a provider's stream, what a person reads. */
static void on_text(void *arg, struct json_slice raw)
{
	struct pub *p = arg;
	struct buf text;

	if (!p->tee)
		return;
	buf_init(&text, SIZE_MAX / 2);
	(void)json_unescape(&text, raw);               /* no cap */
	(void)write_tee(p, buf_head(&text), text.len); /* fails the run itself */
	buf_fini(&text);
}

static void on_output(void *arg, const char *bytes, size_t len)
{
	struct pub *p = arg;

	if (publish_is_finishing(p->publish))
		return;
	/* Published first: a reader of our own output may take its time. */
	if (publish_feed(p->publish, bytes, len, &p->why) < 0)
		fail(p, NULL);
	if (p->tee && p->conf.format != INTAKE_PROVIDER)
		(void)write_tee(p, bytes, len); /* fails the run itself */
}

static void on_eof(void *arg, const struct why *w)
{
	struct pub *p = arg;

	if (w != NULL) {
		p->why = *w;
		fail(p, p->why.text);
	} else if (publish_eof(p->publish, &p->why) == 0) {
		publish_finish(p->publish, NULL, NULL);
	}
}

static void on_over(void *arg)
{
	struct pub *p = arg;

	if (!input_runs(&p->input))
		loop_stop(p->loop);
}

static void on_command_end(void *arg, const struct command *command)
{
	struct pub *p = arg;
	char error[COMMAND_TAIL + 100], members[40];
	int status = command_status(command);

	if (p->dead) {
		loop_stop(p->loop); /* it had its TERM, and time to heed it */
		return;
	}
	if (p->stopped) {
		publish_stop(p->publish);
	} else if (!publish_is_finishing(p->publish) && publish_eof(p->publish, &p->why) == 0) {
		command_describe(command, error, sizeof error, members, sizeof members);
		publish_finish(p->publish, status != 0 ? error : NULL, members);
		p->status = status;
	}
	if (publish_pending(p->publish) == 0)
		loop_stop(p->loop);
}

static const struct input_ops input_ops = {on_output, on_eof, on_command_end};

static void begin_input(struct pub *p)
{
	char error[sizeof p->why.text + 16];

	if (input_begin(&p->input, p->loop, p->argv, &input_ops, p, &p->why) == 0)
		return;
	(void)snprintf(error, sizeof error, "cannot run %s", p->why.text); /* fits */
	fail(p, error);
}

static int start_stream(struct pub *p, const struct opt_rest *rest)
{
	p->argv = rest->command;
	pub_listen(p);
	/* An exclusive publisher reads and runs nothing before it has the lease. */
	if (!p->conf.append.exclusive)
		begin_input(p);
	return 0;
}

/* --- What Redis says */

static void on_room(void *arg, bool room)
{
	struct pub *p = arg;

	/* What a command still says after the end is read, and dropped. */
	input_pause(&p->input, !room && !(p->has_command && publish_is_finishing(p->publish)));
}

static void print_ids(struct pub *p, const struct append_acked *acked)
{
	struct buf out;
	char id[ID_TEXT_MAX + 1];

	buf_init(&out, SIZE_MAX / 2);
	for (size_t i = 0; i < acked->n; i++) {
		(void)buf_addf(&out, "{\"run\":\"%s\",\"seq\":%llu", publish_run(p->publish),
		    (unsigned long long)(acked->seq + i)); /* no cap */
		if (acked->ids != NULL && !id_is_zero(acked->ids[i])) {
			(void)id_format(acked->ids[i], id);         /* the length does not matter */
			(void)buf_addf(&out, ",\"id\":\"%s\"", id); /* no cap */
		}
		(void)buf_adds(&out, "}\n"); /* no cap */
	}
	struct why w;
	if (proc_write(STDOUT_FILENO, "standard output", buf_head(&out), out.len, &w) < 0 &&
	    errno != EINTR) {
		p->why = w;
		p->pipe_closed = errno == EPIPE;
		p->conf.append.want_ids = false;
		fail(p, "the publisher's own output was closed");
	}
	buf_fini(&out);
}

static void on_acked(void *arg, const struct append_acked *acked)
{
	struct pub *p = arg;

	cli_up(&p->cli);
	if (p->conf.append.want_ids)
		print_ids(p, acked);
	if (p->idle_ms > 0 && acked->receivers >= 0)
		pub_watch_idle(p, acked->receivers);
	if (!p->input.begun && !p->one_shot && !publish_is_finishing(p->publish))
		begin_input(p);
}

void pub_on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	struct pub *p = arg;

	cli_down(&p->cli, w, wait_ms);
	if (p->signo != 0)
		loop_stop(p->loop);
}

void pub_on_dead(void *arg, const struct why *w)
{
	struct pub *p = arg;

	/* What had failed before stays the reason; it waited for this connection, too. */
	if (p->why.status == 0) {
		p->why = *w;
		p->status = w->status;
	} else {
		say(&p->cli.say, SAY_ERROR, "%s", w->text);
	}
	p->dead = true;
	input_stop(&p->input);
	if (!input_runs(&p->input))
		loop_stop(p->loop);
}

void pub_on_started(void *arg, const char *path)
{
	struct pub *p = arg;

	cli_started(&p->cli, path);
}

static void on_full(void *arg, const struct why *w)
{
	struct pub *p = arg;

	say(&p->cli.say, SAY_ERROR, "%s; no more input is read until it can be written", w->text);
}

static void on_filter(void *arg, const struct why *w)
{
	struct pub *p = arg;

	if (!p->strict) {
		say(&p->cli.say, SAY_ERROR, "%s: %s", p->conf.append.channel, w->text);
	} else if (p->why.status == 0) {
		p->why = *w;
		fail(p, w->text);
	}
}

static const struct publish_ops publish_ops = {.on_text = on_text,
    .on_acked = on_acked,
    .on_room = on_room,
    .on_over = on_over,
    .on_down = pub_on_down,
    .on_dead = pub_on_dead,
    .on_started = pub_on_started,
    .on_full = on_full,
    .on_filter = on_filter};

/* --- The end */

static int report(struct pub *p)
{
	uint64_t pending = p->publish != NULL ? publish_pending(p->publish) : 0;

	if (p->why.status != 0 && !p->pipe_closed)
		p->status = say_why(&p->cli.say, &p->why);
	else if (p->status == 0 && !p->one_shot && p->publish != NULL &&
	    publish_has_failed(p->publish))
		p->status = WHY_ENDED;
	if (pending > 0 && p->status != 0)
		say(&p->cli.say, SAY_ERROR, "%s: %llu message%s not acknowledged%s",
		    p->conf.append.channel, (unsigned long long)pending,
		    pending == 1 ? " was" : "s were",
		    publish_is_spooled(p->publish) ? "; the spool has them" : "");
	control_close(p->control);
	publish_close(p->publish);
	filter_close(p->conf.filter);
	input_fini(&p->input);
	signals_close(&p->signals);
	loop_close(p->loop);
	cli_fini(&p->cli);
	free(p->channel);
	if (p->pipe_closed)
		proc_die_of_pipe();
	return p->status;
}
