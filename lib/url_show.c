/* SPDX-License-Identifier: MIT */
/* url_show: URLs without their secrets, for people and for ps(1). */
#include "url.h"
#include "buf.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The buffer has no cap here, so adding cannot fail. */
static void add(struct buf *b, const char *s)
{
	(void)buf_adds(b, s);
}

/* Adds s percent-encoded but for what is in plain, so that no terminal is moved and the URL can be
 * read back. */
static void encode_but(struct buf *b, const char *s, const char *plain)
{
	for (; *s != '\0'; s++)
		if (isalnum((unsigned char)*s) || strchr(plain, *s) != NULL)
			(void)buf_addc(b, *s);
		else
			(void)buf_addf(b, "%%%02X", (unsigned)(unsigned char)*s);
}

static void encode(struct buf *b, const char *s)
{
	encode_but(b, s, "-._~");
}

static void encode_path(struct buf *b, const char *s)
{
	encode_but(b, s, "-._~/");
}

static void show_hosts(struct buf *b, const struct url *u)
{
	for (int i = 0; i < u->nhosts; i++) {
		const char *name = u->hosts[i].name;
		size_t zone = strcspn(name, "%");

		if (i > 0)
			add(b, ",");
		if (strchr(name, ':') == NULL) {
			add(b, name);
		} else {
			add(b, "[");
			(void)buf_add(b, name, zone);
			encode(b, name + zone);
			add(b, "]");
		}
		(void)buf_addf(b, ":%u", (unsigned)u->hosts[i].port);
	}
}

/* Adds name=value behind the right separator; a value that is NULL is none. */
static void show_param(struct buf *b, char *separator, const char *name, const char *value)
{
	if (value == NULL)
		return;
	(void)buf_addf(b, "%c%s=", *separator, name);
	add(b, value);
	*separator = '&';
}

static void show_encoded(struct buf *b, char *separator, const char *name, const char *value)
{
	if (value == NULL)
		return;
	show_param(b, separator, name, "");
	encode_path(b, value);
}

static void show_params(struct buf *b, const struct url *u)
{
	char separator = '?', db[16];

	if (u->kind == URL_UNIX) {
		(void)snprintf(db, sizeof db, "%d", u->db); /* fits */
		show_param(b, &separator, "db", u->db != 0 ? db : NULL);
		show_encoded(b, &separator, "user", u->user);
		show_param(b, &separator, "password", u->password != NULL ? "***" : NULL);
	}
	show_encoded(b, &separator, "cafile", u->cafile);
	show_encoded(b, &separator, "cert", u->cert);
	show_encoded(b, &separator, "key", u->key);
	show_param(b, &separator, "verify", u->verify ? NULL : "no");
	show_encoded(b, &separator, "sentinel_user", u->sentinel_user);
	show_param(b, &separator, "sentinel_password", u->sentinel_password != NULL ? "***" : NULL);
}

static const char *scheme(const struct url *u)
{
	switch (u->kind) {
	case URL_TCP:
		return u->tls ? "rediss" : "redis";
	case URL_UNIX:
		return "unix";
	case URL_SENTINEL:
		return "redis+sentinel";
	case URL_CLUSTER:
		return "redis+cluster";
	}
	return "";
}

char *url_show(const struct url *u)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	(void)buf_addf(&b, "%s://", scheme(u));
	if (u->kind == URL_UNIX)
		encode_path(&b, u->path);
	else if (u->password != NULL && u->user != NULL) {
		encode(&b, u->user);
		add(&b, ":***@");
	} else if (u->password != NULL)
		add(&b, "***@");
	show_hosts(&b, u);
	if (u->kind == URL_SENTINEL) {
		add(&b, "/");
		encode(&b, u->master);
	}
	if (u->kind == URL_TCP || u->kind == URL_SENTINEL)
		(void)buf_addf(&b, "/%d", u->db);
	show_params(&b, u);
	char *shown = xstrndup(buf_head(&b), b.len);
	buf_fini(&b);
	return shown;
}

static char *hide(char *from, const char *to)
{
	for (; from < to; from++)
		*from = '*';
	return from;
}

/* Overwrites the values of the secret parameters. */
static void hide_params(char *query)
{
	static const char *const secrets[] = {"password=", "sentinel_password="};

	for (char *p = query; *p != '\0'; p += *p == '&') {
		char *end = p + strcspn(p, "&");

		for (int i = 0; i < 2; i++)
			if (strncasecmp(p, secrets[i], strlen(secrets[i])) == 0)
				hide(p + strlen(secrets[i]), end);
		p = end;
	}
}

void url_hide(char *text)
{
	struct url u;
	struct why w;
	char *rest = strstr(text, "://");

	if (text[0] == '@')
		return; /* -u @FILE: the name of a file */
	rest = rest == NULL ? text : rest + 3;
	if (url_parse(&u, text, &w) != 0) {
		hide(rest, rest + strlen(rest));
		return;
	}
	char *end = rest + strcspn(rest, "/?");
	char *at = memchr(rest, '@', (size_t)(end - rest));
	if (at != NULL)
		hide(strchr(rest, ':') + 1, at); /* it parsed, so there is a colon */
	char *query = strchr(rest, '?');
	if (query != NULL)
		hide_params(query + 1);
	url_fini(&u);
}
