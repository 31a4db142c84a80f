#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <strings.h>

#include "pki-estd/auth.h"

/*
 * Authorization headers.  What is accepted has one spelling, case of the
 * scheme apart: written again from what was read it is the same octets.  What
 * is refused leaves nothing behind.  Octet 0 of an input says what goes before
 * the rest: nothing, "Bearer ", or "Basic " and then the rest as base64.
 */

enum { AS_IT_IS, AS_BEARER, AS_BASIC, WAYS };

static bool
is_of(const char *text, size_t len, const char *characters)
{
	return len > 0 && strspn(text, characters) >= len;
}

static void
check_token(pki_bytes value, const auth_token *token)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";
	PKI_AUTO(pki_buf) plain = pki_buf_new();
	PKI_AUTO(pki_buf) again = pki_buf_new();
	bool bearer = value.data[1] == 'e' || value.data[1] == 'E';
	const char *scheme = bearer ? "bearer " : "basic ";
	size_t id_len = token->id_len, skip = strlen(scheme);

	fuzz_assert(id_len <= AUTH_ID_MAX && is_of(token->text, id_len,
	    letters));
	fuzz_assert(token->text[id_len] == '.');
	fuzz_assert(is_of(token->text + id_len + 1, AUTH_SECRET, base32));
	fuzz_assert(strlen(token->text) == id_len + 1 + AUTH_SECRET);
	fuzz_assert(auth_id(token).len == id_len &&
	    memcmp(auth_id(token).data, token->text, id_len) == 0);
	fuzz_assert(token->user[0] == '\0' ||
	    (!bearer && pki_identity_check(pki_bytes_text(token->user),
	    NULL) == PKI_OK));

	pki_buf_add_format(plain, "%s:%s", token->user, token->text);
	if (bearer)
		pki_buf_add_text(again, token->text);
	else
		pki_base64_add(again, pki_buf_bytes(plain), 0);
	fuzz_assert(!plain->failed && !again->failed);
	/* The scheme's case is free, that of the rest is not. */
	fuzz_assert(strncasecmp((const char *)value.data, scheme, skip) == 0);
	fuzz_assert(pki_bytes_equal(pki_buf_bytes(again),
	    pki_bytes_of(value.data + skip, value.len - skip)));
}

static void
check(pki_bytes value)
{
	auth_token token, untouched;
	pki_err err = { 0 };
	pki_code rc;

	memset(&token, 0x5a, sizeof(token));
	memset(&untouched, 0x5a, sizeof(untouched));
	rc = auth_parse(value, &token, &err);
	if (rc != PKI_OK) {
		fuzz_assert(rc == PKI_BAD_INPUT);
		fuzz_check_refusal(rc, &err);
		fuzz_assert(err.value[0] == '\0');
		fuzz_assert(memcmp(&token, &untouched, sizeof(token)) == 0);
		return;
	}
	fuzz_assert(value.len <= AUTH_VALUE_MAX);
	check_token(value, &token);
	auth_wipe(&token);
	fuzz_assert(token.text[0] == '\0' && token.user[0] == '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PKI_AUTO(pki_buf) value = pki_buf_new();
	pki_bytes rest;

	if (size == 0)
		return 0;
	rest = pki_bytes_of(data + 1, size - 1);
	switch (data[0] % WAYS) {
	case AS_BEARER:
		pki_buf_add_text(value, "Bearer ");
		pki_buf_add(value, rest);
		break;
	case AS_BASIC:
		pki_buf_add_text(value, "Basic ");
		pki_base64_add(value, rest, 0);
		break;
	default:
		pki_buf_add(value, rest);
	}
	fuzz_assert(!value->failed);
	check(pki_buf_bytes(value));
	return 0;
}
