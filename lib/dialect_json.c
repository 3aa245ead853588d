/* SPDX-License-Identifier: MIT */
/* dialect_json: json_next checks, so what lies inside of what it gave is read without checks. */
#include "dialect_json.h"

#include <string.h>

#include "number.h"

static bool is_null(struct json_slice value)
{
	return value.len == 4 && value.s[0] == 'n';
}

static size_t find_name(struct json_slice key, const struct dialect_name *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (key.len == names[i].len && memcmp(key.s, names[i].s, key.len) == 0)
			return i;
	if (memchr(key.s, '\\', key.len) == NULL)
		return n;
	for (size_t i = 0; i < n; i++)
		if (json_means(key, names[i].s))
			return i;
	return n;
}

static void keep(struct json_slice key, struct json_slice value, const struct dialect_name *names,
    size_t n, struct json_slice *values)
{
	size_t i = find_name(key, names, n);

	if (i < n)
		values[i] = is_null(value) ? (struct json_slice){NULL, 0} : value;
}

int dialect_event(
    struct json_slice text, const struct dialect_name *names, size_t n, struct json_slice *values)
{
	struct json_walk w;
	struct json_member m;
	int r;

	if (n > 0)
		memset(values, 0, n * sizeof *values);
	json_walk(&w, text.s, text.len);
	while ((r = json_next(&w, &m)) == 1)
		keep(m.key, m.value, names, n, values);
	return r;
}

/* --- Without checks. What is not valid gives nonsense, but is never read beyond its end. */

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static struct json_slice trim(const char *s, const char *end)
{
	while (end > s && is_space(end[-1]))
		end--;
	return (struct json_slice){s, (size_t)(end - s)};
}

static const char *skip_string(const char *s, const char *end)
{
	for (s++; s < end && *s != '"'; s++)
		if (*s == '\\')
			s++;
	return s < end ? s + 1 : end;
}

static const char *skip_value(const char *s, const char *end)
{
	size_t depth = 0;

	while (s < end) {
		if (*s == '"') {
			s = skip_string(s, end);
			continue;
		}
		if (*s == '{' || *s == '[')
			depth++;
		else if ((*s == '}' || *s == ']') && depth-- == 0)
			return s; /* the bracket around this value */
		else if (*s == ',' && depth == 0)
			return s;
		s++;
	}
	return s;
}

static const char *skip_space(const char *s, const char *end)
{
	while (s < end && is_space(*s))
		s++;
	return s;
}

int dialect_members(
    struct json_slice object, const struct dialect_name *names, size_t n, struct json_slice *values)
{
	memset(values, 0, n * sizeof *values);
	if (!dialect_is_object(object))
		return -1;
	const char *s = object.s + 1, *end = object.s + object.len - 1;
	while ((s = skip_space(s, end)) < end) {
		const char *behind = skip_string(s, end);
		struct json_slice key = {s + 1, (size_t)(behind - s) - 2};

		s = skip_space(behind, end);
		s = s < end ? skip_space(s + 1, end) : end; /* behind the colon */
		const char *start = s;
		s = skip_value(s, end);
		if (behind - key.s < 1 || s == start)
			return -1;
		keep(key, trim(start, s), names, n, values);
		if (s < end)
			s++; /* the comma */
	}
	return 0;
}

struct json_slice dialect_find(struct json_slice object, const char *name)
{
	const struct dialect_name names[1] = {{name, strlen(name)}};
	struct json_slice value;

	(void)dialect_members(object, names, 1, &value); /* absent of what is no object */
	return value;
}

void dialect_items(struct dialect_items *it, struct json_slice array)
{
	*it = (struct dialect_items){NULL, NULL};
	if (array.s != NULL && array.len >= 2 && array.s[0] == '[')
		*it = (struct dialect_items){array.s + 1, array.s + array.len - 1};
}

bool dialect_items_next(struct dialect_items *it, struct json_slice *item)
{
	while (it->at < it->end && (is_space(*it->at) || *it->at == ','))
		it->at++;
	if (it->at == it->end)
		return false;
	const char *start = it->at;
	it->at = skip_value(start, it->end);
	if (it->at == start)
		return false;
	*item = trim(start, it->at);
	return true;
}

bool dialect_is_object(struct json_slice value)
{
	return value.s != NULL && value.len >= 2 && value.s[0] == '{';
}

bool dialect_is_empty(struct json_slice value)
{
	if (value.s == NULL || value.len == 0 || value.s[0] == 'n' || value.s[0] == 'f')
		return true;
	if (strchr("{[\"", value.s[0]) == NULL)
		return false;
	for (size_t i = 1; i < value.len - 1; i++)
		if (value.s[0] == '"' || !is_space(value.s[i]))
			return false;
	return true;
}

bool dialect_is(struct json_slice value, const char *plain)
{
	return json_means(json_string(value), plain);
}

long long dialect_count(struct json_slice value)
{
	uint64_t n;

	if (value.s == NULL)
		return -1;
	const char *end = value.s + value.len;
	const char *at = number_scan(value.s, end, INT64_MAX, &n);
	if (at == NULL)
		return -1;
	if (at < end && *at == '.') /* some counts are doubles: 24.0 */
		for (at++; at < end && *at == '0'; at++)
			;
	return at == end ? (long long)n : -1;
}
