/* SPDX-License-Identifier: MIT */
/* Fuzzes url_parse, url_show and url_hide: no secret may be seen. */
#include "buf.h"
#include "url.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int cond)
{
	if (!cond)
		abort();
}

/* Whether visible parts of u spell the secret themselves, or it is too short to tell. */
static int is_elsewhere(const struct url *u, const char *secret)
{
	struct url open = *u;
	char empty[] = "";

	open.password = u->password != NULL ? empty : NULL;
	open.sentinel_password = u->sentinel_password != NULL ? empty : NULL;
	char *rest = url_show(&open);
	int is = strlen(secret) < 4 || strstr(rest, secret) != NULL;
	free(rest);
	return is;
}

static void check_secret(const struct url *u, const char *secret)
{
	must(secret == NULL || is_elsewhere(u, secret) || strstr(u->shown, secret) == NULL);
}

static int same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static int all_stars(const char *s)
{
	return s == NULL || strspn(s, "*") == strlen(s);
}

/* The hidden URL still says where Redis is, and its secrets are stars. */
static void check_same_place(const struct url *u, const char *hidden)
{
	struct url v;
	struct why w;

	must(url_parse(&v, hidden, &w) == 0);
	must(same(u->shown, v.shown) && same(u->user, v.user) && u->db == v.db);
	must((u->password == NULL) == (v.password == NULL));
	must(all_stars(v.password) && all_stars(v.sentinel_password));
	url_fini(&v);
}

/* What is shown without secrets can be read back, and is shown the same. */
static void check_normal(const struct url *u)
{
	struct url v, open = *u;
	struct why w;

	open.password = open.sentinel_password = NULL;
	open.user = open.sentinel_user = NULL;
	char *shown = url_show(&open);
	for (const char *c = shown; *c != '\0'; c++)
		must(*c > ' ' && *c < 0x7f);
	must(url_parse(&v, shown, &w) == 0 && strcmp(v.shown, shown) == 0);
	url_fini(&v);
	free(shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size), *hidden = xstrdup(text);
	struct url u;
	struct why w = {.text = ""};

	url_hide(hidden);
	must(strlen(hidden) == strlen(text));
	for (size_t i = 0; text[i] != '\0'; i++)
		must(hidden[i] == text[i] || hidden[i] == '*');
	if (url_parse(&u, text, &w) == 0) {
		must(u.kind == URL_UNIX ? u.path != NULL && u.nhosts == 0 : u.nhosts > 0);
		must((u.kind == URL_SENTINEL) == (u.master != NULL));
		must(u.user == NULL || u.password != NULL);
		must(u.db >= 0);
		check_secret(&u, u.password);
		check_secret(&u, u.sentinel_password);
		check_same_place(&u, hidden);
		check_normal(&u);
	} else {
		must(w.status == WHY_USAGE && strncmp(w.text, "the Redis URL", 13) == 0);
		const char *rest = strstr(hidden, "://");
		must(text[0] == '@' || all_stars(rest == NULL ? hidden : rest + 3));
		must(u.shown == NULL && u.hosts == NULL && u.password == NULL);
	}
	url_fini(&u);
	free(text);
	free(hidden);
	return 0;
}
