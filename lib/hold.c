/* SPDX-License-Identifier: MIT */
/* hold: a queue of messages in one buffer: for each its measures, the channel, the text. */
#include "hold.h"

#include <string.h>

struct measures {
	struct id id;
	size_t channel_len, len;
};

int hold_add(struct buf *held, const struct hold_message *m)
{
	struct measures h = {m->id, m->channel_len, m->len};

	if (sizeof h + h.channel_len + h.len > held->max - held->len)
		return -1;
	(void)buf_add(held, &h, sizeof h);              /* measured above */
	(void)buf_add(held, m->channel, h.channel_len); /* as above */
	(void)buf_add(held, m->text, h.len);            /* as above */
	return 0;
}

bool hold_first(const struct buf *held, struct hold_message *m)
{
	struct measures h;

	if (held->len == 0)
		return false;
	memcpy(&h, buf_head(held), sizeof h);
	m->channel = buf_head(held) + sizeof h;
	m->channel_len = h.channel_len;
	m->text = m->channel + h.channel_len;
	m->len = h.len;
	m->id = h.id;
	return true;
}

bool hold_next(struct buf *held, struct hold_message *m)
{
	if (!hold_first(held, m))
		return false;
	/* The bytes stay where they are until something is added. */
	buf_consume(held, sizeof(struct measures) + m->channel_len + m->len);
	return true;
}
