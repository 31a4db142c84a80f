#include "issuer/serve-parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "ca/find.h"
#include "x509/pem.h"

#define PROFILE "est-server"
#define FILE_MAX (PKI_KEY_FILE_MAX + 2 * PKI_CERT_MAX)
#define KEY_LABEL "PRIVATE KEY"
/* Where no new one can be had: how soon it is tried again. */
#define AGAIN_S 300

static const pki_requester ourselves = { PKI_BY_OPERATOR, "pki-estd" };

void
pki_material_free(pki_material *material)
{
	if (material == NULL)
		return;
	pki_buf_free(material->key);
	pki_cert_free(material->cert);
	free(material);
}

/* Key and certificate in one file, so that they always fit (0600). */
static pki_code
file_path(const pki_serving *serving, char out[PKI_PATH_MAX], pki_err *err)
{
	return pki_path_join(out, serving->options.ca.state_dir,
	    "keys/" PROFILE ".pem", err);
}

/* Two thirds of its life (DESIGN 3). */
static void
set_renewal(pki_material *material)
{
	int64_t from = pki_cert_not_before(material->cert);

	material->renew_at = from +
	    (pki_cert_not_after(material->cert) - from) / 3 * 2;
}

static pki_code
split_file(pki_bytes text, pki_bytes *key, pki_bytes *cert, pki_err *err)
{
	static const char begin[] = "-----BEGIN " PKI_PEM_CERT "-----";
	const uint8_t *at = memmem(text.data, text.len, begin,
	    sizeof(begin) - 1);

	if (at == NULL)
		return pki_fail(err, PKI_BAD_INPUT, "there is no certificate");
	*key = pki_bytes_of(text.data, (size_t)(at - text.data));
	*cert = pki_bytes_of(at, text.len - key->len);
	return PKI_OK;
}

static pki_code
parse_file(pki_bytes text, pki_material *material, pki_err *err)
{
	static const pki_bytes no_passphrase;
	PKI_AUTO(pki_key) key = NULL;
	pki_bytes key_text, cert_text;
	pki_code rc = split_file(text, &key_text, &cert_text, err);

	if (rc == PKI_OK)
		rc = pki_key_parse(key_text, no_passphrase, &key, err);
	if (rc == PKI_OK)
		rc = pki_pem_or_der(key_text, KEY_LABEL, PKI_KEY_FILE_MAX,
		    &material->key, err);
	if (rc == PKI_OK)
		rc = pki_cert_parse(cert_text, &material->cert, err);
	if (rc == PKI_OK && !pki_digest_equal(
	    pki_pubkey_digest(pki_key_public(key)),
	    pki_pubkey_digest(pki_cert_key(material->cert))))
		rc = pki_fail(err, PKI_DAMAGED, "key and certificate differ");
	if (rc == PKI_OK)
		set_renewal(material);
	return rc;
}

static pki_code
load(const pki_serving *serving, pki_material *material, pki_err *err)
{
	char path[PKI_PATH_MAX];
	PKI_AUTO(pki_buf) text = NULL;
	pki_code rc = file_path(serving, path, err);

	if (rc == PKI_OK)
		rc = pki_file_read(path, FILE_MAX, PKI_FILE_SECRET, &text,
		    err);
	if (rc != PKI_OK)
		return rc;
	rc = parse_file(pki_buf_bytes(text), material, err);
	return rc == PKI_OK ? PKI_OK : pki_wrap(err, rc, "%s", path);
}

struct search {
	const pki_digest *digest;
	pki_material     *material;     /* or NULL: its CA goes there */
	int64_t           now;
	bool              good;
};

static pki_code
look_at_row(const pki_cert_row *row, void *arg, pki_err *err)
{
	struct search *search = arg;
	PKI_AUTO(pki_cert) cert = NULL;
	pki_code rc;

	if (strcmp(pki_cert_state(row, search->now), "good") != 0)
		return PKI_OK;
	rc = pki_cert_parse(row->der, &cert, err);
	if (rc != PKI_OK ||
	    !pki_digest_equal(pki_cert_digest(cert), search->digest))
		return rc;
	search->good = true;
	if (search->material != NULL)
		snprintf(search->material->ca, sizeof(search->material->ca),
		    "%s", row->ca);
	return PKI_OK;
}

static pki_code
look(pki_serving *serving, pki_ca *ca, const char *identity,
    struct search *search, pki_err *err)
{
	const pki_cert_filter filter = { .identity = identity };

	search->now = pki_clock_now(serving->options.ca.clock);
	return pki_ca_each_cert(ca, NULL, &filter, look_at_row, search, err);
}

pki_code
pki_material_is_good(pki_serving *serving, pki_ca *ca, const char *identity,
    const pki_digest *digest, bool *out, pki_err *err)
{
	struct search search = { .digest = digest };
	pki_code rc = look(serving, ca, identity, &search, err);

	*out = search.good;
	return rc;
}

/* Every name that is asked for, in this identity's certificate. */
static bool
has_names(const pki_material *material, const pki_serve_copy *settings)
{
	const pki_altnames *names = pki_cert_alt_names(material->cert);
	const char *identity = pki_name_common_name(
	    pki_cert_subject(material->cert));
	size_t i;

	if (identity == NULL || strcmp(identity, settings->identity) != 0)
		return false;
	for (i = 0; i < pki_altnames_count(settings->hosts); i++)
		if (!pki_altnames_has(names,
		    pki_altnames_at(settings->hosts, i)))
			return false;
	return true;
}

/* Its names may be others than before, so it replaces rather than renews. */
static pki_code
issue_as(pki_ca *ca, const pki_serve_copy *settings, const pki_key *key,
    pki_issue_purpose purpose, pki_issued **out, pki_err *err)
{
	const pki_issue_request request = {
		.profile = PROFILE, .identity = settings->identity,
		.key = pki_key_public(key),
		.possession = PKI_POP_GENERATED,
		.alt_names = settings->hosts, .purpose = purpose,
		.share_names = true, .who = ourselves,
	};

	return pki_ca_issue(ca, &request, out, err);
}

static pki_code
issue(pki_ca *ca, const pki_serve_copy *settings, const pki_key *key,
    pki_issued **out, pki_err *err)
{
	pki_code rc = issue_as(ca, settings, key, PKI_ISSUE_FIRST, out, err);

	if (rc == PKI_DENIED && strcmp(err->rule, "identity-taken") == 0)
		rc = issue_as(ca, settings, key, PKI_ISSUE_RENEW, out, err);
	return rc;
}

static pki_code
save(const pki_serving *serving, const pki_key *key, const pki_cert *cert,
    pki_material *material, pki_err *err)
{
	static const pki_bytes no_passphrase;
	PKI_AUTO(pki_buf) text = pki_buf_new();
	char path[PKI_PATH_MAX];
	pki_code rc = pki_buf_check(text, err);

	if (rc == PKI_OK)
		rc = pki_key_encode(key, no_passphrase, text, err);
	if (rc == PKI_OK) {
		pki_pem_add(text, PKI_PEM_CERT, pki_cert_der(cert));
		rc = pki_buf_check(text, err);
	}
	if (rc == PKI_OK)
		rc = file_path(serving, path, err);
	if (rc == PKI_OK)
		rc = pki_file_replace(path, pki_buf_bytes(text), 0600, err);
	return rc == PKI_OK ?
	    parse_file(pki_buf_bytes(text), material, err) : rc;
}

static pki_code
make(pki_serving *serving, pki_ca *ca, const pki_serve_copy *settings,
    pki_material *material, pki_err *err)
{
	PKI_AUTO(pki_issued) issued = NULL;
	PKI_AUTO(pki_key) key = NULL;
	pki_code rc = pki_key_generate(PKI_KEY_P256, &key, err);

	if (rc == PKI_OK)
		rc = issue(ca, settings, key, &issued, err);
	if (rc == PKI_OK)
		rc = save(serving, key, issued->cert, material, err);
	if (rc == PKI_OK)
		snprintf(material->ca, sizeof(material->ca), "%s",
		    issued->ca);
	return rc == PKI_OK ? PKI_OK :
	    pki_wrap(err, rc, "the server's certificate");
}

/*
 * Whether the one that is kept can be used at all; only then it may stand in
 * for a new one that cannot be had.
 */
static bool
is_usable(pki_serving *serving, pki_ca *ca, const pki_serve_copy *settings,
    pki_material *material)
{
	struct search search = { .material = material };

	search.digest = pki_cert_digest(material->cert);
	return has_names(material, settings) &&
	    look(serving, ca, settings->identity, &search, NULL) == PKI_OK &&
	    search.good;
}

pki_code
pki_material_get(pki_serving *serving, pki_ca *ca,
    const pki_serve_copy *settings, pki_material **out, pki_err *err)
{
	PKI_AUTO(pki_material) old = calloc(1, sizeof(*old));
	PKI_AUTO(pki_material) new = calloc(1, sizeof(*new));
	int64_t now = pki_clock_now(serving->options.ca.clock);
	bool usable;
	pki_code rc;

	if (old == NULL || new == NULL)
		return pki_fail_memory(err);
	usable = load(serving, old, NULL) == PKI_OK &&
	    is_usable(serving, ca, settings, old);
	if (usable && now < old->renew_at) {
		*out = PKI_TAKE(old);
		return PKI_OK;
	}
	rc = make(serving, ca, settings, new, err);
	if (rc != PKI_OK && usable) {
		pki_watch_note(serving, "server-certificate", err);
		old->renew_at = now + AGAIN_S;
		*out = PKI_TAKE(old);
		return PKI_OK;
	}
	if (rc != PKI_OK)
		return rc;
	pki_watch_note(serving, "server-certificate-issued", NULL);
	*out = PKI_TAKE(new);
	return PKI_OK;
}
