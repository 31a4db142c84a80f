#include "pki-enroll/slots-private.h"

void
slots_clear_anchors(enroll_slots *slots)
{
	for (size_t i = 0; i < slots->anchor_count; i++)
		pki_cert_free(slots->anchors[i]);
	slots->anchor_count = 0;
}

static pki_code
add_anchor(pki_bytes der, void *arg, pki_err *err)
{
	enroll_slots *slots = arg;
	pki_code rc;

	if (slots->anchor_count == SLOTS_ANCHORS_MAX)
		return pki_fail(err, PKI_BAD_INPUT, "more than %d anchors",
		    SLOTS_ANCHORS_MAX);
	rc = pki_cert_parse(der, &slots->anchors[slots->anchor_count], err);
	if (rc == PKI_OK)
		slots->anchor_count++;
	return rc;
}

void
slots_read_anchors(enroll_slots *slots)
{
	pki_err *err = &slots->anchors_err;
	PKI_AUTO(pki_buf) text = NULL;
	char path[PKI_PATH_MAX];
	pki_code rc = slots_path(slots, SLOTS_ANCHORS, path, err);

	slots_clear_anchors(slots);
	if (rc == PKI_OK)
		rc = slots_read(slots, path, SLOT_FILE_MAX, NULL, &text, err);
	if (rc == PKI_OK && text != NULL)
		rc = pki_pem_each(pki_buf_bytes(text), PKI_PEM_CERT,
		    PKI_CERT_MAX, add_anchor, slots, err);
	if (rc == PKI_OK || rc == PKI_NOT_FOUND) {
		err->code = PKI_OK;
		return;
	}
	slots_clear_anchors(slots);
	pki_wrap(err, rc == PKI_BAD_INPUT || rc == PKI_DENIED ? PKI_DAMAGED :
	    rc, "%s", SLOTS_ANCHORS);
}

pki_code
slots_anchors(enroll_slots *slots, const pki_cert *const **out,
    size_t *out_count, pki_err *err)
{
	if (slots->anchors_err.code != PKI_OK) {
		*err = slots->anchors_err;
		return err->code;
	}
	*out = (const pki_cert *const *)slots->anchors;
	*out_count = slots->anchor_count;
	return PKI_OK;
}

pki_code
slots_set_anchors(enroll_slots *slots, const pki_cert *const *anchors,
    size_t count, pki_err *err)
{
	PKI_AUTO(pki_buf) text = pki_buf_new();
	char path[PKI_PATH_MAX];
	pki_code rc = slots_path(slots, SLOTS_ANCHORS, path, err);

	if (rc == PKI_OK && (count == 0 || count > SLOTS_ANCHORS_MAX))
		rc = pki_fail(err, PKI_BAD_INPUT,
		    "%zu trust anchors, expected 1 to %d", count,
		    SLOTS_ANCHORS_MAX);
	for (size_t i = 0; rc == PKI_OK && i < count; i++) {
		if (!pki_cert_is_ca(anchors[i]))
			rc = pki_refuse(err, PKI_BAD_INPUT, "anchor",
			    "certificates of CAs", "certificate %zu", i + 1);
		pki_pem_add(text, PKI_PEM_CERT, pki_cert_der(anchors[i]));
	}
	if (rc == PKI_OK)
		rc = pki_buf_check(text, err);
	if (rc == PKI_OK)
		rc = slots_write_public(slots, path, pki_buf_bytes(text), err);
	/* anchors may be our own: they were copied before they go. */
	return rc == PKI_OK ? slots_reload(slots, err) : rc;
}

pki_code
slots_verify(const enroll_slots *slots, const pki_cert *cert,
    pki_cert *const *chain, size_t count, pki_err *err)
{
	const pki_chain trust = {
		.chain = (const pki_cert *const *)chain, .chain_count = count,
		.roots = (const pki_cert *const *)slots->anchors,
		.root_count = slots->anchor_count,
		.at = slots_now(slots),
	};

	if (slots->anchors_err.code != PKI_OK) {
		*err = slots->anchors_err;
		return err->code;
	}
	if (slots->anchor_count == 0)
		return pki_refuse(err, PKI_DENIED, "chain",
		    "a chain to a trust anchor of " SLOTS_ANCHORS,
		    "no trust anchors");
	return pki_cert_verify(cert, &trust, err);
}
