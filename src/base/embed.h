/* Files built into the program by embed_tool, e.g. migrations and the page's assets. */
#ifndef BASE_EMBED_H
#define BASE_EMBED_H

#include <stddef.h>

struct embedded_file {
	const char *name;		/* without its folder */
	const unsigned char *bytes;	/* followed by a NUL that len does not count */
	size_t len;
};
/* `embed_tool OUT.c SYMBOL FILE...` makes, in the order in which the files were named:
 *	extern const struct embedded_file SYMBOL[];
 *	extern const size_t SYMBOL_count;	(SYMBOL_count: the symbol's name and "_count") */

#endif
