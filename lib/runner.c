/* SPDX-License-Identifier: MIT */
/* runner: a job's command, from its start to its end. */
#include "runner_own.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "proc.h"

enum { CHUNK = 64 * 1024, ERR_LINE_MAX = 64 * 1024 };

static void finish(struct runner *r);

/* --- Descriptors */

static void close_watch(struct runner *r, struct watch *w)
{
	if (w->fd < 0)
		return;
	loop_watch(r->loop, w, 0);
	(void)close(w->fd); /* a pipe */
	w->fd = -1;
}

static void keep_tail(struct runner *r, const char *s, size_t len)
{
	if (len > RUNNER_TAIL) {
		s += len - RUNNER_TAIL;
		len = RUNNER_TAIL;
	}
	size_t keep = r->ntail < RUNNER_TAIL - len ? r->ntail : RUNNER_TAIL - len;

	memmove(r->tail, r->tail + r->ntail - keep, keep);
	memcpy(r->tail + keep, s, len);
	r->ntail = keep + len;
}

static void print_err(struct runner *r, const char *line, size_t len)
{
	struct buf out;
	struct why w;

	buf_init(&out, SIZE_MAX / 2);
	(void)buf_addf(&out, "%s: ", r->label); /* no cap */
	(void)buf_add(&out, line, len);         /* the same */
	(void)buf_addc(&out, '\n');             /* the same */
	/* Where our stderr is gone there is nobody left to tell. */
	(void)proc_write(STDERR_FILENO, "stderr", buf_head(&out), out.len, &w);
	buf_fini(&out);
}

/* Cuts bytes into lines; an overlong one is given to print_err in pieces. */
static void take_err(struct runner *r, const char *s, size_t len)
{
	keep_tail(r, s, len);
	while (len > 0) {
		const char *end = memchr(s, '\n', len);
		size_t n = end != NULL ? (size_t)(end - s) : len;
		bool full = buf_add(&r->err_line, s, n) < 0;

		if (full) {
			print_err(r, buf_head(&r->err_line), r->err_line.len);
			buf_clear(&r->err_line);
			print_err(r, s, n);
		} else if (end != NULL) {
			print_err(r, buf_head(&r->err_line), r->err_line.len);
			buf_clear(&r->err_line);
		}
		n += end != NULL;
		s += n;
		len -= n;
	}
}

static void end_of_note(struct runner *r)
{
	if (r->note_line.len > 0 && !r->note_too_long && r->busy)
		r->ops->on_note(r->arg, buf_head(&r->note_line), r->note_line.len);
	buf_clear(&r->note_line);
	r->note_too_long = false;
}

static void take_notes(struct runner *r, const char *s, size_t len)
{
	while (len > 0) {
		const char *end = memchr(s, '\n', len);
		size_t n = end != NULL ? (size_t)(end - s) : len;

		if (buf_add(&r->note_line, s, n) < 0)
			r->note_too_long = true;
		if (end != NULL) {
			end_of_note(r);
			n++;
		}
		s += n;
		len -= n;
	}
}

/* Keeps as much as may be kept. */
static void keep_output(struct runner *r, const char *s, size_t n)
{
	size_t room = r->conf->output_max - r->output.len;

	r->truncated |= n > room;
	(void)buf_add(&r->output, s, n < room ? n : room); /* fits */
}

static void answer(struct runner *r)
{
	r->ops->on_answer(r->arg, r->answered++, buf_head(&r->output), r->output.len, r->truncated);
	buf_clear(&r->output);
	r->truncated = false;
}

static void take_output(struct runner *r, const char *s, size_t len)
{
	while (r->conf->keep && len > 0) {
		const char *end = memchr(s, '\n', len);
		size_t n = end != NULL ? (size_t)(end - s) : len;

		if (r->answered < r->due)
			keep_output(r, s, n);
		if (end != NULL && r->answered < r->due)
			answer(r); /* a line that nobody asked for is dropped */
		n += end != NULL;
		s += n;
		len -= n;
	}
	if (len > 0)
		keep_output(r, s, len);
}

/* Reads once. */
static void read_some(
    struct runner *r, struct watch *w, void (*take)(struct runner *r, const char *s, size_t len))
{
	char chunk[CHUNK];
	ssize_t n = w->fd >= 0 ? read(w->fd, chunk, sizeof chunk) : 0;

	if (n > 0)
		take(r, chunk, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		close_watch(r, w);
}

/* Reads what is there now, and no more: somebody who escaped the group may write for ever. */
static void read_rest(
    struct runner *r, struct watch *w, void (*take)(struct runner *r, const char *s, size_t len))
{
	int left = 0;

	if (w->fd < 0 || ioctl(w->fd, FIONREAD, &left) < 0)
		return;
	for (; left > 0 && w->fd >= 0; left -= CHUNK)
		read_some(r, w, take);
}

static bool all_answered(const struct runner *r)
{
	return r->conf->keep && r->busy && r->answered == r->due;
}

/* Told to end, it answered all the same: it may end at any time, so the next job is not for it. */
static void retire(struct runner *r)
{
	loop_cancel(r->loop, &r->soft);
	loop_cancel(r->loop, &r->hard);
	close_watch(r, &r->in);
	if (r->kill.slot == 0)
		loop_timer(r->loop, &r->kill, clock_ms() + r->conf->grace_ms);
}

static void on_out(void *arg, unsigned ready)
{
	struct runner *r = arg;

	(void)ready;
	read_some(r, &r->out, take_output); /* the loop comes back for more */
	if (!all_answered(r))
		return;
	/* What it noted in front of its answer counts for this job. */
	read_rest(r, &r->notes, take_notes);
	if (r->cause == RUNNER_ENDED)
		finish(r);
	else
		retire(r);
}

static void on_err(void *arg, unsigned ready)
{
	struct runner *r = arg;

	(void)ready;
	read_some(r, &r->err, take_err); /* as above */
}

static void on_notes(void *arg, unsigned ready)
{
	struct runner *r = arg;

	(void)ready;
	read_some(r, &r->notes, take_notes); /* as above */
}

void runner_feed(struct runner *r)
{
	while (r->in.fd >= 0 && r->input.len > 0) {
		ssize_t n = write(r->in.fd, buf_head(&r->input), r->input.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			buf_clear(&r->input); /* EPIPE: it reads no more */
		else
			buf_consume(&r->input, (size_t)n);
		r->fed += n > 0 ? (size_t)n : 0;
	}
	if (r->in.fd < 0)
		return;
	if (r->input.len > 0)
		loop_watch(r->loop, &r->in, LOOP_WRITE);
	else if (r->conf->keep)
		loop_watch(r->loop, &r->in, 0);
	else
		close_watch(r, &r->in);
}

static void on_in(void *arg, unsigned ready)
{
	(void)ready;
	runner_feed(arg);
}

/* --- Limits */

static void signal_group(struct runner *r, int signo)
{
	if (r->pid > 0)
		(void)kill(-r->pid, signo); /* not reaped yet, so it is this one */
}

static void on_soft(void *arg)
{
	struct runner *r = arg;

	if (r->cause == RUNNER_ENDED) /* else its TERM came before */
		r->cause = RUNNER_SOFT;
	signal_group(r, SIGTERM);
}

static void on_hard(void *arg)
{
	struct runner *r = arg;

	if (r->cause != RUNNER_STOPPED)
		r->cause = RUNNER_HARD;
	signal_group(r, SIGKILL);
}

static void on_kill(void *arg)
{
	signal_group(arg, SIGKILL);
}

void runner_extend(struct runner *r, int64_t soft_ms, int64_t hard_ms)
{
	if (soft_ms > 0)
		loop_timer(r->loop, &r->soft, clock_ms() + soft_ms);
	if (hard_ms > 0)
		loop_timer(r->loop, &r->hard, clock_ms() + hard_ms);
}

void runner_stop(struct runner *r)
{
	if (r->pid == 0)
		return;
	if (!r->busy) {
		close_watch(r, &r->in);
	} else if (r->cause == RUNNER_ENDED) {
		r->cause = RUNNER_STOPPED;
		signal_group(r, SIGTERM);
	}
	if (r->kill.slot == 0)
		loop_timer(r->loop, &r->kill, clock_ms() + r->conf->grace_ms);
}

bool runner_is_busy(const struct runner *r)
{
	return r->busy;
}

/* --- End */

static void finish(struct runner *r)
{
	struct runner_end end = {.wait_status = r->exited ? r->wait_status : 0,
	    .cause = r->cause,
	    .output = buf_head(&r->output),
	    .output_len = r->output.len,
	    .truncated = r->truncated,
	    .unread = r->unread,
	    .tail = r->tail,
	    .tail_len = r->ntail};

	r->busy = false;
	loop_cancel(r->loop, &r->soft);
	loop_cancel(r->loop, &r->hard);
	if (r->exited)
		loop_cancel(r->loop, &r->kill);
	r->ops->on_end(r->arg, &end);
}

/* What the pipes hold belongs to the job; what comes later, from processes that escaped the group,
 * does not. */
static void drain(struct runner *r)
{
	read_rest(r, &r->out, take_output);
	read_rest(r, &r->err, take_err);
	read_rest(r, &r->notes, take_notes);
	if (r->err_line.len > 0)
		print_err(r, buf_head(&r->err_line), r->err_line.len);
	buf_clear(&r->err_line);
	end_of_note(r);
	close_watch(r, &r->in);
	close_watch(r, &r->out);
	close_watch(r, &r->err);
	close_watch(r, &r->notes);
}

void runner_on_child(struct runner *r)
{
	siginfo_t info = {0};

	if (r->pid == 0 || waitid(P_PID, (id_t)r->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	    info.si_pid != r->pid)
		return;
	/* Its number is not given to another one before it is reaped. */
	signal_group(r, SIGKILL);
	guard_set(r->conf->guard, r->conf->slot, 0);
	while (waitpid(r->pid, &r->wait_status, 0) < 0 && errno == EINTR)
		;
	r->pid = 0;
	r->exited = true;
	r->unread = runner_is_unread(r);
	drain(r);
	if (r->busy)
		finish(r);
	else
		loop_cancel(r->loop, &r->kill);
}

void runner_init(struct runner *r, struct loop *loop, const struct runner_conf *conf,
    const struct runner_ops *ops, void *arg)
{
	*r = (struct runner){.loop = loop, .conf = conf, .ops = ops, .arg = arg};
	r->in = (struct watch){.fd = -1, .on_ready = on_in, .arg = r};
	r->out = (struct watch){.fd = -1, .on_ready = on_out, .arg = r};
	r->err = (struct watch){.fd = -1, .on_ready = on_err, .arg = r};
	r->notes = (struct watch){.fd = -1, .on_ready = on_notes, .arg = r};
	r->soft = (struct timer){.on_due = on_soft, .arg = r};
	r->hard = (struct timer){.on_due = on_hard, .arg = r};
	r->kill = (struct timer){.on_due = on_kill, .arg = r};
	buf_init(&r->input, SIZE_MAX / 2); /* one batch of jobs, bounded by the queue */
	buf_init(&r->output, conf->output_max);
	buf_init(&r->err_line, ERR_LINE_MAX);
	buf_init(&r->note_line, RUNNER_NOTE_MAX);
}

void runner_fini(struct runner *r)
{
	int status;

	if (r->loop == NULL)
		return;
	signal_group(r, SIGKILL);
	guard_set(r->conf->guard, r->conf->slot, 0);
	while (r->pid > 0 && waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
		;
	close_watch(r, &r->in);
	close_watch(r, &r->out);
	close_watch(r, &r->err);
	close_watch(r, &r->notes);
	loop_cancel(r->loop, &r->soft);
	loop_cancel(r->loop, &r->hard);
	loop_cancel(r->loop, &r->kill);
	buf_fini(&r->input);
	buf_fini(&r->output);
	buf_fini(&r->err_line);
	buf_fini(&r->note_line);
	r->loop = NULL;
}
