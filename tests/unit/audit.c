/* SPDX-License-Identifier: MIT */
/* audit: streams of a million with one lost, repeated, swapped or damaged; it finds exactly those.
 */
#include <stdlib.h>

#include "audit.h"
#include "t.h"

enum { MILLION = 1000000, SIZE = 100 };

static int counts_are(const struct audit_counts *c, uint64_t received, uint64_t lost,
    uint64_t duplicated, uint64_t reordered, uint64_t corrupted, uint64_t stale)
{
	int same = c->received == received && c->lost == lost && c->duplicated == duplicated &&
	    c->reordered == reordered && c->corrupted == corrupted && c->stale == stale;

	if (!same)
		printf("# received %llu lost %llu duplicated %llu reordered %llu corrupted %llu "
		       "stale %llu\n",
		    (unsigned long long)c->received, (unsigned long long)c->lost,
		    (unsigned long long)c->duplicated, (unsigned long long)c->reordered,
		    (unsigned long long)c->corrupted, (unsigned long long)c->stale);
	return same;
}

static void test_crc(void)
{
	char zeros[32] = {0}, ones[32];

	memset(ones, 0xff, sizeof ones);
	ok(audit_crc(0, zeros, 32) == 0x8a9136aa, "CRC-32C of 32 zeros, RFC 3720 B.4");
	ok(audit_crc(0, ones, 32) == 0x62a8ab43, "CRC-32C of 32 ones");
	ok(audit_crc(0, "123456789", 9) == 0xe3069283, "CRC-32C of 123456789");
	ok(audit_crc(audit_crc(0, "1234", 4), "56789", 5) == 0xe3069283, "also in two parts");
}

static void test_stamp(void)
{
	char text[300] = "{\"type\":\"token\",\"content\":\"";
	size_t front = strlen(text);
	const struct audit_stamp in = {0xdeadbeef, 7, 0x123456789abc, INT64_C(1234567890123456789)};
	struct audit_stamp out;
	bool damaged = true, cut = true;

	audit_stamp(text + front, SIZE, &in);
	memcpy(text + front + SIZE, "\"}", 3);
	size_t len = strlen(text);
	ok(len == front + SIZE + 2, "a stamp is as long as it was asked for");
	ok(audit_find(text, len, &out) == AUDIT_GOOD && out.run == in.run && out.lane == in.lane &&
		out.seq == in.seq && out.time_ns == in.time_ns,
	    "what is written is read, within JSON");
	for (size_t i = front; i < front + SIZE; i++)
		for (int bit = 0; bit < 8; bit++) {
			text[i] = (char)(text[i] ^ 1 << bit);
			enum audit_found f = audit_find(text, len, &out);
			text[i] = (char)(text[i] ^ 1 << bit);
			damaged = damaged && f == (i < front + 5 ? AUDIT_NONE : AUDIT_DAMAGED);
		}
	ok(damaged, "each flipped bit is found");
	for (size_t n = 0; n < front + SIZE; n++)
		cut = cut && audit_find(text, n, &out) != AUDIT_GOOD;
	ok(cut, "so is each cut");
	ok(audit_find("{\"type\":\"done\"}", 15, &out) == AUDIT_NONE,
	    "other messages have no stamp");
	char least[AUDIT_STAMP_MIN];
	audit_stamp(least, sizeof least, &in);
	ok(audit_find(least, sizeof least, &out) == AUDIT_GOOD, "a stamp needs no filler");
}

/* What becomes of message `at` of a million. */
enum fault { NONE, DROP, REPEAT, SWAP, DAMAGE, DROP_LAST };

static void send(struct audit *a, uint64_t seq, bool damage)
{
	static char text[SIZE];
	struct audit_stamp s = {1, 2, seq, 3}, out;

	if (text[0] == 0)
		audit_stamp(text, SIZE, &s);
	audit_restamp(text, SIZE, &s);
	if (damage)
		text[SIZE - 1] ^= 1;
	(void)audit_take(a, 0, text, SIZE, &out); /* the counts tell */
	if (damage)
		text[SIZE - 1] ^= 1;
}

static struct audit_counts pass(enum fault fault, uint64_t at, uint32_t window)
{
	struct audit *a = audit_open(1, window, true);

	for (uint64_t seq = 0; seq < MILLION; seq++) {
		if ((fault == DROP && seq == at) || (fault == DROP_LAST && seq == MILLION - 1))
			continue;
		if (fault == SWAP && seq == at)
			send(a, seq + 1, false);
		else if (fault == SWAP && seq == at + 1)
			send(a, at, false);
		else
			send(a, seq, fault == DAMAGE && seq == at);
		if (fault == REPEAT && seq == at)
			send(a, seq, false);
	}
	audit_sent(a, 0, 1, 2, MILLION);
	audit_end(a);
	struct audit_counts c = audit_total(a);
	audit_close(a);
	return c;
}

static void test_faults(void)
{
	struct audit_counts c = pass(NONE, 0, AUDIT_WINDOW);

	ok(counts_are(&c, MILLION, 0, 0, 0, 0, 0) && audit_is_clean(&c), "a million whole ones");
	for (uint32_t window = 64; window <= AUDIT_WINDOW; window *= 1024) {
		c = pass(DROP, 567890, window);
		ok(counts_are(&c, MILLION - 1, 1, 0, 0, 0, 0) && !audit_is_clean(&c),
		    "one lost, window %u", window);
		c = pass(DROP, 0, window);
		ok(counts_are(&c, MILLION - 1, 1, 0, 0, 0, 0), "the first lost");
		c = pass(DROP_LAST, 0, window);
		ok(counts_are(&c, MILLION - 1, 1, 0, 0, 0, 0), "the last lost");
		c = pass(REPEAT, 567890, window);
		ok(counts_are(&c, MILLION + 1, 0, 1, 0, 0, 0), "one repeated");
		c = pass(SWAP, 567890, window);
		ok(counts_are(&c, MILLION, 0, 0, 1, 0, 0), "two swapped");
		c = pass(DAMAGE, 567890, window);
		ok(counts_are(&c, MILLION - 1, 0, 0, 0, 1, 0), "one damaged, and not lost as well");
	}
}

/* Against a model that remembers everything: a stream with drops, repeats and late ones, none later
 * than the window. */
static void test_model(void)
{
	enum { N = 200000, WINDOW = 1024 };
	uint64_t bits[WINDOW / 64] = {0}, x = 42;
	struct audit_counts got = {0}, want = {0};
	struct audit_lane l;
	char *came = calloc(N, 1);

	audit_lane_init(&l, bits, WINDOW, true);
	uint64_t top = 0;
	for (uint64_t at = 0; at < N; at++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		uint64_t back = (x >> 33) % 7 == 0 ? (x >> 40) % WINDOW : 0;
		uint64_t seq = at > back ? at - back : at;
		if ((x >> 50) % 11 == 0)
			continue;
		if (seq + WINDOW < top)
			continue;
		want.received++;
		if (came[seq])
			want.duplicated++;
		else if (seq < top)
			want.reordered++;
		came[seq] = 1;
		top = seq + 1 > top ? seq + 1 : top;
		audit_lane_take(&l, &got, seq);
	}
	for (uint64_t i = 0; i < N; i++)
		want.lost += !came[i];
	audit_lane_end(&l, &got, N);
	ok(counts_are(&got, want.received, want.lost, want.duplicated, want.reordered, 0, 0),
	    "a wild stream is counted as a memory of everything would");
	free(came);
}

static void test_lanes(void)
{
	struct audit_counts c = {0};
	struct audit_lane l;

	audit_lane_init(&l, NULL, 64, false);
	audit_lane_take(&l, &c, 1000);
	audit_lane_take(&l, &c, 1001);
	audit_lane_end(&l, &c, 0);
	ok(counts_are(&c, 2, 0, 0, 0, 0, 0), "who comes late has lost nothing");
	c = (struct audit_counts){0};
	audit_lane_init(&l, NULL, 64, false);
	audit_lane_take(&l, &c, 1001);
	audit_lane_take(&l, &c, 1000);
	audit_lane_end(&l, &c, 1002);
	ok(counts_are(&c, 2, 0, 0, 1, 0, 0), "the first two swapped are reordered");
	c = (struct audit_counts){0};
	audit_lane_init(&l, NULL, 64, true);
	audit_lane_take(&l, &c, 0);
	audit_lane_take(&l, &c, UINT64_C(1) << 47);
	audit_lane_take(&l, &c, 1);
	audit_lane_end(&l, &c, 0);
	ok(counts_are(&c, 3, (UINT64_C(1) << 47) - 1, 0, 0, 0, 1),
	    "a leap is counted at once; what comes from before it is stale");
	struct audit *a = audit_open(1, 64, true);
	char text[SIZE];
	struct audit_stamp s = {0};
	for (uint32_t run = 0; run < AUDIT_RUNS_MAX + 10; run++) {
		s.run = run;
		audit_stamp(text, SIZE, &s);
		(void)audit_take(a, 0, text, SIZE, &s); /* the counts tell */
	}
	ok(audit_channel(a, 0)->stale == 10, "more publishers than can be audited are told");
	audit_damaged(a, 0);
	audit_end(a);
	ok(audit_channel(a, 0)->corrupted == 1, "what the caller finds damaged counts");
	audit_close(a);
}

int main(void)
{
	test_crc();
	test_stamp();
	test_faults();
	test_model();
	test_lanes();
	return t_done();
}
