/* SPDX-License-Identifier: MIT */
/* sp-sub: follow channels, a message a line; what was said before you came included.
 *
 *	sp-sub -p 7 -s story --text        # the story so far, then live, until it ends */
#include "sp-sub.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chan.h"
#include "exec.h"
#include "json.h"
#include "msg.h"
#include "note.h"

enum { FLUSH_BYTES = 64 * 1024 };

static int set_up(struct sub *s, const struct opt_rest *rest);
static int report(struct sub *s);

int main(int argc, char **argv)
{
	struct sub s = {.cli = CLI_DEFAULTS("sp-sub"), .newline = true};
	struct opt_rest rest;
	bool closed[3];

	show_init(&s.show);
	proc_std(closed);
	switch (sub_parse(&s, argc, argv, &rest)) {
	case OPT_BAD:
	case OPT_EXIT:
		return report(&s);
	case OPT_RUN:
		break;
	}
	int r = 0;
	if (closed[STDOUT_FILENO])
		r = why_set(&s.why, WHY_IO, "standard output is closed");
	if (r == 0 && set_up(&s, &rest) == 0)
		(void)loop_run(s.loop, &s.why); /* s.why tells */
	return report(&s);
}

/* --- Set-up */

static void on_signal(void *arg, int signo);
static void on_silence(void *arg);
static const struct feed_ops feed_ops;

static int set_up(struct sub *s, const struct opt_rest *rest)
{
	static const int signos[] = {SIGINT, SIGTERM, SIGHUP, 0};

	if (sub_settle(s, rest) < 0 || loop_open(&s->loop, &s->why) < 0 ||
	    signals_open(&s->signals, s->loop, signos, on_signal, s, &s->why) < 0 ||
	    feed_open(&s->feed, s->loop, &s->conf, &feed_ops, s, &s->why) < 0)
		return -1;
	s->last_ms = clock_ms();
	s->silence = (struct timer){.on_due = on_silence, .arg = s};
	if (s->silence_ms > 0)
		loop_timer(s->loop, &s->silence, s->last_ms + s->silence_ms);
	return 0;
}

/* --- Messages out */

static void stop(struct sub *s, int status)
{
	s->status = status;
	feed_stop(s->feed);
	loop_stop(s->loop);
}

/* The output first, then the cursor that speaks of it: a kill between the two repeats, and loses
 * nothing. */
static void flush(struct sub *s)
{
	struct buf *out = &s->show.out;
	struct why w;
	int r = 0;

	if (out->len > 0) {
		s->newline = buf_head(out)[out->len - 1] == '\n';
		r = proc_write(STDOUT_FILENO, "standard output", buf_head(out), out->len, &w);
		buf_clear(out);
		if (r < 0 && errno == EINTR) {
			/* A signal asks us to stop; the cursor stays in front of what is lost. */
			s->signo = proc_stop_signal();
			stop(s, 128 + s->signo);
			return;
		}
	}
	if (r == 0 && s->moved)
		r = cursor_save(&s->cursor, &w);
	s->moved = false;
	if (r < 0) {
		s->why = w;
		stop(s, w.status);
	}
}

/* With --text, what went wrong is no text: it goes to stderr. */
static void tell_error(struct sub *s, const struct feed_message *m)
{
	struct json_slice error = json_string(json_find(m->text, m->len, "error"));
	struct buf b;

	flush(s);
	buf_init(&b, SIZE_MAX / 2);
	(void)json_unescape(
	    &b, error.s != NULL ? error : (struct json_slice){"no reason given", 15}); /* no cap */
	say(&s->cli.say, SAY_ERROR, "%.*s: %.*s", (int)m->channel_len, m->channel, (int)b.len,
	    buf_head(&b));
	buf_fini(&b);
}

/* Names the message: by its id, or by its number. */
static void tell_failure(struct sub *s, const struct feed_message *m, const char *what)
{
	char id[ID_TEXT_MAX + 1] = "without id";

	if (m->has_id)
		(void)id_format(m->id, id); /* the length does not matter */
	say(&s->cli.say, SAY_ERROR, "%.*s: message %s: %s", (int)m->channel_len, m->channel, id,
	    what);
}

static void execute(struct sub *s, const struct feed_message *m)
{
	char id[ID_TEXT_MAX + 8] = "SP_ID=", channel[CHAN_NAME_MAX + 12], what[40];
	const char *const env[] = {channel, id, NULL};

	if (m->has_id)
		(void)id_format(m->id, id + strlen(id)); /* the length does not matter */
	(void)snprintf(
	    channel, sizeof channel, "SP_CHANNEL=%.*s", (int)m->channel_len, m->channel); /* fits */
	int status = exec_with_input(s->command, m->text, m->len, env, &s->why);
	if (status < 0) {
		stop(s, s->why.status);
	} else if (status > 0) {
		(void)snprintf(what, sizeof what, "--exec: exit status %d", status); /* fits */
		tell_failure(s, m, what);
	}
}

/* How many outputs the message made. */
static int show_or_execute(struct sub *s, const struct feed_message *m)
{
	struct why w;

	if (s->command != NULL) {
		execute(s, m);
		return 1;
	}
	int n = show_message(&s->show, m->text, m->len, &w);
	if (n >= 0)
		return n;
	tell_failure(s, m, w.text);
	if (s->strict) {
		s->why = w;
		flush(s);
		stop(s, WHY_DATA);
	}
	return 0;
}

/* Whether type is in the list TYPE[,TYPE]. */
static bool is_in(struct json_slice type, const char *list)
{
	char name[128];

	for (const char *p = list; type.s != NULL && *p != '\0'; p += *p == ',') {
		size_t n = strcspn(p, ",");

		if (n < sizeof name) {
			memcpy(name, p, n);
			name[n] = '\0';
			if (json_means(type, name))
				return true;
		}
		p += n;
	}
	return false;
}

static void move_cursor(struct sub *s, int source, const char *log, struct id id)
{
	if (s->cursor_path == NULL)
		return;
	cursor_set(&s->cursor, s->sources[source].name, log, id);
	s->moved = true;
}

static void on_message(void *arg, const struct feed_message *m)
{
	struct sub *s = arg;
	struct json_slice type = {NULL, 0};

	cli_up(&s->cli);
	s->count += show_or_execute(s, m);
	if (s->why.status != 0)
		return;
	if (s->show.text || s->until_text != NULL)
		type = msg_type(m->text, m->len);
	if (s->show.text && json_means(type, "error"))
		tell_error(s, m);
	if (m->has_id)
		move_cursor(s, m->source, m->log, m->id);
	s->last_ms = loop_now(s->loop);
	bool enough = s->most > 0 && s->count >= s->most;
	bool last = s->until_text != NULL && is_in(type, s->until_text);
	if (enough || last || s->show.out.len >= FLUSH_BYTES || s->command != NULL)
		flush(s);
	if (s->command != NULL && proc_stop_signal() != 0) {
		s->signo = proc_stop_signal(); /* more messages may be in hand: this was the last */
		stop(s, 128 + s->signo);
	} else if ((enough || last) && s->why.status == 0) {
		stop(s, last && !enough && json_means(type, "error") ? WHY_ENDED : 0);
	}
}

static void on_gap(void *arg, int source, struct id after, struct id before)
{
	struct sub *s = arg;
	struct buf b;

	buf_init(&b, SIZE_MAX / 2);
	note_gap(&b, &(struct msg_from){s->cli.project, s->cli.stage}, after, before);
	if (!s->show.text && s->command == NULL)
		show_line(&s->show, buf_head(&b), b.len);
	say(&s->cli.say, SAY_NOTE, "%s: messages are missing: the log does not have them any more",
	    s->sources[source].name);
	buf_fini(&b);
}

static void on_forget(void *arg, int source, const char *log, struct id floor)
{
	struct sub *s = arg;

	cursor_drop(&s->cursor, s->sources[source].name, log);
	move_cursor(s, source, NULL, floor);
}

static void on_idle(void *arg)
{
	flush(arg);
}

/* --- Redis, time and signals */

static void on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	struct sub *s = arg;

	cli_down(&s->cli, w, wait_ms);
}

static void on_start(void *arg, int source, struct id cursor, const struct log_run *run)
{
	struct sub *s = arg;
	char id[ID_TEXT_MAX + 1];

	(void)run;
	(void)id_format(cursor, id); /* the length does not matter */
	cli_up(&s->cli);
	/* Where it began counts too: a restart before the first message goes on from here. */
	move_cursor(s, source, NULL, cursor);
	flush(s);
	if (s->why.status != 0)
		return;
	say(&s->cli.say, SAY_DETAIL, "%s: subscribed, reading after %s", s->sources[source].name,
	    id);
}

static void on_dead(void *arg, const struct why *w)
{
	struct sub *s = arg;

	flush(s);
	s->why = *w;
	loop_stop(s->loop);
}

static void on_started(void *arg, const char *path)
{
	struct sub *s = arg;

	cli_started(&s->cli, path);
}

static const struct feed_ops feed_ops = {
    .on_start = on_start,
    .on_message = on_message,
    .on_gap = on_gap,
    .on_forget = on_forget,
    .on_idle = on_idle,
    .on_down = on_down,
    .on_dead = on_dead,
    .on_started = on_started,
};

static void on_silence(void *arg)
{
	struct sub *s = arg;
	int64_t due = s->last_ms + s->silence_ms;

	if (loop_now(s->loop) < due) {
		loop_timer(s->loop, &s->silence, due);
		return;
	}
	(void)why_set(&s->why, WHY_TIMEOUT, "%s: no message for %.1f s", s->sources[0].name,
	    (double)s->silence_ms / 1000); /* fills s->why */
	stop(s, WHY_TIMEOUT);
}

static void on_signal(void *arg, int signo)
{
	struct sub *s = arg;

	s->signo = signo;
	stop(s, 128 + signo);
}

static int report(struct sub *s)
{
	if (s->show.text && !s->newline && isatty(STDOUT_FILENO))
		(void)proc_write(STDOUT_FILENO, "standard output", "\n", 1,
		    &(struct why){0}); /* for the prompt */
	if (s->signo != 0)
		s->status = 128 + s->signo;
	else if (s->why.status != 0 && !proc_output_is_gone())
		s->status = say_why(&s->cli.say, &s->why);
	feed_close(s->feed);
	signals_close(&s->signals);
	loop_close(s->loop);
	show_fini(&s->show);
	cursor_close(&s->cursor);
	opt_list_fini(&s->channels);
	opt_list_fini(&s->patterns);
	free(s->sources);
	free(s->logs);
	free(s->project_channel);
	cli_fini(&s->cli);
	if (proc_output_is_gone())
		proc_die_of_pipe();
	return s->status;
}
