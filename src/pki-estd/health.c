#include "pki-estd/health.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define REASON_MAX 64
#define RETRY_S 2               /* a new issuer is there before that */

typedef struct counter {
	char     name[PKI_COUNTER_NAME_MAX + 1];
	uint64_t value;
} counter;

struct health_table {
	pthread_mutex_t lock;
	bool            known, ready, clock, store;
	char            reason[REASON_MAX + 1];
	unsigned        retry_after;
	counter         counters[PKI_WIRE_LIST_MAX];
	size_t          count;
};

pki_code
health_new(health_table **out, pki_err *err)
{
	health_table *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return pki_fail_memory(err);
	pthread_mutex_init(&made->lock, NULL);
	*out = made;
	return PKI_OK;
}

void
health_free(health_table *health)
{
	if (health == NULL)
		return;
	pthread_mutex_destroy(&health->lock);
	free(health);
}

/* Names of metrics have these characters only. */
static void
clean_name(char *name)
{
	for (; *name != '\0'; name++)
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789_", *name) ==
		    NULL)
			*name = '_';
}

static void
take_counters(health_table *health, const pki_message *state)
{
	health->count = 0;
	for (size_t i = 0; i < state->n_list; i++) {
		counter *at = &health->counters[health->count];

		if (pki_counter_decode(state->list[i], at->name, &at->value,
		    NULL) != PKI_OK)
			continue;
		clean_name(at->name);
		health->count++;
	}
}

void
health_take(health_table *health, const pki_message *state)
{
	pthread_mutex_lock(&health->lock);
	health->known = true;
	health->ready = state->number[PKI_TAG_READY] != 0;
	health->clock = state->number[PKI_TAG_CLOCK] != 0;
	health->store = state->number[PKI_TAG_STORE] != 0;
	health->retry_after = (unsigned)state->number[PKI_TAG_RETRY_AFTER];
	pki_message_text(state, PKI_TAG_REASON, health->reason,
	    sizeof(health->reason));
	take_counters(health, state);
	pthread_mutex_unlock(&health->lock);
}

void
health_forget(health_table *health)
{
	pthread_mutex_lock(&health->lock);
	health->known = false;
	pthread_mutex_unlock(&health->lock);
}

bool
health_is_ready(health_table *health, char reason[REASON_MAX + 1],
    unsigned *retry_after)
{
	bool ready;

	pthread_mutex_lock(&health->lock);
	ready = health->known && health->ready;
	strcpy(reason, !health->known ? "issuer" :
	    health->reason[0] == '\0' ? "issuer" : health->reason);
	*retry_after = health->known && health->retry_after > 0 ?
	    health->retry_after : RETRY_S;
	pthread_mutex_unlock(&health->lock);
	return ready;
}

static void
print_number(pki_buf *out, const char *name, const char *type,
    const char *help, uint64_t value)
{
	pki_buf_add_format(out, "# HELP pki_estd_%s %s\n"
	    "# TYPE pki_estd_%s %s\npki_estd_%s %" PRIu64 "\n", name, help,
	    name, type, name, value);
}

static void
print_link(const pki_issuer_counts *link, pki_buf *out)
{
	const struct {
		const char *name, *type, *help;
		uint64_t    value;
	} rows[] = {
		{ "issuer_linked", "gauge", "1: there is an issuer.",
		    link->linked },
		{ "issuer_waiting", "gauge", "Questions without an answer.",
		    link->waiting },
		{ "issuer_links_total", "counter",
		    "Issuers so far; more than one: some ended.",
		    link->links },
		{ "issuer_asked_total", "counter", "Questions.",
		    link->asked },
		{ "issuer_answered_total", "counter", "Answers.",
		    link->answered },
		{ "issuer_timed_out_total", "counter",
		    "Questions without an answer in time.", link->timed_out },
		{ "issuer_full_total", "counter",
		    "Questions that the link had no room for.", link->full },
		{ "issuer_lost_total", "counter",
		    "Questions whose issuer ended.", link->lost },
		{ "issuer_turned_away_total", "counter",
		    "Requests that were not asked about.",
		    link->turned_away },
		{ "issuer_late_total", "counter",
		    "Answers that nobody waited for any more.", link->late },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++)
		print_number(out, rows[i].name, rows[i].type, rows[i].help,
		    rows[i].value);
}

void
health_print(health_table *health, const pki_issuer_counts *link,
    pki_buf *out)
{
	print_link(link, out);
	pthread_mutex_lock(&health->lock);
	print_number(out, "ready", "gauge", "1: enrolling works.",
	    health->known && health->ready && link->linked);
	print_number(out, "clock_trusted", "gauge",
	    "1: the issuer trusts its clock.", health->known &&
	    health->clock);
	print_number(out, "store_writable", "gauge",
	    "1: the issuer's database can be written.", health->known &&
	    health->store);
	for (size_t i = 0; i < health->count; i++)
		pki_buf_add_format(out, "pki_estd_issuer_%s %" PRIu64 "\n",
		    health->counters[i].name, health->counters[i].value);
	pthread_mutex_unlock(&health->lock);
}
