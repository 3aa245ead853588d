/* SPDX-License-Identifier: MIT */
/* machine: cores, processor and kernel. */
#include "machine.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* From /proc/cpuinfo: "model name" on x86, "Model" or nothing on others. */
static void look_at_cpu(char *cpu, size_t size)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[256];

	(void)snprintf(cpu, size, "unknown"); /* fits */
	while (f != NULL && fgets(line, sizeof line, f) != NULL) {
		const char *at = strchr(line, ':');

		if (at == NULL || strncasecmp(line, "model", 5) != 0 || at[1] != ' ' ||
		    (strncmp(line, "model name", 10) != 0 && strncmp(line, "Model", 5) != 0))
			continue;
		(void)snprintf(
		    cpu, size, "%.*s", (int)strcspn(at + 2, "\n"), at + 2); /* cut is fine */
		break;
	}
	if (f != NULL)
		(void)fclose(f); /* only read */
}

void machine_look(struct machine *m)
{
	struct utsname u;
	cpu_set_t set;

	m->cores = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set)
							       : sysconf(_SC_NPROCESSORS_ONLN);
	look_at_cpu(m->cpu, sizeof m->cpu);
	if (uname(&u) == 0)
		(void)snprintf(m->kernel, sizeof m->kernel, "%s %s %s", u.sysname, u.release,
		    u.machine); /* cut is fine */
	else
		(void)snprintf(m->kernel, sizeof m->kernel, "unknown"); /* fits */
}
