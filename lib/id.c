/* SPDX-License-Identifier: MIT */
/* id: ids of log entries. */
#include "id.h"

#include <string.h>

#include "number.h"

static const char *scan(const char *s, const char *end, uint64_t *n)
{
	const char *behind = number_scan(s, end, UINT64_MAX, n);

	return behind != NULL && *s == '0' && behind - s > 1 ? NULL : behind;
}

bool id_parse(struct id *id, const char *s, size_t len)
{
	const char *end = s + len;
	struct id v;

	s = scan(s, end, &v.ms);
	if (s == NULL || s == end || *s != '-')
		return false;
	s = scan(s + 1, end, &v.seq);
	if (s != end)
		return false;
	*id = v;
	return true;
}

/* Writes n at the end of what lies in front of end; returns where it begins. */
static char *put_number(char *end, uint64_t n)
{
	do
		*--end = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	return end;
}

/* By hand: printf was a third of a replay's time. */
size_t id_format(struct id id, char text[ID_TEXT_MAX + 1])
{
	char room[ID_TEXT_MAX], *at = put_number(room + sizeof room, id.seq);

	*--at = '-';
	at = put_number(at, id.ms);
	size_t n = (size_t)(room + sizeof room - at);
	memcpy(text, at, n);
	text[n] = '\0';
	return n;
}

int id_cmp(struct id a, struct id b)
{
	if (a.ms != b.ms)
		return a.ms < b.ms ? -1 : 1;
	return a.seq == b.seq ? 0 : a.seq < b.seq ? -1 : 1;
}
