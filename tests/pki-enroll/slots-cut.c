/*
 * Each change of a device's directory, cut off (or failed) at its first,
 * second, ... change of the file system: tests/pki-enroll/slots-cut.sh.
 *
 *   slots-cut FOLDER kill|ENOSPC|EIO|none
 *
 * Runs under the fault shim, which strikes in the child only.  "none" is the
 * control: what strikes never must end every job at its first step.
 */
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pki-enroll/slots.h"
#include "tests/pki-enroll/maker.h"

#define NOW INT64_C(1767225600)         /* 2026-01-01T00:00:00Z */
#define DENIED 3                        /* a child's exit: it was told no */

/* What a child has seen, in memory that outlives it. */
struct witness {
	bool       asked;               /* a request may have left */
	pki_digest key;                 /* with this key */
	bool       has_new;             /* a certificate was made for it */
	pki_digest new;
};

static struct maker maker;
static struct witness *witness;
static char dir[PKI_PATH_MAX], saved[PKI_PATH_MAX];
static int64_t now_ms = NOW * 1000;
static const char *job_name, *kind;
static long step;

static int64_t
read_clock(void *arg)
{
	return *(int64_t *)arg;
}

static const pki_clock ticking = { read_clock, &now_ms };

static _Noreturn void
fail(const char *what, const pki_err *err)
{
	fprintf(stderr, "slots-cut: %s, %s at step %ld: %s: %s\n", job_name,
	    kind, step, what, err == NULL ? "" : err->msg);
	_exit(1);
}

static void
must(pki_code rc, const char *what, const pki_err *err)
{
	if (rc != PKI_OK)
		fail(what, err);
}

static slots_options
options(void)
{
	return (slots_options){
		.dir = dir, .owner = geteuid(), .group = getegid(),
		.mode = 0600, .clock = &ticking,
	};
}

static pki_code
open_slots(enroll_slots **out, pki_err *err)
{
	const slots_options how = options();

	return slots_open(&how, out, err);
}

static pki_code
begin_anchors(enroll_slots *slots, pki_err *err)
{
	const pki_cert *const *anchors;
	size_t count = 0;
	pki_code rc = slots_anchors(slots, &anchors, &count, err);

	if (rc == PKI_OK && count == 0)
		rc = slots_set_anchors(slots,
		    (const pki_cert *const *)&maker.root, 1, err);
	return rc;
}

/* From a pending key to a new current pair, whatever was done before. */
static pki_code
renew(enroll_slots *slots, pki_err *err)
{
	PKI_AUTO(pki_cert) cert = NULL;
	const pki_key *key = NULL;
	pki_bytes certs[2];
	pki_code rc = slots_repair(slots, err);

	if (rc == PKI_OK && slots_staged(slots) != NULL)
		return slots_promote(slots, err);
	if (rc == PKI_OK)
		rc = slots_pending(slots, PKI_KEY_P256, "renew", &key, err);
	if (rc != PKI_OK)
		return rc;
	witness->key = *pki_pubkey_digest(pki_key_public(key));
	witness->asked = true;
	cert = maker_issue(&maker, pki_key_public(key), "meter",
	    now_ms / 1000, now_ms / 1000 + 90 * PKI_DAY);
	witness->new = *pki_cert_digest(cert);
	witness->has_new = true;
	certs[0] = pki_cert_der(cert);
	certs[1] = pki_cert_der(maker.ca);
	rc = slots_stage(slots, certs, 2, SLOTS_KEEP_PROVEN, err);
	return rc == PKI_OK ? slots_promote(slots, err) : rc;
}

static pki_code
job_enroll(enroll_slots *slots, pki_err *err)
{
	pki_code rc = begin_anchors(slots, err);

	/* The server has let the current pair in. */
	if (rc == PKI_OK && slots_current(slots) != NULL)
		rc = slots_set_used(slots, err);
	if (rc == PKI_OK)
		rc = renew(slots, err);
	return rc == PKI_OK ? slots_set_used(slots, err) : rc;
}

static pki_code
job_pending(enroll_slots *slots, pki_err *err)
{
	const pki_key *key = NULL;
	pki_code rc = slots_pending(slots, PKI_KEY_P256, "renew", &key, err);

	if (rc == PKI_OK) {
		witness->key = *pki_pubkey_digest(pki_key_public(key));
		witness->asked = true;
	}
	return rc;
}

static pki_code
job_open(enroll_slots *slots, pki_err *err)
{
	return slots_repair(slots, err);
}

/* How the directory is before. */
static void
make_none(void)
{
}

static void
add_pair(void)
{
	PKI_AUTO(enroll_slots) slots = NULL;
	pki_err err;

	must(open_slots(&slots, &err), "open", &err);
	must(job_enroll(slots, &err), "prepare", &err);
	now_ms += PKI_DAY * 1000;
}

static void
make_one(void)
{
	add_pair();
}

static void
make_two(void)
{
	add_pair();
	add_pair();
}

static void
overwrite(const char *name, const char *text)
{
	char path[PKI_PATH_MAX];
	pki_err err;

	must(pki_path_join(path, dir, name, &err), "path", &err);
	must(pki_file_replace(path, pki_bytes_text(text), 0600, &err),
	    "overwrite", &err);
}

static void
make_torn(void)
{
	make_two();
	overwrite("slot-b/key.pem", "rot");
}

static void
make_ruin(void)
{
	make_torn();
	overwrite("slot-b/both.pem", "rot");
}

static const struct job {
	const char *name;
	void      (*make)(void);
	pki_code  (*run)(enroll_slots *slots, pki_err *err);
} jobs[] = {
	{ "enroll",      make_none, job_enroll },
	{ "renew",       make_one,  job_enroll },
	{ "renew-again", make_two,  job_enroll },
	{ "pending",     make_one,  job_pending },
	{ "rollback",    make_two,  slots_rollback },
	{ "mend",        make_torn, job_open },
	{ "repair",      make_ruin, job_open },
};

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

static void
remove_tree(const char *path)
{
	if (pki_file_exists(path) &&
	    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS) != 0)
		fail("remove", NULL);
}

static void
copy_tree(const char *from, const char *to)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		unsetenv("LD_PRELOAD");
		execlp("cp", "cp", "-a", from, to, (char *)NULL);
		_exit(1);
	}
	if (waitpid(child, &status, 0) != child || status != 0)
		fail("copy", NULL);
}

/* Open current/name as a consumer does, without any of our code about it. */
static bool
read_current(const char *name, pki_buf **out)
{
	char path[PKI_PATH_MAX];
	pki_err err;

	return snprintf(path, sizeof(path), "%s/current/%s", dir, name) <
	    (int)sizeof(path) && pki_file_read(path, 1 << 20, PKI_FILE_ANY,
	    out, &err) == PKI_OK;
}

static pki_code
first_cert(pki_bytes der, void *arg, pki_err *err)
{
	pki_cert **cert = arg;

	return *cert == NULL ? pki_cert_parse(der, cert, err) : PKI_OK;
}

/* The pair that a consumer reads; false: none that is whole. */
static bool
read_pair(pki_digest *out)
{
	PKI_AUTO(pki_buf) key_pem = NULL;
	PKI_AUTO(pki_buf) cert_pem = NULL;
	PKI_AUTO(pki_buf) both = NULL;
	PKI_AUTO(pki_key) key = NULL;
	PKI_AUTO(pki_cert) cert = NULL;
	pki_err err;

	if (!read_current("key.pem", &key_pem) ||
	    !read_current("cert.pem", &cert_pem) ||
	    !read_current("both.pem", &both) ||
	    pki_key_parse(pki_buf_bytes(key_pem), pki_bytes_of(NULL, 0), &key,
	    &err) != PKI_OK ||
	    pki_pem_each(pki_buf_bytes(cert_pem), PKI_PEM_CERT, PKI_CERT_MAX,
	    first_cert, &cert, &err) != PKI_OK ||
	    !pki_digest_equal(pki_pubkey_digest(pki_key_public(key)),
	    pki_pubkey_digest(pki_cert_key(cert))) ||
	    both->len != key_pem->len + cert_pem->len ||
	    memcmp(both->data, key_pem->data, key_pem->len) != 0 ||
	    memcmp(both->data + key_pem->len, cert_pem->data,
	    cert_pem->len) != 0)
		return false;
	*out = *pki_cert_digest(cert);
	return true;
}

/* What the directory is worth before the job. */
struct before {
	bool       has_pair;            /* a consumer can read it */
	pki_digest pair;
	bool       has_use;             /* and what we would use */
	pki_digest use, other;
};

static void
look_before(struct before *before)
{
	PKI_AUTO(enroll_slots) slots = NULL;
	const slots_options how = options();
	pki_err err;

	memset(before, 0, sizeof(*before));
	before->has_pair = read_pair(&before->pair);
	if (slots_look(&how, &slots, &err) != PKI_OK ||
	    slots_current(slots) == NULL)
		return;
	before->has_use = true;
	before->use = *pki_cert_digest(slots_current(slots)->cert);
	if (slots_other(slots)->cert != NULL)
		before->other = *pki_cert_digest(slots_other(slots)->cert);
}

static bool
is_expected(const struct before *before, const pki_digest *digest)
{
	return pki_digest_equal(digest, &before->pair) ||
	    pki_digest_equal(digest, &before->use) ||
	    pki_digest_equal(digest, &before->other) ||
	    (witness->has_new && pki_digest_equal(digest, &witness->new));
}

/* A request may have left: its key must not be lost. */
static void
check_key_kept(const enroll_slots *slots)
{
	const pki_key *pending = slots_pending_now(slots, NULL);
	const enroll_slot *current = slots_current(slots);

	if (!witness->asked)
		return;
	if (pending != NULL && pki_digest_equal(&witness->key,
	    pki_pubkey_digest(pki_key_public(pending))))
		return;
	if (current != NULL && pki_digest_equal(&witness->key,
	    pki_pubkey_digest(pki_cert_key(current->cert))))
		return;
	fail("the key of a request is lost", NULL);
}

/* As a consumer finds it, then as we do, then to the end of the job. */
static void
check_after(const struct job *job, const struct before *before, bool ended)
{
	PKI_AUTO(enroll_slots) slots = NULL;
	pki_digest pair;
	bool whole = read_pair(&pair);
	pki_err err;

	if (before->has_pair && !whole)
		fail("a consumer finds no whole pair", NULL);
	if (whole && !is_expected(before, &pair))
		fail("a consumer finds an unknown pair", NULL);
	must(open_slots(&slots, &err), "open again", &err);
	if (before->has_use && (slots_current(slots) == NULL || !is_expected(
	    before, pki_cert_digest(slots_current(slots)->cert))))
		fail("neither the old nor the new pair is in use", NULL);
	check_key_kept(slots);
	if (ended)
		return;
	/* A rollback that took place would be undone by another one. */
	if (job->run == slots_rollback && !pki_digest_equal(&before->use,
	    pki_cert_digest(slots_current(slots)->cert)))
		return;
	must(job->run(slots, &err), "run again", &err);
	if (job->run != job_pending && !read_pair(&pair))
		fail("no whole pair at the end", NULL);
}

static int
run_job(const struct job *job)
{
	PKI_AUTO(enroll_slots) slots = NULL;
	pki_err err;
	pki_code rc = open_slots(&slots, &err);

	if (rc == PKI_OK)
		rc = job->run(slots, &err);
	if (rc != PKI_OK && rc != PKI_SYSTEM)
		fail("another failure than the system's", &err);
	return rc == PKI_OK ? 0 : DENIED;
}

/* Did the job end as if nothing had happened? */
static bool
strike(const struct job *job)
{
	char number[24];
	pid_t child;
	int status = 0;

	memset(witness, 0, sizeof(*witness));
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		snprintf(number, sizeof(number), "%ld", step);
		setenv("FAULT_DO", kind, 1);
		setenv("FAULT_AT", number, 1);
		_exit(run_job(job));
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		fail("fork", NULL);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return false;
	if (!WIFEXITED(status) ||
	    (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != DENIED))
		fail("the child ended otherwise", NULL);
	return WEXITSTATUS(status) == 0;
}

static void
run_steps(const struct job *job)
{
	struct before before;
	int64_t now_before;
	bool ended = false;

	job_name = job->name;
	step = 0;
	remove_tree(dir);
	remove_tree(saved);
	job->make();
	if (pki_file_exists(dir))
		copy_tree(dir, saved);
	now_before = now_ms;
	for (step = 1; !ended && step < 1000; step++) {
		remove_tree(dir);
		if (pki_file_exists(saved))
			copy_tree(saved, dir);
		now_ms = now_before;
		look_before(&before);
		ended = strike(job);
		check_after(job, &before, ended);
	}
	/* The last step is the one at which nothing struck any more. */
	printf("%s, %s: %ld steps\n", job->name, kind, step - 2);
	if ((step - 2 < 5) != (strcmp(kind, "none") == 0))
		fail("wanted more than 5 steps, and none of the control",
		    NULL);
}

int
main(int argc, char **argv)
{
	pki_err err;

	if (argc != 3)
		return 2;
	kind = argv[2];
	job_name = "begin";
	must(pki_crypto_begin(&err), "crypto", &err);
	must(pki_path_join(dir, argv[1], "meter", &err), "path", &err);
	must(pki_path_join(saved, argv[1], "saved", &err), "path", &err);
	witness = mmap(NULL, sizeof(*witness), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (witness == MAP_FAILED)
		fail("memory", NULL);
	maker_begin(&maker, "Cut");
	for (size_t i = 0; i < PKI_COUNT(jobs); i++)
		run_steps(&jobs[i]);
	maker_end(&maker);
	return 0;
}
