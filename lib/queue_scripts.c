/* SPDX-License-Identifier: MIT */
/* queue_scripts: the scripts, as the build embeds them. */
#include "queue_scripts.h"

#include <stddef.h>
#include <string.h>

/* clang-format off */
static const struct queue_script scripts[] = {
    {"add",
#include "xq_add.sha.h"
	,
#include "xq_add.lua.h"
    },
    {"cancel",
#include "xq_cancel.sha.h"
	,
#include "xq_cancel.lua.h"
    },
    {"dead",
#include "xq_dead.sha.h"
	,
#include "xq_dead.lua.h"
    },
    {"doctor",
#include "xq_doctor.sha.h"
	,
#include "xq_doctor.lua.h"
    },
    {"every",
#include "xq_every.sha.h"
	,
#include "xq_every.lua.h"
    },
    {"fail",
#include "xq_fail.sha.h"
	,
#include "xq_fail.lua.h"
    },
    {"finish",
#include "xq_finish.sha.h"
	,
#include "xq_finish.lua.h"
    },
    {"hello",
#include "xq_hello.sha.h"
	,
#include "xq_hello.lua.h"
    },
    {"list",
#include "xq_list.sha.h"
	,
#include "xq_list.lua.h"
    },
    {"look",
#include "xq_look.sha.h"
	,
#include "xq_look.lua.h"
    },
    {"note",
#include "xq_note.sha.h"
	,
#include "xq_note.lua.h"
    },
    {"pause",
#include "xq_pause.sha.h"
	,
#include "xq_pause.lua.h"
    },
    {"purge",
#include "xq_purge.sha.h"
	,
#include "xq_purge.lua.h"
    },
    {"renew",
#include "xq_renew.sha.h"
	,
#include "xq_renew.lua.h"
    },
    {"stats",
#include "xq_stats.sha.h"
	,
#include "xq_stats.lua.h"
    },
    {"take",
#include "xq_take.sha.h"
	,
#include "xq_take.lua.h"
    },
    {NULL, NULL, NULL},
};
/* clang-format on */

const struct queue_script *queue_script(const char *name)
{
	for (const struct queue_script *s = scripts; s->name != NULL; s++)
		if (strcmp(s->name, name) == 0)
			return s;
	return NULL;
}

_Static_assert(sizeof scripts / sizeof *scripts <= 32, "a bit for each");

uint32_t queue_script_bit(const struct queue_script *s)
{
	return UINT32_C(1) << (s - scripts);
}
