#include "pki-estd/auth.h"

#include <string.h>

#include <criterion/criterion.h>

TestSuite(auth_parse, .timeout = 30);

#define SECRET "abcdefghijklmnopqrstuvwx27"
#define TOKEN "abc123." SECRET

static pki_code
parse_basic(const char *plain, auth_token *out)
{
	PKI_AUTO(pki_buf) value = pki_buf_new();
	pki_err err;

	pki_buf_add_text(value, "Basic ");
	pki_base64_add(value, pki_bytes_text(plain), 0);
	return auth_parse(pki_buf_bytes(value), out, &err);
}

Test(auth_parse, takes_bearer_and_basic)
{
	auth_token token;
	pki_err err;

	cr_assert_eq(auth_parse(PKI_BYTES_TEXT("bEarer " TOKEN), &token,
	    &err), PKI_OK);
	cr_expect_str_eq(token.text, TOKEN);
	cr_expect_str_eq(token.user, "");
	cr_expect(pki_bytes_equal(auth_id(&token), PKI_BYTES_TEXT("abc123")));
	cr_expect_eq(auth_parse(PKI_BYTES_TEXT(
	    "Bearer abcdefghijklmnopqrstuvwx." SECRET), &token, &err), PKI_OK,
	    "the longest id");
	cr_assert_eq(parse_basic("meter-1:" TOKEN, &token), PKI_OK);
	cr_expect_str_eq(token.user, "meter-1");
	cr_expect_str_eq(token.text, TOKEN);
	cr_assert_eq(parse_basic(":" TOKEN, &token), PKI_OK);
	cr_expect_str_eq(token.user, "");
}

static const char *const bad_values[] = {
	"", "Bearer", "Bearer ", "Basic", "Basic ", "Digest a=b",
	TOKEN, "Bearer  " TOKEN, "Bearer " TOKEN " ", "Bearer\t" TOKEN,
	"Bearer ABC123." SECRET, "Bearer abc_1." SECRET, "Bearer ." SECRET,
	"Bearer abc123" SECRET, "Bearer abc123." SECRET "a",
	"Bearer abc123.abc", "Bearer abc123.ABCDEFGHIJKLMNOPQRSTUVWX27",
	"Bearer abc123.0bcdefghijklmnopqrstuvwx27",
	"Bearer a.b." SECRET,
	/* an id that is too long, and one that may be a secret */
	"Bearer abcdefghijklmnopqrstuvwxy." SECRET,
	"Bearer " SECRET "." SECRET,
	/* base64 of nothing good, with white space, not padded */
	"Basic ====", "Basic OmFi Yw==", "Basic OmFiYw", "Basic !",
	"Basic YQ==",
};

Test(auth_parse, refuses_every_other_spelling)
{
	for (size_t i = 0; i < PKI_COUNT(bad_values); i++) {
		auth_token token;
		pki_err err;

		cr_expect_eq(auth_parse(pki_bytes_text(bad_values[i]), &token,
		    &err), PKI_BAD_INPUT, "'%s'", bad_values[i]);
	}
}

static const char *const bad_pairs[] = {
	TOKEN, "", ":", "meter-1:", "meter 1:" TOKEN, "a/b:" TOKEN,
	"meter-1:x:" TOKEN, "meter-1::" TOKEN, "meter-1:" TOKEN "\n",
	"meter-1: " TOKEN, "meter\x01:" TOKEN,
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	":" TOKEN,
};

Test(auth_parse, refuses_bad_pairs)
{
	for (size_t i = 0; i < PKI_COUNT(bad_pairs); i++) {
		auth_token token;

		cr_expect_eq(parse_basic(bad_pairs[i], &token), PKI_BAD_INPUT,
		    "'%s'", bad_pairs[i]);
	}
}

Test(auth_parse, refuses_nul_and_length)
{
	char value[AUTH_VALUE_MAX + 1] = "Bearer " TOKEN;
	auth_token token;
	pki_err err;

	value[9] = '\0';
	cr_expect_eq(auth_parse(pki_bytes_of(value, 7 + strlen(TOKEN)),
	    &token, &err), PKI_BAD_INPUT);
	cr_expect_eq(auth_parse(pki_bytes_of(value, sizeof(value)), &token,
	    &err), PKI_BAD_INPUT);
}

Test(auth_parse, says_no_secret_and_wipes)
{
	auth_token token;
	const auth_token none = { .id_len = 0 };
	pki_err err;

	cr_assert_eq(auth_parse(PKI_BYTES_TEXT("Bearer A." SECRET), &token,
	    &err), PKI_BAD_INPUT);
	cr_expect_null(strstr(err.msg, SECRET));
	cr_assert_eq(auth_parse(PKI_BYTES_TEXT("Bearer " TOKEN), &token,
	    &err), PKI_OK);
	auth_wipe(&token);
	cr_expect_eq(memcmp(&token, &none, sizeof(token)), 0);
}
