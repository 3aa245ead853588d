/* SPDX-License-Identifier: MIT */
/* span: answers that a server should not give, and owners that have enough. */
#include "span.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "t.h"

static struct reply elems[3]; /* of the answer to EXEC: the time, the log's end, a page */

/* What a connection that is closed from a callback leaves of its reply. */
static bool on_gap(void *arg, struct id after, struct id before)
{
	(void)after;
	(void)before;
	++*(int *)arg;
	elems[0] = (struct reply){.type = REPLY_ARRAY, .n = 2};
	elems[1] = elems[2] = (struct reply){.type = REPLY_ARRAY, .n = 1000};
	return false;
}

static bool on_message(void *arg, const char *log, const struct hold_message *m)
{
	(void)arg;
	(void)log;
	(void)m;
	return true;
}

static void on_forget(void *arg, const char *log, struct id floor)
{
	(void)arg;
	(void)log;
	(void)floor;
}

static const struct span_ops ops = {
    .on_message = on_message, .on_gap = on_gap, .on_forget = on_forget};

/* A connection to nobody, which takes commands. */
static struct redis *open_redis(struct url *url)
{
	char path[100];
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int door = socket(AF_UNIX, SOCK_STREAM, 0);
	struct redis *r;
	struct why w;

	(void)snprintf(path, sizeof path, "/tmp/spout-span.%d", (int)getpid()); /* fits */
	(void)snprintf(a.sun_path, sizeof a.sun_path, "%s", path);              /* fits */
	(void)unlink(path);
	*url = (struct url){.kind = URL_UNIX, .path = path, .shown = path};
	if (door < 0 || bind(door, (struct sockaddr *)&a, sizeof a) < 0 || listen(door, 1) < 0 ||
	    redis_open(&r, url, &REDIS_TIMES_DEFAULT, &w) < 0)
		abort();
	(void)close(door);
	(void)unlink(path);
	return r;
}

static struct reply string(const char *s)
{
	return (struct reply){.type = REPLY_STRING, .str = s, .len = strlen(s)};
}

/* Up to the snapshot of one log, read up to 5-0, whose answer is given. */
static enum span_answer snapshot(
    struct span *s, struct redis *r, struct reply last, struct reply page, int *gaps, struct why *w)
{
	struct reply scan[] = {string("0"), {.type = REPLY_ARRAY}};
	struct reply found = {.type = REPLY_ARRAY, .elem = scan, .n = 2};
	struct reply time[] = {string("9"), string("0")};
	struct reply exec = {.type = REPLY_ARRAY, .elem = elems, .n = 3};

	*gaps = 0;
	span_init(s, "c*", &ops, gaps);
	if (merge_add(&s->merge, "c1:log", (struct id){5, 0}, true) < 0)
		abort();
	span_begin(s, r);
	if (span_answer(s, r, &found, w) != SPAN_READS)
		abort();
	elems[0] = (struct reply){.type = REPLY_ARRAY, .elem = time, .n = 2};
	elems[1] = last;
	elems[2] = page;
	return span_answer(s, r, &exec, w);
}

int main(void)
{
	const struct reply none = {.type = REPLY_ARRAY}, nil = {.type = REPLY_NIL};
	const struct reply error = {.type = REPLY_ERROR, .str = "OOM", .len = 3};
	struct reply fields[] = {string("c1"), string("{}")};
	struct reply entry[] = {string("3-0"), {.type = REPLY_ARRAY, .elem = fields, .n = 2}};
	struct reply entries = {.type = REPLY_ARRAY, .elem = entry, .n = 2};
	struct reply lost = {.type = REPLY_ARRAY, .elem = &entries, .n = 1};
	struct url url;
	struct redis *r = open_redis(&url);
	struct span s;
	struct why w;
	int gaps;

	ok(snapshot(&s, r, none, error, &gaps, &w) == SPAN_FAILED && s.refusal == &elems[2],
	    "the page's refusal is told, though the log's end was had");
	span_fini(&s);
	ok(snapshot(&s, r, error, nil, &gaps, &w) == SPAN_FAILED && s.refusal == &elems[1],
	    "the other way round, too");
	span_fini(&s);
	ok(snapshot(&s, r, none, nil, &gaps, &w) == SPAN_FAILED && s.refusal == NULL &&
		w.status == WHY_DATA,
	    "what is neither a page nor a refusal is no answer");
	span_fini(&s);
	ok(snapshot(&s, r, lost, none, &gaps, &w) == SPAN_STOPPED && gaps == 1,
	    "who has enough at a gap takes the reply with it");
	span_fini(&s);
	ok(snapshot(&s, r, none, none, &gaps, &w) == SPAN_STOPPED && gaps == 1,
	    "and at the gap of a log that is gone");
	span_fini(&s);
	redis_close(r);
	return t_done();
}
