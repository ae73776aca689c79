#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

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
	if (n >= 0 && (size_t)n < sizeof(err->text))
		(void)snprintf(err->text + n, sizeof(err->text) - (size_t)n, ": %.*s", (int)sizeof(inner.text), inner.text);
	return err->code;
}
