/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_HUB_H
#define SPOUT_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "buf.h"
#include "id.h"
#include "ring.h"

/*
 * Fan-out: what is published in a topic reaches each of its members once and in order, whatever
 * their pace, in bounded memory. Pure: the owner (subs) brings messages and pages of the log, the
 * members' transports take bytes.
 *
 *	hub_message → window [ block | block | block ] → on_send to each member
 *	                        ↑ a member that lags           ↑ one that is caught up holds nothing
 *	hub_page_…  → page   [ block ] → on_send to those behind the window
 *
 * A message is encoded once, as a Server-Sent Event, into the topic's window. A member that takes
 * all at once costs its struct member and nothing else; one that does not stands in a block. A
 * block that nobody stands in and nobody will need is freed at once.
 *
 * Each id once. Let a topic's `base` be such that every logged message with a larger id is in the
 * window or still to come through hub_message, in order. The owner establishes it: the topic is
 * subscribed, that is confirmed, and only then its log's last id L is read: base = L. For what is
 * appended later is published later, and so comes; what hub_message brings with an id up to L is
 * dropped. Whenever a block leaves the window, base becomes its last id.
 *
 * A member with a cursor c >= base enters the window behind the last message with an id <= c, and
 * nothing is missing or repeated. With c < base it reads pages. A page that was answered with fewer
 * entries than asked for reached the end of the log: what came later was published after the page
 * was asked for, at which time base was b; so behind it the member may go on at max(its last id,
 * b), and if that is still >= base, it enters. It may find itself ahead of the window, whose
 * messages come on another connection: then those up to its cursor are not for it.
 *
 * To change this: 1. hub_begin and where in subs it is called; 2. reader_settle in
 * hub_reader.c and hub_page_end; 3. tests/unit/hub.c and tests/fuzz/hub.c, which try it against a
 * model.
 */

/* What happens to a member that falls out of its topic's window. */
enum hub_slow {
	HUB_RESUME,    /* it reads on from the log */
	HUB_LATEST,    /* it is told of the gap and gets what comes from now on */
	HUB_DISCONNECT /* on_end with MEMBER_SLOW */
};

enum member_end {
	MEMBER_DONE,   /* a done ended its stage; everything up to it was sent */
	MEMBER_ERROR,  /* an error did */
	MEMBER_SLOW,   /* dropped by the policy or by the memory cap: the reader is to reconnect */
	MEMBER_GONE,   /* on_send said that the transport is dead */
	MEMBER_REFUSED /* Redis refuses: for good (see on_dead), or this channel */
};

struct hub_topic;
struct block;
struct flow;

/* One reader; embedded in the owner's own. It must stay where it is from the joining until it is
 * out. All of it is private. */
struct member {
	struct ring at; /* in a list of its topic, or of the block that it stands in */
	struct hub_topic *topic;
	struct block *block; /* NULL while it is caught up, or waits */
	struct id cursor;    /* the last id that it has or had passed over; not kept up while it
				reads the window */
	uint32_t offset;     /* in block */
	uint8_t state;
	uint8_t since; /* the owner's */
	bool ends;     /* over behind done or error */
	bool whole;    /* what follows the cursor was all there when the log was last looked at */
};

struct hub_conf {
	bool event_names; /* event: lines too */
	enum hub_slow slow;
	size_t max_lag_bytes; /* of a topic's window */
	size_t memory_bytes;  /* of all blocks */
	unsigned crowd;       /* members that are given a page in one go; 0: some hundreds */
};

/* In a callback any member may leave or be enlisted, and hub_writable be called; nothing else. */
struct hub_ops {
	/* Gives encoded events to the transport, in order: how many bytes it took; fewer than all:
	 * the member is blocked until hub_writable. -1: it is dead; on_end is not called then, the
	 * member is out. A cut may fall anywhere in an event. */
	ssize_t (*on_send)(struct member *m, const struct iovec *parts, int nparts);
	/* The member is out of the topic; the owner may free it. */
	void (*on_end)(struct hub_topic *t, struct member *m, enum member_end end);
	/* Somebody waits for a page, and none is asked for: hub_page_ask, now or later. */
	void (*on_page)(struct hub_topic *t);
	/* The last member has left; the topic must stay for now. */
	void (*on_empty)(struct hub_topic *t);
	/* Adds the text of the message that tells of a gap (before as in note_gap). */
	void (*on_gap)(struct hub_topic *t, struct buf *text, struct id after, struct id before);
};

/* What a hub has done and has now. */
struct hub_stats {
	uint64_t members, catching, blocked, window_bytes;
	uint64_t messages_in, bytes_in; /* encoded, and their text */
	uint64_t deliveries, bytes_out; /* calls of on_send that took something */
	uint64_t pages, gaps, slow_drops, memory_drops;
};

/* A call of on_send that is going on. */
struct hub_call {
	struct member *m; /* NULL once it has left */
	struct hub_call *outer;
};

struct hub {
	struct hub_conf conf;
	const struct hub_ops *ops;
	struct ring blocks;     /* all of them, the oldest first */
	struct ring dirty;      /* flows with a batch to flush */
	struct hub_call *calls; /* the innermost first */
	struct buf note;        /* scratch */
	unsigned depth;         /* of calls that may call back */
	struct hub_stats stats;
};

/* A page that is being asked for. */
struct hub_ask {
	struct id from; /* behind this one */
	struct id base; /* of the topic when it was asked for */
	unsigned count; /* entries */
	bool going_on;
};

/* A channel or pattern; embedded in the owner's own. Most topics of a server with many are quiet:
 * what is needed only while something is on its way is in a flow. */
struct hub_topic {
	/* For the owner to read. */
	struct ring asking; /* members since hub_enlist; the owner may move them to a list of its
			       own */
	struct id last;     /* the last logged id taken */
	uint32_t members;
	bool begun;
	/* Private. */
	bool flushing;
	uint32_t block_bytes; /* of the next block: as large as the last batch */
	uint32_t entry_bytes; /* of an entry of the log, about */
	struct hub *hub;
	struct flow *flow; /* NULL: there are no blocks, and all members are live */
	struct ring live;  /* members that have all there is */
	struct id base;    /* see above */
};

/* A published message. */
struct hub_message {
	const char *text, *type; /* type: raw content of the JSON string, NULL when absent or of no
				    interest */
	size_t len, type_len;
	bool has_id; /* it is in the log */
	struct id id;
};

void hub_init(struct hub *h, const struct hub_conf *conf, const struct hub_ops *ops);
/* When all topics are finished. */
void hub_fini(struct hub *h);

void hub_topic_init(struct hub_topic *t, struct hub *h);
/* Its members must have left. */
void hub_topic_fini(struct hub_topic *t);

/* The subscription is confirmed, and after that the log's last id was `last` (zero: it is empty).
 * What hub_message brought since the confirmation was kept until now. After hub_lost, members go on
 * from where they were, with pages if something is missing; if the log ends before what they have,
 * they are told, and go on behind its end. */
void hub_begin(struct hub_topic *t, struct id last);

/* The subscription is lost: members wait for hub_begin. */
void hub_lost(struct hub_topic *t);

/* The member is one of the topic's, on t->asking. Its fields cursor and since are the owner's until
 * it joins. ends: it is out behind a done or an error. */
void hub_enlist(struct hub_topic *t, struct member *m, bool ends);

/* An enlisted member goes on behind its cursor; whole: nothing that follows it was missing in the
 * log, and if something is later, it is to be told. With hub_join_gap, it is told first that
 * something is missing. The topic has begun. Calls on_send when there is something for it already.
 */
void hub_join(struct member *m, struct id cursor, bool whole);
void hub_join_gap(struct member *m, struct id after, struct id before, struct id cursor);

/* From anywhere, callbacks included; a member that is out already may leave again. */
void hub_leave(struct member *m);

/* The transport takes bytes again. Not from a callback for the same member. */
void hub_writable(struct member *m);

/* Takes out all members of the topic, those on t->asking too; hub_end calls on_end for each. */
void hub_leave_all(struct hub_topic *t);
void hub_end(struct hub_topic *t, enum member_end end);

/* A message came; it is sent with hub_flush. */
void hub_message(struct hub_topic *t, const struct hub_message *msg);

/* Sends what came since the last call: one on_send a member. Then keeps the memory's bounds. */
void hub_flush(struct hub *h);

/* --- Pages. After on_page: what to ask the log for (false: nobody waits any more); then either, in
 * one go, each entry of the answer and hub_page_end with their number, and with the first entry
 * that the log had right after it (zero: it was empty), or hub_page_fail: ask again.
 * hub_page_entry: `ours` is whether the entry is one of this topic's. */
bool hub_page_ask(struct hub_topic *t, struct hub_ask *ask);
void hub_page_entry(struct hub_topic *t, const struct hub_message *msg, bool ours);
void hub_page_end(struct hub_topic *t, size_t entries, struct id first);
void hub_page_fail(struct hub_topic *t);

/* There is an entry of so many bytes in the log: pages have fewer of them then. */
void hub_page_weigh(struct hub_topic *t, size_t entry_bytes);

void hub_set_slow(struct hub *h, enum hub_slow slow);

#endif
