/* Files: what agents bring to be sent, what customers sent, and the one file that a provider may fetch by a signed link. */
#include "base/clock.h"
#include "base/limit.h"
#include "inbox/conversation.h"
#include "inbox/upload.h"
#include "store/fetch.h"
#include "web/call.h"
#include "web/file_answer.h"

/* ---- uploads ---- */

static void render_upload(struct call *c, const struct store_upload *u, int type)
{
	struct json_out j = call_json(c, 201);

	json_open(&j, NULL);
	json_id(&j, "id", u->id);
	json_str(&j, "name", u->name);
	json_str(&j, "mime_type", u->file.mime_type);
	json_i64(&j, "bytes", u->file.bytes);
	if (u->file.width > 0) {
		json_i64(&j, "width", u->file.width);
		json_i64(&j, "height", u->file.height);
	} else {
		json_null(&j, "width");
		json_null(&j, "height");
	}
	json_c(&j, "type", message_kind_word(type));
	json_str(&j, "preview_url", u->file.has_preview ? arena_printf(c->arena, "/api/v1/workspaces/%lld/uploads/%lld/content?preview=1",
								       (long long)c->workspace.v, (long long)u->id)
							: STR_NONE);
	json_close(&j);
}

/* The channel that the file is for; *ret NULL: none was named. False: answered. */
static bool read_channel(struct call *c, const struct trixy_channel **ret)
{
	struct str slug;

	*ret = NULL;
	if (!call_query(c, "channel", &slug))
		return false;
	if (slug.len == 0 || (*ret = channels_find(c->instance->channels, slug)) != NULL)
		return true;
	call_fault(c, "channel", "There is no such channel, or it is not active.");
	(void)call_has_faults(c);
	return false;
}

/* What the file is only shows when it is here. One that cannot be sent is taken away again. */
static void refuse_upload(struct call *c, const struct store_upload *u, struct str why)
{
	(void)upload_delete(c->instance, c->workspace, c->user.id, u->id, NULL);
	call_problem(c, 422, "file_refused", "This file cannot be sent", why);
}

void api_upload_add(struct call *c)
{
	const struct trixy_channel *channel;
	struct store_upload u;
	struct error err = { 0 };
	struct str name, why;
	int type;

	if (!call_query(c, "name", &name) || !read_channel(c, &channel))
		return;
	if (c->draft.fd == 0 || c->draft.bytes == 0) {
		call_problem(c, 422, "file_empty", "The file is empty", STR("It has no bytes. Choose another one."));
		return;
	}
	if (upload_add(c->instance, c->workspace, c->user.id, &c->draft, name.len > 0 ? name : STR("file"), c->arena, &u, &err) < 0) {
		call_failed(c, &err, err.code == ERR_INVALID);
		return;
	}
	type = upload_type(channel, &u.file, c->arena, &why);
	if (type == 0)
		refuse_upload(c, &u, why);
	else
		render_upload(c, &u, type);
}

static bool is_set(struct call *c, const char *name, bool *ret)
{
	struct str v;

	if (!call_query(c, name, &v))
		return false;
	*ret = str_eq_c(v, "1") || str_eq_c(v, "true");
	return true;
}

/* A picture without a small one beside it is shown as it is; of anything else there is nothing to preview. */
static bool choose_preview(struct call *c, const struct store_file *file, bool *preview)
{
	if (!*preview || file->has_preview)
		return true;
	*preview = false;
	if (str_starts(file->mime_type, STR("image/")))
		return true;
	call_problem(c, 404, NULL, "Not found", STR("There is no preview of this file."));
	return false;
}

void api_upload_content(struct call *c)
{
	struct store_upload u;
	struct error err = { 0 };
	struct str unused;
	bool preview;
	int64_t id;
	int r;

	if (!call_id(c, 1, &id) || !is_set(c, "preview", &preview))
		return;
	r = store_upload_get(c->db, c->workspace, id, c->arena, &u, &err);
	if (r < 0) {
		call_failed(c, &err, false);
	} else if (u.user_id != c->user.id) {
		call_not_found(c);
	} else if (choose_preview(c, &u.file, &preview)) {
		file_answer(c, &(struct file_answer){ .workspace = c->workspace, .sha256 = u.file.sha256, .mime_type = u.file.mime_type,
						      .name = u.name, .id = id, .type = upload_type(NULL, &u.file, c->arena, &unused),
						      .preview = preview });
	}
}

void api_upload_delete(struct call *c)
{
	struct error err = { 0 };
	int64_t id;

	if (!call_id(c, 1, &id))
		return;
	if (upload_delete(c->instance, c->workspace, c->user.id, id, &err) < 0)
		call_failed(c, &err, false);
	else
		call_empty(c, 204);
}

/* ---- attachments ---- */

/* The n-th parameter as an attachment's place: 0, 1, ... False: 404 is answered. */
static bool read_position(struct call *c, size_t n, int *ret)
{
	struct str s = c->param[n];
	int64_t v;

	if (s.len == 0 || s.len > 4 || s.p[0] == '-' || (s.p[0] == '0' && s.len > 1) || !str_to_i64(s, &v)) {
		call_not_found(c);
		return false;
	}
	*ret = (int)v;
	return true;
}

/* While a channel is hidden so is what stands in its conversations. */
static int check_seen(struct call *c, int64_t message_id, int position, struct error *err)
{
	struct conversation conversation;
	struct store_fetch f;
	int r = store_fetch_get(c->db, c->workspace, message_id, position, c->arena, &f, err);

	return r < 0 ? r : conversation_get(c->instance, c->db, c->workspace, f.conversation_id, c->arena, &conversation, err);
}

void api_attachment_get(struct call *c)
{
	struct attachment_file a;
	struct error err = { 0 };
	bool preview, download;
	int64_t message_id;
	int position;

	if (!call_id(c, 1, &message_id) || !read_position(c, 2, &position) || !is_set(c, "preview", &preview) ||
	    !is_set(c, "download", &download))
		return;
	if (check_seen(c, message_id, position, &err) < 0 ||
	    attachment_file_get(c->db, c->workspace, message_id, position, c->arena, &a, &err) < 0) {
		call_failed(c, &err, false);
	} else if (a.file.id == 0) {
		call_problem(c, 409, "file_not_kept", "The file is not here",
			     STR("It was not fetched from the customer's channel yet, or cannot be had any more; the message says which."));
	} else if (choose_preview(c, &a.file, &preview)) {
		file_answer(c, &(struct file_answer){ .workspace = c->workspace, .sha256 = a.file.sha256, .mime_type = a.file.mime_type,
						      .name = a.file_name, .id = message_id, .type = a.type, .preview = preview,
						      .download = download });
	}
}

void api_attachment_fetch(struct call *c)
{
	struct error err = { 0 };
	int64_t conversation_id, message_id;
	int position;

	if (!call_id(c, 1, &conversation_id) || !call_id(c, 2, &message_id) || !read_position(c, 3, &position))
		return;
	if (attachment_fetch_again(c->instance, c->workspace, conversation_id, message_id, position, &err) >= 0)
		call_empty(c, 202);
	else if (err.code == ERR_STATE)
		call_problem(c, 409, NULL, "There is nothing to fetch",
			     STR("The file is here already, or the customer's channel has none that could be fetched."));
	else
		call_failed(c, &err, false);
}

/* ---- for providers ---- */

void public_file(struct call *c)
{
	struct workspace_id w;
	struct store_file file;
	struct error err = { 0 };
	int64_t id;

	/* The signature first: who guesses costs no more than that. */
	if (files_link_read(c->instance->files, c->param[0], clock_now_ms(), &w, &id, &err) < 0) {
		call_not_found(c);
		return;
	}
	if (store_file_get(c->db, w, id, c->arena, &file, &err) < 0)
		call_failed(c, &err, false);
	else
		file_answer(c, &(struct file_answer){ .workspace = w, .sha256 = file.sha256, .mime_type = file.mime_type, .id = id,
						      .type = TRIXY_MESSAGE_FILE, .public = true });
}
