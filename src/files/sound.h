/* What a container of sound or video holds, as far as a channel's rules need to know it. */
#ifndef FILES_SOUND_H
#define FILES_SOUND_H

#include "base/str.h"

/* Ogg (RFC 3533) whose first stream is Opus with one channel (RFC 7845 section 5.1). */
bool sound_is_mono_opus(struct str bytes);
/* Ogg whose first stream is sound: Opus, Vorbis, Speex or FLAC. */
bool sound_is_ogg_audio(struct str bytes);
/* MP4 (ISO/IEC 14496-12) that has a track of sound and none of pictures. */
bool sound_is_mp4_audio(struct str bytes);
/* WebM (RFC 8794, RFC 9559) that has a track of sound and none of pictures. */
bool sound_is_webm_audio(struct str bytes);

#endif
