/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_QUEUE_H
#define SPOUT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "json.h"
#include "link.h"
#include "loop.h"
#include "msg.h"
#include "why.h"

/* clang-format off */
/*
 * One queue of jobs in Redis, worked by the scripts lib/lua/xq_*.lua, each of them atomic:
 *
 *	add → WAITING ──take──→ RUNNING ──ack──→ DONE (its result kept for a while)
 *	 │      ↑ ↑                │ │ └─bury──→ DEAD ──dead retry──→ WAITING
 *	 └→ DELAYED │              │ └─retry───→ DELAYED (an attempt is spent)
 *	    (due)   └─release, or the lease expired (an attempt is spent only by that)
 *
 * Keys. All begin with TAG = {NS:q:QUEUE}, so that a queue is one Cluster slot; a script is given
 * TAG as its only KEY and makes the others from it (an ACL admits them with ~{NS:q:QUEUE}*).
 *
 *	TAG:high :medium :low  streams, group "xq": a waiting or running job is one entry, j = payload,
 *	                       and only when it is not a plain new job m = "ID ATTEMPTS RETRIES BORN
 *	                       CRASHES" and h = its history; XACK and XDEL (or XTRIM, when nothing in front
 *	                       is left) go together, so XLEN is lag + pending
 *	TAG:leases             sorted set by the server's millisecond when a lease ends: TOKEN for the
 *	                       jobs of a take that share one, or REF that has its own; 0: released
 *	TAG:running            hash: REF → "TOKEN ATTEMPT CRASHES TAKEN CONSUMER ID"; "+TOKEN" when it
 *	                       has a lease of its own, "-TOKEN" when released; ID is "=" when it is REF
 *	TAG:takes              hash: TOKEN → how many of its jobs are held under its lease; "r TOKEN" →
 *	                       the REFs of all that it delivered, separated by spaces
 *	TAG:delayed            sorted set: ID by the millisecond when it is due
 *	TAG:jobs               hash: ID → where a job is that was moved or has an id of its own:
 *	                       "s REF" | "z PRIORITY ATTEMPTS RETRIES BORN CRASHES" with its payload in
 *	                       TAG:bodies | "d ENTRY TOKEN"
 *	TAG:bodies             hash: ID → payload of a delayed job; "h ID" → its history
 *	TAG:dead               stream: jobs that died: i id, j payload, m "PRIORITY ATTEMPTS RETRIES
 *	                       BORN", h history; its last line tells why
 *	TAG:done:N             hashes, generation N: ID → "STATE TOKEN AT RESULT"; five are kept
 *	TAG:meta               hash: paused, turn (of the priorities), token (the last), gen, gen_at,
 *	                       gen_bytes, born, and counters: added done retried released expired died
 *	                       cancelled
 *	TAG:minute:N           hash of the minute N since 1970: a (added), w.B and r.B (jobs by
 *	                       logarithmic bucket of their time waiting and running); lives a quarter of
 *	                       an hour
 *	TAG:wake               list: a token for one idle worker: look again
 *	TAG:to:CONSUMER        list: for this worker alone: "cancel REF TOKEN"; "hear", from itself
 *	TAG:progress           hash: REF → "AT JSON", while it runs
 *	TAG:workers            hash: CONSUMER → "AT JSON", what a worker says of itself
 *	TAG:swept              string: somebody cleared away the names of the gone, a minute ago at most
 *	TAG:every              hash: name of a schedule → its last tick (sp-xq every)
 *	TAG:unique:KEY         string: the id of the job that has KEY
 *	TAG:add:RUN:SLOT       string: "BATCH ANSWER" of a batch of add; TAG:took:RUN of a take;
 *	                       TAG:gave:RUN:SLOT of a fail
 *	TAG:ended              pub/sub channel: ids of jobs that ended, separated by spaces
 *
 * REF is where a job's entry is: its priority's letter and the entry's id, "m1732100000123-0". A
 * job added without an id of its own is called by the REF it was born with (d… when it was born
 * delayed).
 *
 * To change the layout: 1. here; 2. lib/lua/xq_*.lua; 3. queue_*.c; 4. sp-xq(1), "Keys".
 *
 * Ownership. Each take gives its deliveries a fencing token, larger than all before: the server's
 * microseconds, or one above the last token. Whoever renews, finishes or gives back a job
 * shows REF and TOKEN; the script compares them with TAG:running and changes nothing when the
 * delivery is over. Every call may be sent twice: after a lost connection all that is unanswered
 * goes out again, and gets the answer that the first would have got.
 *
 * Guarantee: at least once. Redis with AOF everysec may lose the last second on power loss, and a
 * failover the writes that the replica had not seen: a job acknowledged then runs again.
 */
/* clang-format on */
enum {
	QUEUE_NAME_MAX = 128,
	QUEUE_ID_MAX = 128,
	QUEUE_REF_MAX = 42,
	QUEUE_PAYLOAD_MAX = 1 << 20, /* bytes of one job's line */
	QUEUE_RESULT_MAX = 1 << 20,  /* bytes of one result */
	QUEUE_BATCH_MAX = 1000,      /* jobs of one call; the scripts unpack them as arguments */
	QUEUE_LEASE_MS = 30000,      /* defaults */
	QUEUE_RETRIES = 3,
	QUEUE_BACKOFF_LEAST_MS = 1000,
	QUEUE_BACKOFF_MOST_MS = 600000,
	QUEUE_KEEP_MS = 3600 * 1000, /* results */
	QUEUE_IDLE_MS = 10000,       /* longest time that an idle worker waits for a wake-up */
};

enum queue_priority { QUEUE_HIGH, QUEUE_MEDIUM, QUEUE_LOW };

struct queue_conf {
	struct link_conf link;
	const char *namespace, *name; /* borrowed until queue_close */
	const char *consumer;         /* who takes; legal as queue_name_check; borrowed */
	bool lazy;                    /* connect when there is something to say, not before */
	int64_t known_ms; /* how long Redis recognises a batch of queue_add that comes again; 0: ten
			   * minutes, enough for any reconnect; a spool may wait for days */
};

/* What happened to one of the jobs of a call. */
enum queue_outcome {
	QUEUE_OK,
	QUEUE_LOST,      /* the delivery is over: nothing was changed */
	QUEUE_CANCELLED, /* renew: still ours, and somebody asked to cancel it */
	QUEUE_DIED,      /* retry: no attempt was left, so it is dead */
};

struct queue_ops {
	/* Connected for the first time, or again: what was unanswered is sent again by itself. */
	void (*on_up)(void *arg);
	void (*on_down)(void *arg, const struct why *w, int64_t wait_ms);
	/* Over: no call will be answered any more. */
	void (*on_dead)(void *arg, const struct why *w);
	void (*on_started)(void *arg, const char *path);
	/* While listening with want_jobs: a job may be there. Call queue_take; it says when nothing
	 * was there, and the listening goes on. May be NULL when queue_listen is not used. */
	void (*on_wake)(void *arg);
	/* While listening: cancel was asked for a job that is ours. Kill it and call queue_finish
	 * with QUEUE_CANCEL. The same comes with the next renewal (QUEUE_CANCELLED). May be NULL as
	 * above. */
	void (*on_cancel)(void *arg, struct json_slice ref, uint64_t token);
};

struct queue;

/* 0 when name may be a queue's or a consumer's: as a channel's part (chan_part_check). */
int queue_name_check(const char *what, const char *name, struct why *w);

/* 0 when id may be a job's: 1 to QUEUE_ID_MAX printable ASCII bytes without space, `"` and `\`, and
 * not of the form that Spout gives itself ([hmld]DIGITS-DIGITS). WHY_USAGE. */
int queue_id_check(const char *id, size_t len, struct why *w);

/* Opens the connection; nothing is sent before there is something to say. conf is copied. */
int queue_open(struct queue **q, struct loop *loop, const struct queue_conf *conf,
    const struct queue_ops *ops, void *arg, struct why *w);
void queue_close(struct queue *q);

/* {NS:q:QUEUE} */
const char *queue_tag(const struct queue *q);

/* Calls without an answer, and their bytes. */
size_t queue_pending(const struct queue *q);
size_t queue_pending_bytes(const struct queue *q);

/* Sends what was asked for since; the functions below only put it together. To be called once
 * behind them, so that several calls leave in one write. */
void queue_flush(struct queue *q);

/* The one call that Redis refused for good takes the whole queue down (on_dead): a wrong type, a
 * missing permission, a script that fails are no business of one job. So answers know no errors. */

/* --- Adding */

struct queue_new {
	const char *payload; /* one line of JSON, checked by the caller */
	size_t len;
	enum queue_priority priority;
	int64_t delay_ms;   /* 0: now */
	int64_t at_ms;      /* since 1970, on the server's clock; 0: delay_ms counts */
	const char *id;     /* NULL: given by the queue */
	const char *unique; /* NULL: none */
	int64_t unique_ms;  /* how long the key keeps others away */
	int retries;        /* below 0: the worker's choice */
};

struct queue_added {
	struct json_slice id;
	bool duplicate; /* nothing was added: id is that of the job which has the id or the key */
};

/* The answer to one call: of n jobs in the order of their adding. */
typedef void queue_added_fn(void *arg, const struct queue_added *added, size_t n);

/* Adds n jobs (up to QUEUE_BATCH_MAX, better no more than 1 MiB together) in one step, each exactly
 * once however often the connection is lost. run names the adder (msg_new_run) and batch counts its
 * calls from 0: a spool keeps both, so that the next start can send the same again. At most
 * QUEUE_ADD_WINDOW calls of one run may be unanswered. */
enum { QUEUE_ADD_WINDOW = 64 };
void queue_add(struct queue *q, const char run[MSG_RUN_LEN + 1], uint64_t batch,
    const struct queue_new *jobs, size_t n, queue_added_fn *fn, void *arg);

/* --- Taking */

struct queue_job {
	struct json_slice id, ref, payload; /* borrowed from the answer */
	enum queue_priority priority;
	uint64_t token;
	unsigned attempt; /* from 1 */
	unsigned crashes; /* deliveries whose lease expired: from 2 on run it alone */
	int retries;      /* that follow the first attempt at most */
	int64_t born_ms;  /* when it was added */
	int64_t lease_ms; /* when the lease ends, on the server's clock */
};

struct queue_taken {
	const struct queue_job *jobs;
	size_t n;
	int64_t now_ms; /* the server's clock */
	int64_t due_ms; /* when the next delayed job or expiring lease is due, on the server's
			   clock; 0: nothing is known to come */
	bool paused;    /* so nothing was taken */
};
typedef void queue_taken_fn(void *arg, const struct queue_taken *taken);

struct queue_take {
	size_t n; /* up to QUEUE_BATCH_MAX */
	int64_t lease_ms;
	int retries; /* for jobs that do not say; a job whose lease expired in its last attempt dies
		      */
	bool strict; /* high before medium before low; else 6:3:1 */
};

/* Takes up to n jobs: those given back or expired first, then by priority. When nothing was there
 * and the queue listens with want_jobs, on_wake comes in time. */
void queue_take(struct queue *q, const struct queue_take *take, queue_taken_fn *fn, void *arg);

/* Listens on a second connection for what is for this consumer; want_jobs: for jobs, too. One idle
 * worker is woken per job added, and one more for each that finds more than it takes. May be
 * changed at any time; leaves the connection open. */
void queue_listen(struct queue *q, bool want_jobs);

/* --- What is taken. Of each call the answer has n outcomes in the order asked. */

struct queue_receipt {
	const char *ref; /* NUL-terminated */
	uint64_t token;
};

typedef void queue_outcome_fn(void *arg, const enum queue_outcome *outcomes, size_t n);

/* The lease now ends lease_ms from now. */
void queue_renew(struct queue *q, const struct queue_receipt *r, size_t n, int64_t lease_ms,
    queue_outcome_fn *fn, void *arg);

/* The end of a job: acknowledged (DONE), or killed because it was cancelled (CANCEL). */
enum queue_end { QUEUE_DONE, QUEUE_CANCEL };
struct queue_finish {
	struct queue_receipt receipt;
	enum queue_end end;
	const char *result; /* JSON; NULL: none. Kept for keep_ms at most */
	size_t len;
};
void queue_finish(struct queue *q, const struct queue_finish *f, size_t n, int64_t keep_ms,
    queue_outcome_fn *fn, void *arg);

/* The attempt failed. RETRY: again after delay_ms (below 0: exponential backoff between least and
 * most_ms with jitter, by the attempt; the server computes it), or dead when the job's retries are
 * used up; BURY: dead at once; RELEASE: back in the queue (after delay_ms), no attempt spent. */
enum queue_fate { QUEUE_RETRY, QUEUE_BURY, QUEUE_RELEASE };
struct queue_fail {
	struct queue_receipt receipt;
	enum queue_fate fate;
	int64_t delay_ms;
	const char *reason; /* JSON object for people, as in TAG:dead; NULL: none */
	size_t len;
};
struct queue_backoff {
	int64_t least_ms, most_ms;
	int retries; /* for jobs that do not say */
};
void queue_fail(struct queue *q, const struct queue_fail *f, size_t n,
    const struct queue_backoff *backoff, queue_outcome_fn *fn, void *arg);

/* Notes what a running job says of its progress: json is one JSON value. */
void queue_note(struct queue *q, const struct queue_receipt *r, const char *json, size_t len,
    queue_outcome_fn *fn, void *arg);

/* What a worker says of itself (JSON), at its start and every QUEUE_IDLE_MS; NULL: it leaves, and
 * its name in the consumer group goes with it unless jobs are still pending there. With it goes a
 * word to ourselves, by the way that wake-ups take. */
void queue_hello(struct queue *q, const char *json, queue_outcome_fn *fn, void *arg);

/* Words of queue_hello that Redis has, and of which none has arrived here since: one is on its way;
 * more and more: this worker is deaf. */
unsigned queue_unheard(const struct queue *q);

/* --- Any other script, by its name without "xq_": for the operator's commands. reply is
 * borrowed for the call. Must be idempotent. */
struct reply;
typedef void queue_reply_fn(void *arg, const struct reply *reply);
void queue_call(struct queue *q, const char *script, int argc, const char *const *argv,
    const size_t *lens, queue_reply_fn *fn, void *arg);

/* --- Pure. Reads what xq_take says of a job in front of its payload; slices of info. j->retries is
 * what the call said, and stays for a job that does not say. */
bool queue_read_job(struct queue_job *j, const char *info, size_t len);

#endif
