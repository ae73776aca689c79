/* The database URL of a MariaDB server: mysql://user:password@host:port[,host2:port2]/name?options. */
#ifndef STORE_MARIADB_URL_H
#define STORE_MARIADB_URL_H

#include "base/arena.h"
#include "base/err.h"

enum { MARIADB_HOSTS = 16 };

/* By itself: TLS_VERIFY to another machine, TLS_OFF on a socket or this one. Messages of customers go to nobody unverified
 * unless the operator said so. */
enum mariadb_tls { TLS_BY_ITSELF, TLS_OFF, TLS_ON, TLS_VERIFY };

struct mariadb_url {			/* all the arena's */
	const char *user, *password, *name;
	const char *socket;		/* NULL: the hosts, in this order */
	struct mariadb_host {
		const char *name;
		unsigned port;
	} host[MARIADB_HOSTS];
	size_t hosts;
	enum mariadb_tls tls;
	const char *ca, *cert, *key;
};

/* Also mariadb://. Reads the password file. No message holds the password. */
int mariadb_url_parse(struct str url, struct arena *arena, struct mariadb_url *ret, struct error *err);
/* What the host needs by itself. */
bool mariadb_url_is_local(const char *host);

#endif
