#include "pki-enroll/hook.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pki-enroll/event.h"
#include "tests/support/support.h"

TestSuite(hook, .timeout = 60);
TestSuite(event, .timeout = 60);

/* What a command printed, and how it ended. */
struct result {
	pki_code code;
	int      status;
	pki_err  err;
	char     output[3 * HOOK_OUTPUT_MAX];
};

static void
run_args(char **args, size_t count, int64_t timeout_s, struct result *out)
{
	const hook_variable variables[] = {
		{ "PKI_ENROLL_NAME", "a b" }, { "PKI_ENROLL_ERROR", NULL },
	};
	char path[] = "/tmp/pki-hook-test.XXXXXX";
	int fd = mkstemp(path);
	const pki_text_list list = { args, count };
	const enroll_hook hook = {
		.title = "probe", .args = &list, .variables = variables,
		.variable_count = 2, .timeout_s = timeout_s, .output = fd,
	};
	ssize_t len;

	cr_assert_geq(fd, 0);
	unlink(path);
	out->code = hook_run(&hook, &out->status, &out->err);
	len = pread(fd, out->output, sizeof(out->output) - 1, 0);
	out->output[len < 0 ? 0 : len] = '\0';
	close(fd);
}

/* A script, so that the tests can say what they mean. */
static void
run_script(const char *script, int64_t timeout_s, struct result *out)
{
	char shell[] = "/bin/sh", flag[] = "-c", text[1024];
	char *args[] = { shell, flag, text };

	snprintf(text, sizeof(text), "%s", script);
	run_args(args, 3, timeout_s, out);
}

Test(hook, no_command_is_done_at_once)
{
	struct result result;

	run_args(NULL, 0, 10, &result);
	cr_expect_eq(result.code, PKI_OK);
	cr_expect_eq(result.status, 0);
}

Test(hook, arguments_arrive_as_they_are)
{
	char program[] = "/usr/bin/printf", format[] = "[%s]";
	char one[] = "a b", two[] = "$HOME;`id`", three[] = "";
	char *args[] = { program, format, one, two, three };
	struct result result;

	run_args(args, 5, 10, &result);
	cr_assert_eq(result.code, PKI_OK, "%s", result.err.msg);
	cr_expect_str_eq(result.output, "[a b][$HOME;`id`][]");
}

Test(hook, nothing_of_ours_is_inherited)
{
	struct result result;
	int fd = open("/etc/hostname", O_RDONLY);
	unsigned long long blocked, ignored;
	char *signals;
	sigset_t some;

	/* Without O_CLOEXEC, as a library may open it. */
	cr_assert_geq(fd, 0);
	cr_assert_eq(setenv("LD_PRELOAD_NOT", "x", 1), 0);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&some);
	sigaddset(&some, SIGTERM);
	sigprocmask(SIG_BLOCK, &some, NULL);
	umask(077);
	run_script("env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= | sort; umask; "
	    "readlink /proc/self/fd/0; ls /proc/self/fd; "
	    "grep -e SigBlk -e SigIgn /proc/self/status", 20, &result);
	umask(022);
	close(fd);
	cr_assert_eq(result.code, PKI_OK, "%s", result.err.msg);
	signals = strstr(result.output, "SigBlk:");
	cr_assert_not_null(signals, "%s", result.output);
	/* Signals 32 and 33 are the C library's own: it leaves them as is. */
	cr_assert_eq(sscanf(signals, "SigBlk: %llx SigIgn: %llx", &blocked,
	    &ignored), 2, "%s", signals);
	cr_expect_eq(blocked & 0x7fffffff, 0, "%s", signals);
	cr_expect_eq(ignored & 0x7fffffff, 0, "%s", signals);
	*signals = '\0';
	cr_expect_str_eq(result.output,
	    "LC_ALL=C.UTF-8\n"
	    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:"
	    "/bin\n"
	    "PKI_ENROLL_NAME=a b\n"
	    "0022\n/dev/null\n0\n1\n2\n3\n");
}

static const struct ending {
	const char *script;
	pki_code    code;
	int         status;
	const char *says;
} endings[] = {
	{ "exit 0", PKI_OK, 0, NULL },
	{ "exit 7", PKI_DENIED, 7, "ended with status 7" },
	{ "kill -9 $$", PKI_DENIED, 137, "ended by signal 9" },
};

Test(hook, how_it_ended_is_told)
{
	for (size_t i = 0; i < PKI_COUNT(endings); i++) {
		struct result result;

		run_script(endings[i].script, 20, &result);
		cr_expect_eq(result.code, endings[i].code, "%s",
		    endings[i].script);
		cr_expect_eq(result.status, endings[i].status);
		if (endings[i].says != NULL)
			cr_expect_not_null(strstr(result.err.msg,
			    endings[i].says), "%s", result.err.msg);
	}
}

Test(hook, a_program_that_cannot_be_run_is_named)
{
	char missing[] = "/no/such/program", folder[] = "/etc";
	char *one[] = { missing }, *two[] = { folder };
	struct result result;

	run_args(one, 1, 10, &result);
	cr_expect_eq(result.code, PKI_NOT_FOUND);
	cr_expect_not_null(strstr(result.err.msg, "/no/such/program"));
	run_args(two, 1, 10, &result);
	cr_expect_eq(result.code, PKI_SYSTEM);
	cr_expect_not_null(strstr(result.err.msg, "run /etc"), "%s",
	    result.err.msg);
}

/* The child of a command that is late ends with it. */
Test(hook, the_time_limit_ends_it_and_its_children)
{
	struct result result;
	int status = 0;
	long child;

	cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	run_script("sleep 600 & echo $!; exec sleep 600", 1, &result);
	cr_expect_eq(result.code, PKI_DENIED);
	cr_expect_str_eq(result.err.rule, "command");
	cr_expect_not_null(strstr(result.err.msg, "did not end in 1s"), "%s",
	    result.err.msg);
	cr_expect_eq(result.status, 128 + SIGTERM);
	child = strtol(result.output, NULL, 10);
	cr_assert_gt(child, 1);
	/* An orphan now, and so ours to wait for: it has not to sleep on. */
	cr_assert_eq(waitpid((pid_t)child, &status, 0), child);
	cr_expect(WIFSIGNALED(status));
}

Test(hook, one_that_ignores_sigterm_ends_too)
{
	struct result result;

	run_script("trap '' TERM; while :; do sleep 1; done", 1, &result);
	cr_expect_eq(result.code, PKI_DENIED);
	cr_expect_eq(result.status, 128 + SIGKILL);
}

/* What runs on in the background does not keep us. */
Test(hook, a_daemon_may_stay_behind)
{
	struct result result;
	long child;

	run_script("sleep 600 & echo $!", 20, &result);
	cr_expect_eq(result.code, PKI_OK, "%s", result.err.msg);
	child = strtol(result.output, NULL, 10);
	cr_assert_gt(child, 1);
	cr_expect_eq(kill((pid_t)child, SIGKILL), 0);
}

Test(hook, output_is_bounded_and_escaped)
{
	struct result result;

	run_script("printf 'a\\033[2Jb\\tc\\n'; head -c 1000000 /dev/zero | "
	    "tr '\\0' x", 20, &result);
	cr_assert_eq(result.code, PKI_OK, "%s", result.err.msg);
	cr_expect_eq(strncmp(result.output, "a\\x1b[2Jb\tc\nxxx", 14), 0,
	    "%.20s", result.output);
	cr_expect_lt(strlen(result.output), HOOK_OUTPUT_MAX + 100);
	cr_expect_not_null(strstr(result.output, "is not shown"));
}

Test(event, is_told_what_it_is_about)
{
	char shell[] = "/bin/sh", flag[] = "-c", dir[PKI_PATH_MAX];
	char script[] = "env | grep ^PKI_ENROLL | sort >$0", file[1100];
	char *args[] = { shell, flag, script, file };
	enroll_conf conf = {
		.name = "meter", .dir = dir, .command_timeout_s = 20,
		.on_failed = { args, 4 },
	};
	const pki_err why = { .code = PKI_BUSY, .msg = "the server is busy" };
	PKI_AUTO(pki_buf) text = NULL;
	char want[4096];
	int status = 9;
	pki_err err;

	temp_dir(dir);
	snprintf(file, sizeof(file), "%s/out", dir);
	/* No such command is configured. */
	assert_ok(enroll_event_run(&conf, ENROLL_RENEWED, NULL, NULL, &status,
	    &err), &err);
	cr_expect_eq(status, 0);
	cr_expect_not(pki_file_exists(file));
	assert_ok(enroll_event_run(&conf, ENROLL_FAILED, NULL, &why, &status,
	    &err), &err);
	assert_ok(pki_file_read(file, 4096, PKI_FILE_ANY, &text, &err), &err);
	snprintf(want, sizeof(want),
	    "PKI_ENROLL_ANCHORS=%s/anchors.pem\n"
	    "PKI_ENROLL_DIRECTORY=%s\n"
	    "PKI_ENROLL_ERROR=the server is busy\n"
	    "PKI_ENROLL_ERROR_CODE=busy\n"
	    "PKI_ENROLL_EVENT=failed\n"
	    "PKI_ENROLL_NAME=meter\n", dir, dir);
	cr_expect_str_eq(pki_buf_text(text), want);
	remove_dir(dir);
}
