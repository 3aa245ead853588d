/* SPDX-License-Identifier: MIT */
/* verdict: what the end of a command, or its answer, means for its job. */
#include "verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "json.h"
#include "number.h"
#include "opt.h"
#include "utf8.h"
#include "work.h"

void verdict_add_string(struct buf *b, const char *s, size_t len)
{
	struct utf8_mend mend = {0};
	struct buf text;

	buf_init(&text, SIZE_MAX / 2);
	(void)utf8_mend(&mend, &text, s, len);           /* no cap */
	(void)utf8_mend_end(&mend, &text);               /* the same */
	(void)buf_addc(b, '"');                          /* the same */
	(void)json_escape(b, buf_head(&text), text.len); /* the same */
	(void)buf_addc(b, '"');                          /* the same */
	buf_fini(&text);
}

void verdict_keep_result(struct held *h, const char *s, size_t len, bool truncated)
{
	struct buf b;

	while (len > 0 && (s[len - 1] == '\n' || s[len - 1] == '\r'))
		len--;
	if (len == 0 || h->result != NULL)
		return; /* what was noted as the result counts more */
	if (!truncated && json_is_valid(s, len) && memchr(s, '\n', len) == NULL) {
		held_set_result(h, s, len);
		return;
	}
	buf_init(&b, SIZE_MAX / 2);
	verdict_add_string(&b, s, len);
	held_set_result(h, buf_head(&b), b.len);
	buf_fini(&b);
}

enum slot_fate verdict_fate(int status)
{
	return status == 0                  ? SLOT_DONE
	    : status == WORK_STATUS_BURY    ? SLOT_BURIED
	    : status == WORK_STATUS_RELEASE ? SLOT_RELEASED
					    : SLOT_FAILED;
}

struct verdict verdict_of(const struct runner_end *end, bool stopped)
{
	int ws = end->wait_status;
	struct verdict v = {
	    .delay_ms = -1, .status = WIFSIGNALED(ws) ? 128 + WTERMSIG(ws) : WEXITSTATUS(ws)};

	v.fate = verdict_fate(v.status);
	if (WIFSIGNALED(ws))
		(void)snprintf(v.what, sizeof v.what, "killed by signal %d (%s)", WTERMSIG(ws),
		    strsignal(WTERMSIG(ws))); /* fits */
	else
		(void)snprintf(v.what, sizeof v.what, "exit status %d", v.status); /* the same */
	if (end->cause == RUNNER_SOFT || end->cause == RUNNER_HARD) {
		/* A command that ended well in spite of it has done its work. */
		if (v.fate != SLOT_DONE)
			v.fate = SLOT_FAILED;
		(void)snprintf(v.what, sizeof v.what, "took longer than --%s allows",
		    end->cause == RUNNER_SOFT ? "soft" : "hard"); /* fits */
	} else if (stopped && v.fate == SLOT_FAILED) {
		v.fate = SLOT_RELEASED;
		v.delay_ms = 0;
		(void)snprintf(v.what, sizeof v.what, "the worker was stopped"); /* fits */
	}
	return v;
}

int verdict_answer(struct held *h, const char *line, size_t len)
{
	struct json_slice sp = json_find(line, len, "sp"), status, after;
	char text[32] = "";
	uint64_t n;

	if (sp.s == NULL || !json_is_valid(line, len))
		return 0;
	status = json_find(sp.s, sp.len, "status");
	after = json_string(json_find(sp.s, sp.len, "retry_after"));
	if (after.s != NULL && after.len < sizeof text) {
		memcpy(text, after.s, after.len);
		if (opt_duration(text, &h->retry_ms) < 0)
			h->retry_ms = -1;
	}
	if (status.s == NULL)
		return 0;
	return number_parse(status.s, status.len, 255, &n) ? (int)n : 1;
}
