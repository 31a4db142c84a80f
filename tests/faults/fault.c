#include "tests/faults/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

const pki_requester fault_who = { PKI_BY_OPERATOR, "fault" };

void
fail(const char *what, const pki_err *err)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what,
	    err == NULL ? "" : err->msg);
	_exit(1);
}

void
must(pki_code rc, const char *what, const pki_err *err)
{
	if (rc != PKI_OK)
		fail(what, err);
}

int64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void
pause_ms(long ms)
{
	const struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

long
number_at(int argc, char **argv, int n, long otherwise)
{
	return argc > n ? strtol(argv[n], NULL, 10) : otherwise;
}

pid_t
child_start(void)
{
	pid_t parent = getpid(), child = fork();

	if (child < 0)
		fail("fork", NULL);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
	}
	return child;
}

void
child_kill(pid_t child)
{
	int status = 0;

	kill(child, SIGKILL);
	if (waitpid(child, &status, 0) != child || !WIFSIGNALED(status))
		fail("the child ended by itself", NULL);
}

struct ledger *
ledger_open(const char *path)
{
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC,
	    0600);
	struct ledger *ledger;

	if (path != NULL && (fd < 0 || ftruncate(fd, sizeof(*ledger)) != 0))
		fail(path, NULL);
	ledger = mmap(NULL, sizeof(*ledger), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_NORESERVE | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);
	if (ledger == MAP_FAILED)
		fail("ledger", NULL);
	if (fd >= 0)
		close(fd);
	return ledger;
}

static void
note(struct ledger *ledger, const pki_serial *serial, const pki_digest *digest)
{
	size_t place = ledger->count++;
	struct answer *answer = &ledger->answers[place];

	if (place >= LEDGER_ROOM)
		fail("the ledger is full", NULL);
	answer->serial = *serial;
	answer->digest = *digest;
	answer->told = true;
}

void
ledger_note(struct ledger *ledger, const pki_cert *cert)
{
	note(ledger, pki_cert_serial(cert), pki_cert_digest(cert));
}

static pki_code
find_answer(pki_store *store, int64_t ca_id, const struct answer *answer,
    pki_err *err)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	pki_cert_row row;
	pki_digest digest;
	pki_code rc;

	rc = pki_store_get_cert(store, ca_id, &answer->serial, &row, hold, err);
	if (rc == PKI_OK)
		rc = pki_digest_of(row.der, &digest, err);
	if (rc == PKI_OK && !pki_digest_equal(&digest, &answer->digest))
		rc = pki_fail(err, PKI_DAMAGED, "another certificate");
	if (rc == PKI_OK && answer->revoked && row.status != PKI_CERT_REVOKED)
		rc = pki_fail(err, PKI_DAMAGED, "its revocation is lost");
	return rc;
}

size_t
ledger_lost(const struct ledger *ledger, const char *state, size_t from,
    size_t to)
{
	PKI_AUTO(pki_store) store = NULL;
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	char url[PKI_PATH_MAX + 8], serial[PKI_SERIAL_TEXT];
	pki_ca_row ca;
	size_t lost = 0, i;
	pki_err err;

	snprintf(url, sizeof(url), "sqlite:%s", state);
	must(pki_store_open(url, &store, &err), "open", &err);
	/* Without the CA's own row nothing of it is there. */
	if (pki_store_get_ca(store, "issuing", &ca, hold, &err) != PKI_OK)
		return to - from;
	for (i = from; i < to; i++) {
		const struct answer *answer = &ledger->answers[i];

		if (!answer->told ||
		    find_answer(store, ca.id, answer, &err) == PKI_OK)
			continue;
		if (lost++ < 5)
			fprintf(stderr, "%s: %s: %s\n",
			    program_invocation_short_name,
			    pki_serial_format(&answer->serial, serial),
			    err.msg);
	}
	return lost;
}

static int
compare_serials(const void *a, const void *b)
{
	return pki_serial_compare(a, b);
}

size_t
ledger_twice(const struct ledger *ledger)
{
	pki_serial *serials = calloc(ledger->count + 1, sizeof(*serials));
	size_t count = 0, twice = 0, i;

	if (serials == NULL)
		fail("memory", NULL);
	for (i = 0; i < ledger->count; i++)
		if (ledger->answers[i].told)
			serials[count++] = ledger->answers[i].serial;
	qsort(serials, count, sizeof(*serials), compare_serials);
	for (i = 1; i < count; i++)
		twice += pki_serial_equal(&serials[i - 1], &serials[i]);
	free(serials);
	return twice;
}

bool
ledger_control(struct ledger *ledger, const char *state)
{
	const pki_serial forged = { .len = 20, .octets = { 1, 2, 3, 4 } };
	const pki_digest digest = { { 0 } };
	size_t before = ledger->count, twice = ledger_twice(ledger), lost;

	note(ledger, &forged, &digest);
	note(ledger, &forged, &digest);
	lost = ledger_lost(ledger, state, before, ledger->count);
	return lost == 2 && ledger_twice(ledger) == twice + 1;
}

void
make_ca(const char *state, const char *templates)
{
	const pki_ca_setup setup = {
		.options = { .state_dir = state }, .templates_dir = templates,
		.display_name = "Fault", .root_key = PKI_KEY_P256,
		.issuing_key = PKI_KEY_P256, .crl_form = -1,
		.who = fault_who,
	};
	pki_err err;

	must(pki_ca_init(&setup, &err), "init", &err);
}

void
check_whole(const char *state)
{
	const pki_ca_options options = { .state_dir = state };
	PKI_AUTO(pki_ca) ca = NULL;
	pki_audit_head head;
	int64_t rows;
	pki_err err;

	must(pki_ca_open(&options, &ca, &err), "open", &err);
	must(pki_ca_check(ca, &rows, NULL, NULL, &err), "check", &err);
	must(pki_audit_verify(ca, NULL, &head, NULL, NULL, &err), "audit log",
	    &err);
}
