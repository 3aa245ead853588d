/* SPDX-License-Identifier: MIT */
/* started FILE: reads when its job was added (microseconds since 1970) and adds to FILE how long
 * ago that was. */
#include <stdio.h>

#include "clock.h"

int main(int argc, char **argv)
{
	int64_t now = clock_wall_us();
	long long then;

	FILE *f = fopen(argc > 1 ? argv[1] : "", "a");

	if (f == NULL || scanf("%lld", &then) != 1)
		return 65;
	return fprintf(f, "%lld\n", (long long)now - then) < 0 || fclose(f) != 0;
}
