/* SPDX-License-Identifier: MIT */
/* The hub: slow members by each policy, ends, the memory's cap; then the fuzz target's model with
 * random input. */
#include "../fuzz/hub.c"

#include "t.h"

static struct hub h;
static struct hub_topic topic;

struct sink {
	struct member m;
	size_t room;
	struct buf got;
	int ended; /* 1 + enum member_end */
};

static struct sink *sink_of(struct member *m)
{
	return ring_thing(m, struct sink, m);
}

static ssize_t sink_send(struct member *m, const struct iovec *parts, int nparts)
{
	struct sink *s = sink_of(m);
	size_t took = 0;

	for (int i = 0; i < nparts; i++) {
		size_t n = parts[i].iov_len < s->room ? parts[i].iov_len : s->room;

		(void)buf_add(&s->got, parts[i].iov_base, n); /* no cap */
		s->room -= n;
		took += n;
	}
	return (ssize_t)took;
}

static void sink_end(struct hub_topic *t, struct member *m, enum member_end end)
{
	(void)t;
	sink_of(m)->ended = 1 + (int)end;
}

static void sink_topic(struct hub_topic *t)
{
	(void)t;
}

static void sink_gap(struct hub_topic *t, struct buf *text, struct id after, struct id before)
{
	(void)t;
	(void)buf_addf(text, "gap %llu-%llu", (unsigned long long)after.ms,
	    (unsigned long long)before.ms); /* no cap */
}

static const struct hub_ops sink_ops = {sink_send, sink_end, sink_topic, sink_topic, sink_gap};

static void open_hub(enum hub_slow slow, size_t lag, size_t memory)
{
	hub_init(&h, &(struct hub_conf){.slow = slow, .max_lag_bytes = lag, .memory_bytes = memory},
	    &sink_ops);
	hub_topic_init(&topic, &h);
	hub_begin(&topic, (struct id){0, 0});
}

static void join_sink(struct sink *s, size_t room, bool ends)
{
	*s = (struct sink){.room = room};
	buf_init(&s->got, SIZE_MAX / 2);
	hub_enlist(&topic, &s->m, ends);
	hub_join(&s->m, topic.last, true);
}

static void leave_sink(struct sink *s)
{
	hub_leave(&s->m);
	buf_fini(&s->got);
}

static void say_n(unsigned n, const char *type)
{
	char text[64];
	int len = snprintf(text, sizeof text, "n%u %s", n, type);

	hub_message(&topic,
	    &(struct hub_message){.text = text,
		.len = (size_t)len,
		.type = type,
		.type_len = strlen(type),
		.has_id = true,
		.id = {n, 0}});
}

static bool has(const struct sink *s, const char *text)
{
	return memmem(buf_head(&s->got), s->got.len, text, strlen(text)) != NULL;
}

static void close_hub(void)
{
	hub_topic_fini(&topic);
	ok(h.stats.window_bytes == 0 && h.stats.members == 0 && h.stats.blocked == 0,
	    "nothing is left");
	hub_fini(&h);
}

/* Message 1 is cut, and 2 to 300 are too many for the window. */
static void lag(struct sink *slow, struct sink *fast, enum hub_slow policy)
{
	open_hub(policy, 2000, 1 << 20);
	join_sink(slow, 5, false);
	join_sink(fast, SIZE_MAX, false);
	for (unsigned i = 1; i <= 300; i++) {
		say_n(i, "token");
		hub_flush(&h);
	}
}

/* Messages that have a block each: the one that the reader is in the middle of is the last of its.
 */
static void latest_of_large(void)
{
	static char text[3000];
	struct sink slow, fast;

	memset(text, 'x', sizeof text);
	open_hub(HUB_LATEST, 2000, 1 << 20);
	join_sink(&slow, 5, false);
	join_sink(&fast, SIZE_MAX, false);
	for (unsigned i = 1; i <= 30; i++) {
		hub_message(&topic,
		    &(struct hub_message){
			.text = text, .len = sizeof text, .has_id = true, .id = {i, 0}});
		hub_flush(&h);
	}
	slow.room = SIZE_MAX;
	hub_writable(&slow.m);
	say_n(31, "token");
	hub_flush(&h);
	ok(has(&slow, "xx\n\ndata: gap 1-30\n\nid: 31-0\ndata: n31 token\n\n") &&
		h.stats.catching == 0,
	    "latest: nor is the log read when a block ends with the event that it is in");
	leave_sink(&slow);
	leave_sink(&fast);
	close_hub();
}

static void policies(void)
{
	struct sink slow, fast;

	lag(&slow, &fast, HUB_LATEST);
	ok(has(&fast, "data: n300 token\n\n") && has(&fast, "data: n150 token\n\n"),
	    "who lags holds up nobody");
	ok(h.stats.window_bytes < 8000, "and costs a bounded window");
	slow.room = SIZE_MAX;
	hub_writable(&slow.m);
	say_n(301, "token");
	hub_flush(&h);
	ok(t_eq(buf_head(&slow.got), slow.got.len,
	       "id: 1-0\ndata: n1 token\n\ndata: gap 1-300\n\nid: 301-0\ndata: n301 token\n\n"),
	    "latest: the event it is in, the gap, then what comes");
	leave_sink(&slow);
	leave_sink(&fast);
	close_hub();

	lag(&slow, &fast, HUB_DISCONNECT);
	ok(slow.ended == 1 + MEMBER_SLOW && fast.ended == 0, "disconnect: it is out, nobody else");
	leave_sink(&slow);
	leave_sink(&fast);
	close_hub();

	lag(&slow, &fast, HUB_RESUME);
	slow.room = SIZE_MAX;
	hub_writable(&slow.m);
	struct hub_ask ask;
	ok(has(&slow, "data: n1 token\n\n") && hub_page_ask(&topic, &ask) && ask.from.ms > 1,
	    "resume: the block it is in, then it asks for a page behind that");
	unsigned n = 0;
	for (uint64_t i = ask.from.ms + 1; i <= 300; i++, n++) {
		char text[32];
		int len = snprintf(text, sizeof text, "n%llu token", (unsigned long long)i);
		hub_page_entry(&topic,
		    &(struct hub_message){
			.text = text, .len = (size_t)len, .has_id = true, .id = {i, 0}},
		    true);
	}
	hub_page_end(&topic, n, (struct id){1, 0});
	ok(slow.got.len == fast.got.len &&
		memcmp(buf_head(&slow.got), buf_head(&fast.got), slow.got.len) == 0,
	    "and has the same bytes as those who were quick");
	leave_sink(&slow);
	leave_sink(&fast);
	close_hub();
}

/* What is in no log has no id that the gap could end before. */
static void latest_of_plain(void)
{
	struct sink slow, fast;

	open_hub(HUB_LATEST, 2000, 1 << 20);
	join_sink(&slow, SIZE_MAX, false);
	join_sink(&fast, SIZE_MAX, false);
	say_n(1, "token");
	hub_flush(&h);
	slow.room = 5;
	for (unsigned i = 0; i < 300; i++) {
		hub_message(&topic, &(struct hub_message){.text = "plain", .len = 5});
		hub_flush(&h);
	}
	slow.room = SIZE_MAX;
	hub_writable(&slow.m);
	say_n(2, "token");
	hub_flush(&h);
	ok(has(&slow, "data: plain\n\ndata: gap 1-0\n\nid: 2-0\n"),
	    "latest: behind messages that are in no log nobody knows where the gap ends");
	leave_sink(&slow);
	leave_sink(&fast);
	close_hub();
}

/* The log is lost while a member waits for a page of it; the page is asked for when there is
 * nothing, and answered when what has come since has left the window. */
static void empty_page(void)
{
	struct sink waits, fast;
	struct hub_ask ask;

	open_hub(HUB_RESUME, 2000, 1 << 20);
	say_n(5, "token");
	hub_flush(&h);
	join_sink(&fast, SIZE_MAX, false);
	waits = (struct sink){.room = SIZE_MAX};
	buf_init(&waits.got, SIZE_MAX / 2);
	hub_enlist(&topic, &waits.m, false);
	hub_join(&waits.m, (struct id){0, 0}, true);
	hub_lost(&topic);
	hub_begin(&topic, (struct id){0, 0});
	bool asked = hub_page_ask(&topic, &ask);
	for (unsigned i = 6; i <= 300; i++) {
		say_n(i, "token");
		hub_flush(&h);
	}
	hub_page_end(&topic, 0, (struct id){0, 0});
	ok(asked && waits.got.len == 0 && hub_page_ask(&topic, &ask) && ask.from.ms == 0 &&
		ask.base.ms > 6,
	    "an empty page that was asked for too early: another is, and nobody stands still in "
	    "it");
	leave_sink(&waits);
	leave_sink(&fast);
	close_hub();
}

/* The log is lost below a member that has more of it than the subscription brought. */
static void ahead_of_a_lost_log(void)
{
	struct sink ahead = {.room = SIZE_MAX};

	open_hub(HUB_RESUME, 1 << 16, 1 << 20);
	buf_init(&ahead.got, SIZE_MAX / 2);
	hub_enlist(&topic, &ahead.m, false);
	hub_join(&ahead.m, (struct id){5, 0}, true);
	hub_lost(&topic);
	say_n(9, "token");
	hub_begin(&topic, (struct id){0, 0});
	hub_flush(&h);
	ok(t_eq(
	       buf_head(&ahead.got), ahead.got.len, "data: gap 5-0\n\nid: 9-0\ndata: n9 token\n\n"),
	    "a member ahead of the subscription is told when the log ends before it");
	leave_sink(&ahead);
	close_hub();
}

/* What came between the subscription and the survey, when the log has lost its end. */
static void window_for_all(void)
{
	struct sink one, two;

	open_hub(HUB_RESUME, 1 << 16, 1 << 20);
	join_sink(&one, SIZE_MAX, false);
	join_sink(&two, SIZE_MAX, false);
	say_n(5, "token");
	hub_flush(&h);
	hub_lost(&topic);
	say_n(9, "token");
	hub_begin(&topic, (struct id){3, 0});
	ok(has(&one, "data: gap 5-0\n\nid: 9-0\n") && has(&two, "data: gap 5-0\n\nid: 9-0\n"),
	    "all read on in the window: the first takes nothing away that others would ask the log "
	    "for");
	leave_sink(&one);
	leave_sink(&two);
	close_hub();
}

static void ends(void)
{
	struct sink stage, project, cut;

	open_hub(HUB_RESUME, 1 << 16, 1 << 20);
	join_sink(&stage, SIZE_MAX, true);
	join_sink(&cut, 10, true);
	join_sink(&project, SIZE_MAX, false);
	say_n(1, "token");
	say_n(2, "done");
	say_n(3, "token");
	hub_flush(&h);
	ok(stage.ended == 1 + MEMBER_DONE && has(&stage, "n2 done\n\n") && !has(&stage, "n3"),
	    "a member that ends gets nothing behind the end");
	ok(project.ended == 0 && has(&project, "n3"), "another one does");
	ok(cut.ended == 0, "one that lags has not ended");
	cut.room = SIZE_MAX;
	hub_writable(&cut.m);
	ok(cut.ended == 1 + MEMBER_DONE && cut.got.len == stage.got.len, "until it has all");
	leave_sink(&stage);
	leave_sink(&cut);
	join_sink(&stage, SIZE_MAX, true);
	say_n(4, "error");
	hub_flush(&h);
	ok(stage.ended == 1 + MEMBER_ERROR, "an error ends too, and says so");
	leave_sink(&stage);
	leave_sink(&project);
	close_hub();
}

static void memory(void)
{
	struct sink old, young, fast;

	open_hub(HUB_RESUME, 1 << 20, 6000);
	join_sink(&old, 5, false);
	join_sink(&fast, SIZE_MAX, false);
	say_n(1, "token");
	hub_flush(&h);
	for (unsigned i = 2; i <= 20; i++) {
		say_n(i, "token");
		hub_flush(&h);
	}
	join_sink(&young, 5, false);
	for (unsigned i = 21; old.ended == 0 && i < 1000; i++) {
		say_n(i, "token");
		hub_flush(&h);
	}
	ok(old.ended == 1 + MEMBER_SLOW && h.stats.memory_drops >= 1,
	    "the memory's cap drops who lags most");
	ok(fast.ended == 0 && h.stats.window_bytes <= 6000, "and nobody who does not");
	leave_sink(&old);
	leave_sink(&young);
	leave_sink(&fast);
	close_hub();
}

static void many(void)
{
	static struct sink s[100];

	open_hub(HUB_RESUME, 1 << 16, 1 << 20);
	for (int i = 0; i < 100; i++)
		join_sink(&s[i], SIZE_MAX, false);
	for (unsigned i = 1; i <= 64; i++)
		say_n(i, "token");
	hub_flush(&h);
	ok(h.stats.deliveries == 100, "64 messages are one send a member");
	ok(h.stats.window_bytes == 0, "after which they are gone");
	ok(sizeof(struct member) < 100, "a member is small (%zu bytes)", sizeof(struct member));
	for (int i = 0; i < 100; i++)
		leave_sink(&s[i]);
	close_hub();
}

int main(void)
{
	static uint8_t input[1200];
	unsigned seed = 1;

	policies();
	latest_of_large();
	latest_of_plain();
	empty_page();
	ahead_of_a_lost_log();
	window_for_all();
	ends();
	memory();
	many();
	for (int i = 0; i < 3000; i++) {
		for (size_t k = 0; k < sizeof input; k++) {
			seed = seed * 1103515245u + 12345u;
			input[k] = (uint8_t)(seed >> 16);
		}
		(void)LLVMFuzzerTestOneInput(input, sizeof input - (size_t)i % 800); /* aborts */
	}
	ok(true, "3000 random histories: every message once and in order, or a gap");
	return t_done();
}
