/* SPDX-License-Identifier: MIT */
/* spool: the format on whole, cut and damaged bytes, and files that are written and read again. */
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "buf.h"
#include "spool.h"
#include "t.h"

enum { HEADER = 9 };

/* The first line and a run record as they must stand in a file, checksum and all. */
static const char golden[] = "spout spool 1\n"
			     "\x14\0\0\0\xaf\xd2\xcd\x6cR0123456789abcdef c:1";

static char dir[] = "/tmp/spout-unit.XXXXXX", path[64];

static struct buf read_path(void)
{
	struct buf b;
	FILE *f = fopen(path, "rb");
	char *room;

	buf_init(&b, 1 << 20);
	room = buf_room(&b, 1 << 16);
	if (f != NULL && room != NULL) {
		b.len = fread(room, 1, 1 << 16, f);
		(void)fclose(f); /* it was only read */
	}
	return b;
}

static void write_path(const char *bytes, size_t len)
{
	FILE *f = fopen(path, "wb");

	if (f == NULL || fwrite(bytes, 1, len, f) != len || fclose(f) != 0)
		abort(); /* no place to test in */
}

/* Fills the file with the messages, a NULL behind them. */
static void fill(const char *const *messages)
{
	struct spool *s;
	struct why w;

	(void)unlink(path); /* it may not be there */
	if (spool_open(&s, path, "c:1", &w) < 0 || spool_begin(s, "0123456789abcdef", &w) < 0)
		abort(); /* as above */
	for (; *messages != NULL; messages++)
		spool_add(s, *messages, strlen(*messages));
	if (spool_write(s, &w) < 0)
		abort(); /* as above */
	spool_close(s);
}

/* How many messages the file gives, all of them equal to those wanted; -1 when one is not. */
static int count(const char *const *wanted)
{
	struct spool *s;
	struct why w;
	const char *msg;
	size_t len;
	int n = 0;

	if (spool_open(&s, path, "c:1", &w) < 0)
		return -2;
	while (n >= 0 && spool_next(s, &msg, &len) == 1)
		n = wanted[n] != NULL && t_eq(msg, len, wanted[n]) ? n + 1 : -1;
	spool_close(s);
	return n;
}

static const char *const three[] = {"{\"a\":1}", "", "{\"c\":\"\x01 three\"}", NULL};

static void test_record(void)
{
	const char *bytes = golden + 14, *payload;
	size_t len = sizeof golden - 1 - 14, payload_len;
	char kind, copy[64];
	int cut = 0, damaged = 0;

	ok(spool_record(bytes, len, &kind, &payload, &payload_len) == len && kind == 'R' &&
		t_eq(payload, payload_len, "0123456789abcdef c:1"),
	    "a record is read: its kind, its payload and its size");
	ok(spool_record(golden + 14, len + 1, &kind, &payload, &payload_len) == len,
	    "what stands behind a record is not of it");
	for (size_t n = 0; n < len; n++) {
		char *exact = xmalloc(n + 1); /* so that a sanitizer sees a read beyond */

		memcpy(exact, bytes, n);
		cut += spool_record(exact, n, &kind, &payload, &payload_len) != 0;
		free(exact);
	}
	ok(cut == 0, "a record that is cut anywhere is none");
	for (size_t bit = 0; bit < len * 8; bit++) {
		memcpy(copy, bytes, len);
		copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
		damaged += spool_record(copy, len, &kind, &payload, &payload_len) != 0;
	}
	ok(damaged == 0, "a record with any bit turned is none");
	ok(spool_record("\xff\xff\xff\xff\0\0\0\0M", 9, &kind, &payload, &payload_len) == 0,
	    "a length beyond all bounds is none");
	ok(spool_record("\0\0\0\0\0\0\0\0\0\0\0\0", 12, &kind, &payload, &payload_len) == 0,
	    "zeros, as a file system may leave behind, are no record");
}

static void test_file(void)
{
	const char *const none[] = {NULL};

	fill(none);
	struct buf b = read_path();
	ok(b.len == sizeof golden - 1 && memcmp(buf_head(&b), golden, b.len) == 0,
	    "the file begins with its line and the run, byte for byte");
	buf_fini(&b);
	fill(three);
	ok(count(three) == 3, "what was written is read again, empty and with control bytes too");
	ok(count(three) == 3, "and again: reading changes nothing");
	struct spool *s;
	struct why w;
	ok(spool_open(&s, path, "c:1", &w) == 0 && strcmp(spool_run(s), "0123456789abcdef") == 0,
	    "the run is the one that began the file");
	struct spool *other;
	ok(spool_open(&other, path, "c:1", &w) < 0 && w.status == WHY_TIMEOUT,
	    "a second one at the same time is refused");
	spool_close(s);
	ok(spool_open(&other, path, "c:2", &w) < 0 && w.status == WHY_DATA &&
		strstr(w.text, "c:1") != NULL,
	    "another channel's is refused, and named");
}

static void test_cut(void)
{
	fill(three);
	struct buf whole = read_path();
	int last = 0, bad = 0;

	for (size_t n = 0; n <= whole.len; n++) {
		write_path(buf_head(&whole), n);
		int got = count(three);

		bad += got < last || got > 3;
		last = got;
	}
	ok(bad == 0 && last == 3, "a file cut anywhere gives a beginning of its messages");
	bad = 0;
	for (size_t at = sizeof golden - 1; at < whole.len; at++) {
		buf_head(&whole)[at] ^= 0x20;
		write_path(buf_head(&whole), whole.len);
		bad += count(three) < 0 || count(three) > 2;
		buf_head(&whole)[at] ^= 0x20;
	}
	ok(bad == 0, "a byte that is damaged in a message ends the file in front of it");
	buf_fini(&whole);
}

static void test_goes_on(void)
{
	static const char *const wanted[] = {"one", "two", NULL};
	const char *msg;
	size_t len;
	struct spool *s;
	struct why w;

	fill((const char *const[]){"one", "gone", NULL});
	struct buf b = read_path();
	write_path(buf_head(&b), b.len - 1);
	buf_fini(&b);
	if (spool_open(&s, path, "c:1", &w) < 0)
		abort(); /* as above */
	while (spool_next(s, &msg, &len) > 0)
		;
	spool_add(s, "two", 3);
	ok(spool_write(s, &w) == 0 && spool_sync(s, &w) == 0, "it goes on behind what was torn");
	spool_close(s);
	ok(count(wanted) == 2, "and then all of it is read");
}

static void test_reset(void)
{
	static const char *const wanted[] = {"behind", NULL};
	struct spool *s;
	struct why w;

	fill(three);
	if (spool_open(&s, path, "c:1", &w) < 0)
		abort(); /* as above */
	size_t before = spool_size(s);
	ok(spool_reset(s, false, &w) == 0 && spool_size(s) == before,
	    "little is not worth emptying the file");
	ok(spool_reset(s, true, &w) == 0 && spool_size(s) == sizeof golden - 1,
	    "when it is wanted, only the run is left");
	spool_add(s, "behind", 6);
	ok(spool_write(s, &w) == 0, "it goes on behind the run");
	spool_close(s);
	ok(count(wanted) == 1, "and nothing of before is read");
}

static void test_refused(void)
{
	struct spool *s;
	struct why w;

	write_path("Dear diary\n", 11);
	ok(spool_open(&s, path, "c:1", &w) < 0 && w.status == WHY_DATA, "another file is refused");
	struct buf b = read_path();
	ok(t_eq(buf_head(&b), b.len, "Dear diary\n"), "and left alone");
	buf_fini(&b);
	ok(spool_open(&s, "/nowhere/spool", "c:1", &w) < 0 && w.status == WHY_CANTCREAT,
	    "one that cannot be created is told");
}

int main(void)
{
	if (mkdtemp(dir) == NULL)
		abort();                                    /* no place to test in */
	(void)snprintf(path, sizeof path, "%s/spool", dir); /* fits */
	test_record();
	test_file();
	test_cut();
	test_goes_on();
	test_reset();
	test_refused();
	(void)unlink(path); /* cleaning up */
	(void)rmdir(dir);   /* as above */
	return t_done();
}
