#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int fail(struct error *err, int code, const char *format, ...)
{
	va_list ap;

	if (err == NULL)
		return code;
	err->code = code;
	va_start(ap, format);
	(void)vsnprintf(err->text, sizeof(err->text), format, ap);
	va_end(ap);
	return code;
}

int fail_in(struct error *err, const char *format, ...)
{
	struct error inner;
	va_list ap;

	if (err == NULL)
		return ERR_BROKEN;
	inner = *err;
	va_start(ap, format);
	int n = vsnprintf(err->text, sizeof(err->text), format, ap);
	va_end(ap);
	size_t used = n < 0 ? 0 : strnlen(err->text, sizeof(err->text)), room = sizeof(err->text) - used;
	const char *parts[] = { ": ", inner.text };

	for (int i = 0; i < 2; i++) {
		size_t len = strnlen(parts[i], room - 1);

		memcpy(err->text + used, parts[i], len);
		used += len;
		room -= len;
	}
	err->text[used] = '\0';
	return err->code;
}
