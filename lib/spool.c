/* SPDX-License-Identifier: MIT */
/* spool: messages in a file until they are acknowledged. */
#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"

static const char magic[] = "spout spool 1\n";

enum {
	MAGIC_LEN = sizeof magic - 1,
	HEADER = 9,            /* length, checksum, kind */
	RESET_BYTES = 1 << 20, /* an emptied file saves nothing below that */
};

struct spool {
	int fd;
	char *path, *channel, *run;
	char *old; /* the file's content at the start, while spool_next reads it */
	size_t old_len, old_at;
	size_t size, begin; /* of the file; where its messages begin */
	struct buf pending; /* records that are not in the file yet */
	bool dirty;         /* written and not synced */
};

/* CRC-32C (Castagnoli), bit by bit through a table of 16: RFC 3720, appendix B.4. */
static uint32_t crc32c(uint32_t crc, const char *s, size_t len)
{
	static const uint32_t table[16] = {0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
	    0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6,
	    0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};

	crc = ~crc;
	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned char)s[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

static void put32(char *to, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		to[i] = (char)(n >> 8 * i);
}

static uint32_t get32(const char *from)
{
	uint32_t n = 0;

	for (int i = 3; i >= 0; i--)
		n = n << 8 | (unsigned char)from[i];
	return n;
}

size_t spool_record(
    const char *bytes, size_t len, char *kind, const char **payload, size_t *payload_len)
{
	if (len < HEADER)
		return 0;
	uint32_t n = get32(bytes);
	if (n > SPOOL_RECORD_MAX || n > len - HEADER ||
	    crc32c(0, bytes + 8, (size_t)n + 1) != get32(bytes + 4))
		return 0;
	*kind = bytes[8];
	*payload = bytes + HEADER;
	*payload_len = n;
	return HEADER + (size_t)n;
}

static void add_record(struct buf *b, char kind, const char *payload, size_t len)
{
	char header[HEADER];

	header[8] = kind;
	put32(header, (uint32_t)len);
	put32(header + 4, crc32c(crc32c(0, header + 8, 1), payload, len));
	(void)buf_add(b, header, HEADER); /* no cap: the owner stops before memory does */
	(void)buf_add(b, payload, len);   /* as above */
}

/* --- Opening */

static int read_all(struct spool *s, struct why *w)
{
	struct stat st;

	if (fstat(s->fd, &st) < 0)
		return why_errno(w, WHY_IO, "spool %s", s->path);
	if (!S_ISREG(st.st_mode))
		return why_set(w, WHY_CANTCREAT, "spool %s: not a regular file", s->path);
	s->old = xmalloc((size_t)st.st_size);
	while (s->old_len < (size_t)st.st_size) {
		ssize_t n = pread(
		    s->fd, s->old + s->old_len, (size_t)st.st_size - s->old_len, (off_t)s->old_len);

		if (n < 0)
			return why_errno(w, WHY_IO, "spool %s", s->path);
		if (n == 0)
			break;
		s->old_len += (size_t)n;
	}
	return 0;
}

/* Reads the run record, checks whose file this is, and cuts off what is torn. */
static int recover(struct spool *s, struct why *w)
{
	const char *payload;
	size_t n, len, run = MSG_RUN_LEN;
	char kind;

	if (s->old_len < MAGIC_LEN || memcmp(s->old, magic, MAGIC_LEN) != 0) {
		/* A beginning of our own first line was being written. */
		if (memcmp(s->old, magic, s->old_len < MAGIC_LEN ? s->old_len : MAGIC_LEN) != 0)
			return why_set(w, WHY_DATA, "%s: exists and is not a spool file", s->path);
		s->old_len = 0;
		return 0;
	}
	s->size = MAGIC_LEN;
	n = spool_record(s->old + s->size, s->old_len - s->size, &kind, &payload, &len);
	if (n > 0 && (kind != 'R' || len <= run + 1 || payload[run] != ' '))
		return why_set(w, WHY_DATA, "spool %s: damaged", s->path);
	if (n > 0 &&
	    (len - run - 1 != strlen(s->channel) ||
		memcmp(payload + run + 1, s->channel, len - run - 1) != 0))
		return why_set(w, WHY_DATA, "spool %s: holds messages of channel %.*s, not of %s",
		    s->path, (int)(len - run - 1), payload + run + 1, s->channel);
	if (n == 0) {
		s->old_len = s->size;
		return 0;
	}
	s->run = xstrndup(payload, run);
	s->begin = s->old_at = s->size += n;
	while (
	    (n = spool_record(s->old + s->size, s->old_len - s->size, &kind, &payload, &len)) > 0)
		s->size += n;
	s->old_len = s->size;
	return 0;
}

int spool_open(struct spool **out, const char *path, const char *channel, struct why *w)
{
	struct spool *s = xcalloc(1, sizeof *s);
	int r;

	s->path = xstrdup(path);
	s->channel = xstrdup(channel);
	buf_init(&s->pending, SIZE_MAX / 2);
	s->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->fd < 0)
		r = why_errno(w, WHY_CANTCREAT, "spool %s", path);
	else if (flock(s->fd, LOCK_EX | LOCK_NB) < 0)
		r = why_set(w, WHY_TIMEOUT, "spool %s: another process is using it", path);
	else
		r = read_all(s, w) < 0 ? -1 : recover(s, w);
	if (r == 0 && ftruncate(s->fd, (off_t)s->size) < 0)
		r = why_errno(w, WHY_IO, "spool %s", path);
	if (r < 0) {
		spool_close(s);
		return -1;
	}
	*out = s;
	return 0;
}

void spool_close(struct spool *s)
{
	if (s == NULL)
		return;
	if (s->fd >= 0)
		(void)close(s->fd); /* what matters was synced */
	free(s->path);
	free(s->channel);
	free(s->run);
	free(s->old);
	buf_fini(&s->pending);
	free(s);
}

const char *spool_run(const struct spool *s)
{
	return s->run;
}

int spool_next(struct spool *s, const char **msg, size_t *len)
{
	char kind;
	size_t n;

	while (s->old_at < s->old_len &&
	    (n = spool_record(s->old + s->old_at, s->old_len - s->old_at, &kind, msg, len)) > 0) {
		s->old_at += n;
		if (kind == 'M')
			return 1;
	}
	free(s->old);
	s->old = NULL;
	s->old_len = s->old_at = 0;
	return 0;
}

/* --- Writing */

int spool_begin(struct spool *s, const char *run, struct why *w)
{
	struct buf payload;

	buf_init(&payload, SIZE_MAX / 2);
	(void)buf_adds(&payload, run);        /* no cap */
	(void)buf_addc(&payload, ' ');        /* no cap */
	(void)buf_adds(&payload, s->channel); /* no cap */
	buf_clear(&s->pending);
	(void)buf_add(&s->pending, magic, MAGIC_LEN); /* no cap */
	add_record(&s->pending, 'R', buf_head(&payload), payload.len);
	buf_fini(&payload);
	if (ftruncate(s->fd, 0) < 0)
		return why_errno(w, WHY_IO, "spool %s", s->path);
	s->size = 0;
	s->begin = s->pending.len;
	return spool_write(s, w);
}

void spool_add(struct spool *s, const char *msg, size_t len)
{
	add_record(&s->pending, 'M', msg, len);
}

int spool_write(struct spool *s, struct why *w)
{
	while (s->pending.len > 0) {
		ssize_t n = pwrite(s->fd, buf_head(&s->pending), s->pending.len, (off_t)s->size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return why_errno(w, WHY_IO, "spool %s", s->path);
		buf_consume(&s->pending, (size_t)n);
		s->size += (size_t)n;
		s->dirty = true;
	}
	return 0;
}

int spool_reset(struct spool *s, bool now, struct why *w)
{
	if (s->size + s->pending.len <= s->begin || (!now && s->size < RESET_BYTES))
		return 0;
	if (s->size < s->begin)
		return spool_write(s, w); /* the run record is still to come */
	buf_clear(&s->pending);
	s->size = s->begin;
	s->dirty = true;
	return ftruncate(s->fd, (off_t)s->begin) < 0 ? why_errno(w, WHY_IO, "spool %s", s->path)
						     : 0;
}

bool spool_is_written(const struct spool *s)
{
	return s->pending.len == 0;
}

size_t spool_size(const struct spool *s)
{
	return s->size;
}

int spool_sync(struct spool *s, struct why *w)
{
	if (!s->dirty)
		return 0;
	s->dirty = false;
	return fdatasync(s->fd) < 0 ? why_errno(w, WHY_IO, "spool %s", s->path) : 0;
}
