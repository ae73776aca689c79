/* Strangers' files as the process that looks at them reads them: the first byte says as what. */
#include <stddef.h>

#include "files/picture.h"
#include "files/sound.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void ignore(int width, int height)
{
	(void)width;
	(void)height;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const char *const types[] = { "image/jpeg", "image/png", "image/gif", "image/webp" };
	struct str rest = { (const char *)bytes + 1, len - 1 };
	struct picture p = { .bytes = rest, .sized = ignore };

	if (len == 0)
		return 0;
	(void)sound_is_mono_opus(rest);
	(void)sound_is_ogg_audio(rest);
	(void)sound_is_mp4_audio(rest);
	(void)sound_is_webm_audio(rest);
	(void)picture_read(&p, str_of(types[bytes[0] % 4]));
	shrink_free(&p.small);
	return 0;
}
