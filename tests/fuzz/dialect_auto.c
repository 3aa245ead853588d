/* SPDX-License-Identifier: MIT */
#include "dialect_cuts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	return cut_anywhere(DIALECT_AUTO, data, len);
}
