/* SPDX-License-Identifier: MIT */
/* subs: subscriptions shared by all readers of a process. */
#include "subs.h"
