/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_FILTER_H
#define SPOUT_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "why.h"

/*
 * A jq program that messages go through (jq(1)). libjq is loaded when a filter is opened, not
 * before: linked, it would cost every start 0.2 ms, and compiling any program costs 13 ms with 1.6.
 * An output that equals the input is given as the input's own bytes, since jq 1.6 rounds large
 * numbers and rewrites others.
 */
struct filter;

/* WHY_USAGE: the program does not compile (with jq's words); WHY_UNAVAILABLE: there is no libjq. */
int filter_open(struct filter **f, const char *program, struct why *w);
void filter_close(struct filter *f);

/* An output: JSON on one line, `same` when it is the input; or, for a string, its text in `string`,
 * else NULL. All borrowed for the call. Returns 0 to go on. */
typedef int filter_output_fn(
    void *arg, const char *json, size_t len, bool same, const char *string, size_t string_len);

/* Runs text through the filter and calls on_output for each output. -1 with WHY_DATA when the
 * program fails or text is not JSON: outputs in front of that were given. What on_output returned,
 * if not 0. */
int filter_run(struct filter *f, const char *text, size_t len, filter_output_fn *on_output,
    void *arg, struct why *w);

#endif
