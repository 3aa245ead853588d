/* SPDX-License-Identifier: MIT */
/* sseload_answer: an HTTP answer from the client's side.
 *
 *	STATUS → FIELDS ─┬→ LENGTH ──────────────────────────────┬→ OVER
 *	   ↑       1xx   ├→ SIZE → EXTENSION → DATA → DATA_END ─┐│
 *	   └─────────────┤   ↑ ←───────────────────────────────┘│
 *	                 │   └ 0 → TRAILER ──────────────────────┘
 *	                 └→ UNTIL_EOF
 */
#include "sseload_answer.h"

#include <string.h>
#include <strings.h>

#include "number.h"

enum {
	AT_STATUS,
	AT_FIELDS,
	AT_LENGTH,
	AT_SIZE,
	AT_EXTENSION,
	AT_DATA,
	AT_DATA_END,
	AT_TRAILER,
	AT_UNTIL_EOF,
	AT_OVER,
	AT_ERROR,
};

static const uint64_t length_most = ((uint64_t)1 << 56) - 1; /* of a body or a chunk */

void answer_init(struct answer *a)
{
	memset(a, 0, sizeof *a);
	a->at = AT_STATUS;
}

static enum answer_step bad(struct answer *a)
{
	a->at = AT_ERROR;
	return ANSWER_BAD;
}

/* --- The head */

static bool read_status(struct answer *a)
{
	const char *s = a->line;
	uint64_t status;

	if (a->nline < 12 || memcmp(s, "HTTP/1.", 7) != 0 || (s[7] != '0' && s[7] != '1') ||
	    s[8] != ' ' || (a->nline > 12 && s[12] != ' ') ||
	    !number_parse(s + 9, 3, 599, &status) || status < 100)
		return false;
	a->status = (uint16_t)status;
	a->close = s[7] == '0';
	return true;
}

/* The value when the line is the field `name`, without white space in front; NULL if not. */
static const char *field(const struct answer *a, const char *name, size_t *len)
{
	size_t n = strlen(name);
	const char *end = a->line + a->nline;

	if (a->nline <= n || a->line[n] != ':' || strncasecmp(a->line, name, n) != 0)
		return NULL;
	const char *v = a->line + n + 1;
	while (v < end && (*v == ' ' || *v == '\t'))
		v++;
	while (end > v && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*len = (size_t)(end - v);
	return v;
}

static bool means(const char *v, size_t len, const char *word)
{
	return len == strlen(word) && strncasecmp(v, word, len) == 0;
}

static bool read_length(struct answer *a, const char *v, size_t len)
{
	uint64_t n;

	if (!number_parse(v, len, length_most, &n) || (a->has_length && a->left != n))
		return false;
	a->has_length = true;
	a->left = n;
	return true;
}

static bool read_field(struct answer *a)
{
	const char *v;
	size_t len;

	if (memchr(a->line, ':', a->nline) == NULL)
		return a->nline == sizeof a->line; /* a long name, cut */
	if ((v = field(a, "content-length", &len)) != NULL)
		return read_length(a, v, len);
	if ((v = field(a, "transfer-encoding", &len)) != NULL) {
		a->chunked = means(v, len, "chunked");
		return a->chunked;
	}
	if ((v = field(a, "content-type", &len)) != NULL) {
		a->is_stream = len >= 17 && strncasecmp(v, "text/event-stream", 17) == 0 &&
		    (len == 17 || v[17] == ';' || v[17] == ' ');
	} else if ((v = field(a, "content-encoding", &len)) != NULL) {
		a->is_encoded = !means(v, len, "identity");
	} else if ((v = field(a, "connection", &len)) != NULL) {
		a->close = means(v, len, "close") || (a->close && !means(v, len, "keep-alive"));
	}
	return true;
}

/* The empty line behind the head. */
static enum answer_step end_head(struct answer *a)
{
	if (a->status < 200) {
		uint32_t bytes = a->head_bytes;

		if (a->status == 101)
			return bad(a); /* nobody asked for another protocol */
		answer_init(a);
		a->head_bytes = bytes; /* bounds their number too */
		return ANSWER_MORE;
	}
	if (a->chunked && a->has_length)
		return bad(a);
	if (a->status == 204 || a->status == 304)
		a->at = AT_OVER;
	else if (a->chunked)
		a->at = AT_SIZE;
	else if (a->has_length)
		a->at = a->left > 0 ? AT_LENGTH : AT_OVER;
	else
		a->at = AT_UNTIL_EOF;
	if (a->chunked)
		a->left = 0;
	a->close |= a->at == AT_UNTIL_EOF;
	return ANSWER_HEAD;
}

static enum answer_step end_line(struct answer *a)
{
	if (a->nline > 0 && a->nline < sizeof a->line && a->line[a->nline - 1] == '\r')
		a->nline--;
	if (a->at == AT_FIELDS && a->nline == 0)
		return end_head(a);
	if (a->at == AT_STATUS ? !read_status(a) : !read_field(a))
		return bad(a);
	a->at = AT_FIELDS;
	a->nline = 0;
	return ANSWER_MORE;
}

static enum answer_step read_head(struct answer *a, const char **p, size_t *len)
{
	const char *lf = memchr(*p, '\n', *len);
	size_t n = lf != NULL ? (size_t)(lf - *p) : *len;
	size_t keep = sizeof a->line - a->nline;

	keep = n < keep ? n : keep;
	if (n + 1 > ANSWER_HEAD_MAX - a->head_bytes)
		return bad(a);
	memcpy(a->line + a->nline, *p, keep);
	a->nline = (uint8_t)(a->nline + keep);
	a->head_bytes += (uint32_t)n + 1;
	n += lf != NULL;
	*p += n;
	*len -= n;
	if (lf == NULL) {
		a->head_bytes--;
		return ANSWER_MORE;
	}
	return end_line(a);
}

/* --- The body */

static enum answer_step give(
    struct answer *a, const char **p, size_t *len, struct answer_bytes *body)
{
	size_t n = a->left < *len ? (size_t)a->left : *len;

	*body = (struct answer_bytes){*p, n};
	*p += n;
	*len -= n;
	a->left -= n;
	if (a->left == 0)
		a->at = a->at == AT_LENGTH ? AT_OVER : AT_DATA_END;
	return ANSWER_BODY;
}

/* One byte of a chunk's frame. */
static bool frame(struct answer *a, char c)
{
	switch (a->at) {
	case AT_SIZE:
		if (number_hex(c) >= 0) {
			a->left = a->left << 4 | (uint64_t)number_hex(c);
			a->has_digits = true;
			return a->left <= length_most;
		}
		a->at = AT_EXTENSION;
		if (!a->has_digits || (c != '\r' && c != '\n' && c != ';' && c != ' '))
			return false;
		/* fall through */
	case AT_EXTENSION:
		if (c != '\n')
			return true;
		a->has_digits = false;
		a->at = a->left > 0 ? AT_DATA : AT_TRAILER;
		a->nline = 0;
		return true;
	case AT_DATA_END:
		if (c == '\n')
			a->at = AT_SIZE;
		return c == '\n' || c == '\r';
	default: /* AT_TRAILER: lines up to an empty one; nline counts 0 or 1 byte of it */
		if (c == '\n') {
			a->at = a->nline == 0 ? AT_OVER : AT_TRAILER;
			a->nline = 0;
		} else if (c != '\r') {
			a->nline = 1;
		}
		return ++a->head_bytes < 2 * ANSWER_HEAD_MAX;
	}
}

enum answer_step answer_next(
    struct answer *a, const char **p, size_t *len, struct answer_bytes *body)
{
	while (*len > 0 || a->at == AT_OVER || a->at == AT_ERROR) {
		enum answer_step step;

		switch (a->at) {
		case AT_STATUS:
		case AT_FIELDS:
			step = read_head(a, p, len);
			if (step != ANSWER_MORE)
				return step;
			break;
		case AT_LENGTH:
		case AT_DATA:
			return give(a, p, len, body);
		case AT_UNTIL_EOF:
			*body = (struct answer_bytes){*p, *len};
			*p += *len;
			*len = 0;
			return ANSWER_BODY;
		case AT_OVER:
			return ANSWER_END;
		case AT_ERROR:
			return ANSWER_BAD;
		default:
			if (!frame(a, **p))
				return bad(a);
			++*p;
			--*len;
		}
	}
	return ANSWER_MORE;
}

bool answer_eof(const struct answer *a)
{
	return a->at == AT_UNTIL_EOF || a->at == AT_OVER;
}
