/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_READY_H
#define SPOUT_READY_H

#include "link.h"
#include "why.h"

/* Whether Redis answers a PING, at the first try: 0, or -1 with the reason. Blocks, within the
 * link's times. */
int ready_check(const struct link_conf *link, struct why *w);

#endif
