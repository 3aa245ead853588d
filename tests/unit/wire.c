/* SPDX-License-Identifier: MIT */
/* wire: messages as commands, read back here by a small reader of RESP. */
#include <stdlib.h>

#include "t.h"
#include "wire.h"

enum { ARGS_MAX = 200 };

struct command {
	struct {
		const char *s;
		size_t len;
	} arg[ARGS_MAX];
	size_t n;
};

/* Reads the command at *p, which is moved behind it; dies when it is none. */
static struct command next(const char **p)
{
	struct command c = {.n = 0};
	char *end;
	size_t n = **p == '*' ? strtoul(*p + 1, &end, 10) : 0;

	if (n == 0 || n > ARGS_MAX)
		abort();
	for (*p = end + 2; c.n < n; c.n++) {
		if (**p != '$')
			abort();
		c.arg[c.n].len = strtoul(*p + 1, &end, 10);
		c.arg[c.n].s = end + 2;
		*p = end + 2 + c.arg[c.n].len + 2;
	}
	return c;
}

static int is(const struct command *c, size_t i, const char *want)
{
	return i < c->n && t_eq(c->arg[i].s, c->arg[i].len, want);
}

static const struct wire_conf plain = {
    .channel = "c", .log = "c:log", .due = "due", .runs = "runs", .maxlen = 7, .ttl_ms = 1000};

static void put(struct wire *w, const char *msg, uint64_t seq, bool is_end)
{
	wire_put(w, msg, strlen(msg), seq, is_end);
}

/* Where the unsent bytes begin. */
static const char *unsent(const struct wire *w)
{
	size_t len;

	return wire_unsent(w, &len);
}

static size_t unsent_len(const struct wire *w)
{
	size_t len;

	(void)wire_unsent(w, &len); /* only how many */
	return len;
}

/* The command number i of what is unsent. Found anew each time: the bytes move when more are put.
 */
static struct command nth(const struct wire *w, int i)
{
	const char *p = unsent(w);
	struct command c = next(&p);

	while (i-- > 0)
		c = next(&p);
	return c;
}

static void test_batch(void)
{
	struct wire w;

	wire_init(&w, &plain);
	put(&w, "{one}", 0, false);
	put(&w, "{two}", 1, false);
	ok(wire_commands(&w) == 0 && unsent_len(&w) == 0 && wire_size(&w) > 10,
	    "messages wait for the end of their batch");
	wire_end_batch(&w, 2);
	wire_end_batch(&w, 2);
	ok(wire_commands(&w) == 1, "a batch is one command, and none when it is empty");
	struct command c = nth(&w, 0);
	ok(is(&c, 0, "EVAL") && is(&c, 1, wire_script) && is(&c, 2, "3"),
	    "the first command brings the script");
	ok(is(&c, 3, "c:log") && is(&c, 4, "due") && is(&c, 5, "runs") && is(&c, 6, "c") &&
		is(&c, 7, "0") && is(&c, 8, "7") && is(&c, 9, "1000") && is(&c, 10, "3600000") &&
		is(&c, 11, "run") && is(&c, 12, "") && is(&c, 13, "") && is(&c, 14, ""),
	    "keys and arguments are those of append.lua");
	ok(c.n == 17 && is(&c, 15, "{one}") && is(&c, 16, "{two}"), "the messages stand behind");
	put(&w, "{three}", 2, true);
	c = nth(&w, 1);
	ok(is(&c, 0, "EVALSHA") && c.arg[1].len == 40, "the next one only names the script");
	ok(is(&c, 7, "2") && is(&c, 11, "") && is(&c, 12, "1"),
	    "an end ends its batch, and says so");
	put(&w, "{four}", 3, false);
	wire_end_batch(&w, 4);
	c = nth(&w, 2);
	ok(is(&c, 7, "3") && is(&c, 11, "open"), "what follows an end may begin a run");
	put(&w, "{five}", 4, false);
	wire_end_batch(&w, 5);
	c = nth(&w, 3);
	ok(is(&c, 11, ""), "but only what follows at once");
	wire_fini(&w);
}

static void test_limits(void)
{
	struct wire w;
	char *large = xmalloc(40 * 1024 + 1);

	wire_init(&w, &plain);
	for (uint64_t seq = 0; seq < 250; seq++)
		put(&w, "{}", seq, false);
	ok(wire_commands(&w) == 2, "a batch has a hundred messages at most");
	struct command c = nth(&w, 0);
	ok(c.n == 115 && is(&c, 7, "0"), "the first hundred");
	c = nth(&w, 1);
	ok(c.n == 115 && is(&c, 7, "100"), "the second");
	wire_end_batch(&w, 250);
	c = nth(&w, 2);
	ok(c.n == 65 && is(&c, 7, "200"), "the rest");
	memset(large, 'x', 40 * 1024);
	large[40 * 1024] = '\0';
	put(&w, large, 250, false);
	put(&w, large, 251, false);
	ok(wire_commands(&w) == 4, "large ones are not kept waiting");
	wire_fini(&w);
	free(large);
}

static void test_ack(void)
{
	struct wire w;

	wire_init(&w, &plain);
	for (uint64_t seq = 0; seq < 3; seq++) {
		put(&w, "{}", seq, false);
		wire_end_batch(&w, seq + 1);
	}
	size_t all = unsent_len(&w);
	char *before = xmalloc(all);
	memcpy(before, unsent(&w), all);
	wire_sent(&w, all - 5);
	ok(unsent_len(&w) == 5 && wire_commands(&w) == 3,
	    "what is sent stays until it is answered");
	wire_rewind(&w);
	ok(unsent_len(&w) == all && memcmp(unsent(&w), before, all) == 0,
	    "a new connection gets the same bytes again");
	wire_sent(&w, all);
	ok(wire_acked(&w) == 1 && wire_commands(&w) == 2 && unsent_len(&w) == 0,
	    "an answer takes the oldest away");
	wire_rewind(&w);
	size_t rest = unsent_len(&w);
	ok(rest < all && memcmp(unsent(&w), before + all - rest, rest) == 0,
	    "and it is not sent again");
	wire_sent(&w, rest);
	ok(wire_acked(&w) == 1 && wire_acked(&w) == 1 && wire_acked(&w) == -1 && wire_size(&w) == 0,
	    "then nothing is left, and an answer too many takes nothing");
	free(before);
	wire_fini(&w);
}

static void test_kinds(void)
{
	struct wire_conf conf = plain;
	struct wire w;

	conf.lease = "lease";
	conf.run = "RUN";
	conf.lease_ms = 10000;
	conf.want_ids = conf.one_shot = true;
	wire_init(&w, &conf);
	put(&w, "{}", 0, false);
	wire_lease(&w, 1, true);
	wire_lease(&w, 1, false);
	ok(wire_commands(&w) == 3, "a lease's command ends the batch in front of it");
	const char *p = unsent(&w);
	struct command c = next(&p);
	ok(is(&c, 2, "4") && is(&c, 6, "lease") && is(&c, 12, "open") && is(&c, 14, "1") &&
		is(&c, 15, "RUN 10000") && is(&c, 16, "{}"),
	    "each batch keeps the lease");
	c = next(&p);
	ok(c.n == 16 && is(&c, 15, "RUN 10000"), "in silence a command without messages does");
	c = next(&p);
	ok(c.n == 16 && is(&c, 15, "RUN 0"), "and one gives it back");
	wire_sent(&w, unsent_len(&w));
	ok(wire_acked(&w) == 1 && wire_acked(&w) == 0 && wire_acked(&w) == 0,
	    "those without messages acknowledge none");
	wire_fini(&w);
	conf = plain;
	conf.ephemeral = true;
	wire_init(&w, &conf);
	put(&w, "{}", 0, false);
	p = unsent(&w);
	c = next(&p);
	ok(c.n == 3 && is(&c, 0, "PUBLISH") && is(&c, 1, "c") && is(&c, 2, "{}"),
	    "an ephemeral message is a PUBLISH at once");
	wire_fini(&w);
}

static void test_due(void)
{
	struct wire_conf conf = plain;
	struct wire w;

	conf.ttl_ms = 0;
	wire_init(&w, &conf);
	ok(wire_due_ttl_ms(&w) == 7LL * 86400 * 1000, "without a ttl the due key lives seven days");
	wire_fini(&w);
	conf.ttl_ms = 86400 * 1000;
	wire_init(&w, &conf);
	ok(wire_due_ttl_ms(&w) == 86400 * 1000, "with one as long as the log");
	wire_fini(&w);
}

/* A server that answers what it does not have yet. */
static void test_too_early(void)
{
	const struct wire_conf conf = {.channel = "c", .ephemeral = true};
	struct wire w;
	size_t len, all;

	wire_init(&w, &conf);
	wire_put(&w, "{}", 2, 0, false);
	(void)wire_unsent(&w, &all);
	ok(wire_acked(&w) == -1, "nothing is acknowledged before it is sent,");
	wire_sent(&w, all - 1);
	ok(wire_acked(&w) == -1, "to its last byte,");
	(void)wire_unsent(&w, &len);
	ok(len == 1 && wire_commands(&w) == 1, "and it is still to be sent");
	wire_sent(&w, 1);
	ok(wire_acked(&w) == 1 && wire_commands(&w) == 0, "then it is");
	wire_fini(&w);
}

int main(void)
{
	test_batch();
	test_limits();
	test_ack();
	test_kinds();
	test_due();
	test_too_early();
	return t_done();
}
