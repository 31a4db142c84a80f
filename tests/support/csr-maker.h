#ifndef TESTS_SUPPORT_CSR_MAKER_H
#define TESTS_SUPPORT_CSR_MAKER_H

/*
 * Certification requests of any shape, truly signed.
 *
 * Pieces are written as text: octets in lower-case hex, 'text' between
 * quotes, and braces after a tag, whose length is counted:
 *
 *   30{31{30{06{550403} 0c{'meter-0042'}}}}
 *
 * "!{" writes the length one octet longer than needed, "~{" writes it
 * indefinite with end-of-contents octets.  "$x" stands for another piece.
 */

#include <openssl/evp.h>

#include "base/buf.h"

#define CSR_SUBJECT "30{31{30{06{550403} 0c{'meter-0042'}}}}"
#define CSR_SAN "30{06{551d11} 04{30{82{'meter-0042.example'}}}}"
/* An extensionRequest around a list of extensions. */
#define CSR_REQUEST(list) \
	"30{06{2a864886f70d01090e} 31{30{" list "}}}"

struct csr_recipe {
	EVP_PKEY   *signer;
	EVP_PKEY   *key;        /* the certified one; NULL: signer */
	const char *digest;     /* NULL: SHA256, or none for Ed25519 */
	bool        pss;        /* for RSA */
	/* Pieces; NULL: as in a good request. */
	const char *version;    /* $v: 020100 */
	const char *subject;    /* $s: CSR_SUBJECT */
	const char *spki;       /* $k, with $p for the key's own octets */
	const char *attributes; /* $a: a0{ CSR_REQUEST(CSR_SAN) } */
	const char *info;       /* $i: 30{$v $s $k $a}; what is signed */
	const char *algorithm;  /* $g: by key and SHA-256 */
	const char *outside;    /* 30{$i $g 03{00 $b}} */
};

/* A recipe without a change; the signer comes later. */
#define CSR_USUAL { .signer = NULL }

/* Append the octets of a piece without "$".  False: not such text. */
bool csr_piece(const char *text, pki_buf *out);

/* Append a request's DER (or BER).  False: libcrypto or the text failed. */
bool csr_make(const struct csr_recipe *recipe, pki_buf *out);

#endif
