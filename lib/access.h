/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_ACCESS_H
#define SPOUT_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "http.h"
#include "route.h"
#include "say.h"
#include "why.h"

/*
 * Who may read and publish what, when there are keys: a request's token (lib/jwt.h) must be signed
 * by one of them, and its claims (lib/claims.h) must grant what the route names.
 *
 * A token stands in `Authorization: Bearer`, in the cookie sp_token, or in the query as
 * access_token. It may stand in more than one place only if it is the same in all: a proxy, a log
 * or a filter in front may have looked at the other one. For the same reason a second Authorization
 * or Cookie field, or a second sp_token in the cookie, is refused.
 *
 * Since browsers send cookies whatever page asks, a cookie alone does not publish or stop unless
 * the request comes from a page of this server, by Sec-Fetch-Site or Origin, or from no page.
 */
struct access;

/* Opens the keys; any of them may have signed a token: that is how keys are changed. Says (a note)
 * when the file of a secret may be read by everybody. Statuses: see crypto_key_open. */
int access_open(
    struct access **a, const char *const *paths, int npaths, const struct say *say, struct why *w);
void access_close(struct access *a);

/* What to answer: 401 goes with `WWW-Authenticate: Bearer`, and w has the reason for the body,
 * which quotes nothing of the token. */
enum access_answer { ACCESS_OK = 0, ACCESS_401 = 401, ACCESS_403 = 403 };

/* Whether the request h, which has a complete head, may use the route at the time now_s (seconds
 * since 1970); `publish` for a POST, which is to publish or to stop. Routes without content
 * (/healthz and its like, the viewer) need no token; neither does a CORS preflight, which must have
 * been answered already. Costs one signature check, 20 to 150 us. */
enum access_answer access_check(const struct access *a, const struct http *h, const struct route *r,
    bool publish, int64_t now_s, struct why *w);

#endif
