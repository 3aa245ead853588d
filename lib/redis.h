/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_REDIS_H
#define SPOUT_REDIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "resp.h"
#include "url.h"
#include "why.h"

/*
 * One connection to one Redis server, RESP2
 * (https://redis.io/docs/latest/develop/reference/protocol-spec/), never blocking unless a function
 * says so. It does not reconnect (link does), and it does not know what the commands mean.
 */
struct redis;

struct redis_times {
	int64_t connect_ms; /* to connect, each address; default 5 s */
	int64_t command_ms; /* without a byte while replies are due; default 5 s */
	int64_t health_ms;  /* of silence before a PING; default 30 s */
};

#define REDIS_TIMES_DEFAULT ((struct redis_times){5000, 5000, 30000})

/* Begins to connect to hosts[0] or the path of url (both borrowed until redis_close), and queues
 * AUTH and SELECT in front of whatever is sent. WHY_UNAVAILABLE or, for a path too long, WHY_USAGE.
 */
int redis_open(
    struct redis **r, const struct url *url, const struct redis_times *times, struct why *w);
void redis_close(struct redis *r);

int redis_fd(const struct redis *r);

/* LOOP_READ and LOOP_WRITE (loop.h), as far as needed now. */
unsigned redis_want(const struct redis *r);

/* Whether the stream is connected (AUTH may still be unanswered). */
bool redis_is_connected(const struct redis *r);

/* Goes on with connecting, and sends what is queued, as far as that goes now. -1: WHY_UNAVAILABLE,
 * the connection is lost. */
int redis_flush(struct redis *r, struct why *w);

/* Reads once; redis_next must be called until it returns 0 before the next time. 1: there may be
 * more. The same failure. */
int redis_read(struct redis *r, struct why *w);

/* The next reply that has come: 1, or 0 when there is none yet. -1: the server talks garbage, or
 * refused AUTH or SELECT (WHY_REFUSED). Replies to AUTH, SELECT and PING do not show. */
int redis_next(struct redis *r, struct reply **reply, struct why *w);

/* Queues a command of argc arguments; lens NULL means C strings. */
void redis_command(struct redis *r, int argc, const char *const *argv, const size_t *lens);

/* Hands bytes of ready-made commands straight to the stream, behind what is queued: bytes taken, 0
 * when none can be taken now, -1 when the connection is lost. The caller says how many replies they
 * bring. */
ssize_t redis_write(struct redis *r, const void *p, size_t n, struct why *w);
void redis_expect(struct redis *r, size_t replies);

/* From now on messages may come by themselves: after SUBSCRIBE. */
void redis_subscribing(struct redis *r);

/* Whether reply is a pushed message rather than an answer. */
bool redis_is_push(const struct reply *reply);

/* When redis_tick must be called at the latest, on clock_ms(). */
int64_t redis_due(const struct redis *r);

/* Checks the timeouts and sends a PING when it is time. -1: WHY_UNAVAILABLE, timed out. */
int redis_tick(struct redis *r, int64_t now_ms, struct why *w);

/* Blocks until the next reply is there (poll(2), within the timeouts). Any reply counts, errors
 * too. */
int redis_wait(struct redis *r, struct reply **reply, struct why *w);

/* What an error reply means: fills w with the server's words behind `object: `. Returns true when
 * trying again later may help (WHY_UNAVAILABLE: LOADING, READONLY, OOM …), false when it cannot
 * (WHY_REFUSED, WHY_DATA). */
bool redis_refusal(const char *object, const struct reply *error, struct why *w);

#endif
