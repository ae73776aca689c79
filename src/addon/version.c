/* Semantic Versioning 2.0.0, and the machine that this server was built for. */
#include <elf.h>
#include <string.h>

#include "addon/manifest.h"

#if defined(__x86_64__)
#define MACHINE "linux-x86_64"
enum { ELF_MACHINE = EM_X86_64 };
#elif defined(__aarch64__)
#define MACHINE "linux-aarch64"
enum { ELF_MACHINE = EM_AARCH64 };
#else	/* a machine for which nobody has built an addon yet: give it a name here, and its number in elf.h */
#define MACHINE "linux-other"
enum { ELF_MACHINE = EM_NONE };
#endif

const char *machine_name(void)
{
	return MACHINE;
}

const char *machine_library_wrong(struct str bytes)
{
	Elf64_Ehdr h;

	if (bytes.len < sizeof(h) || memcmp(bytes.p, ELFMAG, SELFMAG) != 0)
		return "is no shared library (ELF)";
	memcpy(&h, bytes.p, sizeof(h));
	if (h.e_ident[EI_CLASS] != ELFCLASS64 || h.e_ident[EI_DATA] != ELFDATA2LSB || h.e_machine != ELF_MACHINE)
		return "is built for another kind of machine than " MACHINE;
	return h.e_type == ET_DYN ? NULL : "is an object or a program, no shared library";
}

static bool digits(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.len > 0;
}

/* Section 2: no leading zeros. The length limit keeps comparisons within 64 bits. */
static bool number_valid(struct str s)
{
	return digits(s) && s.len <= 9 && (s.len == 1 || s.p[0] != '0');
}

/* Sections 9 and 10: identifiers with dots between. */
static bool identifiers_valid(struct str s, bool numbers_matter)
{
	struct str rest = s;

	while (rest.p != NULL) {
		struct str one = str_split(rest, '.', &rest);

		for (size_t i = 0; i < one.len; i++) {
			char c = one.p[i];

			if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-'))
				return false;
		}
		if (one.len == 0 || (numbers_matter && digits(one) && !number_valid(one)))
			return false;
	}
	return true;
}

struct version {
	struct str major, minor, patch, before, build;	/* before: the pre-release part; STR_NONE: a release */
};

static struct version take_apart(struct str s)
{
	struct version v;
	struct str core = str_split(s, '+', &v.build);

	core = str_split(core, '-', &v.before);
	v.major = str_split(core, '.', &core);
	v.minor = str_split(core, '.', &v.patch);
	return v;
}

bool version_valid(struct str s)
{
	if (s.len == 0 || s.len > 64)
		return false;
	struct version v = take_apart(s);

	return number_valid(v.major) && number_valid(v.minor) && number_valid(v.patch) &&
	       (v.before.p == NULL || identifiers_valid(v.before, true)) &&
	       (v.build.p == NULL || identifiers_valid(v.build, false));
}

static int sign(int64_t v)
{
	return v < 0 ? -1 : v > 0;
}

static int compare_text(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n > 0 ? memcmp(a.p, b.p, n) : 0;

	return c != 0 ? sign(c) : sign((int64_t)a.len - (int64_t)b.len);
}

/* Numbers without leading zeros: the longer one is the larger. */
static int compare_number(struct str a, struct str b)
{
	return a.len != b.len ? sign((int64_t)a.len - (int64_t)b.len) : compare_text(a, b);
}

/* Section 11.4. */
static int compare_before(struct str a, struct str b)
{
	if (a.p == NULL || b.p == NULL)
		return (a.p == NULL) - (b.p == NULL);
	while (a.p != NULL && b.p != NULL) {
		struct str x = str_split(a, '.', &a), y = str_split(b, '.', &b);
		bool nx = digits(x), ny = digits(y);
		int c = nx && ny ? compare_number(x, y) : nx != ny ? (ny ? 1 : -1) : compare_text(x, y);

		if (c != 0)
			return c;
	}
	return (a.p != NULL) - (b.p != NULL);
}

int version_compare(struct str a, struct str b)
{
	struct version x = take_apart(a), y = take_apart(b);
	int c = compare_number(x.major, y.major);

	c = c != 0 ? c : compare_number(x.minor, y.minor);
	c = c != 0 ? c : compare_number(x.patch, y.patch);
	return c != 0 ? c : compare_before(x.before, y.before);
}
