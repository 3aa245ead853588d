/* SPDX-License-Identifier: MIT */
/* stamp: what a load's message says of itself, written and read. */
#include <string.h>

#include "audit.h"

/* Where each part begins. */
enum { AT_CRC = 5, AT_RUN = 14, AT_LANE = 23, AT_SEQ = 32, AT_TIME = 45, AT_LENGTH = 62, END = 71 };

_Static_assert((int)END == (int)AUDIT_STAMP_MIN, "the parts fill the stamp");

/* --- CRC-32C, eight bytes at a time ("slicing by 8"): a message costs less than its system call's
 * share. The table is made when it is first used: 8 KB of digits would teach nobody anything. */

static const uint32_t *crc_table(void)
{
	static uint32_t table[8 * 256];

	if (table[1] != 0)
		return table;
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int k = 0; k < 8; k++)
			c = c >> 1 ^ (c & 1 ? 0x82f63b78u : 0); /* Castagnoli, bits reversed */
		table[i] = c;
	}
	for (uint32_t i = 256; i < 8 * 256; i++)
		table[i] = table[i - 256] >> 8 ^ table[table[i - 256] & 0xff];
	return table;
}

#ifdef __x86_64__
/* The processor's own instruction, which is for this polynomial. */
__attribute__((target("sse4.2"))) static uint32_t crc_by_processor(
    uint32_t crc, const unsigned char *s, size_t len)
{
	uint64_t c = crc, word;

	for (; len >= 8; len -= 8, s += 8) {
		memcpy(&word, s, 8);
		c = __builtin_ia32_crc32di(c, word);
	}
	for (; len > 0; len--)
		c = __builtin_ia32_crc32qi((uint32_t)c, *s++);
	return (uint32_t)c;
}
#endif

static uint32_t crc_by_table(uint32_t crc, const unsigned char *s, size_t len)
{
	const uint32_t *t = crc_table();

	for (; len >= 8; len -= 8, s += 8) {
		uint32_t low = crc ^
		    ((uint32_t)s[0] | (uint32_t)s[1] << 8 | (uint32_t)s[2] << 16 |
			(uint32_t)s[3] << 24);

		crc = t[7 * 256 + (low & 0xff)] ^ t[6 * 256 + (low >> 8 & 0xff)] ^
		    t[5 * 256 + (low >> 16 & 0xff)] ^ t[4 * 256 + (low >> 24)] ^ t[3 * 256 + s[4]] ^
		    t[2 * 256 + s[5]] ^ t[256 + s[6]] ^ t[s[7]];
	}
	for (; len > 0; len--)
		crc = crc >> 8 ^ t[(crc ^ *s++) & 0xff];
	return crc;
}

uint32_t audit_crc(uint32_t crc, const void *p, size_t len)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2"))
		return ~crc_by_processor(~crc, p, len);
#endif
	return ~crc_by_table(~crc, p, len);
}

/* --- Writing */

static void put_hex(char *to, unsigned digits, uint64_t n)
{
	for (unsigned i = digits; i > 0; i--, n >>= 4)
		to[i - 1] = "0123456789abcdef"[n & 15];
}

void audit_restamp(char *to, size_t size, const struct audit_stamp *s)
{
	put_hex(to + AT_RUN, 8, s->run);
	put_hex(to + AT_LANE, 8, s->lane);
	put_hex(to + AT_SEQ, 12, s->seq);
	put_hex(to + AT_TIME, 16, (uint64_t)s->time_ns);
	put_hex(to + AT_CRC, 8, audit_crc(0, to + AT_RUN, size - AT_RUN));
}

void audit_stamp(char *to, size_t size, const struct audit_stamp *s)
{
	memcpy(to, "spb1.........", AT_CRC);
	to[AT_RUN - 1] = to[AT_LANE - 1] = to[AT_SEQ - 1] = to[AT_TIME - 1] = to[AT_LENGTH - 1] =
	    to[END - 1] = '.';
	put_hex(to + AT_LENGTH, 8, size);
	for (size_t i = END; i < size; i++)
		to[i] = (char)('a' + i % 26);
	audit_restamp(to, size, s);
}

/* --- Reading */

/* What a digit means, one more than that, so that 0 is none. */
static const unsigned char digits_of[256] = {['0'] = 1,
    ['1'] = 2,
    ['2'] = 3,
    ['3'] = 4,
    ['4'] = 5,
    ['5'] = 6,
    ['6'] = 7,
    ['7'] = 8,
    ['8'] = 9,
    ['9'] = 10,
    ['a'] = 11,
    ['b'] = 12,
    ['c'] = 13,
    ['d'] = 14,
    ['e'] = 15,
    ['f'] = 16};

/* False when one of the digits is none. Without a branch in the loop: a message has sixty. */
static bool get_hex(const char *s, unsigned digits, uint64_t *n)
{
	unsigned bad = 0;

	for (*n = 0; digits > 0; digits--, s++) {
		unsigned digit = digits_of[(unsigned char)*s] - 1u;

		bad |= digit;
		*n = *n << 4 | (digit & 15);
	}
	return bad < 16;
}

static bool read_stamp(const char *p, size_t len, struct audit_stamp *s)
{
	uint64_t crc, run, lane, time, size;

	if (len < END || p[AT_RUN - 1] != '.' || !get_hex(p + AT_CRC, 8, &crc) ||
	    !get_hex(p + AT_RUN, 8, &run) || !get_hex(p + AT_LANE, 8, &lane) ||
	    !get_hex(p + AT_SEQ, 12, &s->seq) || !get_hex(p + AT_TIME, 16, &time) ||
	    !get_hex(p + AT_LENGTH, 8, &size) || size < END || size > len)
		return false;
	s->run = (uint32_t)run;
	s->lane = (uint32_t)lane;
	s->time_ns = (int64_t)time;
	return audit_crc(0, p + AT_RUN, size - AT_RUN) == crc;
}

enum audit_found audit_find(const char *text, size_t len, struct audit_stamp *s)
{
	const char *p = len > 0 ? memmem(text, len, "spb1.", AT_CRC) : NULL;

	if (p == NULL)
		return AUDIT_NONE;
	return read_stamp(p, len - (size_t)(p - text), s) ? AUDIT_GOOD : AUDIT_DAMAGED;
}
