/* SPDX-License-Identifier: MIT */
/* chan: channel names, their logs and the globs that match them. */
#include "chan.h"
#include "buf.h"
#include "utf8.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const char PROJECT[] = ":project", STAGE[] = ":stage";

/* The code point of the valid character s[0..n). */
static uint32_t code_point(const char *s, int n)
{
	static const unsigned char lead[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t c = (unsigned char)s[0] & lead[n];

	for (int i = 1; i < n; i++)
		c = c << 6 | ((unsigned char)s[i] & 0x3f);
	return c;
}

/* Controls of both sets, and the line ends that only Unicode has. */
static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x2028 || c == 0x2029;
}

/* Refuses what is no valid UTF-8, a space, a control, a glob character or one of more. */
static int check_chars(const char *what, const char *s, size_t len, const char *more, struct why *w)
{
	for (size_t at = 0; at < len;) {
		int n = utf8_char(s + at, len - at);

		if (n <= 0)
			return why_set(
			    w, WHY_USAGE, "the %s is not valid UTF-8 (byte %zu)", what, at + 1);
		uint32_t c = code_point(s + at, n);
		if (c == ' ')
			return why_set(
			    w, WHY_USAGE, "the %s holds a space (byte %zu)", what, at + 1);
		if (is_control(c))
			return why_set(w, WHY_USAGE,
			    "the %s holds the control character U+%04X "
			    "(byte %zu)",
			    what, (unsigned)c, at + 1);
		if (c < 0x80 && (strchr("*?[]\\", (int)c) != NULL || strchr(more, (int)c) != NULL))
			return why_set(w, WHY_USAGE, "the %s holds the character '%c' (byte %zu)",
			    what, (char)c, at + 1);
		at += (size_t)n;
	}
	return 0;
}

int chan_part_check(const char *what, const char *s, size_t len, struct why *w)
{
	if (len == 0)
		return why_set(w, WHY_USAGE, "the %s is empty", what);
	if (len > CHAN_PART_MAX)
		return why_set(w, WHY_USAGE, "the %s is longer than %d bytes", what, CHAN_PART_MAX);
	if (s[0] == '.' && (len == 1 || (len == 2 && s[1] == '.')))
		return why_set(w, WHY_USAGE, "the %s is \"%.*s\"", what, (int)len, s);
	return check_chars(what, s, len, ":/", w);
}

bool chan_part_is_legal(const char *s, size_t len)
{
	struct why w;

	return chan_part_check("part", s, len, &w) == 0;
}

int chan_name_check(const char *name, size_t len, struct why *w)
{
	if (len == 0)
		return why_set(w, WHY_USAGE, "the channel's name is empty");
	if (len > CHAN_NAME_MAX)
		return why_set(
		    w, WHY_USAGE, "the channel's name is longer than %d bytes", CHAN_NAME_MAX);
	for (size_t i = 0; i < len; i++)
		if (name[i] == '\0' || name[i] == '\r' || name[i] == '\n')
			return why_set(w, WHY_USAGE, "the channel's name holds a %s (byte %zu)",
			    name[i] == '\0' ? "NUL" : "line end", i + 1);
	return 0;
}

int chan_namespace_check(const char *ns, struct why *w)
{
	size_t len = strlen(ns);

	if (len == 0)
		return why_set(w, WHY_USAGE, "the namespace is empty");
	if (len > CHAN_NAMESPACE_MAX)
		return why_set(
		    w, WHY_USAGE, "the namespace is longer than %d bytes", CHAN_NAMESPACE_MAX);
	return check_chars("namespace", ns, len, "", w);
}

char *chan_stage(const char *ns, const char *project, const char *stage)
{
	char *name;

	if (stage == NULL)
		stage = "*";
	size_t size = strlen(ns) + strlen(project) + strlen(stage) + sizeof ":project::stage:";
	name = xmalloc(size);
	(void)snprintf(name, size, "%s:project:%s:stage:%s", ns, project, stage); /* it fits */
	return name;
}

/* Takes the last ":PART" off s[0..*len) and points to PART; false when there is none that is
 * legal. */
static bool take_part(const char *s, size_t *len, const char **part, size_t *part_len)
{
	const char *colon = memrchr(s, ':', *len);

	if (colon == NULL)
		return false;
	*part = colon + 1;
	*part_len = (size_t)(s + *len - *part);
	*len = (size_t)(colon - s);
	return chan_part_is_legal(*part, *part_len);
}

/* Takes word off the end of s[0..*len). */
static bool take_word(const char *s, size_t *len, const char *word, size_t word_len)
{
	if (*len < word_len || memcmp(s + *len - word_len, word, word_len) != 0)
		return false;
	*len -= word_len;
	return true;
}

/* Whether s[0..len) is NS:project:ID. */
static bool parse_project(const char *s, size_t len, const char **project, size_t *project_len)
{
	return take_part(s, &len, project, project_len) &&
	    take_word(s, &len, PROJECT, sizeof PROJECT - 1) && len > 0;
}

bool chan_parse(const char *channel, size_t len, struct chan_parts *parts)
{
	return take_part(channel, &len, &parts->stage, &parts->stage_len) &&
	    take_word(channel, &len, STAGE, sizeof STAGE - 1) &&
	    parse_project(channel, len, &parts->project, &parts->project_len);
}

char *chan_log(const char *channel, size_t len)
{
	struct chan_parts parts;

	if (chan_parse(channel, len, &parts))
		len = (size_t)(parts.project + parts.project_len - channel);
	char *log = xmalloc(len + sizeof ":log");
	memcpy(log, channel, len);
	memcpy(log + len, ":log", sizeof ":log");
	return log;
}

bool chan_is_own(const char *channel, size_t len)
{
	struct chan_parts parts;

	if (chan_parse(channel, len, &parts))
		return false; /* a stage may well be called "log" */
	if (take_word(channel, &len, ":log", 4) || take_word(channel, &len, ":ctl", 4))
		return true;
	(void)take_word(channel, &len, STAGE, sizeof STAGE - 1); /* with it or without */
	return parse_project(channel, len, &parts.project, &parts.project_len);
}

/* Whether c is in the class whose '[' is at pattern[at]; *next is the place behind its ']'. What
 * looks odd is Redis's: a class without ']' reaches to the end, and in "[a-]" the ']' ends a range,
 * not the class. */
static bool class_has(const char *pattern, size_t len, size_t at, unsigned char c, size_t *next)
{
	const unsigned char *p = (const unsigned char *)pattern;
	bool has = false;
	bool inverted = ++at < len && p[at] == '^';

	for (at += inverted; at < len && p[at] != ']'; at++) {
		if (p[at] == '\\' && len - at >= 2) {
			has |= p[++at] == c;
		} else if (len - at >= 3 && p[at + 1] == '-') {
			unsigned char a = p[at], b = p[at += 2];

			has |= a <= b ? a <= c && c <= b : b <= c && c <= a;
		} else {
			has |= p[at] == c;
		}
	}
	*next = at < len ? at + 1 : len;
	return has != inverted;
}

/* Whether c matches what stands at pattern[at], which is no star; *next is the place behind it. */
static bool glob_one(const char *pattern, size_t len, size_t at, char c, size_t *next)
{
	if (pattern[at] == '[')
		return class_has(pattern, len, at, (unsigned char)c, next);
	if (pattern[at] == '\\' && len - at >= 2) {
		*next = at + 2;
		return pattern[at + 1] == c;
	}
	*next = at + 1;
	return pattern[at] == '?' || pattern[at] == c;
}

bool chan_glob(const char *pattern, size_t pattern_len, const char *s, size_t len)
{
	size_t p = 0, i = 0;
	size_t star = SIZE_MAX; /* behind the last star met */
	size_t from = 0;        /* where what follows that star is being tried */

	if (len == 0)
		return pattern_len == 0; /* in Redis not even "*" matches the empty name */
	/* Only the last star needs to be tried again: an earlier one that took more would only
	 * leave less for the last one, which can take anything. */
	while (i < len) {
		if (p < pattern_len && pattern[p] == '*') {
			star = ++p;
			from = i;
		} else if (p < pattern_len && glob_one(pattern, pattern_len, p, s[i], &p)) {
			i++;
		} else if (star != SIZE_MAX) {
			p = star;
			i = ++from;
		} else {
			return false;
		}
	}
	while (p < pattern_len && pattern[p] == '*')
		p++;
	return p == pattern_len;
}
