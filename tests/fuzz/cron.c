/* SPDX-License-Identifier: MIT */
/* Any text as a schedule: refused with a reason, or its next tick is later and at a whole minute.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cron.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char text[256];
	struct cron c;
	struct why w = {0};

	if (len >= sizeof text)
		return 0;
	memcpy(text, data, len);
	text[len] = '\0';
	if (cron_parse(&c, text, &w) < 0) {
		if (w.status != WHY_USAGE || w.text[0] == '\0')
			abort();
		return 0;
	}
	int64_t t = cron_next(&c, 1795000000);
	if (t != -1 && (t <= 1795000000 || t % 60 != 0))
		abort();
	return 0;
}
