/* SPDX-License-Identifier: MIT */
/* The scan of a message for its stamp: whatever comes, it reads nothing beyond the end, finds only
 * what its checksum vouches for, and counts without a loop over what a hostile seq says. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "hist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

/* Leaps as wild as the input's bytes. */
static void take_seqs(const uint8_t *data, size_t size)
{
	struct audit_counts c = {0};
	struct audit_lane l;

	audit_lane_init(&l, NULL, 64, true);
	uint64_t seq = 0, n = 0;
	for (size_t i = 0; i < size; i++) {
		seq =
		    (seq + ((uint64_t)(int8_t)data[i] << data[i] % 40)) & ((UINT64_C(1) << 48) - 1);
		audit_lane_take(&l, &c, seq);
		n++;
	}
	audit_lane_end(&l, &c, 0);
	check(c.received == n && c.duplicated + c.reordered + c.stale <= n);
}

static void unpack(const char *s, size_t size)
{
	static struct hist h;

	if (h.cells == NULL)
		hist_init(&h);
	ptrdiff_t n = hist_unpack(&h, s, size);
	check(n >= -1 && n <= (ptrdiff_t)size);
	check(hist_percentile(&h, 100) <= h.max);
	hist_clear(&h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct audit_stamp s, again;
	char *copy = malloc(size + 1);

	if (copy == NULL)
		return 0;
	memcpy(copy, data, size);
	if (audit_find(copy, size, &s) == AUDIT_GOOD) {
		char *at = memmem(copy, size, "spb1.", 5);
		size_t len = (size_t)strtoul(
		    (char[9]){at[62], at[63], at[64], at[65], at[66], at[67], at[68], at[69]}, NULL,
		    16);
		audit_restamp(at, len, &s);
		check(audit_find(copy, size, &again) == AUDIT_GOOD && again.seq == s.seq &&
		    again.run == s.run && again.lane == s.lane && again.time_ns == s.time_ns);
	}
	unpack(copy, size);
	take_seqs(data, size);
	free(copy);
	return 0;
}
