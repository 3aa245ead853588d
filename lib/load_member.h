/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_LOAD_MEMBER_H
#define SPOUT_LOAD_MEMBER_H

#include "append.h"
#include "buf.h"
#include "load.h"
#include "ticker.h"

/*
 * One publisher of a load: its connection, its channels, and its ring of messages that wait for an
 * answer. The load's own, for load.c and load_member.c alone.
 */
struct load_sent {
	int64_t intended_ns, sent_ns;
};

/* One of a publisher's channels, and the next message for it ready but for its stamp. */
struct load_lane {
	size_t channel;
	uint64_t seq;
	char *text; /* RESP, or only the stamp when durable; NULL until it is used */
	size_t len, stamp_at;
};

struct load_member {
	struct load *load;
	struct link link;
	struct append *append;
	struct load_lane *lanes;
	size_t nlanes, lane;    /* lane: whose turn it is */
	struct load_sent *ring; /* load.conf.pipeline of them */
	int64_t now_ns;         /* the clock, for `fresh` more answers */
	unsigned fresh;
	size_t head, waiting;
	struct buf out; /* PUBLISHes that the stream did not take yet */
	struct pace pace;
	int64_t free_ns; /* since when it could have sent */
	bool up;
};

struct load {
	struct load_conf conf;
	const struct load_ops *ops;
	void *arg;
	struct loop *loop;
	struct load_member *members;
	size_t n, connected;
	struct ticker ticker;
	struct timer end;
	uint64_t slot; /* of all members: the next one whose time has not come */
	int64_t start_ns, end_ns, grace_ns;
	size_t stamp_size;
	struct buf message;
	struct load_facts facts;
	bool started, over;
};

/* The i-th: connects. WHY_USAGE and the like, of append. */
int load_member_open(struct load *l, size_t i, struct why *w);
void load_member_close(struct load_member *m);

/* Serves the slots whose time has come, as far as there is room. */
void load_member_pump(struct load_member *m);

#endif
