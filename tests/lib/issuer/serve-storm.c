#include "pki.h"

#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/*
 * Usage: serve-storm [--tap=FILE]
 *
 * A real issuer in this process: eight threads enroll devices, ask again,
 * and renew, while files are read again, certificates are revoked, and the
 * issuer is stopped and started.  Each device has its two certificates then,
 * and the audit log is whole.  Without Criterion, which does not run under
 * ThreadSanitizer: CFLAGS=-fsanitize=thread.
 */

#define ASKERS 8
#define EACH   30
#define DEVICES (ASKERS * EACH)
#define NAME   16

static struct issuer {
	pki_serve_options options;
	pthread_t         thread;
	int               control, theirs[2];
	pki_code          rc;
	pki_err           err;
} server;

static pki_issuer *client;
static pki_token_drafts *drafts;
static char state[PKI_PATH_MAX];
static atomic_uint done_askers, sets, reloads, wrong, victims;

static _Noreturn void
fail(const char *what, const pki_err *err)
{
	fprintf(stderr, "serve-storm: %s: %s\n", what,
	    err == NULL ? "" : err->msg);
	exit(1);
}

static void
must(pki_code rc, const char *what, const pki_err *err)
{
	if (rc != PKI_OK)
		fail(what, err);
}

static void
sleep_ms(long ms)
{
	const struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

/* The state directory. */

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static void
remove_state(void)
{
	if (state[0] != '\0')
		nftw(state, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const pki_requester tester = { PKI_BY_OPERATOR, "tester" };

static pki_ca *
open_ca(void)
{
	const pki_ca_options options = { .state_dir = state };
	pki_ca *ca = NULL;
	pki_err err = { 0 };

	must(pki_ca_open(&options, &ca, &err), "open", &err);
	return ca;
}

static void
make_ca(void)
{
	const char *base = getenv("TMPDIR");
	pki_err err = { 0 };

	snprintf(state, sizeof(state), "%s/pki-storm.XXXXXX",
	    base == NULL ? "/tmp" : base);
	if (mkdtemp(state) == NULL)
		fail("mkdtemp", NULL);
	atexit(remove_state);
	must(pki_ca_init(&(pki_ca_setup){
		.options = { .state_dir = state },
		.templates_dir = TEMPLATES_DIR, .display_name = "Storm",
		.crl_form = -1, .base_url = "http://pki.test",
		.who = tester,
	    }, &err), "init", &err);
}

static void
make_tokens(pki_ca *ca)
{
	static char names[DEVICES][NAME];
	static const char *list[DEVICES];
	static pki_device devices[DEVICES];
	const pki_token_order order = { .lifetime = PKI_DAY, .who = tester };
	pki_device_adding adding = { .who = tester };
	pki_err err = { 0 };
	size_t i;

	for (i = 0; i < DEVICES; i++) {
		snprintf(names[i], NAME, "meter-%zu", i);
		list[i] = names[i];
		devices[i] = (pki_device){ .name = names[i],
		    .profile = "auditor" };
	}
	must(pki_ca_add_devices(ca, devices, DEVICES, &adding, &err),
	    "devices", &err);
	must(pki_ca_draft_tokens(ca, list, DEVICES, &order, &drafts, &err),
	    "drafts", &err);
	must(pki_ca_create_tokens(ca, drafts, &tester, &err), "tokens", &err);
}

/* The issuer. */

static void *
run_issuer(void *arg)
{
	(void)arg;
	server.rc = pki_serve(&server.options, &server.err);
	close(server.theirs[0]);
	close(server.theirs[1]);
	return NULL;
}

static void
start_issuer(void)
{
	int link[2], control[2];
	pki_err err = { 0 };

	must(pki_link_pair(link, NULL, &err), "link", &err);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
	    control) != 0)
		fail("socketpair", NULL);
	server.control = control[0];
	server.theirs[0] = server.options.link_fd = link[1];
	server.theirs[1] = server.options.control_fd = control[1];
	must(pki_issuer_link(client, link[0], &err), "link", &err);
	if (pthread_create(&server.thread, NULL, run_issuer, NULL) != 0)
		fail("thread", NULL);
}

static void
stop_issuer(void)
{
	pki_err err = { 0 };

	must(pki_control_send(server.control, PKI_CONTROL_STOP, -1, &err),
	    "stop", &err);
	pthread_join(server.thread, NULL);
	must(server.rc, "issuer", &server.err);
	close(server.control);
}

/* Questions. */

struct question {
	pki_issuer_call  call;          /* first: done gets it */
	pthread_mutex_t  mutex;
	pthread_cond_t   answered;
	bool             ended;
	pki_message_type type;          /* 0: none */
	char             rule[40];
	pki_cert        *cert;
};

static void
take_answer(pki_issuer_call *call, const pki_message *reply, pki_code why)
{
	struct question *q = (struct question *)call;

	(void)why;
	pthread_mutex_lock(&q->mutex);
	q->ended = true;
	if (reply != NULL) {
		q->type = reply->type;
		pki_message_text(reply, PKI_TAG_RULE, q->rule,
		    sizeof(q->rule));
	}
	if (q->type == PKI_MESSAGE_ISSUED && pki_cert_parse(
	    reply->field[PKI_TAG_CERT], &q->cert, NULL) != PKI_OK)
		wrong++;
	pthread_cond_signal(&q->answered);
	pthread_mutex_unlock(&q->mutex);
}

static void
hear(void *arg, const pki_message *message)
{
	(void)arg;
	sets += message->type == PKI_MESSAGE_LABELS;
	reloads += message->type == PKI_MESSAGE_RELOADED &&
	    message->number[PKI_TAG_READY] == 1;
}

/* Until there is an answer that says more than "later". */
static pki_message_type
ask(struct question *q, const pki_message *message)
{
	pki_err err;

	do {
		q->ended = false;
		q->type = 0;
		q->rule[0] = '\0';
		pki_cert_free(q->cert);
		q->cert = NULL;
		if (pki_issuer_ask(client, &q->call, message, NULL, &err) !=
		    PKI_OK) {
			sleep_ms(2);
			continue;
		}
		pthread_mutex_lock(&q->mutex);
		while (!q->ended)
			pthread_cond_wait(&q->answered, &q->mutex);
		pthread_mutex_unlock(&q->mutex);
	} while (q->type == 0 || q->type == PKI_MESSAGE_BUSY);
	return q->type;
}

static pki_message
message_of(pki_message_type type)
{
	static const uint8_t octets[16] = { 192, 0, 2, 7 };
	pki_message message = pki_message_of(type);

	pki_message_put(&message, PKI_TAG_REQUEST_ID,
	    pki_bytes_of(octets, 16));
	pki_message_put(&message, PKI_TAG_ADDRESS, pki_bytes_of(octets, 4));
	if (type != PKI_MESSAGE_CHECK)
		pki_message_put_number(&message, PKI_TAG_TLS_VERSION, 0x0304);
	return message;
}

static pki_buf *
make_csr(const char *name)
{
	const pki_name_part part = { PKI_NAME_COMMON_NAME, name };
	PKI_AUTO(pki_name) subject = NULL;
	PKI_AUTO(pki_key) key = NULL;
	pki_buf *csr = pki_buf_new();
	pki_err err = { 0 };

	must(pki_key_generate(PKI_KEY_P256, &key, &err), "key", &err);
	must(pki_name_build(&part, 1, &subject, &err), "name", &err);
	must(pki_csr_build(key, subject, NULL, csr, &err), "csr", &err);
	return csr;
}

/* Enroll, ask again, be refused, renew by what came. */
static void
live(struct question *q, const pki_token_draft *draft)
{
	PKI_AUTO(pki_buf) csr = make_csr(draft->device);
	PKI_AUTO(pki_buf) next = make_csr(draft->device);
	pki_message message = message_of(PKI_MESSAGE_ENROLL);
	PKI_AUTO(pki_cert) cert = NULL;

	pki_message_put_text(&message, PKI_TAG_TOKEN_USER, draft->device);
	pki_message_put_text(&message, PKI_TAG_TOKEN, draft->text);
	pki_message_put(&message, PKI_TAG_CSR, PKI_BYTES_TEXT("none"));
	wrong += ask(q, &message) != PKI_MESSAGE_REFUSED;
	pki_message_put(&message, PKI_TAG_CSR, pki_buf_bytes(csr));
	wrong += ask(q, &message) != PKI_MESSAGE_ISSUED;
	cert = PKI_TAKE(q->cert);
	wrong += ask(q, &message) != PKI_MESSAGE_ISSUED || cert == NULL ||
	    !pki_bytes_equal(pki_cert_der(cert), pki_cert_der(q->cert));
	if (cert == NULL)
		return;
	message = message_of(PKI_MESSAGE_REENROLL);
	pki_message_put(&message, PKI_TAG_CSR, pki_buf_bytes(next));
	pki_message_put(&message, PKI_TAG_CLIENT_CERT, pki_cert_der(cert));
	wrong += ask(q, &message) != PKI_MESSAGE_ISSUED;
}

static void
question_init(struct question *q)
{
	memset(q, 0, sizeof(*q));
	pthread_mutex_init(&q->mutex, NULL);
	pthread_cond_init(&q->answered, NULL);
}

static void
question_clear(struct question *q)
{
	pki_cert_free(q->cert);
	pthread_cond_destroy(&q->answered);
	pthread_mutex_destroy(&q->mutex);
}

static void *
run_asker(void *arg)
{
	size_t first = *(size_t *)arg, i;
	struct question q;

	question_init(&q);
	for (i = first; i < first + EACH; i++)
		live(&q, &drafts->items[i]);
	question_clear(&q);
	done_askers++;
	return NULL;
}

/* G21: on the next question. */
static void
revoke_one(pki_ca *ca, struct question *q)
{
	pki_message message = message_of(PKI_MESSAGE_CHECK);
	PKI_AUTO(pki_issued) issued = NULL;
	PKI_AUTO(pki_key) key = NULL;
	pki_err err = { 0 };
	char name[NAME];
	size_t count;

	snprintf(name, sizeof(name), "victim-%u", victims++);
	must(pki_key_generate(PKI_KEY_P256, &key, &err), "key", &err);
	must(pki_ca_issue(ca, &(pki_issue_request){
		.profile = "auditor", .identity = name,
		.key = pki_key_public(key),
		.possession = PKI_POP_SIGNATURE, .who = tester,
	    }, &issued, &err), "issue", &err);
	pki_message_put(&message, PKI_TAG_CLIENT_CERT,
	    pki_cert_der(issued->cert));
	wrong += ask(q, &message) != PKI_MESSAGE_DEVICE;
	must(pki_ca_revoke(ca, &(pki_revocation){
		.ca = "issuing", .serial = *pki_cert_serial(issued->cert),
		.reason = PKI_REASON_SUPERSEDED, .who = tester,
	    }, &count, &err), "revoke", &err);
	wrong += ask(q, &message) != PKI_MESSAGE_REFUSED ||
	    strcmp(q->rule, "credential-revoked") != 0;
}

static void
disturb(pki_ca *ca)
{
	struct question q;
	pki_err err = { 0 };
	unsigned i;

	question_init(&q);
	for (i = 1; done_askers < ASKERS; i++) {
		revoke_one(ca, &q);
		if (i % 4 == 0 && pki_control_send(server.control,
		    PKI_CONTROL_RELOAD, -1, &err) == PKI_SYSTEM)
			fail("reload", &err);
		if (i == 10) {
			stop_issuer();
			start_issuer();
		}
		sleep_ms(5);
	}
	question_clear(&q);
}

static pki_code
count_row(const pki_cert_row *row, void *arg, pki_err *err)
{
	(void)err;
	*(size_t *)arg += strncmp(row->identity, "meter-", 6) == 0;
	return PKI_OK;
}

static bool
report(FILE *tap, pki_ca *ca)
{
	const pki_cert_filter all = { .identity = NULL };
	pki_audit_head head;
	pki_err err = { 0 };
	size_t count = 0;
	bool good;

	must(pki_ca_each_cert(ca, NULL, &all, count_row, &count, &err),
	    "count", &err);
	must(pki_audit_verify(ca, NULL, &head, NULL, NULL, &err), "audit",
	    &err);
	good = count == 2 * DEVICES && wrong == 0 && victims > 0 && sets > 0;
	fprintf(tap, "1..1\n%sok 1 - serve-storm: %zu certificates for %d "
	    "devices, %u revoked, %u sets, %u reloads, %u wrong\n",
	    good ? "" : "not ", count, DEVICES, victims, sets, reloads,
	    wrong);
	return good;
}

int
main(int argc, char **argv)
{
	static const char option[] = "--tap=";
	static const char *const hosts[] = { "dns:est.example" };
	const pki_issuer_options options = {
		.done = take_answer, .told = hear,
	};
	pthread_t askers[ASKERS];
	size_t firsts[ASKERS], i;
	FILE *tap = stdout;
	pki_err err = { 0 };
	pki_ca *ca;
	bool good;

	if (argc > 1 && strncmp(argv[1], option, sizeof(option) - 1) == 0)
		tap = fopen(argv[1] + sizeof(option) - 1, "w");
	if (tap == NULL)
		fail("no such file", NULL);
	make_ca();
	ca = open_ca();
	make_tokens(ca);
	must(pki_issuer_open(&options, &client, &err), "client", &err);
	server.options = (pki_serve_options){
		.ca.state_dir = state, .threads = 3, .build = "storm",
		.settings = {
			.identity = "est-server", .hosts = hosts,
			.host_count = 1,
		},
	};
	start_issuer();
	for (i = 0; i < ASKERS; i++) {
		firsts[i] = i * EACH;
		if (pthread_create(&askers[i], NULL, run_asker, &firsts[i]) !=
		    0)
			fail("thread", NULL);
	}
	disturb(ca);
	for (i = 0; i < ASKERS; i++)
		pthread_join(askers[i], NULL);
	stop_issuer();
	pki_issuer_free(client);
	good = report(tap, ca);
	pki_token_drafts_free(drafts);
	pki_ca_free(ca);
	return fclose(tap) == 0 && good ? 0 : 1;
}
