/* SPDX-License-Identifier: MIT */
#include "claims.h"
#include "t.h"

#include <stdlib.h>

enum { NOW = 1700000000 };

static struct claims c;
static struct why w;
static char *text;

/* From memory of exactly that length; the claims live until the next call. */
static int parse(const char *s)
{
	size_t len = strlen(s);

	free(text);
	text = malloc(len > 0 ? len : 1);
	memcpy(text, s, len);
	return claims_parse(&c, text, len, NOW, &w);
}

static int with_sub(const char *pattern)
{
	char s[600];

	(void)snprintf(s, sizeof s, "{\"exp\":1700000001,\"sp\":{\"sub\":[%s]}}", pattern);
	return parse(s) == 0;
}

static void times(void)
{
	static const char *const good[] = {"{\"exp\":1700000001}", "{\"exp\":1.700000001e9}",
	    "{\"exp\":1700000000.001}", "{\"exp\":9007199254740991}",
	    "{\"nbf\":1700000000,\"exp\":1700000001}", "{\"nbf\":0,\"exp\":1700000001}",
	    "{\"exp\":1700000001,\"iat\":\"x\",\"aud\":[{}]}", " {\"\\u0065xp\" : 1700000001 } "};
	static const char *const bad[] = {"", "{}", "[]", "1700000001", "{\"exp\":1700000000}",
	    "{\"exp\":0}", "{\"exp\":-1}", "{\"exp\":-1700000001}", "{\"exp\":\"1700000001\"}",
	    "{\"exp\":null}", "{\"exp\":true}", "{\"exp\":[1700000001]}",
	    "{\"exp\":{\"exp\":1700000001}}", "{\"exp\":NaN}", "{\"exp\":Infinity}",
	    "{\"exp\":1e999}", "{\"exp\":9007199254740992}", "{\"exp\":1e16}",
	    "{\"exp\":0x7fffffff}", "{\"exp\":017000000010}", "{\"exp\":+1700000001}",
	    "{\"exp\":1700000001.}", "{\"EXP\":1700000001}", "{\"nbf\":1600000000}",
	    "{\"exp\":1700000001.00000000000000000000000000000000}",
	    "{\"exp\":1700000001,\"exp\":1700000001}", "{\"exp\":1,\"\\u0065xp\":1700000001}",
	    "{\"exp\":1700000001,\"nbf\":1700000001}", "{\"exp\":1700000001,\"nbf\":\"0\"}",
	    "{\"exp\":1700000001,\"nbf\":null}", "{\"exp\":1700000001,\"nbf\":-1}",
	    "{\"exp\":1700000001,\"nbf\":1e999}", "{\"exp\":1700000001,\"nbf\":0,\"nbf\":0}",
	    "{\"exp\":1700000001,\"a\":1,\"a\":1}", "{\"exp\":1700000001}{}", "{\"exp\":1700000001",
	    "{\"exp\":1700000001,\"a\":\"\xff\"}"};

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		ok(parse(good[i]) == 0, "valid: %s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(parse(bad[i]) == -1 && w.status == WHY_REFUSED, "not valid: %s", bad[i]);
}

static void shapes(void)
{
	static const char *const bad[] = {"1", "null", "[]", "\"project/7/a\"",
	    "{\"sub\":\"project/7/a\"}", "{\"sub\":null}", "{\"sub\":{}}", "{\"sub\":[1]}",
	    "{\"sub\":[[\"project/7/a\"]]}", "{\"sub\":[\"project/7/a\",null]}",
	    "{\"sub\":[],\"sub\":[\"project/7/a\"]}", "{\"sub\":[],\"\\u0073ub\":[]}",
	    "{\"sub\":[],\"pub\":1}", "{\"sub\":[],\"x\":1,\"x\":2}"};
	char s[300];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		(void)snprintf(s, sizeof s, "{\"exp\":1700000001,\"sp\":%s}", bad[i]);
		ok(parse(s) == -1, "sp is not to be %s", bad[i]);
	}
	ok(parse("{\"exp\":1700000001,\"sub\":\"somebody\",\"pub\":[\"project/7/a\"]}") == 0 &&
		!claims_grant_stage(c.sub, "7", "a") && !claims_grant_stage(c.pub, "7", "a"),
	    "sub and pub beside sp grant nothing");
	ok(parse("{\"exp\":1700000001,\"sp\":{\"pub\":[\"project/7/a\"]}}") == 0 &&
		!claims_grant_stage(c.sub, "7", "a") && claims_grant_stage(c.pub, "7", "a"),
	    "pub is not sub");
}

static void stages(void)
{
	static const struct {
		const char *pattern;
		int one, other, all; /* 7/story, 70/story, and 7/ANY */
	} cases[] = {
	    {"\"project/7/story\"", 1, 0, 0},
	    {"\"project\\/7\\/st\\u006fry\"", 1, 0, 0},
	    {"\"x\",\"project/7/story\"", 1, 0, 0},
	    {"\"project/7/*\"", 1, 0, 1},
	    {"\"project/7*/*\"", 1, 1, 1},
	    {"\"project/*/*\"", 1, 1, 1},
	    {"\"project/*/s*y\"", 1, 1, 0},
	    {"\"project/*/*story*\"", 1, 1, 0},
	    {"\"project/7/**\"", 1, 0, 0},
	    {"\"project/7/stor\"", 0, 0, 0},
	    {"\"project/7/storyy\"", 0, 0, 0},
	    {"\"project/7/Story\"", 0, 0, 0},
	    {"\"Project/7/story\"", 0, 0, 0},
	    {"\"project/**\"", 0, 0, 0},
	    {"\"project/*\"", 0, 0, 0},
	    {"\"*\"", 0, 0, 0},
	    {"\"**\"", 0, 0, 0},
	    {"\"*/*/*\"", 0, 0, 0},
	    {"\"p*/7/story\"", 0, 0, 0},
	    {"\"\"", 0, 0, 0},
	    {"\"/\"", 0, 0, 0},
	    {"\"project\"", 0, 0, 0},
	    {"\"project/\"", 0, 0, 0},
	    {"\"project//story\"", 0, 0, 0},
	    {"\"project/7/\"", 0, 0, 0},
	    {"\"project/7/story/\"", 0, 0, 0},
	    {"\"project/7/story/x\"", 0, 0, 0},
	    {"\"/project/7/story\"", 0, 0, 0},
	    {"\"project/7/stor?\"", 0, 0, 0},
	    {"\"project/[7]/story\"", 0, 0, 0},
	    {"\"project/7/stor[a-z]\"", 0, 0, 0},
	    {"\"project/7/stor\\\\y\"", 0, 0, 0},
	    {"\"project/%37/story\"", 0, 0, 0},
	    {"\"project/7/%2A\"", 0, 0, 0},
	    {"\"project/8/../7/story\"", 0, 0, 0},
	    {"\"project/../7/story\"", 0, 0, 0},
	    {"\"project/7/story\\u0000\"", 0, 0, 0},
	    {"\"channel/*\"", 0, 0, 0},
	    {"\"channel/sp:project:7:stage:story\"", 0, 0, 0},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ok(with_sub(cases[i].pattern) &&
			claims_grant_stage(c.sub, "7", "story") == cases[i].one &&
			claims_grant_stage(c.sub, "70", "story") == cases[i].other &&
			claims_grant_stage(c.sub, "7", NULL) == cases[i].all &&
			!claims_grant_channel(c.sub, "sp:project:7:stage:story", 24),
		    "%s", cases[i].pattern);
}

static int grants(const char *pattern, const char *channel)
{
	return with_sub(pattern) && claims_grant_channel(c.sub, channel, strlen(channel));
}

static void channels(void)
{
	static const char *const never[] = {"sp:project:7:stage:a", "a:b:project:7:stage:x",
	    "sp:project:7", "sp:project:7:stage", "chat:1:log", "chat:1:ctl", "sp:project:7:log",
	    "sp:project:7:stage:a:ctl"};

	ok(grants("\"channel/chat:1\"", "chat:1") && !grants("\"channel/chat:1\"", "chat:12") &&
		!grants("\"channel/chat:1\"", "chat:"),
	    "a channel by its name");
	ok(grants("\"channel/chat:*\"", "chat:1/2 *?[") && grants("\"channel/*\"", "a/b/c") &&
		grants("\"channel/a/*/c\"", "a/b/b/c") && !grants("\"channel/chat:*\"", "xchat:1"),
	    "a star stands for anything in a channel, slashes too");
	ok(!grants("\"channel/chat:?\"", "chat:1") && grants("\"channel/chat:?\"", "chat:?") &&
		!grants("\"channel/[a]\"", "a") && grants("\"channel/[a]\"", "[a]"),
	    "no other character is special");
	ok(!grants("\"project/*/*\"", "a/b") && !grants("\"channel\"", "channel") &&
		!grants("\"*\"", "a") && !grants("\"channel/\"", "a"),
	    "what is no channel's pattern grants none");
	for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
		char exact[100];

		(void)snprintf(exact, sizeof exact, "\"channel/%s\"", never[i]);
		ok(!grants("\"channel/*\"", never[i]) && !grants(exact, never[i]),
		    "%s has a route of its own, or none", never[i]);
	}
	/* With backtracking this would take longer than the universe has. */
	char stars[400] = "\"channel/", name[200];
	for (int i = 0; i < 100; i++)
		strcat(stars, "*a");
	memset(name, 'a', 199);
	name[199] = '\0';
	ok(!grants(strcat(stars, "b\""), name), "many stars cost little");
}

static void writing(void)
{
	struct buf list, out;

	buf_init(&list, 4096);
	buf_init(&out, 4096);
	claims_add_stage(&list, "7", NULL);
	claims_add_stage(&list, "8", "a\"b");
	claims_add_channel(&list, "chat\\*");
	claims_encode(&out, NOW + 1, &list, &list);
	ok(t_eq(buf_head(&out), out.len,
	       "{\"exp\":1700000001,\"sp\":{\"sub\":[\"project/7/*\",\"project/8/a\\\"b\","
	       "\"channel/chat\\\\*\"],\"pub\":[\"project/7/*\",\"project/8/a\\\"b\","
	       "\"channel/chat\\\\*\"]}}"),
	    "what is written");
	(void)buf_addc(&out, '\0');
	ok(parse(buf_head(&out)) == 0 && claims_grant_stage(c.sub, "7", "x") &&
		claims_grant_stage(c.pub, "8", "a\"b") && claims_grant_channel(c.pub, "chat\\1", 6),
	    "is what is read");
	buf_fini(&list);
	buf_fini(&out);
}

int main(void)
{
	times();
	shapes();
	stages();
	channels();
	writing();
	free(text);
	return t_done();
}
