/* SPDX-License-Identifier: MIT */
/* A report read back: what is taken has numbers that a chart can have; the rest is refused. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *const label[] = {"a 'run'"};
	struct plot_run r;
	struct why w = {0};
	struct buf b;

	if (plot_run_read(&r, (const char *)data, size, &w) < 0) {
		check(w.status == WHY_DATA && w.text[0] != '\0');
		return 0;
	}
	for (size_t i = 0; i < r.npercentiles; i++)
		check(r.percentiles[i].percent >= 0 && r.percentiles[i].percent <= 100 &&
		    r.percentiles[i].us >= 0);
	buf_init(&b, 64 << 20);
	const struct plot p = {PLOT_SVG, 0, 0, false, 1, &r, label};
	check(plot_script(&b, &p) == 0);
	check(memmem(buf_head(&b), b.len, "unset multiplot", 15) != NULL);
	buf_fini(&b);
	plot_run_fini(&r);
	return 0;
}
