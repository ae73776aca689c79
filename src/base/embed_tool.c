/* Part of the build, not of the server: writes files as a C table (base/embed.h).
 *	embed_tool OUT.c SYMBOL FILE... */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void give_up(const char *what, const char *path)
{
	(void)fprintf(stderr, "embed_tool: %s %s: %s\n", what, path, strerror(errno));
	exit(1);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* Octal escapes in string literals compile faster than lists of numbers. The array's own NUL ends it. */
static size_t write_bytes(FILE *out, const char *path)
{
	FILE *in = fopen(path, "rb");
	size_t len = 0;
	int c;

	if (in == NULL)
		give_up("cannot read", path);
	for (; (c = getc(in)) != EOF; len++) {
		if (len % 64 == 0)
			(void)fputs(len == 0 ? "\n\t\"" : "\"\n\t\"", out);
		(void)fprintf(out, "\\%03o", (unsigned)c);
	}
	if (ferror(in) != 0)
		give_up("cannot read", path);
	(void)fputs(len == 0 ? "\"\";\n" : "\";\n", out);
	(void)fclose(in);
	return len;
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		(void)fputs("usage: embed_tool OUT.c SYMBOL FILE...\n", stderr);
		return 2;
	}
	FILE *out = fopen(argv[1], "w");
	size_t *len = calloc((size_t)argc, sizeof(*len));

	if (out == NULL || len == NULL)
		give_up("cannot write", argv[1]);
	(void)fputs("/* Made by embed_tool. */\n#include \"base/embed.h\"\n\n", out);
	for (int i = 3; i < argc; i++) {
		(void)fprintf(out, "static const char file_%d[] =", i);
		len[i] = write_bytes(out, argv[i]);
	}
	(void)fprintf(out, "\nextern const struct embedded_file %s[];\nconst struct embedded_file %s[] = {\n", argv[2], argv[2]);
	for (int i = 3; i < argc; i++)
		(void)fprintf(out, "\t{ \"%s\", (const unsigned char *)file_%d, %zu },\n", base_name(argv[i]), i, len[i]);
	(void)fprintf(out, "\t{ 0 },\n};\nextern const size_t %s_count;\nconst size_t %s_count = %d;\n", argv[2], argv[2], argc - 3);
	if (fclose(out) != 0)
		give_up("cannot write", argv[1]);
	free(len);
	return 0;
}
