#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "tests/lib/base/sandbox-worker.h"
#include "tests/support/support.h"

#ifdef PKI_SANITIZERS
# define IS_LOGGED true
#else
# define IS_LOGGED false
#endif

static char dir[PKI_PATH_MAX], page[PKI_PATH_MAX + 8];
static pki_err err;

static void
make_dir(void)
{
	FILE *file;

	temp_dir(dir);
	snprintf(page, sizeof(page), "%s/page", dir);
	file = fopen(page, "w");
	cr_assert_not_null(file);
	fputs("hello", file);
	fclose(file);
}

static void
drop_dir(void)
{
	remove_dir(dir);
}

TestSuite(sandbox_begin, .timeout = 30);
TestSuite(sandbox_order, .timeout = 30);
TestSuite(sandbox_works, .timeout = 60, .init = make_dir, .fini = drop_dir);
TestSuite(sandbox_stops, .timeout = 60, .init = make_dir, .fini = drop_dir);
TestSuite(sandbox_report, .timeout = 60, .init = make_dir, .fini = drop_dir);

/* Whether this kernel has it. */
static bool
has(pki_sandbox_step step)
{
	pki_sandbox sandbox;

	assert_ok(pki_sandbox_try(PKI_SANDBOX_ISSUER, NULL, 0, &sandbox, &err),
	    &err);
	return sandbox.state[step] == PKI_SANDBOX_HOLDS;
}

/* ---- begin ---- */

Test(sandbox_begin, keeps_variables_of_its_list_only)
{
	static const struct {
		const char *name;
		bool        stays;
	} rows[] = {
		{ "NOTIFY_SOCKET", true }, { "LISTEN_FDS", true },
		{ "CREDENTIALS_DIRECTORY", true }, { "PKI_DIR", true },
		{ "OPENSSL_CONF", false }, { "SSLKEYLOGFILE", false },
		{ "GNUTLS_SYSTEM_PRIORITY_FILE", false }, { "PATH", false },
		{ "SOFTHSM2_CONF", false }, { "LD_AUDIT", false },
		{ "LISTEN_FDS_MORE", false }, { "LISTEN", false },
#ifdef PKI_FAULT_TESTS
		{ "FAKETIME_NO_CACHE", true }, { "LD_PRELOAD", true },
		{ "ASAN_OPTIONS", true },
#else
		{ "FAKETIME_NO_CACHE", false }, { "LD_PRELOAD", false },
#endif
	};
	pki_sandbox sandbox;
	size_t i;

	for (i = 0; i < PKI_COUNT(rows); i++)
		setenv(rows[i].name, "value", 1);
	assert_ok(pki_sandbox_begin(PKI_SANDBOX_WORKER, &sandbox, &err), &err);
	for (i = 0; i < PKI_COUNT(rows); i++) {
		const char *value = getenv(rows[i].name);

		cr_expect_eq(value != NULL, rows[i].stays, "%s", rows[i].name);
		cr_expect(value == NULL || strcmp(value, "value") == 0);
	}
}

Test(sandbox_begin, sets_umask_and_forbids_core_files)
{
	pki_sandbox sandbox;
	struct rlimit limit;

	umask(0);
	assert_ok(pki_sandbox_begin(PKI_SANDBOX_PARENT, &sandbox, &err), &err);
	cr_expect_eq(umask(0), 077);
	cr_expect_eq(getrlimit(RLIMIT_CORE, &limit), 0);
	cr_expect_eq(limit.rlim_cur, 0);
	cr_expect_eq(limit.rlim_max, 0);
	cr_expect_not(pki_sandbox_is_good(&sandbox));
}

Test(sandbox_order, is_kept)
{
	pki_sandbox sandbox = { .role = PKI_SANDBOX_WORKER };

	assert_refused(pki_sandbox_enclose(&sandbox, NULL, 0, &err),
	    PKI_USAGE, &err, NULL);
	assert_refused(pki_sandbox_seal(&sandbox, &err), PKI_USAGE, &err,
	    NULL);
	assert_ok(pki_sandbox_begin(PKI_SANDBOX_WORKER, &sandbox, &err), &err);
	assert_refused(pki_sandbox_seal(&sandbox, &err), PKI_USAGE, &err,
	    NULL);
}

/* ---- what is forbidden ---- */

static int
open_errno(const char *path, int flags)
{
	return open(path, flags | O_CLOEXEC, 0600) >= 0 ? 0 : errno;
}

static int
read_outside(void)
{
	return open_errno("/etc/passwd", O_RDONLY);
}

static int
write_inside(void)
{
	return open_errno(page, O_WRONLY);
}

static int
write_outside(void)
{
	return open_errno("/tmp", O_TMPFILE | O_RDWR);
}

static int
read_inside(void)
{
	return open_errno(page, O_RDONLY);
}

static int
make_link(void)
{
	return symlink("/etc/passwd", page) == 0 ? 0 : errno;
}

static int
run_program(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return errno;
}

static int
make_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid < 0 ? errno : 0;
}

static int
trace_parent(void)
{
	return ptrace(PTRACE_SEIZE, getppid(), 0, 0) == 0 ? 0 : errno;
}

static int
open_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 0 : errno;
}

static int
map_program(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED ? 0 : errno;
}

static int
make_writable_run(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(at, 4096, PROT_READ | PROT_EXEC) == 0 ? 0 : errno;
}

static int
signal_parent(void)
{
	return kill(getppid(), 0) == 0 ? 0 : errno;
}

static int
become_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0 ? 0 : errno;
}

static int
make_namespace(void)
{
	return unshare(CLONE_NEWNS) == 0 ? 0 : errno;
}

static int
make_namespace_by_clone(void)
{
	long pid = syscall(SYS_clone, CLONE_NEWUTS | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return pid < 0 ? errno : 0;
}

static int
mount_something(void)
{
	return mount("none", dir, "tmpfs", 0, NULL) == 0 ? 0 : errno;
}

static int
remove_page(void)
{
	return unlink(page) == 0 ? 0 : errno;
}

static int
crash(void)
{
	abort();
}

#define SANDBOXED(role) (1u << (role))
#define P SANDBOXED(PKI_SANDBOX_PARENT)
#define W SANDBOXED(PKI_SANDBOX_WORKER)
#define I SANDBOXED(PKI_SANDBOX_ISSUER)
#define SIGNAL(number) (-(number))

/* What an act comes to: 0 done, an errno, or a signal. */
static const struct act {
	const char *name;
	int       (*run)(void);
	unsigned    who;
	int         want;
	bool        by_landlock;
} acts[] = {
	{ "read inside", read_inside, P | W | I, 0, false },
	{ "write inside", write_inside, P | I, 0, false },
	{ "remove inside", remove_page, I, 0, false },
	{ "read outside", read_outside, P | W | I, EACCES, true },
	{ "write outside", write_outside, I, EACCES, true },
	{ "make a link", make_link, I | W, SIGNAL(SIGSYS), false },
	{ "write, worker", write_inside, W, EROFS, false },
	{ "remove, worker", remove_page, W, SIGNAL(SIGSYS), false },
	{ "exec", run_program, W | I, SIGNAL(SIGSYS), false },
	{ "exec, parent", run_program, P, EACCES, true },
	{ "fork", make_process, W | I, SIGNAL(SIGSYS), false },
	{ "fork, parent", make_process, P, 0, false },
	{ "ptrace", trace_parent, P | W | I, SIGNAL(SIGSYS), false },
	{ "socket", open_socket, W | I, EACCES, false },
	{ "map a program", map_program, W | I, EPERM, false },
	{ "run what was written", make_writable_run, W | I, EPERM, false },
	{ "signal the parent", signal_parent, W | I, SIGNAL(SIGSYS), false },
	{ "become dumpable", become_dumpable, W | I, SIGNAL(SIGSYS), false },
	{ "unshare", make_namespace, P | W | I, SIGNAL(SIGSYS), false },
	{ "clone", make_namespace_by_clone, P | W | I, SIGNAL(SIGSYS), false },
	{ "mount", mount_something, P | W | I, SIGNAL(SIGSYS), false },
	{ "abort", crash, P | W | I, SIGNAL(SIGABRT), false },
};

/* In a process of this role. */
static int
come_to(const struct act *act, pki_sandbox_role role, bool *core)
{
	const pki_sandbox_path paths[] = {
		{ dir, role == PKI_SANDBOX_WORKER ? PKI_SANDBOX_READ :
		    PKI_SANDBOX_WRITE },
	};
	pki_sandbox sandbox;
	int status;
	pid_t pid;

	pid = fork();
	if (pid == 0) {
		if (pki_sandbox_begin(role, &sandbox, &err) != PKI_OK ||
		    pki_sandbox_enclose(&sandbox, paths, 1, &err) != PKI_OK ||
		    pki_sandbox_seal(&sandbox, &err) != PKI_OK)
			_exit(200);
		_exit(act->run());
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	*core = WIFSIGNALED(status) && WCOREDUMP(status);
	return WIFSIGNALED(status) ? SIGNAL(WTERMSIG(status)) :
	    WEXITSTATUS(status);
}

Test(sandbox_stops, what_a_process_of_a_role_does_not_need)
{
	bool landlock = has(PKI_SANDBOX_LANDLOCK), core;
	size_t i;
	int role, got;

	for (i = 0; i < PKI_COUNT(acts); i++)
		for (role = 0; role < PKI_SANDBOX_ROLES; role++) {
			if ((acts[i].who & SANDBOXED(role)) == 0 ||
			    (acts[i].by_landlock && !landlock) ||
			    (IS_LOGGED && acts[i].want == SIGNAL(SIGSYS)))
				continue;
			got = come_to(&acts[i], (pki_sandbox_role)role, &core);
			cr_expect_eq(got, acts[i].want, "%s, %s: %d, not %d",
			    pki_sandbox_role_name((pki_sandbox_role)role),
			    acts[i].name, got, acts[i].want);
			cr_expect_not(core, "%s", acts[i].name);
		}
}

Test(sandbox_stops, nobody_of_the_same_user_from_looking_in)
{
	pki_sandbox sandbox;

	assert_ok(pki_sandbox_begin(PKI_SANDBOX_ISSUER, &sandbox, &err), &err);
	cr_assert_eq(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 1);
	assert_ok(pki_sandbox_enclose(&sandbox,
	    &(pki_sandbox_path){ "/", PKI_SANDBOX_WRITE }, 1, &err), &err);
	cr_expect_eq(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
	cr_expect_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
}

Test(sandbox_stops, a_path_that_does_not_exist)
{
	pki_sandbox sandbox;

	if (!has(PKI_SANDBOX_LANDLOCK))
		cr_skip_test("SKIP: this kernel has no Landlock");
	assert_refused(pki_sandbox_try(PKI_SANDBOX_WORKER,
	    &(pki_sandbox_path){ "/nowhere", PKI_SANDBOX_READ }, 1, &sandbox,
	    &err), PKI_NOT_FOUND, &err, NULL);
}

/* ---- what works ---- */

Test(sandbox_works, tls_and_http_with_a_thread_that_accepts)
{
	static const char *const versions[] = {
		"NORMAL:-VERS-ALL:+VERS-TLS1.2",
		"NORMAL:-VERS-ALL:+VERS-TLS1.3",
	};
	bool landlock = has(PKI_SANDBOX_LANDLOCK);
	char body[64], refused[16];
	unsigned port, i;
	pid_t pid;
	int status;

	snprintf(refused, sizeof(refused), "%d", EACCES);
	pid = start_sandboxed_worker(dir, &port);
	cr_assert_gt(pid, 0, "the worker ended");
	for (i = 0; i < 20; i++) {
		cr_expect_eq(ask_worker(port, versions[i % 2], "/in", body,
		    sizeof(body)), 0, "%s", versions[i % 2]);
		cr_expect_str_eq(body, "hello");
	}
	if (landlock) {
		cr_expect_eq(ask_worker(port, versions[0], "/out", body,
		    sizeof(body)), 0);
		cr_expect_str_eq(body, refused);
	}
	cr_expect_eq(waitpid(pid, &status, WNOHANG), 0, "the worker ended");
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

/* 0, or which step failed. */
static int
do_issuers_work(struct test_ca *t)
{
	const pki_sandbox_path paths[] = { { t->dir, PKI_SANDBOX_WRITE } };
	PKI_AUTO(pki_cert) cert = NULL;
	pki_sandbox sandbox;

	if (pki_sandbox_begin(PKI_SANDBOX_ISSUER, &sandbox, &err) != PKI_OK ||
	    pki_sandbox_enclose(&sandbox, paths, 1, &err) != PKI_OK ||
	    pki_sandbox_seal(&sandbox, &err) != PKI_OK)
		return 1;
	t->ca = reopen_ca(t);
	cert = issue_meter(t, "meter-1");
	return pki_ca_publish(t->ca, "issuing", &test_requester, NULL, NULL,
	    &err) == PKI_OK ? 0 : 2;
}

Test(sandbox_works, an_issuer_that_opens_signs_and_publishes)
{
	struct test_ca t;
	int status;
	pid_t pid;

	fresh_ca(&t);
	pki_ca_free(PKI_TAKE(t.ca));
	pid = fork();
	if (pid == 0)
		_exit(do_issuers_work(&t));
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(status, 0, "status 0x%x", (unsigned)status);
	drop_ca(&t);
}

/* ---- the report ---- */

Test(sandbox_report, tells_what_holds_for_each_process)
{
	const pki_sandbox_path paths[] = { { dir, PKI_SANDBOX_READ } };
	PKI_AUTO(pki_buf) text = pki_buf_new();
	PKI_AUTO(pki_buf) json = pki_buf_new();
	pki_sandbox all[PKI_SANDBOX_ROLES];
	size_t lines = 0;
	const char *at;
	int i;

	for (i = 0; i < PKI_SANDBOX_ROLES; i++) {
		assert_ok(pki_sandbox_try((pki_sandbox_role)i, paths, 1,
		    &all[i], &err), &err);
		cr_expect(pki_sandbox_is_good(&all[i]));
	}
	pki_sandbox_add_text(all, PKI_SANDBOX_ROLES, text);
	for (at = pki_buf_text(text); (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	cr_expect_eq(lines, PKI_SANDBOX_ROLES * PKI_SANDBOX_STEPS);
	cr_expect_not_null(strstr(pki_buf_text(text),
	    "worker  umask          needed       holds    077\n"));
	snprintf(all[1].detail[PKI_SANDBOX_UMASK], PKI_SANDBOX_DETAIL,
	    "a\"b\\c");
	pki_sandbox_add_json(all, PKI_SANDBOX_ROLES, json);
	cr_expect_not_null(strstr(pki_buf_text(json), "{\"process\": "
	    "\"worker\", \"step\": \"umask\", \"kind\": \"needed\", "
	    "\"state\": \"holds\", \"detail\": \"a\\\"b\\\\c\"},\n"));
	cr_expect_eq(strncmp(pki_buf_text(json), "[\n{", 3), 0);
	cr_expect_str_eq(pki_buf_text(json) + json->len - 4, "}\n]\n");
}

Test(sandbox_report, leaves_the_caller_as_he_was)
{
	pki_sandbox sandbox;

	setenv("OPENSSL_CONF", "here", 1);
	assert_ok(pki_sandbox_try(PKI_SANDBOX_WORKER, NULL, 0, &sandbox, &err),
	    &err);
	cr_expect_str_eq(getenv("OPENSSL_CONF"), "here");
	cr_expect_eq(open_errno("/etc/passwd", O_RDONLY), 0);
	cr_expect_eq(make_process(), 0);
}
