/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_LOCAL_H
#define SPOUT_LOCAL_H

#include <stdbool.h>

#include "url.h"
#include "why.h"

/*
 * The private Redis: a redis-server of this user's own, on a Unix socket only, started by whoever
 * needs it first. The socket lies in $XDG_RUNTIME_DIR/spout, else /tmp/spout-UID; the data in
 * $XDG_STATE_HOME/spout, else ~/.local/state/spout. Both directories belong to the user, mode 0700;
 * anything else is refused.
 */

/* Makes *u the URL where the private Redis is expected; looks at the directory, not at the server.
 * WHY_REFUSED: the directory is not ours alone. */
int local_url(struct url *u, struct why *w);

/* The same of the running one, which is started first when there is none; but not `again`, by
 * whoever used it before, when local_stop has ended it. *started tells so. May block for some
 * seconds while a server loads its data. WHY_UNAVAILABLE: no redis-server, or it did not come up
 * (the reason names its log); WHY_CANTCREAT; WHY_REFUSED. */
int local_start(struct url *u, bool *started, bool again, struct why *w);

/* The same without starting: 1 when one runs, 0 when none does. */
int local_running(struct url *u, struct why *w);

/* Asks the running server to save and leave, and waits until it has. 1: stopped; 0: none ran. */
int local_stop(struct why *w);

#endif
