/* SPDX-License-Identifier: MIT */
/* note: what a reader or server has to say itself. */
#include "note.h"

#include <string.h>

#include "clock.h"

/* Ends what msg_begin began. The caller's buffer has no cap that could be met. */
static void end(struct buf *b, const struct msg_from *from)
{
	(void)msg_stamp(b, from, clock_wall_us()); /* see above */
	(void)buf_addc(b, '}');                    /* see above */
}

static void say_so(
    struct buf *b, const char *type, const char *message, const struct msg_from *from)
{
	(void)msg_begin(b, type);                                 /* see end() */
	(void)msg_string(b, "message", message, strlen(message)); /* see end() */
	end(b, from);
}

void note_connected(struct buf *b, const struct msg_from *from)
{
	say_so(b, "connected", "connected", from);
}

void note_stream_end(struct buf *b, const struct msg_from *from)
{
	say_so(b, "stream_end", "the run is over", from);
}

void note_gap(struct buf *b, const struct msg_from *from, struct id after, struct id before)
{
	char id[ID_TEXT_MAX + 1];

	(void)msg_begin(b, "gap"); /* see end() */
	size_t n = id_format(after, id);
	(void)msg_string(b, "after", id, n); /* see end() */
	n = id_format(before, id);
	if (id_is_zero(before))
		(void)msg_json(b, "before", "null", 4); /* see end() */
	else
		(void)msg_string(b, "before", id, n);               /* see end() */
	(void)msg_string(b, "message", "messages are missing", 20); /* see end() */
	end(b, from);
}
