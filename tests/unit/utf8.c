/* SPDX-License-Identifier: MIT */
#include "utf8.h"
#include "t.h"

#include <stdint.h>

/* c as RFC 3629, section 3, spells it; surrogates too. */
static int encode(uint32_t c, char *out)
{
	int n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (int i = n - 1; i > 0; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(n == 1 ? c : (0xf00u >> n & 0xff) | c);
	return n;
}

static void every_character_is_valid(void)
{
	int whole = 1, cut = 1, surrogates = 1;

	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		char s[4];
		int n = encode(c, s);

		if (c >= 0xd800 && c <= 0xdfff) {
			surrogates &= utf8_char(s, (size_t)n) == 0;
			continue;
		}
		whole &= utf8_char(s, (size_t)n) == n;
		for (int i = 0; i < n; i++)
			cut &= utf8_char(s, (size_t)i) == -1;
	}
	ok(whole, "every character is told by its length");
	ok(cut, "every character that is cut is told as a beginning");
	ok(surrogates, "no surrogate is a character");
}

/* Of all sequences of up to three bytes, as many are valid as RFC 3629 has characters. */
static void nothing_else_is(void)
{
	int count[4] = {0};

	for (unsigned i = 0; i < 1u << 24; i++) {
		char s[3] = {(char)(i >> 16), (char)(i >> 8), (char)i};
		int n = utf8_char(s, 3);

		if (n > 0)
			count[n]++;
	}
	ok(count[1] == 128 << 16 && count[2] == (0x800 - 0x80) << 8 &&
		count[3] == 0x10000 - 0x800 - 0x800,
	    "and there are no others of up to three bytes");
}

static void bad_bytes_are_told(void)
{
	static const char *const bad[] = {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80",
	    "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf",
	    "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xfe", "\xff", "\xc3(",
	    "\xe2\x82(", "\xf0\x9f\x98("};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ok(utf8_char(bad[i], strlen(bad[i])) == 0, "bad sequence number %zu is told", i);
	ok(utf8_char("\xe0\x80", 2) == 0 && utf8_char("\xf4\x90", 2) == 0,
	    "a beginning that cannot become valid is bad at once");
}

static void valid_front_is_measured(void)
{
	char s[64];
	int good = 1;

	for (size_t at = 0; at < sizeof s; at++) {
		memset(s, 'a', sizeof s);
		s[at] = '\xff';
		good &= utf8_valid(s, sizeof s) == at;
	}
	ok(good, "a bad byte is found wherever it stands");
	ok(utf8_valid("", 0) == 0, "nothing is valid");
	ok(utf8_valid("12345678\xe2\x82\xac"
		      "12345678",
	       19) == 19,
	    "text of both kinds is valid");
	ok(utf8_valid("12345678\xe2\x82", 10) == 8, "a cut character does not count");
	ok(utf8_valid("a\0b", 3) == 3, "NUL is a character");
}

int main(void)
{
	every_character_is_valid();
	nothing_else_is();
	bad_bytes_are_told();
	valid_front_is_measured();
	return t_done();
}
