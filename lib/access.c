/* SPDX-License-Identifier: MIT */
/* access: the token of a request, found and checked against the keys. */
#include "access.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "claims.h"
#include "crypto.h"
#include "http_query.h"
#include "jwt.h"

struct access {
	int nkeys;
	struct crypto_key *keys[];
};

int access_open(
    struct access **out, const char *const *paths, int npaths, const struct say *s, struct why *w)
{
	struct access *a = xcalloc(1, sizeof *a + (size_t)npaths * sizeof a->keys[0]);

	for (; a->nkeys < npaths; a->nkeys++) {
		const char *path = paths[a->nkeys];

		if (crypto_key_open(&a->keys[a->nkeys], path, w) < 0) {
			access_close(a);
			return -1;
		}
		if (crypto_key_is_exposed(a->keys[a->nkeys]))
			say(s, SAY_NOTE,
			    "--key %s: everybody on this machine may read it (chmod 600)", path);
	}
	*out = a;
	return 0;
}

void access_close(struct access *a)
{
	if (a == NULL)
		return;
	for (int i = 0; i < a->nkeys; i++)
		crypto_key_close(a->keys[i]);
	free(a);
}

/* --- Finding the token: each finder returns 1, 0 when there is none there, or -1 with a reason. */

static int find_bearer(const struct http *h, struct http_slice *token, struct why *w)
{
	static const char scheme[] = "Bearer";
	const size_t n = sizeof scheme - 1;
	int count = http_field(h, "Authorization", token);

	if (count > 1)
		return why_set(w, WHY_REFUSED, "more than one Authorization field");
	/* Another scheme, such as Basic, is for a proxy in front. */
	if (count == 0 || token->len < n || strncasecmp(token->p, scheme, n) != 0 ||
	    (token->len > n && token->p[n] != ' '))
		return 0;
	token->p += n;
	token->len -= n;
	while (token->len > 0 && token->p[0] == ' ')
		token->p++, token->len--;
	return 1;
}

static int find_cookie(const struct http *h, struct http_slice *token, struct why *w)
{
	static const char name[] = "sp_token=";
	const size_t n = sizeof name - 1;
	struct http_slice list = {"", 0};
	int count = http_field(h, "Cookie", &list), found = 0;

	if (count > 1)
		return why_set(w, WHY_REFUSED, "more than one Cookie field");
	for (const char *s = list.p, *end = s + list.len; s < end;) {
		const char *semicolon = memchr(s, ';', (size_t)(end - s));
		const char *stop = semicolon != NULL ? semicolon : end;

		while (s < stop && *s == ' ')
			s++;
		if ((size_t)(stop - s) >= n && memcmp(s, name, n) == 0) {
			*token = (struct http_slice){s + n, (size_t)(stop - s) - n};
			found++;
		}
		s = stop + 1;
	}
	return found > 1 ? why_set(w, WHY_REFUSED, "more than one cookie sp_token") : found;
}

static int find_query(
    const struct http *h, char text[JWT_MAX + 1], struct http_slice *token, struct why *w)
{
	size_t len = 0;
	int r = http_query_get(h->query, "access_token", text, JWT_MAX + 1, &len, w);

	*token = (struct http_slice){text, len};
	return r;
}

static bool same(struct http_slice a, struct http_slice b)
{
	return a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
}

/* Whether a page of another origin may have made the browser send this. */
static bool is_cross_site(const struct http *h)
{
	struct http_slice site, origin, host;
	int has_site = http_field(h, "Sec-Fetch-Site", &site);
	int has_origin = http_field(h, "Origin", &origin);

	if (has_site == 1 && same(site, (struct http_slice){"same-origin", 11}))
		return false;
	if (has_site == 0 && has_origin == 0)
		return false;
	if (has_site == 1 && same(site, (struct http_slice){"none", 4}) && has_origin == 0)
		return false;
	if (has_site != 0 || has_origin != 1 || http_field(h, "Host", &host) != 1)
		return true;
	/* scheme://host[:port] */
	const char *mark = memmem(origin.p, origin.len, "://", 3);
	return mark == NULL ||
	    !same((struct http_slice){mark + 3, origin.len - (size_t)(mark + 3 - origin.p)}, host);
}

/* 1: *token; it may point into text. */
static int find_token(const struct http *h, bool publish, char text[JWT_MAX + 1],
    struct http_slice *token, struct why *w)
{
	struct http_slice places[3];
	int found[3] = {find_bearer(h, &places[0], w), 0, 0}, n = 0;

	if (found[0] < 0 || (found[1] = find_cookie(h, &places[1], w)) < 0 ||
	    (found[2] = find_query(h, text, &places[2], w)) < 0)
		return -1;
	for (int i = 0; i < 3; i++) {
		if (found[i] == 0)
			continue;
		if (n++ > 0 && !same(*token, places[i]))
			return why_set(w, WHY_REFUSED, "two different tokens");
		*token = places[i];
	}
	if (n == 0)
		return why_set(w, WHY_REFUSED, "a token is needed");
	if (publish && found[1] && n == 1 && is_cross_site(h))
		return why_set(w, WHY_REFUSED, "a page of another site needs more than a cookie");
	return 1;
}

/* --- Checking it */

static bool is_signed(const struct access *a, const struct jwt *t)
{
	for (int i = 0; i < a->nkeys; i++)
		if (crypto_key_alg(a->keys[i]) == t->alg &&
		    crypto_verify(
			a->keys[i], t->signed_part, t->signed_len, t->signature, t->signature_len))
			return true;
	return false;
}

static bool is_granted(const struct claims *c, const struct route *r, bool publish)
{
	struct json_slice list = publish ? c->pub : c->sub;

	switch (r->kind) {
	case ROUTE_STAGE:
	case ROUTE_STOP_STAGE:
		return claims_grant_stage(list, r->project, r->stage);
	case ROUTE_PROJECT:
	case ROUTE_STATE:
		return claims_grant_stage(list, r->project, NULL);
	case ROUTE_CHANNEL:
	case ROUTE_STOP_CHANNEL:
		return claims_grant_channel(list, r->channel, r->channel_len);
	case ROUTE_HEALTHZ:
	case ROUTE_READYZ:
	case ROUTE_STATUS:
	case ROUTE_METRICS:
	case ROUTE_VIEWER:
	case ROUTE_NONE:
	case ROUTE_BAD:
		break;
	}
	return false;
}

/* Routes without anybody's content. */
static bool is_open(enum route_kind kind)
{
	return kind == ROUTE_HEALTHZ || kind == ROUTE_READYZ || kind == ROUTE_STATUS ||
	    kind == ROUTE_METRICS || kind == ROUTE_VIEWER;
}

enum access_answer access_check(const struct access *a, const struct http *h, const struct route *r,
    bool publish, int64_t now_s, struct why *w)
{
	char text[JWT_MAX + 1];
	struct http_slice token = {"", 0};
	struct claims claims;
	struct jwt t;

	if (is_open(r->kind))
		return ACCESS_OK;
	if (find_token(h, publish, text, &token, w) < 0 || jwt_parse(&t, token.p, token.len, w) < 0)
		return ACCESS_401;
	if (!is_signed(a, &t)) {
		(void)why_set(w, WHY_REFUSED, "the token is not signed by a key of this server");
		return ACCESS_401;
	}
	if (claims_parse(&claims, t.claims, t.claims_len, now_s, w) < 0)
		return ACCESS_401;
	if (is_granted(&claims, r, publish))
		return ACCESS_OK;
	(void)why_set(w, WHY_REFUSED, "the token does not grant this"); /* fills w */
	return ACCESS_403;
}
