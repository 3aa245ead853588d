/* SPDX-License-Identifier: MIT */
/* jwt: the outside of a token. What its claims mean is in claims.c, its signature in crypto.c. */
#include "jwt.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "json.h"

static const char *const algs[] = {
    [JWT_HS256] = "HS256", [JWT_RS256] = "RS256", [JWT_ES256] = "ES256", [JWT_EDDSA] = "EdDSA"};

/* --- base64url (RFC 4648, 5) */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

ptrdiff_t jwt_base64_decode(unsigned char *dst, size_t size, const char *s, size_t len)
{
	uint32_t bits = 0;
	unsigned nbits = 0;
	size_t n = 0;

	if (len % 4 == 1 || len / 4 * 3 + len % 4 * 3 / 4 > size)
		return -1;
	for (size_t i = 0; i < len; i++) {
		int d = digit(s[i]);

		if (d < 0)
			return -1;
		bits = bits << 6 | (uint32_t)d;
		nbits += 6;
		if (nbits >= 8) {
			nbits -= 8;
			dst[n++] = (unsigned char)(bits >> nbits);
		}
	}
	/* Bits to spare must be zero, else one signature would have several spellings. */
	return (bits & ((1u << nbits) - 1)) == 0 ? (ptrdiff_t)n : -1;
}

static void base64_encode(struct buf *out, const void *p, size_t len)
{
	const unsigned char *s = p;
	uint32_t bits = 0;
	unsigned nbits = 0;

	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | s[i];
		for (nbits += 8; nbits >= 6; nbits -= 6)
			(void)buf_addc(out, digits[bits >> (nbits - 6) & 63]); /* no cap */
	}
	if (nbits > 0)
		(void)buf_addc(out, digits[bits << (6 - nbits) & 63]); /* no cap */
}

/* --- The header */

static bool same_meaning(struct json_slice raw, const char *plain, size_t n)
{
	if (n == 0 || raw.len <= n) /* plain may be NULL when it is empty */
		return raw.len == n && (n == 0 || memcmp(raw.s, plain, n) == 0);
	return json_means_escaped(raw, plain, n);
}

/* How many of the first n members have this name. */
static int count_name(const char *object, size_t len, int n, const char *plain, size_t plain_len)
{
	struct json_walk walk;
	struct json_member m;
	int found = 0;

	json_walk(&walk, object, len);
	while (n-- > 0 && json_next(&walk, &m) == 1)
		found += same_meaning(m.key, plain, plain_len);
	return found;
}

bool jwt_is_unambiguous(const char *object, size_t len)
{
	struct json_walk walk;
	struct json_member m;
	struct buf name;
	bool once = true;
	int step, n = 0;

	buf_init(&name, len);
	json_walk(&walk, object, len);
	while ((step = json_next(&walk, &m)) == 1 && once && n < JWT_MEMBERS_MAX) {
		buf_clear(&name);
		once = json_unescape(&name, m.key) == 0 &&
		    count_name(object, len, n, buf_head(&name), name.len) == 0;
		n++;
	}
	buf_fini(&name);
	return step == 0 && once;
}

static int parse_header(struct jwt *t, const char *s, size_t len, struct why *w)
{
	struct json_slice alg;

	if (!jwt_is_unambiguous(s, len))
		return why_set(w, WHY_REFUSED,
		    "the token's header is not one JSON object with each name once");
	if (json_find(s, len, "crit").s != NULL || json_find(s, len, "b64").s != NULL)
		return why_set(w, WHY_REFUSED, "the token's header has crit or b64");
	alg = json_string(json_find(s, len, "alg"));
	for (size_t i = 0; i < sizeof algs / sizeof *algs; i++)
		if (alg.s != NULL && same_meaning(alg, algs[i], strlen(algs[i]))) {
			t->alg = (enum jwt_alg)i;
			return 0;
		}
	return why_set(w, WHY_REFUSED, "the token's alg is none of HS256, RS256, ES256, EdDSA");
}

/* --- The whole */

int jwt_parse(struct jwt *t, const char *s, size_t len, struct why *w)
{
	unsigned char header[JWT_MAX];
	const char *end = s + len;

	if (len > JWT_MAX)
		return why_set(w, WHY_REFUSED, "the token is longer than %d bytes", JWT_MAX);
	const char *dot1 = memchr(s, '.', len);
	const char *dot2 = dot1 == NULL ? NULL : memchr(dot1 + 1, '.', (size_t)(end - dot1 - 1));
	if (dot2 == NULL || memchr(dot2 + 1, '.', (size_t)(end - dot2 - 1)) != NULL)
		return why_set(w, WHY_REFUSED, "the token does not have three parts");
	ptrdiff_t nheader = jwt_base64_decode(header, sizeof header, s, (size_t)(dot1 - s));
	ptrdiff_t nclaims = jwt_base64_decode(
	    (unsigned char *)t->claims, sizeof t->claims, dot1 + 1, (size_t)(dot2 - dot1 - 1));
	ptrdiff_t nsignature = jwt_base64_decode(
	    t->signature, sizeof t->signature, dot2 + 1, (size_t)(end - dot2 - 1));
	if (nheader <= 0 || nclaims <= 0 || nsignature <= 0)
		return why_set(w, WHY_REFUSED,
		    "a part of the token is empty, too long or not canonical base64url");
	t->signed_part = s;
	t->signed_len = (size_t)(dot2 - s);
	t->claims_len = (size_t)nclaims;
	t->signature_len = (size_t)nsignature;
	return parse_header(t, (const char *)header, (size_t)nheader, w);
}

void jwt_encode(struct buf *out, enum jwt_alg alg, const char *claims, size_t len)
{
	char header[64];
	int n = snprintf(header, sizeof header, "{\"alg\":\"%s\",\"typ\":\"JWT\"}", algs[alg]);

	base64_encode(out, header, (size_t)n);
	(void)buf_addc(out, '.'); /* no cap */
	base64_encode(out, claims, len);
}

void jwt_add_signature(struct buf *out, const unsigned char *signature, size_t len)
{
	(void)buf_addc(out, '.'); /* no cap */
	base64_encode(out, signature, len);
}
