/* What the operator sets: by flag, else by environment, else in a file, else the default. */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include "base/arena.h"
#include "base/err.h"

struct config {
	struct str data;			/* --data, MAILTRIXY_DATA: "./data" */
	struct str listen;			/* --listen: "127.0.0.1:8080"; "[::1]:8080" too; port 0: a free one */
	struct str public_url;			/* --public-url, no path, no final '/': "http://" + listen (127.0.0.1 for a wildcard) */
	struct str database;			/* --database: "" is SQLite in the data directory */
	struct str graph_url;			/* --graph-url: "" is the channel's own default */
	struct str instagram_graph_url;		/* --instagram-graph-url: the same */
	struct str graph_version;		/* --graph-version: "" is the channel's own default */
	struct str log_level;			/* --log-level: "info" */
	struct str trusted_proxies;		/* --trusted-proxies: addresses whose X-Forwarded-For is believed, by comma */
	int64_t workers;			/* --workers: 0 is by the number of processors */
	int64_t max_connections;		/* --max-connections */
	struct arena memory;
};

/* Reads the arguments after the command's name, the environment and the file (--config, MAILTRIXY_CONFIG, else
 * /etc/mailtrixy.conf when it is there; lines "name = value", '#' begins a comment). An option that `argv` holds and
 * that is not a setting is left in place: argv is packed to these and *argc set to their number.
 * ERR_INVALID names the setting, where it was set, and what it may be. config_done frees. */
int config_read(struct config *c, int *argc, char **argv, struct error *err);
void config_done(struct config *c);

#endif
