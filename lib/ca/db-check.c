/*
 * db check: what is on record is what was done.  Hashes find accidents; who
 * tampers computes them anew, so each thing is held against another one that
 * he would have to sign, or to change as well.
 */
#include "ca/status.h"

#include <stdio.h>
#include <string.h>

#include "ca/find.h"
#include "ca/handle.h"
#include "ca/host-names.h"
#include "ca/rowhash.h"

struct check {
	pki_ca       *ca;
	int64_t       rows;             /* of every table but the audit log */
	int64_t       certs, total;     /* certificates: most of the work */
	pki_progress *progress;
	void         *arg;
};

static pki_code
add_issued(const pki_ca_info *info, void *arg, pki_err *err)
{
	struct check *check = arg;

	(void)err;
	check->total += info->issued;
	return PKI_OK;
}

static void
count_row(struct check *check)
{
	check->rows++;
}

static void
count_cert(struct check *check)
{
	count_row(check);
	if (++check->certs % 1000 == 0 && check->progress != NULL)
		check->progress(check->certs, check->total, check->arg);
}

static pki_code
check_identity(const pki_identity_row *row, void *arg, pki_err *err)
{
	count_row(arg);
	return pki_row_verify_identity(row, err);
}

/* What a token is said to have given must be there, and be its device's. */
static pki_code
check_token(const pki_token_row *row, void *arg, pki_err *err)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	struct check *check = arg;
	pki_cert_row cert;
	pki_code rc = pki_row_verify_token(row, err);

	count_row(check);
	if (rc != PKI_OK || row->use.used_at == 0)
		return rc;
	rc = pki_store_get_cert(check->ca->store, row->use.ca_id,
	    &row->use.serial, &cert, hold, err);
	if (rc != PKI_OK)
		return pki_wrap(err, PKI_DAMAGED, "token '%s'", row->name);
	if (cert.identity_id != row->identity_id ||
	    !pki_digest_equal(&cert.pubkey_digest, &row->use.key))
		return pki_fail(err, PKI_DAMAGED, "token '%s' was used for a "
		    "certificate of another device or key", row->name);
	return PKI_OK;
}

struct grown {
	const pki_approval_row *approval;
	bool                    found;
};

static pki_code
note_grown(const pki_cert_row *row, void *arg, pki_err *err)
{
	struct grown *grown = arg;

	(void)err;
	grown->found |= row->identity_id == grown->approval->identity_id;
	return PKI_OK;
}

/* What came of an approval must be there. */
static pki_code
check_approval(const pki_approval_row *row, void *arg, pki_err *err)
{
	const pki_cert_filter filter = { .pubkey = &row->key };
	struct grown grown = { .approval = row };
	struct check *check = arg;
	pki_code rc = pki_row_verify_approval(row, err);

	count_row(check);
	if (rc != PKI_OK || row->state != PKI_APPROVAL_USED)
		return rc;
	rc = pki_store_each_cert(check->ca->store, &filter, note_grown, &grown,
	    err);
	if (rc == PKI_OK && !grown.found)
		rc = pki_fail(err, PKI_DAMAGED, "request '%s' was issued, but "
		    "its device has no certificate of its key", row->name);
	return rc;
}

static pki_code
note_compromise(const pki_cert_row *row, void *arg, pki_err *err)
{
	bool *found = arg;

	(void)err;
	*found |= row->status == PKI_CERT_REVOKED &&
	    row->reason == PKI_REASON_KEY_COMPROMISE;
	return PKI_OK;
}

/* G22: keys are blocked because of a certificate that was lost. */
static pki_code
check_blocked(pki_ca *ca, const pki_pubkey_row *row, pki_err *err)
{
	const pki_cert_filter filter = { .pubkey = &row->digest };
	char text[PKI_DIGEST_TEXT];
	bool found = false;
	pki_code rc = pki_store_each_cert(ca->store, &filter, note_compromise,
	    &found, err);

	if (rc == PKI_OK && !found)
		rc = pki_fail(err, PKI_DAMAGED, "public key '%s' is blocked, "
		    "but no certificate of it was revoked as keyCompromise",
		    pki_digest_format(&row->digest, text));
	return rc;
}

static pki_code
check_pubkey(const pki_pubkey_row *row, void *arg, pki_err *err)
{
	struct check *check = arg;
	pki_code rc = pki_row_verify_pubkey(row, err);

	count_row(check);
	if (rc == PKI_OK && row->blocked_at != 0)
		rc = check_blocked(check->ca, row, err);
	return rc;
}

static bool
has_crl_url(const pki_cert *cert, const char *wanted)
{
	const char *url = pki_cert_crl_url(cert);

	return url != NULL && strcmp(url, wanted) == 0;
}

static pki_code
check_ca(const pki_ca_row *row, void *arg, pki_err *err)
{
	struct check *check = arg;
	pki_authority *authority, *parent;
	char url[PKI_URL_MAX];
	bool is_root = strcmp(row->name, row->parent) == 0;
	pki_code rc;

	count_row(check);
	rc = pki_row_verify_ca(row, err);
	if (rc == PKI_OK)
		rc = pki_authority_get(check->ca, row->name, &authority, err);
	if (rc == PKI_OK)
		rc = pki_authority_get(check->ca, row->parent, &parent, err);
	if (rc == PKI_OK)
		rc = pki_crl_url(parent, PKI_SCOPE_COMPLETE, url, err);
	if (rc == PKI_OK)
		rc = pki_cert_check_issuer(authority->cert, parent->cert, err);
	if (rc != PKI_OK)
		return pki_wrap(err, PKI_DAMAGED, "CA '%s'", row->name);
	if (!pki_cert_is_ca(authority->cert))
		return pki_fail(err, PKI_DAMAGED, "CA '%s': its certificate is "
		    "not a CA's", row->name);
	if (!is_root && !has_crl_url(authority->cert, url))
		return pki_fail(err, PKI_DAMAGED, "CA '%s': its certificate "
		    "does not name %s, the CRL of '%s'", row->name, url,
		    row->parent);
	return PKI_OK;
}

/* A CA's identity is its name, which is not in its certificate. */
static bool
is_of_identity(const pki_ca *ca, const pki_cert *cert, const char *identity)
{
	const pki_authority *authority = pki_authority_find(ca, identity);
	const char *name = pki_name_common_name(pki_cert_subject(cert));

	if (!pki_cert_is_ca(cert))
		return name != NULL && strcmp(name, identity) == 0;
	/* An offline root keeps no row of the CA that it signed. */
	return authority == NULL || pki_digest_equal(pki_cert_digest(cert),
	    pki_cert_digest(authority->cert));
}

static bool
is_in_partition(const pki_authority *authority, const pki_cert *cert,
    int64_t partition)
{
	bool partitioned = authority->crl_form == PKI_CRL_PARTITIONED;
	char url[PKI_URL_MAX];

	if (!partitioned && partition != 0)
		return false;
	/* A root's own certificate is on no list. */
	if (pki_digest_equal(pki_cert_digest(cert),
	    pki_cert_digest(authority->cert)))
		return true;
	return pki_crl_url(authority, partitioned ? partition :
	    PKI_SCOPE_COMPLETE, url, NULL) == PKI_OK && has_crl_url(cert, url);
}

/* What the row says of the certificate, as a name, or NULL. */
static const char *
find_lie(const pki_ca *ca, const pki_authority *authority,
    const pki_cert *cert, const pki_cert_row *row)
{
	if (!pki_serial_equal(pki_cert_serial(cert), &row->serial))
		return "serial";
	if (pki_cert_not_before(cert) != row->not_before ||
	    pki_cert_not_after(cert) != row->not_after)
		return "validity";
	if (!pki_digest_equal(pki_pubkey_digest(pki_cert_key(cert)),
	    &row->pubkey_digest))
		return "public key";
	if (!is_of_identity(ca, cert, row->identity))
		return "identity";
	if (!is_in_partition(authority, cert, row->partition))
		return "CRL";
	return NULL;
}

/* G22: a lost key is out for good. */
static pki_code
check_compromised(pki_ca *ca, const pki_cert_row *row, pki_err *err)
{
	char serial[PKI_SERIAL_TEXT];
	pki_pubkey_row key;
	pki_code rc;

	if (row->status != PKI_CERT_REVOKED ||
	    row->reason != PKI_REASON_KEY_COMPROMISE)
		return PKI_OK;
	rc = pki_store_get_pubkey(ca->store, &row->pubkey_digest, &key, err);
	if (rc == PKI_OK && key.blocked_at == 0)
		rc = pki_fail(err, PKI_DAMAGED, "certificate %s was revoked as "
		    "keyCompromise, but its key is not blocked",
		    pki_serial_format(&row->serial, serial));
	return rc;
}

/* The row's hash was verified; now the certificate against its row. */
static pki_code
check_cert(const pki_cert_row *row, void *arg, pki_err *err)
{
	struct check *check = arg;
	PKI_AUTO(pki_cert) cert = NULL;
	char serial[PKI_SERIAL_TEXT];
	pki_authority *authority;
	const char *lie = NULL;
	pki_code rc = pki_cert_parse(row->der, &cert, err);

	pki_serial_format(&row->serial, serial);
	count_cert(check);
	if (rc == PKI_OK)
		rc = pki_authority_get(check->ca, row->ca, &authority, err);
	if (rc == PKI_OK)
		lie = find_lie(check->ca, authority, cert, row);
	if (rc == PKI_OK && lie == NULL)
		rc = pki_cert_check_issuer(cert, authority->cert, err);
	if (rc == PKI_OK && lie == NULL)
		rc = pki_host_names_verify(check->ca, cert, row, err);
	if (rc != PKI_OK)
		return pki_wrap(err, PKI_DAMAGED, "certificate %s", serial);
	if (lie != NULL)
		return pki_fail(err, PKI_DAMAGED, "certificate %s is not what "
		    "its row says: another %s", serial, lie);
	return check_compromised(check->ca, row, err);
}

pki_code
pki_ca_check(pki_ca *ca, int64_t *out_rows, pki_progress *progress, void *arg,
    pki_err *err)
{
	struct check check = { .ca = ca, .progress = progress, .arg = arg };
	pki_audit_head head;
	pki_code rc;

	rc = pki_ca_each(ca, add_issued, &check, err);
	if (rc == PKI_OK)
		rc = pki_store_check(ca->store, err);
	if (rc == PKI_OK)
		rc = pki_store_each_ca(ca->store, check_ca, &check, err);
	if (rc == PKI_OK)
		rc = pki_store_each_identity(ca->store, 0, check_identity,
		    &check, err);
	if (rc == PKI_OK)
		rc = pki_store_each_token(ca->store, NULL, 0, check_token,
		    &check, err);
	if (rc == PKI_OK)
		rc = pki_store_each_approval(ca->store, NULL, 0,
		    check_approval, &check, err);
	if (rc == PKI_OK)
		rc = pki_store_each_pubkey(ca->store, check_pubkey, &check,
		    err);
	if (rc == PKI_OK)
		rc = pki_ca_each_cert(ca, NULL, NULL, check_cert, &check, err);
	if (rc == PKI_OK)
		rc = pki_audit_verify(ca, NULL, &head, progress, arg, err);
	*out_rows = check.rows;
	return rc;
}
