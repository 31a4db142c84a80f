#include "pki-enroll/plan.h"

bool
plan_is_root(const pki_cert *cert)
{
	return pki_cert_is_ca(cert) &&
	    pki_cert_check_issuer(cert, cert, NULL) == PKI_OK;
}

static bool
has(const plan_anchors *anchors, const pki_cert *cert)
{
	for (size_t i = 0; i < anchors->count; i++)
		if (pki_digest_equal(pki_cert_digest(anchors->list[i]),
		    pki_cert_digest(cert)))
			return true;
	return false;
}

static bool
add(plan_anchors *anchors, const pki_cert *cert)
{
	if (anchors->count == PLAN_ANCHORS_MAX)
		return false;
	anchors->list[anchors->count++] = cert;
	return true;
}

/* Does this certificate speak for that root's name and key? */
static bool
speaks_for(const pki_cert *link, const pki_cert *root)
{
	return pki_cert_is_ca(link) &&
	    pki_name_equal(pki_cert_subject(link), pki_cert_subject(root)) &&
	    pki_digest_equal(pki_pubkey_digest(pki_cert_key(link)),
	    pki_pubkey_digest(pki_cert_key(root)));
}

/*
 * NewWithOld, or the root itself when it goes on with its old key, leads to
 * one who is believed.  Only what an old root signed itself counts: a CA in
 * between may not appoint a new one.
 */
static bool
is_linked(const pki_cert *root, const plan_anchors *believed,
    const est_certs *came, int64_t now)
{
	const pki_chain chain = {
		.roots = believed->list, .root_count = believed->count,
		.at = now,
	};

	/* A self-signed one is for libcrypto no link to another. */
	for (size_t i = 0; i < believed->count; i++)
		if (pki_cert_check_issuer(root, believed->list[i], NULL) ==
		    PKI_OK)
			return true;
	for (size_t i = 0; i < came->count; i++)
		if (speaks_for(came->certs[i], root) &&
		    pki_cert_verify(came->certs[i], &chain, NULL) == PKI_OK)
			return true;
	return false;
}

/* One who may be believed, and is not yet. */
static const pki_cert *
find_next(const plan_anchors *believed, const pki_digest *pin,
    const est_certs *came, int64_t now)
{
	for (size_t i = 0; i < came->count; i++) {
		const pki_cert *cert = came->certs[i];

		if (!plan_is_root(cert) || has(believed, cert) ||
		    pki_cert_not_after(cert) < now)
			continue;
		if ((pin != NULL && pki_digest_equal(pin,
		    pki_cert_digest(cert))) ||
		    (believed->count > 0 &&
		    is_linked(cert, believed, came, now)))
			return cert;
	}
	return NULL;
}

static void
count_strangers(const est_certs *came, plan_anchors *out)
{
	for (size_t i = 0; i < came->count; i++) {
		if (!plan_is_root(came->certs[i]) || has(out, came->certs[i]))
			continue;
		out->strangers++;
		out->stranger = came->certs[i];
	}
}

pki_code
plan_choose_anchors(const pki_cert *const *known, size_t known_count,
    const pki_digest *pin, const est_certs *came, int64_t now,
    plan_anchors *out, pki_err *err)
{
	plan_anchors chosen = { .count = 0 };
	const pki_cert *next;
	char digest[PKI_DIGEST_TEXT];

	for (size_t i = 0; i < known_count; i++)
		if (pki_cert_not_after(known[i]) >= now)
			(void)add(&chosen, known[i]);
	while ((next = find_next(&chosen, pin, came, now)) != NULL &&
	    add(&chosen, next))
		chosen.added++;
	count_strangers(came, &chosen);
	if (chosen.count == 0)
		return pki_refuse(err, PKI_DENIED, "anchors",
		    pin != NULL ? pki_digest_format(pin, digest) :
		    "one that is known, or linked to it",
		    "%zu self-signed CA certificates of others",
		    chosen.strangers);
	*out = chosen;
	return PKI_OK;
}
