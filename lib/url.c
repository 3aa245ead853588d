/* SPDX-License-Identifier: MIT */
/* url: where Redis is, from a URL (RFC 3986, stricter), and the URL for people.
 *
 * A password that was not percent-encoded may end up in any part: redis://:se/cret@host has "host"
 * for its path. So a reason never quotes the text. */
#include "url.h"
#include "buf.h"
#include "url_part.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const struct scheme {
	const char *name;
	enum url_kind kind;
	bool tls;
	uint16_t port;
} schemes[] = {
    {"redis", URL_TCP, false, 6379},
    {"rediss", URL_TCP, true, 6379},
    {"unix", URL_UNIX, false, 0},
    {"redis+sentinel", URL_SENTINEL, false, 26379},
    {"redis+cluster", URL_CLUSTER, false, 6379},
};

enum { NSCHEMES = sizeof schemes / sizeof schemes[0] };

/* The text in its parts, still encoded. Parts that are missing have s NULL. */
struct parts {
	const struct scheme *scheme;
	struct url_part userinfo, hosts, path, query;
};

/* --- Splitting */

static int split_scheme(struct url_part *rest, struct parts *p, struct why *w)
{
	const char *colon = strstr(rest->s, "://");

	for (int i = 0; i < NSCHEMES && colon != NULL; i++)
		if (url_part_is(
			(struct url_part){rest->s, (size_t)(colon - rest->s)}, schemes[i].name))
			p->scheme = &schemes[i];
	if (p->scheme == NULL)
		return url_bad(w,
		    "must begin with redis://, rediss://, unix://, redis+sentinel:// or "
		    "redis+cluster://");
	rest->len -= (size_t)(colon + 3 - rest->s);
	rest->s = colon + 3;
	return 0;
}

/* Refuses the bytes that would leave open where a part ends. authority is what stands in front of
 * the first '/' or '?'. */
static int check_raw(
    struct url_part rest, struct url_part authority, const struct scheme *s, struct why *w)
{
	int ats = 0;

	for (size_t i = 0; i < rest.len; i++) {
		unsigned char c = (unsigned char)rest.s[i];

		if (c <= ' ' || c == 0x7f)
			return url_bad(w,
			    "holds a space or a control character: percent-encode it "
			    "(a space is %20)");
		if (c == '#')
			return url_bad(w,
			    "holds a '#': write %23 where it is part of a name or "
			    "password");
		ats += c == '@';
		if (c == '@' && (ats > 1 || (i >= authority.len && s->kind != URL_UNIX)))
			return url_bad(w,
			    "has an '@' too many, or in the wrong place: in a user name, "
			    "password or path write %40 for '@', %2F for '/' and %3F for "
			    "'?'");
	}
	return 0;
}

static int split(struct url_part rest, struct parts *p, struct why *w)
{
	*p = (struct parts){.scheme = NULL};
	if (split_scheme(&rest, p, w) != 0)
		return -1;
	struct url_part authority = {rest.s, strcspn(rest.s, "/?")};
	if (check_raw(rest, authority, p->scheme, w) != 0)
		return -1;
	if (p->scheme->kind == URL_UNIX && (authority.len > 0 || rest.s[0] != '/'))
		return url_bad(w,
		    "needs an absolute path, with three slashes: "
		    "unix:///run/redis/redis.sock (user and password: ?user=&password=)");
	struct url_part behind = {rest.s + authority.len, rest.len - authority.len};
	p->path = url_part_cut(&behind, '?');
	p->query = behind;
	if (memchr(authority.s, '@', authority.len) != NULL)
		p->userinfo = url_part_cut(&authority, '@');
	p->hosts = authority;
	return 0;
}

/* --- Parts */

static int parse_userinfo(struct url_part in, struct url *u, struct why *w)
{
	if (in.s == NULL)
		return 0;
	struct url_part user = url_part_cut(&in, ':');
	if (in.s == NULL)
		return url_bad(w,
		    "has a user name without a password, which is almost always a "
		    "password without its colon: write redis://:PASSWORD@HOST");
	if (url_part_decode(user, &u->user, w) != 0)
		return -1;
	return url_part_decode(in, &u->password, w);
}

/* An IPv6 address, perhaps with a zone: fe80::1%eth0. */
static bool is_ipv6(const char *s)
{
	unsigned char binary[16];
	char address[INET6_ADDRSTRLEN];
	size_t len = strcspn(s, "%");

	if (len >= sizeof address)
		return false;
	memcpy(address, s, len);
	address[len] = '\0';
	for (const char *c = s + len; *c != '\0'; c++)
		if (c == s + len ? c[1] == '\0' : !isalnum((unsigned char)*c) && !strchr("._-", *c))
			return false;
	return inet_pton(AF_INET6, address, binary) == 1;
}

static bool is_host_name(const char *s)
{
	for (; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s) && strchr("._-", *s) == NULL)
			return false;
	return true;
}

/* HOST, [IPV6], either with :PORT behind. */
static int parse_host(struct url_part in, struct url_host *h, uint16_t port, struct why *w)
{
	bool bracket = in.len > 0 && in.s[0] == '[';
	struct url_part name;

	if (bracket) {
		in.s++;
		in.len--;
		name = url_part_cut(&in, ']');
		if (in.s == NULL)
			return url_bad(w, "has a '[' without its ']'");
		if (in.len > 0 && in.s[0] != ':')
			return url_bad(w, "has something other than :PORT behind the ']'");
		(void)url_part_cut(&in, ':'); /* nothing stands in front of it */
	} else {
		name = url_part_cut(&in, ':');
		if (in.len > 0 && memchr(in.s, ':', in.len) != NULL)
			return url_bad(w,
			    "has too many colons in its host: an IPv6 address stands in "
			    "brackets, as in redis://[::1]:6379");
	}
	if (name.len == 0)
		return url_bad(w, "names no host: redis://HOST[:PORT][/DB]");
	if (url_part_decode(name, &h->name, w) != 0)
		return -1;
	if (bracket && !is_ipv6(h->name))
		return url_bad(w, "has something other than an IPv6 address in brackets");
	if (!bracket && !is_host_name(h->name))
		return url_bad(w, "has a character in its host that no host name has");
	long n = port;
	if (in.len > 0 && url_part_number(in, 1, 65535, &n, w, "has a port that is not 1 to 65535"))
		return -1;
	h->port = (uint16_t)n;
	return 0;
}

static int parse_hosts(const struct parts *p, struct url *u, struct why *w)
{
	struct url_part rest = p->hosts;
	bool many = p->scheme->kind == URL_SENTINEL || p->scheme->kind == URL_CLUSTER;

	if (p->scheme->kind == URL_UNIX)
		return 0;
	if (!many && rest.len > 0 && memchr(rest.s, ',', rest.len) != NULL)
		return url_bad(w,
		    "has several hosts, which only redis+sentinel:// and redis+cluster:// "
		    "may have");
	do {
		struct url_part one = url_part_cut(&rest, ',');

		u->hosts = xrealloc(u->hosts, (size_t)(u->nhosts + 1) * sizeof *u->hosts);
		u->hosts[u->nhosts] = (struct url_host){.name = NULL};
		if (parse_host(one, &u->hosts[u->nhosts++], p->scheme->port, w) != 0)
			return -1;
	} while (rest.s != NULL);
	return 0;
}

static int parse_db(struct url_part in, struct url *u, struct why *w)
{
	long n;

	if (url_part_number(in, 0, INT_MAX, &n, w,
		"has a database that is not a number from 0 to 2147483647") != 0)
		return -1;
	u->db = (int)n;
	return 0;
}

static int parse_path(const struct parts *p, struct url *u, struct why *w)
{
	struct url_part rest = p->path;

	if (p->scheme->kind == URL_UNIX)
		return rest.len > 1 ? url_part_decode(rest, &u->path, w)
				    : url_bad(w, "has no path: unix:///run/redis/redis.sock");
	(void)url_part_cut(&rest, '/'); /* the one in front; nothing stands before it */
	if (p->scheme->kind == URL_SENTINEL) {
		struct url_part master = url_part_cut(&rest, '/');

		if (master.len == 0)
			return url_bad(
			    w, "names no master: redis+sentinel://HOST[,HOST...]/MASTER[/DB]");
		if (url_part_decode(master, &u->master, w) != 0)
			return -1;
	}
	if (rest.len > 0 && parse_db(rest, u, w) != 0)
		return -1;
	if (p->scheme->kind == URL_CLUSTER && u->db != 0)
		return url_bad(w, "has a database, but a cluster has only database 0");
	return 0;
}

/* --- Parameters */

enum { TLS = 1, UNIX = 2, SENTINEL = 4 };

static int parse_verify(struct url_part in, struct url *u, struct why *w)
{
	if (!url_part_is(in, "yes") && !url_part_is(in, "no"))
		return url_bad(w, "has a verify that is neither yes nor no");
	u->verify = url_part_is(in, "yes");
	return 0;
}

static const struct param {
	const char *name;
	int kinds;
	size_t string; /* where in struct url, or */
	int (*parse)(struct url_part in, struct url *u, struct why *w);
} params[] = {
    {"cafile", TLS, offsetof(struct url, cafile), NULL},
    {"cert", TLS, offsetof(struct url, cert), NULL},
    {"key", TLS, offsetof(struct url, key), NULL},
    {"verify", TLS, 0, parse_verify},
    {"db", UNIX, 0, parse_db},
    {"user", UNIX, offsetof(struct url, user), NULL},
    {"password", UNIX, offsetof(struct url, password), NULL},
    {"sentinel_user", SENTINEL, offsetof(struct url, sentinel_user), NULL},
    {"sentinel_password", SENTINEL, offsetof(struct url, sentinel_password), NULL},
};

enum { NPARAMS = sizeof params / sizeof params[0] };

static int unknown_param(const struct scheme *s, int nth, struct why *w)
{
	const char *known = s->tls    ? "cafile, cert, key and verify"
	    : s->kind == URL_UNIX     ? "db, user and password"
	    : s->kind == URL_SENTINEL ? "sentinel_user and sentinel_password"
				      : "no parameters";

	return why_set(w, WHY_USAGE,
	    "the Redis URL's query parameter number %d is unknown or repeated: %s:// takes %s "
	    "(in a value write %%26 for '&')",
	    nth, s->name, known);
}

/* The index in params of name, or NPARAMS when this kind of URL has no such parameter. */
static int find_param(struct url_part name, const struct scheme *s)
{
	int kinds = s->tls            ? TLS
	    : s->kind == URL_UNIX     ? UNIX
	    : s->kind == URL_SENTINEL ? SENTINEL
				      : 0;
	int i = 0;

	while (i < NPARAMS && !(kinds & params[i].kinds && url_part_is(name, params[i].name)))
		i++;
	return i;
}

static int parse_query(const struct parts *p, struct url *u, struct why *w)
{
	unsigned seen = 0;
	struct url_part rest = p->query;

	for (int nth = 1; rest.len > 0; nth++) {
		struct url_part value = url_part_cut(&rest, '&'), name = url_part_cut(&value, '=');
		int i = find_param(name, p->scheme);

		if (i == NPARAMS || value.s == NULL || seen & 1u << i)
			return unknown_param(p->scheme, nth, w);
		seen |= 1u << i;
		char **string = (char **)((char *)u + params[i].string);
		if (params[i].parse != NULL ? params[i].parse(value, u, w)
					    : url_part_decode(value, string, w))
			return -1;
	}
	return 0;
}

/* An empty user name is none, as in redis://:password@host. */
static void drop_empty(char **s)
{
	if (*s != NULL && **s == '\0') {
		free(*s);
		*s = NULL;
	}
}

static int check_whole(struct url *u, struct why *w)
{
	drop_empty(&u->user);
	drop_empty(&u->sentinel_user);
	if (u->user != NULL && u->password == NULL)
		return url_bad(w, "has ?user= without password=");
	if (u->sentinel_user != NULL && u->sentinel_password == NULL)
		return url_bad(w, "has ?sentinel_user= without sentinel_password=");
	if ((u->cert == NULL) != (u->key == NULL))
		return url_bad(w, "needs both of cert= and key=, or neither");
	if ((u->cafile && !*u->cafile) || (u->cert && !*u->cert) || (u->key && !*u->key))
		return url_bad(w, "has an empty file name");
	return 0;
}

int url_parse(struct url *u, const char *text, struct why *w)
{
	struct parts p;

	*u = (struct url){.verify = true};
	if (split((struct url_part){text, strlen(text)}, &p, w) == 0) {
		u->kind = p.scheme->kind;
		u->tls = p.scheme->tls;
		if (parse_userinfo(p.userinfo, u, w) == 0 && parse_hosts(&p, u, w) == 0 &&
		    parse_path(&p, u, w) == 0 && parse_query(&p, u, w) == 0 &&
		    check_whole(u, w) == 0) {
			u->shown = url_show(u);
			return 0;
		}
	}
	url_fini(u);
	return -1;
}

static void free_secret(char *s)
{
	if (s != NULL)
		explicit_bzero(s, strlen(s));
	free(s);
}

void url_fini(struct url *u)
{
	for (int i = 0; i < u->nhosts; i++)
		free(u->hosts[i].name);
	free(u->hosts);
	free(u->path);
	free(u->master);
	free(u->user);
	free_secret(u->password);
	free(u->sentinel_user);
	free_secret(u->sentinel_password);
	free(u->cafile);
	free(u->cert);
	free(u->key);
	free(u->shown);
	*u = (struct url){.verify = true};
}
