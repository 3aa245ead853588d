/* SPDX-License-Identifier: MIT */
/* sp-sub: follow channels, a message a line; what was said before you came included.
 *
 *	sp-sub -p 7 -s story --text        # the story so far, then live, until it ends */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chan.h"
#include "cli.h"
#include "cursor.h"
#include "exec.h"
#include "feed.h"
#include "json.h"
#include "msg.h"
#include "note.h"
#include "proc.h"
#include "show.h"

enum { FLUSH_BYTES = 64 * 1024 };

struct sub {
	struct cli cli;
	struct loop *loop;
	struct feed *feed;
	struct feed_conf conf;
	struct signals signals;
	struct timer silence;
	struct opt_list channels, patterns;
	struct feed_source *sources;
	struct feed_log *logs; /* theirs, from the cursor file */
	char *project_channel;
	const char *since_text, *until_text, *filter_text, *cursor_path, *command;
	int64_t most, silence_ms;     /* 0: no limit */
	bool follow, strict, newline; /* newline: the last text ended with one */
	struct show show;
	struct cursor_file cursor;
	bool moved;             /* the cursor is ahead of its file */
	int64_t count, last_ms; /* messages so far; when the last one came */
	int signo, status;
	struct why why;
};

static enum opt_result parse(struct sub *s, int argc, char **argv, struct opt_rest *rest);
static int set_up(struct sub *s, const struct opt_rest *rest);
static int report(struct sub *s);

int main(int argc, char **argv)
{
	struct sub s = {.cli = CLI_DEFAULTS("sp-sub"), .newline = true};
	struct opt_rest rest;
	bool closed[3];

	show_init(&s.show);
	proc_std(closed);
	switch (parse(&s, argc, argv, &rest)) {
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

/* --- Options */

static enum opt_result parse(struct sub *s, int argc, char **argv, struct opt_rest *rest)
{
	const struct opt opts[] = {
	    {'c', "channel", "CHANNEL", OPT_LIST, &s->channels,
		"a channel, by its full name; may be repeated", NULL, 0, 0},
	    {'P', "pattern", "PATTERN", OPT_LIST, &s->patterns,
		"channels that match, as PSUBSCRIBE has it", NULL, 0, 0},
	    CLI_OPTS_NAMES(&s->cli),
	    {.kind = OPT_GROUP, .name = "From where to where"},
	    {0, "since", "WHEN", OPT_STRING, &s->since_text,
		"run: the latest run from its start (default with one stage); now (default "
		"otherwise); "
		"0: all of the log; an id: what follows it; a duration: the last 5m",
		NULL, 0, 0},
	    {'n', "count", "N", OPT_NUMBER, &s->most, "stop after N messages", NULL, 1, INT64_MAX},
	    {'w', "timeout", "D", OPT_DURATION, &s->silence_ms,
		"stop with 75 after D without a message", NULL, 1, 0},
	    {0, "until", "TYPE[,TYPE]", OPT_STRING, &s->until_text,
		"stop after a message of this type (done,error with one stage); 1 after an error",
		NULL, 0, 0},
	    {'F', "follow", NULL, OPT_FLAG, &s->follow, "never stop by itself", NULL, 0, 0},
	    {.kind = OPT_GROUP, .name = "Output"},
	    {'x', "text", NULL, OPT_FLAG, &s->show.text, "print only the text of tokens", NULL, 0,
		0},
	    {'j', "jq", "FILTER", OPT_STRING, &s->filter_text,
		"print what a jq filter makes of each message", NULL, 0, 0},
	    {'r', "raw", NULL, OPT_FLAG, &s->show.raw, "with -j: print strings without quotes",
		NULL, 0, 0},
	    {0, "strict", NULL, OPT_FLAG, &s->strict,
		"end with 65 when the filter fails on a message", NULL, 0, 0},
	    {0, "cursor", "FILE", OPT_STRING, &s->cursor_path,
		"begin behind the id in FILE, and keep it current", NULL, 0, 0},
	    {0, "exec", "CMD", OPT_STRING, &s->command,
		"run CMD for each message instead, the message on its input", NULL, 0, 0},
	    CLI_OPTS_REDIS(&s->cli, "command-timeout"),
	    CLI_OPTS_LOG(&s->cli),
	    {.kind = OPT_GROUP},
	};
	const struct opt_tool tool = {.name = "sp-sub",
	    .summary = "Follow channels: one message a line on standard output.",
	    .usage = "sp-sub [options] (-c CHANNEL)... | -P PATTERN | -p PROJECT [-s STAGE]",
	    .examples = "sp-sub -p 7 -s story --text\n"
			"sp-sub -p 7 --since 5m\n"
			"sp-sub -c chat:42 --since 1732100000123-0 -j .content -r\n"
			"sp-sub -c events --cursor ~/.events.cursor --exec './handle-event'",
	    .opts = opts};

	return opt_parse(&tool, argc, argv, rest, &s->why);
}

/* --- Set-up */

static void on_signal(void *arg, int signo);
static void on_silence(void *arg);
static const struct feed_ops feed_ops;

/* What is named twice is followed once. */
static int drop_twins(struct feed_source *to, int n)
{
	int kept = 0;

	for (int i = 0; i < n; i++) {
		int twin = 0;

		while (twin < kept &&
		    (to[twin].is_pattern != to[i].is_pattern ||
			strcmp(to[twin].name, to[i].name) != 0))
			twin++;
		if (twin == kept)
			to[kept++] = to[i];
	}
	return kept;
}

static int find_sources(struct sub *s)
{
	struct feed_source *to =
	    xcalloc((size_t)(s->channels.count + s->patterns.count + 1), sizeof *to);
	int n = 0;

	s->sources = to;
	for (int i = 0; i < s->channels.count; i++, n++) {
		to[n] = (struct feed_source){.name = s->channels.items[i]};
		if (chan_name_check(to[n].name, strlen(to[n].name), &s->why) < 0)
			return -1;
	}
	for (int i = 0; i < s->patterns.count; i++, n++) {
		to[n] = (struct feed_source){.name = s->patterns.items[i], .is_pattern = true};
		if (chan_name_check(to[n].name, strlen(to[n].name), &s->why) < 0)
			return -1;
	}
	if (s->cli.project != NULL) {
		s->project_channel = chan_stage(s->cli.namespace, s->cli.project, s->cli.stage);
		to[n++] = (struct feed_source){
		    .name = s->project_channel, .is_pattern = s->cli.stage == NULL};
	}
	s->conf.sources = to;
	s->conf.nsources = drop_twins(to, n);
	if (n == 0)
		return why_set(&s->why, WHY_USAGE,
		    "what to follow? give -c CHANNEL, -P PATTERN, or -p PROJECT");
	return 0;
}

/* Whether all there is to follow is one stage: then its run's end is our end. */
static bool is_one_stage(const struct sub *s)
{
	const struct feed_source *only = &s->sources[0];
	struct chan_parts parts;

	return s->conf.nsources == 1 && !only->is_pattern &&
	    chan_parse(only->name, strlen(only->name), &parts);
}

/* Each source begins behind its cursor, if the file has one; and so does each log of a pattern over
 * several. */
static int read_cursors(struct sub *s)
{
	size_t n = 0;

	if (s->cursor_path == NULL)
		return 0;
	if (cursor_open(&s->cursor, s->cursor_path, &s->why) < 0)
		return -1;
	s->logs = xcalloc(s->cursor.n * (size_t)s->conf.nsources + 1, sizeof *s->logs);
	for (int i = 0; i < s->conf.nsources; i++) {
		struct feed_source *to = &s->sources[i];
		size_t at = 0;

		to->resumes = cursor_find(&s->cursor, to->name, s->conf.nsources == 1, &to->after);
		to->logs = s->logs + n;
		while (to->is_pattern &&
		    cursor_next(&s->cursor, to->name, &at, &s->logs[n].log, &s->logs[n].after) > 0)
			n++;
		to->nlogs = (size_t)(s->logs + n - to->logs);
	}
	return 0;
}

static int check(struct sub *s, const struct opt_rest *rest)
{
	if (rest->noperands > 0 || rest->command != NULL)
		return why_set(&s->why, WHY_USAGE, "unexpected argument %s",
		    rest->noperands > 0 ? rest->operands[0] : "--");
	if (s->command != NULL && (s->show.text || s->filter_text != NULL))
		return why_set(
		    &s->why, WHY_USAGE, "--exec prints nothing: it excludes --text and -j");
	if ((s->show.raw || s->strict) && s->filter_text == NULL)
		return why_set(&s->why, WHY_USAGE, "%s needs -j", s->strict ? "--strict" : "-r");
	if (s->filter_text != NULL && filter_open(&s->show.filter, s->filter_text, &s->why) < 0)
		return -1;
	return 0;
}

static int set_up(struct sub *s, const struct opt_rest *rest)
{
	static const int signos[] = {SIGINT, SIGTERM, SIGHUP, 0};

	if (check(s, rest) < 0 || cli_redis(&s->cli, false, &s->conf.link, &s->why) < 0 ||
	    find_sources(s) < 0 || read_cursors(s) < 0)
		return -1;
	bool stage = is_one_stage(s);
	if (s->since_text == NULL)
		s->conf.start.since = stage ? FEED_RUN : FEED_NOW;
	else if (feed_parse_since(&s->conf.start, s->since_text, &s->why) < 0)
		return -1;
	if (s->until_text == NULL && stage)
		s->until_text = "done,error";
	if (s->follow)
		s->until_text = NULL;
	if (loop_open(&s->loop, &s->why) < 0 ||
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
