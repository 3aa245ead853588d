/* SPDX-License-Identifier: MIT */
/* A spool file may hold anything after a crash: no record reads beyond its bytes, a file that is
 * cut gives a beginning of its records, and what stands in front of damage does not change. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "spool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads all records; the digest of each goes to digests, at most max of them. Returns how many. */
static size_t read_all(const char *s, size_t len, uint64_t *digests, size_t max)
{
	size_t at = 0, n, count = 0, payload_len;
	const char *payload;
	char kind;

	while ((n = spool_record(s + at, len - at, &kind, &payload, &payload_len)) > 0) {
		uint64_t h = (unsigned char)kind;

		if (n > len - at || payload_len > n || payload < s + at ||
		    payload + payload_len != s + at + n)
			abort();
		for (size_t i = 0; i < payload_len; i++)
			h = h * 31 + (unsigned char)payload[i];
		if (count < max)
			digests[count] = h;
		count++;
		at += n;
	}
	return count;
}

static void put32(char *to, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		to[i] = (char)(n >> 8 * i);
}

static uint32_t crc32c(const char *s, size_t len)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned char)s[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0); /* the plainest form of it */
	}
	return ~crc;
}

/* A valid file whose payloads are pieces of data, each as long as its first byte says. */
static void make(struct buf *b, const char *s, size_t len)
{
	while (len > 0) {
		size_t n = (unsigned char)*s < len ? (unsigned char)*s : len;
		char *to = buf_room(b, 9 + n);

		put32(to, (uint32_t)n);
		to[8] = n % 2 ? 'M' : 'R';
		memcpy(to + 9, s, n);
		put32(to + 4, crc32c(to + 8, n + 1));
		b->len += 9 + n;
		n += n == 0;
		s += n;
		len -= n;
	}
}

/* Only as many bytes as there are: a sanitizer sees a read beyond. */
static size_t read_exactly(const char *s, size_t len, uint64_t *digests, size_t max)
{
	char *copy = malloc(len + (len == 0));

	if (copy == NULL)
		abort();
	memcpy(copy, s, len);
	size_t n = read_all(copy, len, digests, max);
	free(copy);
	return n;
}

enum { MAX = 512 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *s = size > 0 ? (const char *)data : "";
	uint64_t all[MAX], some[MAX];
	struct buf b;

	if (size > MAX)
		return 0;
	(void)read_exactly(s, size, all, MAX); /* whatever it gives */
	buf_init(&b, SIZE_MAX / 2);
	make(&b, s, size);
	size_t n = read_exactly(b.len > 0 ? buf_head(&b) : "", b.len, all, MAX);
	for (size_t cut = b.len; cut > 0; cut -= 1 + cut / 40) {
		size_t m = read_exactly(buf_head(&b), cut - 1, some, MAX);

		if (m >= n || memcmp(some, all, m * sizeof *all) != 0)
			abort();
	}
	for (size_t i = 0; i < size && b.len > 0; i++) {
		size_t at = (size_t)data[i] * b.len / 256;

		buf_head(&b)[at] = (char)(buf_head(&b)[at] ^ 1 << i % 8);
		size_t m = read_exactly(buf_head(&b), b.len, some, MAX);
		if (m >= n || memcmp(some, all, m * sizeof *all) != 0)
			abort();
		buf_head(&b)[at] = (char)(buf_head(&b)[at] ^ 1 << i % 8);
	}
	buf_fini(&b);
	return 0;
}
