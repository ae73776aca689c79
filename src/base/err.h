/* How a failure travels: a negative code for the program, a text for the operator's log. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

/* Success is 0 or positive. The browser gets a sentence chosen from the code, never err->text. */
enum err_code {
	ERR_NOMEM = -1,
	ERR_INVALID = -2,	/* the input breaks a rule */
	ERR_NOTFOUND = -3,	/* not there, or not in this workspace */
	ERR_EXISTS = -4,	/* a unique thing is already there */
	ERR_DENIED = -5,	/* role, signature or password */
	ERR_LIMIT = -6,		/* too long, too deep, too many */
	ERR_STATE = -7,		/* right request, wrong moment (e.g. deleting an active addon) */
	ERR_TEMPORARY = -8,	/* may succeed later as it is */
	ERR_UNKNOWN = -9,	/* it may have happened */
	ERR_BROKEN = -10,	/* everything else: I/O, a broken database, a bug */
};

struct error {
	int code;		/* enum err_code */
	char text[240];		/* cut when longer */
};

/* Fills err (which may be NULL) and returns code, so that failing is one line. */
int fail(struct error *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts words before err->text ("activate instagram: ...") and returns err->code. */
int fail_in(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Runs fn on the variable when its scope ends, so that every return is a correct return. */
#define SCOPED(fn) __attribute__((cleanup(fn)))

#endif
