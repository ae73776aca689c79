/* WhatsApp, the core's own channel: WhatsApp Business Platform, Cloud API. */
#ifndef CHANNEL_WHATSAPP_WHATSAPP_H
#define CHANNEL_WHATSAPP_WHATSAPP_H

#include <mailtrixy/addon.h>

extern const struct trixy_channel whatsapp_channel;

#endif
