#include "issuer/serve-parts.h"

#include <string.h>

#include "base/text.h"

/* FNV-1a: spreads ids; who shares a place with another waits a second more. */
static uint32_t
hash_of(const char *who)
{
	uint32_t hash = UINT32_C(2166136261);

	for (; *who != '\0'; who++)
		hash = (hash ^ (uint8_t)*who) * UINT32_C(16777619);
	return hash;
}

/* With the mutex.  One row a second for each credential (DESIGN 7). */
static bool
may_note(pki_refusals *refusals, const char *who, int64_t now)
{
	uint32_t hash = hash_of(who);
	size_t place = hash % PKI_REFUSAL_PLACES;

	if (refusals->count == PKI_REFUSALS_WAITING ||
	    (refusals->last[place].at == now &&
	    refusals->last[place].who == hash)) {
		refusals->left_out++;
		return false;
	}
	refusals->last[place].who = hash;
	refusals->last[place].at = now;
	return true;
}

static void
fill(const pki_work *work, const pki_err *err, int64_t now, pki_refusal *out)
{
	*out = (pki_refusal){ .at = now };
	memcpy(out->who, work->who, sizeof(out->who));
	memcpy(out->name, work->device, sizeof(out->name));
	memcpy(out->value, err->value, sizeof(out->value));
	memcpy(out->rule, err->rule, sizeof(out->rule));
	if (out->rule[0] == '\0')
		strncpy(out->rule, pki_code_name(err->code),
		    sizeof(out->rule) - 1);
	pki_hex_format(work->message.field[PKI_TAG_REQUEST_ID], out->request);
}

void
pki_refusals_note(pki_work *work, const pki_err *err)
{
	pki_refusals *refusals = &work->serving->refusals;
	int64_t now = pki_clock_now(work->serving->options.ca.clock);

	if (work->who[0] == '\0')
		return;
	pthread_mutex_lock(&refusals->mutex);
	if (may_note(refusals, work->who, now))
		fill(work, err, now, &refusals->waiting[refusals->count++]);
	pthread_mutex_unlock(&refusals->mutex);
}

void
pki_refusals_write(pki_serving *serving, pki_ca *ca)
{
	pki_refusals *refusals = &serving->refusals;
	pki_err err = { 0 };
	size_t count;

	/* Rows only come behind these meanwhile; who adds does not wait. */
	pthread_mutex_lock(&refusals->mutex);
	count = refusals->count;
	pthread_mutex_unlock(&refusals->mutex);
	if (count == 0)
		return;
	if (pki_ca_record_refusals(ca, refusals->waiting, count, &err) !=
	    PKI_OK) {
		pki_watch_note(serving, "audit-failed", &err);
		return;
	}
	pthread_mutex_lock(&refusals->mutex);
	refusals->count -= count;
	memmove(refusals->waiting, refusals->waiting + count,
	    refusals->count *
	    sizeof(refusals->waiting[0]));
	pthread_mutex_unlock(&refusals->mutex);
}
