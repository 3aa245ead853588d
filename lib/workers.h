/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_WORKERS_H
#define SPOUT_WORKERS_H

#include "opt.h"
#include "serve.h"

/*
 * The server as a whole: sockets, worker processes, signals, the service manager.
 *
 *	one worker: this process serves.   more: it starts them, and starts those again that die.
 *	TERM, INT: drain, then 0   twice: at once   HUP: reload   USR2: a new process takes over
 */
struct workers_conf {
	struct serve_conf serve;       /* limits of all workers together, but for max_per_ip */
	struct opt_list listen, admin; /* addresses */
	int mode;                      /* of Unix sockets; -1: by the umask */
	int64_t workers;
	int64_t hang_ms; /* a worker whose loop does not turn for so long is killed */
	char **argv;     /* as the process got them, for the one that takes over */
	bool is_open;    /* without authentication: only sockets of this machine will do */
};

/* Serves until it is told to stop; returns the exit status. */
int workers_run(const struct workers_conf *conf);

#endif
