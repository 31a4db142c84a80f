#include "tests/support/support.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int64_t
read_test_clock(void *arg)
{
	return ((struct test_clock *)arg)->now_ms;
}

void
test_clock_init(struct test_clock *clock)
{
	clock->clock = (pki_clock){ read_test_clock, clock };
	clock->now_ms = TEST_BEGIN * 1000;
}

void
at(struct test_clock *clock, const char *when)
{
	pki_err err;
	int64_t seconds = 0;

	assert_ok(pki_time_parse(when, &seconds, &err), &err);
	clock->now_ms = seconds * 1000;
}

void
temp_dir(char out[PKI_PATH_MAX])
{
	const char *base = getenv("TMPDIR");

	snprintf(out, PKI_PATH_MAX, "%s/pki-test.XXXXXX",
	    base == NULL ? "/tmp" : base);
	cr_assert_not_null(mkdtemp(out));
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

void
remove_dir(const char *dir)
{
	cr_expect(nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0,
	    "cannot remove %s", dir);
}

#define NOBODY 65534

static int
run_in_child(int (*run)(void *arg), void *arg)
{
	int status = 0;
	pid_t child = fork();

	cr_assert(child >= 0);
	if (child == 0) {
		if (geteuid() == 0 && (setgid(NOBODY) != 0 ||
		    setuid(NOBODY) != 0))
			_exit(255);
		_exit(run(arg));
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
may_enter_root(void *arg)
{
	(void)arg;
	return access("/", X_OK) == 0 ? 0 : 1;
}

int
run_as_nobody(int (*run)(void *arg), void *arg)
{
	/* As in a chroot whose folder is root's alone. */
	if (run_in_child(may_enter_root, NULL) != 0)
		cr_skip_test("user 65534 may not enter / here");
	return run_in_child(run, arg);
}

void
assert_ok_at(pki_code rc, const pki_err *err, const char *file, int line)
{
	cr_assert(rc == PKI_OK, "%s:%d: %s: %s", file, line,
	    pki_code_name(rc), err->msg);
}

void
assert_refused_at(pki_code rc, pki_code want, const pki_err *err,
    const char *rule, const char *file, int line)
{
	cr_assert(rc == want, "%s:%d: %s instead of %s: %s", file, line,
	    pki_code_name(rc), pki_code_name(want),
	    rc == PKI_OK ? "" : err->msg);
	cr_assert(err->code == want && err->msg[0] != '\0',
	    "%s:%d: no sentence", file, line);
	cr_assert(rule == NULL || strcmp(err->rule, rule) == 0,
	    "%s:%d: rule '%s' instead of '%s': %s", file, line, err->rule,
	    rule, err->msg);
}

const pki_requester test_requester = { PKI_BY_OPERATOR, "tester" };

pki_ca_options
test_options(const struct test_ca *t)
{
	return (pki_ca_options){
		.state_dir = t->state, .clock = &t->clock.clock,
	};
}

pki_ca_setup
test_setup(const struct test_ca *t)
{
	return (pki_ca_setup){
		.options = test_options(t), .templates_dir = TEMPLATES_DIR,
		.display_name = "Test", .root_key = PKI_KEY_P256,
		.issuing_key = PKI_KEY_P256, .crl_form = -1,
		.base_url = "http://pki.test", .who = test_requester,
	};
}

pki_ca *
reopen_ca(struct test_ca *t)
{
	pki_ca_options options = test_options(t);
	pki_ca *ca = NULL;

	assert_ok(pki_ca_open(&options, &ca, &t->err), &t->err);
	return ca;
}

void
fresh_ca(struct test_ca *t)
{
	pki_ca_setup setup;

	memset(t, 0, sizeof(*t));
	test_clock_init(&t->clock);
	temp_dir(t->dir);
	assert_ok(pki_path_join(t->state, t->dir, "ca", &t->err), &t->err);
	setup = test_setup(t);
	assert_ok(pki_ca_init(&setup, &t->err), &t->err);
	t->ca = reopen_ca(t);
}

void
drop_ca(struct test_ca *t)
{
	pki_ca_free(t->ca);
	remove_dir(t->dir);
}

void
fresh_request(struct test_request *r, const char *profile, const char *name)
{
	pki_err err;

	memset(r, 0, sizeof(*r));
	assert_ok(pki_key_generate(PKI_KEY_P256, &r->key, &err), &err);
	r->request = (pki_issue_request){
		.profile = profile, .identity = name,
		.key = pki_key_public(r->key),
		.possession = PKI_POP_SIGNATURE, .who = test_requester,
	};
}

void
drop_request(struct test_request *r)
{
	pki_key_free(r->key);
}

pki_cert *
issue_meter(struct test_ca *t, const char *name)
{
	PKI_AUTO(pki_issued) issued = NULL;
	struct test_request r;

	fresh_request(&r, "auditor", name);
	assert_ok(pki_ca_issue(t->ca, &r.request, &issued, &t->err), &t->err);
	drop_request(&r);
	return PKI_TAKE(issued->cert);
}

/* SQLite's "-shm" is memory that readers share, marks and all: no data. */
static bool
is_memory(const char *path)
{
	size_t len = strlen(path);

	return len > 4 && strcmp(path + len - 4, "-shm") == 0;
}

/* nftw() has no argument to hand on. */
static pki_buf *seen;

static int
see_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	PKI_AUTO(pki_buf) text = NULL;
	pki_err err;

	(void)where;
	pki_buf_add_format(seen, "%s %o %d;", path, st->st_mode, kind);
	if (kind == FTW_F && !is_memory(path)) {
		assert_ok(pki_file_read(path, (size_t)1 << 30, PKI_FILE_ANY,
		    &text, &err), &err);
		pki_buf_add(seen, pki_buf_bytes(text));
	}
	return 0;
}

pki_digest
dir_digest(const char *dir)
{
	pki_digest digest;
	pki_err err;

	seen = pki_buf_new();
	cr_assert_eq(nftw(dir, see_one, 16, FTW_PHYS), 0);
	assert_ok(pki_buf_check(seen, &err), &err);
	assert_ok(pki_digest_of(pki_buf_bytes(seen), &digest, &err), &err);
	pki_buf_free(seen);
	return digest;
}

static pki_code
count_row(const pki_cert_row *row, void *arg, pki_err *err)
{
	(void)row, (void)err;
	++*(size_t *)arg;
	return PKI_OK;
}

size_t
certs_on_record(struct test_ca *t, const char *profile)
{
	const pki_cert_filter filter = { .profile = profile };
	size_t count = 0;

	if (t->ca == NULL)
		t->ca = reopen_ca(t);
	assert_ok(pki_ca_each_cert(t->ca, NULL, &filter, count_row, &count,
	    &t->err), &t->err);
	return count;
}
