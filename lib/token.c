/* SPDX-License-Identifier: MIT */
/* token: options in, claims, a signature, one line out. */
#include "token.h"

#include <string.h>
#include <unistd.h>

#include "chan.h"
#include "claims.h"
#include "cli.h"
#include "clock.h"
#include "crypto.h"
#include "jwt.h"
#include "opt.h"
#include "proc.h"

struct token {
	const char *project, *stage, *key;
	struct opt_list channels;
	bool publish;
	int64_t for_ms;
	struct buf grants, claims, text;
};

static enum opt_result parse(struct token *t, struct say *s, int argc, char **argv, struct why *w)
{
	const struct opt opts[] = {
	    {'p', "project", "ID", OPT_STRING, &t->project,
		"let read this project; * in it stands for anything", NULL, 0, 0},
	    {'s', "stage", "NAME", OPT_STRING, &t->stage, "this stage of it; without, all of them",
		NULL, 0, 0},
	    {'c', "channel", "CHANNEL", OPT_LIST, &t->channels,
		"let read this channel; * in it stands for anything; may be repeated", NULL, 0, 0},
	    {0, "pub", NULL, OPT_FLAG, &t->publish, "let publish and stop there, too", NULL, 0, 0},
	    {0, "for", "D", OPT_DURATION, &t->for_ms, "how long the token is valid", NULL, 1000,
		(int64_t)100 * 366 * 86400000},
	    {0, "key", "FILE", OPT_STRING, &t->key, "sign with this private key in PEM, or secret",
		NULL, 0, 0},
	    CLI_OPTS_SAY(s),
	    {.kind = OPT_GROUP},
	};
	const struct opt_tool tool = {.name = "sp-sse token",
	    .summary = "Print a token for readers and publishers of sp-sse --key.",
	    .usage = "sp-sse token [--pub] --for D --key FILE\n"
		     "       (-p PROJECT [-s STAGE] | -c CHANNEL)",
	    .examples = "sp-sse token -p 7 --for 1h --key secret\n"
			"sp-sse token --pub -p 7 -s story --for 10m --key private.pem",
	    .opts = opts};
	struct opt_rest rest;
	enum opt_result r = opt_parse(&tool, argc, argv, &rest, w);

	if (r != OPT_RUN || (rest.noperands == 0 && rest.command == NULL))
		return r;
	(void)why_set(w, WHY_USAGE, "unexpected argument %s",
	    rest.noperands > 0 ? rest.operands[0] : "--"); /* fills w */
	return OPT_BAD;
}

/* --- What is granted */

/* A name of which the pattern's stars make a legal one. */
static int check_part(const char *what, const char *pattern, struct why *w)
{
	char name[CHAN_PART_MAX + 2];
	size_t n = strnlen(pattern, sizeof name - 1);

	for (size_t i = 0; i < n; i++)
		name[i] = pattern[i] == '*' ? 'x' : pattern[i];
	return chan_part_check(what, name, n, w);
}

static int check(const struct token *t, struct why *w)
{
	struct chan_parts parts;

	if ((t->project == NULL) == (t->channels.count == 0))
		return why_set(w, WHY_USAGE, "-p PROJECT or -c CHANNEL is needed, not both");
	if (t->stage != NULL && t->project == NULL)
		return why_set(w, WHY_USAGE, "-s needs -p PROJECT");
	if (t->for_ms == 0)
		return why_set(w, WHY_USAGE, "--for D is needed: how long is the token valid?");
	if (t->key == NULL)
		return why_set(w, WHY_USAGE, "--key FILE is needed");
	if (t->project != NULL && check_part("project", t->project, w) < 0)
		return -1;
	if (t->stage != NULL && check_part("stage", t->stage, w) < 0)
		return -1;
	for (int i = 0; i < t->channels.count; i++) {
		const char *name = t->channels.items[i];

		if (chan_name_check(name, strlen(name), w) < 0)
			return -1;
		if (chan_parse(name, strlen(name), &parts) || chan_is_own(name, strlen(name)))
			return why_set(w, WHY_USAGE,
			    "-c: no token opens this channel: it belongs to a project (-p) or a "
			    "log");
	}
	return 0;
}

static void make_claims(struct token *t)
{
	int64_t exp_s = (clock_wall_us() / 1000 + t->for_ms + 999) / 1000;

	if (t->project != NULL)
		claims_add_stage(&t->grants, t->project, t->stage);
	for (int i = 0; i < t->channels.count; i++)
		claims_add_channel(&t->grants, t->channels.items[i]);
	claims_encode(&t->claims, exp_s, &t->grants, t->publish ? &t->grants : NULL);
}

/* --- Signing */

static int sign(struct token *t, const struct crypto_key *key, struct why *w)
{
	unsigned char signature[JWT_SIGNATURE_MAX];

	jwt_encode(&t->text, crypto_key_alg(key), buf_head(&t->claims), t->claims.len);
	ptrdiff_t n = crypto_sign(key, buf_head(&t->text), t->text.len, signature, w);
	if (n < 0)
		return -1;
	jwt_add_signature(&t->text, signature, (size_t)n);
	if (t->text.len > JWT_MAX)
		return why_set(w, WHY_USAGE,
		    "the token would have %zu bytes; servers take %d: name fewer channels",
		    t->text.len, JWT_MAX);
	(void)buf_addc(&t->text, '\n'); /* no cap */
	return 0;
}

static int run(struct token *t, const struct say *s, struct why *w)
{
	struct crypto_key *key;

	if (check(t, w) < 0 || crypto_key_open(&key, t->key, w) < 0)
		return -1;
	if (crypto_key_is_exposed(key))
		say(s, SAY_NOTE, "--key %s: everybody on this machine may read it (chmod 600)",
		    t->key);
	make_claims(t);
	int r = sign(t, key, w);
	crypto_key_close(key);
	return r < 0
	    ? -1
	    : proc_write(STDOUT_FILENO, "standard output", buf_head(&t->text), t->text.len, w);
}

int token_main(struct say *s, int argc, char **argv)
{
	struct token t = {.project = NULL};
	struct why w = {0};

	s->tool = "sp-sse token";
	buf_init(&t.grants, SIZE_MAX / 2);
	buf_init(&t.claims, SIZE_MAX / 2);
	buf_init(&t.text, SIZE_MAX / 2);
	enum opt_result parsed = parse(&t, s, argc, argv, &w);
	int r = parsed == OPT_RUN ? run(&t, s, &w) : parsed == OPT_EXIT ? 0 : -1;
	buf_fini(&t.grants);
	buf_fini(&t.claims);
	buf_fini(&t.text);
	opt_list_fini(&t.channels);
	if (r == 0)
		return 0;
	if (proc_output_is_gone())
		proc_die_of_pipe();
	return say_why(s, &w);
}
