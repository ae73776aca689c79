/* Browser sessions: the cookie, the CSRF token that belongs to it, and how often one may guess. */
#ifndef WEB_SESSION_H
#define WEB_SESSION_H

#include "web/call.h"

#define SESSION_COOKIE "mailtrixy_session"

/* What a session's page sends back with each change. Worked out from the session's secret, which no script can read. */
struct str session_csrf(struct arena *arena, struct str secret);
/* Makes a session of the user and sets its cookie; c->secret and c->user become its. False: the failure is answered. */
bool session_begin(struct call *c, int64_t user_id);
void session_forget_cookie(struct call *c);
/* Like a signed-in route's check, for a public one that wants to know. */
bool call_sign_in_state(struct call *c);

#endif
