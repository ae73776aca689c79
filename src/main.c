/* The program: finds the command and runs it. */
#include <stdio.h>

#include "cmd/cmd.h"
#include "files/look.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *use;		/* NULL: not for people */
} commands[] = {
	{ "serve", cmd_serve,
	  "serve [--data DIR] [--listen HOST:PORT] [--public-url URL] [--database URL]\n"
	  "        [--graph-url URL] [--instagram-graph-url URL] [--log-level LEVEL]   run the server" },
	{ "setup", cmd_setup, "setup --email E --name N --workspace W --password-stdin          make the first user" },
	{ "token", cmd_token, "token --email E                                                 print an API token of a user" },
	{ "link", cmd_link, "link --email E                                                  print a one-time sign-in link" },
	{ "addon", cmd_addon, "addon pack|keygen|verify|install|activate|deactivate|remove|list   addons, without a browser" },
	{ "backup", cmd_backup, "backup --to FOLDER [--with-key]                                 a consistent copy, while the server runs" },
	{ "restore", cmd_restore, "restore --from FOLDER [--key FILE] [--database URL]             put a copy into an empty data directory or database" },
	{ "copy", cmd_copy, "copy --from URL --to URL [--from-data DIR] [--to-data DIR] [--check]    a whole instance into another database" },
	{ "doctor", cmd_doctor, "doctor                                                          say what is wrong with this installation" },
	{ LOOK_COMMAND, cmd_look, NULL },
};
enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static int help(FILE *to)
{
	(void)fputs("mailtrixy: a shared inbox for a team's customers.\n\n", to);
	for (size_t k = 0; k < COMMANDS; k++)
		if (commands[k].use != NULL)
			(void)fprintf(to, "  mailtrixy %s\n", commands[k].use);
	(void)fputs("\nEvery command takes --data DIR (default ./data) and --config FILE. Every setting is also an environment\n"
		    "variable: --public-url is MAILTRIXY_PUBLIC_URL.\n", to);
	return to == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return help(stderr);
	struct str name = str_of(argv[1]);

	for (int k = 1; k < argc; k++)
		if (str_eq_c(str_of(argv[k]), "--help"))
			return help(stdout);
	for (size_t k = 0; k < COMMANDS; k++)
		if (str_eq_c(name, commands[k].name))
			return commands[k].run(argc - 2, argv + 2);
	if (str_eq_c(name, "help"))
		return help(stdout);
	if (str_eq_c(name, "--version") || str_eq_c(name, "version"))
		return printf("mailtrixy %s\n", MAILTRIXY_VERSION) < 0;
	(void)fprintf(stderr, "mailtrixy: there is no command '%.*s'\n\n", STR_ARG(name));
	return help(stderr);
}
