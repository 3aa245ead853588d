/* SPDX-License-Identifier: MIT */
/* crypto: keys and signatures by libcrypto, loaded when needed. */
#include "crypto.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"

enum {
	FILE_MAX = 64 * 1024,
	SECRET_MIN = 32, /* RFC 7518, 3.2: as long as the hash */
	RSA_BITS_MIN = 2048,
	RSA_BITS_MAX = JWT_SIGNATURE_MAX * 8,
	P256_BYTES = 32,
};

#define FUNCTIONS(X)               \
	X(BIO_new_mem_buf)         \
	X(BIO_free)                \
	X(PEM_read_bio_PUBKEY)     \
	X(PEM_read_bio_PrivateKey) \
	X(d2i_PUBKEY)              \
	X(EVP_PKEY_free)           \
	X(EVP_PKEY_get_base_id)    \
	X(EVP_PKEY_get_bits)       \
	X(EVP_PKEY_get_group_name) \
	X(EVP_MD_CTX_new)          \
	X(EVP_MD_CTX_free)         \
	X(EVP_DigestVerifyInit)    \
	X(EVP_DigestVerify)        \
	X(EVP_DigestSignInit)      \
	X(EVP_DigestSign)          \
	X(EVP_sha256)              \
	X(HMAC)                    \
	X(CRYPTO_memcmp)           \
	X(ECDSA_SIG_new)           \
	X(ECDSA_SIG_free)          \
	X(ECDSA_SIG_set0)          \
	X(ECDSA_SIG_get0)          \
	X(i2d_ECDSA_SIG)           \
	X(d2i_ECDSA_SIG)           \
	X(BN_bin2bn)               \
	X(BN_bn2binpad)            \
	X(BN_free)                 \
	X(ERR_clear_error)

#define MEMBER(name) __typeof__(name) *name;

struct crypto_key {
	void *library;
	FUNCTIONS(MEMBER)
	enum jwt_alg alg;
	EVP_PKEY *pkey; /* NULL for a secret */
	bool is_private, is_exposed;
	char *text; /* the file; the secret stands in it */
	size_t len;
};

static int load(struct crypto_key *k, struct why *w)
{
	k->library = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL);
	if (k->library == NULL)
		return why_set(w, WHY_UNAVAILABLE,
		    "--key needs OpenSSL 3's libcrypto (install libssl3): %s", dlerror());
#define LOAD(name)                                               \
	k->name = (__typeof__(k->name))dlsym(k->library, #name); \
	if (k->name == NULL)                                     \
		return why_set(w, WHY_UNAVAILABLE, "libcrypto has no " #name ": %s", dlerror());
	FUNCTIONS(LOAD)
	return 0;
}

/* --- Files */

static int read_all(struct crypto_key *k, int fd, const char *path, struct why *w)
{
	ssize_t n;

	k->text = xmalloc(FILE_MAX + 1);
	while (k->len <= FILE_MAX && (n = read(fd, k->text + k->len, FILE_MAX + 1 - k->len)) != 0) {
		if (n < 0 && errno != EINTR)
			return why_errno(w, WHY_NOINPUT, "--key %s", path);
		k->len += n > 0 ? (size_t)n : 0;
	}
	if (k->len > FILE_MAX)
		return why_set(
		    w, WHY_USAGE, "--key %s: a key has at most %d bytes", path, FILE_MAX);
	return 0;
}

static int read_file(struct crypto_key *k, const char *path, struct why *w)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return why_errno(w, WHY_NOINPUT, "--key %s", path);
	int r = read_all(k, fd, path, w);
	k->is_exposed = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IROTH);
	(void)close(fd); /* only read */
	return r;
}

/* --- Keys */

/* An encrypted key must not make OpenSSL ask the terminal. */
static int no_passphrase(char *to, int size, int rwflag, void *arg)
{
	(void)to, (void)size, (void)rwflag, (void)arg;
	return -1;
}

static void read_pem(struct crypto_key *k)
{
	BIO *bio = k->BIO_new_mem_buf(k->text, (int)k->len);

	if (bio != NULL)
		k->pkey = k->PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);
	(void)k->BIO_free(bio); /* always succeeds; takes NULL */
	if (k->pkey != NULL)
		return;
	bio = k->BIO_new_mem_buf(k->text, (int)k->len);
	if (bio != NULL)
		k->pkey = k->PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	(void)k->BIO_free(bio); /* as above */
	k->is_private = k->pkey != NULL;
}

static int find_alg(struct crypto_key *k, const char *path, struct why *w)
{
	char group[64];
	int bits;

	switch (k->EVP_PKEY_get_base_id(k->pkey)) {
	case EVP_PKEY_RSA:
		k->alg = JWT_RS256;
		bits = k->EVP_PKEY_get_bits(k->pkey);
		if (bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX)
			return 0;
		return why_set(w, WHY_USAGE, "--key %s: an RSA key of %d bits; %d to %d are meant",
		    path, bits, RSA_BITS_MIN, RSA_BITS_MAX);
	case EVP_PKEY_EC:
		k->alg = JWT_ES256;
		if (k->EVP_PKEY_get_group_name(k->pkey, group, sizeof group, NULL) == 1 &&
		    strcmp(group, "prime256v1") == 0)
			return 0;
		return why_set(w, WHY_USAGE, "--key %s: an EC key that is not on P-256", path);
	case EVP_PKEY_ED25519:
		k->alg = JWT_EDDSA;
		return 0;
	default:
		return why_set(w, WHY_USAGE,
		    "--key %s: not a key for RS256, ES256 (P-256) or EdDSA (Ed25519)", path);
	}
}

static bool has(const struct crypto_key *k, const char *text)
{
	return memmem(k->text, k->len, text, strlen(text)) != NULL;
}

/* The name of a format of public keys that is not ours, else NULL. */
static const char *foreign_format(struct crypto_key *k)
{
	const unsigned char *p = (const unsigned char *)k->text;

	if (has(k, "ssh-rsa ") || has(k, "ssh-ed25519 ") || has(k, "ecdsa-sha2-"))
		return "OpenSSH";
	if (strchr("{[", k->text[strspn(k->text, " \t\r\n")]) != NULL &&
	    json_is_valid(k->text, k->len))
		return "JSON (JWK)";
	k->pkey = k->d2i_PUBKEY(NULL, &p, (long)k->len);
	return k->pkey != NULL ? "DER" : NULL;
}

static int find_key(struct crypto_key *k, const char *path, struct why *w)
{
	const char *format;

	k->text[k->len] = '\0';
	/* A damaged PEM block too: nobody should have a public key for a secret. */
	if (has(k, "-----")) {
		read_pem(k);
		k->ERR_clear_error();
		if (k->pkey == NULL)
			return why_set(w, WHY_USAGE,
			    "--key %s: no public key in PEM, nor a private one without passphrase",
			    path);
		return find_alg(k, path, w);
	}
	format = foreign_format(k);
	k->ERR_clear_error();
	if (format != NULL)
		return why_set(w, WHY_USAGE,
		    "--key %s: this is a key in %s; convert it to PEM (openssl pkey -pubout)", path,
		    format);
	k->alg = JWT_HS256;
	k->len -= k->len > 0 && k->text[k->len - 1] == '\n';
	if (k->len >= SECRET_MIN)
		return 0;
	return why_set(w, WHY_USAGE,
	    "--key %s: a secret of %zu bytes; at least %d are meant (openssl rand -hex 32)", path,
	    k->len, SECRET_MIN);
}

int crypto_key_open(struct crypto_key **out, const char *path, struct why *w)
{
	struct crypto_key *k = xcalloc(1, sizeof *k);

	if (read_file(k, path, w) < 0 || load(k, w) < 0 || find_key(k, path, w) < 0) {
		crypto_key_close(k);
		return -1;
	}
	*out = k;
	return 0;
}

void crypto_key_close(struct crypto_key *k)
{
	if (k == NULL)
		return;
	if (k->pkey != NULL)
		k->EVP_PKEY_free(k->pkey);
	if (k->text != NULL)
		explicit_bzero(k->text, FILE_MAX + 1);
	if (k->library != NULL)
		(void)dlclose(k->library); /* nothing of it is used any more */
	free(k->text);
	free(k);
}

enum jwt_alg crypto_key_alg(const struct crypto_key *k)
{
	return k->alg;
}

/* It can sign, and nobody else should read its file. */
static bool is_secret(const struct crypto_key *k)
{
	return k->pkey == NULL || k->is_private;
}

bool crypto_key_is_exposed(const struct crypto_key *k)
{
	return k->is_exposed && is_secret(k);
}

/* --- Signatures */

static bool hmac(const struct crypto_key *k, const void *p, size_t len, unsigned char mac[32])
{
	unsigned n = 0;

	return k->HMAC(k->EVP_sha256(), k->text, (int)k->len, p, len, mac, &n) != NULL && n == 32;
}

/* Ed25519 has its hash within. */
static const EVP_MD *digest(const struct crypto_key *k)
{
	return k->alg == JWT_EDDSA ? NULL : k->EVP_sha256();
}

static bool verify_der(
    const struct crypto_key *k, const void *p, size_t len, const unsigned char *signature, size_t n)
{
	EVP_MD_CTX *ctx = k->EVP_MD_CTX_new();
	bool good = ctx != NULL &&
	    k->EVP_DigestVerifyInit(ctx, NULL, digest(k), NULL, k->pkey) == 1 &&
	    k->EVP_DigestVerify(ctx, signature, n, p, len) == 1;

	k->EVP_MD_CTX_free(ctx);
	k->ERR_clear_error(); /* a wrong signature is no error of ours, and must not pile up */
	return good;
}

/* From r and s, 32 bytes each, to OpenSSL's DER; its length, or -1. The caller frees *der. */
static int ecdsa_to_der(const struct crypto_key *k, const unsigned char *raw, unsigned char **der)
{
	ECDSA_SIG *sig = k->ECDSA_SIG_new();
	BIGNUM *r = k->BN_bin2bn(raw, P256_BYTES, NULL);
	BIGNUM *s = k->BN_bin2bn(raw + P256_BYTES, P256_BYTES, NULL);
	int n = -1;

	*der = NULL;
	if (sig == NULL || r == NULL || s == NULL || k->ECDSA_SIG_set0(sig, r, s) != 1) {
		k->BN_free(r);
		k->BN_free(s);
	} else {
		unsigned char *to = *der = xmalloc(2 * P256_BYTES + 16);

		n = k->i2d_ECDSA_SIG(sig, &to);
	}
	k->ECDSA_SIG_free(sig);
	return n;
}

static int ecdsa_to_raw(
    const struct crypto_key *k, const unsigned char *der, size_t len, unsigned char *raw)
{
	ECDSA_SIG *sig = k->d2i_ECDSA_SIG(NULL, &der, (long)len);
	const BIGNUM *r, *s;
	int n = -1;

	if (sig != NULL) {
		k->ECDSA_SIG_get0(sig, &r, &s);
		if (k->BN_bn2binpad(r, raw, P256_BYTES) == P256_BYTES &&
		    k->BN_bn2binpad(s, raw + P256_BYTES, P256_BYTES) == P256_BYTES)
			n = 2 * P256_BYTES;
	}
	k->ECDSA_SIG_free(sig);
	return n;
}

bool crypto_verify(const struct crypto_key *k, const void *p, size_t len,
    const unsigned char *signature, size_t signature_len)
{
	unsigned char mac[32], *der;

	switch (k->alg) {
	case JWT_HS256:
		return signature_len == sizeof mac && hmac(k, p, len, mac) &&
		    k->CRYPTO_memcmp(mac, signature, sizeof mac) == 0;
	case JWT_RS256:
	case JWT_EDDSA:
		return verify_der(k, p, len, signature, signature_len);
	case JWT_ES256:
		if (signature_len != 2 * P256_BYTES)
			return false;
		int n = ecdsa_to_der(k, signature, &der);
		bool good = n > 0 && verify_der(k, p, len, der, (size_t)n);
		free(der);
		return good;
	}
	return false;
}

ptrdiff_t crypto_sign(
    const struct crypto_key *k, const void *p, size_t len, unsigned char *signature, struct why *w)
{
	size_t n = JWT_SIGNATURE_MAX;
	unsigned char raw[2 * P256_BYTES];

	if (!is_secret(k))
		return why_set(
		    w, WHY_USAGE, "a public key cannot sign: --key PRIVATE.pem is meant");
	if (k->alg == JWT_HS256)
		return hmac(k, p, len, signature)
		    ? 32
		    : why_set(w, WHY_BUG, "libcrypto refuses to sign");
	EVP_MD_CTX *ctx = k->EVP_MD_CTX_new();
	bool good = ctx != NULL &&
	    k->EVP_DigestSignInit(ctx, NULL, digest(k), NULL, k->pkey) == 1 &&
	    k->EVP_DigestSign(ctx, signature, &n, p, len) == 1;
	k->EVP_MD_CTX_free(ctx);
	if (good && k->alg == JWT_ES256) {
		good = ecdsa_to_raw(k, signature, n, raw) > 0;
		memcpy(signature, raw, sizeof raw);
		n = sizeof raw;
	}
	k->ERR_clear_error();
	return good ? (ptrdiff_t)n : why_set(w, WHY_BUG, "libcrypto refuses to sign");
}
