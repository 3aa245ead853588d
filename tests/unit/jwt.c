/* SPDX-License-Identifier: MIT */
/* Tokens as RFC 7515 (A.1 to A.3) and RFC 8037 (A.4) print them, and what is nearly one. */
#include "crypto.h"
#include "jwt.h"
#include "t.h"

#include <stdlib.h>
#include <unistd.h>

static const char hs_key[] = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4h"
			     "cgUuTwjAzZr1Z9CAow";
static const char rsa_pem[] = "-----BEGIN PUBLIC KEY-----\n"
			      "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJj\n"
			      "NiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEz\n"
			      "P1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo\n"
			      "9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTB\n"
			      "EMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxX\n"
			      "FvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp\n"
			      "oQIDAQAB\n"
			      "-----END PUBLIC KEY-----\n";
static const char ec_pem[] = "-----BEGIN PUBLIC KEY-----\n"
			     "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7\n"
			     "6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
			     "-----END PUBLIC KEY-----\n";
static const char ed_pem[] = "-----BEGIN PUBLIC KEY-----\n"
			     "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
			     "-----END PUBLIC KEY-----\n";
#define CLAIMS                                                                                  \
	"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290I" \
	"jp0cnVlfQ"
static const char hs_token[] = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." CLAIMS
			       ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
static const char rs_token[] =
    "eyJhbGciOiJSUzI1NiJ9." CLAIMS
    ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
    "O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPv"
    "kSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCn"
    "vWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
static const char es_token[] =
    "eyJhbGciOiJFUzI1NiJ9." CLAIMS
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
static const char ed_token[] =
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    ".hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

static struct jwt t;
static struct why w;

/* From memory of exactly that length, so that a read beyond it is seen. Lasts until the next. */
static int parse(const char *s, size_t len)
{
	static char *copy;

	free(copy);
	copy = NULL;
	if (s == NULL)
		return 0;
	copy = malloc(len > 0 ? len : 1);
	memcpy(copy, s, len);
	w.text[0] = '\0';
	return jwt_parse(&t, copy, len, &w);
}

static struct crypto_key *open_key(const void *p, size_t len)
{
	char path[] = "/tmp/spout-jwt.XXXXXX";
	int fd = mkstemp(path);
	struct crypto_key *k = NULL;

	ok(fd >= 0 && write(fd, p, len) == (ssize_t)len && crypto_key_open(&k, path, &w) == 0,
	    "a key is opened");
	(void)close(fd);
	(void)unlink(path);
	return k;
}

static int verify(const struct crypto_key *k)
{
	return crypto_verify(k, t.signed_part, t.signed_len, t.signature, t.signature_len);
}

static void vector(const char *name, struct crypto_key *k, enum jwt_alg alg, const char *token)
{
	int wrong = 0;

	ok(k != NULL && crypto_key_alg(k) == alg, "%s: the key knows its algorithm", name);
	ok(parse(token, strlen(token)) == 0 && t.alg == alg, "%s: the token is read", name);
	ok(verify(k), "%s: the signature is right", name);
	for (size_t i = 0; i < t.signature_len; i++) {
		t.signature[i] ^= 1;
		wrong += verify(k);
		t.signature[i] ^= 1;
	}
	for (size_t n = 0; n < t.signature_len; n++)
		wrong += crypto_verify(k, t.signed_part, t.signed_len, t.signature, n);
	wrong += crypto_verify(k, t.signed_part, t.signed_len, t.signature, t.signature_len + 1);
	wrong += crypto_verify(k, t.signed_part, t.signed_len - 1, t.signature, t.signature_len);
	ok(wrong == 0 && verify(k), "%s: nothing near it is", name);
	crypto_key_close(k);
}

static void vectors(void)
{
	unsigned char secret[64];

	ok(jwt_base64_decode(secret, sizeof secret, hs_key, strlen(hs_key)) == 64, "A.1's key");
	vector("HS256", open_key(secret, sizeof secret), JWT_HS256, hs_token);
	ok(t.claims_len == 70 && memcmp(t.claims, "{\"iss\":\"joe\",\r\n", 15) == 0,
	    "the claims are decoded");
	vector("RS256", open_key(rsa_pem, strlen(rsa_pem)), JWT_RS256, rs_token);
	vector("ES256", open_key(ec_pem, strlen(ec_pem)), JWT_ES256, es_token);
	vector("EdDSA", open_key(ed_pem, strlen(ed_pem)), JWT_EDDSA, ed_token);
	ok(t.claims_len == 26 && memcmp(t.claims, "Example of Ed25519 signing", 26) == 0,
	    "claims that are no JSON are for somebody else to refuse");
}

/* --- Nearly tokens */

/* A token with this header. */
static int parse_header(const char *header)
{
	struct buf b, all;

	buf_init(&b, 100000);
	buf_init(&all, 100000);
	jwt_encode(&b, JWT_HS256, header, strlen(header)); /* as if it were the claims */
	const char *dot = memchr(buf_head(&b), '.', b.len);
	(void)buf_add(&all, dot + 1, b.len - (size_t)(dot + 1 - buf_head(&b)));
	(void)buf_adds(&all, ".e30");
	jwt_add_signature(&all, (const unsigned char *)"x", 1);
	int r = parse(buf_head(&all), all.len);
	buf_fini(&b);
	buf_fini(&all);
	return r;
}

static void headers(void)
{
	static const char *const good[] = {"{\"alg\":\"ES256\"}", " {\"alg\" : \"ES256\" } ",
	    "{\"\\u0061lg\":\"ES25\\u0036\"}", "{\"alg\":\"ES256\",\"\":0}",
	    "{\"alg\":\"ES256\",\"typ\":5,\"kid\":null,\"jwk\":{\"alg\":1,\"alg\":2}}"};
	static const char *const bad[] = {"", "{}", "[]", "null", "{\"alg\":\"none\"}",
	    "{\"alg\":\"None\"}", "{\"alg\":\"es256\"}", "{\"alg\":\"ES256 \"}",
	    "{\"alg\":\"ES256K\"}", "{\"alg\":\"ES25\"}", "{\"alg\":\"ES384\"}",
	    "{\"alg\":\"PS256\"}", "{\"alg\":\"\"}", "{\"alg\":null}", "{\"alg\":[\"ES256\"]}",
	    "{\"alg\":{\"a\":\"ES256\"}}", "{\"Alg\":\"ES256\"}", "{\"typ\":\"JWT\"}",
	    "{\"alg\":\"ES256\"", "{\"alg\":\"ES256\"}x", "{\"alg\":\"ES256\",}",
	    "{\"alg\":\"ES256\",\"alg\":\"ES256\"}", "{\"alg\":\"none\",\"\\u0061lg\":\"ES256\"}",
	    "{\"a\":1,\"alg\":\"ES256\",\"a\":1}", "{\"\":1,\"alg\":\"ES256\",\"\":1}",
	    "{\"alg\":\"ES256\",\"crit\":[]}", "{\"alg\":\"ES256\",\"crit\":[\"exp\"]}",
	    "{\"alg\":\"ES256\",\"\\u0063rit\":null}", "{\"alg\":\"ES256\",\"b64\":false}",
	    "{\"alg\":\"ES256\\u0000\"}"};
	char many[2000] = "{\"alg\":\"ES256\"";

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		ok(parse_header(good[i]) == 0 && t.alg == JWT_ES256, "header %s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(parse_header(bad[i]) == -1 && w.status == WHY_REFUSED, "no header: %s", bad[i]);
	for (int i = 1; i < JWT_MEMBERS_MAX; i++)
		(void)sprintf(strchr(many, '\0'), ",\"%d\":0", i);
	ok(parse_header(strcat(many, "}")) == 0, "a header may have 64 members");
	strcpy(strchr(many, '}'), ",\"x\":0}");
	ok(parse_header(many) == -1, "and no more");
}

static void parts(void)
{
#define H "eyJhbGciOiJFUzI1NiJ9"
	static const char *const bad[] = {"", ".", "..", "...", H, H ".e30", H "..", H "..eA",
	    H ".e30.", ".e30.eA", H ".e30.eA.", H ".e30.eA.eA", "." H ".e30.eA",
	    H ".e30.eA==", H ".e30=.eA", H "=.e30.eA", H ".e30.e", H ".e3.eA", H ".e30.eB",
	    H ".e30.eAB", H ".e30.e+", H ".e30.e/A=", H " .e30.eA", " " H ".e30.eA", H ".e30.eA ",
	    H ".e30.eA\n", H ".e\t30.eA", H "\r\n.e30.eA", H ".e30.\xc3\xa9", H ",e30,eA",
	    H ".e30.eA%3D"};
	char text[JWT_MAX + 2], shown[100];
	int wrong = 0;

	ok(parse(H ".e30.eA", strlen(H ".e30.eA")) == 0 && t.claims_len == 2 &&
		t.signature_len == 1 && t.signature[0] == 'x' && t.signed_len == strlen(H) + 4,
	    "three parts are a token");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(parse(bad[i], strlen(bad[i])) == -1, "no token: <%s>",
		    why_quote(shown, sizeof shown, bad[i], strlen(bad[i])));
	ok(parse(H ".e30.e\0A", strlen(H) + 8) == -1, "nor with a NUL");
	for (size_t n = 0; n < strlen(ed_token); n++)
		wrong += parse(ed_token, n) == 0 && t.signature_len >= 64;
	ok(wrong == 0, "a token that is cut is none, or has a signature that is cut");
	memset(text, 'A', sizeof text);
	memcpy(text, H ".", strlen(H ".")); /* .AAA…A.AA */
	text[JWT_MAX - 5] = '.';
	ok(parse(text, JWT_MAX) == 0 || parse(text, JWT_MAX - 1) == 0 ||
		parse(text, JWT_MAX - 2) == 0,
	    "a token may have 4096 bytes");
	ok(parse(text, JWT_MAX + 1) == -1 && strstr(w.text, "4096") != NULL, "and no more");
	memset(text, 'A', sizeof text);
	memcpy(text, H ".e30.", strlen(H ".e30."));
	ok(parse(text, strlen(H ".e30.") + 1368) == -1, "a signature has at most 1024 bytes");
}

static void base64(void)
{
	unsigned char out[8];

	ok(jwt_base64_decode(out, 3, "AAAA", 4) == 3 && jwt_base64_decode(out, 2, "AAAA", 4) == -1,
	    "the size of the room is kept");
	ok(jwt_base64_decode(out, 8, "-_-_", 4) == 3 && memcmp(out, "\xfb\xff\xbf", 3) == 0,
	    "the alphabet is that of URLs");
	ok(jwt_base64_decode(out, 8, "", 0) == 0 && jwt_base64_decode(out, 8, "A", 1) == -1,
	    "four digits are three bytes, one is none");
}

int main(void)
{
	vectors();
	headers();
	parts();
	base64();
	(void)parse(NULL, 0); /* frees */
	return t_done();
}
