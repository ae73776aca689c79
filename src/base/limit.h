/* Every limit on outside input, in one table. Bytes unless the name says otherwise. */
#ifndef BASE_LIMIT_H
#define BASE_LIMIT_H

enum {
	LIMIT_HTTP_HEADERS = 16 * 1024,
	LIMIT_JSON_BODY = 256 * 1024,			/* of an API call */
	LIMIT_WEBHOOK_BODY = 4 * 1024 * 1024 + 65536,	/* Meta: accept 4 MB */
	LIMIT_ADDON_ZIP = 32 * 1024 * 1024,
	LIMIT_ADDON_UNPACKED = 64 * 1024 * 1024,
	LIMIT_ADDON_FILES = 256,			/* entries */
	LIMIT_ADDON_RATIO = 100,			/* unpacked : packed, of one file */
	LIMIT_ADDON_MANIFEST = 256 * 1024,
	LIMIT_JSON_DEPTH = 32,
	LIMIT_WEBHOOK_EVENTS = 20000,			/* events in one body; Meta sends up to 1,000 updates */
	LIMIT_ANSWER_BODY = 1024 * 1024,		/* of Meta to us */
	LIMIT_CONNECTIONS = 8192,
	LIMIT_TEXT = 65536,				/* of a reply, before it is cut or split */
	LIMIT_SPLIT_MESSAGES = 70,			/* 65,536 bytes in messages of 1,000 */
	LIMIT_REPLY_FILES = 10,				/* sent in one go */
	LIMIT_REPLY_MESSAGES = 80,			/* the two above together */
	LIMIT_FILE = 100 * 1024 * 1024,			/* WhatsApp: the largest document */
	LIMIT_FILE_NAME = 255,
	LIMIT_CLIENT_ID = 64,
	LIMIT_NAME = 200,				/* of a person, workspace, account */
	LIMIT_EMAIL = 254,				/* RFC 5321 section 4.5.3.1.3 */
	LIMIT_PASSWORD = 1024,
	LIMIT_EXTERNAL_ID = 512,			/* Meta's mid is 164 characters */
	LIMIT_URL = 4096,
	LIMIT_PAGE_ROWS = 100,				/* of a list */
};

#endif
