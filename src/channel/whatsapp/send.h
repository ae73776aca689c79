/* Sends a message: makes the request and reads what Meta answers to it. */
#ifndef CHANNEL_WHATSAPP_SEND_H
#define CHANNEL_WHATSAPP_SEND_H

#include "meta/text.h"

#include <mailtrixy/addon.h>

/* Meta: "Text messages": the body has up to 4096 characters. A caption: 1024 [the reference file: general knowledge]. */
#define WA_TEXT_MAX 4096u
#define WA_CAPTION_MAX 1024u

int32_t wa_compose(const struct trixy_account *account, const struct trixy_draft *draft, struct trixy_memory *memory,
		   struct trixy_request *ret_request);
int32_t wa_read_answer(const struct trixy_account *account, const struct trixy_answer *answer, struct trixy_memory *memory,
		       struct trixy_outcome *ret_outcome);

/* What Meta calls a type of file, e.g. "document"; {NULL,0}: it knows none such. */
struct trixy_text wa_media_word(uint32_t type);

/* {"id":...} or {"link":...} and what else stands in a file's object; without a caption for a template's header. False: the
 * draft names no file. */
bool wa_media_object(struct meta_maker *maker, const struct trixy_draft *draft, struct trixy_text *ret_object);

/* The `template` member of a message's body (template.c). TRIXY_EINVAL: a value has a key that no template has. */
int32_t wa_template_object(struct meta_maker *maker, const struct trixy_draft *draft, struct trixy_text *ret_object);

#endif
