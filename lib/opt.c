/* SPDX-License-Identifier: MIT */
/* opt: parses a command line by its table, on top of getopt_long(3). */
#include "opt.h"
#include "buf.h"

#include <ctype.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"

/* getopt_long names an option by a number: its letter, or this plus its index for opt_at. */
enum { LONG_FIRST = UCHAR_MAX + 1 };

enum { COMMON_HELP = 1, COMMON_VERSION, COMMON_COMPLETION };

/* Told from the tool's own by their where. */
static const struct opt common[] = {
    {.kind = OPT_GROUP, .name = "Other"},
    {'h', "help", NULL, OPT_FLAG, NULL, "print this help and exit", NULL, 0, 0},
    {0, "version", NULL, OPT_FLAG, NULL, "print the version and exit", NULL, 0, 0},
    {0, "completion", "SHELL", OPT_CHOICE, NULL, NULL, "bash|zsh|fish", 0, 0},
    {.kind = OPT_GROUP},
};

const struct opt *opt_at(const struct opt_tool *tool, int i)
{
	for (const struct opt *o = tool->opts; o->name != NULL; o++)
		if (i-- == 0)
			return o;
	for (const struct opt *o = common; o->name != NULL; o++)
		if (i-- == 0)
			return o;
	return NULL;
}

bool opt_takes_arg(const struct opt *o)
{
	return o->kind != OPT_FLAG && o->kind != OPT_UNFLAG && o->kind != OPT_COUNT &&
	    o->kind != OPT_GROUP;
}

const char *opt_arg_name(const struct opt *o)
{
	return o->arg != NULL ? o->arg : o->kind == OPT_CHOICE ? o->choices : "VALUE";
}

/* --- Values */

static const struct unit {
	const char *name;
	int64_t factor;
} times[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}, {NULL, 0}},
  sizes[] = {{"g", 1 << 30}, {"m", 1 << 20}, {"k", 1 << 10}, {"", 1}, {NULL, 0}};

/* The digits at *s; -1 when there are none or too many. */
static int read_digits(const char **s, int64_t *n)
{
	uint64_t digits;
	const char *behind = number_scan(*s, *s + strlen(*s), INT64_MAX, &digits);

	if (behind == NULL)
		return -1;
	*s = behind;
	*n = (int64_t)digits;
	return 0;
}

int opt_duration(const char *s, int64_t *ms)
{
	const struct unit *u = times;
	int64_t whole, part = 0, scale = 1, n;

	if (read_digits(&s, &whole) != 0)
		return -1;
	if (*s == '.' && !isdigit((unsigned char)*++s))
		return -1;
	/* Nine digits behind the point tell more than enough, and cannot overflow. */
	for (; isdigit((unsigned char)*s); s++)
		if (scale < 1000000000) {
			part = part * 10 + (*s - '0');
			scale *= 10;
		}
	const char *name = *s == '\0' ? "s" : s;
	while (u->name != NULL && strcmp(u->name, name) != 0)
		u++;
	if (u->name == NULL || __builtin_mul_overflow(whole, u->factor, &n))
		return -1;
	/* Rounded up: 0.1ms is not "no time at all". */
	if (__builtin_add_overflow(n, (part * u->factor + scale - 1) / scale, &n))
		return -1;
	*ms = n;
	return 0;
}

int opt_size(const char *s, int64_t *bytes)
{
	const struct unit *u = sizes;
	int64_t n;

	if (read_digits(&s, &n) != 0)
		return -1;
	while (u->name != NULL && strcmp(u->name, s) != 0)
		u++;
	if (u->name == NULL || __builtin_mul_overflow(n, u->factor, &n))
		return -1;
	*bytes = n;
	return 0;
}

static int read_number(const char *s, int64_t *n)
{
	bool negative = *s == '-';

	s += negative;
	if (read_digits(&s, n) != 0 || *s != '\0')
		return -1;
	if (negative)
		*n = -*n;
	return 0;
}

/* n as the user would write it, in the largest unit that fits. */
static void show_bound(char out[32], const struct opt *o, int64_t n)
{
	const struct unit *u = o->kind == OPT_DURATION ? times : sizes;

	if (o->kind == OPT_NUMBER || n == 0)
		(void)snprintf(out, 32, "%lld", (long long)n); /* they fit */
	else {
		while (n % u->factor != 0)
			u++;
		(void)snprintf(out, 32, "%lld%s", (long long)(n / u->factor), u->name);
	}
}

static int check_range(const struct opt *o, const char *quoted, int64_t n, struct why *w)
{
	char min[32], max[32];
	bool open = o->max == 0 && o->min >= 0;

	show_bound(min, o, o->min);
	show_bound(max, o, o->max);
	if (n < o->min && open)
		return why_set(w, WHY_USAGE, "--%s: %s is less than %s", o->name, quoted, min);
	if (n < o->min || (n > o->max && !open))
		return why_set(
		    w, WHY_USAGE, "--%s: %s is not between %s and %s", o->name, quoted, min, max);
	return 0;
}

static int take_quantity(const struct opt *o, const char *arg, struct why *w)
{
	char quoted[64];
	int64_t n = 0;

	why_quote(quoted, sizeof quoted, arg, strlen(arg));
	if (o->kind == OPT_NUMBER && read_number(arg, &n) != 0)
		return why_set(w, WHY_USAGE, "--%s: \"%s\" is not a number%s", o->name, quoted,
		    arg[strspn(arg, "0123456789")] == '\0' && *arg != '\0' ? " that fits" : "");
	if (o->kind == OPT_DURATION && opt_duration(arg, &n) != 0)
		return why_set(w, WHY_USAGE,
		    "--%s: \"%s\" is not a duration (250ms, 5s, 2m, 1h; bare = seconds)", o->name,
		    quoted);
	if (o->kind == OPT_SIZE && opt_size(arg, &n) != 0)
		return why_set(w, WHY_USAGE,
		    "--%s: \"%s\" is not a size (512, 64k, 1m, 2g; bare = bytes)", o->name, quoted);
	if (check_range(o, quoted, n, w) != 0)
		return -1;
	*(int64_t *)o->where = n;
	return 0;
}

/* The index of arg in choices; -1 when it is none of them. */
static int choice(const char *choices, const char *arg)
{
	size_t len = strlen(arg);

	for (int i = 0;; i++) {
		size_t n = strcspn(choices, "|");

		if (n == len && memcmp(choices, arg, n) == 0)
			return i;
		if (choices[n] == '\0')
			return -1;
		choices += n + 1;
	}
}

static int take_choice(const struct opt *o, const char *arg, int *index, struct why *w)
{
	char quoted[64];

	*index = choice(o->choices, arg);
	if (*index >= 0)
		return 0;
	return why_set(w, WHY_USAGE, "--%s: \"%s\" is none of %s", o->name,
	    why_quote(quoted, sizeof quoted, arg, strlen(arg)), o->choices);
}

static void list_add(struct opt_list *list, const char *item)
{
	list->items = xrealloc(list->items, (size_t)(list->count + 1) * sizeof *list->items);
	list->items[list->count++] = item;
}

void opt_list_fini(struct opt_list *list)
{
	free(list->items);
	*list = (struct opt_list){.items = NULL};
}

static int take(const struct opt *o, char *arg, struct why *w)
{
	int index;

	switch (o->kind) {
	case OPT_FLAG:
	case OPT_UNFLAG:
		*(bool *)o->where = o->kind == OPT_FLAG;
		return 0;
	case OPT_COUNT:
		++*(int *)o->where;
		return 0;
	case OPT_STRING:
		*(const char **)o->where = arg;
		return 0;
	case OPT_LIST:
		list_add(o->where, arg);
		return 0;
	case OPT_NUMBER:
	case OPT_DURATION:
	case OPT_SIZE:
		return take_quantity(o, arg, w);
	case OPT_CHOICE:
		if (take_choice(o, arg, &index, w) != 0)
			return -1;
		*(int *)o->where = index;
		return 0;
	case OPT_GROUP:
		break; /* getopt_long never heard of it */
	}
	abort();
}

/* --help, --version and --completion print and leave. */
static enum opt_result take_common(
    const struct opt_tool *tool, const struct opt *o, const char *arg, struct why *w)
{
	int shell;

	if (o == &common[COMMON_COMPLETION]) {
		if (take_choice(o, arg, &shell, w) != 0)
			return OPT_BAD;
		opt_completion(tool, (enum opt_shell)shell, stdout);
	} else if (o == &common[COMMON_VERSION]) {
		printf("%s (Spout) %s\n", tool->name, SPOUT_VERSION);
	} else {
		opt_help(tool, stdout);
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		(void)why_errno(w, WHY_IO, "standard output");
		return OPT_BAD;
	}
	return OPT_EXIT;
}

/* --- The line */

struct grammar {
	struct option *longs;
	char *shorts;
};

/* Options and operands come in the order they stand in ("-"), whatever POSIXLY_CORRECT says, and a
 * missing value is told from an unknown option (":"). */
static void grammar_init(struct grammar *g, const struct opt_tool *tool)
{
	const struct opt *o;
	int n = 0;

	while (opt_at(tool, n) != NULL)
		n++;
	g->longs = xcalloc((size_t)n + 1, sizeof *g->longs);
	g->shorts = xcalloc((size_t)n * 2 + 3, 1);
	struct option *to = g->longs;
	char *c = stpcpy(g->shorts, "-:");
	for (int i = 0; (o = opt_at(tool, i)) != NULL; i++) {
		int arg = opt_takes_arg(o) ? required_argument : no_argument;

		if (o->kind == OPT_GROUP)
			continue;
		*to++ = (struct option){o->name, arg, NULL, LONG_FIRST + i};
		if (o->letter != 0)
			c = stpcpy(c, (char[]){o->letter, arg == no_argument ? '\0' : ':', '\0'});
	}
}

static const struct opt *find(const struct opt_tool *tool, int c)
{
	const struct opt *o;

	if (c >= LONG_FIRST)
		return opt_at(tool, c - LONG_FIRST);
	for (int i = 0; (o = opt_at(tool, i)) != NULL; i++)
		if (o->kind != OPT_GROUP && o->letter == c)
			return o;
	return NULL;
}

/* "--full" may be an abbreviation of several. word has its dashes. */
static int complain_long(const struct opt_tool *tool, const char *word, struct why *w)
{
	char quoted[64];
	const struct opt *o, *like[2];
	size_t len = strcspn(word + 2, "="); /* a value may be a secret */
	int n = 0;

	for (int i = 0; (o = opt_at(tool, i)) != NULL && n < 2; i++)
		if (o->kind != OPT_GROUP && strncmp(o->name, word + 2, len) == 0)
			like[n++] = o;
	why_quote(quoted, sizeof quoted, word, len + 2);
	if (n == 2)
		return why_set(w, WHY_USAGE, "option %s may be --%s or --%s", quoted, like[0]->name,
		    like[1]->name);
	return why_set(w, WHY_USAGE, "unknown option %s", quoted);
}

static int complain(const struct opt_tool *tool, int c, char **argv, struct why *w)
{
	const struct opt *o = optopt != 0 ? find(tool, optopt) : NULL;

	if (c == ':' && optopt < LONG_FIRST)
		return why_set(
		    w, WHY_USAGE, "option -%c needs a value (%s)", optopt, opt_arg_name(o));
	if (c == ':')
		return why_set(
		    w, WHY_USAGE, "option --%s needs a value (%s)", o->name, opt_arg_name(o));
	if (o != NULL)
		return why_set(w, WHY_USAGE, "option --%s takes no value", o->name);
	if (optopt == 0)
		return complain_long(tool, argv[optind - 1], w);
	if (!isprint(optopt))
		return why_set(
		    w, WHY_USAGE, "unknown option -\\x%02x", (unsigned)(unsigned char)optopt);
	return why_set(w, WHY_USAGE, "unknown option -%c", optopt);
}

/* The operands are gathered at the front of argv, over what is parsed already. */
static enum opt_result walk(const struct opt_tool *tool, const struct grammar *g, int argc,
    char **argv, struct opt_rest *rest, struct why *w)
{
	int c, at;

	opterr = 0;
	optind = 0; /* also forgets an earlier call */
	for (at = 1; (c = getopt_long(argc, argv, g->shorts, g->longs, NULL)) != -1; at = optind) {
		if (c == 1) {
			rest->operands[rest->noperands++] = optarg;
			continue;
		}
		if (c == '?' || c == ':')
			return (enum opt_result)complain(tool, c, argv, w);
		const struct opt *o = find(tool, c);
		if (o->where == NULL)
			return take_common(tool, o, optarg, w);
		if (take(o, optarg, w) != 0)
			return OPT_BAD;
	}
	/* Only "--" makes getopt_long step over a word on its way out. */
	if (at < argc) {
		rest->command = argv + at + 1;
		rest->ncommand = argc - at - 1;
	}
	rest->operands[rest->noperands] = NULL;
	return OPT_RUN;
}

enum opt_result opt_parse(
    const struct opt_tool *tool, int argc, char **argv, struct opt_rest *rest, struct why *w)
{
	struct grammar g;

	*rest = (struct opt_rest){.operands = argc > 0 ? argv + 1 : argv};
	if (argc == 0)
		return OPT_RUN;
	grammar_init(&g, tool);
	enum opt_result result = walk(tool, &g, argc, argv, rest, w);
	free(g.longs);
	free(g.shorts);
	return result;
}
