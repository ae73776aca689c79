/* Sends a template with its gaps filled. Meta: "Message templates". The keys of the values are made in templates.c:
 *
 *	header.1, body.1, body.2 ...	gaps by number, or by name where the template names them: body.first_name
 *	button.0			the end of the address of the button with that index
 *	button.1.copy_code		the code that a button copies
 *	button.2.quick_reply		what comes back when it is tapped; WhatsApp takes its label where there is none */
#include "channel/whatsapp/send.h"

struct parsed {
	struct trixy_text name;		/* "1", "first_name"; of a button its index */
	struct trixy_text kind;		/* of a button: "url", "copy_code", "quick_reply" */
};

static struct trixy_text after(struct trixy_text text, uint64_t skip)
{
	return (struct trixy_text){text.p + skip, text.len - skip};
}

static bool begins(struct trixy_text text, const char *word)
{
	size_t len = strlen(word);

	return text.len > len && memcmp(text.p, word, len) == 0;
}

/* Which component a key belongs to: "header", "body", "button"; NULL: none. */
static const char *component_of(struct trixy_text key, struct parsed *ret)
{
	*ret = (struct parsed){.kind = TEXT("url")};
	if (begins(key, "header.")) {
		ret->name = after(key, sizeof("header.") - 1);
		return "header";
	}
	if (begins(key, "body.")) {
		ret->name = after(key, sizeof("body.") - 1);
		return "body";
	}
	if (!begins(key, "button."))
		return NULL;
	ret->name = after(key, sizeof("button.") - 1);
	for (uint64_t i = 0; i < ret->name.len; i++)
		if (ret->name.p[i] == '.') {
			ret->kind = after(ret->name, i + 1);
			ret->name.len = i;
		}
	return meta_text_is_digits(ret->name) && ret->name.len <= 2 &&
	       (meta_text_is(ret->kind, "url") || meta_text_is(ret->kind, "copy_code") || meta_text_is(ret->kind, "quick_reply"))
		? "button" : NULL;
}

static struct trixy_text comma(struct trixy_text list)
{
	return list.len > 0 ? TEXT(",") : TEXT("");
}

/* The value of gap number n; NULL: there is none. */
static const struct trixy_pair *numbered(const struct trixy_draft *draft, const char *component, uint32_t n)
{
	struct parsed parsed;

	for (uint32_t i = 0; i < draft->value_count; i++) {
		const char *c = component_of(draft->values[i].name, &parsed);
		uint32_t number = 0;

		if (c == NULL || strcmp(c, component) != 0 || !meta_text_is_digits(parsed.name) || parsed.name.len > 4)
			continue;
		for (uint64_t k = 0; k < parsed.name.len; k++)
			number = number * 10 + (uint32_t)(parsed.name.p[k] - '0');
		if (number == n)
			return &draft->values[i];
	}
	return NULL;
}

/* The parameters of the header or the body: those with numbers in their order, then those with names. */
static struct trixy_text parameters(struct meta_maker *maker, const struct trixy_draft *draft, const char *component)
{
	struct trixy_text list = TEXT("");
	const struct trixy_pair *value;
	struct parsed parsed;

	for (uint32_t n = 1; (value = numbered(draft, component, n)) != NULL; n++)
		list = META_JOIN(maker, list, comma(list), TEXT("{\"type\":\"text\",\"text\":"),
				 meta_text_quote(maker, value->value), TEXT("}"));
	for (uint32_t i = 0; i < draft->value_count; i++) {
		const char *c = component_of(draft->values[i].name, &parsed);

		if (c != NULL && strcmp(c, component) == 0 && !meta_text_is_digits(parsed.name))
			list = META_JOIN(maker, list, comma(list), TEXT("{\"type\":\"text\",\"parameter_name\":"),
					 meta_text_quote(maker, parsed.name), TEXT(",\"text\":"),
					 meta_text_quote(maker, draft->values[i].value), TEXT("}"));
	}
	return list;
}

static struct trixy_text component(struct meta_maker *maker, struct trixy_text list, struct trixy_text head,
				   struct trixy_text parameters)
{
	return META_JOIN(maker, list, comma(list), TEXT("{\"type\":"), head, TEXT(",\"parameters\":["), parameters, TEXT("]}"));
}

static struct trixy_text button(struct meta_maker *maker, struct trixy_text list, const struct parsed *b, struct trixy_text value)
{
	struct trixy_text head = META_JOIN(maker, TEXT("\"button\",\"sub_type\":\""), b->kind, TEXT("\",\"index\":\""), b->name,
					   TEXT("\""));
	struct trixy_text parameter = TEXT("{\"type\":\"text\",\"text\":");

	if (meta_text_is(b->kind, "copy_code"))
		parameter = TEXT("{\"type\":\"coupon_code\",\"coupon_code\":");
	else if (meta_text_is(b->kind, "quick_reply"))
		parameter = TEXT("{\"type\":\"payload\",\"payload\":");
	return component(maker, list, head, META_JOIN(maker, parameter, meta_text_quote(maker, value), TEXT("}")));
}

static bool values_valid(const struct trixy_draft *draft)
{
	struct parsed parsed;

	for (uint32_t i = 0; i < draft->value_count; i++)
		if (!meta_text_utf8(draft->values[i].name) || !meta_text_utf8(draft->values[i].value) ||
		    component_of(draft->values[i].name, &parsed) == NULL)
			return false;
	return draft->value_count == 0 || draft->values != NULL;
}

static bool header_media(struct meta_maker *maker, const struct trixy_draft *draft, struct trixy_text *ret_parameters)
{
	struct trixy_text word = wa_media_word(draft->media_type), object;

	if (word.len == 0 || draft->media_type == TRIXY_MESSAGE_AUDIO || draft->media_type == TRIXY_MESSAGE_STICKER ||
	    !wa_media_object(maker, draft, &object))
		return false;
	*ret_parameters = META_JOIN(maker, TEXT("{\"type\":\""), word, TEXT("\",\""), word, TEXT("\":"), object, TEXT("}"));
	return true;
}

int32_t wa_template_object(struct meta_maker *maker, const struct trixy_draft *draft, struct trixy_text *ret_object)
{
	struct trixy_text list = TEXT(""), header, body;
	struct parsed parsed;

	if (draft->template_name.len == 0 || draft->template_language.len == 0 || !values_valid(draft))
		return TRIXY_EINVAL;
	header = parameters(maker, draft, "header");
	if (draft->media_type != 0 && (header.len > 0 || !header_media(maker, draft, &header)))
		return TRIXY_EINVAL;
	body = parameters(maker, draft, "body");
	if (header.len > 0)
		list = component(maker, list, TEXT("\"header\""), header);
	if (body.len > 0)
		list = component(maker, list, TEXT("\"body\""), body);
	for (uint32_t i = 0; i < draft->value_count; i++) {
		const char *c = component_of(draft->values[i].name, &parsed);

		if (c != NULL && strcmp(c, "button") == 0)
			list = button(maker, list, &parsed, draft->values[i].value);
	}
	*ret_object = META_JOIN(maker, TEXT("{\"name\":"), meta_text_quote(maker, draft->template_name),
				TEXT(",\"language\":{\"code\":"), meta_text_quote(maker, draft->template_language), TEXT("}"),
				list.len > 0 ? TEXT(",\"components\":[") : TEXT(""), list, list.len > 0 ? TEXT("]}") : TEXT("}"));
	return 0;
}
