/* SPDX-License-Identifier: MIT */
/* Any bytes as an answer, head and body: what comes out does not depend on how they are cut, no
 * more comes out than went in, and a URL that is accepted names a host and a port. */
#include "fetch_body.h"
#include "fetch_url.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct outcome {
	int head; /* 1: there is one, 0: not all of it, -1: it is none */
	int status, broken;
	bool is_over, is_cut;
	struct buf body;
};

static void must(bool good)
{
	if (!good)
		abort();
}

static void check_head(const struct fetch_head *h)
{
	static const char *const names[] = {"Content-Type", "Server", "Content-Length"};
	struct http_slice v;

	must(h->minor >= 0 && h->minor <= 1 && h->status >= 100 && h->status <= 599);
	must(!(h->is_chunked && h->has_length));
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (fetch_field(h, names[i], &v)) {
			must(v.p >= h->fields.p && v.p + v.len <= h->fields.p + h->fields.len);
			must(memchr(v.p, '\n', v.len) == NULL);
			must(fetch_field_has(h, names[i], ""));
		}
}

/* As fetch does it, `step` bytes a read, into rooms of `room` bytes. */
static void read_answer(struct outcome *o, const char *s, size_t len, size_t step, size_t room)
{
	struct fetch_head h;
	struct fetch_body body;
	struct buf in;
	struct why w;
	char to[64];
	size_t at = 0, head_bytes = 0;

	*o = (struct outcome){.head = 0};
	buf_init(&o->body, SIZE_MAX / 2);
	while (at < len && head_bytes == 0) {
		at = len - at < step ? len : at + step;
		char *copy = xstrndup(s, at); /* a read beyond is seen */
		head_bytes = fetch_head_bytes(copy, at);
		free(copy);
	}
	if (head_bytes == 0)
		return;
	char *head = malloc(head_bytes);
	must(head != NULL);
	memcpy(head, s, head_bytes);
	o->head = fetch_head_parse(&h, head, head_bytes, &w) == 0 ? 1 : -1;
	if (o->head == 1) {
		check_head(&h);
		o->status = h.status;
		fetch_body_init(&body, &h);
		buf_init(&in, SIZE_MAX / 2);
		must(buf_add(&in, s + head_bytes, at - head_bytes) == 0);
		for (;;) {
			ssize_t n = fetch_body_take(&body, &in, to, room, &w);

			if (n > 0)
				must((size_t)n <= room && buf_add(&o->body, to, (size_t)n) == 0);
			if (n < 0)
				o->broken = w.status == WHY_DATA ? 1 : 2;
			if (n < 0 || body.is_over || (n == 0 && at == len))
				break;
			if (n == 0) {
				size_t more = len - at < step ? len - at : step;

				must(buf_add(&in, s + at, more) == 0);
				at += more;
			}
		}
		o->is_over = body.is_over;
		o->is_cut = fetch_body_cut(&body);
		buf_fini(&in);
	}
	free(head);
}

static void check_answer(const char *s, size_t len)
{
	struct outcome whole, cut;

	read_answer(&whole, s, len, len > 0 ? len : 1, 64);
	must(whole.body.len <= len && whole.broken != 2);
	must(!whole.is_over || !whole.is_cut);
	for (size_t step = 1; step <= 9; step += 4) {
		read_answer(&cut, s, len, step, step);
		must(cut.head == whole.head && cut.status == whole.status);
		must(cut.broken == whole.broken && cut.is_over == whole.is_over);
		must(cut.is_cut == whole.is_cut && cut.body.len == whole.body.len);
		must(cut.body.len == 0 ||
		    memcmp(buf_head(&cut.body), buf_head(&whole.body), cut.body.len) == 0);
		buf_fini(&cut.body);
	}
	buf_fini(&whole.body);
}

static void check_url(const char *s, size_t len)
{
	char *text = xstrndup(s, len);
	struct fetch_url u;
	struct why w;

	if (fetch_url(&u, text, &w) == 0) {
		must(u.host[0] != '\0' && u.port > 0 && strstr(u.authority, u.host) != NULL);
		must(u.target >= text && u.target <= text + len);
		must(strchr("/?", u.target[0]) != NULL && strchr(u.authority, '@') == NULL);
		must(strchr(u.shown, '?') == NULL);
		for (const char *c = u.target; *c != '\0'; c++)
			must(*c > ' ' && *c < 0x7f);
	} else {
		must(w.status == WHY_USAGE);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	check_answer((const char *)data, len);
	check_url((const char *)data, len);
	return 0;
}
