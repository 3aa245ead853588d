/* SPDX-License-Identifier: MIT */
/* fetch_url: where to fetch from. */
#include "fetch_url.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "number.h"

static const char wanted[] = "http://HOST[:PORT]/PATH or https://… is meant";

/* An empty port is the scheme's. */
static int take_port(struct fetch_url *u, const char *s, size_t len, struct why *w)
{
	uint64_t n;

	u->port = u->tls ? 443 : 80;
	if (len == 0)
		return 0;
	if (!number_parse(s, len, UINT16_MAX, &n) || n < 1)
		return why_set(w, WHY_USAGE, "URL: the port is no number from 1 to 65535");
	u->port = (uint16_t)n;
	return 0;
}

static int take_authority(struct fetch_url *u, const char *s, size_t len, struct why *w)
{
	const char *host = s, *end = s + len, *colon = memchr(s, ':', len), *host_end;

	if (len > 0 && s[0] == '[') {
		const char *close = memchr(s, ']', len);

		if (close == NULL)
			return why_set(w, WHY_USAGE, "URL: [ without ]");
		host = s + 1;
		host_end = close;
		colon = close + 1 < end ? close + 1 : NULL;
		if (colon != NULL && *colon != ':')
			return why_set(w, WHY_USAGE, "URL: %s", wanted);
	} else {
		host_end = colon != NULL ? colon : end;
	}
	size_t host_len = (size_t)(host_end - host);
	if (host_len == 0 || host_len >= sizeof u->host || len >= sizeof u->authority ||
	    memchr(s, '@', len) != NULL)
		return why_set(w, WHY_USAGE, "URL: %s", wanted);
	memcpy(u->authority, s, len);
	u->authority[len] = '\0';
	memcpy(u->host, host, host_len);
	u->host[host_len] = '\0';
	return colon == NULL ? take_port(u, "", 0, w)
			     : take_port(u, colon + 1, (size_t)(end - colon) - 1, w);
}

int fetch_url(struct fetch_url *u, const char *text, struct why *w)
{
	size_t scheme = 7;

	u->tls = strncasecmp(text, "https://", 8) == 0;
	if (u->tls)
		scheme = 8;
	else if (strncasecmp(text, "http://", 7) != 0)
		return why_set(w, WHY_USAGE, "URL: %s", wanted);
	for (const char *s = text; *s != '\0'; s++)
		if (*s <= ' ' || *s >= 0x7f || strchr("#<>\"", *s) != NULL)
			return why_set(w, WHY_USAGE, "URL: it has a byte to percent-encode");
	/* A cut URL is still one that its reader knows. */
	(void)snprintf(u->shown, sizeof u->shown, "%.*s", (int)strcspn(text, "?"), text);
	text += scheme;
	size_t len = strcspn(text, "/?");
	u->target = text + len;
	return take_authority(u, text, len, w);
}
