#include "pki-enroll/state.h"

#include <string.h>

#define FIRST_LINE "pki-enroll state 1"
#define SUM "sha256"

/* No text of ours has a longer line: 60 times of 20 digits. */
#define LINE_MAX_LEN 2048

/* How a field is written. */
enum kind {
	NUMBER,
	TIMES,          /* tries */
	DIGEST,
	CODE,
	TEXT,           /* the rest of the line */
};

#define AT(field) offsetof(enroll_state, field)

/* A line each, in this order. */
static const struct field {
	const char *name;
	enum kind   kind;
	size_t      offset;
} fields[] = {
	{ "failures",         NUMBER, AT(failures) },
	{ "tries",            TIMES,  AT(tries) },
	{ "last-success",     NUMBER, AT(last_success) },
	{ "not-before-retry", NUMBER, AT(not_before_retry) },
	{ "renew-after",      NUMBER, AT(renew_after) },
	{ "renew-after-of",   DIGEST, AT(renew_after_of) },
	{ "greatest-time",    NUMBER, AT(greatest_time) },
	{ "proven",           DIGEST, AT(proven) },
	{ "error-code",       CODE,   AT(error_code) },
	{ "error",            TEXT,   AT(error) },
};

enroll_state
enroll_state_new(void)
{
	return (enroll_state){ .error_code = PKI_OK };
}

static void
add_value(pki_buf *out, const struct field *field, const void *at)
{
	const int64_t *times = at;
	char hex[PKI_DIGEST_TEXT];

	switch (field->kind) {
	case NUMBER:
		pki_buf_add_format(out, " %lld", (long long)*times);
		break;
	case TIMES:
		for (size_t i = 0; i < STATE_TRIES && times[i] != 0; i++)
			pki_buf_add_format(out, " %lld", (long long)times[i]);
		break;
	case DIGEST:
		pki_buf_add_format(out, " %s", pki_digest_format(at, hex));
		break;
	case CODE:
		pki_buf_add_format(out, " %s",
		    pki_code_name(*(const pki_code *)at));
		break;
	case TEXT:
		pki_buf_add_format(out, " %s", (const char *)at);
		break;
	}
}

pki_code
enroll_state_encode(const enroll_state *state, pki_buf *out, pki_err *err)
{
	size_t from = out->len;
	pki_digest sum;
	char hex[PKI_DIGEST_TEXT];
	pki_code rc;

	pki_buf_add_text(out, FIRST_LINE "\n");
	for (size_t i = 0; i < PKI_COUNT(fields); i++) {
		pki_buf_add_text(out, fields[i].name);
		add_value(out, &fields[i],
		    (const char *)state + fields[i].offset);
		pki_buf_add_text(out, "\n");
	}
	rc = pki_buf_check(out, err);
	if (rc == PKI_OK)
		rc = pki_digest_of(pki_bytes_of(out->data + from,
		    out->len - from), &sum, err);
	if (rc != PKI_OK)
		return rc;
	pki_buf_add_format(out, SUM " %s\n", pki_digest_format(&sum, hex));
	return pki_buf_check(out, err);
}

static pki_code
damaged(pki_err *err, const char *line)
{
	return pki_fail(err, PKI_DAMAGED,
	    "the line '%s' of the state file is missing or damaged", line);
}

/* Take the next line out of text, without its end. */
static bool
next_line(pki_bytes *text, char out[LINE_MAX_LEN])
{
	const uint8_t *end = text->len == 0 ? NULL :
	    memchr(text->data, '\n', text->len);
	size_t len = end == NULL ? LINE_MAX_LEN : (size_t)(end - text->data);

	if (len >= LINE_MAX_LEN ||
	    !pki_text_is_printable(pki_bytes_of(text->data, len)))
		return false;
	memcpy(out, text->data, len);
	out[len] = '\0';
	text->data += len + 1;
	text->len -= len + 1;
	return true;
}

static bool
read_number(const char *text, int64_t *out)
{
	return pki_number_parse(text, 0, PKI_TIME_MAX, out, NULL) == PKI_OK;
}

static bool
read_times(char *text, int64_t *out)
{
	size_t count = 0;
	char *rest = NULL;

	for (char *word = strtok_r(text, " ", &rest); word != NULL;
	    word = strtok_r(NULL, " ", &rest))
		if (count == STATE_TRIES || !read_number(word, &out[count++]))
			return false;
	return true;
}

static bool
read_digest(const char *text, pki_digest *out)
{
	PKI_AUTO(pki_buf) octets = NULL;

	if (pki_hex_parse(text, sizeof(out->octets), &octets, NULL) !=
	    PKI_OK || octets->len != sizeof(out->octets))
		return false;
	memcpy(out->octets, octets->data, sizeof(out->octets));
	return true;
}

static bool
read_code(const char *text, pki_code *out)
{
	for (int code = PKI_OK; code <= PKI_NO_MEMORY; code++) {
		if (strcmp(text, pki_code_name((pki_code)code)) == 0) {
			*out = (pki_code)code;
			return true;
		}
	}
	return false;
}

static bool
read_value(char *text, const struct field *field, void *at)
{
	switch (field->kind) {
	case NUMBER:
		return read_number(text, at);
	case TIMES:
		return read_times(text, at);
	case DIGEST:
		return read_digest(text, at);
	case CODE:
		return read_code(text, at);
	case TEXT:
		break;
	}
	return pki_text_format(at, STATE_TEXT, NULL, "%s", text) == PKI_OK;
}

static pki_code
check_sum(pki_bytes above, pki_bytes text, pki_err *err)
{
	char line[LINE_MAX_LEN];
	pki_digest sum, said;
	pki_code rc = pki_digest_of(above, &sum, err);

	if (rc != PKI_OK)
		return rc;
	if (!next_line(&text, line) || text.len != 0 ||
	    strncmp(line, SUM " ", sizeof(SUM)) != 0 ||
	    !read_digest(line + sizeof(SUM), &said) ||
	    !pki_digest_equal(&sum, &said))
		return damaged(err, SUM);
	return PKI_OK;
}

pki_code
enroll_state_parse(pki_bytes text, enroll_state *out, pki_err *err)
{
	enroll_state state = enroll_state_new();
	pki_bytes rest = text;
	char line[LINE_MAX_LEN];
	pki_code rc;

	if (!next_line(&rest, line) || strcmp(line, FIRST_LINE) != 0)
		return damaged(err, FIRST_LINE);
	for (size_t i = 0; i < PKI_COUNT(fields); i++) {
		const struct field *field = &fields[i];
		size_t len = strlen(field->name);

		if (!next_line(&rest, line) ||
		    strncmp(line, field->name, len) != 0)
			return damaged(err, field->name);
		/* A list without an item has no space either. */
		if (line[len] == ' ')
			len++;
		else if (line[len] != '\0')
			return damaged(err, field->name);
		if (!read_value(line + len, field,
		    (char *)&state + field->offset))
			return damaged(err, field->name);
	}
	rc = check_sum(pki_bytes_of(text.data, text.len - rest.len), rest,
	    err);
	if (rc == PKI_OK)
		*out = state;
	return rc;
}

int64_t
enroll_state_renew_after(const enroll_state *state, const pki_cert *cert)
{
	return pki_digest_equal(&state->renew_after_of,
	    pki_cert_digest(cert)) ? state->renew_after : 0;
}

void
enroll_state_add_try(enroll_state *state, int64_t now)
{
	memmove(state->tries + 1, state->tries,
	    sizeof(state->tries) - sizeof(state->tries[0]));
	state->tries[0] = now;
	state->not_before_retry = 0;
}

void
enroll_state_add_failure(enroll_state *state, const pki_err *why)
{
	if (why->code != PKI_PENDING)
		state->failures++;
	state->error_code = why->code;
	memcpy(state->error, why->msg, sizeof(state->error));
}

void
enroll_state_add_success(enroll_state *state, int64_t now)
{
	state->failures = 0;
	state->not_before_retry = 0;
	state->last_success = now;
	state->error_code = PKI_OK;
	state->error[0] = '\0';
}
