/* SPDX-License-Identifier: MIT */
/* cursor: the file's form, and what is found in it. */
#include <stdlib.h>
#include <unistd.h>

#include "cursor.h"
#include "t.h"

static int parse(struct cursor_file *f, const char *text, size_t len, struct why *w)
{
	*f = (struct cursor_file){0};
	return cursor_parse(f, text, len, w);
}

static bool has(const struct cursor_file *f, const char *name, bool only, struct id id)
{
	struct id found;

	return cursor_find(f, name, only, &found) && id_cmp(found, id) == 0;
}

static void test_good(void)
{
	static const char text[] = "5-1 a\n\n18446744073709551615-0 b c\n7-0 a";
	struct cursor_file f;
	struct why w;

	ok(parse(&f, text, sizeof text - 1, &w) == 0, "lines of an id and a name are read");
	ok(has(&f, "b c", false, (struct id){UINT64_MAX, 0}), "a name may have spaces");
	ok(has(&f, "a", false, (struct id){7, 0}) && f.n == 2, "of two of a name the last counts");
	ok(!cursor_find(&f, "b", true, &(struct id){0}), "a name that is not there is not found");
	cursor_close(&f);
	ok(parse(&f, "", 0, &w) == 0 && f.n == 0, "an empty file has no cursors");
	cursor_close(&f);
	ok(parse(&f, "5-1\n", 4, &w) == 0 && has(&f, "any", true, (struct id){5, 1}),
	    "a lone id is the cursor of the only name");
	ok(!cursor_find(&f, "any", false, &(struct id){0}), "but of none of several");
	cursor_set(&f, "any", NULL, (struct id){6, 0});
	ok(has(&f, "any", true, (struct id){6, 0}), "a name's own cursor wins over it");
	cursor_close(&f);
}

static void test_bad(void)
{
	static const char *const texts[] = {"x", "5", "5-", "-1", "5-1-1", "05-1 a", "5-01 a",
	    " 5-1 a", "5-1 ", "5-1\ta", "18446744073709551616-0 a", "+5-1 a", "5-1 a\nx"};
	struct cursor_file f;
	struct why w;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		ok(parse(&f, texts[i], strlen(texts[i]), &w) < 0 && w.status == WHY_DATA &&
			strstr(w.text,
			    i + 1 == sizeof texts / sizeof *texts ? "line 2" : "line 1") != NULL,
		    "text %zu is refused, with its line", i);
		cursor_close(&f);
	}
	ok(parse(&f, "5-1 a\0b", 7, &w) < 0, "a NUL in a name is refused");
	cursor_close(&f);
}

static void test_file(void)
{
	char dir[] = "/tmp/spout-unit.XXXXXX", path[64], temp[70];
	struct cursor_file f;
	struct why w;

	if (mkdtemp(dir) == NULL)
		abort();                                     /* no place to test in */
	(void)snprintf(path, sizeof path, "%s/cursor", dir); /* fits */
	(void)snprintf(temp, sizeof temp, "%s.new", path);   /* fits */
	ok(cursor_open(&f, path, &w) == 0 && f.n == 0, "a missing file has no cursors");
	cursor_set(&f, "a", NULL, (struct id){1, 2});
	cursor_set(&f, "b c", NULL, (struct id){3, 4});
	ok(cursor_save(&f, &w) == 0 && access(temp, F_OK) < 0,
	    "it is saved, with nothing beside it");
	cursor_close(&f);
	ok(cursor_open(&f, path, &w) == 0 && f.n == 2 && has(&f, "a", false, (struct id){1, 2}) &&
		has(&f, "b c", false, (struct id){3, 4}),
	    "and read again");
	cursor_set(&f, "a", NULL, (struct id){5, 0});
	ok(cursor_save(&f, &w) == 0, "it is replaced");
	cursor_close(&f);
	ok(cursor_open(&f, path, &w) == 0 && f.n == 2 && has(&f, "a", false, (struct id){5, 0}),
	    "and what is new is read");
	cursor_close(&f);
	ok(cursor_open(&f, dir, &w) < 0 && w.status == WHY_NOINPUT, "a directory is refused");
	cursor_close(&f);
	(void)unlink(path); /* cleaning up */
	(void)rmdir(dir);   /* as above */
}

int main(void)
{
	test_good();
	test_bad();
	test_file();
	return t_done();
}
