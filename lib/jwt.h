/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_JWT_H
#define SPOUT_JWT_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "why.h"

/*
 * A signed token as text: JWS in compact serialization (RFC 7515, 7.1), with the algorithms of RFC
 * 7518 and RFC 8037 that Spout knows. Nothing is believed here: the header's only use is to find
 * the keys that may be tried, since an algorithm belongs to a key, and keys never come from tokens.
 *
 *	BASE64URL(header) . BASE64URL(claims) . BASE64URL(signature)
 *	'--------- signed --------------------'
 */
enum {
	JWT_MAX = 4096,           /* bytes of a token: half of a request's head */
	JWT_SIGNATURE_MAX = 1024, /* of an RSA key of 8192 bits */
	JWT_MEMBERS_MAX = 64,     /* of an object where names are compared: bounds the work */
};

enum jwt_alg { JWT_HS256, JWT_RS256, JWT_ES256, JWT_EDDSA };

struct jwt {
	enum jwt_alg alg;
	const char *signed_part; /* borrowed from the token */
	size_t signed_len;
	unsigned char signature[JWT_SIGNATURE_MAX];
	size_t signature_len;
	char claims[JWT_MAX]; /* decoded; anything at all until the signature is checked */
	size_t claims_len;
};

/* Takes a token apart: three parts of canonical base64url (no padding, no spare bits), and a header
 * that is a JSON object with an `alg` of ours. No member may be there twice; `crit` and `b64`
 * (RFC 7797), which would change what is signed, are refused; `typ` and all others mean nothing.
 * WHY_REFUSED; the reason quotes nothing of the token. */
int jwt_parse(struct jwt *t, const char *s, size_t len, struct why *w);

/* Adds the signed part of a token with these claims; then jwt_add_signature adds the rest. */
void jwt_encode(struct buf *out, enum jwt_alg alg, const char *claims, size_t len);
void jwt_add_signature(struct buf *out, const unsigned char *signature, size_t len);

/* Whether each name of the object is there once, by its meaning, and there are at most
 * JWT_MEMBERS_MAX: parsers disagree about which of two counts. False when it is no valid object. */
bool jwt_is_unambiguous(const char *object, size_t len);

/* Decodes canonical base64url into dst[0..size): the number of bytes, or -1. */
ptrdiff_t jwt_base64_decode(unsigned char *dst, size_t size, const char *s, size_t len);

#endif
