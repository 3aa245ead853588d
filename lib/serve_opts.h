/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_SERVE_OPTS_H
#define SPOUT_SERVE_OPTS_H

#include "workers.h"

/* The options of a server: SERVE_OPTS_DEFAULTS, SERVE_OPTS_… in the option table, then
 * serve_opts_check. */
struct serve_opts {
	struct workers_conf conf; /* of conf.serve only what is an option of the server alone */
	struct opt_list proxies;
	const char *mode;
};

#define SERVE_OPTS_DEFAULTS                                                                  \
	{                                                                                    \
		.conf = {                                                                    \
			.mode = -1,                                                          \
			.workers = 1,                                                        \
			.hang_ms = 30000,                                                    \
			.serve = {.max_lag = 1 << 20, .memory = 256 << 20, .drain_ms = 5000} \
		}                                                                            \
	}

#define SERVE_OPTS_SOCKETS(o)                                                                     \
	{.kind = OPT_GROUP, .name = "Server"},                                                    \
	    {0, "listen", "ADDR", OPT_LIST, &(o)->conf.listen,                                    \
		"serve HTTP on HOST:PORT, [::1]:PORT or unix:PATH; may be repeated", NULL, 0, 0}, \
	    {0, "admin", "ADDR", OPT_LIST, &(o)->conf.admin,                                      \
		"serve /healthz, /readyz, /status and /metrics there instead", NULL, 0, 0},       \
	    {0, "socket-mode", "MODE", OPT_STRING, &(o)->mode,                                    \
		"permissions of Unix sockets, in octal (by the umask)", NULL, 0, 0},              \
	    {0, "workers", "N", OPT_NUMBER, &(o)->conf.workers, "serve in N processes (1)", NULL, \
		1, 256},                                                                          \
	    {0, "worker-timeout", "D", OPT_DURATION, &(o)->conf.hang_ms,                          \
		"replace a worker that hangs for D (30s)", NULL, 1000, 0},                        \
	    {0, "drain", "D", OPT_DURATION, &(o)->conf.serve.drain_ms,                            \
		"after TERM, spread the readers' leaving over D (5s)", NULL, 0, 0},               \
	    {0, "access-log", "FILE", OPT_STRING, &(o)->conf.serve.access_log,                    \
		"write a JSON line for each request; - is standard error", NULL, 0, 0},           \
	{                                                                                         \
		0, "trust-proxy", "CIDR", OPT_LIST, &(o)->proxies,                                \
		    "believe X-Forwarded-For from this network, or unix; may be repeated", NULL,  \
		    0, 0                                                                          \
	}

#define SERVE_OPTS_LIMITS(o)                                                                \
	{0, "max-connections", "N", OPT_NUMBER, &(o)->conf.serve.max_connections,           \
	    "of all workers (what the limit of open files allows)", NULL, 1, 0},            \
	    {0, "max-per-ip", "N", OPT_NUMBER, &(o)->conf.serve.max_per_ip,                 \
		"connections of one address, in each worker (no limit)", NULL, 0, 0},       \
	    {0, "max-accept-rate", "N", OPT_NUMBER, &(o)->conf.serve.max_accept_rate,       \
		"new connections a second; more wait (no limit)", NULL, 0, 0},              \
	    {0, "max-lag", "SIZE", OPT_SIZE, &(o)->conf.serve.max_lag,                      \
		"of a channel's recent events, kept for slow readers (1m)", NULL, 4096, 0}, \
	    {0, "slow", "HOW", OPT_CHOICE, &(o)->conf.serve.slow,                           \
		"when a reader lags more: from the log, the latest, or out",                \
		"resume|latest|disconnect", 0, 0},                                          \
	{                                                                                   \
		0, "memory", "SIZE", OPT_SIZE, &(o)->conf.serve.memory,                     \
		    "for all that is kept for readers (256m)", NULL, 1 << 20, 0             \
	}

/* Whether the options ask for a server. */
bool serve_opts_given(const struct serve_opts *o);

/* Whether an option was given that only a server has a use for. */
bool serve_opts_only(const struct serve_opts *o);

/* Reads what the table does not. WHY_USAGE. */
int serve_opts_check(struct serve_opts *o, struct why *w);
void serve_opts_fini(struct serve_opts *o);

/* A copy of argv, to be taken before options are parsed: that hides secrets in place. Heap. */
char **serve_opts_argv(int argc, char **argv);

#endif
