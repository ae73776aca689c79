/* mailtrixy look-at-file: the process that looks at one file for a server. Not for people: see files/look.h. */
#include "cmd/cmd.h"

#include "files/look.h"

int cmd_look(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return look_child();
}
