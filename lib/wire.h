/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_WIRE_H
#define SPOUT_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "buf.h"

/*
 * Messages on their way to a server, as ready-made commands, until they are acknowledged:
 *
 *	put → batch ──end_batch──→ [ sent, not acknowledged | not sent ] ──acked──→ gone
 *
 * A command stays until its reply has come. A new connection sends all again from the front, the
 * same bytes: lib/lua/append.lua drops what an earlier attempt appended, whether that attempt was
 * answered or is still buffered in the server from the old connection.
 */
struct wire_conf {
	const char *channel, *log, *due, *runs; /* borrowed; see append.lua */
	bool ephemeral;                         /* PUBLISH each message; the keys do not count */
	bool one_shot; /* begins a run only when the latest one has ended */
	bool want_ids;
	int64_t maxlen, ttl_ms;
	const char *lease, *run; /* key of the channel's lease, and who takes it; NULL: no lease */
	int64_t lease_ms;
};

struct wire {
	struct wire_conf conf;
	struct buf head;  /* ephemeral: the front of each PUBLISH */
	struct buf batch; /* bulk strings of messages that are in no command yet */
	size_t nbatch;
	bool batch_ends, after_end; /* after_end: the batch in front of this one ended a run */
	bool loaded;                /* EVALSHA may be used from here on */
	struct buf bytes, calls;    /* calls: what each command in bytes is, in order */
	size_t sent;                /* of bytes */
};

void wire_init(struct wire *w, const struct wire_conf *conf);
void wire_fini(struct wire *w);

/* Takes a closed message; seq is its own, one above the last. */
void wire_put(struct wire *w, const char *msg, size_t len, uint64_t seq, bool is_end);

/* Makes a command of what is in the batch; next_seq is that of the message put next. */
void wire_end_batch(struct wire *w, uint64_t next_seq);

/* Makes a command without messages that keeps the lease, or gives it back. */
void wire_lease(struct wire *w, uint64_t next_seq, bool keep);

/* What is to be sent now; then how much was. */
const char *wire_unsent(const struct wire *w, size_t *len);
void wire_sent(struct wire *w, size_t n);

/* A new connection: all is unsent again. */
void wire_rewind(struct wire *w);

/* The oldest command was answered: it is gone. Returns how many messages it had, -1 when there is
 * none. */
ssize_t wire_acked(struct wire *w);

/* Commands without an answer; bytes of all that is not acknowledged. */
size_t wire_commands(const struct wire *w);
size_t wire_size(const struct wire *w);

/* How long the due key lives, in milliseconds: longer than the log, so that a retry is always
 * recognised. */
int64_t wire_due_ttl_ms(const struct wire *w);

/* The script, for SCRIPT LOAD. */
extern const char wire_script[];

#endif
