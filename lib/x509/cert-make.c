#include "x509/cert-make.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "x509/cert-parts.h"
#include "x509/digest.h"

static pki_code
copy_objects(const pki_tbs *tbs, pki_cert *cert, pki_err *err)
{
	pki_code rc;

	rc = pki_name_copy(tbs->issuer, &cert->issuer, err);
	if (rc == PKI_OK)
		rc = pki_name_copy(tbs->subject, &cert->subject, err);
	if (rc == PKI_OK)
		rc = pki_pubkey_copy(tbs->key, &cert->key, err);
	if (rc == PKI_OK && pki_altnames_count(tbs->alt_names) > 0)
		rc = pki_altnames_copy(tbs->alt_names, &cert->alt_names, err);
	if (rc == PKI_OK && tbs->crl_url != NULL &&
	    (cert->crl_url = pki_text_copy(tbs->crl_url)) == NULL)
		rc = pki_fail_memory(err);
	return rc;
}

static void
copy_values(const pki_tbs *tbs, pki_cert *cert)
{
	pki_bytes authority = tbs->authority_key_id;

	cert->serial = tbs->serial;
	cert->not_before = tbs->not_before;
	cert->not_after = tbs->not_after;
	cert->is_ca = tbs->is_ca;
	cert->path_len = tbs->is_ca ? tbs->path_len : -1;
	cert->key_usage = tbs->key_usage;
	cert->ext_usage = tbs->ext_usage;
	cert->subject_key_id = pki_pubkey_id(cert->key);
	/* The caller's bytes may go away, those in the encoding stay. */
	cert->authority_key_id = authority.len == 0 ? cert->subject_key_id :
	    pki_bytes_of(memmem(cert->frame.tbs.data, cert->frame.tbs.len,
	    authority.data, authority.len), authority.len);
}

pki_code
pki_cert_make(const pki_tbs *tbs, pki_buf *der, pki_cert **out, pki_err *err)
{
	PKI_AUTO(pki_cert) cert = calloc(1, sizeof(*cert));
	pki_code rc;

	if (cert == NULL) {
		pki_buf_free(der);
		return pki_fail_memory(err);
	}
	cert->der = der;
	rc = pki_signed_read(pki_buf_bytes(der), "certificate", &cert->frame,
	    err);
	if (rc == PKI_OK)
		rc = copy_objects(tbs, cert, err);
	if (rc == PKI_OK)
		rc = pki_digest_of(pki_buf_bytes(der), &cert->digest, err);
	if (rc != PKI_OK)
		return rc;
	copy_values(tbs, cert);
	*out = PKI_TAKE(cert);
	return PKI_OK;
}
