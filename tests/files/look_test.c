/* Looking at files, in the process that the server starts for it: what they are, and what hostile ones can do. */
#include "../check.h"
#include "pictures.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "files/look.h"
#include "files/sound.h"

static char program[4096];
static struct buf preview;

static int file_of(struct str bytes)
{
	FILE *f = tmpfile();

	assert_non_null(f);
	assert_int_equal(fwrite(bytes.p, 1, bytes.len, f), bytes.len);
	assert_int_equal(fflush(f), 0);
	int fd = dup(fileno(f));

	(void)fclose(f);
	return fd;
}

static int look_by(const char *by, struct str bytes, struct look *ret, struct error *err)
{
	int file = file_of(bytes), out = file_of(STR(""));
	int r = look_at(str_of(by), file, out, ret, err);
	char room[65536];
	ssize_t n;

	buf_clear(&preview);
	assert_int_equal(lseek(out, 0, SEEK_SET), 0);
	while ((n = read(out, room, sizeof(room))) > 0)
		buf_add(&preview, (struct str){ room, (size_t)n });
	(void)close(file);
	(void)close(out);
	return r;
}

static struct look look(struct str bytes)
{
	struct error err = { 0 };
	struct look seen;

	check_ok(look_by(program, bytes, &seen, &err), &err);
	return seen;
}

static void check_type(struct str bytes, const char *type)
{
	struct look seen = look(bytes);

	if (strcmp(seen.mime_type, type) != 0)
		check_failed("it is %s, not %s", seen.mime_type, type);
	assert_false(seen.has_preview);
}

static bool near(uint32_t a, uint32_t b)
{
	for (int k = 0; k < 32; k += 8)
		if (abs((int)(a >> k & 255) - (int)(b >> k & 255)) > 24)
			return false;
	return true;
}

#define RED 0xff0000ffu
#define GREEN 0x00ff00ffu
#define BLUE 0x0000ffffu

static void check_colour(int x, int y, uint32_t colour)
{
	uint32_t is = picture_at(buf_str(&preview), x, y);

	if (!near(is, colour))
		check_failed("at %d, %d it is %08x, not %08x", x, y, is, colour);
}

static void check_picture(struct buf *bytes, const char *type, int width, int height, int small_width, int small_height)
{
	struct look seen = look(buf_str(bytes));
	int w, h;

	buf_done(bytes);
	if (strcmp(seen.mime_type, type) != 0 || seen.width != width || seen.height != height || !seen.has_preview)
		check_failed("%s %lld x %lld %d", seen.mime_type, (long long)seen.width, (long long)seen.height, seen.has_preview);
	picture_size(buf_str(&preview), &w, &h);
	assert_int_equal(w, small_width);
	assert_int_equal(h, small_height);
}

static void check_upright(int width, int height)
{
	check_colour(width / 4, height / 16, GREEN);
	check_colour(width / 4, height / 2, RED);
	check_colour(width - width / 4, height / 2, BLUE);
}

static void test_pictures(void **state)
{
	struct buf b = { 0 };

	(void)state;
	picture_png(&b, 1500, 1000, false, false);
	check_picture(&b, "image/png", 1500, 1000, 640, 427);
	check_upright(640, 427);
	picture_png(&b, 1000, 1501, false, true);
	check_picture(&b, "image/png", 1000, 1501, 426, 640);
	check_upright(426, 640);
	picture_png(&b, 64, 32, false, false);		/* never larger */
	check_picture(&b, "image/png", 64, 32, 64, 32);
	check_upright(64, 32);
	picture_jpeg(&b, 3000, 2000, 0, false, false);
	check_picture(&b, "image/jpeg", 3000, 2000, 640, 427);
	check_upright(640, 427);
	picture_jpeg(&b, 900, 900, 1, false, true);
	check_picture(&b, "image/jpeg", 900, 900, 640, 640);
	check_upright(640, 640);
	picture_webp(&b, 2000, 800);
	check_picture(&b, "image/webp", 2000, 800, 640, 256);
	check_upright(640, 256);
	picture_gif(&b, 700, 350, false);		/* its first frame */
	check_picture(&b, "image/gif", 700, 350, 640, 320);
	check_upright(640, 320);
	picture_gif(&b, 300, 333, true);
	check_picture(&b, "image/gif", 300, 333, 300, 333);
	check_upright(300, 333);
	picture_png(&b, 20000, 2, false, false);
	check_picture(&b, "image/png", 20000, 2, 640, 1);
}

static void test_clear_parts(void **state)
{
	struct buf b = { 0 };

	(void)state;
	picture_png(&b, 1280, 640, true, false);
	check_picture(&b, "image/png", 1280, 640, 640, 320);
	check_upright(640, 320);
	assert_true((picture_at(buf_str(&preview), 10, 310) & 255) < 8);
}

static void test_cmyk(void **state)
{
	struct buf b = { 0 };

	(void)state;
	picture_jpeg(&b, 800, 800, 0, true, false);
	check_picture(&b, "image/jpeg", 800, 800, 640, 640);
	check_upright(640, 640);
}

/* What the camera saw upright lies as the number says; it is shown upright again, and its size is told so. */
static void test_orientation(void **state)
{
	/* Where the green strip of the file is shown, and what is beside its left and its right end. */
	static const struct { int orientation, green_x, green_y, red_x, red_y; } shown[] = {
		{ 1, 2, 0, 1, 2 }, { 2, 2, 0, 3, 2 }, { 3, 2, 4, 3, 2 }, { 4, 2, 4, 1, 2 },
		{ 5, 0, 2, 2, 1 }, { 6, 4, 2, 2, 1 }, { 7, 4, 2, 2, 3 }, { 8, 0, 2, 2, 3 },
	};

	(void)state;
	for (size_t k = 0; k < sizeof(shown) / sizeof(shown[0]); k++) {
		struct buf b = { 0 };
		bool across = shown[k].orientation >= 5;
		int w = across ? 160 : 320, h = across ? 320 : 160;

		picture_jpeg(&b, 320, 160, shown[k].orientation, false, false);
		check_picture(&b, "image/jpeg", w, h, w, h);
		/* Places 0 to 4 of each side: its edge, a quarter, the middle, three quarters, the other edge. */
		int gx = shown[k].green_x == 0 ? 4 : shown[k].green_x == 4 ? w - 5 : w * shown[k].green_x / 4;
		int gy = shown[k].green_y == 0 ? 4 : shown[k].green_y == 4 ? h - 5 : h * shown[k].green_y / 4;

		check_colour(gx, gy, GREEN);
		check_colour(w * shown[k].red_x / 4, h * shown[k].red_y / 4, RED);
	}
}

static void test_nothing_of_the_camera_stays(void **state)
{
	struct buf b = { 0 };

	(void)state;
	picture_jpeg(&b, 320, 160, 6, false, false);
	assert_non_null(memmem(b.p, b.len, "Exif", 4));
	check_picture(&b, "image/jpeg", 160, 320, 160, 320);
	assert_null(memmem(preview.p, preview.len, "Exif", 4));
	assert_null(memmem(preview.p, preview.len, "EXIF", 4));
	assert_null(memmem(preview.p, preview.len, "Cam", 3));
}

/* ---- hostile ones ---- */

/* A PNG's header that tells of so many pixels, and a checksum that fits. */
static void giant_png(struct buf *b, uint32_t width, uint32_t height)
{
	unsigned char ihdr[17] = { 'I', 'H', 'D', 'R', (unsigned char)(width >> 24), (unsigned char)(width >> 16), (unsigned char)(width >> 8),
		(unsigned char)width, (unsigned char)(height >> 24), (unsigned char)(height >> 16), (unsigned char)(height >> 8),
		(unsigned char)height, 8, 6, 0, 0, 0 };
	uint32_t crc = 0xffffffff;

	for (size_t k = 0; k < sizeof(ihdr); k++) {
		crc ^= ihdr[k];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	crc = ~crc;
	unsigned char tail[4] = { (unsigned char)(crc >> 24), (unsigned char)(crc >> 16), (unsigned char)(crc >> 8), (unsigned char)crc };

	buf_add(b, STR("\x89PNG\r\n\x1a\n\0\0\0\x0d"));
	buf_add(b, (struct str){ (const char *)ihdr, sizeof(ihdr) });
	buf_add(b, (struct str){ (const char *)tail, 4 });
	buf_add(b, STR("\0\0\0\0IDAT\x35\xaf\x06\x1e"));
}

static void test_pixel_bombs(void **state)
{
	struct buf b = { 0 };
	struct look seen;

	(void)state;
	giant_png(&b, 60000, 60000);
	seen = look(buf_str(&b));
	assert_string_equal(seen.mime_type, "image/png");
	assert_int_equal(seen.width, 60000);
	assert_false(seen.has_preview);
	buf_clear(&b);
	giant_png(&b, 0x7fffffff, 0x7fffffff);
	seen = look(buf_str(&b));
	assert_string_equal(seen.mime_type, "image/png");
	assert_false(seen.has_preview);
	buf_done(&b);
	/* A GIF of 65535 x 65535. */
	seen = look(STR("GIF89a\xff\xff\xff\xff\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"));
	assert_string_equal(seen.mime_type, "image/gif");
	assert_int_equal(seen.width, 65535);
	assert_false(seen.has_preview);
}

/* At every length: nothing breaks, and never is there a preview of what is no picture. */
static void test_cut_off(void **state)
{
	struct buf whole[4] = { { 0 } };

	(void)state;
	picture_png(&whole[0], 100, 100, false, false);
	picture_jpeg(&whole[1], 100, 100, 6, false, false);
	picture_webp(&whole[2], 100, 100);
	picture_gif(&whole[3], 100, 100, false);
	for (size_t k = 0; k < 4; k++) {
		for (size_t len = 1; len < whole[k].len; len += whole[k].len / 5 + 1) {
			struct look seen;
			struct error err = { 0 };

			check_ok(look_by(program, str_cut(buf_str(&whole[k]), 0, len), &seen, &err), &err);
			assert_true(seen.mime_type[0] != '\0');
		}
		buf_done(&whole[k]);
	}
}

/* Bits turned over by a fixed generator: it may see what it likes, but it must end, and end well. */
static void test_damaged(void **state)
{
	uint32_t random = 12345;

	(void)state;
	for (int round = 0; round < 24; round++) {
		struct buf b = { 0 };
		struct look seen;
		struct error err = { 0 };

		switch (round % 4) {
		case 0: picture_png(&b, 200, 100, false, round % 8 == 0); break;
		case 1: picture_jpeg(&b, 200, 100, 3, false, round % 8 == 1); break;
		case 2: picture_webp(&b, 200, 100); break;
		default: picture_gif(&b, 200, 100, round % 8 == 3);
		}
		for (int k = 0; k < 6; k++) {
			random = random * 1664525 + 1013904223;
			b.p[16 + random % (b.len - 16)] ^= (char)(1 << (random >> 29));
		}
		check_ok(look_by(program, buf_str(&b), &seen, &err), &err);
		buf_done(&b);
	}
}

static void test_no_pictures(void **state)
{
	struct buf b = { 0 };

	(void)state;
	check_type(STR(""), "application/octet-stream");
	check_type(STR("\0\1\2\3\4\5"), "application/octet-stream");
	check_type(STR("Hello, I am a letter.\n"), "text/plain");
	check_type(STR("#include <stdio.h>\nint main(void) { return 0; }\n"), "text/plain");
	check_type(STR("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"), "application/pdf");
	check_type(STR("<!DOCTYPE html><html><script>alert(1)</script></html>"), "text/html");
	check_type(STR("<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>"), "image/svg+xml");
	check_type(STR("\x7f" "ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\x3e\0\1\0\0\0"), "application/x-executable");
	check_type(STR("#!AMR\n\x3c\x91\x17"), "audio/amr");
	/* A picture's head on a page: what a browser would be told is the picture's. */
	picture_gif(&b, 8, 8, false);
	buf_add_c(&b, "<script>alert(1)</script>");
	struct look seen = look(buf_str(&b));

	assert_string_equal(seen.mime_type, "image/gif");
	buf_done(&b);
	check_type(STR("GIF89a<script>alert(1)</script>"), "image/gif");
}

/* ---- sound ---- */

#define OGG(head, len) "OggS\0\2\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\1" len head
#define OPUS(channels) "OpusHead\1" channels "\x38\1\x80\xbb\0\0\0\0\0"
#define BOX(size, type, content) "\0\0\0" size type content
#define TRACK(kind) BOX("\x30", "trak", BOX("\x28", "mdia", BOX("\x20", "hdlr", "\0\0\0\0\0\0\0\0" kind "\0\0\0\0\0\0\0\0\0\0\0\0")))
#define FTYP BOX("\x14", "ftyp", "isom\0\0\2\0mp42")

static void test_sound(void **state)
{
	static const char sound[] = FTYP BOX("\x38", "moov", TRACK("soun")), both[] = FTYP BOX("\x68", "moov", TRACK("soun") TRACK("vide"));
	struct look seen = look(STR(OGG(OPUS("\1"), "\x13")));

	(void)state;
	assert_string_equal(seen.mime_type, "audio/ogg");
	assert_true(seen.mono);
	seen = look(STR(OGG(OPUS("\2"), "\x13")));
	assert_string_equal(seen.mime_type, "audio/ogg");
	assert_false(seen.mono);
	assert_false(sound_is_mono_opus(STR(OGG("OpusHead\x11\1", "\x0a"))));
	assert_false(sound_is_mono_opus(STR(OGG("OpusHead\1\1", "\x13"))));	/* it is cut off */
	assert_false(sound_is_mono_opus(STR("OggS")));
	assert_true(sound_is_mp4_audio((struct str){ sound, sizeof(sound) - 1 }));
	assert_false(sound_is_mp4_audio((struct str){ both, sizeof(both) - 1 }));
	for (size_t len = 0; len < sizeof(sound) - 1; len++)
		assert_false(sound_is_mp4_audio((struct str){ sound, len }));
	assert_string_equal(look((struct str){ sound, sizeof(sound) - 1 }).mime_type, "audio/mp4");
	assert_string_equal(look((struct str){ both, sizeof(both) - 1 }).mime_type, "video/mp4");
}

static void test_webm(void **state)
{
#define ENTRY(type) "\xae\x83\x83\x81" type
#define WEBM(tracks, len) "\x1a\x45\xdf\xa3\x8b\x42\x82\x88" "webm\0\0\0\0" "\x18\x53\x80\x67\xff\x16\x54\xae\x6b" len tracks "\x1f\x43\xb6\x75\xff"
	(void)state;
	assert_true(sound_is_webm_audio(STR(WEBM(ENTRY("\2"), "\x85"))));
	assert_false(sound_is_webm_audio(STR(WEBM(ENTRY("\2") ENTRY("\1"), "\x8a"))));
	assert_false(sound_is_webm_audio(STR(WEBM(ENTRY("\1"), "\x85"))));
	assert_false(sound_is_webm_audio(STR("\x1a\x45\xdf\xa3")));
	assert_false(sound_is_webm_audio(STR("\0\0\0\0")));
	assert_false(sound_is_webm_audio(STR("")));
}

/* ---- what the process may do ---- */

/* What a process without rights could do: bit k, the k-th of these. */
static unsigned allowed_of(int fd)
{
	unsigned done = 0;
	char c;
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(9) };

	done |= (unsigned)(open("/etc/passwd", O_RDONLY) >= 0) << 0;
	done |= (unsigned)(socket(AF_INET, SOCK_STREAM, 0) >= 0) << 1;
	done |= (unsigned)(syscall(SYS_fork) == 0) << 2;
	done |= (unsigned)(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED) << 3;
	done |= (unsigned)(execl("/bin/true", "true", NULL) == 0) << 4;
	done |= (unsigned)(kill(getppid(), 0) == 0) << 5;
	done |= (unsigned)(dup(0) >= 0) << 6;
	done |= (unsigned)(connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 || errno == ECONNREFUSED) << 7;
	done |= (unsigned)(unlink("/nowhere") == 0 || errno == ENOENT) << 8;
	done |= (unsigned)(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0) << 9;
	done |= (unsigned)(syscall(SYS_mprotect, &a, 0, PROT_EXEC) == 0) << 10;
	/* What it needs is still there. */
	done |= (unsigned)(read(fd, &c, 1) < 0 && errno == EPERM) << 11;
	done |= (unsigned)(mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) << 12;
	return done;
}

static void test_rights(void **state)
{
	int ends[2], status = 0, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	unsigned done = 0xffff;
	pid_t pid;

	(void)state;
	assert_true(fd >= 0 && pipe(ends) == 0);
	if ((pid = fork()) == 0) {
		done = look_give_up_rights(0) ? allowed_of(fd) : 0xfffe;
		if (write(ends[1], &done, sizeof(done)) != sizeof(done))
			done = 0;
		(void)syscall(SYS_exit_group, 0);
	}
	(void)close(ends[1]);
	assert_int_equal(read(ends[0], &done, sizeof(done)), sizeof(done));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (done != 0)
		check_failed("it could: %x", done);
	(void)close(ends[0]);
	(void)close(fd);
}

/* ---- a process that misbehaves ---- */

static char script[256];

static void write_script(const char *body)
{
	(void)snprintf(script, sizeof(script), "%s/mailtrixy-look-XXXXXX", getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
	int fd = mkstemp(script);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	assert_non_null(f);
	assert_true(fprintf(f, "#!/bin/sh\n%s\n", body) > 0);
	assert_int_equal(fchmod(fd, 0700), 0);
	assert_int_equal(fclose(f), 0);
}

static struct look misled(const char *body, int expected)
{
	struct look seen;
	struct error err = { 0 };

	write_script(body);
	check_is(look_by(script, STR("x"), &seen, &err), expected, &err);
	(void)unlink(script);
	return seen;
}

static void test_misbehaving(void **state)
{
	struct look seen;

	(void)state;
	seen = misled("echo 'type image/png'; echo preview; kill -9 $$", ERR_BROKEN);
	assert_string_equal(seen.mime_type, "image/png");	/* told before the end */
	assert_false(seen.has_preview);
	seen = misled("echo 'type text/html; charset=utf-8'; echo 'size 99999999999 5'; echo 'size 5 -5'; echo end", 0);
	assert_string_equal(seen.mime_type, "");
	assert_int_equal(seen.width, 0);
	seen = misled("echo 'type a/b\"'; echo 'type /'; echo 'type a/b/c'; echo 'type a/'; echo end", 0);
	assert_string_equal(seen.mime_type, "");
	(void)misled("exit 3", ERR_BROKEN);
	(void)misled("exec yes", ERR_BROKEN);
	int64_t begun = clock_mono_ms();

	(void)misled("echo end; exec sleep 1000", 0);		/* nobody waits for its end */
	assert_true(clock_mono_ms() - begun < 7000);
	(void)misled("exec sleep 1000", ERR_BROKEN);
	assert_true(clock_mono_ms() - begun < 60000);
	assert_int_equal(misled("echo preview; printf end", ERR_BROKEN).has_preview, false);
	/* It has three descriptors and one for the preview, and no environment. */
	(void)misled("for f in /proc/self/fd/*; do case $f in */0|*/1|*/2|*/3|*/10|*/255) ;; *) [ -e $f ] && exit 1;; esac; done\n"
		     "[ -z \"$HOME$LANG$SHELL\" ] && echo end", 0);
}

static void test_no_program(void **state)
{
	struct look seen;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(look_by("/nowhere/mailtrixy", STR("x"), &seen, &err), ERR_BROKEN);
	assert_string_equal(seen.mime_type, "");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pictures), cmocka_unit_test(test_clear_parts), cmocka_unit_test(test_cmyk),
		cmocka_unit_test(test_orientation), cmocka_unit_test(test_nothing_of_the_camera_stays), cmocka_unit_test(test_pixel_bombs),
		cmocka_unit_test(test_cut_off), cmocka_unit_test(test_damaged), cmocka_unit_test(test_no_pictures), cmocka_unit_test(test_sound),
		cmocka_unit_test(test_webm), cmocka_unit_test(test_rights), cmocka_unit_test(test_misbehaving), cmocka_unit_test(test_no_program),
	};

	if (argc != 2)
		return 2;
	(void)snprintf(program, sizeof(program), "%s", argv[1]);
	int failed = cmocka_run_group_tests_name("look", tests, NULL, NULL);

	buf_done(&preview);
	return failed;
}
