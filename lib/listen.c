/* SPDX-License-Identifier: MIT */
/* listen: sockets to accept on. */
#include "listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "buf.h"
#include "number.h"

enum {
	FIRST_HANDED = 3, /* SD_LISTEN_FDS_START */
	HANDED_MOST = 64,
	BACKLOG = 65535,  /* the kernel cuts it to net.core.somaxconn */
	KEEP_IDLE_S = 60, /* of silence, before the kernel asks whether the peer is there */
	KEEP_INTERVAL_S = 10,
	KEEP_COUNT = 3,
};

/* --- What a socket is bound to */

static struct address address_of(const struct sockaddr_storage *ss)
{
	struct address a = {{0}};

	if (ss->ss_family == AF_INET) {
		a.bytes[10] = a.bytes[11] = 0xff;
		memcpy(a.bytes + 12, &((const struct sockaddr_in *)ss)->sin_addr, 4);
	} else if (ss->ss_family == AF_INET6) {
		memcpy(a.bytes, &((const struct sockaddr_in6 *)ss)->sin6_addr, 16);
	}
	return a;
}

static char *name_of(const struct sockaddr_storage *ss, socklen_t len)
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)ss;
	char text[sizeof un->sun_path + 8], address[ADDRESS_TEXT_MAX];
	struct address a = address_of(ss);

	if (ss->ss_family == AF_UNIX) {
		size_t n = len > offsetof(struct sockaddr_un, sun_path)
		    ? len - offsetof(struct sockaddr_un, sun_path)
		    : 0;

		(void)snprintf(text, sizeof text, "unix:%s%.*s",
		    n > 0 && un->sun_path[0] == '\0' ? "@" : "", (int)n,
		    un->sun_path + (n > 0 && un->sun_path[0] == '\0')); /* fits */
	} else {
		bool four = ss->ss_family == AF_INET;
		unsigned port = ntohs(four ? ((const struct sockaddr_in *)ss)->sin_port
					   : ((const struct sockaddr_in6 *)ss)->sin6_port);

		(void)address_format(&a, address); /* returns it */
		(void)snprintf(text, sizeof text, four ? "%s:%u" : "[%s]:%u",
		    address_is_none(&a) ? "::" : address, port); /* fits */
	}
	return xstrdup(text);
}

/* Options that connections inherit from the socket they are accepted on: no call for each. */
static void set_options(int fd, int64_t write_ms)
{
	const struct {
		int level, name, value;
	} options[] = {{SOL_SOCKET, SO_KEEPALIVE, 1}, {IPPROTO_TCP, TCP_NODELAY, 1},
	    {IPPROTO_TCP, TCP_KEEPIDLE, KEEP_IDLE_S}, {IPPROTO_TCP, TCP_KEEPINTVL, KEEP_INTERVAL_S},
	    {IPPROTO_TCP, TCP_KEEPCNT, KEEP_COUNT}, {IPPROTO_TCP, TCP_USER_TIMEOUT, (int)write_ms}};

	/* A socket that is none of TCP has none of them. */
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		(void)setsockopt(fd, options[i].level, options[i].name, &options[i].value,
		    sizeof options[i].value);
}

static struct listen_socket *append(struct listen *l, int fd)
{
	struct sockaddr_storage ss = {0};
	socklen_t len = sizeof ss;

	(void)getsockname(fd, (struct sockaddr *)&ss, &len); /* it is a socket */
	struct address a = address_of(&ss);
	l->sockets = xrealloc(l->sockets, (l->n + 1) * sizeof *l->sockets);
	struct listen_socket *s = &l->sockets[l->n++];
	*s = (struct listen_socket){.fd = fd,
	    .name = name_of(&ss, len),
	    .is_unix = ss.ss_family == AF_UNIX,
	    .is_local = ss.ss_family == AF_UNIX || address_is_loopback(&a)};
	set_options(fd, l->write_ms);
	return s;
}

/* --- Handed over */

static bool is_named_admin(const char *names, int i)
{
	for (; names != NULL && i > 0; i--)
		if ((names = strchr(names, ':')) != NULL)
			names++;
	return names != NULL && strncmp(names, "admin", 5) == 0 &&
	    (names[5] == ':' || names[5] == '\0');
}

int listen_adopt(struct listen *l, struct why *w)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	const char *names = getenv("LISTEN_FDNAMES");
	uint64_t ours, n = 0;

	if (pid == NULL || count == NULL || !number_parse(pid, strlen(pid), INT32_MAX, &ours) ||
	    (pid_t)ours != getpid() || !number_parse(count, strlen(count), INT32_MAX, &n))
		n = 0; /* meant for another process, or for nobody */

	for (int fd = FIRST_HANDED; fd - FIRST_HANDED < (int)n; fd++) {
		int listens = 0;
		socklen_t len = sizeof listens;

		if (n > HANDED_MOST ||
		    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0 || !listens)
			return why_set(w, WHY_USAGE,
			    "LISTEN_FDS: descriptor %d is no socket that listens "
			    "(with Accept=yes, use --inetd)",
			    fd);
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);                      /* it is open */
		(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); /* as above */
		struct listen_socket *s = append(l, fd);
		s->was_handed = true;
		s->is_admin = is_named_admin(names, fd - FIRST_HANDED);
	}
	(void)unsetenv("LISTEN_PID"); /* for our children */
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_FDNAMES");
	return 0;
}

/* The socket that was handed over for a name; port 0 stands for any. */
static struct listen_socket *find_handed(struct listen *l, const char *name)
{
	size_t len = strlen(name);
	bool any = len > 2 && strcmp(name + len - 2, ":0") == 0;

	for (size_t i = 0; i < l->n; i++) {
		struct listen_socket *s = &l->sockets[i];

		if (s->was_handed && !s->was_asked &&
		    (any ? strncmp(s->name, name, len - 1) == 0 &&
				strchr(s->name + len - 1, ':') == NULL
			 : strcmp(s->name, name) == 0))
			return s;
	}
	return NULL;
}

/* --- Opened here */

/* Whether nobody listens on a Unix socket's path any more. */
static bool is_stale(const struct sockaddr_un *un, socklen_t len)
{
	struct stat st;
	int fd;

	if (lstat(un->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode) ||
	    (fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) < 0)
		return false;
	bool refused = connect(fd, (const struct sockaddr *)un, len) < 0 && errno == ECONNREFUSED;
	(void)close(fd); /* it only asked */
	return refused;
}

static int bind_unix(int fd, const struct sockaddr_un *un, socklen_t len, int mode)
{
	/* Nobody may come in before the mode is what was asked for. */
	mode_t before = mode >= 0 ? umask(0177) : 0;
	int r = bind(fd, (const struct sockaddr *)un, len);

	if (r < 0 && errno == EADDRINUSE && is_stale(un, len) && unlink(un->sun_path) == 0)
		r = bind(fd, (const struct sockaddr *)un, len);
	if (mode >= 0) {
		int saved = errno;

		(void)umask(before); /* cannot fail */
		errno = saved;
		if (r == 0)
			r = chmod(un->sun_path, (mode_t)mode);
	}
	return r;
}

static int open_socket(const struct sockaddr_storage *ss, socklen_t len, int mode)
{
	int fd = socket(ss->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;

	if (fd < 0)
		return -1;
	if (ss->ss_family != AF_UNIX)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); /* bind tells */
	if (ss->ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on); /* as above */
	int r = ss->ss_family == AF_UNIX ? bind_unix(fd, (const struct sockaddr_un *)ss, len, mode)
					 : bind(fd, (const struct sockaddr *)ss, len);
	if (r == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	int saved = errno;
	(void)close(fd); /* unused */
	errno = saved;
	return -1;
}

static int add_one(struct listen *l, const struct sockaddr_storage *ss, socklen_t len,
    bool is_admin, int mode, struct why *w)
{
	char *name = name_of(ss, len);
	struct listen_socket *s = find_handed(l, name);

	if (s == NULL) {
		int fd = open_socket(ss, len, mode);

		if (fd < 0) {
			(void)why_errno(w, WHY_CANTCREAT, "cannot listen on %s", name); /* -1 */
			free(name);
			return -1;
		}
		s = append(l, fd);
	}
	if (s->is_unix && strncmp(name, "unix:@", 6) != 0 && s->path == NULL) {
		s->path = xstrdup(name + strlen("unix:"));
		(void)lstat(s->path, &s->made); /* else it is nobody's */
	}
	s->is_admin = is_admin;
	s->was_asked = true;
	free(name);
	return 0;
}

static int add_unix(struct listen *l, const char *path, bool is_admin, int mode, struct why *w)
{
	struct sockaddr_storage ss = {.ss_family = AF_UNIX};
	struct sockaddr_un *un = (struct sockaddr_un *)&ss;
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof un->sun_path)
		return why_set(w, WHY_USAGE, "unix:%.80s: a path has 1 to 107 bytes", path);
	memcpy(un->sun_path, path, len);
	if (path[0] == '@')
		un->sun_path[0] = '\0'; /* the abstract namespace */
	return add_one(l, &ss,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (path[0] != '@')), is_admin,
	    mode, w);
}

/* Cuts HOST:PORT or [HOST]:PORT; host is "" for all. */
static bool cut(const char *address, char *host, size_t size, const char **port)
{
	const char *colon = strrchr(address, ':');
	uint64_t n;

	if (colon == NULL || !number_parse(colon + 1, strlen(colon + 1), UINT16_MAX, &n))
		return false;
	size_t len = (size_t)(colon - address);
	bool bracketed = len >= 2 && address[0] == '[' && address[len - 1] == ']';
	if (len - 2 * bracketed >= size || (!bracketed && memchr(address, ':', len) != NULL))
		return false;
	memcpy(host, address + bracketed, len - 2 * bracketed);
	host[len - 2 * bracketed] = '\0';
	*port = colon + 1;
	return true;
}

int listen_add(struct listen *l, const char *address, bool is_admin, int mode, struct why *w)
{
	const struct addrinfo hints = {
	    .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	char host[256];
	const char *port;
	struct addrinfo *found;

	if (strncmp(address, "unix:", 5) == 0)
		return add_unix(l, address + 5, is_admin, mode, w);
	if (!cut(address, host, sizeof host, &port))
		return why_set(w, WHY_USAGE,
		    "%.80s is no address to listen on: HOST:PORT, [::1]:PORT or unix:PATH",
		    address);
	int e = getaddrinfo(host[0] != '\0' ? host : NULL, port, &hints, &found);
	if (e != 0)
		return why_set(
		    w, WHY_USAGE, "cannot listen on %.80s: %s", address, gai_strerror(e));
	int r = 0;
	for (struct addrinfo *a = found; a != NULL && r == 0; a = a->ai_next) {
		struct sockaddr_storage ss = {0};

		memcpy(&ss, a->ai_addr, a->ai_addrlen);
		r = add_one(l, &ss, a->ai_addrlen, is_admin, mode, w);
		/* Where a name has both families and the kernel only one, that one will do. */
		if (r < 0 && errno == EAFNOSUPPORT && (a->ai_next != NULL || a != found))
			r = 0;
	}
	freeaddrinfo(found);
	return r;
}

void listen_shut(struct listen *l)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->sockets[i].fd >= 0)
			(void)close(l->sockets[i].fd); /* nothing is lost in it */
		l->sockets[i].fd = -1;
	}
}

/* While we drained somebody may have come in our place. A number is soon used again, but a socket's
 * file is never written to: its time is that of its making. */
static bool is_ours(const struct listen_socket *s)
{
	struct stat st;

	return lstat(s->path, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_dev == s->made.st_dev &&
	    st.st_ino == s->made.st_ino && st.st_mtim.tv_sec == s->made.st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == s->made.st_mtim.tv_nsec;
}

void listen_close(struct listen *l, bool remove)
{
	listen_shut(l);
	for (size_t i = 0; i < l->n; i++) {
		struct listen_socket *s = &l->sockets[i];

		if (remove && s->path != NULL && is_ours(s))
			(void)unlink(s->path); /* gone already is as good */
		free(s->name);
		free(s->path);
	}
	free(l->sockets);
	*l = (struct listen){0};
}

int listen_accept(const struct listen_socket *s, struct address *peer)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;
	int fd = accept4(s->fd, s->is_unix ? NULL : (struct sockaddr *)&ss,
	    s->is_unix ? NULL : &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	*peer = s->is_unix || fd < 0 ? (struct address){{0}} : address_of(&ss);
	return fd;
}
