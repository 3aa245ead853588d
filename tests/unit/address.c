/* SPDX-License-Identifier: MIT */
#include "address.h"

#include "quota.h"
#include "t.h"

static const char *shown(const char *s)
{
	static char text[ADDRESS_TEXT_MAX];
	struct address a;

	return address_parse(&a, s, strlen(s)) ? address_format(&a, text) : "none";
}

static void try_parse(void)
{
	static const char *const good[][2] = {{"192.0.2.1", "192.0.2.1"},
	    {"192.0.2.1:80", "192.0.2.1"}, {"2001:db8::1", "2001:db8::1"},
	    {"[2001:db8::1]", "2001:db8::1"}, {"[2001:db8::1]:443", "2001:db8::1"},
	    {"::ffff:192.0.2.1", "192.0.2.1"}, {"::1", "::1"}};
	static const char *const bad[] = {"", "unknown", "_hidden", "192.0.2", "192.0.2.256",
	    "192.0.2.1:", "192.0.2.1:x", "192.0.2.1:123456", "[192.0.2.1]", "[::1", "::1]",
	    "[::1]80", "[::1]:", " 192.0.2.1", "192.0.2.1 ", "1.2.3.4,5.6.7.8", "::g", "01.2.3.4.5",
	    "localhost"};

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		ok(strcmp(shown(good[i][0]), good[i][1]) == 0, "%s is %s", good[i][0], good[i][1]);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ok(strcmp(shown(bad[i]), "none") == 0, "\"%s\" is no address", bad[i]);
	ok(!address_parse(&(struct address){{0}}, "1.2.3.4\0", 8), "nor is one with NUL behind");
}

static int in(const char *net, const char *address)
{
	struct address_net n;
	struct address a = {{0}};
	struct why w;

	if (address_net_parse(&n, net, &w) < 0)
		return -1;
	if (*address != '\0' && !address_parse(&a, address, strlen(address)))
		return -2;
	return address_is_in(&a, &n, 1);
}

static void try_nets(void)
{
	static const struct {
		const char *net, *address;
		int want;
	} table[] = {{"10.0.0.0/8", "10.255.0.1", 1}, {"10.0.0.0/8", "11.0.0.1", 0},
	    {"10.0.0.0/9", "10.127.0.1", 1}, {"10.0.0.0/9", "10.128.0.1", 0},
	    {"192.0.2.1", "192.0.2.1", 1}, {"192.0.2.1", "192.0.2.2", 0},
	    {"0.0.0.0/0", "8.8.8.8", 1}, {"0.0.0.0/0", "2001:db8::1", 0},
	    {"2001:db8::/32", "2001:db8:ffff::1", 1}, {"2001:db8::/32", "2001:db9::1", 0},
	    {"::/0", "2001:db9::1", 1}, {"::/0", "1.2.3.4", 1}, {"unix", "", 1},
	    {"unix", "127.0.0.1", 0}, {"::/0", "", 0}, {"0.0.0.0/0", "", 0},
	    {"10.0.0.0/33", "", -1}, {"10.0.0.0/", "", -1}, {"10.0.0.0/x", "", -1},
	    {"10.0.0.0/-1", "", -1}, {"2001:db8::/129", "", -1}, {"x", "", -1}, {"", "", -1},
	    {"10.0.0.0/8/8", "", -1}, {"10.0.0.0:80", "", -1}};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		ok(in(table[i].net, table[i].address) == table[i].want, "%s, %s: %d", table[i].net,
		    table[i].address, table[i].want);
}

static const char *forwarded(const char *peer, const char *list)
{
	static char text[ADDRESS_TEXT_MAX];
	struct address_net nets[2];
	struct address a;
	struct why w;

	if (address_net_parse(&nets[0], "10.0.0.0/8", &w) < 0 ||
	    address_net_parse(&nets[1], "unix", &w) < 0)
		return "";
	a = (struct address){{0}};
	if (*peer != '\0')
		(void)address_parse(&a, peer, strlen(peer)); /* it is one */
	a = address_forwarded(&a, list, strlen(list), nets, 2);
	return address_format(&a, text);
}

static void try_forwarded(void)
{
	static const char *const table[][3] = {{"10.0.0.1", "192.0.2.1", "192.0.2.1"},
	    {"10.0.0.1", "6.6.6.6, 192.0.2.1", "192.0.2.1"},
	    {"10.0.0.1", "6.6.6.6,192.0.2.1,10.0.0.7", "192.0.2.1"},
	    {"192.0.2.9", "6.6.6.6", "192.0.2.9"}, {"10.0.0.1", "", "10.0.0.1"},
	    {"10.0.0.1", "10.0.0.2, 10.0.0.3", "10.0.0.2"},
	    {"10.0.0.1", "6.6.6.6, unknown", "10.0.0.1"}, {"10.0.0.1", "6.6.6.6,,", "10.0.0.1"},
	    {"10.0.0.1", "\t2001:db8::1 ", "2001:db8::1"}, {"", "192.0.2.1:5000", "192.0.2.1"}};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		ok(strcmp(forwarded(table[i][0], table[i][1]), table[i][2]) == 0,
		    "from %s, for \"%s\": %s", table[i][0], table[i][1], table[i][2]);
}

static void try_quota(void)
{
	static struct quota_entry *entries[5000];
	struct address a = {{0x20, 1, 0xd, 0xb8}};
	struct quota q;
	int wrong = 0;

	quota_init(&q);
	for (int i = 0; i < 5000; i++) {
		a.bytes[6] = (unsigned char)(i / 2 >> 8);
		a.bytes[7] = (unsigned char)(i / 2);
		a.bytes[15] = (unsigned char)i;
		entries[i] = quota_enter(&q, &a);
		wrong += entries[i]->count != 1u + (unsigned)i % 2;
	}
	ok(wrong == 0 && q.used == 2500, "an IPv6 network of 64 bits counts as one client");
	for (int i = 0; i < 5000; i++)
		quota_leave(&q, entries[i]);
	ok(q.used == 0, "nothing is left of those that left");
	quota_fini(&q);
}

int main(void)
{
	try_parse();
	try_nets();
	try_forwarded();
	try_quota();
	return t_done();
}
