/* Calls that have no bound or no thread safety do not compile (the idea is git's banned.h). Forced into every
 * file of the server by the build. */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* With _FORTIFY_SOURCE glibc gives clang some of them as macros, which cannot be poisoned. */
#undef strcpy
#undef strcat
#undef sprintf
#undef vsprintf
#undef strncpy
#undef strncat

#pragma GCC poison strcpy strcat sprintf vsprintf strncpy strncat strtok gets atoi atol atof gmtime localtime

#endif
