/* Looks at the bytes of a file: what they are, how large a picture it is, a small picture of it. Decoders of pictures are where
 * hostile files break in, so they run in a process of their own that can do nothing but compute: `mailtrixy look-at-file`. */
#ifndef FILES_LOOK_H
#define FILES_LOOK_H

#include "base/err.h"
#include "base/str.h"

enum { LOOK_TYPE_MAX = 127 };

struct look {
	char mime_type[LOOK_TYPE_MAX + 1];	/* "": nothing was found out */
	int64_t width, height;			/* as it is shown, turned as its metadata says; 0: not a picture that can be read */
	bool has_preview;			/* the preview is written */
	bool mono;				/* Ogg with one channel of Opus (RFC 7845) */
};

/* The command's name in `program`. */
#define LOOK_COMMAND "look-at-file"

/* Runs `program look-at-file` on the file, from its beginning; the preview goes to the other descriptor, which is empty. Waits,
 * up to LOOK_MS; then the process is killed. ERR_BROKEN: it did not end well; what it had told before is in *ret. */
int look_at(struct str program, int file, int preview, struct look *ret, struct error *err);

/* The other side: gives up all rights, reads standard input, tells on standard output and writes descriptor 3. Returns the
 * exit status. */
int look_child(void);
/* What it does before the first byte of the file: for good, for this whole process. False: it must not go on. */
bool look_give_up_rights(int64_t file_bytes);

#endif
