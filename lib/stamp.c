/* SPDX-License-Identifier: MIT */
/* stamp: what a load's message says of itself, written and read. */
#include <endian.h>
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

/* --- Hex, eight digits at a time, each a byte of one word: a stamp has sixty of them, and a digit
 * at a time they were half of what a message costs. */

enum { DIGITS = 8 };

static const uint64_t each = 0x0101010101010101;

/* From a byte's value below 16 to its digit: what is above 9 is 39 further on in ASCII. */
static uint64_t to_digits(uint64_t values)
{
	return values + each * '0' + ((values + each * 6) >> 4 & each) * ('a' - '0' - 10);
}

static void put_hex(char *to, uint32_t n)
{
	uint64_t w = n;

	w = (w << 16 | w) & 0x0000ffff0000ffff;
	w = (w << 8 | w) & 0x00ff00ff00ff00ff;
	w = (w << 4 | w) & 0x0f0f0f0f0f0f0f0f;
	w = htobe64(to_digits(w));
	memcpy(to, &w, DIGITS);
}

/* False when one of the eight is no digit. */
static bool get_hex(const char *from, uint32_t *n)
{
	uint64_t digits, w;

	memcpy(&digits, from, DIGITS);
	digits = be64toh(digits);
	w = (digits & each * 15) + (digits >> 6 & each) * 9;
	/* Of more values than sixteen, one at most has this digit. */
	if (to_digits(w & each * 15) != digits)
		return false;
	w = (w | w >> 4) & 0x00ff00ff00ff00ff;
	w = (w | w >> 8) & 0x0000ffff0000ffff;
	*n = (uint32_t)(w | w >> 16);
	return true;
}

/* --- Writing */

void audit_restamp(char *to, size_t size, const struct audit_stamp *s)
{
	put_hex(to + AT_RUN, s->run);
	put_hex(to + AT_LANE, s->lane);
	/* Twelve digits: the eight in front of the last four, which are written again. */
	put_hex(to + AT_SEQ, (uint32_t)(s->seq >> 16));
	put_hex(to + AT_SEQ + 4, (uint32_t)s->seq);
	put_hex(to + AT_TIME, (uint32_t)((uint64_t)s->time_ns >> 32));
	put_hex(to + AT_TIME + DIGITS, (uint32_t)s->time_ns);
	put_hex(to + AT_CRC, audit_crc(0, to + AT_RUN, size - AT_RUN));
}

void audit_stamp(char *to, size_t size, const struct audit_stamp *s)
{
	memcpy(to, "spb1.........", AT_CRC);
	to[AT_RUN - 1] = to[AT_LANE - 1] = to[AT_SEQ - 1] = to[AT_TIME - 1] = to[AT_LENGTH - 1] =
	    to[END - 1] = '.';
	put_hex(to + AT_LENGTH, (uint32_t)size);
	for (size_t i = END; i < size; i++)
		to[i] = (char)('a' + i % 26);
	audit_restamp(to, size, s);
}

/* --- Reading */

static bool read_stamp(const char *p, size_t len, struct audit_stamp *s)
{
	uint32_t crc, high, low, time_high, time_low, size;

	if (len < END || p[AT_RUN - 1] != '.' || !get_hex(p + AT_CRC, &crc) ||
	    !get_hex(p + AT_RUN, &s->run) || !get_hex(p + AT_LANE, &s->lane) ||
	    !get_hex(p + AT_SEQ, &high) || !get_hex(p + AT_SEQ + 4, &low) ||
	    !get_hex(p + AT_TIME, &time_high) || !get_hex(p + AT_TIME + DIGITS, &time_low) ||
	    !get_hex(p + AT_LENGTH, &size) || size < END || size > len)
		return false;
	s->seq = (uint64_t)high << 16 | (low & 0xffff);
	s->time_ns = (int64_t)((uint64_t)time_high << 32 | time_low);
	return audit_crc(0, p + AT_RUN, size - AT_RUN) == crc;
}

/* Where "spb1." begins; NULL: nowhere. A search for one letter is four times as fast as memmem. */
static const char *find_mark(const char *text, size_t len)
{
	const char *p = text, *end = text + len;

	while (end - p >= AT_CRC && (p = memchr(p, 's', (size_t)(end - p) - AT_CRC + 1)) != NULL) {
		if (memcmp(p, "spb1.", AT_CRC) == 0)
			return p;
		p++;
	}
	return NULL;
}

enum audit_found audit_find(const char *text, size_t len, struct audit_stamp *s)
{
	const char *p = len > 0 ? find_mark(text, len) : NULL;

	if (p == NULL)
		return AUDIT_NONE;
	return read_stamp(p, len - (size_t)(p - text), s) ? AUDIT_GOOD : AUDIT_DAMAGED;
}
