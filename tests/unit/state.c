/* SPDX-License-Identifier: MIT */
/* state: who waits, while there is no Redis. */
#include "state.h"

#include <stdio.h>
#include <stdlib.h>

#include "t.h"

enum { PROJECTS = 600 };

static struct loop *loop;
static struct state *state;
static struct state_waiter waiters[PROJECTS];
static char again[PROJECTS];
static uint64_t reads;
static int told, without;

static void ask(struct state_waiter *w)
{
	char name[16];

	(void)snprintf(name, sizeof name, "%d", (int)(w - waiters) % 300); /* fits */
	state_ask(state, name, w, &reads);
}

/* As a connection does that has another request in hand: it asks from within. */
static void on_state(void *arg, const char *body, size_t len)
{
	struct state_waiter *w = arg;
	size_t i = (size_t)(w - waiters);

	(void)len;
	told++;
	without += body == NULL;
	if (told == 2 * PROJECTS)
		loop_stop(loop);
	else if (!again[i]) {
		again[i] = 1;
		ask(w);
	}
}

int main(void)
{
	struct url url = {
	    .kind = URL_UNIX, .path = (char[]){"/nowhere/redis"}, .shown = (char[]){"x"}};
	const struct link_conf conf = {&url, REDIS_TIMES_DEFAULT, -1};
	struct why w;

	if (loop_open(&loop, &w) < 0)
		abort();
	state = state_open(loop, &conf, "sp");
	for (int i = 0; i < PROJECTS; i++) {
		waiters[i] = (struct state_waiter){.on_state = on_state, .arg = &waiters[i]};
		ask(&waiters[i]);
	}
	if (loop_run(loop, &w) < 0)
		abort();
	ok(told == 2 * PROJECTS && without == told,
	    "each is told that there is no answer, each time");
	state_close(state);
	loop_close(loop);
	return t_done();
}
