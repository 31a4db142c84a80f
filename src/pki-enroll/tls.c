#include "pki-enroll/tls.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#define SECURITY_LEVEL 2        /* 112 bits */

struct tls_material {
	X509_STORE     *anchors;
	X509           *cert;   /* NULL: no client certificate */
	EVP_PKEY       *key;
	STACK_OF(X509) *chain;
};

static pki_code
fail_openssl(pki_err *err, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_get_error());

	ERR_clear_error();
	return pki_fail(err, PKI_CRYPTO, "%s: %s", what, reason != NULL ?
	    reason : "libssl gives no reason");
}

static X509 *
read_cert(const pki_cert *cert)
{
	pki_bytes der = pki_cert_der(cert);
	const unsigned char *at = der.data;

	return d2i_X509(NULL, &at, (long)der.len);
}

static pki_code
read_anchors(tls_material *material, const tls_options *options, pki_err *err)
{
	material->anchors = X509_STORE_new();
	if (material->anchors == NULL)
		return pki_fail_memory(err);
	for (size_t i = 0; i < options->anchor_count; i++) {
		X509 *anchor = read_cert(options->anchors[i]);
		int added = anchor == NULL ? 0 :
		    X509_STORE_add_cert(material->anchors, anchor);

		X509_free(anchor);
		if (added != 1)
			return fail_openssl(err, "trust anchor");
	}
	return PKI_OK;
}

/* A key goes through PKCS #8, which the buffer wipes. */
static pki_code
read_key(tls_material *material, const pki_key *key, pki_err *err)
{
	PKI_AUTO(pki_buf) pem = pki_buf_new();
	BIO *bio;
	pki_code rc;

	if (pem == NULL)
		return pki_fail_memory(err);
	rc = pki_key_encode(key, pki_bytes_of(NULL, 0), pem, err);
	if (rc != PKI_OK)
		return rc;
	bio = BIO_new_mem_buf(pem->data, (int)pem->len);
	if (bio == NULL)
		return pki_fail_memory(err);
	material->key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	BIO_free(bio);
	return material->key != NULL ? PKI_OK : fail_openssl(err, "key");
}

static pki_code
read_identity(tls_material *material, const tls_options *options, pki_err *err)
{
	if (options->cert == NULL)
		return PKI_OK;
	material->cert = read_cert(options->cert);
	material->chain = sk_X509_new_null();
	if (material->cert == NULL || material->chain == NULL)
		return fail_openssl(err, "client certificate");
	for (size_t i = 0; i < options->chain_count; i++) {
		X509 *above = read_cert(options->chain[i]);

		if (above == NULL ||
		    sk_X509_push(material->chain, above) <= 0) {
			X509_free(above);
			return fail_openssl(err, "chain");
		}
	}
	return read_key(material, options->key, err);
}

pki_code
tls_material_new(const tls_options *options, tls_material **out, pki_err *err)
{
	PKI_AUTO(tls_material) material = calloc(1, sizeof(*material));
	pki_code rc;

	if (material == NULL)
		return pki_fail_memory(err);
	rc = read_anchors(material, options, err);
	if (rc == PKI_OK)
		rc = read_identity(material, options, err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(material);
	return rc;
}

void
tls_material_free(tls_material *material)
{
	if (material == NULL)
		return;
	X509_STORE_free(material->anchors);
	X509_free(material->cert);
	EVP_PKEY_free(material->key);
	sk_X509_pop_free(material->chain, X509_free);
	free(material);
}

pki_code
tls_setup(const tls_material *material, void *ssl_ctx, pki_err *err)
{
	SSL_CTX *ctx = ssl_ctx;

	SSL_CTX_set1_cert_store(ctx, material->anchors);
	SSL_CTX_set_security_level(ctx, SECURITY_LEVEL);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
	    SSL_OP_NO_COMPRESSION);
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1)
		return fail_openssl(err, "TLS 1.2");
	if (material->cert == NULL)
		return PKI_OK;
	if (SSL_CTX_use_certificate(ctx, material->cert) != 1 ||
	    SSL_CTX_use_PrivateKey(ctx, material->key) != 1 ||
	    SSL_CTX_set1_chain(ctx, material->chain) != 1)
		return fail_openssl(err, "client certificate");
	return PKI_OK;
}

/* RFC 9266: the context is an empty string, which is not no context. */
static pki_code
read_exporter(SSL *ssl, tls_facts *out, pki_err *err)
{
	static const char label[] = "EXPORTER-Channel-Binding";

	out->binding_len = 32;
	if (SSL_export_keying_material(ssl, out->binding, out->binding_len,
	    label, sizeof(label) - 1, (const unsigned char *)"", 0, 1) != 1)
		return fail_openssl(err, "tls-exporter");
	return PKI_OK;
}

pki_code
tls_read_facts(void *ssl, tls_facts *out, pki_err *err)
{
	*out = (tls_facts){ .is_13 = SSL_version(ssl) >= TLS1_3_VERSION };
	if (out->is_13)
		return read_exporter(ssl, out, err);
	if (SSL_get_extms_support(ssl) != 1)
		return PKI_OK;
	/* RFC 5929, 3.1: the first Finished; a resumed session's is theirs. */
	out->binding_len = SSL_session_reused(ssl) == 1 ?
	    SSL_get_peer_finished(ssl, out->binding, TLS_BINDING_MAX) :
	    SSL_get_finished(ssl, out->binding, TLS_BINDING_MAX);
	if (out->binding_len == 0 || out->binding_len > TLS_BINDING_MAX)
		return pki_fail(err, PKI_CRYPTO, "no tls-unique");
	return PKI_OK;
}

const char *
tls_verify_text(long result)
{
	return X509_verify_cert_error_string(result);
}
