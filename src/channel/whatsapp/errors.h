/* What Meta's errors mean for WhatsApp: the table, and what becomes of an error that a webhook tells. */
#ifndef CHANNEL_WHATSAPP_ERRORS_H
#define CHANNEL_WHATSAPP_ERRORS_H

#include "meta/error.h"

#define WA_ERROR_TYPE_UNKNOWN 131051
#define WA_ERROR_MEDIA_LOST 131052

extern const struct meta_faults wa_faults;

/* What an error says of a customer's message: why nothing, or no file, came with it. For a person. */
struct trixy_text wa_error_words(struct meta_maker *maker, const struct meta_error *error);

/* Why one of our messages failed after Meta had accepted it, and what to do: nothing goes out by itself any more. */
void wa_error_of_failed(struct meta_maker *maker, const struct meta_error *error, struct trixy_text *ret_reason,
			struct trixy_text *ret_fix);

#endif
