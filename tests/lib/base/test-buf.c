#include "base/buf.h"

#include <string.h>

#include <criterion/criterion.h>

TestSuite(bytes, .timeout = 30);
TestSuite(buf_add, .timeout = 30);
TestSuite(buf_cut, .timeout = 30);
TestSuite(buf_check, .timeout = 30);
TestSuite(buf_copy, .timeout = 30);
TestSuite(buf_reserve, .timeout = 30);
TestSuite(auto_free, .timeout = 30);

/*
 * What is freed cannot be looked at; so the wiping itself is watched, in
 * place of the C library's function (of two names: _FORTIFY_SOURCE).
 */
static struct {
	const void *data;
	size_t      len;
	int         calls;
} wiped;

static void
watch_wipe(void *data, size_t len)
{
	volatile unsigned char *p = data;
	size_t i;

	wiped.data = data;
	wiped.len = len;
	wiped.calls++;
	for (i = 0; i < len; i++)
		p[i] = 0;
}

void
explicit_bzero(void *data, size_t len)
{
	watch_wipe(data, len);
}

void __explicit_bzero_chk(void *data, size_t len, size_t room);

void
__explicit_bzero_chk(void *data, size_t len, size_t room)
{
	(void)room;
	watch_wipe(data, len);
}

Test(bytes, of_null_text_are_none)
{
	cr_assert_eq(pki_bytes_text(NULL).len, 0);
	cr_assert_eq(pki_bytes_text("abc").len, 3);
	cr_assert_eq(PKI_BYTES_TEXT("a\0b").len, 3);
}

static const struct comparison {
	pki_bytes a, b;
	int       order;
} comparisons[] = {
	{ { NULL, 0 }, { NULL, 0 }, 0 },
	{ { NULL, 0 }, PKI_BYTES_TEXT(""), 0 },
	{ { NULL, 0 }, PKI_BYTES_TEXT("a"), -1 },
	{ PKI_BYTES_TEXT("a"), PKI_BYTES_TEXT("a"), 0 },
	{ PKI_BYTES_TEXT("a"), PKI_BYTES_TEXT("ab"), -1 },
	{ PKI_BYTES_TEXT("b"), PKI_BYTES_TEXT("ab"), 1 },
	{ PKI_BYTES_TEXT("a\0a"), PKI_BYTES_TEXT("a\0b"), -1 },
	{ PKI_BYTES_TEXT("\x7f"), PKI_BYTES_TEXT("\x80"), -1 },
};

static int
sign_of(int n)
{
	return n < 0 ? -1 : n > 0;
}

Test(bytes, compare_by_octets_and_a_prefix_comes_first)
{
	for (size_t i = 0; i < PKI_COUNT(comparisons); i++) {
		const struct comparison *c = &comparisons[i];

		cr_expect_eq(sign_of(pki_bytes_compare(c->a, c->b)), c->order,
		    "row %zu", i);
		cr_expect_eq(sign_of(pki_bytes_compare(c->b, c->a)), -c->order,
		    "row %zu the other way", i);
		cr_expect_eq(pki_bytes_equal(c->a, c->b), c->order == 0,
		    "row %zu equal", i);
	}
}

Test(buf_add, keeps_all_octets_and_a_nul_behind_them)
{
	PKI_AUTO(pki_buf) buf = pki_buf_new();
	pki_err err;

	cr_assert_str_eq(pki_buf_text(buf), "");
	pki_buf_add(buf, PKI_BYTES_TEXT("a\0b"));
	pki_buf_add_byte(buf, 'c');
	pki_buf_add_text(buf, "def");
	pki_buf_add_text(buf, NULL);
	pki_buf_add_format(buf, "-%d-%s", 7, "x");
	cr_assert_eq(pki_buf_check(buf, &err), PKI_OK);
	cr_assert(pki_bytes_equal(pki_buf_bytes(buf),
	    PKI_BYTES_TEXT("a\0bcdef-7-x")));
	cr_assert_eq(buf->data[buf->len], '\0');
}

Test(buf_add, grows_over_many_sizes_without_losing_an_octet)
{
	PKI_AUTO(pki_buf) buf = pki_buf_new();

	for (size_t i = 0; i < 100000; i++)
		pki_buf_add_byte(buf, (uint8_t)(i * 7));
	cr_assert_eq(buf->len, 100000);
	for (size_t i = 0; i < buf->len; i++)
		cr_assert_eq(buf->data[i], (uint8_t)(i * 7), "octet %zu", i);
}

Test(buf_add, wipes_the_memory_that_it_grows_out_of)
{
	PKI_AUTO(pki_buf) buf = pki_buf_new();
	const void *old;
	size_t room;

	pki_buf_add_text(buf, "secret");
	old = buf->data;
	room = buf->room;
	wiped.calls = 0;
	while (buf->data == old)
		pki_buf_add_text(buf, "more");
	cr_assert_eq(wiped.calls, 1);
	cr_assert_eq(wiped.data, old);
	cr_assert_eq(wiped.len, room);
}

Test(buf_add, wipes_everything_when_it_is_freed)
{
	pki_buf *buf = pki_buf_new();
	const void *data;
	size_t room;

	pki_buf_add_text(buf, "secret");
	data = buf->data;
	room = buf->room;
	wiped.calls = 0;
	pki_buf_free(buf);
	cr_assert_eq(wiped.calls, 1);
	cr_assert_eq(wiped.data, data);
	cr_assert_eq(wiped.len, room);
}

Test(buf_cut, wipes_what_lies_beyond)
{
	static const uint8_t zeros[6];
	PKI_AUTO(pki_buf) buf = pki_buf_new();

	pki_buf_add_text(buf, "user:secret");
	pki_buf_cut(buf, 5);
	cr_assert_str_eq(pki_buf_text(buf), "user:");
	cr_assert_eq(memcmp(buf->data + 5, zeros, sizeof(zeros)), 0);
	pki_buf_cut(buf, 100);
	cr_assert_eq(buf->len, 5);
	pki_buf_cut(NULL, 0);
}

Test(buf_check, reports_memory_for_no_buffer_and_for_a_failed_one)
{
	PKI_AUTO(pki_buf) buf = pki_buf_new();
	pki_err err;

	cr_assert_eq(pki_buf_check(NULL, &err), PKI_NO_MEMORY);
	cr_assert_eq(err.code, PKI_NO_MEMORY);
	pki_buf_add_text(buf, "abc");
	cr_assert_null(pki_buf_reserve(buf, SIZE_MAX));
	cr_assert(buf->failed);
	cr_assert_eq(pki_buf_check(buf, &err), PKI_NO_MEMORY);
}

Test(buf_check, fails_for_good_and_shows_no_contents)
{
	PKI_AUTO(pki_buf) buf = pki_buf_new();

	pki_buf_add_text(buf, "abc");
	cr_assert_null(pki_buf_reserve(buf, SIZE_MAX / 2 + 100));
	pki_buf_add_text(buf, "def");
	pki_buf_add_format(buf, "%d", 5);
	cr_assert_null(pki_buf_reserve(buf, 1));
	cr_assert_eq(buf->len, 3);
	cr_assert_eq(pki_buf_bytes(buf).len, 0);
	cr_assert_str_eq(pki_buf_text(buf), "");
}

Test(buf_check, is_what_adding_to_no_buffer_comes_to)
{
	pki_buf_add_text(NULL, "x");
	pki_buf_add_byte(NULL, 'x');
	pki_buf_add_format(NULL, "x%d", 1);
	cr_assert_null(pki_buf_reserve(NULL, 1));
	cr_assert_eq(pki_buf_bytes(NULL).len, 0);
	cr_assert_str_eq(pki_buf_text(NULL), "");
	pki_buf_free(NULL);
}

Test(buf_reserve, gives_the_place_where_octets_go)
{
	PKI_AUTO(pki_buf) buf = pki_buf_new();
	uint8_t *at;

	pki_buf_add_text(buf, "ab");
	at = pki_buf_reserve(buf, 1000);
	cr_assert_not_null(at);
	memset(at, 'x', 1000);
	buf->len += 1000;
	cr_assert_eq(buf->data[0], 'a');
	cr_assert_eq(buf->data[1001], 'x');
	cr_assert(buf->room > buf->len);
}

Test(buf_copy, is_a_buffer_of_its_own)
{
	char text[] = "abc";
	PKI_AUTO(pki_buf) buf = pki_buf_copy(pki_bytes_text(text));

	text[0] = 'x';
	cr_assert_str_eq(pki_buf_text(buf), "abc");
}

Test(buf_copy, of_nothing_is_empty)
{
	PKI_AUTO(pki_buf) buf = pki_buf_copy(pki_bytes_of(NULL, 0));

	cr_assert_not_null(buf);
	cr_assert_eq(buf->len, 0);
	cr_assert_str_eq(pki_buf_text(buf), "");
}

Test(auto_free, leaves_what_was_taken)
{
	pki_buf *kept;

	{
		PKI_AUTO(pki_buf) buf = pki_buf_copy(PKI_BYTES_TEXT("kept"));

		kept = PKI_TAKE(buf);
		cr_assert_null(buf);
	}
	cr_assert_str_eq(pki_buf_text(kept), "kept");
	pki_buf_free(kept);
}

Test(bytes_equal_secret, is_true_of_the_same_octets_only)
{
	static const struct {
		pki_bytes a, b;
		bool      same;
	} rows[] = {
		{ PKI_BYTES_TEXT("secret"), PKI_BYTES_TEXT("secret"), true },
		{ PKI_BYTES_TEXT("secret"), PKI_BYTES_TEXT("Secret"), false },
		{ PKI_BYTES_TEXT("secret"), PKI_BYTES_TEXT("secreT"), false },
		{ PKI_BYTES_TEXT("secret"), PKI_BYTES_TEXT("secre"), false },
		{ PKI_BYTES_TEXT("secre"), PKI_BYTES_TEXT("secret"), false },
		{ PKI_BYTES_TEXT("a\0b"), PKI_BYTES_TEXT("a\0c"), false },
		{ PKI_BYTES_TEXT(""), PKI_BYTES_TEXT("a"), false },
		{ PKI_BYTES_TEXT(""), PKI_BYTES_TEXT(""), false },
		{ { NULL, 0 }, { NULL, 0 }, false },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++)
		cr_expect(pki_bytes_equal_secret(rows[i].a, rows[i].b) ==
		    rows[i].same, "row %zu", i);
}
