/* SPDX-License-Identifier: MIT */
/* runner_start: the process of a job's command, with its pipes and its environment. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "launch.h"
#include "runner_own.h"

struct pipes {
	int in[2], out[2], err[2], notes[2];
};

static void close_pipe(const int p[2])
{
	(void)close(p[0]); /* unused */
	(void)close(p[1]); /* the same */
}

static int open_pipes(struct pipes *p, struct why *w)
{
	int *const all[] = {p->in, p->out, p->err, p->notes};

	for (size_t i = 0; i < 4; i++) {
		if (pipe2(all[i], O_CLOEXEC) == 0)
			continue;
		(void)why_errno(w, 126, "pipe");
		while (i-- > 0)
			close_pipe(all[i]);
		return -1;
	}
	return 0;
}

/* We may be a job ourselves: what its worker said of it is not true of ours. */
static void drop_inherited(char **env, const char *const *own)
{
	static const char prefix[] = "SP_JOB_";
	char **to = env;

	while (own != NULL && *own != NULL && *to != NULL) {
		to++;
		own++;
	}
	for (char **from = to; *from != NULL; from++)
		if (strncmp(*from, prefix, sizeof prefix - 1) != 0)
			*to++ = *from;
	*to = NULL;
}

static int spawn(struct runner *r, const struct pipes *p, char *const *argv, char *const *env)
{
	posix_spawn_file_actions_t fa;

	if (posix_spawn_file_actions_init(&fa) != 0)
		abort(); /* out of memory */
	(void)posix_spawn_file_actions_adddup2(&fa, p->in[0], STDIN_FILENO);
	(void)posix_spawn_file_actions_adddup2(&fa, p->out[1], STDOUT_FILENO);
	(void)posix_spawn_file_actions_adddup2(&fa, p->err[1], STDERR_FILENO);
	(void)posix_spawn_file_actions_adddup2(&fa, p->notes[1], RUNNER_FD);
	int e = launch(&r->pid, &fa, argv, env);
	(void)posix_spawn_file_actions_destroy(&fa);
	return e;
}

static void adopt(struct runner *r, struct watch *w, int fd, unsigned want)
{
	(void)fcntl(fd, F_SETFL, O_NONBLOCK); /* our own end: nobody else sees the flag */
	w->fd = fd;
	if (want != 0)
		loop_watch(r->loop, w, want);
}

static int begin(struct runner *r, const struct runner_job *job, struct why *w)
{
	extern char **environ;
	struct pipes p;

	if (open_pipes(&p, w) < 0)
		return -1;
	char **argv = launch_list((const char *const *)r->conf->argv, job->args);
	char **env = launch_list(job->env, (const char *const *)environ);
	drop_inherited(env, job->env);
	int e = spawn(r, &p, argv, env);
	free(argv);
	free(env);
	(void)close(p.in[0]);    /* the child's */
	(void)close(p.out[1]);   /* the same */
	(void)close(p.err[1]);   /* the same */
	(void)close(p.notes[1]); /* the same */
	if (e != 0) {
		(void)close(p.in[1]);    /* unused */
		(void)close(p.out[0]);   /* the same */
		(void)close(p.err[0]);   /* the same */
		(void)close(p.notes[0]); /* the same */
		errno = e;
		return why_errno(w, e == ENOENT ? 127 : 126, "%s", r->conf->argv[0]);
	}
	guard_set(r->conf->guard, r->conf->slot, r->pid);
	r->exited = false;
	adopt(r, &r->in, p.in[1], 0);
	adopt(r, &r->out, p.out[0], LOOP_READ);
	adopt(r, &r->err, p.err[0], LOOP_READ);
	adopt(r, &r->notes, p.notes[0], LOOP_READ);
	return 0;
}

bool runner_is_unread(const struct runner *r)
{
	int left = 0;

	return r->reused && r->busy && r->answered == 0 && r->cause == RUNNER_ENDED &&
	    r->in.fd >= 0 && ioctl(r->in.fd, FIONREAD, &left) == 0 && (size_t)left == r->fed;
}

int runner_start(struct runner *r, const struct runner_job *job, struct why *w)
{
	if (r->pid == 0)
		buf_clear(&r->input); /* else a kept command owes the reading of its end */
	buf_clear(&r->output);
	buf_clear(&r->note_line);
	r->truncated = r->note_too_long = false;
	r->ntail = 0;
	r->answered = r->fed = 0;
	r->reused = r->pid != 0;
	r->unread = false;
	r->due = job->answers;
	r->cause = RUNNER_ENDED;
	(void)snprintf(r->label, sizeof r->label, "%s", job->label); /* a cut label is a label */
	if (r->pid == 0 && begin(r, job, w) < 0)
		return -1;
	r->busy = true;
	(void)buf_add(&r->input, job->text, job->len); /* no cap */
	(void)buf_addc(&r->input, '\n');               /* the same */
	runner_feed(r);
	runner_extend(r, job->soft_ms, job->hard_ms);
	return 0;
}
