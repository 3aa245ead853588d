/* SPDX-License-Identifier: MIT */
/* Any bytes as a token; and any bytes as the claims behind a right signature. What is read twice is
 * read the same; a token is the only spelling of what it holds; and nothing grants what is not for
 * tokens to grant. */
#include <stdint.h>
#include <stdlib.h>

#include "chan.h"
#include "claims.h"
#include "jwt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { NOW = 1700000000 };

static void must(bool good)
{
	if (!good)
		abort();
}

static void check_claims(const char *s, size_t len)
{
	static const char own[] = "sp:project:7:stage:a", log[] = "chat:1:log";
	struct claims c;
	struct why w;

	if (claims_parse(&c, s, len, NOW, &w) < 0) {
		must(w.status == WHY_REFUSED && w.text[0] != '\0');
		return;
	}
	must(jwt_is_unambiguous(s, len) && json_find(s, len, "exp").s != NULL);
	must(!claims_grant_channel(c.sub, own, strlen(own)));
	must(!claims_grant_channel(c.sub, log, strlen(log)));
	/* All stages are more than one. */
	if (claims_grant_stage(c.sub, "7", NULL))
		must(claims_grant_stage(c.sub, "7", "a") && claims_grant_stage(c.sub, "7", "z"));
	if (claims_grant_stage(c.pub, "7", "a") || claims_grant_channel(c.sub, "chat:1", 6))
		must(memmem(s, len, "sp", 2) != NULL || memchr(s, '\\', len) != NULL);
	must(claims_parse(&c, s, len, INT64_MAX / 2, &w) == -1); /* nothing is for ever */
}

static void check_token(const char *s, size_t len)
{
	struct jwt *t = malloc(sizeof *t);
	struct why w;
	struct buf again;

	if (jwt_parse(t, s, len, &w) < 0) {
		must(w.status == WHY_REFUSED && w.text[0] != '\0');
		free(t);
		return;
	}
	must(len <= JWT_MAX && t->signed_part == s && t->signed_len < len);
	must(t->claims_len > 0 && t->signature_len > 0);
	/* Canonical: the same claims and signature have no other spelling. */
	buf_init(&again, 3 * JWT_MAX);
	jwt_encode(&again, t->alg, t->claims, t->claims_len);
	jwt_add_signature(&again, t->signature, t->signature_len);
	const char *mine = memchr(buf_head(&again), '.', again.len);
	const char *theirs = memchr(s, '.', len);
	size_t rest = len - (size_t)(theirs - s);
	must(rest == again.len - (size_t)(mine - buf_head(&again)));
	must(memcmp(mine, theirs, rest) == 0);
	buf_fini(&again);
	check_claims(t->claims, t->claims_len);
	free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *s = (const char *)data;

	if (len == 0)
		return 0;
	check_token(s, len);
	check_claims(s, len);
	return 0;
}
