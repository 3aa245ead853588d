/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_CONN_H
#define SPOUT_CONN_H

#include "address.h"
#include "buf.h"
#include "http.h"
#include "hub.h"
#include "loop.h"
#include "serve.h"
#include "wheel.h"

/*
 * One HTTP connection of a server: requests one after another, short answers, and at last perhaps a
 * stream.
 *
 *	        ┌──────────answer, keep-alive──────────┐
 *	HEAD ──decide──→ BODY ──→ BUSY (Redis is asked) ┤
 *	  │                                             └──answer, close──→ CLOSING
 *	  └─────→ JOINING ──→ STREAM ──end, drain, loss──→ CLOSING
 */
enum conn_state {
	CONN_HEAD,
	CONN_BODY,
	CONN_BUSY,
	CONN_JOINING,
	CONN_STREAM,
	CONN_CLOSING,
	CONN_DEAD
};

/* What is needed only until an answer is on its way: an idle reader must be small. */
struct request {
	struct http http;
	struct buf in, headers;
	enum route_kind kind; /* JOINING: what gate decided */
	struct feed_start start;
	char *names;       /* JOINING: project NUL stage NUL */
	struct gate *gate; /* BODY and BUSY: the same, whole; heap */
	int64_t at_us;     /* wall clock, when it was complete */
	int64_t at_ns;
	struct post *post; /* BUSY: who is asked */
	struct state_waiter waiter;
	bool sent_continue;
};

/* First what every message to a reader touches: three lines of the cache. */
struct conn {
	struct watch watch;
	struct member member;
	struct server *server;
	int64_t moved_ms; /* when the kernel took bytes last */
	uint64_t sent;    /* bytes of this answer */
	int queued;       /* blocked: peer_queued when last looked at; -1: not yet */
	uint8_t state;    /* enum conn_state */
	uint8_t refusal;  /* enum conn_refusal */
	bool blocked;     /* the kernel takes nothing now */
	bool half;        /* the peer closed its side */
	bool probing;     /* is it still there? see on_gone_quiet */
	bool keeps_alive; /* this answer is not the last */
	bool lingers;     /* there may be unread bytes: CLOSING waits for the peer */
	bool shut;        /* our side is closed */
	bool put_off;     /* more requests are there than may be looked at in one go */
	struct buf out;   /* our own bytes, in front of the member's; no memory when empty */
	struct wheel_entry timer; /* what it is for depends on the state */
	const struct door *door;
	struct request *request; /* NULL between requests and while streaming */
	struct quota_entry *quota;
	char *log; /* streaming: the line of the access log, begun; NULL without one */
	struct conn *next_dead;
	struct address peer, client; /* client: the one behind the proxies */
};

/* Answered by 503 or 429 whatever is asked for. */
enum conn_refusal { CONN_WELCOME, CONN_TOO_MANY, CONN_TOO_MANY_OF_IT };

/* Takes a descriptor that was accepted. */
void conn_open(struct server *s, const struct door *door, int fd, const struct address *peer);

/* The connection's deadline is over. */
void conn_due(struct conn *c);

/* The server drains: the connection is closed at once, or when what it does is over, or, a stream,
 * at a random time within spread_ms. */
void conn_drain(struct conn *c, int64_t spread_ms);

/* Closes without a word; after a call that failed with errno. */
void conn_drop(struct conn *c);
void conn_fail(struct conn *c);

void conn_free(struct conn *c);

/* For subs: what it calls about members, all of which are connections'. */
bool conn_on_start(struct member *m, struct id cursor, const struct log_run *run);
ssize_t conn_on_send(struct member *m, const struct iovec *parts, int nparts);
void conn_on_end(struct member *m, enum member_end end, const char *channel);

/* --- Between conn, conn_read, conn_stream and conn_answer. */

/* What the loop, subs and the deadlines bring. */
void conn_on_ready(void *arg, unsigned ready);
void conn_on_quiet(struct conn *c);
void conn_on_half(struct conn *c, unsigned ready);

/* Asks the loop for what the state needs. */
void conn_settle(struct conn *c);
void conn_deadline(struct conn *c, int64_t in_ms);
void conn_next_heartbeat(struct conn *c);

/* Sends our own bytes; false when the connection is gone, and closed with that. */
bool conn_flush(struct conn *c);
void conn_block(struct conn *c, bool blocked);

/* The last bytes are queued: closes once they are sent. */
void conn_close_behind(struct conn *c);

void conn_count_end(struct conn *c, enum metrics_id why);
void conn_free_request(struct conn *c);

/* Redis is asked, JOINING or BUSY: sets the deadline for its answer. */
void conn_wait(struct conn *c);

/* Nobody answers the request any more: whoever was asked may still do what it was asked for. */
void conn_forget_asked(struct request *r);

/* Queues an answer to the request in hand and goes on with what comes then. */
void conn_answer(struct conn *c, int status, const char *type, const char *body, size_t len);
void conn_answer_text(struct conn *c, int status, const char *text);

/* Decides about the request in hand, whose head is complete. */
void conn_decide(struct conn *c);

/* The body is complete: publishes it, or asks the publisher to stop. */
void conn_post(struct conn *c);

/* Asks to come back a while later. */
void conn_come_back(struct conn *c, int status, const char *text);

/* Behind an answer that came later: sends it, and looks at what is there. */
void conn_go_on(struct conn *c);

/* The answer to the request in hand is queued. */
void conn_answered(struct conn *c, int status);

static inline struct conn *conn_of_member(struct member *m)
{
	return (struct conn *)(void *)((char *)m - offsetof(struct conn, member));
}

static inline struct conn *conn_of_timer(struct wheel_entry *e)
{
	return (struct conn *)(void *)((char *)e - offsetof(struct conn, timer));
}

#endif
