/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_PROC_H
#define SPOUT_PROC_H

#include <stdbool.h>
#include <sys/types.h>

#include "loop.h"
#include "why.h"

/* --- The standard descriptors */

/* Opens /dev/null in the place of closed standard descriptors, so that no socket gets their
 * numbers. closed[i] tells which were. */
void proc_std(bool closed[3]);

/* Writes all of s[0..len) to fd, which may block. A closed pipe raises SIGPIPE, as the shell
 * expects it; when that is ignored, and for any other failure, -1 with WHY_IO (name is the object).
 * A signal that asks to stop ends it too, with errno EINTR: the loop will tell of it. */
int proc_write(int fd, const char *name, const char *s, size_t len, struct why *w);

/* Whether proc_write found that nobody reads standard output any more. */
bool proc_output_is_gone(void);

/* Ends this process by SIGPIPE, whatever its disposition was. */
void proc_die_of_pipe(void) __attribute__((noreturn));

/* --- Signals as events of the loop. One per process: signals have no argument. */
struct signals {
	struct loop *loop;
	struct watch watch;
	void (*on_signal)(void *arg, int signo);
	void *arg;
};

/* Turns each of the signals (ends with 0) into a call of on_signal from the loop. All but SIGCHLD,
 * and those that are given negative, ask to stop: a second one of those ends the process at once,
 * with 128 + its number. One within PROC_ECHO_MS of the first is the first told twice: timeout(1)
 * signals its child and then the group that the child is in. */
#define PROC_ECHO_MS 100
int signals_open(struct signals *s, struct loop *loop, const int *signos,
    void (*on_signal)(void *arg, int signo), void *arg, struct why *w);
void signals_close(struct signals *s);

/* In a child, behind fork(2) and with signals blocked: lets go of the parent's, whose loop is not
 * touched, so that signals_open can be called anew. */
void signals_forget(struct signals *s);

/* The last signal that asked to stop, told to the loop or not; 0 when none did. */
int proc_stop_signal(void);

/* --- A child in a process group of its own */
struct child {
	pid_t pid;    /* 0: none */
	int out, err; /* our ends of its standard output and error; -1 when closed */
};

/* Runs argv[0] (found on PATH) with our standard input. -1: w tells; its status is 127 when there
 * is no such program, else 126. */
int child_spawn(struct child *c, char *const *argv, struct why *w);

/* The same with our standard output and error, too: out and err are -1. */
int child_spawn_as_is(struct child *c, char *const *argv, struct why *w);

/* Sends a signal to its whole group. */
void child_kill(const struct child *c, int signo);

/* Whether it has ended; then *status is as waitpid gave it, and pid 0. */
bool child_ended(struct child *c, int *status);

#endif
