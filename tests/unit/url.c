/* SPDX-License-Identifier: MIT */
#include "t.h"
#include "url.h"

/* What each says when shown, and the credentials in it. */
static const struct good {
	const char *text, *shown, *user, *password;
} goods[] = {
    {"redis://h", "redis://h:6379/0", NULL, NULL},
    {"redis://h/", "redis://h:6379/0", NULL, NULL},
    {"redis://h?", "redis://h:6379/0", NULL, NULL},
    {"redis://h:", "redis://h:6379/0", NULL, NULL},
    {"redis://h:/3", "redis://h:6379/3", NULL, NULL},
    {"redis://h:1", "redis://h:1/0", NULL, NULL},
    {"redis://h:65535/2147483647", "redis://h:65535/2147483647", NULL, NULL},
    {"redis://h:%36%33/%31", "redis://h:63/1", NULL, NULL},
    {"REDIS://Some-Host_1.example", "redis://Some-Host_1.example:6379/0", NULL, NULL},
    {"redis://127.0.0.1:7000", "redis://127.0.0.1:7000/0", NULL, NULL},
    {"redis://%68ost", "redis://host:6379/0", NULL, NULL},
    {"redis://[::1]", "redis://[::1]:6379/0", NULL, NULL},
    {"redis://[::1]:", "redis://[::1]:6379/0", NULL, NULL},
    {"redis://[2001:db8::7]:7001/1", "redis://[2001:db8::7]:7001/1", NULL, NULL},
    {"redis://[fe80::1%25eth0]:7001", "redis://[fe80::1%25eth0]:7001/0", NULL, NULL},
    {"redis://:secret@h", "redis://***@h:6379/0", NULL, "secret"},
    {"redis://bob:secret@h:1/2", "redis://bob:***@h:1/2", "bob", "secret"},
    {"redis://bob:@h", "redis://bob:***@h:6379/0", "bob", ""},
    {"redis://:@h", "redis://***@h:6379/0", NULL, ""},
    {"redis://bob:a:b@h", "redis://bob:***@h:6379/0", "bob", "a:b"},
    {"redis://b%40%2fb:p%40%2f%3A%25%23@h", "redis://b%40%2Fb:***@h:6379/0", "b@/b", "p@/:%#"},
    {"redis://:p%0Aw@h", "redis://***@h:6379/0", NULL, "p\nw"},
    {"redis://:[pw]=&+!*@h", "redis://***@h:6379/0", NULL, "[pw]=&+!*"},
    {"redis://:\xc3\xa9t\xc3\xa9@h", "redis://***@h:6379/0", NULL, "\xc3\xa9t\xc3\xa9"},
    {"redis://\xc3\xa9:x@h", "redis://%C3%A9:***@h:6379/0", "\xc3\xa9", "x"},
    {"rediss://:secret@h", "rediss://***@h:6379/0", NULL, "secret"},
    {"rediss://h?cafile=/etc/a%20b.pem", "rediss://h:6379/0?cafile=/etc/a%20b.pem", NULL, NULL},
    {"rediss://h/1?cert=c.pem&key=k.pem&verify=no",
	"rediss://h:6379/1?cert=c.pem&key=k.pem&verify=no", NULL, NULL},
    {"rediss://h?verify=yes", "rediss://h:6379/0", NULL, NULL},
    {"unix:///run/redis.sock", "unix:///run/redis.sock", NULL, NULL},
    {"Unix:///run/redis@1/a%3Fb%20c.sock", "unix:///run/redis%401/a%3Fb%20c.sock", NULL, NULL},
    {"unix:///s?db=0", "unix:///s", NULL, NULL},
    {"unix:///s?db=7&password=se%26cret", "unix:///s?db=7&password=***", NULL, "se&cret"},
    {"unix:///s?password=a=b&user=bob&db=1", "unix:///s?db=1&user=bob&password=***", "bob", "a=b"},
    {"unix:///s?user=&password=", "unix:///s?password=***", NULL, ""},
    {"redis+sentinel://a/m", "redis+sentinel://a:26379/m/0", NULL, NULL},
    {"redis+sentinel://a,b:1,[::1]:2/my%2Fmaster/5",
	"redis+sentinel://a:26379,b:1,[::1]:2/my%2Fmaster/5", NULL, NULL},
    {"redis+sentinel://bob:pw@a,b/m/?sentinel_password=other&sentinel_user=sen",
	"redis+sentinel://bob:***@a:26379,b:26379/m/0?sentinel_user=sen&sentinel_password=***",
	"bob", "pw"},
    {"redis+cluster://a:7000,b:7001", "redis+cluster://a:7000,b:7001", NULL, NULL},
    {"redis+cluster://:pw@a/", "redis+cluster://***@a:6379", NULL, "pw"},
    {"redis+cluster://a/0", "redis+cluster://a:6379", NULL, NULL},
};

/* What a reason must say. No text here may occur in a reason where it says SECRET. */
static const struct refused {
	const char *text, *says;
} bads[] = {
    {"", "must begin with"},
    {"h:6379", "must begin with"},
    {"http://SECRET@h", "must begin with"},
    {"redis:/h", "must begin with"},
    {"SECRET", "must begin with"},
    {"redis+unix:///s", "must begin with"},
    {"redis://", "names no host"},
    {"redis:///0", "names no host"},
    {"redis://:6379", "names no host"},
    {"redis://:SECRET", "names no host"},
    {"redis://u:SECRET@", "names no host"},
    {"redis://u:SECRET@:1", "names no host"},
    {"redis://SECRET@h", "write redis://:PASSWORD@HOST"},
    {"redis://@h", "write redis://:PASSWORD@HOST"},
    {"redis+sentinel://SECRET@h/m", "write redis://:PASSWORD@HOST"},
    {"redis://:SEC@RET@h", "write %40"},
    {"redis://:SEC/RET@h", "%2F"},
    {"redis://:SEC?RET@h", "%3F"},
    {"redis://h/0@SECRET", "write %40"},
    {"unix:///a@b@SECRET", "write %40"},
    {"redis://:SEC#RET@h", "write %23"},
    {"redis://h#SECRET", "write %23"},
    {"redis://:SEC RET@h", "%20"},
    {"redis://h\n", "%20"},
    {"redis://:SECRET%@h", "write %25"},
    {"redis://:SECRET%4@h", "write %25"},
    {"redis://:SECRET%zz@h", "write %25"},
    {"redis://:SECRET%0@h", "write %25"},
    {"redis://u%:SECRET@h", "write %25"},
    {"redis://:SEC%00RET@h", "%00"},
    {"redis://h%00x", "%00"},
    {"unix:///a%00b", "%00"},
    {"redis://h:0", "1 to 65535"},
    {"redis://h:65536", "1 to 65535"},
    {"redis://h:99999999999999999999", "1 to 65535"},
    {"redis://h:SECRET", "1 to 65535"},
    {"redis://h:-1", "1 to 65535"},
    {"redis://h:+1", "1 to 65535"},
    {"redis://u:SECRET", "1 to 65535"},
    {"redis://[::1]:x", "1 to 65535"},
    {"redis://h/-1", "database"},
    {"redis://h/SECRET", "database"},
    {"redis://h/1/", "database"},
    {"redis://h/2147483648", "database"},
    {"redis://h/%20", "database"},
    {"unix:///s?db=x", "database"},
    {"unix:///s?db=", "database"},
    {"redis+cluster://h/1", "only database 0"},
    {"redis://::1", "brackets"},
    {"redis://h:1:2", "brackets"},
    {"redis://[h]", "IPv6"},
    {"redis://[127.0.0.1]", "IPv6"},
    {"redis://[]", "names no host"},
    {"redis://[::1%25]", "IPv6"},
    {"redis://[::1%25a%2Fb]", "IPv6"},
    {"redis://[::1", "']'"},
    {"redis://[::1]1", "behind the ']'"},
    {"redis://h%3A1", "character in its host"},
    {"redis://h%0a", "character in its host"},
    {"redis://h\xc3\xa9", "character in its host"},
    {"redis://a,b", "several hosts"},
    {"redis+cluster://a,,b", "names no host"},
    {"redis+cluster://a,", "names no host"},
    {"redis+sentinel://a", "names no master"},
    {"redis+sentinel://a/", "names no master"},
    {"redis+sentinel://a//1", "names no master"},
    {"redis+sentinel://a/m/SECRET", "database"},
    {"redis+sentinel://a/m?sentinel_user=u", "without sentinel_password="},
    {"unix://", "three slashes"},
    {"unix://run/SECRET", "three slashes"},
    {"unix://:SECRET@/run/s", "three slashes"},
    {"unix://?db=1", "three slashes"},
    {"unix:///", "no path"},
    {"unix:///s?user=u", "without password="},
    {"unix:///s?SECRET", "parameter number 1"},
    {"unix:///s?password=SEC&RET", "write %26"},
    {"unix:///s?db=1&db=2", "parameter number 2"},
    {"unix:///s?db=1&&user=u", "parameter number 2"},
    {"unix:///s?cafile=x", "db, user and password"},
    {"redis://h?db=1", "takes no parameters"},
    {"redis://h?verify=no", "takes no parameters"},
    {"rediss://h?timeout=SECRET", "cafile, cert, key and verify"},
    {"rediss://h?verify=SECRET", "neither yes nor no"},
    {"rediss://h?cert=c", "both"},
    {"rediss://h?key=k", "both"},
    {"rediss://h?cafile=", "empty file name"},
};

static int same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void understands(const struct good *g)
{
	struct url u;
	struct why w = {.text = ""};
	int good = url_parse(&u, g->text, &w) == 0;

	ok(good && t_eq(u.shown, strlen(u.shown), g->shown) && same(u.user, g->user) &&
		same(u.password, g->password),
	    "%s is shown as %s%s", g->text, g->shown, w.text);
	url_fini(&u);
}

static void refuses(const struct refused *r)
{
	struct url u;
	struct why w = {.text = ""};
	int no = url_parse(&u, r->text, &w) == -1 && w.status == WHY_USAGE;

	ok(no && strstr(w.text, r->says) != NULL, "<%s> is refused: %s", r->text, r->says);
	ok(strstr(w.text, "SEC") == NULL && strstr(w.text, "RET") == NULL && u.shown == NULL &&
		u.hosts == NULL && u.password == NULL,
	    "and leaves nothing behind, in the reason least of all");
	if (!no || strstr(w.text, r->says) == NULL)
		printf("# %s\n", w.text);
}

static void fields_are_filled(void)
{
	struct url u;
	struct why w;

	ok(url_parse(&u, "redis+sentinel://d:dp@a:1,[::1]/m/4?sentinel_user=s&sentinel_password=sp",
	       &w) == 0 &&
		u.kind == URL_SENTINEL && !u.tls && u.nhosts == 2 && same(u.hosts[0].name, "a") &&
		u.hosts[0].port == 1 && same(u.hosts[1].name, "::1") && u.hosts[1].port == 26379 &&
		same(u.master, "m") && u.db == 4 && same(u.user, "d") && same(u.password, "dp") &&
		same(u.sentinel_user, "s") && same(u.sentinel_password, "sp"),
	    "a Sentinel URL's credentials are the data nodes', its parameters the sentinels'");
	url_fini(&u);
	ok(url_parse(&u, "rediss://h?verify=no&cafile=a&cert=b&key=c", &w) == 0 &&
		u.kind == URL_TCP && u.tls && !u.verify && same(u.cafile, "a") &&
		same(u.cert, "b") && same(u.key, "c"),
	    "a TLS URL names its files, and whether to verify");
	url_fini(&u);
	ok(url_parse(&u, "redis://h", &w) == 0 && !u.tls && u.verify && u.db == 0,
	    "verifying is the default");
	url_fini(&u);
	ok(url_parse(&u, "unix:///a%20b?db=3", &w) == 0 && u.kind == URL_UNIX &&
		same(u.path, "/a b") && u.nhosts == 0 && u.db == 3,
	    "a Unix URL has a path and no host");
	url_fini(&u);
	url_fini(&u);
	ok(u.shown == NULL, "a URL may be finished twice");
}

static void secrets_are_hidden(void)
{
	static const struct {
		const char *text, *hidden;
	} cases[] = {
	    {"redis://h:1/2", "redis://h:1/2"},
	    {"redis://:secret@h/2", "redis://:******@h/2"},
	    {"redis://bob:a:b@h", "redis://bob:***@h"},
	    {"redis://bob:@h", "redis://bob:@h"},
	    {"redis://b%40b:%40%40@h", "redis://b%40b:******@h"},
	    {"unix:///s:1@2?user=u&password=secret&db=1",
		"unix:///s:1@2?user=u&password=******&db=1"},
	    {"redis+sentinel://:pw@h/m?sentinel_password=pw2",
		"redis+sentinel://:**@h/m?sentinel_password=***"},
	    {"redis://secret@h", "redis://********"},
	    {"redis://:se/cret@h", "redis://**********"},
	    {"redis://:secret#1@h", "redis://***********"},
	    {"http://:secret@h", "http://*********"},
	    {":secret@h", "*********"},
	    {"unix:///s?password=a&b", "unix://***************"},
	    {"@/run/credentials/url", "@/run/credentials/url"},
	    {"", ""},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[100];

		(void)snprintf(text, sizeof text, "%s", cases[i].text); /* they fit */
		url_hide(text);
		ok(t_eq(text, strlen(text), cases[i].hidden), "<%s> is hidden as <%s>",
		    cases[i].text, cases[i].hidden);
	}
}

int main(void)
{
	for (size_t i = 0; i < sizeof goods / sizeof goods[0]; i++)
		understands(&goods[i]);
	for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++)
		refuses(&bads[i]);
	fields_are_filled();
	secrets_are_hidden();
	return t_done();
}
