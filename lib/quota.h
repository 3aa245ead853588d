/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_QUOTA_H
#define SPOUT_QUOTA_H

#include <stddef.h>
#include <stdint.h>

#include "address.h"

/* How many connections each client has: a hash of addresses, with an entry while there is one. */
struct quota_entry {
	struct quota_entry *next;
	struct address owner;
	unsigned count;
};

struct quota {
	struct quota_entry **slots;
	size_t nslots, used;
	uint64_t seed; /* so that nobody can choose addresses that collide */
};

void quota_init(struct quota *q);
void quota_fini(struct quota *q);

/* Counts one more for the owner of the address: the entry, to be given back; its count tells. */
struct quota_entry *quota_enter(struct quota *q, const struct address *a);
void quota_leave(struct quota *q, struct quota_entry *e);

#endif
