/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_TLS_H
#define SPOUT_TLS_H

#include <stddef.h>
#include <sys/types.h>

#include "why.h"

/*
 * The client's side of TLS 1.2 and 1.3, on OpenSSL 3's libssl, which is loaded when the first
 * connection is opened, not before: linked, it would cost every start of every command. It knows no
 * descriptor: its owner moves the bytes.
 *
 *	tls_open → tls_shake … 0 → tls_read, tls_write → tls_close
 *	from the wire → tls_put;   tls_take → to the wire, after each of the others
 */
struct tls;

enum tls_result { TLS_ERROR = -1, TLS_AGAIN = -2 }; /* AGAIN: tls_put more, then ask again */

/* host: a name, which is sent as SNI, or a numeric address. The server's certificate must be valid
 * for it, by an authority that this machine trusts ($SSL_CERT_FILE, $SSL_CERT_DIR), or, with
 * cafile, by one in that file. Statuses: WHY_UNAVAILABLE without libssl, WHY_NOINPUT: cafile. */
int tls_open(struct tls **t, const char *host, const char *cafile, struct why *w);
void tls_close(struct tls *t);

/* 0 when the other side is known and agreed. TLS_ERROR: WHY_REFUSED when its certificate is not
 * valid, WHY_DATA when there is no agreement, or what answers speaks no TLS. */
int tls_shake(struct tls *t, struct why *w);

/* After tls_shake: what was agreed ("TLSv1.3"), and for how many days its certificate is valid yet.
 */
const char *tls_version(const struct tls *t);
int tls_days_left(const struct tls *t);

/* Bytes from the wire. */
void tls_put(struct tls *t, const void *p, size_t n);

/* Bytes for the wire: how many, 0 when there are none. */
size_t tls_take(struct tls *t, void *p, size_t size);

/* Bytes read, 0: the other side ended the stream, TLS_AGAIN, TLS_ERROR. */
ssize_t tls_read(struct tls *t, void *p, size_t size, struct why *w);

/* Takes all of p[0..n), n at most 1 GiB. 0 or TLS_ERROR. */
int tls_write(struct tls *t, const void *p, size_t n, struct why *w);

#endif
