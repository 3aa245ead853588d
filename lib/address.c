/* SPDX-License-Identifier: MIT */
/* address: clients' addresses and networks. */
#include "address.h"

#include <arpa/inet.h>
#include <string.h>

#include "number.h"

static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool address_is_none(const struct address *a)
{
	return memcmp(a, &(struct address){{0}}, sizeof *a) == 0;
}

static bool is_four(const struct address *a)
{
	return memcmp(a->bytes, mapped, sizeof mapped) == 0;
}

bool address_is_loopback(const struct address *a)
{
	static const struct address one = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

	return is_four(a) ? a->bytes[12] == 127 : memcmp(a, &one, sizeof one) == 0;
}

/* Only the address: inet_pton(3) knows both forms. */
static bool parse_bare(struct address *a, const char *s, size_t len)
{
	char text[ADDRESS_TEXT_MAX];

	if (len == 0 || len >= sizeof text || memchr(s, '\0', len) != NULL)
		return false;
	memcpy(text, s, len);
	text[len] = '\0';
	memcpy(a->bytes, mapped, sizeof mapped);
	return inet_pton(AF_INET, text, a->bytes + 12) == 1 ||
	    inet_pton(AF_INET6, text, a->bytes) == 1;
}

static bool is_port(const char *s, size_t len)
{
	if (len < 2 || len > 6 || s[0] != ':')
		return false;
	for (size_t i = 1; i < len; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return true;
}

bool address_parse(struct address *a, const char *s, size_t len)
{
	const char *end = s + len;

	if (len > 0 && s[0] == '[') {
		const char *close = memchr(s, ']', len);

		if (close == NULL || memchr(s, ':', (size_t)(close - s)) == NULL ||
		    (close + 1 < end && !is_port(close + 1, (size_t)(end - close - 1))))
			return false;
		return parse_bare(a, s + 1, (size_t)(close - s - 1));
	}
	const char *colon = memchr(s, ':', len);
	if (colon != NULL && memchr(colon + 1, ':', (size_t)(end - colon - 1)) == NULL) {
		if (!is_port(colon, (size_t)(end - colon)))
			return false;
		len = (size_t)(colon - s);
	}
	return parse_bare(a, s, len);
}

const char *address_format(const struct address *a, char text[ADDRESS_TEXT_MAX])
{
	if (address_is_none(a))
		return strcpy(text, "unix");
	if (is_four(a))
		return inet_ntop(AF_INET, a->bytes + 12, text, ADDRESS_TEXT_MAX);
	return inet_ntop(AF_INET6, a->bytes, text, ADDRESS_TEXT_MAX);
}

struct address address_owner(const struct address *a)
{
	struct address owner = *a;

	if (!is_four(a))
		memset(owner.bytes + 8, 0, 8);
	return owner;
}

int address_net_parse(struct address_net *net, const char *text, struct why *w)
{
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
	uint64_t bits;

	*net = (struct address_net){.bits = -1};
	if (strcmp(text, "unix") == 0)
		return 0;
	if (!parse_bare(&net->base, text, len))
		return why_set(w, WHY_USAGE, "%.80s is no network, as 10.0.0.0/8 is", text);
	int most = is_four(&net->base) && memchr(text, ':', len) == NULL ? 32 : 128;
	if (slash == NULL)
		bits = (uint64_t)most;
	else if (slash[1] == '\0')
		return why_set(w, WHY_USAGE, "%.80s: bits are missing behind the slash", text);
	else if (!number_parse(slash + 1, strlen(slash + 1), (uint64_t)most, &bits))
		return why_set(w, WHY_USAGE, "%.80s: a network has 0 to %d bits", text, most);
	net->bits = (int)bits + 128 - most;
	return 0;
}

static bool net_has(const struct address_net *net, const struct address *a)
{
	if (net->bits < 0 || address_is_none(a))
		return net->bits < 0 && address_is_none(a);
	size_t whole = (size_t)net->bits / 8;
	int rest = net->bits % 8;

	return memcmp(net->base.bytes, a->bytes, whole) == 0 &&
	    (rest == 0 || (net->base.bytes[whole] ^ a->bytes[whole]) >> (8 - rest) == 0);
}

bool address_is_in(const struct address *a, const struct address_net *nets, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (net_has(&nets[i], a))
			return true;
	return false;
}

struct address address_forwarded(const struct address *peer, const char *list, size_t len,
    const struct address_net *proxies, size_t nproxies)
{
	struct address client = *peer, next;

	while (len > 0 && address_is_in(&client, proxies, nproxies)) {
		const char *comma = memrchr(list, ',', len);
		const char *item = comma != NULL ? comma + 1 : list, *end = list + len;

		len = comma != NULL ? (size_t)(comma - list) : 0;
		while (item < end && (*item == ' ' || *item == '\t'))
			item++;
		while (end > item && (end[-1] == ' ' || end[-1] == '\t'))
			end--;
		if (!address_parse(&next, item, (size_t)(end - item)))
			break; /* "unknown", or worse: the last proxy that we know is whom we blame
				*/
		client = next;
	}
	return client;
}
