/* SPDX-License-Identifier: MIT */
#include "chan.h"
#include "t.h"

#include <stdlib.h>
#include <time.h>

static char text128[129], text129[130];

static void parts_are_checked(void)
{
	static const char *const legal[] = {"a", "7", "a.b", "...", ".a", "a..", "project", "log",
	    "caf\xc3\xa9", "\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x98\x80", "\xc2\xa0", "a{b}-_~%2F",
	    "\xe2\x80\xa7", "\xe2\x80\xaa", text128};
	static const struct {
		const char *part, *says;
	} illegal[] = {
	    {"", "is empty"},
	    {".", "\".\""},
	    {"..", "\"..\""},
	    {"a:b", "':' (byte 2)"},
	    {"a/b", "'/' (byte 2)"},
	    {"*", "'*'"},
	    {"a?", "'?'"},
	    {"[a", "'['"},
	    {"a]", "']'"},
	    {"a\\", "'\\'"},
	    {"a b", "a space (byte 2)"},
	    {"a\n", "U+000A"},
	    {"\x1b", "U+001B"},
	    {"\x7f", "U+007F"},
	    {"a\xc2\x80", "U+0080 (byte 2)"},
	    {"\xc2\x85", "U+0085"},
	    {"\xc2\x9f", "U+009F"},
	    {"\xe2\x80\xa8", "U+2028"},
	    {"x\xe2\x80\xa9y", "U+2029"},
	    {"a\xff", "not valid UTF-8 (byte 2)"},
	    {"a\xc3", "not valid UTF-8"},
	    {"\xc0\xae", "not valid UTF-8"},
	    {"\xed\xa0\x80", "not valid UTF-8"},
	    {text129, "longer than 128 bytes"},
	};
	struct why w;

	for (size_t i = 0; i < sizeof legal / sizeof legal[0]; i++)
		ok(chan_part_is_legal(legal[i], strlen(legal[i])), "<%s> may be a part", legal[i]);
	for (size_t i = 0; i < sizeof illegal / sizeof illegal[0]; i++) {
		const char *part = illegal[i].part;

		w.text[0] = '\0';
		ok(chan_part_check("stage", part, strlen(part), &w) == -1 &&
			w.status == WHY_USAGE && strstr(w.text, illegal[i].says) != NULL &&
			strncmp(w.text, "the stage ", 10) == 0,
		    "part number %zu is refused: %s", i, w.text);
	}
	ok(!chan_part_is_legal("a\0b", 3), "a NUL inside is refused");
}

static void names_are_checked(void)
{
	char longest[CHAN_NAME_MAX + 1];
	struct why w;

	memset(longest, 'x', sizeof longest);
	ok(chan_name_check("chat:42 *", 9, &w) == 0, "a channel may be called nearly anything");
	ok(chan_name_check(longest, CHAN_NAME_MAX, &w) == 0, "the longest name is taken");
	ok(chan_name_check(longest, CHAN_NAME_MAX + 1, &w) == -1, "a longer one is refused");
	ok(chan_name_check("", 0, &w) == -1, "an empty name is refused");
	ok(chan_name_check("a\0b", 3, &w) == -1 && strstr(w.text, "NUL (byte 2)"), "so is NUL");
	ok(chan_name_check("a\nb", 3, &w) == -1 && chan_name_check("a\r", 2, &w) == -1,
	    "so are line ends");
	ok(chan_namespace_check("sp", &w) == 0 && chan_namespace_check("a:b/c:", &w) == 0,
	    "a namespace may hold ':' and '/'");
	ok(chan_namespace_check("", &w) == -1 && chan_namespace_check("a*", &w) == -1 &&
		chan_namespace_check("a b", &w) == -1 && chan_namespace_check("\xc2\x80", &w) &&
		chan_namespace_check("\xff", &w) == -1,
	    "but not what a part may not hold besides");
	longest[CHAN_NAMESPACE_MAX + 1] = '\0';
	ok(chan_namespace_check(longest, &w) == -1, "nor may it be too long");
	longest[CHAN_NAMESPACE_MAX] = '\0';
	char *name = chan_stage(longest, text128, text128);
	ok(chan_namespace_check(longest, &w) == 0 && chan_name_check(name, strlen(name), &w) == 0,
	    "the longest legal parts make a legal name");
	free(name);
}

static void stages_are_parsed(void)
{
	static const struct {
		const char *channel, *project, *stage; /* NULL: of another form */
	} cases[] = {
	    {"sp:project:7:stage:rewrite", "7", "rewrite"},
	    {"a:b:project:7:stage:x", "7", "x"},
	    {"n:project:1:stage:2:project:3:stage:4", "3", "4"},
	    {"project:project:project:stage:stage", "project", "stage"},
	    {"::project:7:stage:x", "7", "x"},
	    {":project:7:stage:x", NULL, NULL},
	    {"project:7:stage:x", NULL, NULL},
	    {"sp:project:7:stage:", NULL, NULL},
	    {"sp:project::stage:x", NULL, NULL},
	    {"sp:project:7:stage:x:y", NULL, NULL},
	    {"sp:project:7:stage:*", NULL, NULL},
	    {"sp:project:..:stage:x", NULL, NULL},
	    {"sp:project:a/b:stage:x", NULL, NULL},
	    {"sp:Project:7:stage:x", NULL, NULL},
	    {"spproject:7:stage:x", NULL, NULL},
	    {"sp:project:7:log", NULL, NULL},
	    {"stage:x", NULL, NULL},
	    {"x", NULL, NULL},
	    {"", NULL, NULL},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct chan_parts p;
		bool is = chan_parse(cases[i].channel, strlen(cases[i].channel), &p);

		ok(is == (cases[i].project != NULL) &&
			(!is ||
			    (t_eq(p.project, p.project_len, cases[i].project) &&
				t_eq(p.stage, p.stage_len, cases[i].stage))),
		    "<%s> %s a stage's channel", cases[i].channel,
		    cases[i].project != NULL ? "is" : "is not");
	}
	struct chan_parts p;
	ok(!chan_parse("sp:project:7:stage:x", 19, &p), "the length counts, not a NUL");
}

static void logs_have_names(void)
{
	static const struct {
		const char *channel, *log;
		bool own;
	} cases[] = {
	    {"sp:project:7:stage:a", "sp:project:7:log", false},
	    {"sp:project:7:stage:b", "sp:project:7:log", false},
	    {"sp:project:7:stage:log", "sp:project:7:log", false},
	    {"x:y:project:7:stage:b", "x:y:project:7:log", false},
	    {"sp:project:7:stage:a:b", "sp:project:7:stage:a:b:log", false},
	    {":project:7:stage:a", ":project:7:stage:a:log", false},
	    {"chat:42", "chat:42:log", false},
	    {"sp:project:7", "sp:project:7:log", true},
	    {"sp:project:7:stage", "sp:project:7:stage:log", true},
	    {"sp:project:a/b", "sp:project:a/b:log", false},
	    {"sp:project:7:log", "sp:project:7:log:log", true},
	    {"sp:project:7:stage:a:ctl", "sp:project:7:stage:a:ctl:log", true},
	    {"catalog", "catalog:log", false},
	    {":log", ":log:log", true},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *channel = cases[i].channel;
		char *log = chan_log(channel, strlen(channel));

		ok(t_eq(log, strlen(log), cases[i].log), "<%s> logs to <%s>", channel,
		    cases[i].log);
		ok(chan_is_own(channel, strlen(channel)) == cases[i].own, "and is %s to choose",
		    cases[i].own ? "not anybody's" : "free");
		free(log);
	}
	char *name = chan_stage("sp", "7", "a"), *pattern = chan_stage("sp", "7", NULL);
	ok(t_eq(name, strlen(name), "sp:project:7:stage:a") &&
		t_eq(pattern, strlen(pattern), "sp:project:7:stage:*") &&
		chan_glob(pattern, strlen(pattern), name, strlen(name)),
	    "a project's pattern matches its stages");
	free(name);
	free(pattern);
}

/* Each was also asked of redis-server 7.0. */
static void globs_match(void)
{
	static const struct {
		const char *pattern, *s;
		bool matches;
	} cases[] = {
	    {"", "", true},
	    {"", "a", false},
	    {"*", "", false},
	    {"*", "a", true},
	    {"a*", "a", true},
	    {"a**", "a", true},
	    {"*a", "bba", true},
	    {"*a", "bab", false},
	    {"a*b*c", "axxbxbxc", true},
	    {"a*b*c", "axxcxb", false},
	    {"*ab", "aab", true},
	    {"?", "a", true},
	    {"?", "\xc3\xa9", false},
	    {"a?", "a", false},
	    {"A", "a", false},
	    {"[abc]", "b", true},
	    {"[a-c]x", "bx", true},
	    {"[c-a]x", "bx", true},
	    {"[a-c]", "d", false},
	    {"[^a-c]", "d", true},
	    {"[^a]", "a", false},
	    {"[^]", "a", true},
	    {"[]", "a", false},
	    {"[\\]]", "]", true},
	    {"[\\^a]", "^", true},
	    {"[a-]", "_", true},
	    {"[ab", "b", true},
	    {"[", "[", false},
	    {"\\*", "*", true},
	    {"\\*", "a", false},
	    {"\\", "\\", true},
	    {"sp:project:7:stage:*", "sp:project:7:stage:", true},
	    {"sp:project:7:stage:*", "sp:project:77:stage:a", false},
	    {"h?llo*[0-9]", "hello world 7", true},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ok(chan_glob(cases[i].pattern, strlen(cases[i].pattern), cases[i].s,
		       strlen(cases[i].s)) == cases[i].matches,
		    "<%s> %s <%s>", cases[i].pattern,
		    cases[i].matches ? "matches" : "does not match", cases[i].s);
}

static void globs_are_quick(void)
{
	static char pattern[400], s[1000];
	clock_t begin = clock();

	for (size_t i = 0; i < sizeof pattern; i += 2)
		memcpy(pattern + i, "*a", 2);
	pattern[sizeof pattern - 1] = 'b';
	memset(s, 'a', sizeof s);
	ok(!chan_glob(pattern, sizeof pattern, s, sizeof s) && clock() - begin < CLOCKS_PER_SEC,
	    "two hundred stars do not take for ever");
}

int main(void)
{
	memset(text128, 'x', sizeof text128 - 1);
	memset(text129, 'x', sizeof text129 - 1);
	parts_are_checked();
	names_are_checked();
	stages_are_parsed();
	logs_have_names();
	globs_match();
	globs_are_quick();
	return t_done();
}
