/* SPDX-License-Identifier: MIT */
/* why: reasons for failure, as text and exit status. */
#include "why.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int why_set(struct why *w, int status, const char *fmt, ...)
{
	va_list ap;

	w->status = status;
	va_start(ap, fmt);
	(void)vsnprintf(w->text, sizeof w->text, fmt, ap); /* a cut message is still a message */
	va_end(ap);
	return -1;
}

int why_errno(struct why *w, int status, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	w->status = status;
	va_start(ap, fmt);
	(void)vsnprintf(w->text, sizeof w->text, fmt, ap); /* as above */
	va_end(ap);
	size_t n = strlen(w->text);
	(void)snprintf(w->text + n, sizeof w->text - n, ": %s", strerror(saved)); /* as above */
	return -1;
}

char *why_quote(char *dst, size_t size, const char *s, size_t len)
{
	size_t n = len < size - 1 ? len : size - 1;

	for (size_t i = 0; i < n; i++)
		dst[i] = (unsigned char)s[i] < 0x20 || s[i] == 0x7f ? '?' : s[i];
	dst[n] = '\0';
	return dst;
}
