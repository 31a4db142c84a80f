#include "ca/publish.h"

static const char rule[] = "crl-gate";

/* G16: numbers and times only go forward. */
static pki_code
check_order(const pki_gate *gate, pki_err *err)
{
	const pki_crl *previous = gate->previous, *next = gate->next;
	char a[PKI_TIME_TEXT], b[PKI_TIME_TEXT];

	if (pki_crl_next_update(next) <= pki_crl_this_update(next) ||
	    pki_crl_next_update(next) <= gate->now)
		return pki_refuse(err, PKI_DENIED, rule,
		    "a nextUpdate in the future", "nextUpdate %s",
		    pki_time_format(pki_crl_next_update(next), a));
	if (previous == NULL)
		return PKI_OK;
	if (pki_crl_number(next) <= pki_crl_number(previous))
		return pki_refuse(err, PKI_DENIED, rule,
		    "a number above the published one", "number %lld, "
		    "published %lld", (long long)pki_crl_number(next),
		    (long long)pki_crl_number(previous));
	if (pki_crl_this_update(next) <= pki_crl_this_update(previous))
		return pki_refuse(err, PKI_DENIED, rule,
		    "a thisUpdate after the published one",
		    "thisUpdate %s, published %s",
		    pki_time_format(pki_crl_this_update(next), a),
		    pki_time_format(pki_crl_this_update(previous), b));
	return PKI_OK;
}

static pki_code
check_dates(const pki_gate *gate, pki_err *err)
{
	char serial[PKI_SERIAL_TEXT], when[PKI_TIME_TEXT];
	size_t i;

	for (i = 0; i < pki_crl_count(gate->next); i++) {
		const pki_crl_entry *entry = pki_crl_at(gate->next, i);

		if (entry->revoked_at > gate->now)
			return pki_refuse(err, PKI_DENIED, rule,
			    "no revocation in the future", "%s revoked at %s",
			    pki_serial_format(&entry->serial, serial),
			    pki_time_format(entry->revoked_at, when));
	}
	return PKI_OK;
}

/* G17: who was on the list stays, until one list after he expired. */
static pki_code
check_vanished(const pki_gate *gate, pki_err *err)
{
	char serial[PKI_SERIAL_TEXT];
	size_t i;

	for (i = 0; gate->previous != NULL &&
	    i < pki_crl_count(gate->previous); i++) {
		const pki_crl_entry *entry = pki_crl_at(gate->previous, i);
		bool expired = false;
		pki_code rc = PKI_OK;

		if (pki_crl_find(gate->next, &entry->serial) != NULL)
			continue;
		if (gate->expired != NULL)
			rc = gate->expired(gate->arg, &entry->serial,
			    pki_crl_this_update(gate->previous), &expired, err);
		if (rc != PKI_OK)
			return rc;
		if (!expired)
			return pki_refuse(err, PKI_DENIED, rule,
			    "every unexpired entry of the published CRL",
			    "serial %s is missing",
			    pki_serial_format(&entry->serial, serial));
	}
	return PKI_OK;
}

pki_code
pki_gate_check(const pki_gate *gate, pki_err *err)
{
	pki_code rc;

	rc = pki_crl_check_issuer(gate->next, gate->issuer, err);
	if (rc == PKI_OK)
		rc = check_order(gate, err);
	if (rc == PKI_OK)
		rc = check_dates(gate, err);
	if (rc == PKI_OK)
		rc = check_vanished(gate, err);
	return rc;
}
