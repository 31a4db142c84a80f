#include "pki-estd/auth.h"

#include <string.h>

static pki_code
fail(pki_err *err, const char *what)
{
	return pki_fail(err, PKI_BAD_INPUT, "%s", what);
}

static bool
all_of(pki_bytes text, const char *from, const char *also)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = (char)text.data[i];

		if (c == '\0' ||
		    (strchr(from, c) == NULL && strchr(also, c) == NULL))
			return false;
	}
	return true;
}

static pki_code
read_token(pki_bytes text, auth_token *out, pki_err *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
	const uint8_t *dot = text.len == 0 ? NULL :
	    memchr(text.data, '.', text.len);
	size_t id_len = dot == NULL ? 0 : (size_t)(dot - text.data);

	if (id_len == 0 || id_len > AUTH_ID_MAX ||
	    text.len != id_len + 1 + AUTH_SECRET)
		return fail(err, "not a token, wants <id>.<secret>");
	if (!all_of(pki_bytes_of(text.data, id_len), letters, "0123456789") ||
	    !all_of(pki_bytes_of(dot + 1, AUTH_SECRET), letters, "234567"))
		return fail(err, "not a token, wants <id>.<secret>");
	memcpy(out->text, text.data, text.len);
	out->text[text.len] = '\0';
	out->id_len = id_len;
	return PKI_OK;
}

static pki_code
read_basic(pki_bytes encoded, auth_token *out, pki_err *err)
{
	PKI_AUTO(pki_buf) plain = NULL;
	const uint8_t *colon;
	size_t user_len;
	pki_code rc;

	/* The reader of PEM skips white space; here there is none. */
	if (!all_of(encoded, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/=",
	    "abcdefghijklmnopqrstuvwxyz"))
		return fail(err, "not base64");
	rc = pki_base64_parse(encoded, AUTH_VALUE_MAX, &plain, err);
	if (rc == PKI_NO_MEMORY)
		return rc;
	if (rc != PKI_OK)
		return fail(err, "not base64");
	colon = plain->len == 0 ? NULL : memchr(plain->data, ':', plain->len);
	if (colon == NULL)
		return fail(err, "no colon behind the user name");
	user_len = (size_t)(colon - plain->data);
	if (user_len > 0) {
		rc = pki_identity_check(pki_bytes_of(plain->data, user_len),
		    NULL);
		if (rc != PKI_OK)
			return fail(err, "the user is not a device name");
		memcpy(out->user, plain->data, user_len);
	}
	out->user[user_len] = '\0';
	return read_token(pki_bytes_of(colon + 1, plain->len - user_len - 1),
	    out, err);
}

typedef pki_code scheme_reader(pki_bytes, auth_token *, pki_err *);

/* RFC 9110, section 11.1: the scheme's case does not matter. */
static const struct scheme {
	const char    *name;
	scheme_reader *read;
} schemes[] = {
	{ "basic ", read_basic },
	{ "bearer ", read_token },
};

static bool
begins_with(pki_bytes value, const char *name)
{
	size_t len = strlen(name);

	if (value.len < len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (pki_text_lower((char)value.data[i]) != name[i])
			return false;
	return true;
}

pki_code
auth_parse(pki_bytes value, auth_token *out, pki_err *err)
{
	auth_token token = { .id_len = 0 };
	pki_code rc;

	if (value.len > AUTH_VALUE_MAX)
		return fail(err, "too long");
	rc = fail(err, "not Basic or Bearer");
	for (size_t i = 0; i < PKI_COUNT(schemes); i++) {
		size_t skip = strlen(schemes[i].name);

		if (begins_with(value, schemes[i].name))
			rc = schemes[i].read(pki_bytes_of(value.data + skip,
			    value.len - skip), &token, err);
	}
	if (rc == PKI_OK)
		*out = token;
	auth_wipe(&token);
	return rc;
}

pki_bytes
auth_id(const auth_token *token)
{
	return pki_bytes_of(token->text, token->id_len);
}

void
auth_wipe(auth_token *token)
{
	pki_wipe(token, sizeof(*token));
}
