/* SPDX-License-Identifier: MIT */
/* json_text: the contents of JSON strings, in and out of their escaped form (json.h). */
#include "json.h"

#include <string.h>

#include "number.h"

int json_hex4(const char *s)
{
	int v = 0;

	for (int i = 0; i < 4; i++) {
		int digit = number_hex(s[i]);

		if (digit < 0)
			return -1;
		v = v * 16 + digit;
	}
	return v;
}

bool json_means_escaped(struct json_slice raw, const char *plain, size_t n)
{
	/* An escaped byte takes at most six: a longer key cannot be meant. */
	if (raw.s == NULL || raw.len > 6 * n || memchr(raw.s, '\\', raw.len) == NULL)
		return false;
	struct buf b;
	buf_init(&b, raw.len);
	bool same =
	    json_unescape(&b, raw) == 0 && b.len == n && memcmp(buf_head(&b), plain, n) == 0;
	buf_fini(&b);
	return same;
}

/* Whether one of the eight bytes at s needs an escape: below 0x20, a quote or a backslash. Each
 * term has a byte's high bit where that byte, less a constant, borrowed (Mycroft, 1987); a borrow
 * from a byte that needs one may raise a false alarm behind it, never hide one. */
static bool needs_escape(const char *s)
{
	const uint64_t ones = UINT64_MAX / 255;
	uint64_t v, quote, slash;

	memcpy(&v, s, sizeof v);
	quote = v ^ ones * '"';
	slash = v ^ ones * '\\';
	return ((((v - ones * 0x20) & ~v) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) &
		   ones * 0x80) != 0;
}

int json_escape(struct buf *out, const char *s, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	static const char shorts[0x20] = {
	    ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
	size_t plain = 0; /* start of the bytes that need no escape */

	for (size_t i = 0; i < len; i++) {
		while (len - i > 8 && !needs_escape(s + i))
			i += 8;
		unsigned char c = (unsigned char)s[i];
		char esc[6] = {'\\', (char)c, '0', '0'};
		size_t n = 2;

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		if (c < 0x20 && shorts[c] != 0) {
			esc[1] = shorts[c];
		} else if (c < 0x20) {
			esc[1] = 'u';
			esc[4] = hex[c >> 4];
			esc[5] = hex[c & 15];
			n = 6;
		}
		if (buf_add(out, s + plain, i - plain) < 0 || buf_add(out, esc, n) < 0)
			return -1;
		plain = i + 1;
	}
	return buf_add(out, s + plain, len - plain);
}

static int add_codepoint(struct buf *out, int c)
{
	char u[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const int lead[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		u[i] = (char)(0x80 | (c & 0x3f));
	u[0] = (char)(n == 1 ? c : lead[n] | c);
	return buf_add(out, u, n);
}

/* Reads \uXXXX, with its second half when it is a surrogate; returns the bytes read. */
static size_t read_unicode(const char *s, size_t len, int *c)
{
	*c = json_hex4(s + 2);
	if (*c < 0xd800 || *c > 0xdfff)
		return 6;
	int low = *c < 0xdc00 && len >= 12 && s[6] == '\\' && s[7] == 'u' ? json_hex4(s + 8) : -1;
	if (low < 0xdc00 || low > 0xdfff) {
		*c = 0xfffd;
		return 6;
	}
	*c = 0x10000 + ((*c - 0xd800) << 10) + (low - 0xdc00);
	return 12;
}

int json_unescape(struct buf *out, struct json_slice raw)
{
	const char *s = raw.s, *end = raw.s + raw.len;

	while (s < end) {
		const char *slash = memchr(s, '\\', (size_t)(end - s));
		const char *upto = slash != NULL ? slash : end;

		if (buf_add(out, s, (size_t)(upto - s)) < 0)
			return -1;
		if (slash == NULL)
			break;
		static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
		if (slash[1] == 'u') {
			int c;

			s = slash + read_unicode(slash, (size_t)(end - slash), &c);
			if (add_codepoint(out, c) < 0)
				return -1;
		} else {
			if (buf_addc(out, to[strchr(from, slash[1]) - from]) < 0)
				return -1;
			s = slash + 2;
		}
	}
	return 0;
}

size_t json_meaning_len(struct json_slice raw)
{
	size_t n = 0;
	const char *s = raw.s, *end = raw.s + raw.len;

	while (s < end) {
		const char *slash = memchr(s, '\\', (size_t)(end - s));
		int c;

		if (slash == NULL)
			return n + (size_t)(end - s);
		n += (size_t)(slash - s);
		if (slash[1] != 'u') {
			n++;
			s = slash + 2;
		} else {
			s = slash + read_unicode(slash, (size_t)(end - slash), &c);
			n += c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
		}
	}
	return n;
}
