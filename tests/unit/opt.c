/* SPDX-License-Identifier: MIT */
#include "opt.h"
#include "t.h"

#include <stdlib.h>
#include <unistd.h>

enum { WORDS_MAX = 16 };

static struct {
	bool tee, end;
	int verbose, from, full;
	const char *spool;
	struct opt_list channels;
	int64_t count, maxlen, ttl, size, offset;
} got;

static const struct opt opts[] = {
    {.kind = OPT_GROUP, .name = "Where"},
    {'c', "channel", "CHANNEL", OPT_LIST, &got.channels,
	"publish to this channel, whose name may be long enough to need more than one line", NULL,
	0, 0},
    {0, "spool", "FILE", OPT_STRING, &got.spool,
	"keep it in FILE, don't lose it, and send it all in good time", NULL, 0, 0},
    {.kind = OPT_GROUP, .name = "What"},
    {'f', "from", "FORMAT", OPT_CHOICE, &got.from, "how it is read", "text|lines|json", 0, 0},
    {0, "full-text", NULL, OPT_CHOICE, &got.full, "where the text goes", "none|done|each", 0, 0},
    {'t', "tee", NULL, OPT_FLAG, &got.tee, "also to stdout", NULL, 0, 0},
    {0, "no-end", NULL, OPT_UNFLAG, &got.end, "publish no done", NULL, 0, 0},
    {'v', "verbose", NULL, OPT_COUNT, &got.verbose, "say more", NULL, 0, 0},
    {'n', "count", "N", OPT_NUMBER, &got.count, "that many", NULL, 0, 0},
    {0, "maxlen", "N", OPT_NUMBER, &got.maxlen, "at most", NULL, 1, 100},
    {0, "offset", "N", OPT_NUMBER, &got.offset, "hidden", NULL, -5, 5},
    {0, "ttl", "D", OPT_DURATION, &got.ttl, "of the log", NULL, 1000, 3600000},
    {0, "buffer", "SIZE", OPT_SIZE, &got.size, "in memory", NULL, 1024, 0},
    {0, "secret", NULL, OPT_FLAG, &got.tee, NULL, NULL, 0, 0},
    {.kind = OPT_GROUP},
};

static const struct opt_tool tool = {"sp-test", "Test options.",
    "sp-test [options] [TYPE ...]\nsp-test [options] -- COMMAND", "sp-test done\nsp-test -t", opts,
    "token done", NULL};

static char *words[WORDS_MAX + 1];
static struct opt_rest rest;
static struct why why;

/* Parses line, words separated by spaces, in storage that lasts until the next call. */
static enum opt_result parse(const char *line)
{
	static char text[300];
	char *save = NULL;
	int n = 0;

	opt_list_fini(&got.channels);
	memset(&got, 0, sizeof got);
	got.end = true;
	why.text[0] = '\0';
	(void)snprintf(text, sizeof text, "sp-test %s", line); /* they fit */
	for (char *w = strtok_r(text, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save))
		words[n++] = w;
	words[n] = NULL;
	return opt_parse(&tool, n, words, &rest, &why);
}

static void kinds_are_read(void)
{
	ok(parse("-t --no-end -vvv --verbose -f json --full-text=each --spool /f") == OPT_RUN &&
		got.tee && !got.end && got.verbose == 4 && got.from == 2 && got.full == 2 &&
		t_eq(got.spool, strlen(got.spool), "/f"),
	    "flags, counts, choices and strings are read");
	ok(parse("-n 7 --maxlen=100 --offset -5 --ttl 1.5m --buffer 64k") == OPT_RUN &&
		got.count == 7 && got.maxlen == 100 && got.offset == -5 && got.ttl == 90000 &&
		got.size == 65536,
	    "numbers, durations and sizes are read");
	ok(parse("-c a --channel b -cc --channel=") == OPT_RUN && got.channels.count == 4 &&
		strcmp(got.channels.items[1], "b") == 0 &&
		strcmp(got.channels.items[2], "c") == 0 && got.channels.items[3][0] == '\0',
	    "a list keeps every value in order, empty ones too");
	ok(parse("--maxl 5 --ver") == OPT_BAD && parse("--maxl 5") == OPT_RUN && got.maxlen == 5,
	    "a long name may be abbreviated as long as it is clear");
	ok(parse("") == OPT_RUN && rest.noperands == 0 && rest.command == NULL && got.end,
	    "without words nothing is set");
}

static void operands_and_command(void)
{
	ok(parse("a -t b -c x - --no-end c=d") == OPT_RUN && rest.noperands == 4 &&
		strcmp(rest.operands[0], "a") == 0 && strcmp(rest.operands[1], "b") == 0 &&
		strcmp(rest.operands[2], "-") == 0 && strcmp(rest.operands[3], "c=d") == 0 &&
		rest.operands[4] == NULL && got.tee && !got.end && rest.command == NULL,
	    "options may stand between operands");
	ok(parse("a -t -- ls -l -- -t") == OPT_RUN && rest.noperands == 1 && rest.ncommand == 4 &&
		strcmp(rest.command[0], "ls") == 0 && strcmp(rest.command[2], "--") == 0 &&
		rest.command[4] == NULL,
	    "all behind -- is the command");
	ok(parse("a --") == OPT_RUN && rest.command != NULL && rest.ncommand == 0,
	    "a command may be empty");
	ok(parse("-c -- a") == OPT_RUN && rest.command == NULL && rest.noperands == 1 &&
		strcmp(got.channels.items[0], "--") == 0,
	    "-- may be a value");
	ok(parse("-c -- -- --") == OPT_RUN && rest.ncommand == 1, "and still end the options");
	(void)setenv("POSIXLY_CORRECT", "1", 1); /* cannot fail but for memory */
	ok(parse("a -t b") == OPT_RUN && rest.noperands == 2 && got.tee,
	    "POSIXLY_CORRECT makes no difference");
	(void)unsetenv("POSIXLY_CORRECT"); /* as above */
	char *none[] = {NULL};
	ok(opt_parse(&tool, 0, none, &rest, &why) == OPT_RUN && rest.noperands == 0,
	    "a program without even a name has no options");
}

static void misuse_is_told(void)
{
	static const struct {
		const char *line, *says;
	} cases[] = {
	    {"--foo", "unknown option --foo"},
	    {"--foo=secret", "unknown option --foo"},
	    {"-Q", "unknown option -Q"},
	    {"-tQ", "unknown option -Q"},
	    {"-\x80", "unknown option -\\x80"},
	    {"--ver", "option --ver may be --verbose or --version"},
	    {"--maxlen", "option --maxlen needs a value (N)"},
	    {"--full-text", "option --full-text needs a value (none|done|each)"},
	    {"-c", "option -c needs a value (CHANNEL)"},
	    {"-tc", "option -c needs a value (CHANNEL)"},
	    {"--tee=x", "option --tee takes no value"},
	    {"--help=x", "option --help takes no value"},
	    {"--maxlen abc", "--maxlen: \"abc\" is not a number"},
	    {"--maxlen=", "--maxlen: \"\" is not a number"},
	    {"--maxlen 1x", "--maxlen: \"1x\" is not a number"},
	    {"--maxlen +1", "--maxlen: \"+1\" is not a number"},
	    {"--maxlen -", "--maxlen: \"-\" is not a number"},
	    {"--maxlen \x1b[2J", "--maxlen: \"?[2J\" is not a number"},
	    {"--maxlen 0", "--maxlen: 0 is not between 1 and 100"},
	    {"--maxlen 101", "--maxlen: 101 is not between 1 and 100"},
	    {"--offset -6", "--offset: -6 is not between -5 and 5"},
	    {"-n -1", "--count: -1 is less than 0"},
	    {"-n 9223372036854775808",
		"--count: \"9223372036854775808\" is not a number that fits"},
	    {"--ttl 5parsecs",
		"--ttl: \"5parsecs\" is not a duration (250ms, 5s, 2m, 1h; bare = seconds)"},
	    {"--ttl 999ms", "--ttl: 999ms is not between 1s and 1h"},
	    {"--buffer 1x", "--buffer: \"1x\" is not a size (512, 64k, 1m, 2g; bare = bytes)"},
	    {"--buffer 1023", "--buffer: 1023 is less than 1k"},
	    {"--full-text=x", "--full-text: \"x\" is none of none|done|each"},
	    {"--full-text=non", "--full-text: \"non\" is none of none|done|each"},
	    {"--full-text=none|done", "--full-text: \"none|done\" is none of none|done|each"},
	    {"-f=json", "--from: \"=json\" is none of text|lines|json"},
	    {"--completion=tcsh", "--completion: \"tcsh\" is none of bash|zsh|fish"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ok(parse(cases[i].line) == OPT_BAD && why.status == WHY_USAGE &&
			t_eq(why.text, strlen(why.text), cases[i].says),
		    "%s", cases[i].says);
}

static void quantities(void)
{
	static const struct {
		const char *s;
		int64_t ms, bytes; /* -1: refused */
	} cases[] = {
	    {"0", 0, 0},
	    {"7", 7000, 7},
	    {"250ms", 250, -1},
	    {"5s", 5000, -1},
	    {"2m", 120000, 2 << 20},
	    {"1h", 3600000, -1},
	    {"1d", 86400000, -1},
	    {"64k", -1, 65536},
	    {"2g", -1, INT64_C(2) << 30},
	    {"1.5s", 1500, -1},
	    {"0.25", 250, -1},
	    {"0.5ms", 1, -1},
	    {"1.0000000000000000000000001s", 1000, -1},
	    {"0.999999999999d", 86400000, -1},
	    {"9223372036854775807ms", INT64_MAX, -1},
	    {"9223372036854775807.5ms", -1, -1},
	    {"9223372036854775807", -1, INT64_MAX},
	    {"9223372036854775808", -1, -1},
	    {"9223372036854775807k", -1, -1},
	    {"", -1, -1},
	    {"s", -1, -1},
	    {".5s", -1, -1},
	    {"5.", -1, -1},
	    {"5.s", -1, -1},
	    {"-5s", -1, -1},
	    {" 5", -1, -1},
	    {"5 s", -1, -1},
	    {"5S", -1, -1},
	    {"5ss", -1, -1},
	    {"1e3", -1, -1},
	    {"0x10", -1, -1},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t ms = -1, bytes = -1;
		int a = opt_duration(cases[i].s, &ms), b = opt_size(cases[i].s, &bytes);

		ok(ms == cases[i].ms && a == (ms < 0 ? -1 : 0), "\"%s\" as a duration is %lld",
		    cases[i].s, (long long)cases[i].ms);
		ok(bytes == cases[i].bytes && b == (bytes < 0 ? -1 : 0), "\"%s\" as a size is %lld",
		    cases[i].s, (long long)cases[i].bytes);
	}
}

/* What print prints, on the heap. */
static char *printed(void (*print)(FILE *f))
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL)
		abort();
	print(f);
	if (fclose(f) != 0)
		abort();
	return text;
}

static void print_help(FILE *f)
{
	opt_help(&tool, f);
}

static void print_all(FILE *f)
{
	opt_completion(&tool, OPT_BASH, f);
	opt_completion(&tool, OPT_ZSH, f);
	opt_completion(&tool, OPT_FISH, f);
}

static void help_is_printed(void)
{
	static const char want[] =
	    "usage: sp-test [options] [TYPE ...]\n"
	    "       sp-test [options] -- COMMAND\n"
	    "\n"
	    "Test options.\n"
	    "\n"
	    "Where:\n"
	    "  -c, --channel CHANNEL   publish to this channel, whose name may be long enough\n"
	    "                          to need more than one line\n"
	    "      --spool FILE        keep it in FILE, don't lose it, and send it all in\n"
	    "                          good time\n"
	    "\n"
	    "What:\n"
	    "  -f, --from FORMAT       how it is read; one of text, lines, json\n"
	    "      --full-text=none|done|each\n"
	    "                          where the text goes\n"
	    "  -t, --tee               also to stdout\n"
	    "      --no-end            publish no done\n"
	    "  -v, --verbose           say more\n"
	    "  -n, --count N           that many\n"
	    "      --maxlen N          at most\n"
	    "      --offset N          hidden\n"
	    "      --ttl D             of the log\n"
	    "      --buffer SIZE       in memory\n"
	    "\n"
	    "Other:\n"
	    "  -h, --help              print this help and exit\n"
	    "      --version           print the version and exit\n"
	    "\n"
	    "Examples:\n"
	    "  sp-test done\n"
	    "  sp-test -t\n";
	char *text = printed(print_help);

	ok(t_eq(text, strlen(text), want), "--help is the table, wrapped at 80 columns");
	free(text);
	text = printed(print_all);
	ok(strstr(text, "compgen -W 'none done each'") && strstr(text, "lose it") &&
		strstr(text, "(none done each)'") && strstr(text, "-x -a 'none done each'"),
	    "completions know the choices in every shell");
	ok(strstr(text, "don'\\''t") && strstr(text, "don\\'t"), "descriptions are quoted");
	ok(strstr(text, "secret") == NULL, "a hidden option is not completed");
	free(text);
}

/* Runs line with stdout to path. */
static enum opt_result parse_into(const char *path, const char *line)
{
	int saved = dup(STDOUT_FILENO);
	FILE *f = fopen(path, "w");

	if (saved < 0 || f == NULL || dup2(fileno(f), STDOUT_FILENO) < 0)
		abort();
	enum opt_result result = parse(line);
	clearerr(stdout);
	if (dup2(saved, STDOUT_FILENO) < 0 || close(saved) != 0)
		abort();
	(void)fclose(f); /* nothing was written through it */
	return result;
}

static void information_ends_the_run(void)
{
	ok(parse_into("/dev/null", "-t --help --foo") == OPT_EXIT && got.tee,
	    "--help ends the run");
	ok(parse_into("/dev/null", "-h") == OPT_EXIT, "so does -h");
	ok(parse_into("/dev/null", "--version") == OPT_EXIT, "so does --version");
	ok(parse_into("/dev/null", "--completion=fish") == OPT_EXIT, "so does --completion");
	ok(parse_into("/dev/null", "--foo --help") == OPT_BAD, "but not behind a mistake");
	ok(parse_into("/dev/full", "--help") == OPT_BAD && why.status == WHY_IO,
	    "a full disk is told");
}

int main(void)
{
	kinds_are_read();
	operands_and_command();
	misuse_is_told();
	quantities();
	help_is_printed();
	information_ends_the_run();
	opt_list_fini(&got.channels);
	return t_done();
}
