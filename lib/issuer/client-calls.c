#include "issuer/client-parts.h"

int64_t
pki_issuer_now(const pki_issuer *issuer)
{
	return issuer->options.clock != NULL ?
	    pki_clock_now_ms(issuer->options.clock) :
	    pki_clock_monotonic_ms();
}

void
pki_issuer_unlink(pki_issuer *issuer, pki_issuer_call *call)
{
	issuer->table[call->id & issuer->table_mask] = NULL;
	call->prev->next = call->next;
	call->next->prev = call->prev;
	call->next = call->prev = NULL;
}

pki_issuer_call *
pki_issuer_find(const pki_issuer *issuer, uint64_t id)
{
	pki_issuer_call *call = issuer->table[id & issuer->table_mask];

	return call != NULL && call->id == id ? call : NULL;
}

void
pki_issuer_end(pki_issuer *issuer, pki_issuer_call *call,
    const pki_message *reply)
{
	issuer->options.done(call, reply, reply == NULL ? PKI_BUSY : PKI_OK);
	pthread_mutex_lock(&issuer->wait_lock);
	issuer->counts.waiting--;
	pthread_mutex_unlock(&issuer->wait_lock);
}

void
pki_issuer_end_all(pki_issuer *issuer, pki_issuer_picks *pick, uint64_t *count)
{
	int64_t now = pki_issuer_now(issuer);
	pki_issuer_call *call;

	for (;;) {
		pthread_mutex_lock(&issuer->wait_lock);
		call = issuer->waiting.next;
		if (call == &issuer->waiting || !pick(issuer, call, now)) {
			pthread_mutex_unlock(&issuer->wait_lock);
			return;
		}
		pki_issuer_unlink(issuer, call);
		++*count;
		pthread_mutex_unlock(&issuer->wait_lock);
		pki_issuer_end(issuer, call, NULL);
	}
}
