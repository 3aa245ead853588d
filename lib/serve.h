/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_SERVE_H
#define SPOUT_SERVE_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "doors.h"
#include "gate.h"
#include "journal.h"
#include "link.h"
#include "listen.h"
#include "strain.h"
#include "loop.h"
#include "metrics.h"
#include "post.h"
#include "quota.h"
#include "slab.h"
#include "say.h"
#include "state.h"
#include "subs.h"
#include "wheel.h"

/*
 * One process of the server: it accepts connections, keeps their deadlines and limits, and follows
 * Redis for all of them.
 *
 *	serve_open → (loop) … serve_drain → (loop) … on_over → serve_close
 */
struct serve_conf {
	struct link_conf link;
	const struct say *say;
	struct gate_conf gate;   /* routes and access: set here */
	const char *const *keys; /* files; with any, tokens decide who may do what */
	int nkeys;
	bool event_names, has_admin;
	int64_t max_header, header_ms, heartbeat_ms, retry_ms, drain_ms;
	int64_t write_ms;        /* a peer that takes nothing for so long is gone */
	int64_t max_connections; /* of this process; 0: as many as it may have descriptors */
	int64_t max_per_ip;      /* 0: no limit */
	int64_t max_accept_rate; /* a second, of this process; 0: no limit */
	int64_t max_lag, memory; /* bytes */
	int slow;                /* enum hub_slow */
	struct address_net *proxies;
	size_t nproxies;
	const char *access_log;
};

struct conn;

/* Shared with conn, which is the other half of it. */
struct server {
	const struct serve_conf *conf;
	struct loop *loop;
	struct doors doors;
	struct wheel wheel; /* each connection has one entry in it */
	struct timer turn;  /* of the wheel */
	struct timer tick;
	int64_t tick_due_ms, trim_due_ms;
	int64_t refusal_due_ms; /* until then a refusal by Redis is not worth another line */
	struct access *access;  /* NULL without keys */
	struct subs *subs;
	struct state *state;
	struct posts posts;
	struct journal journal;
	struct quota quota;
	struct slab conns, requests;
	struct strain load;
	struct metrics_board *board;
	struct metrics *metrics; /* this process's slot */
	struct conn *dead;       /* freed by reap: whoever calls into one may go on using it */
	struct timer reap;
	size_t nconns, max_conns;
	char date[40]; /* of the Date: header */
	int64_t date_s;
	bool down, draining;
	struct timer drained;       /* then who is left is dropped */
	void (*on_over)(void *arg); /* drained: nobody is left */
	void *arg;
};

/* metrics is this process's slot of the board. max_connections of 0 is computed. */
int serve_open(struct server *s, struct loop *loop, const struct serve_conf *conf,
    struct listen *listen, struct metrics_board *board, struct metrics *metrics, struct why *w);
void serve_close(struct server *s);

/* Accepts nothing more, and asks everybody to come back, spread over drain_ms; then on_over. */
void serve_drain(struct server *s, void (*on_over)(void *arg), void *arg);

/* Opens the keys and the access log again; what fails stays as it was, and is told. A Redis that
 * refused for good is tried again. */
void serve_reload(struct server *s);

/* Raises the limit of descriptors to what is allowed, and tells how many connections fit. */
int64_t serve_room(void);

/* --- For conn. */

/* Sets a connection's deadline. */
void serve_deadline(struct server *s, struct wheel_entry *e, int64_t due_ms);

/* The Date: header's value (RFC 9110, 5.6.7). */
const char *serve_date(struct server *s);

/* c is closed: free it when nobody uses it any more. */
void serve_bury(struct server *s, struct conn *c);

#endif
