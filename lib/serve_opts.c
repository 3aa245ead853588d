/* SPDX-License-Identifier: MIT */
/* serve_opts: the options of a server. */
#include "serve_opts.h"

#include <stdlib.h>

#include "buf.h"

char **serve_opts_argv(int argc, char **argv)
{
	char **copy = xcalloc((size_t)argc + 1, sizeof *copy);

	for (int i = 0; i < argc; i++)
		copy[i] = xstrdup(argv[i]);
	return copy;
}

bool serve_opts_given(const struct serve_opts *o)
{
	const char *pid = getenv("LISTEN_PID");

	/* A socket from systemd asks as well. */
	return o->conf.listen.count > 0 || (pid != NULL && getenv("LISTEN_FDS") != NULL);
}

bool serve_opts_only(const struct serve_opts *o)
{
	const struct serve_opts none = SERVE_OPTS_DEFAULTS;
	const struct serve_conf *c = &o->conf.serve, *d = &none.conf.serve;

	return o->conf.admin.count > 0 || o->mode != NULL || o->proxies.count > 0 ||
	    c->access_log != NULL || o->conf.workers != none.conf.workers ||
	    o->conf.hang_ms != none.conf.hang_ms || c->max_connections != d->max_connections ||
	    c->max_per_ip != d->max_per_ip || c->max_accept_rate != d->max_accept_rate ||
	    c->max_lag != d->max_lag || c->memory != d->memory || c->slow != d->slow ||
	    c->drain_ms != d->drain_ms;
}

int serve_opts_check(struct serve_opts *o, struct why *w)
{
	struct serve_conf *s = &o->conf.serve;
	char *end;

	if (o->mode != NULL) {
		unsigned long mode = strtoul(o->mode, &end, 8);

		if (o->mode[0] < '0' || o->mode[0] > '7' || *end != '\0' || mode > 0777)
			return why_set(
			    w, WHY_USAGE, "--socket-mode: %.80s is no mode, as 660 is", o->mode);
		o->conf.mode = (int)mode;
	}
	s->nproxies = (size_t)o->proxies.count;
	s->proxies = xcalloc(s->nproxies + 1, sizeof *s->proxies);
	for (size_t i = 0; i < s->nproxies; i++)
		if (address_net_parse(&s->proxies[i], o->proxies.items[i], w) < 0)
			return -1;
	return 0;
}

void serve_opts_fini(struct serve_opts *o)
{
	opt_list_fini(&o->conf.listen);
	opt_list_fini(&o->conf.admin);
	opt_list_fini(&o->proxies);
	free(o->conf.serve.proxies);
	for (char **p = o->conf.argv; p != NULL && *p != NULL; p++)
		free(*p);
	free(o->conf.argv);
}
