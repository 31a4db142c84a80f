#include "ca/batch.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ca/job.h"
#include "ca/token-key.h"

/* Most requests in one transaction: what a reader of the log must skip. */
#define GROUP_MAX 512
/* From this depth on the writer may wait for more, so long (DESIGN 3). */
#define GATHER_DEPTH 64
#define GATHER_NS 1000000
#define WAITING_MAX 4096
/* How often a log that was too long is looked at again. */
#define LOOK_NS 200000000

/* One request on its way through both queues. */
struct item {
	struct item             *next;
	pki_issue_request        request;
	pki_bytes                csr_octets;
	pki_csr                 *csr;           /* what request points into */
	pki_batch_done          *done;
	void                    *arg;
	pki_job                  job;
	pki_code                 rc;
	pki_err                  err;
};

/* First in, first out.  closed: nothing comes any more. */
struct queue {
	pthread_mutex_t mutex;
	pthread_cond_t  filled;
	struct item    *first, **last;
	size_t          count;
	bool            closed;
};

struct pki_batch {
	pki_ca          *ca;            /* the writer's; read by the signers */
	pki_batch_sign  *sign;
	int64_t          epoch;
	struct queue     asked, signed_;
	pthread_t       *signers, writer;
	unsigned         signer_count;
	bool             has_writer;
	_Atomic size_t   inside;
	size_t           waiting;
	_Atomic bool     log_full;
};

static void
queue_init(struct queue *queue)
{
	pthread_mutex_init(&queue->mutex, NULL);
	pthread_cond_init(&queue->filled, NULL);
	queue->last = &queue->first;
}

static void
queue_clear(struct queue *queue)
{
	pthread_cond_destroy(&queue->filled);
	pthread_mutex_destroy(&queue->mutex);
}

static void
queue_put(struct queue *queue, struct item *item)
{
	item->next = NULL;
	pthread_mutex_lock(&queue->mutex);
	*queue->last = item;
	queue->last = &item->next;
	queue->count++;
	pthread_cond_signal(&queue->filled);
	pthread_mutex_unlock(&queue->mutex);
}

static void
queue_close(struct queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	queue->closed = true;
	pthread_cond_broadcast(&queue->filled);
	pthread_mutex_unlock(&queue->mutex);
}

/* Wait for something; at most max items as a list, NULL when closed. */
static struct item *
queue_take(struct queue *queue, size_t max)
{
	struct item *list, **end;
	size_t i;

	pthread_mutex_lock(&queue->mutex);
	while (queue->first == NULL && !queue->closed)
		pthread_cond_wait(&queue->filled, &queue->mutex);
	list = queue->first;
	end = &queue->first;
	for (i = 0; i < max && *end != NULL; i++)
		end = &(*end)->next;
	queue->first = *end;
	*end = NULL;
	if (queue->first == NULL)
		queue->last = &queue->first;
	queue->count -= i;
	pthread_mutex_unlock(&queue->mutex);
	return list;
}

/* Wait a moment for something; true as well when closed. */
static bool
queue_wait(struct queue *queue, long ns)
{
	struct timespec until;
	bool ready;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ns;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&queue->mutex);
	while (queue->first == NULL && !queue->closed && rc == 0)
		rc = pthread_cond_clockwait(&queue->filled, &queue->mutex,
		    CLOCK_MONOTONIC, &until);
	ready = queue->first != NULL || queue->closed;
	pthread_mutex_unlock(&queue->mutex);
	return ready;
}

static size_t
queue_count(struct queue *queue)
{
	size_t count;

	pthread_mutex_lock(&queue->mutex);
	count = queue->count;
	pthread_mutex_unlock(&queue->mutex);
	return count;
}

/* Give the answer.  A refused request keeps nothing of what was signed. */
static void
answer(pki_batch *batch, struct item *item)
{
	pki_issued *issued = NULL;

	if (item->rc == PKI_OK)
		item->rc = pki_job_deliver(&item->job, &issued, &item->err);
	pki_job_clear(&item->job);
	pki_csr_free(item->csr);
	item->done(item->arg, issued, &item->err);
	free(item);
	batch->inside--;
}

static pki_code
read_csr(struct item *item, pki_err *err)
{
	pki_code rc;

	if (item->csr_octets.len == 0)
		return PKI_OK;
	rc = pki_csr_parse(item->csr_octets, &item->csr, err);
	return rc == PKI_OK ?
	    pki_issue_request_from_csr(item->csr, &item->request, err) : rc;
}

/* All that one request needs before the store has a say. */
static pki_code
sign_item(pki_batch *batch, struct item *item, pki_err *err)
{
	pki_job *job = &item->job;
	pki_code rc;

	job->epoch = batch->epoch;
	rc = read_csr(item, err);
	if (rc == PKI_OK)
		rc = pki_job_allow(batch->ca, &item->request, job, err);
	job->waits = rc == PKI_OK && job->manual &&
	    !item->request.evidence.approved;
	if (rc != PKI_OK || job->waits)
		return rc;
	if (job->authority->signer == NULL)
		rc = pki_refuse(err, PKI_DENIED, "ca-state",
		    "a CA whose key is here", "%s", job->authority->name);
	if (rc == PKI_OK)
		rc = batch->sign(batch->ca, job, job->authority->signer, err);
	return rc;
}

static void *
run_signer(void *arg)
{
	pki_batch *batch = arg;
	struct item *item;

	while ((item = queue_take(&batch->asked, 1)) != NULL) {
		item->rc = sign_item(batch, item, &item->err);
		if (item->rc == PKI_OK)
			queue_put(&batch->signed_, item);
		else
			answer(batch, item);
	}
	return NULL;
}

/* Each in turn; one that is refused is taken back alone. */
static pki_code
write_group(pki_batch *batch, struct item *group, pki_err *err)
{
	pki_store *store = batch->ca->store;
	struct item *item;
	pki_code rc = PKI_OK;

	for (item = group; item != NULL && rc == PKI_OK; item = item->next) {
		rc = pki_store_mark(store, err);
		if (rc != PKI_OK)
			break;
		item->rc = pki_job_write(batch->ca, &item->job, &item->err);
		rc = item->rc == PKI_OK ? pki_store_keep(store, err) :
		    pki_store_undo(store, err);
	}
	return rc;
}

static pki_code
commit_group(pki_batch *batch, struct item *group, pki_err *err)
{
	pki_store *store = batch->ca->store;
	pki_code rc = pki_store_begin(store, err);

	if (rc == PKI_OK)
		rc = pki_ca_refresh(batch->ca, err);
	if (rc == PKI_OK)
		rc = write_group(batch, group, err);
	if (rc == PKI_OK)
		rc = pki_store_commit(store, err);
	if (rc != PKI_OK) {
		pki_store_rollback(store);
		pki_ca_forget(batch->ca);
	}
	return rc;
}

/* Where a certificate's partition comes from; see place() in job.c. */
static void
count_issued(struct item *group)
{
	struct item *item;

	for (item = group; item != NULL; item = item->next)
		if (item->rc == PKI_OK && !item->job.again &&
		    !item->job.waits)
			item->job.authority->issued++;
}

static void
finish_group(pki_batch *batch, struct item *group)
{
	pki_err err = { 0 };
	struct item *item;
	pki_code rc = commit_group(batch, group, &err);

	if (rc == PKI_OK)
		count_issued(group);
	while ((item = group) != NULL) {
		group = item->next;
		if (rc != PKI_OK && item->rc == PKI_OK) {
			item->rc = rc;
			item->err = err;
		}
		answer(batch, item);
	}
}

/* Under load a moment's patience makes groups larger; idle, none is lost. */
static void
gather(pki_batch *batch)
{
	const struct timespec moment = { 0, GATHER_NS };
	size_t ready = queue_count(&batch->signed_);

	if (ready < GROUP_MAX && batch->inside > ready + GATHER_DEPTH)
		nanosleep(&moment, NULL);
}

static void
look_at_log(pki_batch *batch)
{
	batch->log_full = pki_ca_check_log(batch->ca, NULL) != PKI_OK;
}

/* While the log is full nothing comes in that would make one look again. */
static void
await_room(pki_batch *batch)
{
	while (batch->log_full && !queue_wait(&batch->signed_, LOOK_NS))
		look_at_log(batch);
}

static void *
run_writer(void *arg)
{
	pki_batch *batch = arg;
	struct item *group;

	while ((group = queue_take(&batch->signed_, GROUP_MAX)) != NULL) {
		finish_group(batch, group);
		look_at_log(batch);
		await_room(batch);
		gather(batch);
	}
	return NULL;
}

pki_code
pki_batch_issue(pki_batch *batch, const pki_issue_request *request,
    pki_bytes csr, pki_batch_done *done, void *arg, pki_err *err)
{
	struct item *item;

	if (batch->log_full)
		return pki_fail_log(err);
	if (batch->inside >= batch->waiting)
		return pki_fail(err, PKI_BUSY, "busy: %zu requests are waiting",
		    batch->waiting);
	item = calloc(1, sizeof(*item));
	if (item == NULL)
		return pki_fail_memory(err);
	item->request = *request;
	item->csr_octets = csr;
	item->done = done;
	item->arg = arg;
	batch->inside++;
	queue_put(&batch->asked, item);
	return PKI_OK;
}

/* Everything the signers read is there before they start. */
static pki_code
load(pki_batch *batch, pki_err *err)
{
	pki_ca *ca = batch->ca;
	const pki_profiles *profiles;
	pki_floor floor = { 0 };
	pki_code rc;
	size_t i;

	rc = pki_ca_check_clock(ca, err);
	if (rc == PKI_OK)
		rc = pki_ca_floor(ca, &floor, err);
	batch->epoch = floor.epoch;
	if (rc == PKI_OK)
		rc = pki_ca_profiles(ca, &profiles, err);
	if (rc == PKI_OK)
		rc = pki_token_key_load(ca, err);
	if (rc == PKI_OK)
		rc = pki_authorities_load(ca, err);
	if (rc == PKI_OK)
		rc = pki_authorities_count(ca, err);
	for (i = 0; i < ca->count && rc == PKI_OK; i++) {
		pki_authority *authority = ca->authorities[i];

		/* A root signs no requests, and its key wants a person. */
		if (strcmp(authority->name, authority->parent) != 0)
			rc = pki_authority_signer(ca, authority, err);
	}
	return rc;
}

/* Signals are the program's main thread's business. */
static pki_code
start_thread(pthread_t *thread, const char *name, void *(*run)(void *),
    pki_batch *batch, pki_err *err)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(thread, NULL, run, batch);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0)
		return pki_fail(err, PKI_SYSTEM, "cannot start a thread: %s",
		    strerror(rc));
	pthread_setname_np(*thread, name);      /* for top and perf */
	return PKI_OK;
}

static pki_code
start(pki_batch *batch, unsigned signers, pki_err *err)
{
	pki_code rc;

	batch->signers = calloc(signers, sizeof(*batch->signers));
	if (batch->signers == NULL)
		return pki_fail_memory(err);
	rc = start_thread(&batch->writer, "pki-writer", run_writer, batch, err);
	batch->has_writer = rc == PKI_OK;
	while (rc == PKI_OK && batch->signer_count < signers) {
		rc = start_thread(&batch->signers[batch->signer_count],
		    "pki-signer", run_signer, batch, err);
		batch->signer_count += rc == PKI_OK;
	}
	return rc;
}

pki_code
pki_batch_open(const pki_batch_options *options, pki_batch **out, pki_err *err)
{
	return pki_batch_open_signing(options, pki_job_sign, out, err);
}

pki_code
pki_batch_open_signing(const pki_batch_options *options, pki_batch_sign *sign,
    pki_batch **out, pki_err *err)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned signers = options->signers != 0 ? options->signers :
	    cores > 0 ? (unsigned)cores : 1;
	PKI_AUTO(pki_batch) batch = calloc(1, sizeof(*batch));
	pki_code rc;

	if (batch == NULL)
		return pki_fail_memory(err);
	queue_init(&batch->asked);
	queue_init(&batch->signed_);
	batch->sign = sign;
	batch->waiting = options->waiting != 0 ? options->waiting :
	    WAITING_MAX;
	rc = pki_ca_open(&options->ca, &batch->ca, err);
	if (rc == PKI_OK)
		rc = load(batch, err);
	if (rc == PKI_OK)
		rc = start(batch, signers, err);
	if (rc != PKI_OK)
		return rc;
	*out = PKI_TAKE(batch);
	return PKI_OK;
}

void
pki_batch_close(pki_batch *batch)
{
	unsigned i;

	if (batch == NULL)
		return;
	queue_close(&batch->asked);
	for (i = 0; i < batch->signer_count; i++)
		pthread_join(batch->signers[i], NULL);
	queue_close(&batch->signed_);
	if (batch->has_writer)
		pthread_join(batch->writer, NULL);
	queue_clear(&batch->asked);
	queue_clear(&batch->signed_);
	pki_ca_free(batch->ca);
	free(batch->signers);
	free(batch);
}
