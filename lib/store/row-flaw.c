/* What is right about a row. */
#include "store/row.h"

#include <string.h>

#include "base/text.h"

#define TEXT_MAX 1023
#define DER_MAX (1 << 20)
#define LINE_MAX_OCTETS (64 << 10)

static bool
is_text(const char *text)
{
	return text != NULL && text[0] != '\0' && strlen(text) <= TEXT_MAX &&
	    pki_text_is_printable(pki_bytes_text(text));
}

static bool
is_der(pki_bytes der)
{
	return der.data != NULL && der.len != 0 && der.len <= DER_MAX;
}

/* Length of the UTF-8 sequence that begins with this octet, or 0. */
static size_t
sequence_length(uint8_t first)
{
	if (first < 0x80)
		return first >= 0x20 && first != 0x7f;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* RFC 3629, section 4: the second octet rules out what is left. */
static bool
second_octet_fits(uint8_t first, uint8_t second)
{
	switch (first) {
	case 0xe0:
		return second >= 0xa0;
	case 0xed:
		return second <= 0x9f;
	case 0xf0:
		return second >= 0x90;
	case 0xf4:
		return second <= 0x8f;
	default:
		return true;
	}
}

/* One line of UTF-8 without control characters. */
static bool
is_line(const char *text)
{
	pki_bytes line = pki_bytes_text(text);
	size_t at, i, len;

	if (line.len == 0 || line.len > LINE_MAX_OCTETS)
		return false;
	for (at = 0; at < line.len; at += len) {
		len = sequence_length(line.data[at]);
		if (len == 0 || len > line.len - at)
			return false;
		for (i = 1; i < len; i++)
			if ((line.data[at + i] & 0xc0) != 0x80)
				return false;
		if (len > 1 && !second_octet_fits(line.data[at],
		    line.data[at + 1]))
			return false;
	}
	return true;
}

/* Text that may be missing. */
static bool
is_note(const char *text)
{
	return text == NULL || text[0] == '\0' ||
	    (strlen(text) <= TEXT_MAX && is_line(text));
}

/* Counts and times that nothing done with them can make overflow. */
static bool
is_count(int64_t count)
{
	return count >= 0 && count <= PKI_ROW_COUNT_MAX;
}

static bool
is_time(int64_t when)
{
	return when >= -PKI_TIME_MAX && when <= PKI_TIME_MAX;
}

/*
 * A key's place: "file:keys/NAME.key" below the state directory, or something
 * that is no file.  It becomes a path, so that it leads nowhere else.
 */
static bool
is_key_ref(const char *text)
{
	static const char head[] = "file:keys/", tail[] = ".key";
	char name[PKI_CA_NAME_MAX + 1];
	size_t len;

	if (!is_text(text))
		return false;
	if (strncmp(text, "file:", 5) != 0)
		return true;
	len = strlen(text);
	if (strncmp(text, head, strlen(head)) != 0 ||
	    len <= strlen(head) + strlen(tail) ||
	    len > strlen(head) + PKI_CA_NAME_MAX + strlen(tail) ||
	    strcmp(text + len - strlen(tail), tail) != 0)
		return false;
	len -= strlen(head) + strlen(tail);
	memcpy(name, text + strlen(head), len);
	name[len] = '\0';
	return pki_ca_name_check(name, NULL) == PKI_OK;
}

static bool
is_ca_name(const char *text)
{
	return text != NULL && pki_ca_name_check(text, NULL) == PKI_OK;
}

bool
pki_row_serial_is_valid(const pki_serial *serial)
{
	pki_serial same;

	return serial->len <= sizeof(serial->octets) &&
	    pki_serial_from_bytes(pki_serial_bytes(serial), &same, NULL) ==
	    PKI_OK;
}

/* RFC 5280, section 5.3.1; 7 is not used. */
bool
pki_row_reason_is_valid(int64_t reason)
{
	return reason >= 0 && reason <= 10 && reason != 7;
}

size_t
pki_row_subtrees(int64_t size)
{
	return size <= 0 ? 0 : (size_t)__builtin_popcountll((uint64_t)size);
}

const char *
pki_row_ca_flaw(const pki_ca_row *row)
{
	if (!is_ca_name(row->name))
		return "name";
	if (!is_ca_name(row->parent))
		return "parent";
	if (!is_der(row->der))
		return "der";
	if (!is_key_ref(row->key_ref))
		return "key_ref";
	if (row->crl_form < 0 || row->crl_form > 1)
		return "crl_form";
	if (row->partition_size < 1 || !is_count(row->partition_size))
		return "partition_size";
	if (!is_time(row->created_at))
		return "created_at";
	return is_text(row->base_url) ? NULL : "base_url";
}

const char *
pki_row_profile_flaw(const pki_profile_row *row)
{
	if (!is_text(row->name))
		return "name";
	return is_der(row->text) ? NULL : "text";
}

const char *
pki_row_identity_flaw(const pki_identity_row *row)
{
	if (!is_text(row->name))
		return "name";
	if (!is_time(row->created_at))
		return "created_at";
	if (row->state < PKI_IDENTITY_LIVE ||
	    row->state > PKI_IDENTITY_REGISTERED)
		return "state";
	if (row->hold < PKI_HOLD_NONE || row->hold > PKI_HOLD_REGISTERED ||
	    (row->hold != PKI_HOLD_NONE && row->state != PKI_IDENTITY_HELD))
		return "hold";
	if (!is_note(row->profile))
		return "profile";
	if (!is_note(row->groups))
		return "groups";
	if (!is_note(row->tags))
		return "tags";
	return is_note(row->notes) ? NULL : "notes";
}

const char *
pki_row_token_flaw(const pki_token_row *row)
{
	if (!is_text(row->name))
		return "name";
	if (!is_text(row->profile))
		return "profile";
	if (!is_time(row->created_at))
		return "created_at";
	if (!is_time(row->expires_at))
		return "expires_at";
	return row->revoked_at < 0 || !is_time(row->revoked_at) ?
	    "revoked_at" : NULL;
}

const char *
pki_row_token_use_flaw(const pki_token_use *use)
{
	if (!pki_row_serial_is_valid(&use->serial))
		return "serial";
	return use->used_at <= 0 || !is_time(use->used_at) ? "used_at" : NULL;
}

const char *
pki_row_approval_flaw(const pki_approval_row *row)
{
	bool waits = row->state == PKI_APPROVAL_WAITING;

	if (!is_text(row->name))
		return "name";
	if (!is_text(row->profile))
		return "profile";
	if (!is_text(row->names))
		return "names";
	if (!is_time(row->requested_at))
		return "requested_at";
	if (row->state < PKI_APPROVAL_WAITING ||
	    row->state > PKI_APPROVAL_USED)
		return "state";
	if (!is_time(row->decided_at) || (row->decided_at == 0) != waits)
		return "decided_at";
	return row->decided_by != NULL && (waits ?
	    row->decided_by[0] == '\0' : is_text(row->decided_by)) ? NULL :
	    "decided_by";
}

const char *
pki_row_pubkey_flaw(const pki_pubkey_row *row)
{
	if (row->identity_id < 0)
		return "identity_id";
	return row->blocked_at < 0 || !is_time(row->blocked_at) ?
	    "blocked_at" : NULL;
}

const char *
pki_row_host_flaw(const pki_host_row *row)
{
	return is_text(row->name) ? NULL : "name";
}

const char *
pki_row_cert_flaw(const pki_cert_row *row)
{
	if (!pki_row_serial_is_valid(&row->serial))
		return "serial";
	if (!is_der(row->der))
		return "der";
	if (row->key_origin < 0 || row->key_origin > 1)
		return "key_origin";
	if (!is_count(row->partition))
		return "partition";
	if (!is_time(row->not_before) || !is_time(row->not_after))
		return "validity";
	if (!is_time(row->issued_at))
		return "issued_at";
	if (!is_time(row->revoked_at))
		return "revoked_at";
	if (!is_time(row->invalid_since))
		return "invalid_since";
	if (row->status < PKI_CERT_GOOD || row->status > PKI_CERT_HELD)
		return "status";
	return pki_row_reason_is_valid(row->reason) ? NULL : "reason";
}

const char *
pki_row_crl_flaw(const pki_crl_row *row)
{
	if (row->number < 1 || !is_count(row->number))
		return "number";
	if (row->scope < -1 || row->scope > PKI_ROW_COUNT_MAX)
		return "scope";
	if (!is_time(row->this_update) || !is_time(row->next_update))
		return "time";
	return is_count(row->entries) ? NULL : "entries";
}

const char *
pki_row_audit_flaw(const pki_audit_row *row)
{
	if (!is_count(row->seq))
		return "seq";
	if (!is_time(row->at))
		return "at";
	return is_line(row->line) ? NULL : "line";
}
