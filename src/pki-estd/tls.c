#include "pki-estd/tls.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#define CHAIN_MAX 4
#define NAMES_MAX 8

/*
 * Renegotiation is never taken up: libmicrohttpd ends a connection that asks
 * for it.  So who cannot negotiate it safely may come in as well: strongSwan's
 * pki 5.9 says nothing of RFC 5746, and %SAFE_RENEGOTIATION turns it away.
 *
 * The client's order counts: it has sent a key of the group that it likes
 * best, and with %SERVER_PRECEDENCE would be asked for another one, a round
 * trip more.
 */
const char tls_priorities[] =
    "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-DHE-RSA:"
    "-AES-128-CBC:-AES-256-CBC:-AES-128-CCM:-AES-256-CCM:-SHA1";

struct tls_ref {
	atomic_uint                      count;
	gnutls_certificate_credentials_t credentials;
};

struct tls_store {
	pthread_mutex_t lock;
	tls_ref        *current;        /* NULL before the first material */
};

static pki_code
fail_tls(pki_err *err, const char *what, int rc)
{
	if (rc == GNUTLS_E_MEMORY_ERROR)
		return pki_fail_memory(err);
	return pki_fail(err, PKI_CRYPTO, "%s: %s", what, gnutls_strerror(rc));
}

static int
never_called(gnutls_session_t session, const gnutls_datum_t *names,
    int n_names, const gnutls_pk_algorithm_t *algorithms, int n_algorithms,
    gnutls_pcert_st **chain, unsigned *n_chain, gnutls_privkey_t *key)
{
	(void)session, (void)names, (void)n_names, (void)algorithms;
	(void)n_algorithms, (void)chain, (void)n_chain, (void)key;
	return -1;
}

tls_symbol *
tls_no_certificate(void)
{
	return (tls_symbol *)(void (*)(void))never_called;
}

pki_code
tls_new(tls_store **out, pki_err *err)
{
	tls_store *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return pki_fail_memory(err);
	pthread_mutex_init(&made->lock, NULL);
	*out = made;
	return PKI_OK;
}

void
tls_free(tls_store *tls)
{
	if (tls == NULL)
		return;
	tls_end(tls->current);
	pthread_mutex_destroy(&tls->lock);
	free(tls);
}

void
tls_end(tls_ref *ref)
{
	if (ref == NULL || atomic_fetch_sub(&ref->count, 1) != 1)
		return;
	if (ref->credentials != NULL)
		gnutls_certificate_free_credentials(ref->credentials);
	free(ref);
}

/* The library does not write to what it imports. */
static gnutls_datum_t
datum_of(pki_bytes bytes)
{
	return (gnutls_datum_t){
		.data = (unsigned char *)(uintptr_t)bytes.data,
		.size = (unsigned)bytes.len,
	};
}

typedef struct tls_certs {
	gnutls_x509_crt_t list[NAMES_MAX];
	unsigned          count;
} tls_certs;

static void
free_certs(tls_certs *certs)
{
	while (certs->count > 0)
		gnutls_x509_crt_deinit(certs->list[--certs->count]);
}

/* On failure certs holds what was read so far. */
static int
read_certs(const pki_bytes *der, size_t count, tls_certs *certs)
{
	for (size_t i = 0; i < count; i++) {
		gnutls_datum_t datum = datum_of(der[i]);
		int rc = gnutls_x509_crt_init(&certs->list[i]);

		if (rc < 0)
			return rc;
		certs->count++;
		rc = gnutls_x509_crt_import(certs->list[i], &datum,
		    GNUTLS_X509_FMT_DER);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int
set_key(tls_ref *ref, const tls_material *material)
{
	gnutls_datum_t datum = datum_of(material->key);
	gnutls_x509_privkey_t key = NULL;
	tls_certs chain = { .count = 0 };
	int rc = gnutls_x509_privkey_init(&key);

	if (rc < 0)
		return rc;
	rc = gnutls_x509_privkey_import2(key, &datum, GNUTLS_X509_FMT_DER,
	    NULL, 0);
	if (rc >= 0)
		rc = read_certs(material->chain, material->n_chain, &chain);
	if (rc >= 0)
		rc = gnutls_certificate_set_x509_key(ref->credentials,
		    chain.list, (int)chain.count, key);
	free_certs(&chain);
	gnutls_x509_privkey_deinit(key);
	return rc;
}

/* For the list of names in the request only: we verify chains ourselves. */
static int
set_names(tls_ref *ref, const tls_material *material)
{
	tls_certs names = { .count = 0 };
	int rc = read_certs(material->names, material->n_names, &names);

	if (rc >= 0 && names.count > 0)
		rc = gnutls_certificate_set_x509_trust(ref->credentials,
		    names.list, (int)names.count);
	free_certs(&names);
	return rc;
}

static pki_code
make_ref(const tls_material *material, tls_ref **out, pki_err *err)
{
	tls_ref *made = calloc(1, sizeof(*made));
	const char *what = "TLS credentials";
	int rc;

	if (made == NULL)
		return pki_fail_memory(err);
	atomic_init(&made->count, 1);
	rc = gnutls_certificate_allocate_credentials(&made->credentials);
	if (rc >= 0) {
		what = "TLS key and certificate";
		rc = set_key(made, material);
	}
	if (rc >= 0) {
		what = "certificates of client CAs";
		rc = set_names(made, material);
	}
	if (rc < 0) {
		tls_end(made);
		return fail_tls(err, what, rc);
	}
	*out = made;
	return PKI_OK;
}

pki_code
tls_set_material(tls_store *tls, const tls_material *material, pki_err *err)
{
	tls_ref *made = NULL, *old;
	pki_code rc;

	if (material->n_chain < 1 || material->n_chain > CHAIN_MAX ||
	    material->n_names > NAMES_MAX)
		return pki_fail(err, PKI_BAD_INPUT,
		    "%zu certificates and %zu client CAs, wants 1 to %d "
		    "and at most %d", material->n_chain, material->n_names,
		    CHAIN_MAX, NAMES_MAX);
	rc = make_ref(material, &made, err);
	if (rc != PKI_OK)
		return rc;
	pthread_mutex_lock(&tls->lock);
	old = tls->current;
	tls->current = made;
	pthread_mutex_unlock(&tls->lock);
	tls_end(old);
	return PKI_OK;
}

pki_code
tls_begin(tls_store *tls, void *session, tls_ref **out, pki_err *err)
{
	tls_ref *ref;
	int rc;

	pthread_mutex_lock(&tls->lock);
	ref = tls->current;
	if (ref != NULL)
		atomic_fetch_add(&ref->count, 1);
	pthread_mutex_unlock(&tls->lock);
	if (ref == NULL)
		return pki_fail(err, PKI_BUSY, "no TLS certificate yet");
	rc = gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE,
	    ref->credentials);
	if (rc < 0) {
		tls_end(ref);
		return fail_tls(err, "TLS session", rc);
	}
	gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
	*out = ref;
	return PKI_OK;
}

/* ---- handshakes that wait ---- */

static ssize_t
pull(gnutls_transport_ptr_t arg, void *data, size_t len)
{
	tls_shake *shake = arg;
	ssize_t n = recv(shake->fd, data, len, 0);

	if (n >= 0 || errno != EAGAIN || shake->done)
		return n;
	shake->wait(shake);
	errno = EAGAIN;
	return n;
}

static int
await(gnutls_transport_ptr_t arg, unsigned ms)
{
	const tls_shake *shake = arg;
	struct pollfd look = { shake->fd, POLLIN, 0 };

	return poll(&look, 1, ms == GNUTLS_INDEFINITE_TIMEOUT ? -1 : (int)ms);
}

/* The client's Finished is the last that a handshake reads. */
static int
on_finished(gnutls_session_t session, unsigned type, unsigned when,
    unsigned incoming, const gnutls_datum_t *message)
{
	(void)type, (void)when, (void)message;
	if (incoming != 0)
		((tls_shake *)gnutls_transport_get_ptr(session))->done = true;
	return 0;
}

void
tls_watch(void *session, tls_shake *shake)
{
	gnutls_transport_set_ptr2(session, shake,
	    (gnutls_transport_ptr_t)(intptr_t)shake->fd);
	gnutls_transport_set_pull_function(session, pull);
	gnutls_transport_set_pull_timeout_function(session, await);
	gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_FINISHED,
	    GNUTLS_HOOK_POST, on_finished);
}

/* ---- what a session tells ---- */

/* 0 octets where the session has no such binding: RFC 9266, section 2. */
static size_t
read_binding(gnutls_session_t session, gnutls_channel_binding_t type,
    uint8_t *out, size_t room)
{
	gnutls_datum_t binding = { NULL, 0 };
	size_t len = 0;

	if (gnutls_session_channel_binding(session, type, &binding) != 0)
		return 0;
	if (binding.size <= room) {
		len = binding.size;
		memcpy(out, binding.data, len);
	}
	gnutls_free(binding.data);
	return len;
}

pki_code
tls_read_facts(void *session, tls_facts *out, pki_err *err)
{
	tls_facts facts = { .version = 0 };

	switch (gnutls_protocol_get_version(session)) {
	case GNUTLS_TLS1_2:
		facts.version = 0x0303;
		break;
	case GNUTLS_TLS1_3:
		facts.version = 0x0304;
		break;
	default:
		return pki_fail(err, PKI_CRYPTO, "unexpected TLS version");
	}
	facts.ems = facts.version == 0x0304 ||
	    (gnutls_session_get_flags(session) &
	    GNUTLS_SFLAGS_EXT_MASTER_SECRET) != 0;
	/* Without EMS the library gives one that two sessions may share. */
	if (facts.version == 0x0303 && facts.ems)
		facts.unique_len = read_binding(session,
		    GNUTLS_CB_TLS_UNIQUE, facts.unique, sizeof(facts.unique));
	if (facts.ems)
		facts.exporter_len = read_binding(session,
		    GNUTLS_CB_TLS_EXPORTER, facts.exporter,
		    sizeof(facts.exporter));
	facts.peer = tls_peer(session);
	*out = facts;
	return PKI_OK;
}

pki_bytes
tls_peer(void *session)
{
	unsigned count = 0;
	const gnutls_datum_t *peers = gnutls_certificate_get_peers(session,
	    &count);

	if (peers == NULL || count == 0)
		return pki_bytes_of(NULL, 0);
	return pki_bytes_of(peers[0].data, peers[0].size);
}

size_t
tls_peer_chain(void *session, pki_bytes *out, size_t max)
{
	unsigned count = 0;
	const gnutls_datum_t *peers = gnutls_certificate_get_peers(session,
	    &count);
	size_t n = 0;

	for (unsigned i = 1; peers != NULL && i < count && n < max; i++)
		out[n++] = pki_bytes_of(peers[i].data, peers[i].size);
	return n;
}
