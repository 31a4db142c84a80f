#include <string.h>

#include "pki-enroll/slots-private.h"

/*
 *   pki-enroll pending 1
 *   purpose renew https://est.example CN=meter-0042
 *   staged 64 hexadecimal digits
 *   -----BEGIN PRIVATE KEY-----
 *   ...
 */
#define FIRST_LINE "pki-enroll pending 1\npurpose "
#define STAGED_LINE "\nstaged "
#define BEGIN_KEY "-----BEGIN "

void
pending_clear(struct pending *pending)
{
	pki_key_free(pending->key);
	memset(pending, 0, sizeof(*pending));
}

static pki_code
damaged(pki_err *err)
{
	return pki_fail(err, PKI_DAMAGED,
	    "%s is not what was written: a new key will be made",
	    SLOTS_PENDING);
}

/* Does *text begin with this?  Step over it. */
static bool
skip_text(const char **text, const char *expected)
{
	size_t len = strlen(expected);

	if (strncmp(*text, expected, len) != 0)
		return false;
	*text += len;
	return true;
}

static pki_code
parse(pki_buf *buf, struct pending *out, pki_err *err)
{
	const char *text = pki_buf_text(buf);
	PKI_AUTO(pki_buf) digest = NULL;
	char hex[PKI_DIGEST_TEXT];
	size_t len;

	if (!skip_text(&text, FIRST_LINE))
		return damaged(err);
	len = strcspn(text, "\n");
	if (len > SLOTS_PURPOSE_MAX)
		return damaged(err);
	memcpy(out->purpose, text, len);
	text += len;
	if (!skip_text(&text, STAGED_LINE) || strlen(text) < sizeof(hex))
		return damaged(err);
	memcpy(hex, text, sizeof(hex) - 1);
	hex[sizeof(hex) - 1] = '\0';
	text += sizeof(hex) - 1;
	if (!skip_text(&text, "\n" BEGIN_KEY) || pki_hex_parse(hex,
	    sizeof(out->staged.octets), &digest, NULL) != PKI_OK ||
	    digest->len != sizeof(out->staged.octets))
		return damaged(err);
	memcpy(out->staged.octets, digest->data, digest->len);
	return PKI_OK;
}

/* The PEM block is found by its label, whatever stands before it. */
static pki_code
parse_key(pki_buf *buf, struct pending *out, pki_err *err)
{
	const uint8_t *begin = memmem(buf->data, buf->len, BEGIN_KEY,
	    strlen(BEGIN_KEY));
	size_t len = buf->len - (size_t)(begin - buf->data);
	pki_code rc;

	rc = pki_key_parse(pki_bytes_of(begin, len), pki_bytes_of(NULL, 0),
	    &out->key, err);
	if (rc == PKI_OK)
		rc = slots_check_key(out->key, err);
	return rc;
}

pki_code
slots_read_pending(enroll_slots *slots, pki_err *err)
{
	struct pending pending = { .key = NULL };
	PKI_AUTO(pki_buf) buf = NULL;
	char path[PKI_PATH_MAX];
	pki_code rc = slots_path(slots, SLOTS_PENDING, path, err);

	pending_clear(&slots->pending);
	if (rc == PKI_OK)
		rc = slots_read(slots, path, SLOT_FILE_MAX, NULL, &buf, err);
	if (rc == PKI_NOT_FOUND || (rc == PKI_OK && buf == NULL))
		return PKI_OK;
	if (rc == PKI_OK)
		rc = parse(buf, &pending, err);
	if (rc == PKI_OK)
		rc = parse_key(buf, &pending, err);
	if (rc != PKI_OK) {
		pending_clear(&pending);
		return rc == PKI_NO_MEMORY ? rc :
		    pki_wrap(err, PKI_DAMAGED, "%s", SLOTS_PENDING);
	}
	slots->pending = pending;
	return PKI_OK;
}

pki_code
slots_write_pending(enroll_slots *slots, const pki_key *key,
    const char *purpose, const pki_digest *staged, pki_err *err)
{
	static const pki_digest none = { { 0 } };
	PKI_AUTO(pki_buf) text = pki_buf_new();
	char path[PKI_PATH_MAX], hex[PKI_DIGEST_TEXT];
	pki_code rc = slots_path(slots, SLOTS_PENDING, path, err);

	if (rc == PKI_OK && (strlen(purpose) > SLOTS_PURPOSE_MAX ||
	    !pki_text_is_printable(pki_bytes_text(purpose))))
		rc = pki_fail(err, PKI_USAGE, "purpose '%s'", purpose);
	pki_buf_add_format(text, FIRST_LINE "%s" STAGED_LINE "%s\n", purpose,
	    pki_digest_format(staged == NULL ? &none : staged, hex));
	if (rc == PKI_OK)
		rc = pki_buf_check(text, err);
	if (rc == PKI_OK)
		rc = pki_key_encode(key, pki_bytes_of(NULL, 0), text, err);
	/* Ours alone, whoever is to have the key one day. */
	if (rc == PKI_OK)
		rc = pki_file_replace(path, pki_buf_bytes(text), 0600, err);
	return rc == PKI_OK ? slots_read_pending(slots, err) : rc;
}

/* Take the key there is, or write this one. */
static pki_code
hand_out(enroll_slots *slots, const pki_key *key, const char *purpose,
    const pki_key **out, pki_err *err)
{
	pki_code rc = PKI_OK;

	if (key != slots->pending.key)
		rc = slots_write_pending(slots, key, purpose, NULL, err);
	if (rc == PKI_OK)
		*out = slots->pending.key;
	return rc;
}

pki_code
slots_pending(enroll_slots *slots, pki_key_type type, const char *purpose,
    const pki_key **out, pki_err *err)
{
	const pki_key *there = slots->pending.key;
	PKI_AUTO(pki_key) key = NULL;
	pki_code rc;

	if (there != NULL && pki_pubkey_type(pki_key_public(there)) == type)
		return hand_out(slots, there, purpose, out, err);
	rc = pki_key_generate(type, &key, err);
	return rc == PKI_OK ? hand_out(slots, key, purpose, out, err) : rc;
}

pki_code
slots_pending_same(enroll_slots *slots, const char *purpose,
    const pki_key **out, pki_err *err)
{
	const enroll_slot *current = slots_current(slots);
	const pki_key *there = slots->pending.key;

	if (current == NULL)
		return pki_fail(err, PKI_NOT_FOUND,
		    "there is no key to go on with");
	if (there != NULL && pki_digest_equal(
	    pki_pubkey_digest(pki_key_public(there)),
	    pki_pubkey_digest(pki_key_public(current->key))))
		return hand_out(slots, there, purpose, out, err);
	return hand_out(slots, current->key, purpose, out, err);
}

const pki_key *
slots_pending_now(const enroll_slots *slots, const char **out_purpose)
{
	if (out_purpose != NULL)
		*out_purpose = slots->pending.key == NULL ? NULL :
		    slots->pending.purpose;
	return slots->pending.key;
}

pki_code
slots_drop_pending(enroll_slots *slots, pki_err *err)
{
	char path[PKI_PATH_MAX];
	pki_code rc = slots_path(slots, SLOTS_PENDING, path, err);

	if (rc == PKI_OK)
		rc = slots_remove(path, err);
	if (rc == PKI_OK)
		rc = pki_dir_sync(slots->dir, err);
	if (rc == PKI_OK)
		pending_clear(&slots->pending);
	return rc;
}
