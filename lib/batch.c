/* SPDX-License-Identifier: MIT */
/* batch: tokens that are joined to one. */
#include "batch.h"

#include "clock.h"

static void give(struct batch *b, bool due)
{
	loop_cancel(b->loop, &b->timer);
	if (b->n > 0)
		b->on_text(b->arg, (struct json_slice){buf_head(&b->text), b->text.len}, due);
	buf_clear(&b->text);
	b->n = 0;
}

static void on_linger(void *arg)
{
	give(arg, true);
}

void batch_init(struct batch *b, struct loop *loop, int64_t most, int64_t linger_ms,
    void (*on_text)(void *arg, struct json_slice raw, bool due), void *arg)
{
	*b = (struct batch){
	    .loop = loop, .most = most, .linger_ms = linger_ms, .on_text = on_text, .arg = arg};
	buf_init(&b->text, SIZE_MAX / 2); /* `most` tokens, of bounded lines */
	b->timer = (struct timer){.on_due = on_linger, .arg = b};
}

void batch_fini(struct batch *b)
{
	loop_cancel(b->loop, &b->timer);
	buf_fini(&b->text);
}

void batch_add(struct batch *b, struct json_slice raw)
{
	if (b->most <= 1 || !b->begun) {
		b->begun = true;
		b->on_text(b->arg, raw, false);
		return;
	}
	(void)buf_add(&b->text, raw.s, raw.len); /* no cap */
	if (++b->n >= b->most)
		give(b, false);
	else if (b->timer.slot == 0 && b->linger_ms > 0)
		loop_timer(b->loop, &b->timer, clock_ms() + b->linger_ms);
}

void batch_give(struct batch *b)
{
	give(b, false);
}
