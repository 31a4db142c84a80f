#include "x509/crl.h"

#include <stdlib.h>

#include "base/text.h"
#include "x509/crl-parts.h"

const pki_choice pki_reason_names[] = {
	{ "unspecified", PKI_REASON_UNSPECIFIED },
	{ "keyCompromise", PKI_REASON_KEY_COMPROMISE },
	{ "cACompromise", PKI_REASON_CA_COMPROMISE },
	{ "affiliationChanged", PKI_REASON_AFFILIATION_CHANGED },
	{ "superseded", PKI_REASON_SUPERSEDED },
	{ "cessationOfOperation", PKI_REASON_CESSATION_OF_OPERATION },
	{ "certificateHold", PKI_REASON_CERTIFICATE_HOLD },
	{ "removeFromCRL", PKI_REASON_REMOVE_FROM_CRL },
	{ "privilegeWithdrawn", PKI_REASON_PRIVILEGE_WITHDRAWN },
	{ "aACompromise", PKI_REASON_AA_COMPROMISE },
	{ NULL, 0 },
};

const char *
pki_reason_name(pki_reason reason)
{
	for (const pki_choice *row = pki_reason_names; row->name != NULL; row++)
		if (row->code == (int)reason)
			return row->name;
	return "unknown";
}

/* text may have a hyphen before each word, and either case. */
static bool
is_name(const char *name, const char *text)
{
	for (; *name != '\0'; name++, text++) {
		if (*name != pki_text_lower(*name) && *text == '-')
			text++;
		if (pki_text_lower(*text) != pki_text_lower(*name))
			return false;
	}
	return *text == '\0';
}

pki_code
pki_reason_parse(const char *text, pki_reason *out, pki_err *err)
{
	for (const pki_choice *row = pki_reason_names; row->name != NULL;
	    row++) {
		if (is_name(row->name, text)) {
			*out = (pki_reason)row->code;
			return PKI_OK;
		}
	}
	return pki_refuse(err, PKI_BAD_INPUT, "reason",
	    "unspecified, keyCompromise, cACompromise, affiliationChanged, "
	    "superseded, cessationOfOperation, certificateHold, "
	    "removeFromCRL, privilegeWithdrawn, aACompromise",
	    "%s", text);
}

void
pki_crl_free(pki_crl *crl)
{
	if (crl == NULL)
		return;
	pki_name_free(crl->issuer);
	free(crl->idp_url);
	free(crl->entries);
	pki_buf_free(crl->der);
	free(crl);
}

pki_bytes
pki_crl_der(const pki_crl *crl)
{
	return pki_buf_bytes(crl->der);
}

const pki_name *
pki_crl_issuer(const pki_crl *crl)
{
	return crl->issuer;
}

pki_bytes
pki_crl_authority_key_id(const pki_crl *crl)
{
	return crl->authority_key_id;
}

int64_t
pki_crl_this_update(const pki_crl *crl)
{
	return crl->this_update;
}

int64_t
pki_crl_next_update(const pki_crl *crl)
{
	return crl->next_update;
}

int64_t
pki_crl_number(const pki_crl *crl)
{
	return crl->number;
}

const char *
pki_crl_idp_url(const pki_crl *crl)
{
	return crl->idp_url;
}

size_t
pki_crl_count(const pki_crl *crl)
{
	return crl->count;
}

const pki_crl_entry *
pki_crl_at(const pki_crl *crl, size_t i)
{
	return i < crl->count ? &crl->entries[i] : NULL;
}

const pki_crl_entry *
pki_crl_find(const pki_crl *crl, const pki_serial *serial)
{
	size_t low = 0, high = crl->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const pki_crl_entry *entry = &crl->entries[middle];
		int order = pki_serial_compare(serial, &entry->serial);

		if (order == 0)
			return entry;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

pki_code
pki_crl_check_issuer(const pki_crl *crl, const pki_cert *issuer, pki_err *err)
{
	return pki_signed_check(&crl->frame, crl->issuer,
	    crl->authority_key_id, issuer, err);
}
