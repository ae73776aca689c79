/* The page and its assets, built into the program: answered from memory. */
#ifndef WEB_PAGES_H
#define WEB_PAGES_H

#include "web/call.h"

struct pages;

/* Reads the manifest that the page's build wrote beside its files. */
int pages_new(struct web *web, struct pages **ret, struct error *err);
void pages_free(struct pages *p);
/* Answers a GET or HEAD of an asset or of one of the page's addresses; anything else that is not under /api with a small page of
 * its own, 404. False: the path is none of the page's business. */
bool pages_answer(struct pages *p, struct call *c);

#endif
