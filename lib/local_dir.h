/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_LOCAL_DIR_H
#define SPOUT_LOCAL_DIR_H

#include <stdbool.h>

#include "why.h"

/*
 * For local alone: where the private Redis lies (local.h), and the small files there that are not
 * the server's own.
 *
 *	DATA/start.lock   held while somebody looks or starts: two never start at once
 *	DATA/server.lock  held by the server, for life: one server per data, whatever its socket
 *	DATA/socket       the path of that server's socket, for those with another runtime directory
 *	DATA/stopped      somebody stopped the server on purpose
 *	DATA/redis.log    what the server says
 */
enum { LOCAL_PATH_MAX = 512 }; /* with the NUL */

struct local_dir {
	char runtime[LOCAL_PATH_MAX], data[LOCAL_PATH_MAX];
	char socket[LOCAL_PATH_MAX]; /* where we would have it */
};

/* From the environment; nothing is looked at or made. WHY_CANTCREAT: a path is too long. */
int local_dir_find(struct local_dir *d, struct why *w);

/* Makes path of dir/name. WHY_CANTCREAT when it is too long. */
int local_dir_join(char *path, const char *dir, const char *name, struct why *w);

/* 0: ours alone; 1: not there; -1: somebody else's, or open to others. */
int local_dir_check(const char *dir, struct why *w);

/* Makes dir and those above it, mode 0700; then the same. */
int local_dir_make(const char *dir, struct why *w);

/* Opens DATA's lock file of that name, which the caller locks, and closes. */
int local_dir_lock(const char *data, const char *name, int *fd, struct why *w);

/* Whether a server holds the data: 1 or 0; -1 on failure. */
int local_dir_is_held(const char *data, struct why *w);

/* Says where our server's socket is; reads where the running one's is (-1: it does not say). */
int local_dir_write_socket(const struct local_dir *d, struct why *w);
int local_dir_read_socket(const struct local_dir *d, char socket[LOCAL_PATH_MAX]);

bool local_dir_is_stopped(const struct local_dir *d);
void local_dir_mark_stopped(const struct local_dir *d, bool stopped);

#endif
