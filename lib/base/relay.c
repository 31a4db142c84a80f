#include "base/relay.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define BLOCKS 4
#define BLOCK 65536

struct pki_relay {
	pki_sink        to;
	pthread_t       thread;
	bool            has_thread;
	pthread_mutex_t mutex;          /* guards what follows */
	pthread_cond_t  changed;
	size_t          put, taken;     /* blocks, since the beginning */
	bool            ended, dropped;
	pki_code        rc;
	pki_err         err;
	size_t          lengths[BLOCKS];
	uint8_t         blocks[BLOCKS][BLOCK];
};

/* Of the block to take next; false: that was all. */
static bool
wait_for_block(pki_relay *relay, pki_bytes *out)
{
	size_t at = relay->taken % BLOCKS;
	bool some;

	pthread_mutex_lock(&relay->mutex);
	while (relay->put == relay->taken && !relay->ended)
		pthread_cond_wait(&relay->changed, &relay->mutex);
	some = relay->put != relay->taken && relay->rc == PKI_OK &&
	    !relay->dropped;
	pthread_mutex_unlock(&relay->mutex);
	*out = pki_bytes_of(relay->blocks[at], relay->lengths[at]);
	return some;
}

static void *
carry(void *arg)
{
	pki_relay *relay = arg;
	pki_err err;
	pki_bytes bytes;
	pki_code rc;

	while (wait_for_block(relay, &bytes)) {
		rc = relay->to.put(relay->to.arg, bytes, &err);
		pthread_mutex_lock(&relay->mutex);
		relay->taken++;
		if (rc != PKI_OK) {
			relay->rc = rc;
			relay->err = err;
		}
		pthread_cond_signal(&relay->changed);
		pthread_mutex_unlock(&relay->mutex);
	}
	return NULL;
}

/* Signals are for the threads that were there before. */
static bool
start_thread(pki_relay *relay)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
		return false;
	rc = pthread_create(&relay->thread, NULL, carry, relay);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc == 0;
}

pki_code
pki_relay_begin(const pki_sink *to, pki_relay **out, pki_err *err)
{
	pki_relay *relay = malloc(sizeof(*relay));

	if (relay == NULL)
		return pki_fail_memory(err);
	/* The blocks need not be cleared. */
	memset(relay, 0, offsetof(pki_relay, blocks));
	relay->to = *to;
	pthread_mutex_init(&relay->mutex, NULL);
	pthread_cond_init(&relay->changed, NULL);
	relay->has_thread = start_thread(relay);
	*out = relay;
	return PKI_OK;
}

static pki_code
tell_failure(const pki_relay *relay, pki_err *err)
{
	if (relay->rc != PKI_OK && err != NULL)
		*err = relay->err;
	return relay->rc;
}

static pki_code
put_block(pki_relay *relay, pki_bytes bytes, pki_err *err)
{
	size_t at = relay->put % BLOCKS;
	pki_code rc;

	pthread_mutex_lock(&relay->mutex);
	while (relay->put - relay->taken == BLOCKS && relay->rc == PKI_OK)
		pthread_cond_wait(&relay->changed, &relay->mutex);
	rc = tell_failure(relay, err);
	pthread_mutex_unlock(&relay->mutex);
	if (rc != PKI_OK)
		return rc;
	memcpy(relay->blocks[at], bytes.data, bytes.len);
	relay->lengths[at] = bytes.len;
	pthread_mutex_lock(&relay->mutex);
	relay->put++;
	pthread_cond_signal(&relay->changed);
	pthread_mutex_unlock(&relay->mutex);
	return PKI_OK;
}

/* A pki_sink. */
static pki_code
put_relay(void *arg, pki_bytes bytes, pki_err *err)
{
	pki_relay *relay = arg;
	pki_code rc = PKI_OK;

	if (relay->ended)
		return pki_fail(err, PKI_USAGE, "the relay has ended");
	if (!relay->has_thread)
		return relay->to.put(relay->to.arg, bytes, err);
	while (rc == PKI_OK && bytes.len > 0) {
		size_t len = bytes.len < BLOCK ? bytes.len : BLOCK;

		rc = put_block(relay, pki_bytes_of(bytes.data, len), err);
		bytes.data += len;
		bytes.len -= len;
	}
	return rc;
}

pki_sink
pki_relay_sink(pki_relay *relay)
{
	return (pki_sink){ put_relay, relay };
}

static void
join(pki_relay *relay, bool dropped)
{
	pthread_mutex_lock(&relay->mutex);
	relay->ended = true;
	relay->dropped = dropped;
	pthread_cond_signal(&relay->changed);
	pthread_mutex_unlock(&relay->mutex);
	if (relay->has_thread)
		pthread_join(relay->thread, NULL);
	relay->has_thread = false;
}

pki_code
pki_relay_end(pki_relay *relay, pki_err *err)
{
	join(relay, false);
	return tell_failure(relay, err);
}

void
pki_relay_free(pki_relay *relay)
{
	if (relay == NULL)
		return;
	join(relay, true);
	pthread_cond_destroy(&relay->changed);
	pthread_mutex_destroy(&relay->mutex);
	free(relay);
}
