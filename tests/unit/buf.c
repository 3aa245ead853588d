/* SPDX-License-Identifier: MIT */
#include "buf.h"
#include "t.h"
#include "why.h"

#include <errno.h>
#include <stdint.h>

static void cap_holds(void)
{
	struct buf b;

	buf_init(&b, 10);
	ok(buf_add(&b, "12345678", 8) == 0, "bytes below the cap are taken");
	ok(buf_add(&b, "abc", 3) == -1 && b.len == 8,
	    "bytes beyond the cap are refused and change nothing");
	ok(buf_room(&b, SIZE_MAX) == NULL, "an absurd size is refused without overflow");
	ok(buf_addf(&b, "%d", 123) == -1, "printing beyond the cap is refused");
	buf_consume(&b, 4);
	ok(buf_add(&b, "abcdef", 6) == 0 && t_eq(buf_head(&b), b.len, "5678abcdef"),
	    "consumed room can be used again");
	buf_fini(&b);
}

static void queue_keeps_order(void)
{
	struct buf b;
	unsigned in = 0, out = 0;
	int good = 1;

	buf_init(&b, 1 << 20);
	for (int round = 0; round < 1000; round++) {
		for (int i = 0; i < round % 70; i++, in++)
			(void)buf_add(&b, &(unsigned char){(unsigned char)in}, 1);
		for (int i = 0; i < round % 67 && b.len > 0; i++, out++) {
			good &= (unsigned char)*buf_head(&b) == (unsigned char)out;
			buf_consume(&b, 1);
		}
	}
	ok(good, "what goes in comes out in order, through every move and growth");
	buf_fini(&b);
}

int main(void)
{
	struct why w;
	struct buf b;

	cap_holds();
	queue_keeps_order();
	buf_init(&b, 100);
	(void)buf_addu(&b, 0);
	(void)buf_addu(&b, 18446744073709551615ULL);
	ok(t_eq(buf_head(&b), b.len, "018446744073709551615"), "numbers are printed in full");
	buf_fini(&b);
	errno = ENOENT;
	ok(why_errno(&w, WHY_NOINPUT, "%s", "a.txt") == -1 && w.status == WHY_NOINPUT &&
		t_eq(w.text, strlen(w.text), "a.txt: No such file or directory"),
	    "a reason names the object, then the cause");
	char q[6];
	ok(t_eq(why_quote(q, sizeof q, "a\x1b[2Jlong", 9), 5, "a?[2J"),
	    "quoted bytes cannot move a terminal's cursor");
	return t_done();
}
