/* SPDX-License-Identifier: MIT */
/* hub: fan-out. */
#include "hub.h"
