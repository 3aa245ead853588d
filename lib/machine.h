/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_MACHINE_H
#define SPOUT_MACHINE_H

/* What a measurement was made on; "unknown" where the system does not tell. */
struct machine {
	long cores; /* that this process may use */
	char cpu[128], kernel[200];
};

void machine_look(struct machine *m);

#endif
