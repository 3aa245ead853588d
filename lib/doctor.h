/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_DOCTOR_H
#define SPOUT_DOCTOR_H

/*
 * `sp-sse doctor URL`: reads an event stream as a browser would, through whatever stands in front
 * of its server, and prints a line for each thing that a proxy may do to it, with what to change.
 * argv[0] is the verb. Returns the exit status: 1 when something is bad.
 */
int doctor_main(int argc, char **argv);

#endif
