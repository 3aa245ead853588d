/* SPDX-License-Identifier: MIT */
/* sp-pub_stop: what ends a run from outside, a request, idleness or a signal; and the asking side.
 */
#include "sp-pub.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { STOP_MS = 5000 }; /* for what is on its way, after a signal */

/* --- The asking side */

static void on_heard(void *arg, int64_t heard)
{
	struct pub *p = arg;

	if (heard == 0)
		(void)why_set(
		    &p->why, WHY_ENDED, "%s: nobody publishes there", p->conf.append.channel);
	loop_stop(p->loop);
}

static const struct control_ops ask_ops = {on_heard, pub_on_down, pub_on_dead, pub_on_started};

void pub_ask_to_stop(struct pub *p)
{
	const struct append_conf *a = &p->conf.append;

	control_stop(&p->control, p->loop, &a->link, a->channel, &ask_ops, p);
}

/* --- The side that is asked */

/* Somebody asked: the command gets TERM, and its end is ours; else the input ends here. */
static void stop(struct pub *p)
{
	if (p->stopped || publish_is_finishing(p->publish))
		return;
	p->stopped = true;
	input_stop(&p->input);
	if (!input_runs(&p->input))
		publish_stop(p->publish);
}

static void on_asked(void *arg, int64_t heard)
{
	(void)heard;
	stop(arg);
}

static void on_control_dead(void *arg, const struct why *w)
{
	struct pub *p = arg;

	/* That Redis is away the other connection tells. */
	say(&p->cli.say, w->status == WHY_UNAVAILABLE ? SAY_DETAIL : SAY_NOTE,
	    "%s; --stop will not be heard", w->text);
}

/* Only the publishing connection's losses are worth a word. */
static const struct control_ops listen_ops = {on_asked, NULL, on_control_dead, pub_on_started};

void pub_listen(struct pub *p)
{
	const struct append_conf *a = &p->conf.append;

	control_listen(&p->control, p->loop, &a->link, a->channel, &listen_ops, p);
}

void pub_watch_idle(struct pub *p, int64_t receivers)
{
	int64_t now = clock_ms();

	if (receivers != 0)
		p->unheard_since_ms = 0;
	else if (p->unheard_since_ms == 0)
		p->unheard_since_ms = now;
	else if (now - p->unheard_since_ms >= p->idle_ms)
		stop(p);
}

/* --- Signals */

static void on_deadline(void *arg)
{
	struct pub *p = arg;

	loop_stop(p->loop);
}

void pub_on_signal(void *arg, int signo)
{
	struct pub *p = arg;
	char error[64];

	if (signo == SIGCHLD) {
		input_on_child(&p->input);
		return;
	}
	p->signo = signo;
	p->status = 128 + signo;
	input_stop(&p->input);
	if (p->publish != NULL) {
		(void)snprintf(error, sizeof error, "the publisher was stopped by signal %d (%s)",
		    signo, strsignal(signo)); /* fits */
		publish_finish(p->publish, error, NULL);
	}
	if (p->cli.down || p->stop) {
		loop_stop(p->loop);
		return;
	}
	p->deadline = (struct timer){.on_due = on_deadline, .arg = p};
	loop_timer(p->loop, &p->deadline, clock_ms() + STOP_MS);
}
