/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_SSELOAD_TALLY_H
#define SPOUT_SSELOAD_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "audit.h"
#include "buf.h"
#include "hist.h"
#include "pace.h"
#include "why.h"

/*
 * What one process of a load counts, and how it reaches the parent: frames over a socket, in the
 * machine's own form, since both are the same program. Orders go the other way.
 */
enum sseload_error {
	SSELOAD_REFUSED,     /* nobody listens */
	SSELOAD_NO_PORT,     /* all ports of the source are taken: more --source */
	SSELOAD_UNREACHABLE, /* other failures to connect */
	SSELOAD_TIMEOUT,     /* no connection, or no head of an answer, in time */
	SSELOAD_RESET,       /* the connection was reset, or is otherwise dead */
	SSELOAD_CUT,         /* the connection ended within an answer */
	SSELOAD_NOT_HTTP,
	SSELOAD_STATUS,     /* not 200 and not 204 */
	SSELOAD_NOT_STREAM, /* 200, but no text/event-stream, or compressed */
	SSELOAD_LONG_LINE,
	SSELOAD_LONG_ID, /* too long to come back with */
	SSELOAD_PUBLISH, /* a message that the server refused */
	SSELOAD_ERRORS,  /* how many kinds */
};

/* Names as in the JSON. */
extern const char *const sseload_error_names[SSELOAD_ERRORS];

struct tally {
	/* Now. */
	uint64_t open; /* connections that have a stream */
	/* Since the start. */
	uint64_t attempts, streams, reconnects; /* streams: answers of 200 with events */
	uint64_t ended;                         /* streams that the server ended in order */
	uint64_t over;                          /* answers of 204: the server wants no return */
	uint64_t chunked, reused;               /* of the streams; on a kept-alive connection */
	uint64_t bytes, events;
	uint64_t stamped;                   /* events of this load */
	uint64_t foreign;                   /* with a stamp of somebody else's */
	uint64_t slow_events, slow_dropped; /* of --slow and --stalled readers; by the server */
	uint64_t posted;                    /* by the publisher: messages sent */
	uint64_t caught_up;                 /* of this storm */
	int64_t last_stream_ns;             /* when the last of the streams began */
	int64_t last_event_ns;              /* when the last stamped event came */
	uint64_t statuses[600];
	uint64_t errors[SSELOAD_ERRORS];
	struct audit_counts audit;
	struct pace_slots slots;
};

enum tally_hist {
	TALLY_DELIVERY,    /* from the intended time of publishing */
	TALLY_UNCORRECTED, /* from when it was really sent */
	TALLY_GAP,         /* between events of one stream */
	TALLY_FIRST_BYTE,  /* from the intended time of connecting */
	TALLY_FIRST_EVENT,
	TALLY_CAUGHT_UP, /* from the return after a storm, to the last event missed */
	TALLY_HISTS,
};

void tally_add(struct tally *a, const struct tally *b);
uint64_t tally_errors(const struct tally *t);

/* --- What readers see of the publisher without being told: memory that all processes share. */
enum { SHARED_LAGS = 1 << 20 };

struct shared {
	uint64_t lanes; /* channels that are published on */
	uint64_t *sent; /* of each: messages so far */
	/* How much later than intended each message was really sent, in ns; the newest
	 * SHARED_LAGS of them, at seq * lanes + lane. */
	int64_t *lags_ns;
};

/* Anonymous memory for this process and those that it forks; lives as long as they. WHY_BUG. */
int shared_open(struct shared *s, uint64_t lanes, struct why *w);

static inline uint64_t shared_place(const struct shared *s, const struct audit_stamp *stamp)
{
	return (stamp->seq * s->lanes + stamp->lane) % SHARED_LAGS;
}

static inline int64_t shared_lag(const struct shared *s, const struct audit_stamp *stamp)
{
	return __atomic_load_n(&s->lags_ns[shared_place(s, stamp)], __ATOMIC_RELAXED);
}

/* --- Frames to the parent */
enum tell {
	TELL_SECOND,  /* struct tell_second, then a packed hist of its deliveries */
	TELL_STATE,   /* uint32_t: an enum tell_state */
	TELL_CHANNEL, /* struct tell_channel: one that is not clean */
	TELL_FINAL,   /* struct tally, then TALLY_HISTS packed */
	TELL_WHY,     /* struct why: it cannot go on */
};

enum tell_state {
	STATE_CONNECTED, /* each connection has its stream, or has failed */
	STATE_AWAY,      /* all are closed */
	STATE_CAUGHT_UP, /* each reader has all that was sent */
	STATE_PUBLISHED, /* of the publisher: all is sent, and acknowledged */
};

struct tell_second {
	int64_t second; /* since the start of publishing; below 0: before that */
	struct tally tally;
	uint64_t sent; /* of the publisher: messages so far */
};

struct tell_channel {
	uint64_t channel;
	struct audit_counts counts;
};

/* Writes a frame; blocks until the parent has room for it. A parent that is gone is no error: the
 * reader of orders finds that out. */
void tell(int fd, enum tell kind, const void *head, size_t head_len, const struct buf *tail);

/* The first frame in b: its kind with *body and *len (borrowed, until buf_consume of *frame bytes);
 * -1 when it is not whole yet. */
int tell_next(const struct buf *b, const char **body, size_t *len, size_t *frame);

/* --- Orders to a process */
enum order_kind {
	ORDER_GO,      /* at_ns: publishing begins */
	ORDER_SENT,    /* all is sent: say when each reader has its own */
	ORDER_LEAVE,   /* close all connections */
	ORDER_PUBLISH, /* n more on each channel, at once */
	ORDER_STOP,    /* publish no more: what is sent already is all */
	ORDER_RETURN,  /* all at once, at at_ns; say when each has what it missed */
	ORDER_END,     /* tell what there is, and exit */
};

struct order {
	uint64_t kind, n;
	int64_t at_ns;
};

/* 0, or -1 when the process is gone. */
int order_send(int fd, enum order_kind kind, uint64_t n, int64_t at_ns);

/* Reads one whole order; false when the parent is gone. May block for the rest of one. */
bool order_read(int fd, struct order *o);

#endif
