/* SPDX-License-Identifier: MIT */
/* filter: libjq, loaded when needed. */
#include "filter.h"

#include <dlfcn.h>
#include <jq.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

#define FUNCTIONS(X)              \
	X(jq_init)                \
	X(jq_teardown)            \
	X(jq_compile)             \
	X(jq_start)               \
	X(jq_next)                \
	X(jq_set_attr)            \
	X(jq_set_error_cb)        \
	X(jv_array)               \
	X(jv_string)              \
	X(jv_parse_sized)         \
	X(jv_copy)                \
	X(jv_free)                \
	X(jv_equal)               \
	X(jv_get_kind)            \
	X(jv_dump_string)         \
	X(jv_string_value)        \
	X(jv_string_length_bytes) \
	X(jv_invalid_has_msg)     \
	X(jv_invalid_get_msg)

#define MEMBER(name) __typeof__(name) *name;

struct filter {
	void *library;
	FUNCTIONS(MEMBER)
	jq_state *jq;
	struct buf complaint; /* what jq says while it compiles */
};

/* jq calls this for each error; the value is ours to free. */
static void on_complaint(void *arg, jv message)
{
	struct filter *f = arg;

	if (f->jv_get_kind(message) == JV_KIND_STRING && f->complaint.len == 0)
		(void)buf_adds(
		    &f->complaint, f->jv_string_value(message)); /* the first that fits is enough */
	f->jv_free(message);
}

static int load(struct filter *f, struct why *w)
{
	static const char *const names[] = {"libjq.so.1", "libjq.so", "libjq.1.dylib"};

	for (size_t i = 0; i < sizeof names / sizeof *names && f->library == NULL; i++)
		f->library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	if (f->library == NULL)
		return why_set(
		    w, WHY_UNAVAILABLE, "-j needs libjq (install libjq1): %s", dlerror());
#define LOAD(name)                                               \
	f->name = (__typeof__(f->name))dlsym(f->library, #name); \
	if (f->name == NULL)                                     \
		return why_set(w, WHY_UNAVAILABLE, "libjq has no " #name ": %s", dlerror());
	FUNCTIONS(LOAD)
	return 0;
}

static int compile(struct filter *f, const char *program, struct why *w)
{
	f->jq = f->jq_init();
	if (f->jq == NULL)
		abort(); /* out of memory */
	f->jq_set_error_cb(f->jq, on_complaint, f);
	/* jq 1.6 aborts at `import` without one. */
	f->jq_set_attr(f->jq, f->jv_string("JQ_LIBRARY_PATH"), f->jv_array());
	if (f->jq_compile(f->jq, program))
		return 0;
	(void)buf_add(&f->complaint, "", 1); /* the NUL; a full buffer has a text that is cut */
	char text[300];
	size_t len = strcspn(buf_head(&f->complaint), "\n");
	why_quote(text, sizeof text, buf_head(&f->complaint), len);
	return why_set(
	    w, WHY_USAGE, "-j: %s", text[0] != '\0' ? text : "the filter does not compile");
}

int filter_open(struct filter **out, const char *program, struct why *w)
{
	struct filter *f = xcalloc(1, sizeof *f);

	buf_init(&f->complaint, 4096);
	if (load(f, w) < 0 || compile(f, program, w) < 0) {
		filter_close(f);
		return -1;
	}
	*out = f;
	return 0;
}

void filter_close(struct filter *f)
{
	if (f == NULL)
		return;
	if (f->jq != NULL)
		f->jq_teardown(&f->jq);
	if (f->library != NULL)
		(void)dlclose(f->library); /* nothing of it is used any more */
	buf_fini(&f->complaint);
	free(f);
}

/* Takes the message of an invalid value, for the reason. */
static int fail(struct filter *f, jv invalid, struct why *w)
{
	char text[300] = "jq gave no reason";

	if (f->jv_invalid_has_msg(f->jv_copy(invalid))) {
		jv message = f->jv_invalid_get_msg(invalid);

		if (f->jv_get_kind(message) == JV_KIND_STRING)
			why_quote(text, sizeof text, f->jv_string_value(message),
			    (size_t)f->jv_string_length_bytes(f->jv_copy(message)));
		f->jv_free(message);
	} else {
		f->jv_free(invalid);
	}
	return why_set(w, WHY_DATA, "filter: %s", text);
}

static int give(struct filter *f, jv output, jv input, const char *text, size_t len,
    filter_output_fn *on_output, void *arg)
{
	if (f->jv_equal(f->jv_copy(output), f->jv_copy(input))) {
		f->jv_free(output);
		return on_output(arg, text, len, true, NULL, 0);
	}
	bool is_string = f->jv_get_kind(output) == JV_KIND_STRING;
	jv json = f->jv_dump_string(f->jv_copy(output), 0);
	int r = on_output(arg, f->jv_string_value(json),
	    (size_t)f->jv_string_length_bytes(f->jv_copy(json)), false,
	    is_string ? f->jv_string_value(output) : NULL,
	    is_string ? (size_t)f->jv_string_length_bytes(f->jv_copy(output)) : 0);
	f->jv_free(json);
	f->jv_free(output);
	return r;
}

int filter_run(struct filter *f, const char *text, size_t len, filter_output_fn *on_output,
    void *arg, struct why *w)
{
	int r = 0;

	if (len > 1 << 30)
		return why_set(w, WHY_DATA, "filter: message too long");
	jv input = f->jv_parse_sized(text, (int)len);
	if (f->jv_get_kind(input) == JV_KIND_INVALID)
		return fail(f, input, w);
	f->jq_start(f->jq, f->jv_copy(input), 0);
	/* All outputs are drained, whatever happens: jq keeps them on a stack. */
	for (;;) {
		jv output = f->jq_next(f->jq);

		if (f->jv_get_kind(output) == JV_KIND_INVALID) {
			if (f->jv_invalid_has_msg(f->jv_copy(output)))
				r = r == 0 ? fail(f, output, w) : (f->jv_free(output), r);
			else
				f->jv_free(output);
			break;
		}
		if (r == 0)
			r = give(f, output, input, text, len, on_output, arg);
		else
			f->jv_free(output);
	}
	f->jv_free(input);
	return r;
}
