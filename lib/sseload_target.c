/* SPDX-License-Identifier: MIT */
/* sseload_target: where a load goes, and where it comes from. */
#include "sseload_target.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "number.h"

enum { HOST_MAX = 64, SOURCES_MAX = 1 << 24 };

static int refuse(const char *url, const char *cause, struct why *w)
{
	char shown[200];

	return why_set(
	    w, WHY_USAGE, "--url %s: %s", why_quote(shown, sizeof shown, url, strlen(url)), cause);
}

/* --- Targets */

static int parse_port(const char *s, size_t len, uint16_t *port)
{
	uint64_t n;

	if (!number_parse(s, len, UINT16_MAX, &n) || n == 0)
		return -1;
	*port = (uint16_t)n;
	return 0;
}

static int set_host(struct target *t, const char *host, size_t len, uint16_t port)
{
	char name[HOST_MAX];
	struct sockaddr_in *sin = (struct sockaddr_in *)&t->addr;
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)&t->addr;
	bool brackets = len > 2 && host[0] == '[' && host[len - 1] == ']';

	if (brackets) {
		host++;
		len -= 2;
	}
	if (len == 0 || len >= sizeof name)
		return -1;
	memcpy(name, host, len);
	name[len] = '\0';
	if (!brackets && strcasecmp(name, "localhost") == 0)
		memcpy(name, "127.0.0.1", sizeof "127.0.0.1");
	if (brackets) {
		*sin6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
		t->addr_len = sizeof *sin6;
		return inet_pton(AF_INET6, name, &sin6->sin6_addr) == 1 ? 0 : -1;
	}
	*sin = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
	t->addr_len = sizeof *sin;
	return inet_pton(AF_INET, name, &sin->sin_addr) == 1 ? 0 : -1;
}

static int parse_tcp(struct target *t, const char *authority, struct why *w)
{
	size_t len = strcspn(authority, "/?");
	const char *colon = memrchr(authority, ':', len);
	uint16_t port = 80;
	size_t host = len;

	/* A colon within brackets is the address's. */
	if (colon != NULL && memchr(colon, ']', len - (size_t)(colon - authority)) == NULL) {
		host = (size_t)(colon - authority);
		if (colon + 1 < authority + len && parse_port(colon + 1, len - host - 1, &port) < 0)
			return refuse(t->text, "the port is no number from 1 to 65535", w);
	}
	if (memchr(authority, '@', len) != NULL)
		return refuse(t->text, "a user name in it: use --header \"Authorization: …\"", w);
	if (set_host(t, authority, host, port) < 0)
		return refuse(
		    t->text, "names are not looked up: give a numeric address, or localhost", w);
	t->host = authority;
	t->host_len = len;
	t->path = authority + len;
	return 0;
}

static int parse_unix(struct target *t, const char *path, struct why *w)
{
	struct sockaddr_un *sun = (struct sockaddr_un *)&t->addr;
	const char *colon = strchr(path, ':');
	size_t len = colon != NULL ? (size_t)(colon - path) : strlen(path);

	if (len == 0 || len >= sizeof sun->sun_path)
		return refuse(t->text, "the socket's path is empty or too long", w);
	sun->sun_family = AF_UNIX;
	memcpy(sun->sun_path, path, len);
	sun->sun_path[len] = '\0';
	t->addr_len = sizeof *sun;
	t->host = "localhost";
	t->host_len = strlen("localhost");
	t->path = colon != NULL ? colon + 1 : path + len;
	return 0;
}

int target_parse(struct target *t, const char *url, struct why *w)
{
	int r;

	memset(t, 0, sizeof *t);
	t->text = xstrdup(url);
	for (const char *c = url; *c != '\0'; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f || *c == '#')
			return refuse(url, "a space, control byte or fragment in it", w);
	if (strncmp(t->text, "unix:", 5) == 0)
		r = parse_unix(t, t->text + 5, w);
	else if (strncasecmp(t->text, "http://unix:", 12) == 0)
		r = parse_unix(t, t->text + 12, w);
	else if (strncasecmp(t->text, "http://", 7) == 0)
		r = parse_tcp(t, t->text + 7, w);
	else
		return refuse(url, "only http:// and unix:SOCKET:/PATH are measured", w);
	if (r == 0 && t->path[0] == '\0')
		t->path = "/";
	if (r == 0 && t->path[0] != '/')
		return refuse(url, "the path must begin with a slash", w);
	return r;
}

void target_fini(struct target *t)
{
	free(t->text);
	t->text = NULL;
}

void target_expand(struct buf *out, const char *template, uint64_t n)
{
	const char *hole;

	/* Templates come from the command line, which the kernel bounds. */
	while ((hole = strstr(template, "{n}")) != NULL) {
		(void)buf_add(out, template, (size_t)(hole - template));
		(void)buf_addu(out, n);
		template = hole + 3;
	}
	(void)buf_adds(out, template);
}

/* --- Sources */

static int add_range(struct sources *s, const char *item, size_t len)
{
	char text[INET_ADDRSTRLEN];
	const char *slash = memchr(item, '/', len);
	size_t n = slash != NULL ? (size_t)(slash - item) : len;
	struct in_addr a;
	uint64_t bits = 32;

	if (n == 0 || n >= sizeof text)
		return -1;
	memcpy(text, item, n);
	text[n] = '\0';
	if (inet_pton(AF_INET, text, &a) != 1)
		return -1;
	if (slash != NULL && (!number_parse(slash + 1, len - n - 1, 32, &bits) || bits < 8))
		return -1;
	uint32_t count = bits == 32 ? 1 : UINT32_C(1) << (32 - bits);
	uint32_t first = ntohl(a.s_addr) & ~(count - 1);
	if (count >= 4) {
		first++;
		count -= 2;
	}
	s->ranges = xrealloc(s->ranges, sizeof *s->ranges * (size_t)(s->nranges + 1));
	s->ranges[s->nranges++] = (struct source_range){first, count};
	s->count += count;
	return s->count <= SOURCES_MAX ? 0 : -1;
}

int sources_parse(struct sources *s, const char *text, struct why *w)
{
	const char *item = text;

	*s = (struct sources){0};
	for (;;) {
		size_t len = strcspn(item, ",");

		if (add_range(s, item, len) < 0) {
			sources_fini(s);
			return why_set(w, WHY_USAGE,
			    "--source %s: give IPv4 addresses and networks (/8 to /32), with "
			    "commas between",
			    text);
		}
		if (item[len] == '\0')
			return 0;
		item += len + 1;
	}
}

void sources_fini(struct sources *s)
{
	free(s->ranges);
	*s = (struct sources){0};
}

uint32_t sources_at(const struct sources *s, uint64_t i)
{
	const struct source_range *r = s->ranges;

	for (; i >= r->count; r++)
		i -= r->count;
	return htonl(r->first + (uint32_t)i);
}

/* --- Connecting */

/* The port is chosen by connect(2), when the other end is known: so each source has all of its
 * ports for each destination. */
static int bind_source(int fd, uint32_t address)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr = {address}};
	int on = 1;

	/* Without it there are fewer ports, no less right. */
	(void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	return bind(fd, (struct sockaddr *)&sin, sizeof sin);
}

static int begin(int fd, const struct target *t, const struct sources *s, uint64_t i, int rcvbuf)
{
	/* Tuning: a slow reader whose buffer is larger is seen later. */
	if (rcvbuf > 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof rcvbuf);
	if (s->count > 0 && t->addr.ss_family == AF_INET &&
	    bind_source(fd, sources_at(s, i % s->count)) < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&t->addr, t->addr_len) == 0 ||
	    errno == EINPROGRESS)
		return 0;
	return -1;
}

int target_connect(const struct target *t, const struct sources *s, uint64_t i, int rcvbuf_bytes)
{
	int fd = socket(t->addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (begin(fd, t, s, i, rcvbuf_bytes) < 0) {
		int saved = errno;

		(void)close(fd); /* never connected */
		errno = saved;
		return -1;
	}
	return fd;
}
