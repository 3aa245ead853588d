/* SPDX-License-Identifier: MIT */
/* Fuzzes channel names and globs. The input is two strings, separated by the first NUL. */
#include "buf.h"
#include "chan.h"
#include "utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int cond)
{
	if (!cond)
		abort();
}

static void check_part(const char *s, size_t len)
{
	struct why w;
	bool legal = chan_part_is_legal(s, len);

	must(legal == (chan_part_check("stage", s, len, &w) == 0));
	if (!legal) {
		must(w.status == WHY_USAGE);
		must(utf8_valid(w.text, strlen(w.text)) == strlen(w.text));
		return;
	}
	must(len >= 1 && len <= CHAN_PART_MAX && utf8_valid(s, len) == len);
	for (size_t i = 0; i < len; i++)
		must((unsigned char)s[i] > ' ' && strchr(":/*?[]\\\x7f", s[i]) == NULL);
	must(chan_glob(s, len, s, len)); /* a legal part is a glob for itself alone */
}

/* ns, project and stage survive being made a name. */
static void check_stage(const char *project, size_t plen, const char *stage, size_t slen)
{
	struct chan_parts parts;

	if (!chan_part_is_legal(project, plen) || !chan_part_is_legal(stage, slen))
		return;
	char *p = xstrndup(project, plen), *s = xstrndup(stage, slen);
	char *name = chan_stage("sp:x", p, s), *pattern = chan_stage("sp:x", p, NULL);
	must(chan_parse(name, strlen(name), &parts));
	must(parts.project_len == plen && memcmp(parts.project, project, plen) == 0);
	must(parts.stage_len == slen && memcmp(parts.stage, stage, slen) == 0);
	must(chan_glob(pattern, strlen(pattern), name, strlen(name)));
	must(!chan_is_own(name, strlen(name)));
	free(p);
	free(s);
	free(name);
	free(pattern);
}

/* Two channels that anybody may choose share a log only when they are stages of one project. */
static void check_logs(const char *a, size_t alen, const char *b, size_t blen)
{
	struct chan_parts pa, pb;
	char *la = chan_log(a, alen), *lb = chan_log(b, blen), *again = chan_log(a, alen);

	must(strcmp(la, again) == 0);
	must(chan_is_own(la, strlen(la)) || chan_is_own(a, alen));
	bool same = strcmp(la, lb) == 0, stage_a = chan_parse(a, alen, &pa);
	bool stage_b = chan_parse(b, blen, &pb);
	must(!stage_a || pa.project > a + strlen(":project:")); /* a namespace stands in front */
	if (stage_a && stage_b) {
		size_t to_a = (size_t)(pa.project + pa.project_len - a);
		size_t to_b = (size_t)(pb.project + pb.project_len - b);

		must(same == (to_a == to_b && memcmp(a, b, to_a) == 0));
	} else if (!stage_a && !stage_b) {
		must(same == (alen == blen && memcmp(a, b, alen) == 0));
	} else if (same) {
		must(stage_a ? chan_is_own(b, blen) : chan_is_own(a, alen));
	}
	free(la);
	free(lb);
	free(again);
}

static bool in_class(const char **p, const char *end, char c)
{
	bool has = false, inverted = *p < end && **p == '^';

	for (*p += inverted; *p < end && **p != ']'; ++*p) {
		unsigned char a = (unsigned char)**p, b = a, u = (unsigned char)c;

		if (a == '\\' && end - *p >= 2)
			a = b = (unsigned char)*++*p;
		else if (end - *p >= 3 && (*p)[1] == '-')
			b = (unsigned char)*(*p += 2);
		has |= (a <= u && u <= b) || (b <= u && u <= a);
	}
	*p += *p < end;
	return has != inverted;
}

/* The obvious matcher, which takes exponential time. */
static bool naive(const char *p, const char *end, const char *s, const char *send)
{
	if (p == end)
		return s == send;
	if (*p == '*')
		return naive(p + 1, end, s, send) || (s < send && naive(p, end, s + 1, send));
	if (s == send)
		return false;
	if (*p == '[') {
		p++;
		return in_class(&p, end, *s) && naive(p, end, s + 1, send);
	}
	if (*p == '\\' && end - p >= 2)
		return p[1] == *s && naive(p + 2, end, s + 1, send);
	return (*p == '?' || *p == *s) && naive(p + 1, end, s + 1, send);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size);
	size_t alen = strlen(text), blen = size > alen ? size - alen - 1 : 0;
	/* Copies of their own size, so that reading beyond the end is seen. */
	char *a = xmalloc(alen + 1), *b = xmalloc(blen + 1);
	struct why w;

	memcpy(a, data, alen);
	if (blen > 0)
		memcpy(b, data + alen + 1, blen);
	a = xrealloc(a, alen > 0 ? alen : 1);
	b = xrealloc(b, blen > 0 ? blen : 1);
	check_part(a, alen);
	check_part(b, blen);
	check_stage(a, alen, b, blen);
	if (memchr(b, '\0', blen) == NULL)
		check_logs(a, alen, b, blen);
	must(chan_namespace_check(text, &w) != 0 || chan_name_check(text, alen, &w) == 0);
	if (alen <= 12 && blen <= 12)
		must(chan_glob(a, alen, b, blen) ==
		    (blen == 0 ? alen == 0 : naive(a, a + alen, b, b + blen)));
	else
		(void)chan_glob(a, alen, b, blen); /* only that it neither hangs nor overreads */
	free(text);
	free(a);
	free(b);
	return 0;
}
