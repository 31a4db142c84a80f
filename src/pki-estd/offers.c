#include "pki-estd/offers.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_MAX 32
#define CHAIN_MAX 4
#define NAMES_MAX 8

typedef struct offer {
	char     label[LABEL_MAX + 1];
	pki_buf *text[2];               /* by offers_kind */
	char     etag[OFFERS_ETAG];
	bool     listed;                /* by LABELS */
} offer;

/* One generation. */
typedef struct offer_set {
	uint64_t generation;
	size_t   count;
	offer    offers[PKI_WIRE_LIST_MAX];

	/* For TLS, which has its own copy once the set is used. */
	pki_buf *key, *chain[CHAIN_MAX], *names[NAMES_MAX];
	size_t   n_chain, n_names;
} offer_set;

struct offers_table {
	tls_store       *tls;
	offer_set       *next;          /* being told; of one thread */
	pthread_rwlock_t lock;
	offer_set       *now;
};

/* ---- sets ---- */

static void
free_list(pki_buf **list, size_t *count)
{
	while (*count > 0)
		pki_buf_free(list[--*count]);
}

/* The key is wiped with it. */
static void
forget_material(offer_set *set)
{
	pki_buf_free(set->key);
	set->key = NULL;
	free_list(set->chain, &set->n_chain);
	free_list(set->names, &set->n_names);
}

static void
free_set(offer_set *set)
{
	if (set == NULL)
		return;
	for (size_t i = 0; i < set->count; i++) {
		pki_buf_free(set->offers[i].text[OFFERS_CACERTS]);
		pki_buf_free(set->offers[i].text[OFFERS_CSRATTRS]);
	}
	forget_material(set);
	free(set);
}

static offer *
find_offer(offer_set *set, pki_bytes label)
{
	for (size_t i = 0; set != NULL && i < set->count; i++)
		if (pki_bytes_equal(label,
		    pki_bytes_text(set->offers[i].label)))
			return &set->offers[i];
	return NULL;
}

pki_code
offers_new(tls_store *tls, offers_table **out, pki_err *err)
{
	offers_table *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return pki_fail_memory(err);
	made->tls = tls;
	pthread_rwlock_init(&made->lock, NULL);
	*out = made;
	return PKI_OK;
}

void
offers_free(offers_table *offers)
{
	if (offers == NULL)
		return;
	free_set(offers->next);
	free_set(offers->now);
	pthread_rwlock_destroy(&offers->lock);
	free(offers);
}

/* ---- being told ---- */

static pki_code
not_whole(const char *what, pki_err *err)
{
	return pki_fail(err, PKI_BAD_INPUT, "set of the issuer: %s", what);
}

/* A message of another generation begins a set anew. */
static pki_code
begin_set(offers_table *offers, uint64_t generation, pki_err *err)
{
	if (offers->next != NULL && offers->next->generation == generation)
		return PKI_OK;
	free_set(offers->next);
	offers->next = calloc(1, sizeof(*offers->next));
	if (offers->next == NULL)
		return pki_fail_memory(err);
	offers->next->generation = generation;
	return PKI_OK;
}

static pki_code
copy_list(const pki_message *message, pki_buf **list, size_t max,
    size_t *count, pki_err *err)
{
	free_list(list, count);
	for (size_t i = 0; i < message->n_list && i < max; i++) {
		list[i] = pki_buf_copy(message->list[i]);
		if (list[i] == NULL)
			return pki_fail_memory(err);
		++*count;
	}
	return PKI_OK;
}

static pki_code
take_tls(offer_set *set, const pki_message *message, pki_err *err)
{
	pki_buf_free(set->key);
	set->key = pki_buf_copy(message->field[PKI_TAG_KEY]);
	if (set->key == NULL)
		return pki_fail_memory(err);
	return copy_list(message, set->chain, CHAIN_MAX, &set->n_chain, err);
}

static pki_code
take_client_cas(offer_set *set, const pki_message *message, pki_err *err)
{
	return copy_list(message, set->names, NAMES_MAX, &set->n_names, err);
}

static pki_code
get_offer(offer_set *set, const pki_message *message, offer **out,
    pki_err *err)
{
	*out = find_offer(set, message->field[PKI_TAG_LABEL]);
	if (*out != NULL)
		return PKI_OK;
	if (set->count == PKI_COUNT(set->offers))
		return not_whole("too many labels", err);
	*out = &set->offers[set->count++];
	pki_message_text(message, PKI_TAG_LABEL, (*out)->label,
	    sizeof((*out)->label));
	return PKI_OK;
}

/* Base64 of it, at most as wide as RFC 2045 has it. */
static pki_code
take_text(offer *at, offers_kind kind, const pki_message *message,
    pki_bytes der, pki_err *err)
{
	pki_buf *text = pki_buf_new();
	pki_code rc = PKI_OK;

	if (text == NULL)
		return pki_fail_memory(err);
	if (der.len > 0)
		rc = pki_est_body_encode(der,
		    (size_t)message->number[PKI_TAG_WIDTH], text, err);
	if (rc != PKI_OK) {
		pki_buf_free(text);
		return rc;
	}
	pki_buf_free(at->text[kind]);
	at->text[kind] = text;
	return PKI_OK;
}

static pki_code
take_cacerts(offer_set *set, const pki_message *message, pki_err *err)
{
	char hex[2 * sizeof(pki_digest) + 1];
	offer *at;
	pki_code rc = get_offer(set, message, &at, err);

	if (rc == PKI_OK)
		rc = take_text(at, OFFERS_CACERTS, message,
		    message->field[PKI_TAG_CMS], err);
	if (rc == PKI_OK)
		snprintf(at->etag, sizeof(at->etag), "\"%s\"",
		    pki_hex_format(message->field[PKI_TAG_ETAG], hex));
	return rc;
}

static pki_code
take_csrattrs(offer_set *set, const pki_message *message, pki_err *err)
{
	offer *at;
	pki_code rc = get_offer(set, message, &at, err);

	return rc != PKI_OK ? rc : take_text(at, OFFERS_CSRATTRS, message,
	    message->field[PKI_TAG_ATTRS], err);
}

/* Whole: a certificate for TLS, and of each label both answers. */
static pki_code
check_set(offer_set *set, const pki_message *labels, pki_err *err)
{
	if (set->key == NULL || set->n_chain == 0)
		return not_whole("no certificate of the server", err);
	for (size_t i = 0; i < labels->n_list; i++) {
		offer *at = find_offer(set, labels->list[i]);

		if (at == NULL || at->text[OFFERS_CACERTS] == NULL ||
		    at->text[OFFERS_CSRATTRS] == NULL)
			return not_whole("a label without its answers", err);
		at->listed = true;
	}
	return PKI_OK;
}

static pki_code
use_material(offers_table *offers, const offer_set *set, pki_err *err)
{
	pki_bytes chain[CHAIN_MAX], names[NAMES_MAX];
	const tls_material material = {
		.key = pki_buf_bytes(set->key),
		.chain = chain, .n_chain = set->n_chain,
		.names = names, .n_names = set->n_names,
	};

	for (size_t i = 0; i < set->n_chain; i++)
		chain[i] = pki_buf_bytes(set->chain[i]);
	for (size_t i = 0; i < set->n_names; i++)
		names[i] = pki_buf_bytes(set->names[i]);
	return tls_set_material(offers->tls, &material, err);
}

static pki_code
use_set(offers_table *offers, const pki_message *labels, pki_err *err)
{
	offer_set *set = offers->next, *before;
	pki_code rc = check_set(set, labels, err);

	if (rc == PKI_OK)
		rc = use_material(offers, set, err);
	if (rc != PKI_OK)
		return rc;
	forget_material(set);
	offers->next = NULL;
	pthread_rwlock_wrlock(&offers->lock);
	before = offers->now;
	offers->now = set;
	pthread_rwlock_unlock(&offers->lock);
	free_set(before);
	return PKI_OK;
}

pki_code
offers_take(offers_table *offers, const pki_message *message, pki_err *err)
{
	pki_code rc = begin_set(offers,
	    message->number[PKI_TAG_GENERATION], err);

	if (rc != PKI_OK)
		return rc;
	switch (message->type) {
	case PKI_MESSAGE_TLS:
		rc = take_tls(offers->next, message, err);
		break;
	case PKI_MESSAGE_CLIENT_CAS:
		rc = take_client_cas(offers->next, message, err);
		break;
	case PKI_MESSAGE_CACERTS:
		rc = take_cacerts(offers->next, message, err);
		break;
	case PKI_MESSAGE_CSRATTRS:
		rc = take_csrattrs(offers->next, message, err);
		break;
	case PKI_MESSAGE_LABELS:
		rc = use_set(offers, message, err);
		break;
	default:
		return not_whole("not a message of it", err);
	}
	if (rc != PKI_OK) {
		free_set(offers->next);
		offers->next = NULL;
	}
	return rc;
}

/* ---- being asked ---- */

bool
offers_known(offers_table *offers)
{
	bool known;

	pthread_rwlock_rdlock(&offers->lock);
	known = offers->now != NULL;
	pthread_rwlock_unlock(&offers->lock);
	return known;
}

/* With the lock. */
static const offer *
find_listed(offers_table *offers, pki_bytes label)
{
	const offer *at = find_offer(offers->now, label);

	return at != NULL && at->listed ? at : NULL;
}

bool
offers_is_label(void *offers, pki_bytes label)
{
	offers_table *table = offers;
	bool found;

	pthread_rwlock_rdlock(&table->lock);
	found = find_listed(table, label) != NULL;
	pthread_rwlock_unlock(&table->lock);
	return found;
}

pki_code
offers_get(offers_table *offers, pki_bytes label, offers_kind kind,
    pki_buf **out, char etag[OFFERS_ETAG], pki_err *err)
{
	pki_buf *copy = NULL;
	const offer *at;

	pthread_rwlock_rdlock(&offers->lock);
	at = find_listed(offers, label);
	if (at != NULL)
		copy = pki_buf_copy(pki_buf_bytes(at->text[kind]));
	if (at != NULL && etag != NULL)
		memcpy(etag, at->etag, sizeof(at->etag));
	pthread_rwlock_unlock(&offers->lock);
	if (at == NULL)
		return pki_fail(err, PKI_NOT_FOUND, "no such label");
	if (copy == NULL)
		return pki_fail_memory(err);
	*out = copy;
	return PKI_OK;
}
