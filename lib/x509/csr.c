#include "x509/csr.h"

#include <stdlib.h>
#include <string.h>

#include "x509/csr-attributes.h"
#include "x509/der.h"
#include "x509/pem.h"
#include "x509/signed.h"
#include "x509/tbs.h"

struct pki_csr {
	pki_buf      *der;
	pki_name     *subject;
	pki_pubkey   *key;
	pki_csr_wishes wishes;
};

static pki_code
read_version(pki_der *info, pki_err *err)
{
	int64_t version;
	pki_code rc;

	rc = pki_der_read_small(info, &version, err);
	/* v1(0): RFC 2986, 4.1. */
	if (rc == PKI_OK && version != 0)
		return pki_refuse(err, PKI_BAD_INPUT, "version", "0", "%lld",
		    (long long)version);
	return rc;
}

/*
 * CertificationRequestInfo ::= SEQUENCE { version, subject, subjectPKInfo,
 * attributes [0] }.  The key goes to libcrypto, so it comes last.
 */
static pki_code
read_info(pki_csr *csr, pki_bytes tbs, pki_err *err)
{
	pki_der outer = pki_der_from(tbs, "certification request");
	pki_der info, attributes;
	pki_bytes subject, spki;
	pki_code rc;

	rc = pki_der_enter(&outer, PKI_DER_SEQUENCE, &info, err);
	if (rc == PKI_OK)
		rc = read_version(&info, err);
	if (rc == PKI_OK)
		rc = pki_der_read_any(&info, NULL, NULL, &subject, err);
	if (rc == PKI_OK)
		rc = pki_der_read_any(&info, NULL, NULL, &spki, err);
	if (rc == PKI_OK)
		rc = pki_der_enter(&info, PKI_DER_CONTEXT(0), &attributes,
		    err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&info, err);
	if (rc == PKI_OK)
		rc = pki_name_parse(subject, &csr->subject, err);
	if (rc == PKI_OK)
		rc = pki_csr_read_attributes(&attributes, &csr->wishes, err);
	if (rc == PKI_OK)
		rc = pki_pubkey_parse(spki, &csr->key, err);
	return rc;
}

static pki_code
refuse_algorithm(pki_bytes identifier, pki_err *err)
{
	pki_der outer = pki_der_from(identifier, "signature algorithm");
	char text[80];
	pki_bytes oid;
	pki_der fields;
	pki_code rc;

	rc = pki_der_enter(&outer, PKI_DER_SEQUENCE, &fields, err);
	if (rc == PKI_OK)
		rc = pki_der_read_oid(&fields, &oid, err);
	if (rc != PKI_OK)
		return rc;
	return pki_refuse(err, PKI_DENIED, "signature-algorithm",
	    "ECDSA or RSA with SHA-256, SHA-384 or SHA-512; Ed25519; ML-DSA",
	    "%s, or its parameters",
	    pki_der_format_oid(oid, text, sizeof(text)));
}

static pki_code
check_possession(const pki_csr *csr, const pki_signed *frame, pki_err *err)
{
	const pki_sigalg *algorithm = pki_sigalg_find(frame->algorithm);
	pki_err reason;
	pki_code rc;

	if (algorithm == NULL)
		return refuse_algorithm(frame->algorithm, err);
	rc = pki_pubkey_verify(csr->key, algorithm, frame->tbs,
	    frame->signature, &reason);
	if (rc == PKI_DENIED && strcmp(reason.rule, "signature") == 0)
		return pki_refuse(err, PKI_DENIED, "proof-of-possession",
		    "a signature by the private key of the public key inside",
		    "signature by another key or damaged");
	if (rc != PKI_OK && err != NULL)
		*err = reason;
	return rc;
}

pki_code
pki_csr_parse(pki_bytes in, pki_csr **out, pki_err *err)
{
	PKI_AUTO(pki_csr) csr = NULL;
	pki_signed frame;
	pki_bytes der;
	pki_code rc;

	if (in.len > PKI_CSR_FILE_MAX)
		return pki_refuse(err, PKI_BAD_INPUT, "size",
		    "at most 65536 octets", "%zu octets", in.len);
	csr = calloc(1, sizeof(*csr));
	if (csr == NULL)
		return pki_fail_memory(err);
	rc = pki_pem_or_der(in, PKI_PEM_CSR, PKI_CSR_MAX, &csr->der, err);
	if (rc != PKI_OK)
		return rc;
	der = pki_buf_bytes(csr->der);
	rc = pki_der_check(der, "certification request", err);
	if (rc == PKI_OK)
		rc = pki_signed_read(der, "certification request", &frame,
		    err);
	if (rc == PKI_OK)
		rc = read_info(csr, frame.tbs, err);
	if (rc == PKI_OK)
		rc = check_possession(csr, &frame, err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(csr);
	return rc;
}

void
pki_csr_free(pki_csr *csr)
{
	if (csr == NULL)
		return;
	pki_buf_free(csr->der);
	pki_name_free(csr->subject);
	pki_pubkey_free(csr->key);
	pki_altnames_free(csr->wishes.alt_names);
	free(csr);
}

pki_bytes
pki_csr_der(const pki_csr *csr)
{
	return pki_buf_bytes(csr->der);
}

const pki_name *
pki_csr_subject(const pki_csr *csr)
{
	return csr->subject;
}

const pki_pubkey *
pki_csr_key(const pki_csr *csr)
{
	return csr->key;
}

const pki_altnames *
pki_csr_alt_names(const pki_csr *csr)
{
	return csr->wishes.alt_names;
}

uint32_t
pki_csr_key_usage(const pki_csr *csr)
{
	return csr->wishes.key_usage;
}

uint32_t
pki_csr_ext_usage(const pki_csr *csr)
{
	return csr->wishes.ext_usage;
}

pki_bytes
pki_csr_challenge_text(const pki_csr *csr, pki_csr_challenge which)
{
	return csr->wishes.challenges[which];
}
