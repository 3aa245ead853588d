/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_PUBLISH_H
#define SPOUT_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "append.h"
#include "filter.h"
#include "intake.h"
#include "run.h"

/*
 * One generation, from the bytes of its input to the last acknowledgement:
 *
 *	OPEN ──publish_finish──→ FINISHING ──all acknowledged──→ on_over
 */
struct publish_conf {
	struct append_conf append;
	struct msg_from from;
	enum intake_from format;
	enum dialect_kind provider; /* for INTAKE_PROVIDER */
	bool reasoning;             /* publish reasoning too */
	size_t max_line;
	enum run_full_text full_text;
	bool end;          /* publish a done or error at the end, unless the input brought one */
	int64_t batch;     /* tokens that are joined to one at most; 1: none */
	int64_t linger_ms; /* how long one waits for others */
	struct filter
	    *filter; /* maps the input's messages; NULL: none; borrowed until publish_close */
};

struct publish_ops {
	/* Text that came from a provider's stream: the raw content of a JSON string. May be NULL.
	 */
	void (*on_text)(void *arg, struct json_slice raw);
	void (*on_acked)(void *arg, const struct append_acked *acked);
	/* Whether more input may come now. */
	void (*on_room)(void *arg, bool room);
	/* Finished, and all is acknowledged. */
	void (*on_over)(void *arg);
	void (*on_down)(void *arg, const struct why *w, int64_t wait_ms);
	void (*on_dead)(void *arg, const struct why *w);
	void (*on_started)(void *arg, const char *path);
	void (*on_full)(void *arg, const struct why *w);
	/* The filter failed on a message, which is dropped. */
	void (*on_filter)(void *arg, const struct why *w);
};

struct publish;

int publish_open(struct publish **p, struct loop *loop, const struct publish_conf *conf,
    const struct publish_ops *ops, void *arg, struct why *w);
void publish_close(struct publish *p);

/* Takes input. -1 with WHY_DATA when it is bad: what was in front of the bad line is published, and
 * an error with the reason ends the run. */
int publish_feed(struct publish *p, const char *bytes, size_t len, struct why *w);

/* The input ended. The same failure. */
int publish_eof(struct publish *p, struct why *w);

/* Takes a message of the owner's, open, as one_shot does. */
void publish_put(struct publish *p, struct buf *open, bool is_end);

/* Ends the run: with error, a line, an error message (members as in run_error); else with what the
 * input came to, a done or a provider's error. Only the first call counts. */
void publish_finish(struct publish *p, const char *error, const char *members);

/* Ends the run as somebody asked for: what still waits is given, then a done with finish_reason
 * "stopped". */
void publish_stop(struct publish *p);

bool publish_is_finishing(const struct publish *p);

/* Whether the last end was an error message: the input's own, or ours. */
bool publish_has_failed(const struct publish *p);

const char *publish_run(const struct publish *p);
uint64_t publish_pending(const struct publish *p);
/* Whether a spool holds all that is pending. */
bool publish_is_spooled(const struct publish *p);

#endif
