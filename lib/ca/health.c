#include "ca/health.h"

#include "ca/handle.h"

/* Keep the first reason. */
static bool
holds(pki_code rc, const pki_err *err, pki_ca_health *out)
{
	if (rc != PKI_OK && out->why.code == PKI_OK)
		out->why = *err;
	return rc == PKI_OK;
}

void
pki_ca_look(pki_ca *ca, pki_ca_health *out)
{
	pki_floor floor = { 0 };
	pki_err err = { 0 };

	*out = (pki_ca_health){ 0 };
	out->store = holds(pki_store_changed(ca->store, &out->changed, &err),
	    &err, out);
	/* A floor that cannot be read says nothing about the time. */
	if (out->changed || !out->store)
		pki_ca_forget(ca);
	out->clock = holds(pki_ca_check_clock(ca, &err), &err, out);
	out->log = holds(pki_ca_check_log(ca, &err), &err, out);
	if (pki_ca_floor(ca, &floor, NULL) == PKI_OK) {
		out->floor = floor.time;
		out->epoch = floor.epoch;
	}
}
