/*
 * One "pki-ctl cert issue" as a whole process, against "openssl ca" on a
 * near-empty index, and against itself with a million rows.
 */
#include "tests/bench/bench.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAIRS 50
#define QUICK_PAIRS 15

extern char **environ;

static void
shell(const char *fmt, ...) PKI_PRINTF(1, 2);

static void
shell(const char *fmt, ...)
{
	char command[4 * PKI_PATH_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	if (system(command) != 0)
		bench_fail(command, NULL);
}

/* CPU seconds of one run of a program. */
static double
run_once(const char *const argv[])
{
	posix_spawn_file_actions_t quiet;
	struct rusage usage;
	int status;
	pid_t child;

	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null",
	    O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null",
	    O_WRONLY, 0);
	if (posix_spawnp(&child, argv[0], &quiet, NULL,
	    (char *const *)(uintptr_t)argv, environ) != 0 ||
	    wait4(child, &status, 0, &usage) != child || status != 0)
		bench_fail(argv[0], NULL);
	posix_spawn_file_actions_destroy(&quiet);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	    (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static const char openssl_conf[] =
    "[ca]\ndefault_ca = c\n[c]\ndir = .\ndatabase = ./index.txt\n"
    "serial = ./serial\nnew_certs_dir = .\ncertificate = ./ca.pem\n"
    "private_key = ./ca.key\ndefault_md = sha256\ndefault_days = 90\n"
    "policy = p\nunique_subject = no\nx509_extensions = x\n"
    "[p]\ncommonName = supplied\n"
    "[x]\nbasicConstraints = critical,CA:FALSE\n"
    "keyUsage = critical,digitalSignature\nextendedKeyUsage = clientAuth\n"
    "subjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n";

static void
make_openssl_ca(const char *dir)
{
	char path[PKI_PATH_MAX];
	pki_err err;

	shell("mkdir '%s'", dir);
	BENCH_OK(pki_path_join(path, dir, "c.cnf", &err), &err);
	BENCH_OK(pki_file_replace(path, pki_bytes_text(openssl_conf), 0644,
	    &err), &err);
	shell("cd '%s' && : >index.txt && echo 1000 >serial && openssl req "
	    "-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout "
	    "ca.key -subj /CN=ca -days 3650 -out ca.pem 2>/dev/null", dir);
}

static void
make_csr(const char *dir, const char *name)
{
	shell("openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
	    "-noenc -keyout '%s/%s.key' -subj '/CN=%s' -out '%s/%s.csr' "
	    "2>/dev/null", dir, name, name, dir, name);
}

static double
run_ours(const bench_options *options, const char *state, const char *csr)
{
	const char *const argv[] = {
		options->pki_ctl, "--dir",
		state, "-q", "cert", "issue", "--profile",
		"auditor", "--csr", csr, NULL,
	};

	return run_once(argv);
}

static double
run_openssl(const char *csr, const char *out)
{
	const char *const argv[] = {
		"openssl", "ca", "-batch", "-config", "c.cnf", "-notext",
		"-in", csr, "-out", out,
		NULL,
	};

	return run_once(argv);
}

/* Pairs in turn; the medians of both, in ms of CPU. */
struct pairs {
	double ours[PAIRS], other[PAIRS];
};

static void
report_pairs(struct pairs *pairs, size_t count, const char *name,
    double target)
{
	bench_report(&(bench_claim){
		name, "ms", bench_median(pairs->ours, count) * 1000,
		bench_median(pairs->other, count) * 1000, BENCH_AT_MOST,
		target, "CPU, medians",
	});
}

static void
against_openssl(const bench_options *options, const char *state,
    const char *openssl_dir, size_t count)
{
	struct pairs pairs;
	char name[32], csr[PKI_PATH_MAX], cwd[PKI_PATH_MAX];
	size_t i;

	if (getcwd(cwd, sizeof(cwd)) == NULL || chdir(openssl_dir) != 0)
		bench_fail(openssl_dir, NULL);
	for (i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "a-%zu", i);
		make_csr(openssl_dir, name);
		snprintf(csr, sizeof(csr), "%.900s/%s.csr", openssl_dir,
		    name);
		pairs.ours[i] = run_ours(options, state, csr);
		pairs.other[i] = run_openssl(csr, "out.pem");
	}
	report_pairs(&pairs, count, "pki-ctl cert issue against openssl ca",
	    1.2);
	if (chdir(cwd) != 0)
		bench_fail(cwd, NULL);
}

static void
against_itself(const bench_options *options, const char *small,
    const char *large, size_t count)
{
	struct pairs pairs;
	char name[32], csr[PKI_PATH_MAX];
	size_t i;

	for (i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "b-%zu", i);
		make_csr(options->work_dir, name);
		snprintf(csr, sizeof(csr), "%.900s/%s.csr", options->work_dir,
		    name);
		pairs.other[i] = run_ours(options, small, csr);
		pairs.ours[i] = run_ours(options, large, csr);
	}
	report_pairs(&pairs, count, options->quick ?
	    "pki-ctl cert issue with 100 000 rows" :
	    "pki-ctl cert issue with 1 000 000 rows", 1.1);
}

void
bench_command(const bench_options *options)
{
	size_t pairs = options->quick ? QUICK_PAIRS : PAIRS;
	char small[PKI_PATH_MAX], large[PKI_PATH_MAX], dir[PKI_PATH_MAX];
	bench_device *devices = bench_devices(4096, "seed");
	pki_err err;

	if (options->pki_ctl == NULL)
		bench_fail("needs --pki-ctl", NULL);
	bench_make_ca(options, "small", small);
	bench_make_ca(options, "large", large);
	bench_issue_all(large, devices, 4096, 1024, NULL);
	bench_grow(large, options->quick ? 100000 : 1000000);
	BENCH_OK(pki_path_join(dir, options->work_dir, "openssl", &err),
	    &err);
	make_openssl_ca(dir);
	against_openssl(options, small, dir, pairs);
	against_itself(options, small, large, pairs);
	bench_devices_free(devices, 4096);
}
