/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_NOTE_H
#define SPOUT_NOTE_H

#include "buf.h"
#include "id.h"
#include "msg.h"

/*
 * The messages that readers and servers make themselves, complete and without an sp: connected,
 * stream_end, gap. They are never stored.
 */
void note_connected(struct buf *b, const struct msg_from *from);
void note_stream_end(struct buf *b, const struct msg_from *from);

/* before is null in the message when it is zero: the log does not tell. */
void note_gap(struct buf *b, const struct msg_from *from, struct id after, struct id before);

#endif
