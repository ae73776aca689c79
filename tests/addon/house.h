/* A house with an instance in a folder of its own, and packages of the small addon "sample", for the tests of the addon room.
 * What fails here fails the test. Text is the house's arena's. */
#ifndef TESTS_ADDON_HOUSE_H
#define TESTS_ADDON_HOUSE_H

#include "check.h"

#include "addon/addon.h"
#include "addon_zip.h"
#include "folder.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct house {
	struct folder folder;
	struct config config;
	struct instance i;
	struct arena arena;
	struct error err;
};

#define HOUSE SCOPED(house_done) struct house *h = house_new()

void open_instance(struct house *h);
void close_instance(struct house *h);
struct house *house_new(void);
void house_done(struct house **h);
void restart(struct house *h);
/* A path in the data directory. */
struct str data_path(struct house *h, const char *rest);
/* Files, whole. */
struct str slurp(struct house *h, const char *path);
void spit(const char *path, struct str bytes);
/* Entries of DATA/addons. */
size_t folders(struct house *h);
/* What the database says. */
struct addon get(struct house *h, const char *slug);
size_t installed(struct house *h);
bool active_here(struct house *h, const char *channel);
bool has_table(struct house *h, const char *table, const char *column);
bool recorded(struct house *h, const char *slug, int64_t number);
bool widened(struct house *h);
/* The library that tests/addon/meson.build made under this name. */
struct str fixture(struct house *h, const char *name);
/* What is right, to be changed or zipped. */
struct member_list good_members(struct house *h);
struct str good_zip(struct house *h);
struct str lib_zip(struct house *h, const char *lib, const char *manifest);
/* As an admin who confirms unsigned packages. The words of a failure are in h->err. */
int install(struct house *h, struct str zip);
int activate(struct house *h, const char *slug);
int deactivate(struct house *h, const char *slug);
/* The good manifest with one text replaced. */
const char *changed(struct house *h, const char *from, const char *to);

#define MANIFEST(version, migrations) "{\"abi\":{\"major\":1,\"minor\":0},\"slug\":\"sample\",\"name\":\"Sample\",\"version\":\"" version \
	"\",\"description\":\"A sample.\",\"channel\":\"sample\",\"library\":{\"linux-x86_64\":\"sample.so\",\"linux-aarch64\":\"sample.so\"}," \
	"\"migrations\":[" migrations "]}"
#define BOTH "\"migrations/001.json\",\"migrations/002.json\""
#define TABLE_STEP "{\"create_account_table\":{\"table\":\"sample_accounts\",\"columns\":[{\"name\":\"user_id\",\"type\":\"text\"," \
	"\"max_bytes\":64,\"comment\":\"who\"},{\"name\":\"app_secret\",\"type\":\"secret\",\"max_bytes\":255,\"comment\":\"key\"}]}}"
#define FIRST "{\"id\":1,\"description\":\"table\",\"steps\":[" TABLE_STEP "]}"
#define SECOND "{\"id\":2,\"description\":\"wide\",\"steps\":[{\"widen\":\"conversations.channel\"}]}"

#endif
