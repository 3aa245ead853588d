/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_NUMBER_H
#define SPOUT_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Numbers in other people's texts: ASCII digits and nothing else, so no sign, no space, no locale,
 * and no wrap-around. Zeros in front are allowed. *n is left alone by what fails.
 */

/* Reads as many digits as stand at s, in front of end. Returns what is behind them; NULL when there
 * is none, or their number is above most. */
const char *number_scan(const char *s, const char *end, uint64_t most, uint64_t *n);

/* Whether s[0..len) is a number as a whole, and at most `most`. */
bool number_parse(const char *s, size_t len, uint64_t most, uint64_t *n);

/* The value of a hexadecimal digit of either case; -1 when c is none. */
int number_hex(char c);

#endif
