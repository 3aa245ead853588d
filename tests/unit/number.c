/* SPDX-License-Identifier: MIT */
/* number: each edge of what is a number, and of what fits. */
#include "number.h"

#include <inttypes.h>
#include <string.h>

#include "t.h"

static const struct {
	const char *text;
	uint64_t most;
	bool good;
	uint64_t n;
} wholes[] = {
    {"0", 0, true, 0},
    {"7", 7, true, 7},
    {"8", 7, false, 0},
    {"007", 7, true, 7},
    {"65535", 65535, true, 65535},
    {"65536", 65535, false, 0},
    {"9223372036854775807", INT64_MAX, true, INT64_MAX},
    {"9223372036854775808", INT64_MAX, false, 0},
    {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
    {"18446744073709551616", UINT64_MAX, false, 0},
    {"18446744073709551620", UINT64_MAX, false, 0},
    {"184467440737095516150", UINT64_MAX, false, 0},
    {"99999999999999999999999999", UINT64_MAX, false, 0},
    {"000000000000000000000000000001", 1, true, 1},
    {"", 9, false, 0},
    {"+1", 9, false, 0},
    {"-1", UINT64_MAX, false, 0},
    {" 1", 9, false, 0},
    {"1 ", 9, false, 0},
    {"1.0", 9, false, 0},
    {"1e3", UINT64_MAX, false, 0},
    {"0x1", 9, false, 0},
    {"\xd9\xa1", 9, false, 0}, /* ARABIC-INDIC DIGIT ONE */
    {"/", 99, false, 0},       /* the neighbours of the digits */
    {":", 99, false, 0},
};

static void test_wholes(void)
{
	for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++) {
		uint64_t n = 12345;
		bool good =
		    number_parse(wholes[i].text, strlen(wholes[i].text), wholes[i].most, &n);

		ok(good == wholes[i].good, "\"%s\" is %sa number up to %" PRIu64, wholes[i].text,
		    wholes[i].good ? "" : "not ", wholes[i].most);
		ok(n == (good ? wholes[i].n : 12345), "\"%s\" gives %" PRIu64, wholes[i].text, n);
	}
	uint64_t n = 0;
	ok(number_parse("123", 2, 99, &n) && n == 12, "what is behind the length is not looked at");
	ok(!number_parse("1\n", 2, 99, &n), "a newline is no digit");
	ok(!number_parse("1\0002", 3, 99, &n), "and a NUL is none");
}

static void test_scan(void)
{
	static const char text[] = "1732-42x";
	const char *end = text + sizeof text - 1;
	uint64_t n = 0;
	const char *at = number_scan(text, end, UINT64_MAX, &n);

	ok(at == text + 4 && n == 1732, "digits are read up to what is none");
	ok(number_scan(at, end, UINT64_MAX, &n) == NULL && n == 1732, "none at a dash");
	at = number_scan(at + 1, end, UINT64_MAX, &n);
	ok(at == text + 7 && n == 42, "and on from behind it");
	ok(number_scan(text + 8, end, UINT64_MAX, &n) == NULL, "none at the end");
	ok(number_scan(text, text + 2, UINT64_MAX, &n) == text + 2 && n == 17, "the end is heeded");
}

static void test_hex(void)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	int good = 0;

	for (int i = 0; i < 32; i++)
		good += number_hex(digits[i]) == i % 16;
	ok(good == 32, "hexadecimal digits of both cases");
	for (int c = -128; c < 128; c++)
		good -= memchr(digits, (unsigned char)c, 32) == NULL && number_hex((char)c) != -1;
	ok(good == 32, "and nothing else is one");
}

int main(void)
{
	test_wholes();
	test_scan();
	test_hex();
	return t_done();
}
