/* SPDX-License-Identifier: MIT */
#include "msg.h"
#include "t.h"

static const struct msg_from from = {"7", "rewrite"}, nobody = {NULL, NULL};

/* Opens line, closes it as run r, seq 3, and compares. */
static int opens_as(const char *line, const struct msg_from *f, const char *want)
{
	struct buf b;
	struct msg_facts facts;
	struct why w;

	buf_init(&b, 4096);
	int r = msg_open_line(&b, line, strlen(line), f, 1732100000000123, &facts, &w);
	if (r == 0)
		(void)msg_close(&b, "r", 3);
	int same = r == 0 && t_eq(buf_head(&b), b.len, want);
	buf_fini(&b);
	return same;
}

#define SP "\"sp\":{\"run\":\"r\",\"seq\":3}}"
#define TS "\"timestamp\":1732100000.000123"

static void lines(void)
{
	ok(opens_as("{\"type\":\"token\",\"content\":\"x\"}", &from,
	       "{\"type\":\"token\",\"content\":\"x\",\"project_id\":\"7\",\"stage\":"
	       "\"rewrite\"," TS "," SP),
	    "what is missing is added behind, sp last");
	ok(opens_as("{}", &nobody, "{\"type\":\"message\"," TS "," SP),
	    "an empty object becomes a message");
	ok(opens_as(" { \"type\" : \"a\" , \"timestamp\" : 1 } \r", &nobody,
	       "{ \"type\" : \"a\" , \"timestamp\" : 1," SP),
	    "present members and the space between them stay byte for byte");
	ok(opens_as("{\"sp\":1,\"type\":\"a\",\"timestamp\":1}", &nobody,
	       "{\"type\":\"a\",\"timestamp\":1," SP),
	    "a forged sp in front is dropped");
	ok(opens_as("{\"type\":\"a\",\"sp\":{\"id\":\"9-9\"},\"timestamp\":1}", &nobody,
	       "{\"type\":\"a\",\"timestamp\":1," SP),
	    "a forged sp in the middle is dropped");
	ok(opens_as("{\"type\":\"a\",\"timestamp\":1,\"sp\":{}}", &nobody,
	       "{\"type\":\"a\",\"timestamp\":1," SP),
	    "a forged sp at the end is dropped");
	ok(opens_as(
	       "{\"sp\":1,\"sp\":2,\"type\":\"a\",\"s\\u0070\":3,\"timestamp\":1,\"\\u0073p\":4}",
	       &nobody, "{\"type\":\"a\",\"timestamp\":1," SP),
	    "every sp is dropped, however it is spelt");
	ok(opens_as("{\"sp\":1}", &nobody, "{\"type\":\"message\"," TS "," SP),
	    "an object of nothing but sp is empty");
	ok(opens_as("{\"type\":5,\"timestamp\":1,\"a\":{\"sp\":1}}", &nobody,
	       "{\"type\":5,\"timestamp\":1,\"a\":{\"sp\":1}," SP),
	    "an inner sp and a type that is no string are the application's own");
}

static void refused(void)
{
	struct buf b;
	struct msg_facts facts;
	struct why w;

	buf_init(&b, 4096);
	(void)buf_adds(&b, "kept");
	ok(msg_open_line(&b, "[1]", 3, &from, 0, &facts, &w) == -1 && w.status == WHY_DATA &&
		strcmp(w.text, "not an object at byte 4") == 0,
	    "JSON that is no object is refused with 65");
	ok(msg_open_line(&b, "{\"a\":1,", 7, &from, 0, &facts, &w) == -1 &&
		t_eq(buf_head(&b), b.len, "kept"),
	    "a refused line leaves nothing behind");
	buf_fini(&b);
	buf_init(&b, 10);
	ok(msg_open_line(&b, "{\"a\":\"0123456789\"}", 18, &from, 0, &facts, &w) == -2,
	    "a full buffer says so");
	buf_fini(&b);
}

static int sp_is(const char *msg, const char *run, uint64_t seq, const char *id)
{
	struct msg_sp sp;
	char text[ID_TEXT_MAX + 1] = "";

	if (!msg_sp(msg, strlen(msg), &sp))
		return run == NULL;
	if (sp.has_id)
		(void)id_format(sp.id, text);
	return run != NULL && t_eq(sp.run, sp.run_len, run) && sp.seq == seq &&
	    strcmp(text, id) == 0;
}

static void sp(void)
{
	ok(sp_is("{\"type\":\"a\",\"sp\":{\"run\":\"r1\",\"seq\":42,\"id\":\"17-3\"}}", "r1", 42,
	       "17-3"),
	    "run, seq and id are read from the end of a message");
	ok(sp_is("{\"sp\":{\"run\":\"r1\",\"seq\":0}}", "r1", 0, ""),
	    "a message without id has no id");
	static const char *const none[] = {"", "}}", "\"}}", "{}",
	    "{\"a\":{\"run\":\"r1\",\"seq\":0}}", "{\"xsp\":{\"run\":\"r1\",\"seq\":0}}",
	    "{\"a\":\",\\\"sp\\\":{\\\"run\\\":\\\"r\\\",\\\"seq\\\":1}}",
	    "{\"sp\":{\"run\":\"r1\",\"seq\":0,\"id\":\"01-1\"}}",
	    "{\"sp\":{\"run\":\"r1\",\"seq\":0,\"id\":\"1\"}}", "{\"sp\":{\"run\":\"\",\"seq\":0}}",
	    "{\"sp\":{\"run\":\"r\",\"seq\":}}", "{\"sp\":{\"run\":\"r\",\"seq\":-1}}",
	    "{\"sp\":{\"run\":\"r\",\"seq\":12345678901234567890}}",
	    "{\"sp\":{\"run\":\"r\",\"seq\":1,\"id\":\"1-1\",\"x\":1}}",
	    "{\"sp\":{\"seq\":1,\"run\":\"r\"}}",
	    "{\"sp\":{\"run\":\"r\",\"seq\":1,\"id\":\"18446744073709551616-0\"}}"};
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		ok(sp_is(none[i], NULL, 0, ""), "not Spout's sp, number %zu of the list", i);
	struct buf b;
	buf_init(&b, 100);
	(void)msg_with_id(&b, "{\"sp\":{\"run\":\"r\",\"seq\":1}}", 26, (struct id){17, 3});
	ok(t_eq(buf_head(&b), b.len, "{\"sp\":{\"run\":\"r\",\"seq\":1,\"id\":\"17-3\"}}"),
	    "the id is put back into a message from the log");
	buf_fini(&b);
}

static int type_is(const char *msg, const char *want)
{
	struct json_slice t = msg_type(msg, strlen(msg));

	return want == NULL ? t.s == NULL : t.s != NULL && t_eq(t.s, t.len, want);
}

static void types(void)
{
	ok(type_is("{\"type\":\"done\",\"x\":1}", "done"), "the type is found in front");
	ok(type_is("{\"x\":{\"type\":\"no\"}, \"type\": \"done\"}", "done"), "and elsewhere");
	ok(type_is("{\"type\":5}", NULL) && type_is("hello", NULL) &&
		type_is("{\"type\":\"do", NULL),
	    "a message may have no type");
	ok(msg_type_is_end(msg_type("{\"type\":\"d\\u006fne\"}", 20)),
	    "a type written with escapes is the type it means");
	ok(!msg_type_is_end(msg_type("{\"type\":\"token\"}", 16)), "a token is no end");
}

int main(void)
{
	char a[MSG_RUN_LEN + 1], c[MSG_RUN_LEN + 1];
	struct buf b;

	lines();
	refused();
	sp();
	types();
	msg_new_run(a);
	msg_new_run(c);
	ok(strlen(a) == MSG_RUN_LEN && strcmp(a, c) != 0, "two runs have two names");
	buf_init(&b, 1000);
	(void)msg_begin(&b, "token");
	(void)msg_string(&b, "content", "a\"b", 3);
	(void)msg_stamp(&b, &from, 1732100000000123);
	(void)msg_close(&b, "r", 3);
	ok(t_eq(buf_head(&b), b.len,
	       "{\"type\":\"token\",\"content\":\"a\\\"b\",\"project_id\":\"7\",\"stage\":"
	       "\"rewrite\"," TS "," SP),
	    "a message is built member by member");
	buf_fini(&b);
	return t_done();
}
