/*
 * Usage: racer requests <NAMES
 *        racer race CA RACERS PORT... <NAMES-AND-TOKENS
 *
 * requests: a new P-256 key and a request for each name, NAME.b64.
 *
 * race: for each line "NAME TOKEN" all racers, each with a key of its own, a
 * request for NAME and a TLS connection to one of the ports in turn, ask with
 * the token at the same moment.  Prints
 *
 *   tokens N requests N ok N bound N other N lost N unfair N
 *
 * ok: 200.  bound: 409.  lost: no answer.  unfair: tokens of which not exactly
 * one racer was answered with 200.
 */
#include "tests/pki-estd/gnutls-check.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#define RACERS_MAX 256
#define PORTS_MAX 8
#define NAME_MAX_LEN 64
#define LINE_MAX_LEN 256
#define WAIT_S 30

enum outcome { OK, BOUND, OTHER, LOST, OUTCOMES };

/* ---- a request ---- */

/* In base64; the caller frees it with gnutls_free(). */
static gnutls_datum_t
make_request(const char *name)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crq_t crq;
	gnutls_datum_t der, text;
	char dn[NAME_MAX_LEN + 4];

	snprintf(dn, sizeof(dn), "CN=%s", name);
	check(gnutls_x509_privkey_init(&key), "key");
	check(gnutls_x509_privkey_generate(key, GNUTLS_PK_EC,
	    GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0), "key");
	check(gnutls_x509_crq_init(&crq), "request");
	check(gnutls_x509_crq_set_version(crq, 1), "version");
	check(gnutls_x509_crq_set_dn(crq, dn, NULL), "name");
	check(gnutls_x509_crq_set_key(crq, key), "public key");
	check(gnutls_x509_crq_sign2(crq, key, GNUTLS_DIG_SHA256, 0), "sign");
	check(gnutls_x509_crq_export2(crq, GNUTLS_X509_FMT_DER, &der), "der");
	check(gnutls_base64_encode2(&der, &text), "base64");
	gnutls_free(der.data);
	gnutls_x509_crq_deinit(crq);
	gnutls_x509_privkey_deinit(key);
	return text;
}

static int
write_requests(void)
{
	char line[LINE_MAX_LEN], name[NAME_MAX_LEN];
	char path[NAME_MAX_LEN + 4];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		gnutls_datum_t text;
		FILE *file;

		if (sscanf(line, "%63s", name) != 1)
			die("a line without a name");
		text = make_request(name);
		snprintf(path, sizeof(path), "%s.b64", name);
		file = fopen(path, "w");
		if (file == NULL || fwrite(text.data, 1, text.size, file) !=
		    text.size || fclose(file) != 0)
			die("%s: %s", path, strerror(errno));
		gnutls_free(text.data);
	}
	return 0;
}

/* ---- a connection ---- */

static gnutls_session_t
open_session(gnutls_certificate_credentials_t trust, int port)
{
	const struct timeval wait = { .tv_sec = WAIT_S };
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	gnutls_session_t session;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int rc;

	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		die("port %d: %s", port, strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	check(gnutls_init(&session, GNUTLS_CLIENT), "init");
	check(gnutls_set_default_priority(session), "priority");
	check(gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, trust),
	    "credentials");
	gnutls_session_set_verify_cert(session, "localhost", 0);
	gnutls_transport_set_int(session, fd);
	do
		rc = gnutls_handshake(session);
	while (rc < 0 && !gnutls_error_is_fatal(rc) && rc != GNUTLS_E_AGAIN);
	check(rc, "handshake");
	return session;
}

static void
close_session(gnutls_session_t session)
{
	close(gnutls_transport_get_int(session));
	gnutls_deinit(session);
}

static enum outcome
ask(gnutls_session_t session, const char *token, const gnutls_datum_t *csr)
{
	char head[512], answer[4096];
	int len = snprintf(head, sizeof(head),
	    "POST /.well-known/est/simpleenroll HTTP/1.1\r\n"
	    "Host: localhost\r\nContent-Type: application/pkcs10\r\n"
	    "Authorization: Bearer %s\r\nContent-Length: %u\r\n\r\n", token,
	    csr->size);
	ssize_t n;

	/* One record each, one write for both. */
	gnutls_record_cork(session);
	gnutls_record_send(session, head, (size_t)len);
	gnutls_record_send(session, csr->data, csr->size);
	if (gnutls_record_uncork(session, GNUTLS_RECORD_WAIT) < 0)
		return LOST;
	n = gnutls_record_recv(session, answer, sizeof(answer) - 1);
	if (n < 12)
		return LOST;
	answer[n] = '\0';
	if (strncmp(answer, "HTTP/1.1 200", 12) == 0)
		return OK;
	if (strncmp(answer, "HTTP/1.1 409", 12) == 0)
		return BOUND;
	fprintf(stderr, "racer: %.60s\n", answer);
	return OTHER;
}

/* ---- the race ---- */

static struct race {
	gnutls_certificate_credentials_t trust;
	int               ports[PORTS_MAX];
	int               port_count;
	int               racers;
	pthread_barrier_t line;
	char              name[NAME_MAX_LEN], token[NAME_MAX_LEN];
	bool              over;
	enum outcome      outcomes[RACERS_MAX];
} race;

static void *
run_racer(void *arg)
{
	enum outcome *outcome = arg;
	int i = (int)(outcome - race.outcomes);

	for (;;) {
		gnutls_datum_t csr;
		gnutls_session_t session;

		pthread_barrier_wait(&race.line);       /* a token is there */
		if (race.over)
			return NULL;
		csr = make_request(race.name);
		session = open_session(race.trust,
		    race.ports[i % race.port_count]);
		pthread_barrier_wait(&race.line);       /* all are ready */
		*outcome = ask(session, race.token, &csr);
		close_session(session);
		gnutls_free(csr.data);
		pthread_barrier_wait(&race.line);       /* all are done */
	}
}

static void
run_rounds(void)
{
	unsigned sums[OUTCOMES] = { 0 };
	unsigned tokens = 0, unfair = 0;
	char line[LINE_MAX_LEN];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		unsigned before = sums[OK];

		if (sscanf(line, "%63s %63s", race.name, race.token) != 2)
			die("a line without name and token");
		pthread_barrier_wait(&race.line);
		pthread_barrier_wait(&race.line);
		pthread_barrier_wait(&race.line);
		for (int i = 0; i < race.racers; i++)
			sums[race.outcomes[i]]++;
		tokens++;
		unfair += sums[OK] != before + 1;
	}
	race.over = true;
	pthread_barrier_wait(&race.line);
	printf("tokens %u requests %u ok %u bound %u other %u lost %u "
	    "unfair %u\n", tokens, tokens * (unsigned)race.racers, sums[OK],
	    sums[BOUND], sums[OTHER], sums[LOST], unfair);
}

static int
run_race(int argc, char **argv)
{
	pthread_t threads[RACERS_MAX];

	race.racers = atoi(argv[3]);
	race.port_count = argc - 4;
	if (race.racers < 1 || race.racers > RACERS_MAX ||
	    race.port_count > PORTS_MAX)
		die("too many");
	for (int i = 0; i < race.port_count; i++)
		race.ports[i] = atoi(argv[4 + i]);
	check(gnutls_certificate_allocate_credentials(&race.trust), "trust");
	check(gnutls_certificate_set_x509_trust_file(race.trust, argv[2],
	    GNUTLS_X509_FMT_PEM), argv[2]);
	pthread_barrier_init(&race.line, NULL, (unsigned)race.racers + 1);
	for (int i = 0; i < race.racers; i++)
		if (pthread_create(&threads[i], NULL, run_racer,
		    &race.outcomes[i]) != 0)
			die("cannot start a thread");
	run_rounds();
	for (int i = 0; i < race.racers; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&race.line);
	gnutls_certificate_free_credentials(race.trust);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "requests") == 0)
		return write_requests();
	if (argc >= 5 && strcmp(argv[1], "race") == 0)
		return run_race(argc, argv);
	fputs("usage: racer requests | race CA RACERS PORT...\n", stderr);
	return 2;
}
