/* Asks providers who customers are, behind the messages and slowly: no failure of it matters to a conversation. */
#ifndef WORK_PROFILE_H
#define WORK_PROFILE_H

#include "base/http_client.h"
#include "inbox/instance.h"
#include "work/bell.h"
#include "work/duty.h"

struct profiles;

int profiles_new(struct instance *i, struct http_client *http, struct bell *bell, struct duties *duties, struct profiles **ret,
		 struct error *err);
void profiles_free(struct profiles *p);		/* after the client has stopped */
/* As delivery_round. */
int64_t profiles_round(struct profiles *p, bool stopping);

#endif
