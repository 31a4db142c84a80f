#include "ca/refusal.h"

#include "ca/record.h"

static pki_code
append(pki_ca *ca, const pki_refusal *refusal, pki_err *err)
{
	const pki_requester who = { PKI_BY_EST, refusal->who };
	const pki_audit_detail details[] = {
		{ "request", refusal->request, 0 },
		{ "rule", refusal->rule, 0 },
		{ "value", refusal->value, 0 },
		{ NULL, NULL, 0 },
	};
	const pki_audit_event event = {
		.action = PKI_AUDIT_REFUSE, .who = &who,
		.name = refusal->name[0] != '\0' ? refusal->name : NULL,
		.at = refusal->at, .details = details,
	};

	return pki_audit_append(ca, &event, err);
}

pki_code
pki_ca_record_refusals(pki_ca *ca, const pki_refusal *refusals, size_t count,
    pki_err *err)
{
	pki_code rc;
	size_t i;

	if (count == 0)
		return PKI_OK;
	rc = pki_store_begin(ca->store, err);
	if (rc != PKI_OK)
		return rc;
	for (i = 0; i < count && rc == PKI_OK; i++)
		rc = append(ca, &refusals[i], err);
	if (rc == PKI_OK)
		rc = pki_store_commit(ca->store, err);
	if (rc != PKI_OK)
		pki_store_rollback(ca->store);
	return rc;
}
