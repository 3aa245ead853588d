/* SPDX-License-Identifier: MIT */
/* tls: the client's side of TLS by libssl, between two buffers in memory. */
#include "tls.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>

#include "buf.h"

enum { CONTENT_ALERT = 21, CONTENT_HANDSHAKE = 22 }; /* RFC 8446, 5.1: the first byte */

/* Those of libcrypto are found through libssl, which needs it. */
#define FUNCTIONS(X)                        \
	X(TLS_client_method)                \
	X(SSL_CTX_new)                      \
	X(SSL_CTX_free)                     \
	X(SSL_CTX_ctrl)                     \
	X(SSL_CTX_set_default_verify_paths) \
	X(SSL_CTX_load_verify_file)         \
	X(SSL_new)                          \
	X(SSL_free)                         \
	X(SSL_ctrl)                         \
	X(SSL_set_bio)                      \
	X(SSL_set_verify)                   \
	X(SSL_set1_host)                    \
	X(SSL_get0_param)                   \
	X(SSL_set_alpn_protos)              \
	X(SSL_connect)                      \
	X(SSL_read)                         \
	X(SSL_write)                        \
	X(SSL_get_error)                    \
	X(SSL_get_verify_result)            \
	X(SSL_get_version)                  \
	X(SSL_get0_peer_certificate)        \
	X(X509_get0_notAfter)               \
	X(X509_VERIFY_PARAM_set1_ip_asc)    \
	X(X509_verify_cert_error_string)    \
	X(ASN1_TIME_diff)                   \
	X(BIO_new)                          \
	X(BIO_s_mem)                        \
	X(BIO_free)                         \
	X(BIO_read)                         \
	X(BIO_write)                        \
	X(ERR_get_error)                    \
	X(ERR_reason_error_string)          \
	X(ERR_clear_error)

#define MEMBER(name) __typeof__(name) *name;

struct tls {
	void *library;
	FUNCTIONS(MEMBER)
	SSL_CTX *ctx;
	SSL *ssl;
	BIO *in, *out; /* from and to the wire; the SSL's once it is there */
	bool has_begun, is_foreign;
	char *host;
};

static int load(struct tls *t, struct why *w)
{
	t->library = dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL);
	if (t->library == NULL)
		return why_set(w, WHY_UNAVAILABLE,
		    "https:// needs OpenSSL 3's libssl (install libssl3): %s", dlerror());
#define LOAD(name)                                               \
	t->name = (__typeof__(t->name))dlsym(t->library, #name); \
	if (t->name == NULL)                                     \
		return why_set(w, WHY_UNAVAILABLE, "libssl has no " #name ": %s", dlerror());
	FUNCTIONS(LOAD)
	return 0;
}

static int no_memory(struct why *w)
{
	return why_set(w, WHY_UNAVAILABLE, "libssl has no memory");
}

static int trust(struct tls *t, const char *cafile, struct why *w)
{
	if (cafile == NULL) {
		(void)t->SSL_CTX_set_default_verify_paths(t->ctx); /* verification tells */
		return 0;
	}
	if (t->SSL_CTX_load_verify_file(t->ctx, cafile) == 1)
		return 0;
	t->ERR_clear_error();
	return why_set(
	    w, WHY_NOINPUT, "--cafile %s: no certificates in PEM can be read from it", cafile);
}

static bool expect_host(struct tls *t)
{
	struct in6_addr a;

	if (inet_pton(AF_INET, t->host, &a) == 1 || inet_pton(AF_INET6, t->host, &a) == 1)
		return t->X509_VERIFY_PARAM_set1_ip_asc(t->SSL_get0_param(t->ssl), t->host) == 1;
	return t->SSL_set1_host(t->ssl, t->host) == 1 &&
	    t->SSL_ctrl(t->ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, t->host) ==
	    1;
}

static int prepare(struct tls *t, const char *cafile, struct why *w)
{
	/* RFC 7301: without, a server might choose HTTP/2. */
	static const unsigned char protocols[] = "\x08http/1.1";

	t->ctx = t->SSL_CTX_new(t->TLS_client_method());
	if (t->ctx == NULL ||
	    t->SSL_CTX_ctrl(t->ctx, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, NULL) != 1)
		return no_memory(w);
	if (trust(t, cafile, w) < 0)
		return -1;
	t->ssl = t->SSL_new(t->ctx);
	t->in = t->BIO_new(t->BIO_s_mem());
	t->out = t->BIO_new(t->BIO_s_mem());
	if (t->ssl == NULL || t->in == NULL || t->out == NULL) {
		(void)t->BIO_free(t->in);  /* always succeeds; takes NULL */
		(void)t->BIO_free(t->out); /* as above */
		return no_memory(w);
	}
	t->SSL_set_bio(t->ssl, t->in, t->out);
	t->SSL_set_verify(t->ssl, SSL_VERIFY_PEER, NULL);
	if (!expect_host(t) || t->SSL_set_alpn_protos(t->ssl, protocols, sizeof protocols - 1) != 0)
		return no_memory(w);
	return 0;
}

int tls_open(struct tls **out, const char *host, const char *cafile, struct why *w)
{
	struct tls *t = xcalloc(1, sizeof *t);

	t->host = xstrdup(host);
	if (load(t, w) < 0 || prepare(t, cafile, w) < 0) {
		tls_close(t);
		return -1;
	}
	*out = t;
	return 0;
}

void tls_close(struct tls *t)
{
	if (t == NULL)
		return;
	if (t->ssl != NULL)
		t->SSL_free(t->ssl); /* and its BIOs */
	if (t->ctx != NULL)
		t->SSL_CTX_free(t->ctx);
	if (t->library != NULL)
		(void)dlclose(t->library); /* nothing of it is used any more */
	free(t->host);
	free(t);
}

/* --- The handshake */

static int explain(struct tls *t, struct why *w)
{
	long verdict = t->SSL_get_verify_result(t->ssl);
	const char *reason = t->ERR_reason_error_string(t->ERR_get_error());

	t->ERR_clear_error();
	if (verdict != X509_V_OK)
		return why_set(w, WHY_REFUSED, "its certificate is not valid for %s: %s", t->host,
		    t->X509_verify_cert_error_string(verdict));
	return why_set(w, WHY_DATA, "no agreement on TLS: %s",
	    reason != NULL ? reason : "the connection was closed");
}

int tls_shake(struct tls *t, struct why *w)
{
	if (t->is_foreign)
		return why_set(w, WHY_DATA, "what answers there is no TLS");
	int r = t->SSL_connect(t->ssl);
	if (r == 1)
		return 0;
	return t->SSL_get_error(t->ssl, r) == SSL_ERROR_WANT_READ ? TLS_AGAIN : explain(t, w);
}

const char *tls_version(const struct tls *t)
{
	return t->SSL_get_version(t->ssl);
}

int tls_days_left(const struct tls *t)
{
	const X509 *x = t->SSL_get0_peer_certificate(t->ssl);
	int days = 0, seconds = 0;

	if (x != NULL && t->ASN1_TIME_diff(&days, &seconds, NULL, t->X509_get0_notAfter(x)) != 1)
		t->ERR_clear_error(); /* then it is 0 */
	return days;
}

/* --- Bytes */

void tls_put(struct tls *t, const void *p, size_t n)
{
	if (n == 0)
		return;
	if (!t->has_begun) {
		unsigned char first = *(const unsigned char *)p;

		t->is_foreign = first != CONTENT_HANDSHAKE && first != CONTENT_ALERT;
	}
	t->has_begun = true;
	(void)t->BIO_write(t->in, p, (int)n); /* of memory: all of it, or there is none */
}

size_t tls_take(struct tls *t, void *p, size_t size)
{
	int n = t->BIO_read(t->out, p, (int)size);

	return n > 0 ? (size_t)n : 0;
}

ssize_t tls_read(struct tls *t, void *p, size_t size, struct why *w)
{
	int n = t->SSL_read(t->ssl, p, (int)size);

	if (n > 0)
		return n;
	switch (t->SSL_get_error(t->ssl, n)) {
	case SSL_ERROR_WANT_READ:
		return TLS_AGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	default:
		return explain(t, w);
	}
}

int tls_write(struct tls *t, const void *p, size_t n, struct why *w)
{
	if (n == 0)
		return 0;
	/* The buffer behind it grows as needed, so this takes all or fails. */
	return t->SSL_write(t->ssl, p, (int)n) == (int)n ? 0 : explain(t, w);
}
