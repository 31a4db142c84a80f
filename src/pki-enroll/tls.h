#ifndef PKI_ENROLL_TLS_H
#define PKI_ENROLL_TLS_H

/*
 * libcrypto's and libssl's side of a connection that libcurl makes: whom we
 * believe, who we are, and what a connection is bound to.
 */

#include "pki.h"

#define TLS_BINDING_MAX 64

typedef struct tls_options {
	/* None: nobody is believed. */
	const pki_cert *const *anchors;
	size_t                 anchor_count;
	/* Both or neither: the client certificate, and what is between it and
	 * a root. */
	const pki_key         *key;
	const pki_cert        *cert;
	const pki_cert *const *chain;
	size_t                 chain_count;
} tls_options;

typedef struct tls_material tls_material;

/* What options hold, as libssl wants it.  PKI_CRYPTO, PKI_NO_MEMORY. */
PKI_CHECKED pki_code tls_material_new(const tls_options *options,
    tls_material **out, pki_err *err);
void tls_material_free(tls_material *material);
PKI_DEFINE_CLEANUP(tls_material)

/*
 * Set up an SSL_CTX: TLS 1.2 or later without renegotiation and tickets, these
 * anchors and no others, this client certificate or none.  PKI_CRYPTO.
 */
PKI_CHECKED pki_code tls_setup(const tls_material *material, void *ssl_ctx,
    pki_err *err);

/* What is true of a connection once its handshake is done. */
typedef struct tls_facts {
	bool    is_13;
	/*
	 * tls-exporter (RFC 9266) of TLS 1.3, tls-unique (RFC 5929) of 1.2.
	 * None of 1.2 without extended master secret: it binds nothing there.
	 */
	uint8_t binding[TLS_BINDING_MAX];
	size_t  binding_len;
} tls_facts;

/* Of an SSL.  PKI_CRYPTO. */
PKI_CHECKED pki_code tls_read_facts(void *ssl, tls_facts *out, pki_err *err);

/* Why a certificate was not believed: "certificate has expired".  Static. */
const char *tls_verify_text(long result);

#endif
