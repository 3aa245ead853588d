/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_QUEUE_SCRIPTS_H
#define SPOUT_QUEUE_SCRIPTS_H

#include <stdint.h>

/* The queue's scripts, lib/lua/xq_NAME.lua with xq.lua in front. */
struct queue_script {
	const char *name;   /* without "xq_" */
	const char *sha;    /* for EVALSHA */
	const char *source; /* for SCRIPT LOAD */
};

/* NULL when there is none of that name. */
const struct queue_script *queue_script(const char *name);

/* A bit of its own. */
uint32_t queue_script_bit(const struct queue_script *s);

#endif
