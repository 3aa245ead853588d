/* SPDX-License-Identifier: MIT */
/* plot_run: reports are read; what is none is refused with a reason. */
#include "plot.h"
#include "t.h"

static const char good[] =
    "{\"mode\":\"pub\",\"settings\":{\"duration_ms\":2000},\"percentiles\":[[0,1.5],[50,2e1],"
    "[100,30]],\"series\":[{\"t\":1,\"done\":10,\"p50\":1,\"p99\":2,\"x\":[1,{\"a\":\"],\\\"\"}]},"
    "{\"t\":2,\"done\":11,\"p50\":1,\"p99\":2},{\"t\":3,\"done\":1,\"p50\":1,\"p99\":2}]}";

static int refuses(const char *text)
{
	struct plot_run r;
	struct why w = {0};

	return plot_run_read(&r, text, strlen(text), &w) < 0 && w.status == WHY_DATA &&
	    w.text[0] != '\0' && r.percentiles == NULL && r.seconds == NULL;
}

int main(void)
{
	struct plot_run r;
	struct why w;

	ok(plot_run_read(&r, good, strlen(good), &w) == 0, "a report is read");
	ok(strcmp(r.mode, "pub") == 0 && r.npercentiles == 3 && r.percentiles[1].percent > 49.9 &&
		r.percentiles[1].us > 19.9 && r.percentiles[1].us < 20.1,
	    "with its percentiles");
	ok(r.nseconds == 2 && r.seconds[1].done > 10.9 && r.seconds[1].done < 11.1,
	    "and its whole seconds");
	const char *const label[] = {"it's"};
	const struct plot p = {PLOT_SVG, 0, 0, false, 1, &r, label};
	struct buf b;
	buf_init(&b, 1 << 20);
	ok(plot_script(&b, &p) == 0 && memmem(buf_head(&b), b.len, "'it''s'", 7) != NULL,
	    "a quote in a label is doubled");
	buf_clear(&b);
	ok(plot_finish(&b, &p, "<svg a>x", 8) == 0 && b.len > 8 &&
		memcmp(buf_head(&b), "<svg a><style>", 14) == 0,
	    "the style stands behind the tag");
	buf_fini(&b);
	plot_run_fini(&r);
	ok(refuses("") && refuses("[]") && refuses("{}") && refuses("{\"mode\":1}"), "no report");
	ok(refuses("{\"mode\":\"pub\",\"percentiles\":[1],\"series\":[]}") &&
		refuses("{\"mode\":\"pub\",\"percentiles\":[[1]],\"series\":[]}") &&
		refuses("{\"mode\":\"pub\",\"percentiles\":[[1,-1]],\"series\":[]}") &&
		refuses("{\"mode\":\"pub\",\"percentiles\":[[101,1]],\"series\":[]}") &&
		refuses("{\"mode\":\"pub\",\"percentiles\":[[1,\"2\"]],\"series\":[]}"),
	    "percentiles that are none");
	ok(refuses("{\"mode\":\"pub\",\"percentiles\":[]}") &&
		refuses("{\"mode\":\"pub\",\"percentiles\":[],\"series\":[{\"t\":1}]}") &&
		refuses("{\"mode\":\"pub\",\"percentiles\":[],\"series\":[1]}"),
	    "series that are none");
	return t_done();
}
