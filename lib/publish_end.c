/* SPDX-License-Identifier: MIT */
/* publish_end: a run's last message, which may wait for what an earlier process said. */
#include "publish_own.h"

#include <stdlib.h>

#include "clock.h"

void publish_check_over(struct publish *p)
{
	if (!p->finishing || p->over || publish_pending(p) > 0)
		return;
	p->over = true;
	p->ops->on_over(p->arg);
}

static void put_done(struct publish *p, const char *reason)
{
	const struct dialect_result *result = p->intake.has_result ? &p->intake.result : NULL;

	if (run_done(&p->run, &p->message, result, reason, clock_wall_us(), clock_ms()) < 0)
		abort(); /* no cap */
	publish_append(p, &p->message, true);
}

static void put_error(struct publish *p, const char *error, const char *members)
{
	int r = error != NULL
	    ? run_error(&p->run, &p->message, error, members, clock_wall_us())
	    : run_provider_error(&p->run, &p->message, &p->intake.result, clock_wall_us());

	if (r < 0)
		abort(); /* no cap */
	publish_append(p, &p->message, true);
}

static void close_run(struct publish *p)
{
	append_flush(p->append);
	append_release(p->append);
	p->ops->on_room(p->arg, false);
	publish_check_over(p);
}

static void end(struct publish *p, const char *error, const char *members, const char *reason)
{
	bool provider = p->intake.has_result && p->intake.result.end != DIALECT_OWN_END;

	batch_give(&p->batch);
	p->finishing = true;
	if (p->conf.end && !p->ended) {
		p->failed = error != NULL || (provider && reason == NULL);
		p->waits = !p->failed && p->run.partial;
		p->reason = reason;
		if (p->failed)
			put_error(p, error, members);
		else if (!p->waits)
			put_done(p, reason);
	}
	if (!p->waits) {
		close_run(p);
		return;
	}
	append_flush(p->append);
	p->ops->on_room(p->arg, false);
}

static void on_recalled(void *arg, const struct buf *text, bool whole)
{
	struct publish *p = arg;

	run_recall(&p->run, (struct json_slice){buf_head(text), text->len}, whole);
	if (!p->waits)
		return;
	p->waits = false;
	put_done(p, p->reason);
	close_run(p);
}

/* The spool holds a run's last messages, the log those before. */
void publish_recall(struct publish *p)
{
	const struct append_conf *a = &p->conf.append;

	if (p->recovered == 0 || p->recovered_at == 0 || p->conf.full_text == RUN_FULL_NONE)
		return;
	p->run.partial = true;
	p->recall = recall_open(p->loop,
	    &(struct recall_conf){
		a->link, a->channel, append_run(p->append), p->recovered_at, RUN_FULL_MAX},
	    on_recalled, p);
}

void publish_finish(struct publish *p, const char *error, const char *members)
{
	if (!p->finishing)
		end(p, error, members, NULL);
}

void publish_stop(struct publish *p)
{
	struct why w;

	if (p->finishing)
		return;
	/* That the input ends in the midst is what was asked for. */
	(void)intake_end(&p->intake, clock_wall_us(), &w);
	end(p, NULL, NULL, "stopped");
}
