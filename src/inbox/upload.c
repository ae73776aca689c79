#include "inbox/upload.h"

#include "base/clock.h"
#include "base/limit.h"
#include "inbox/message.h"
#include "store/fetch.h"
#include "store/message.h"

/* ---- names ---- */

/* Marks that turn the direction of what follows: "invoice<U+202E>fdp.exe" would show as a PDF. */
static bool turns_direction(struct str s, size_t at)
{
	struct str mark = str_cut(s, at, 3);

	return mark.len == 3 && ((str_starts(mark, STR("\xe2\x80")) && ((unsigned char)mark.p[2] == 0x8e || (unsigned char)mark.p[2] == 0x8f ||
			((unsigned char)mark.p[2] >= 0xaa && (unsigned char)mark.p[2] <= 0xae))) ||
			(str_starts(mark, STR("\xe2\x81")) && (unsigned char)mark.p[2] >= 0xa6 && (unsigned char)mark.p[2] <= 0xa9));
}

/* The name without its path. */
static struct str last_part(struct str name)
{
	for (size_t k = name.len; k > 0; k--)
		if (name.p[k - 1] == '/' || name.p[k - 1] == '\\')
			return str_cut(name, k, name.len);
	return name;
}

/* Without what is too long: from its middle, so that the ending stays. */
static struct str shorten(struct str name, struct arena *arena)
{
	size_t tail = 0;

	if (name.len <= LIMIT_FILE_NAME)
		return name;
	for (size_t k = name.len; k > 0 && name.len - k < 16 && tail == 0; k--)
		if (name.p[k - 1] == '.')
			tail = name.len - k + 1;
	size_t head = utf8_prefix(name, LIMIT_FILE_NAME - tail);
	struct str end = str_cut(name, name.len - tail, tail);

	return arena_printf(arena, "%.*s%.*s", (int)head, name.p, STR_ARG(end));
}

struct str file_name_clean(struct str name, struct arena *arena)
{
	struct str from = str_trim(last_part(name));
	size_t len = 0;
	char *to;

	if (from.len == 0 || from.len > 8 * LIMIT_FILE_NAME || !utf8_valid(from) || (to = arena_alloc(arena, from.len + 1)) == NULL)
		return STR_NONE;
	for (size_t k = 0; k < from.len; k++) {
		unsigned char c = (unsigned char)from.p[k];

		if (c < ' ' || c == 0x7f || (c == 0xc2 && (unsigned char)from.p[k + 1] < 0xa0)) {
			k += c == 0xc2;		/* C1 */
			continue;
		}
		if (turns_direction(from, k)) {
			k += 2;
			continue;
		}
		to[len++] = (char)c;
	}
	struct str clean = str_trim((struct str){ to, len });

	while (clean.len > 0 && clean.p[0] == '.')	/* hidden, or a folder */
		clean = str_cut(clean, 1, clean.len);
	return clean.len == 0 ? STR_NONE : shorten(clean, arena);
}

/* ---- uploads ---- */

struct upload_work {
	struct store_upload *upload;
	struct workspace_id w;
	int64_t user_id, id;
};

static int run_add(struct db *db, void *arg, struct error *err)
{
	struct store_upload *u = ((struct upload_work *)arg)->upload;
	int r = store_file_put(db, &u->file, err);

	u->file_id = u->file.id;
	return r < 0 ? r : store_upload_add(db, u, err);
}

static int check_size(const struct file_draft *draft, struct error *err)
{
	if (draft->bytes == 0)
		return fail(err, ERR_INVALID, "the file is empty");
	if (draft->bytes > LIMIT_FILE)
		return fail(err, ERR_LIMIT, "the file is larger than %d MB", LIMIT_FILE / (1024 * 1024));
	return 0;
}

int upload_add(struct instance *i, struct workspace_id w, int64_t user_id, struct file_draft *draft, struct str name,
	       struct arena *arena, struct store_upload *ret, struct error *err)
{
	struct upload_work work = { .upload = ret };
	struct file_facts facts;
	struct str clean = file_name_clean(name, arena);
	int r = check_size(draft, err);

	if (r < 0) {
		file_draft_drop(draft);
		return r;
	}
	if ((r = files_keep(i->files, w, draft, &facts, err)) < 0)
		return r;
	*ret = (struct store_upload){ .workspace = w, .user_id = user_id, .created_at = clock_now_ms(), .name = clean.p != NULL ? clean : STR("file") };
	ret->file = (struct store_file){ .workspace = w, .sha256 = arena_copy(arena, str_of(facts.sha256)), .bytes = facts.bytes,
		.mime_type = arena_copy(arena, str_of(facts.mime_type)), .width = facts.width, .height = facts.height,
		.created_at = ret->created_at, .has_preview = facts.has_preview, .is_mono = facts.mono };
	r = arena_failed(arena) ? fail(err, ERR_NOMEM, "out of memory") : store_write(i->store, run_add, &work, err);
	files_settled(i->files, w, str_of(facts.sha256));
	return r;
}

static int run_delete(struct db *db, void *arg, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct upload_work *work = arg;
	struct store_upload u;
	int r = store_upload_get(db, work->w, work->id, &arena, &u, err);

	if (r < 0)
		return r;
	if (u.user_id != work->user_id)
		return fail(err, ERR_NOTFOUND, "no such upload of this person");
	return store_upload_delete(db, work->w, work->id, err);
}

int upload_delete(struct instance *i, struct workspace_id w, int64_t user_id, int64_t id, struct error *err)
{
	struct upload_work work = { .w = w, .user_id = user_id, .id = id };

	return store_write(i->store, run_delete, &work, err);
}

/* ---- customers' files ---- */

int attachment_file_get(struct db *db, struct workspace_id w, int64_t message_id, int position, struct arena *arena,
			struct attachment_file *ret, struct error *err)
{
	struct store_attachment a;
	int r = store_attachment_get(db, w, message_id, position, arena, &a, err);

	if (r < 0)
		return r;
	*ret = (struct attachment_file){ .type = a.type, .file_name = file_name_clean(a.file_name, arena) };
	return a.file_id == 0 ? 0 : store_file_get(db, w, a.file_id, arena, &ret->file, err);
}

struct again_work {
	struct workspace_id w;
	int64_t conversation_id, message_id;
	int position;
};

static int run_again(struct db *db, void *arg, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct again_work *work = arg;
	struct store_fetch f;
	int r = store_fetch_get(db, work->w, work->message_id, work->position, &arena, &f, err);

	if (r < 0)
		return r;
	if (f.conversation_id != work->conversation_id)
		return fail(err, ERR_NOTFOUND, "no such attachment in this conversation");
	bool has_source = f.attachment.url.len > 0 || f.attachment.external_id.len > 0;

	if (!has_source || (f.attachment.state != ATTACHMENT_FETCHING && f.attachment.state != ATTACHMENT_LOST))
		return fail(err, ERR_STATE, "there is nothing to fetch");
	f.attachment.state = ATTACHMENT_FETCHING;
	f.attachment.tries = 0;
	f.attachment.due_at = clock_now_ms();
	if ((r = store_attachment_save(db, work->w, work->message_id, work->position, &f.attachment, err)) < 0)
		return r;
	return store_change_add(db, work->w, CHANGE_MESSAGE, work->message_id, work->conversation_id, err);
}

int attachment_fetch_again(struct instance *i, struct workspace_id w, int64_t conversation_id, int64_t message_id, int position,
			   struct error *err)
{
	struct again_work work = { .w = w, .conversation_id = conversation_id, .message_id = message_id, .position = position };
	int r = store_write(i->store, run_again, &work, err);

	if (r == 0 && i->wake_work != NULL)
		i->wake_work(i->wake_arg);
	return r;
}
