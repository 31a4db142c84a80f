#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "x509/cert.h"
#include "x509/openssl.h"

/* libcrypto's level of 112 bits and more. */
#define SECURITY_LEVEL 2

static pki_code
refuse(pki_err *err, int depth, long reason)
{
	return pki_refuse(err, PKI_DENIED, "chain",
	    "a valid chain to a trusted root", "%s (certificate %d)",
	    X509_verify_cert_error_string(reason), depth);
}

/*
 * libcrypto takes the second of notAfter for expired, but both ends of a
 * validity are inclusive: RFC 5280, 4.1.2.5.
 */
static int
allow_last_second(int ok, X509_STORE_CTX *ctx)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
	const X509 *x509 = X509_STORE_CTX_get_current_cert(ctx);

	if (ok == 1 ||
	    X509_STORE_CTX_get_error(ctx) != X509_V_ERR_CERT_HAS_EXPIRED ||
	    ASN1_TIME_cmp_time_t(X509_get0_notAfter(x509),
	    X509_VERIFY_PARAM_get_time(param)) != 0)
		return ok;
	X509_STORE_CTX_set_error(ctx, X509_V_OK);
	return 1;
}

static X509 *
decode(const pki_cert *cert)
{
	pki_bytes der = pki_cert_der(cert);
	const uint8_t *p = der.data;

	return d2i_X509(NULL, &p, (long)der.len);
}

static pki_code
add_roots(X509_STORE *store, const pki_chain *chain, pki_err *err)
{
	for (size_t i = 0; i < chain->root_count; i++) {
		PKI_AUTO(X509) root = decode(chain->roots[i]);

		if (root == NULL || X509_STORE_add_cert(store, root) != 1)
			return pki_fail_openssl(err, "cannot read a root");
	}
	return PKI_OK;
}

static pki_code
add_untrusted(STACK_OF(X509) *untrusted, const pki_chain *chain, pki_err *err)
{
	for (size_t i = 0; i < chain->chain_count; i++) {
		PKI_AUTO(X509) x509 = decode(chain->chain[i]);

		if (x509 == NULL || sk_X509_push(untrusted, x509) <= 0)
			return pki_fail_openssl(err,
			    "cannot read an intermediate");
		x509 = NULL;
	}
	return PKI_OK;
}

/* What libcrypto calls a usage; 0 when it has no purpose for it. */
static int
find_purpose(int usage)
{
	static const struct {
		int usage, purpose;
	} purposes[] = {
		{ PKI_EKU_SERVER_AUTH, X509_PURPOSE_SSL_SERVER },
		{ PKI_EKU_CLIENT_AUTH, X509_PURPOSE_SSL_CLIENT },
	};

	for (size_t i = 0; i < PKI_COUNT(purposes); i++)
		if (purposes[i].usage == usage)
			return purposes[i].purpose;
	return X509_PURPOSE_ANY;
}

static pki_code
set_rules(X509_STORE *store, const pki_chain *chain, pki_err *err)
{
	X509_VERIFY_PARAM *param = X509_STORE_get0_param(store);
	time_t at = (time_t)chain->at;

	if (at != chain->at)
		return pki_fail(err, PKI_CRYPTO,
		    "this machine cannot verify at '%lld'",
		    (long long)chain->at);
	X509_VERIFY_PARAM_set_time(param, at);
	X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
	if (X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT |
	    X509_V_FLAG_CHECK_SS_SIGNATURE) != 1 ||
	    X509_VERIFY_PARAM_set_purpose(param,
	    find_purpose(chain->usage)) != 1)
		return pki_fail_openssl(err, "cannot set up verification");
	X509_STORE_set_verify_cb(store, allow_last_second);
	return PKI_OK;
}

static pki_code
run(X509_STORE_CTX *ctx, X509_STORE *store, X509 *leaf,
    STACK_OF(X509) *untrusted, pki_err *err)
{
	if (X509_STORE_CTX_init(ctx, store, leaf, untrusted) != 1)
		return pki_fail_openssl(err, "cannot set up verification");
	if (X509_verify_cert(ctx) == 1 &&
	    X509_STORE_CTX_get_error(ctx) == X509_V_OK)
		return PKI_OK;
	ERR_clear_error();
	return refuse(err, X509_STORE_CTX_get_error_depth(ctx),
	    X509_STORE_CTX_get_error(ctx));
}

pki_code
pki_cert_verify(const pki_cert *cert, const pki_chain *chain, pki_err *err)
{
	PKI_AUTO(X509) leaf = decode(cert);
	PKI_AUTO(X509_STORE) store = X509_STORE_new();
	PKI_AUTO(pki_store_ctx) ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *untrusted = sk_X509_new_null();
	pki_code rc = PKI_OK;

	if (leaf == NULL || store == NULL || untrusted == NULL || ctx == NULL)
		rc = pki_fail_openssl(err, "cannot read the certificate");
	if (rc == PKI_OK)
		rc = set_rules(store, chain, err);
	if (rc == PKI_OK)
		rc = add_roots(store, chain, err);
	if (rc == PKI_OK)
		rc = add_untrusted(untrusted, chain, err);
	if (rc == PKI_OK)
		rc = run(ctx, store, leaf, untrusted, err);
	/* An initialised context only borrows the stack, to the end of run. */
	sk_X509_pop_free(untrusted, X509_free);
	/* A purpose must be stated; libcrypto passes a leaf without any. */
	if (rc == PKI_OK && chain->usage != 0 &&
	    (pki_cert_ext_usage(cert) >> chain->usage & 1) == 0)
		rc = refuse(err, 0, X509_V_ERR_INVALID_PURPOSE);
	return rc;
}
