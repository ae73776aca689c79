/* The commands of the program `mailtrixy`, and what they share. Each takes its arguments after its own name and returns
 * the exit status: 0 done, 1 failed, 2 used wrongly. */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include "inbox/instance.h"

int cmd_serve(int argc, char **argv);
int cmd_setup(int argc, char **argv);
int cmd_token(int argc, char **argv);
int cmd_link(int argc, char **argv);
int cmd_addon(int argc, char **argv);
int cmd_backup(int argc, char **argv);
int cmd_restore(int argc, char **argv);
int cmd_copy(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_look(int argc, char **argv);	/* started by a server for each file, not by people */

/* Opens the data directory (made with mode 0700 when it is not there), the sealing key, the store, the channels and the
 * active addons. `i` and `config` must stay where they are until cmd_instance_close, which takes a half-open one too. */
int cmd_instance_open(struct config *config, struct instance *i, struct error *err);
void cmd_instance_close(struct instance *i);
/* Who uses a data directory: a server on SQLite has it alone, for two would each believe to be the only writer; servers that share a
 * database may share it (shared); what changes all of it at once (restore, copy) has it alone. The lock goes with the descriptor.
 * ERR_STATE: somebody has it in a way that does not go together. */
int cmd_lock(struct str data, bool shared, int *ret_fd, struct error *err);
/* The servers on a database that several may share, and whether each lives: looks twice, some two seconds apart. None where it is not
 * shared. Text is the arena's. */
struct cmd_server {
	struct str id, address, version;
	int64_t started_at;
	bool lives;
};
int cmd_servers(struct store *store, struct arena *arena, struct cmd_server **ret, size_t *ret_count, struct error *err);

/* Takes "--name value" or "--name=value" out of argv. STR_NONE: not there. ERR_INVALID: it has no value. */
int cmd_option(int *argc, char **argv, const char *name, struct str *ret, struct error *err);
/* Takes "--name" out of argv. */
bool cmd_switch(int *argc, char **argv, const char *name);
/* "mailtrixy: text" on standard error; returns 2 for ERR_INVALID, else 1. */
int cmd_failed(const struct error *err);
/* Complains about what is left in argv. Returns 0 when nothing is. */
int cmd_rest(int argc, char **argv, struct error *err);

#endif
