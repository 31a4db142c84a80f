#include "pki.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * Usage: storm [--tap=FILE]
 *
 * Eight threads ask 20 000 questions of a server process that is killed six
 * times meanwhile, then the client is stopped under their hands: each ends
 * exactly once, with its own answer or with none.
 * The server leaves some unanswered, some until it is too late, and sleeps
 * at times, so that its socket fills.  Without Criterion, which does not run
 * under ThreadSanitizer: CFLAGS=-fsanitize=thread.
 */

#define ASKERS    8
#define TOTAL     20000         /* at least */
#define EACH      3000          /* at most */
#define MOST      (ASKERS * EACH)
#define KILLS     6
#define AT_ONCE   64            /* of one asker */
#define WAIT_MS   150

static struct question {
	pki_issuer_call call;
	unsigned        number;
	bool            taken;
	atomic_int      ended;
} questions[MOST];

struct asker {
	pthread_t thread;
	unsigned  first;
};

static pki_issuer *issuer;
static atomic_uint asked, answered, busy, mixed_up, broken, turned_away;
static atomic_uint inside[ASKERS];
static atomic_bool pushed_back[ASKERS], stopping;

static _Noreturn void
fail(const char *what, const pki_err *err)
{
	fprintf(stderr, "storm: %s: %s\n", what, err == NULL ? "" : err->msg);
	exit(1);
}

static void
sleep_ms(long ms)
{
	const struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

/* The server: a child that is asked for certificates. */

static void
send_answer(int link, uint64_t id, pki_bytes csr)
{
	pki_message message = pki_message_of(PKI_MESSAGE_ISSUED);
	PKI_AUTO(pki_buf) packet = pki_buf_new();
	pki_err err = { 0 };
	pki_code rc;

	message.id = id;
	pki_message_put(&message, PKI_TAG_CERT, csr);
	pki_message_put_number(&message, PKI_TAG_WIDTH, 64);
	pki_message_put_number(&message, PKI_TAG_REPLAY, 0);
	pki_message_put_number(&message, PKI_TAG_POP, 0);
	if (packet == NULL || pki_wire_encode(&message, packet, &err) !=
	    PKI_OK)
		fail("encode", &err);
	rc = pki_wire_send_wait(link, pki_buf_bytes(packet), &err);
	if (rc != PKI_OK && rc != PKI_NOT_FOUND)
		fail("answer", &err);
}

/* One question in 100 is held until it must be late, one is dropped. */
static void
serve_question(int link, const pki_message *message)
{
	static uint64_t held_id;
	static uint8_t held[8192];
	static size_t held_len;
	pki_bytes csr = message->field[PKI_TAG_CSR];

	switch (message->id % 100) {
	case 7:
		return;
	case 8:
		held_id = message->id;
		held_len = csr.len;
		memcpy(held, csr.data, csr.len);
		return;
	case 60:
		if (held_id != 0)
			send_answer(link, held_id,
			    pki_bytes_of(held, held_len));
		held_id = 0;
		break;
	default:
		break;
	}
	if (message->id % 3000 == 1500)
		sleep_ms(WAIT_MS + 50);
	send_answer(link, message->id, csr);
}

static int
serve(void)
{
	static uint8_t room[PKI_WIRE_MAX];
	struct pollfd in = { PKI_CONTROL_FD, POLLIN, 0 };
	pki_control control;
	pki_message message;
	pki_err err = { 0 };
	pki_bytes packet;
	pki_code rc;
	int link = -1;

	if (pki_child_begin(&err) != PKI_OK || poll(&in, 1, -1) != 1 ||
	    pki_control_receive(PKI_CONTROL_FD, &control, &link, &err) !=
	    PKI_OK || control != PKI_CONTROL_LINK)
		fail("start", &err);
	in.fd = link;
	for (;;) {
		rc = pki_wire_receive(link, room, &packet, &err);
		if (rc == PKI_OK)
			rc = pki_wire_decode(packet, PKI_WIRE_WORKER,
			    &message, &err);
		if (rc == PKI_OK)
			serve_question(link, &message);
		else if (rc == PKI_BUSY)
			poll(&in, 1, -1);
		else
			return rc == PKI_NOT_FOUND ? 0 : 1;
	}
}

/* The askers. */

static void
done(pki_issuer_call *call, const pki_message *reply, pki_code why)
{
	struct question *q = (struct question *)call;
	pki_bytes cert;

	if (reply == NULL) {
		busy += why == PKI_BUSY;
		pushed_back[q->number / EACH] = true;
	} else {
		cert = reply->field[PKI_TAG_CERT];
		mixed_up += reply->type != PKI_MESSAGE_ISSUED ||
		    cert.len < sizeof(q->number) ||
		    memcmp(cert.data, &q->number, sizeof(q->number)) != 0;
		answered++;
	}
	inside[q->number / EACH]--;
	q->ended++;
}

static void
hear_broken(void *arg, const pki_err *err)
{
	(void)arg;
	fprintf(stderr, "storm: broken: %s\n", err->msg);
	broken++;
}

static pki_code
ask(struct question *q)
{
	static const uint8_t octets[16] = { 1 };
	uint8_t csr[4096] = { 0 };
	pki_message message = pki_message_of(PKI_MESSAGE_ENROLL);

	memcpy(csr, &q->number, sizeof(q->number));
	pki_message_put(&message, PKI_TAG_CSR, pki_bytes_of(csr,
	    sizeof(q->number) + q->number * 37 % 4000));
	pki_message_put(&message, PKI_TAG_REQUEST_ID,
	    pki_bytes_of(octets, 16));
	pki_message_put(&message, PKI_TAG_ADDRESS, pki_bytes_of(octets, 4));
	pki_message_put_text(&message, PKI_TAG_TOKEN, "id.secret");
	pki_message_put_number(&message, PKI_TAG_TLS_VERSION, 0x0304);
	return pki_issuer_ask(issuer, &q->call, &message, NULL, NULL);
}

static void *
run_asker(void *arg)
{
	const struct asker *asker = arg;
	unsigned i, self = asker->first / EACH;

	for (i = asker->first; i < asker->first + EACH; i++) {
		atomic_uint *mine = &inside[self];

		questions[i].number = i;
		/* As a client does that is told to come again. */
		if (atomic_exchange(&pushed_back[self], false))
			sleep_ms(5);
		while (*mine >= AT_ONCE)
			sleep_ms(1);
		++*mine;
		while (ask(&questions[i]) != PKI_OK) {
			if (stopping)
				return NULL;
			turned_away++;
			sleep_ms(1);
		}
		questions[i].taken = true;
		asked++;
	}
	return NULL;
}

/* A parent, as pki-estd's is. */

static pki_child
start_server(void)
{
	static const char *const argv[] = {
		"/proc/self/exe", "--serve", NULL,
	};
	pki_child child = { 0, -1 };
	pki_err err = { 0 };
	int link[2];

	if (pki_link_pair(link, NULL, &err) != PKI_OK ||
	    pki_spawn(argv, &child, &err) != PKI_OK ||
	    pki_control_send(child.control, PKI_CONTROL_LINK, link[1],
	    &err) != PKI_OK ||
	    pki_issuer_link(issuer, link[0], &err) != PKI_OK)
		fail("start", &err);
	close(link[1]);
	return child;
}

static void
end_server(const pki_child *child)
{
	kill(child->pid, SIGKILL);
	waitpid(child->pid, NULL, 0);
	close(child->control);
}

/* Kill the server after each seventh of the questions, at least. */
static void
run_parent(void)
{
	pki_child child = start_server();
	unsigned kills = 0;

	while (asked < TOTAL) {
		if (kills < KILLS && asked >= (kills + 1) * TOTAL /
		    (KILLS + 1)) {
			end_server(&child);
			sleep_ms(5);
			child = start_server();
			kills++;
		}
		sleep_ms(1);
	}
	stopping = true;
	pki_issuer_refuse(issuer);
	/* The reader may be in a done still. */
	while (pki_issuer_waiting(issuer) != 0)
		sleep_ms(1);
	end_server(&child);
	if (kills != KILLS)
		fail("too few kills", NULL);
}

static bool
check(FILE *tap, int number, bool holds, const char *what)
{
	fprintf(tap, "%sok %d - %s\n", holds ? "" : "not ", number, what);
	return holds;
}

static int
report(FILE *tap, const pki_issuer_counts *counts)
{
	unsigned i, once = 0;
	bool ok = true;

	for (i = 0; i < MOST; i++)
		once += questions[i].ended == questions[i].taken;
	fprintf(tap, "TAP version 13\n1..4\n# asked %u: answered %u, busy %u "
	    "(full %llu, lost %llu, too long %llu, stopped %llu); late %llu, "
	    "turned away %u\n", asked, answered, busy,
	    (unsigned long long)counts->full,
	    (unsigned long long)counts->lost,
	    (unsigned long long)counts->timed_out,
	    (unsigned long long)counts->stopped,
	    (unsigned long long)counts->late, turned_away);
	ok &= check(tap, 1, once == MOST && asked >= TOTAL,
	    "each question ended once");
	ok &= check(tap, 2, mixed_up == 0 && broken == 0,
	    "each answer was its own");
	ok &= check(tap, 3, counts->asked == asked &&
	    answered + busy == asked && counts->answered == answered &&
	    counts->full + counts->lost + counts->timed_out +
	    counts->stopped == busy,
	    "the counts agree");
	ok &= check(tap, 4, answered > TOTAL / 4 && counts->late > 0 &&
	    counts->lost > 0 && counts->timed_out > 0 && counts->links ==
	    KILLS + 1, "there was a storm, and many got through");
	return ok ? 0 : 1;
}

int
main(int argc, char **argv)
{
	static const char option[] = "--tap=";
	const pki_issuer_options options = {
		.wait_ms = WAIT_MS, .done = done, .broken = hear_broken,
	};
	struct asker askers[ASKERS];
	pki_issuer_counts counts;
	FILE *tap = stdout;
	unsigned i;
	int rc;

	if (argc > 1 && strcmp(argv[1], "--serve") == 0)
		return serve();
	if (argc > 1 && strncmp(argv[1], option, sizeof(option) - 1) == 0)
		tap = fopen(argv[1] + sizeof(option) - 1, "w");
	if (tap == NULL || pki_issuer_open(&options, &issuer, NULL) != PKI_OK)
		fail("start", NULL);
	for (i = 0; i < ASKERS; i++) {
		askers[i].first = i * EACH;
		if (pthread_create(&askers[i].thread, NULL, run_asker,
		    &askers[i]) != 0)
			fail("thread", NULL);
	}
	run_parent();
	for (i = 0; i < ASKERS; i++)
		pthread_join(askers[i].thread, NULL);
	pki_issuer_count(issuer, &counts);
	pki_issuer_free(issuer);
	rc = report(tap, &counts);
	return fclose(tap) == 0 ? rc : 1;
}
