/* SPDX-License-Identifier: MIT */
/* opt_help: --help, from the table. */
#include "opt.h"
#include "buf.h"

#include <stdint.h>
#include <string.h>

enum {
	WIDTH = 80,
	COLUMN = 26, /* where descriptions begin */
};

/* Calls for each line of text, which is lines separated by '\n'. */
static void print_lines(FILE *f, const char *first, const char *more, const char *text)
{
	const char *indent = first;

	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		fprintf(f, "%s%.*s\n", indent, (int)n, text);
		text += n + (text[n] == '\n');
		indent = more;
	}
}

/* How many columns s[0..len) takes, when every character takes one. */
static int columns(const char *s, size_t len)
{
	int n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}

/* Prints text from COLUMN to WIDTH; the cursor stands at column at. */
static void print_wrapped(FILE *f, int at, const char *text)
{
	if (at + 2 > COLUMN) {
		fputc('\n', f);
		at = 0;
	}
	for (bool first = true; *text != '\0'; first = false) {
		size_t n = strcspn(text, " ");
		int wide = columns(text, n);

		if (first || at + 1 + wide > WIDTH) {
			fprintf(f, "%s%*s", first ? "" : "\n", first ? COLUMN - at : COLUMN, "");
			at = COLUMN;
		} else {
			fputc(' ', f);
			at++;
		}
		fprintf(f, "%.*s", (int)n, text);
		at += wide;
		text += n;
		text += strspn(text, " ");
	}
	fputc('\n', f);
}

/* "help; one of none, done, each", when the choices do not stand in the left column. */
static void describe(struct buf *b, const struct opt *o)
{
	(void)buf_adds(b, o->help); /* b has no cap, so adding cannot fail */
	if (o->kind == OPT_CHOICE && o->arg != NULL && strchr(o->choices, '|') != NULL) {
		(void)buf_adds(b, "; one of ");
		for (const char *c = o->choices; *c != '\0'; c++)
			(void)(*c == '|' ? buf_adds(b, ", ") : buf_addc(b, *c));
	}
	(void)buf_addc(b, '\0');
}

static void print_option(FILE *f, const struct opt *o)
{
	struct buf left, right;

	buf_init(&left, SIZE_MAX);
	buf_init(&right, SIZE_MAX);
	if (o->letter != 0)
		(void)buf_addf(&left, "  -%c, --%s", o->letter, o->name); /* as above */
	else
		(void)buf_addf(&left, "      --%s", o->name);
	if (opt_takes_arg(o))
		(void)buf_addf(&left, "%c%s", o->arg == NULL && o->kind == OPT_CHOICE ? '=' : ' ',
		    opt_arg_name(o));
	describe(&right, o);
	fprintf(f, "%.*s", (int)left.len, buf_head(&left));
	print_wrapped(f, columns(buf_head(&left), left.len), buf_head(&right));
	buf_fini(&left);
	buf_fini(&right);
}

void opt_help(const struct opt_tool *tool, FILE *f)
{
	const struct opt *o;

	print_lines(f, "usage: ", "       ", tool->usage);
	fprintf(f, "\n%s\n", tool->summary);
	if (tool->opts[0].kind != OPT_GROUP)
		fputs("\nOptions:\n", f);
	for (int i = 0; (o = opt_at(tool, i)) != NULL; i++)
		if (o->kind == OPT_GROUP)
			fprintf(f, "\n%s:\n", o->name);
		else if (o->help != NULL)
			print_option(f, o);
	if (tool->examples != NULL) {
		fputs("\nExamples:\n", f);
		print_lines(f, "  ", "  ", tool->examples);
	}
}
