/* SPDX-License-Identifier: MIT */
/* opt_completion: scripts for bash, zsh and fish that complete a tool's command line, from its
 * table. Behind "--" each completes another command and its arguments. Choices and operands are
 * words of letters, digits and "-_." and stand unquoted.
 *
 * A tool whose first operand is a command with options of its own has a function for each (in fish:
 * lines with a condition), which its own function calls: the command's name, "sp-xq add", tells. */
#include "opt.h"

#include <string.h>

static bool names_file(const struct opt *o)
{
	return o->arg != NULL && strcmp(o->arg, "FILE") == 0;
}

static bool names_dir(const struct opt *o)
{
	return o->arg != NULL && strcmp(o->arg, "DIR") == 0;
}

/* The next option worth completing from *i on; NULL behind the last. */
static const struct opt *next(const struct opt_tool *tool, int *i)
{
	const struct opt *o;

	do
		o = opt_at(tool, (*i)++);
	while (o != NULL && (o->kind == OPT_GROUP || o->help == NULL));
	return o;
}

/* "a|b|c" as "a b c". */
static void print_choices(FILE *f, const char *choices)
{
	for (; *choices != '\0'; choices++)
		fputc(*choices == '|' ? ' ' : *choices, f);
}

/* Prints s for a place between single quotes, where ' is spelled quote, with a backslash before
 * each character of special. */
static void print_quoted(FILE *f, const char *s, const char *quote, const char *special)
{
	for (; *s != '\0'; s++)
		if (*s == '\'')
			fputs(quote, f);
		else
			fprintf(f, strchr(special, *s) != NULL ? "\\%c" : "%c", *s);
}

/* A shell function's name: the tool's, ' ' as '_', and for bash '-', too. */
static void print_identifier(FILE *f, const char *name, char also)
{
	for (fputc('_', f); *name != '\0'; name++)
		fputc(*name == ' ' || *name == also ? '_' : *name, f);
}

/* The command's own name in "sp-xq add"; NULL for a tool. */
static const char *verb_of(const struct opt_tool *tool)
{
	const char *space = strchr(tool->name, ' ');

	return space != NULL ? space + 1 : NULL;
}

const char *opt_shell_name(enum opt_shell shell)
{
	static const char *const names[] = {
	    [OPT_BASH] = "bash", [OPT_ZSH] = "zsh", [OPT_FISH] = "fish"};

	return names[shell];
}

/* --- bash: one function that looks at the word in front of the cursor's. */

static void bash_value(FILE *f, const struct opt *o)
{
	fputs("\t", f);
	if (o->letter != 0)
		fprintf(f, "-%c | ", o->letter);
	fprintf(f, "--%s)\n", o->name);
	if (o->kind == OPT_CHOICE) {
		fputs("\t\tmapfile -t COMPREPLY < <(compgen -W '", f);
		print_choices(f, o->choices);
		fputs("' -- \"$cur\")\n", f);
	} else if (names_file(o) || names_dir(o)) {
		fprintf(f,
		    "\t\tcompopt -o filenames 2>/dev/null\n"
		    "\t\tmapfile -t COMPREPLY < <(compgen -%c -- \"$cur\")\n",
		    names_file(o) ? 'f' : 'd');
	}
	fputs("\t\treturn\n\t\t;;\n", f);
}

static void bash_words(FILE *f, const struct opt_tool *tool)
{
	const struct opt *o;

	fputs("\tif [[ $cur == -* ]]; then\n\t\twords='", f);
	for (int i = 0; (o = next(tool, &i)) != NULL;) {
		if (o->letter != 0)
			fprintf(f, "-%c ", o->letter);
		fprintf(f, "--%s ", o->name);
	}
	fprintf(f, "'\n\telse\n\t\twords='%s'\n\tfi\n", tool->operands ? tool->operands : "");
	fputs("\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n", f);
}

/* Hands over to the command's function, if the first operand is one's name. */
static void bash_verb(FILE *f, const struct opt_tool *tool)
{
	fputs("\tif ((COMP_CWORD > 1)) && declare -F \"", f);
	print_identifier(f, tool->name, '-');
	fputs("_${COMP_WORDS[1]}\" >/dev/null; then\n\t\t\"", f);
	print_identifier(f, tool->name, '-');
	fputs("_${COMP_WORDS[1]}\"\n\t\treturn\n\tfi\n", f);
}

static void bash_function(const struct opt_tool *tool, FILE *f)
{
	const struct opt *o;

	print_identifier(f, tool->name, '-');
	/* Readline makes three words of --name=value. */
	fputs("()\n{\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} "
	      "words i\n"
	      "\tCOMPREPLY=()\n",
	    f);
	if (tool->complete_verbs != NULL)
		bash_verb(f, tool);
	fputs("\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "\t\t[[ ${COMP_WORDS[i]} == -- ]] || continue\n"
	      "\t\tif declare -F _command_offset >/dev/null; then\n"
	      "\t\t\t_command_offset $((i + 1))\n"
	      "\t\telse\n"
	      "\t\t\tcompopt -o default 2>/dev/null\n"
	      "\t\t\t((i + 1 < COMP_CWORD)) || mapfile -t COMPREPLY < <(compgen -c -- \"$cur\")\n"
	      "\t\tfi\n"
	      "\t\treturn\n"
	      "\tdone\n"
	      "\tif [[ $cur == = ]]; then\n"
	      "\t\tcur=\n"
	      "\telif [[ $prev == = ]]; then\n"
	      "\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}\n"
	      "\tfi\n"
	      "\tcase $prev in\n",
	    f);
	for (int i = 0; (o = next(tool, &i)) != NULL;)
		if (opt_takes_arg(o))
			bash_value(f, o);
	fputs("\tesac\n", f);
	bash_words(f, tool);
	fputs("}\n", f);
}

static void print_bash(const struct opt_tool *tool, FILE *f)
{
	if (verb_of(tool) != NULL) {
		bash_function(tool, f);
		return;
	}
	fprintf(
	    f, "# Completes %s in bash. Made by: %s --completion=bash\n", tool->name, tool->name);
	if (tool->complete_verbs != NULL)
		tool->complete_verbs(tool, OPT_BASH);
	bash_function(tool, f);
	fputs("complete -F ", f);
	print_identifier(f, tool->name, '-');
	fprintf(f, " %s\n", tool->name);
}

/* --- zsh: _arguments(1) does the work; the file may be in $fpath or sourced. */

static bool may_repeat(const struct opt *o)
{
	return o->kind == OPT_LIST || o->kind == OPT_COUNT;
}

static void zsh_option(FILE *f, const struct opt *o)
{
	const char *value = opt_takes_arg(o) ? "=" : "", *letter = opt_takes_arg(o) ? "+" : "";

	fputs("\t\t", f);
	if (may_repeat(o))
		fputs(o->letter != 0 ? "'*'" : "\\*", f);
	else if (o->letter != 0)
		fprintf(f, "'(-%c --%s)'", o->letter, o->name);
	if (o->letter != 0)
		fprintf(f, "{-%c%s,--%s%s}'[", o->letter, letter, o->name, value);
	else
		fprintf(f, "'--%s%s[", o->name, value);
	print_quoted(f, o->help, "'\\''", "\\[]:");
	fputc(']', f);
	if (opt_takes_arg(o)) {
		fputc(':', f);
		print_quoted(f, opt_arg_name(o), "'\\''", "\\:");
		if (o->kind == OPT_CHOICE) {
			fputs(":(", f);
			print_choices(f, o->choices);
			fputc(')', f);
		} else {
			fputs(names_file(o) ? ":_files" : names_dir(o) ? ":_files -/" : ": ", f);
		}
	}
	fputs("' \\\n", f);
}

static void zsh_function(const struct opt_tool *tool, FILE *f)
{
	const struct opt *o;

	print_identifier(f, tool->name, '\0');
	fputs("()\n{\n"
	      "\tlocal -i at=${words[(i)--]}\n"
	      "\tif ((at < CURRENT)); then\n"
	      "\t\tshift at words\n"
	      "\t\t((CURRENT -= at))\n"
	      "\t\t_normal\n"
	      "\t\treturn\n"
	      "\tfi\n",
	    f);
	if (tool->complete_verbs != NULL)
		fprintf(f,
		    "\tif ((CURRENT > 2)) && ((${+functions[_%s_$words[2]]})); then\n"
		    "\t\tshift words\n"
		    "\t\t((CURRENT--))\n"
		    "\t\t_%s_$words[1]\n"
		    "\t\treturn\n"
		    "\tfi\n",
		    tool->name, tool->name);
	fputs("\t_arguments -s \\\n", f);
	for (int i = 0; (o = next(tool, &i)) != NULL;)
		zsh_option(f, o);
	if (tool->operands != NULL)
		fprintf(f, "\t\t'*:operand:(%s)'\n", tool->operands);
	else
		fputs("\t\t'*:operand:()'\n", f);
	fputs("}\n", f);
}

static void print_zsh(const struct opt_tool *tool, FILE *f)
{
	if (verb_of(tool) != NULL) {
		zsh_function(tool, f);
		return;
	}
	fprintf(f,
	    "#compdef %s\n"
	    "# Completes %s in zsh. Made by: %s --completion=zsh\n",
	    tool->name, tool->name, tool->name);
	if (tool->complete_verbs != NULL)
		tool->complete_verbs(tool, OPT_ZSH);
	zsh_function(tool, f);
	fprintf(f,
	    "if [[ $funcstack[1] == _%s ]]; then\n\t_%s \"$@\"\nelse\n\tcompdef _%s %s\nfi\n",
	    tool->name, tool->name, tool->name, tool->name);
}

/* --- fish: a line for each option. */

/* "complete -c sp-xq ", for a command only when it is the first operand. */
static void fish_begin(FILE *f, const struct opt_tool *tool)
{
	const char *verb = verb_of(tool);

	if (verb == NULL)
		fprintf(f, "complete -c %s ", tool->name);
	else
		fprintf(f, "complete -c %.*s -n 'contains -- %s (commandline -opc)[2]' ",
		    (int)(verb - tool->name - 1), tool->name, verb);
}

/* Not when a command follows, which has its own. */
static void fish_end(FILE *f, const struct opt_tool *tool)
{
	if (tool->complete_verbs != NULL)
		fprintf(f, " -n 'not contains -- (commandline -opc)[2] %s'", tool->operands);
	fputc('\n', f);
}

static void fish_option(FILE *f, const struct opt_tool *tool, const struct opt *o)
{
	fish_begin(f, tool);
	if (o->letter != 0)
		fprintf(f, "-s %c ", o->letter);
	fprintf(f, "-l %s -d '", o->name);
	print_quoted(f, o->help, "\\'", "\\");
	fputc('\'', f);
	if (o->kind == OPT_CHOICE) {
		fputs(" -x -a '", f);
		print_choices(f, o->choices);
		fputc('\'', f);
	} else if (opt_takes_arg(o)) {
		fputs(names_file(o)    ? " -r -F"
			: names_dir(o) ? " -x -a '(__fish_complete_directories)'"
				       : " -x",
		    f);
	}
	fish_end(f, tool);
}

static void print_fish(const struct opt_tool *tool, FILE *f)
{
	const char *name = tool->name;
	const struct opt *o;

	if (verb_of(tool) == NULL)
		fprintf(f,
		    "# Completes %s in fish. Made by: %s --completion=fish\ncomplete -c %s -f\n",
		    name, name, name);
	for (int i = 0; (o = next(tool, &i)) != NULL;)
		fish_option(f, tool, o);
	if (tool->complete_verbs != NULL)
		fprintf(f, "complete -c %s -n 'test (count (commandline -opc)) -lt 2' -a '%s'\n",
		    name, tool->operands);
	else if (tool->operands != NULL && verb_of(tool) == NULL)
		fprintf(f, "complete -c %s -n 'not contains -- -- (commandline -opc)' -a '%s'\n",
		    name, tool->operands);
	else if (tool->operands != NULL) {
		fish_begin(f, tool);
		fprintf(f, "-a '%s'\n", tool->operands);
	}
	if (verb_of(tool) != NULL)
		return;
	if (tool->complete_verbs != NULL)
		tool->complete_verbs(tool, OPT_FISH);
	fprintf(f,
	    "complete -c %s -n 'contains -- -- (commandline -opc)' -x "
	    "-a '(set -l w (commandline -opc) (commandline -ct); __fish_complete_subcommand "
	    "--commandline $w[(math 1 + (contains -i -- -- $w))..-1])'\n",
	    name);
}

void opt_completion(const struct opt_tool *tool, enum opt_shell shell, FILE *f)
{
	switch (shell) {
	case OPT_BASH:
		print_bash(tool, f);
		return;
	case OPT_ZSH:
		print_zsh(tool, f);
		return;
	case OPT_FISH:
		print_fish(tool, f);
		return;
	}
}
