/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_SUBS_STATE_H
#define SPOUT_SUBS_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "link.h"
#include "log.h"
#include "subs.h"
#include "subs_topic.h"

/* What the files of subs share: subs.c has the members and the connections, subs_channel.c
 * subscribes, subs_push.c takes what is published, subs_ask.c asks what logs hold. */

enum subs_wide { WIDE_OFF, WIDE_ASKED, WIDE_ON, WIDE_LEAVING };

struct subs {
	struct subs_conf conf;
	const struct subs_ops *ops;
	void *arg;
	struct loop *loop;
	struct hub hub;
	struct hub_ops hub_ops;
	struct topics topics;
	struct link sub, log;
	bool sub_up, log_up, log_open, dead, started;
	struct timer kick; /* commands wait to be sent */
	struct timer sweep;
	/* The connection that is subscribed. */
	struct ring to_subscribe, idle;
	struct buf sent;    /* struct sub_call: commands without an answer */
	unsigned npatterns; /* that fit the wide one */
	enum subs_wide wide;
	char *wide_name, *wide_prefix;
	size_t wide_prefix_len;
	unsigned epoch; /* counts the connections */
	/* The one that asks. */
	struct buf to_survey, to_page; /* struct topic *: in line */
	struct ring asked;             /* questions without an answer */
	unsigned surveys, pages;
	struct buf text; /* a message with its id put back */
};

/* Goes on with what waits, from the loop. */
void subs_kick(struct subs *s);

static inline struct topic *topic_of(struct hub_topic *t)
{
	return ring_thing(t, struct topic, hub);
}

/* --- subs_push.c */

/* Whether a channel is one of the topic's; a message for it. */
bool topic_has(const struct topic *t, const char *channel, size_t len);
struct hub_message subs_message(
    const struct subs *s, const struct topic *t, const char *text, size_t len);

/* A message was published: to the topic that is subscribed by that name. */
void push_reply(struct subs *s, const struct reply *reply);

/* As hub_ops.on_gap. */
void push_gap(struct hub_topic *hub, struct buf *text, struct id after, struct id before);

/* --- subs_channel.c */

/* The topic needs a subscription; it has no members any more. */
void channel_want(struct subs *s, struct topic *t);
void channel_idle(struct subs *s, struct topic *t);

/* Sends what waits, a bounded slice; true when there is something to flush. */
bool channel_pump(struct subs *s);
void channel_reply(struct subs *s, struct reply *reply);
void channel_lost(struct subs *s);
void channel_sweep(void *arg);

/* --- subs_ask.c */

/* The topic's log must be surveyed: it is subscribed, or members have come; a page is wanted. */
void ask_survey(struct subs *s, struct topic *t);
void ask_page(struct subs *s, struct topic *t);
bool ask_pump(struct subs *s);

/* Members whose survey is under way are on hub.asking again. */
void ask_recall(struct topic *t);
void ask_reply(struct subs *s, struct reply *reply);
void ask_lost(struct subs *s);
void ask_close(struct subs *s);

/* Ends all members of the topic: Redis refuses it. When that can pass, the link is faulted instead.
 */
void subs_refused(struct subs *s, struct link *link, struct topic *t, const struct reply *error);

#endif
