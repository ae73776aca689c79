/* What Meta's errors mean for Instagram: the table. */
#ifndef INSTAGRAM_ERRORS_H
#define INSTAGRAM_ERRORS_H

#include "meta/error.h"

extern const struct meta_faults ig_faults;

#endif
