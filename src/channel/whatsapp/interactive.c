/* What customers tap and fill in: buttons, lists, Flows. Meta: "Interactive messages webhook reference", "Button messages webhook
 * reference", and the pages of Flows and of address messages. */
#include "channel/whatsapp/webhook.h"

#define NO_TEXT ((struct trixy_text){NULL, 0})

/* What was tapped, by its words; what a program calls it stands in for words that are not there. */
static void put_tap(struct wa_item *item, struct trixy_text text, struct trixy_text payload)
{
	item->event.message_kind = TRIXY_MESSAGE_QUICK_REPLY;
	item->event.text = text.len > 0 ? text : payload;
	item->event.payload = payload;
	if (item->event.text.len == 0)
		wa_unsupported(item, TEXT("A button message"), TEXT(WA_NOTHING_PASSED));
}

/* A template's quick reply. */
void wa_button_read(struct wa_item *item, struct json_object *value)
{
	put_tap(item, json_object_is_type(value, json_type_string) ? meta_event_text(item->maker, value) : wa_prose(item, value, "text"),
		wa_prose(item, value, "payload"));
}

static struct trixy_text line(struct wa_item *item, struct trixy_text before, struct trixy_text after)
{
	return after.len == 0 ? before
			      : META_JOIN(item->maker, before, before.len > 0 ? TEXT("\n") : TEXT(""), after);
}

/* A value as words: a list's members behind one another, what has members of its own as JSON. */
static struct trixy_text answer_text(struct wa_item *item, struct json_object *answer)
{
	struct trixy_text all = TEXT("");
	const char *s;

	if (json_object_is_type(answer, json_type_string))
		return meta_text_cut(meta_json_prose(answer, item->maker), 1000);
	for (size_t i = 0; json_object_is_type(answer, json_type_array) && i < wa_length(answer) && i < WA_DETAILS_MAX; i++) {
		struct trixy_text one = json_object_is_type(wa_element(answer, i), json_type_string)
			? meta_text_cut(meta_json_prose(wa_element(answer, i), item->maker), 1000) : NO_TEXT;

		if (one.len == 0)
			break;
		all = META_JOIN(item->maker, all, all.len > 0 ? TEXT(", ") : TEXT(""), one);
		if (i + 1 == wa_length(answer))
			return meta_text_cut(all, 1000);
	}
	s = answer == NULL ? NULL : json_object_to_json_string_ext(answer, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	return s == NULL ? NO_TEXT : meta_text_cut((struct trixy_text){s, strlen(s)}, 1000);
}

/* The members of an object, one line each. What a form keeps together (an address) is read as if it stood by itself. */
static struct trixy_text answer_lines(struct wa_item *item, struct json_object *answers, bool is_inside, int *count)
{
	struct trixy_text all = TEXT("");

	json_object_object_foreach(answers, name, answer)
	{
		if (strcmp(name, "flow_token") == 0 || ++*count > WA_DETAILS_MAX)
			continue;
		if (json_object_is_type(answer, json_type_object) && !is_inside)
			all = line(item, all, answer_lines(item, answer, true, count));
		else
			all = line(item, all, META_JOIN(item->maker, meta_text_cut((struct trixy_text){name, strlen(name)}, WA_WORD_MAX),
							TEXT(": "), answer_text(item, answer)));
	}
	return all;
}

/* The answers of a Flow: a JSON object in a string [the reference file: not confirmed], one line each. */
static struct trixy_text flow_answers(struct wa_item *item, struct trixy_text json)
{
	SCOPED_JSON answers = NULL;
	int count = 0;

	if (meta_json_parse(json, &answers) == TRIXY_ENOMEM)
		item->maker->failed = true;
	return json_object_is_type(answers, json_type_object) ? answer_lines(item, answers, false, &count) : TEXT("");
}

static void read_flow(struct wa_item *item, struct json_object *reply)
{
	struct trixy_text json = wa_prose(item, reply, "response_json");

	item->event.message_kind = TRIXY_MESSAGE_TEXT;
	item->event.payload = json;
	item->event.text = meta_text_cut(line(item, wa_prose(item, reply, "body"), flow_answers(item, json)), META_EVENT_TEXT_MAX);
	if (item->event.text.len == 0)
		item->event.text = TEXT("A form was filled in.");
}

void wa_interactive_read(struct wa_item *item, struct json_object *value)
{
	struct trixy_text type = meta_json_whole(meta_json_get(value, "type"), WA_WORD_MAX);
	struct json_object *reply = meta_json_get(value, "button_reply"), *permission;

	if (reply == NULL)
		reply = meta_json_get(value, "list_reply");
	if (reply != NULL) {
		put_tap(item, meta_text_cut(line(item, wa_prose(item, reply, "title"), wa_prose(item, reply, "description")), META_EVENT_TEXT_MAX),
			wa_prose(item, reply, "id"));
		return;
	}
	if ((reply = meta_json_get(value, "nfm_reply")) != NULL) {
		read_flow(item, reply);
		return;
	}
	if ((permission = meta_json_get(value, "call_permission_reply")) != NULL) {
		item->event.message_kind = TRIXY_MESSAGE_SYSTEM;
		item->event.text = meta_text_is(meta_json_text(meta_json_get(permission, "response")), "accept")
			? TEXT("The customer allows your business to call.")
			: TEXT("The customer does not allow your business to call.");
		return;
	}
	item->event.text = wa_content_text(item->maker, value);
	if (item->event.text.len == 0)	/* sent by the business: its words above the buttons */
		item->event.text = wa_prose(item, meta_json_get(value, "body"), "text");
	item->event.message_kind = TRIXY_MESSAGE_TEXT;
	if (item->event.text.len == 0)
		wa_unsupported(item,
			    type.len > 0 ? META_JOIN(item->maker, TEXT("An interactive message of the kind \""), type, TEXT("\""))
					 : TEXT("An interactive message"),
			    TEXT("This kind is not known here. It can be seen in the WhatsApp app."));
}
