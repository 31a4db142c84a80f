#ifndef TESTS_LIB_X509_SAMPLE_H
#define TESTS_LIB_X509_SAMPLE_H

/*
 * Certificates for tests, in one line each.  Whatever fails here ends the
 * test with the reason.
 */

#include "x509/cert.h"
#include "x509/key.h"
#include "x509/openssl.h"
#include "x509/tbs.h"

/* The middle of every sample's validity, which is one day long. */
#define SAMPLE_NOW INT64_C(1790000000)

/* A key and its certificate. */
typedef struct sample {
	pki_key  *key;
	pki_name *name;
	pki_cert *cert;
} sample;

typedef void sample_edit(pki_tbs *tbs);

/*
 * Make "CN=cn" (NULL: an empty name), signed by issuer (NULL: itself).  It is
 * an end entity for client authentication; edit (may be NULL) changes that.
 */
void sample_make(sample *out, const char *cn, const sample *issuer,
    sample_edit *edit);
void sample_free(sample *s);
static inline void sample_cleanup(sample *s) { sample_free(s); }
#define SAMPLE __attribute__((cleanup(sample_cleanup))) sample

/* An edit: a CA. */
void sample_ca(pki_tbs *tbs);

/* What sample_make starts from; key, name and issuer must outlive it. */
pki_tbs sample_tbs(const sample *subject, const sample *issuer);

pki_key *sample_key(pki_key_type type);
pki_name *sample_name(const char *cn);
/* tbs encoded and signed by key: a whole certificate. */
pki_buf *sample_sign(const pki_tbs *tbs, const pki_key *key);
/* Any TBS, signed by key. */
pki_buf *sample_sign_bytes(pki_bytes tbs, const pki_key *key);
pki_cert *sample_parse(pki_bytes der);

/* A TBS with its element number part replaced. */
pki_buf *sample_replace(pki_bytes tbs, int part, pki_bytes with);
/* A TBS in its frame, with octets that are no signature by a P-256 key. */
pki_buf *sample_frame(pki_bytes tbs);
/* The elements of a TBSCertificate, in their order. */
enum { CERT_VERSION, CERT_SERIAL, CERT_ALGORITHM, CERT_ISSUER, CERT_VALIDITY,
	CERT_SUBJECT, CERT_KEY, CERT_EXTENSIONS };
/* cert's DER with one of them replaced; not signed again. */
pki_buf *sample_replace_cert(const pki_cert *cert, int part, pki_bytes with);
/* A copy of cert with its last octet, of the signature, changed. */
pki_cert *sample_flip(const pki_cert *cert);

/* libcrypto's view; the caller frees. */
X509 *sample_x509(pki_bytes der);
EVP_PKEY *sample_evp(const pki_pubkey *key);

#endif
