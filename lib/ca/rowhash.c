#include "ca/rowhash.h"

#include "x509/digest.h"

/* Fields are joined with their lengths, so that none can flow into the next. */
static void
add_number(pki_buf *buf, int64_t number)
{
	uint8_t octets[8];
	size_t i;

	for (i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)((uint64_t)number >> (56 - 8 * i));
	pki_buf_add(buf, pki_bytes_of(octets, sizeof(octets)));
}

static void
add_bytes(pki_buf *buf, pki_bytes bytes)
{
	add_number(buf, (int64_t)bytes.len);
	pki_buf_add(buf, bytes);
}

static void
add_text(pki_buf *buf, const char *text)
{
	add_bytes(buf, pki_bytes_text(text));
}

static pki_code
finish(const pki_buf *buf, pki_digest *out, pki_err *err)
{
	pki_code rc = pki_buf_check(buf, err);

	return rc == PKI_OK ? pki_digest_of(pki_buf_bytes(buf), out, err) : rc;
}

static pki_code
hash_ca(const pki_ca_row *row, pki_digest *out, pki_err *err)
{
	PKI_AUTO(pki_buf) buf = pki_buf_new();

	add_text(buf, "ca");
	add_text(buf, row->name);
	add_text(buf, row->parent);
	add_bytes(buf, row->der);
	add_text(buf, row->key_ref);
	add_number(buf, row->crl_form);
	add_number(buf, row->partition_size);
	add_text(buf, row->base_url);
	add_number(buf, row->created_at);
	return finish(buf, out, err);
}

static pki_code
hash_identity(const pki_identity_row *row, pki_digest *out, pki_err *err)
{
	PKI_AUTO(pki_buf) buf = pki_buf_new();

	add_text(buf, "identity");
	add_text(buf, row->name);
	add_number(buf, row->state);
	add_number(buf, row->created_at);
	add_number(buf, row->hold);
	add_text(buf, row->profile);
	add_text(buf, row->groups);
	add_text(buf, row->tags);
	add_text(buf, row->notes);
	return finish(buf, out, err);
}

static pki_code
hash_token(const pki_token_row *row, pki_digest *out, pki_err *err)
{
	PKI_AUTO(pki_buf) buf = pki_buf_new();

	add_text(buf, "token");
	add_text(buf, row->name);
	add_text(buf, row->identity);
	add_text(buf, row->profile);
	add_number(buf, row->created_at);
	add_number(buf, row->expires_at);
	add_number(buf, row->revoked_at);
	return finish(buf, out, err);
}

static pki_code
hash_token_use(const pki_token_use *use, pki_digest *out, pki_err *err)
{
	PKI_AUTO(pki_buf) buf = pki_buf_new();

	add_text(buf, "token-use");
	add_text(buf, use->token);
	add_number(buf, use->used_at);
	add_bytes(buf, pki_digest_bytes(&use->key));
	add_text(buf, use->ca);
	add_bytes(buf, pki_serial_bytes(&use->serial));
	return finish(buf, out, err);
}

static pki_code
hash_approval(const pki_approval_row *row, pki_digest *out, pki_err *err)
{
	PKI_AUTO(pki_buf) buf = pki_buf_new();

	add_text(buf, "approval");
	add_text(buf, row->name);
	add_text(buf, row->identity);
	add_text(buf, row->profile);
	add_bytes(buf, pki_digest_bytes(&row->key));
	add_text(buf, row->names);
	add_bytes(buf, pki_digest_bytes(&row->names_digest));
	add_number(buf, row->requested_at);
	add_number(buf, row->state);
	add_number(buf, row->decided_at);
	add_text(buf, row->decided_by);
	return finish(buf, out, err);
}

static pki_code
hash_pubkey(const pki_pubkey_row *row, pki_digest *out, pki_err *err)
{
	PKI_AUTO(pki_buf) buf = pki_buf_new();

	add_text(buf, "pubkey");
	add_bytes(buf, pki_digest_bytes(&row->digest));
	add_number(buf, row->identity_id);
	add_number(buf, row->blocked_at);
	return finish(buf, out, err);
}

static pki_code
hash_cert(const pki_cert_row *row, pki_digest *out, pki_err *err)
{
	PKI_AUTO(pki_buf) buf = pki_buf_new();

	add_text(buf, "cert");
	add_text(buf, row->ca);
	add_text(buf, row->identity);
	add_text(buf, row->profile);
	add_bytes(buf, pki_digest_bytes(&row->profile_digest));
	add_bytes(buf, pki_digest_bytes(&row->pubkey_digest));
	add_bytes(buf, pki_serial_bytes(&row->serial));
	add_number(buf, row->not_before);
	add_number(buf, row->not_after);
	add_number(buf, row->issued_at);
	add_number(buf, row->key_origin);
	add_number(buf, row->partition);
	add_number(buf, row->status);
	add_number(buf, row->revoked_at);
	add_number(buf, row->reason);
	add_number(buf, row->invalid_since);
	add_bytes(buf, row->der);
	return finish(buf, out, err);
}

pki_code
pki_row_seal_ca(pki_ca_row *row, pki_err *err)
{
	return hash_ca(row, &row->row_hash, err);
}

pki_code
pki_row_seal_identity(pki_identity_row *row, pki_err *err)
{
	return hash_identity(row, &row->row_hash, err);
}

pki_code
pki_row_seal_pubkey(pki_pubkey_row *row, pki_err *err)
{
	return hash_pubkey(row, &row->row_hash, err);
}

pki_code
pki_row_seal_token(pki_token_row *row, pki_err *err)
{
	return hash_token(row, &row->row_hash, err);
}

pki_code
pki_row_seal_token_use(pki_token_use *use, pki_err *err)
{
	return hash_token_use(use, &use->row_hash, err);
}

pki_code
pki_row_seal_approval(pki_approval_row *row, pki_err *err)
{
	return hash_approval(row, &row->row_hash, err);
}

pki_code
pki_row_seal_cert(pki_cert_row *row, pki_err *err)
{
	return hash_cert(row, &row->row_hash, err);
}

static pki_code
compare(pki_code rc, const pki_digest *now, const pki_digest *stored,
    const char *kind, const char *which, pki_err *err)
{
	if (rc != PKI_OK || pki_digest_equal(now, stored))
		return rc;
	return pki_fail(err, PKI_DAMAGED, "%s '%s': the stored row does not "
	    "match its hash", kind, which);
}

pki_code
pki_row_verify_ca(const pki_ca_row *row, pki_err *err)
{
	pki_digest now;

	return compare(hash_ca(row, &now, err), &now, &row->row_hash, "CA",
	    row->name, err);
}

pki_code
pki_row_verify_identity(const pki_identity_row *row, pki_err *err)
{
	pki_digest now;

	return compare(hash_identity(row, &now, err), &now, &row->row_hash,
	    "identity", row->name, err);
}

pki_code
pki_row_verify_pubkey(const pki_pubkey_row *row, pki_err *err)
{
	char text[PKI_DIGEST_TEXT];
	pki_digest now;

	return compare(hash_pubkey(row, &now, err), &now, &row->row_hash,
	    "public key", pki_digest_format(&row->digest, text), err);
}

pki_code
pki_row_verify_token(const pki_token_row *row, pki_err *err)
{
	pki_digest now;
	pki_code rc = compare(hash_token(row, &now, err), &now, &row->row_hash,
	    "token", row->name, err);

	if (rc != PKI_OK || row->use.used_at == 0)
		return rc;
	return compare(hash_token_use(&row->use, &now, err), &now,
	    &row->use.row_hash, "use of token", row->name, err);
}

pki_code
pki_row_verify_approval(const pki_approval_row *row, pki_err *err)
{
	pki_digest now;

	return compare(hash_approval(row, &now, err), &now, &row->row_hash,
	    "request", row->name, err);
}

pki_code
pki_row_verify_cert(const pki_cert_row *row, pki_err *err)
{
	char text[PKI_SERIAL_TEXT];
	pki_digest now;

	return compare(hash_cert(row, &now, err), &now, &row->row_hash,
	    "certificate", pki_serial_format(&row->serial, text), err);
}
