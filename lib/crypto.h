/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_CRYPTO_H
#define SPOUT_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>

#include "jwt.h"
#include "why.h"

/*
 * Keys for tokens, on OpenSSL 3's libcrypto, which is loaded when the first key is opened, not
 * before: linked, it would cost every start of every command.
 *
 * A key decides by itself what it can be used for: a secret HS256, an RSA key of 2048 to 8192 bits
 * RS256, an EC key on P-256 ES256, an Ed25519 key EdDSA.
 */
struct crypto_key;

/* Reads a key from a file. One with a PEM block is a key in PEM: public (SPKI, or PKCS#1), or
 * private without a passphrase. Anything else is a secret of 32 bytes or more, with one newline at
 * the end dropped; but what is known to be a public key in another format (JWK, OpenSSH, DER) is
 * refused, since as a secret it would be one that everybody knows. WHY_USAGE: no such key;
 * WHY_NOINPUT: no such file; WHY_UNAVAILABLE: no libcrypto. */
int crypto_key_open(struct crypto_key **key, const char *path, struct why *w);
void crypto_key_close(struct crypto_key *key);

enum jwt_alg crypto_key_alg(const struct crypto_key *key);

/* Whether its file is a secret and may be read by everybody on the machine. */
bool crypto_key_is_exposed(const struct crypto_key *key);

/* Whether this is the key's signature of p[0..len), in the form that JWS has it: for ES256 r and s
 * of 32 bytes each. HS256 is compared in constant time. */
bool crypto_verify(const struct crypto_key *key, const void *p, size_t len,
    const unsigned char *signature, size_t signature_len);

/* Writes the signature into signature[0..JWT_SIGNATURE_MAX): its length, or -1 with w. */
ptrdiff_t crypto_sign(const struct crypto_key *key, const void *p, size_t len,
    unsigned char *signature, struct why *w);

#endif
