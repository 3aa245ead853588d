/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_NOTIFY_H
#define SPOUT_NOTIFY_H

#include <stdint.h>

/* Tells the service manager a state, lines of NAME=VALUE (sd_notify(3)): READY=1, RELOADING=1,
 * STOPPING=1, WATCHDOG=1. Nothing when $NOTIFY_SOCKET names none. */
void notify(const char *state);

/* How often it wants WATCHDOG=1, in milliseconds (half of what $WATCHDOG_USEC allows); 0: never. */
int64_t notify_watchdog_ms(void);

#endif
