/* SPDX-License-Identifier: MIT */
/* xq_lock: runs a command while a lock is held, as flock(1) does. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chan.h"
#include "guard.h"
#include "lock.h"
#include "xq.h"

enum { TTL_MS = 30000, GRACE_MS = 5000, TOKENS_MAX = 300 };

struct locker {
	struct xq x; /* without a queue */
	struct lock_conf conf;
	struct lock *lock;
	char *const *argv;
	struct guard *guard; /* the lock ends with us, so the command must */
	struct child child;  /* its output is ours, no pipe */
	struct timer kill;
	int64_t grace_ms, busy_status;
	bool reentrant, lost;
	struct why cause; /* of the loss */
};

/* --- The command */

/* SP_LOCK_TOKEN is the fencing token; SP_LOCK_TOKENS those of all the locks around the command. */
static void set_environment(const struct locker *k, uint64_t token)
{
	char one[24], all[TOKENS_MAX];
	const char *old = k->conf.ancestors;

	(void)snprintf(one, sizeof one, "%llu", (unsigned long long)token); /* fits */
	(void)setenv("SP_LOCK_TOKEN", one, 1);                              /* memory */
	if (k->reentrant)
		return;
	(void)snprintf(all, sizeof all, "%s%s%s", one, old != NULL ? " " : "",
	    old != NULL ? old : "");            /* cut: the outermost are forgotten */
	(void)setenv("SP_LOCK_TOKENS", all, 1); /* memory */
}

static void release(struct locker *k)
{
	if (k->reentrant || k->lost)
		loop_stop(k->x.loop);
	else
		lock_release(k->lock);
}

static void on_held(void *arg, uint64_t token, bool reentrant)
{
	struct locker *k = arg;

	k->reentrant = reentrant;
	set_environment(k, token);
	say(&k->x.cli.say, SAY_DETAIL, "lock %s: %s, token %llu", k->conf.name,
	    reentrant ? "held already by who started us" : "held", (unsigned long long)token);
	if (child_spawn_as_is(&k->child, k->argv, &k->x.why) < 0)
		release(k);
	else
		guard_set(k->guard, 0, k->child.pid);
}

static void on_child(struct locker *k)
{
	int status;

	if (!child_ended(&k->child, &status))
		return;
	guard_set(k->guard, 0, 0);
	loop_cancel(k->x.loop, &k->kill);
	k->x.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	if (k->lost)
		k->x.why = k->cause;
	release(k);
}

static void end_child(struct locker *k, int signo)
{
	child_kill(&k->child, signo);
	loop_timer(k->x.loop, &k->kill, clock_ms() + k->grace_ms);
}

static void on_kill(void *arg)
{
	struct locker *k = arg;

	child_kill(&k->child, SIGKILL);
}

/* --- Events */

static void on_busy(void *arg)
{
	struct locker *k = arg;

	say(&k->x.cli.say, SAY_NOTE, "lock %s: somebody else has it", k->conf.name);
	k->x.status = (int)k->busy_status;
	loop_stop(k->x.loop);
}

static void on_lost(void *arg, const struct why *w)
{
	struct locker *k = arg;

	k->lost = true;
	k->cause = *w;
	say(&k->x.cli.say, SAY_ERROR, "%s; the command is ended", w->text);
	if (k->child.pid > 0) {
		end_child(k, SIGTERM);
	} else {
		k->x.why = *w;
		loop_stop(k->x.loop);
	}
}

static void on_released(void *arg)
{
	struct locker *k = arg;

	loop_stop(k->x.loop);
}

static void on_up(void *arg)
{
	struct locker *k = arg;

	cli_up(&k->x.cli);
}

static void on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	struct locker *k = arg;

	cli_down(&k->x.cli, w, wait_ms);
}

static void on_dead(void *arg, const struct why *w)
{
	struct locker *k = arg;

	k->x.why = *w;
	k->x.dead = true;
	loop_stop(k->x.loop);
}

static void on_started(void *arg, const char *path)
{
	struct locker *k = arg;

	cli_started(&k->x.cli, path);
}

static void on_signal(void *arg, int signo)
{
	struct locker *k = arg;

	if (signo == SIGCHLD) {
		on_child(k);
	} else if (k->child.pid > 0) {
		end_child(k, signo); /* its end is ours */
	} else {
		k->x.status = 128 + signo;
		loop_stop(k->x.loop);
	}
}

/* --- Life */

static int settle(struct locker *k, const struct opt_rest *rest)
{
	if (rest->noperands != 1 || rest->ncommand == 0)
		return why_set(&k->x.why, WHY_USAGE, "want sp-xq lock NAME -- COMMAND [ARG ...]");
	k->conf.name = rest->operands[0];
	k->argv = rest->command;
	if (chan_part_check("lock", k->conf.name, strlen(k->conf.name), &k->x.why) < 0)
		return -1;
	k->conf.ancestors = getenv("SP_LOCK_TOKENS");
	return 0;
}

static int open_all(struct locker *k)
{
	static const int signos[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, 0};
	static const struct lock_ops ops = {.on_held = on_held,
	    .on_busy = on_busy,
	    .on_lost = on_lost,
	    .on_released = on_released,
	    .on_up = on_up,
	    .on_down = on_down,
	    .on_dead = on_dead,
	    .on_started = on_started};
	struct xq *x = &k->x;

	if (cli_redis(&x->cli, false, &k->conf.link, &x->why) < 0 ||
	    loop_open(&x->loop, &x->why) < 0 ||
	    signals_open(&x->signals, x->loop, signos, on_signal, k, &x->why) < 0)
		return -1;
	if (guard_open(&k->guard, 1, NULL, NULL, &x->why) < 0)
		return -1;
	k->conf.namespace = x->cli.namespace;
	lock_open(&k->lock, x->loop, &k->conf, &ops, k);
	return 0;
}

static int close_all(struct locker *k)
{
	if (k->x.loop != NULL)
		loop_cancel(k->x.loop, &k->kill);
	lock_close(k->lock);
	guard_close(k->guard);
	return xq_close(&k->x);
}

int xq_lock(int argc, char **argv)
{
	struct locker k = {.x = XQ_DEFAULTS("lock"),
	    .conf = {.ttl_ms = TTL_MS, .wait_ms = -1},
	    .grace_ms = GRACE_MS,
	    .busy_status = 1};
	bool try_only = false;
	struct opt_rest rest;
	const struct opt opts[] = {
	    {'w', "wait", "D", OPT_DURATION, &k.conf.wait_ms,
		"give up after D without the lock (for ever)", NULL, 0, 0},
	    {'n', "nonblock", NULL, OPT_FLAG, &try_only, "do not wait for it at all", NULL, 0, 0},
	    {'E', "conflict-exit-code", "N", OPT_NUMBER, &k.busy_status,
		"the status when somebody else has it (1)", NULL, 0, 255},
	    {0, "ttl", "D", OPT_DURATION, &k.conf.ttl_ms,
		"others get it D after its holder was last heard of (30s)", NULL, 300, 0},
	    {0, "grace", "D", OPT_DURATION, &k.grace_ms,
		"between TERM and KILL when the lock is lost (5s)", NULL, 1, 0},
	    {0, "namespace", "NS", OPT_STRING, &k.x.cli.namespace,
		"first part of the lock's key ($SP_NAMESPACE, else sp)", NULL, 0, 0},
	    XQ_OPTS(&k.x),
	    {.kind = OPT_GROUP},
	};
	const struct opt_tool tool = {.name = "sp-xq lock",
	    .summary = "Run COMMAND while nobody else holds the lock NAME, on any host.",
	    .usage = "sp-xq lock [options] NAME -- COMMAND [ARG ...]",
	    .examples = "sp-xq lock nightly --wait 10m -- ./backup\n"
			"sp-xq lock -n deploy -- ./deploy || echo 'somebody else deploys'",
	    .opts = opts};

	k.kill = (struct timer){.on_due = on_kill, .arg = &k};
	if (!xq_parse(&k.x, &tool, argc, argv, &rest))
		return k.x.status;
	if (try_only)
		k.conf.wait_ms = 0;
	if (settle(&k, &rest) == 0 && open_all(&k) == 0)
		(void)loop_run(k.x.loop, &k.x.why); /* x.why tells */
	return close_all(&k);
}
