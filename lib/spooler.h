/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_SPOOLER_H
#define SPOUT_SPOOLER_H

#include <stdbool.h>
#include <stddef.h>

#include "loop.h"
#include "spool.h"

/*
 * A spool as a loop keeps it: written before what it holds is sent, synced once a second, emptied
 * when all is acknowledged. When the disk is full, what is in it is sent all the same, since what
 * Redis acknowledges needs no file; writing is tried again once a second.
 */
struct spooler_ops {
	void (*on_full)(void *arg, const struct why *w);
	/* It can be written again. */
	void (*on_room)(void *arg);
};

struct spooler {
	struct loop *loop;
	struct spool *spool; /* the owner's to open, to read and to add to; NULL: there is none */
	size_t most;         /* bytes of the file before there is no room */
	bool is_full;
	struct timer timer;
	const struct spooler_ops *ops;
	void *arg;
};

void spooler_init(
    struct spooler *s, struct loop *loop, size_t most, const struct spooler_ops *ops, void *arg);

/* Closes the spool; when `acked`, all that it held is acknowledged, empties it first. */
void spooler_fini(struct spooler *s, bool acked);

/* Brings what was added to the file. */
void spooler_write(struct spooler *s);

/* All is acknowledged: the file is not needed. */
void spooler_empty(struct spooler *s);

/* Without room nothing more should be added: the disk is full, or the file waits to be emptied. */
bool spooler_has_room(const struct spooler *s);

/* Whether the file has all that was added; false without one. */
bool spooler_is_written(const struct spooler *s);

#endif
