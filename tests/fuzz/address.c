/* SPDX-License-Identifier: MIT */
/* Any X-Forwarded-For:, any network: the client that comes out is the peer or an address that
 * stands in the list, and never from in front of one that is no proxy. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct address peer = {{0}}, parsed, again;
	struct address_net nets[2];
	struct why w;
	char text[ADDRESS_TEXT_MAX], line[200];

	if (address_net_parse(&nets[0], "10.0.0.0/8", &w) < 0 ||
	    address_net_parse(&nets[1], "unix", &w) < 0)
		abort();
	char *copy = malloc(len + 1); /* a read beyond len is seen */
	memcpy(copy, data, len);
	struct address client = address_forwarded(&peer, copy, len, nets, 2);
	const char *shown = address_format(&client, text);
	if (!address_is_none(&client) &&
	    (!address_parse(&again, shown, strlen(shown)) || memcmp(&again, &client, sizeof again)))
		abort();
	/* Whoever is told to us by one that is no proxy does not count. */
	if (len > 0 && address_parse(&parsed, copy, len) && memcmp(&parsed, &client, sizeof parsed))
		abort();
	copy[len] = '\0';
	if (address_net_parse(&nets[0], copy, &w) == 0 && !address_is_in(&nets[0].base, nets, 1) &&
	    nets[0].bits >= 0 && !address_is_none(&nets[0].base))
		abort();
	(void)snprintf(line, sizeof line, "9.9.9.9, %.100s", copy); /* cut is as good */
	client = address_forwarded(&peer, line, strlen(line), nets, 2);
	free(copy);
	return 0;
}
