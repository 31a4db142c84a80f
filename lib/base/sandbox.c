#include "base/sandbox-parts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Later than Debian 12's headers; the kernel may know it. */
#ifndef PR_SET_MDWE
# define PR_SET_MDWE 65
# define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

/*
 * What a daemon is told by its environment; a star ends a prefix.  What
 * changes a library's behaviour from outside (OPENSSL_CONF, SSLKEYLOGFILE,
 * GNUTLS_*, LD_*) is not among them.
 */
static const char *const kept[] = {
	"CONFIGURATION_DIRECTORY",
	"CREDENTIALS_DIRECTORY",
	"INVOCATION_ID",
	"JOURNAL_STREAM",
	"LISTEN_FDNAMES",
	"LISTEN_FDS",
	"LISTEN_PID",
	"NOTIFY_SOCKET",
	"PKI_DIR",
	"RUNTIME_DIRECTORY",
	"STATE_DIRECTORY",
	"WATCHDOG_PID",
	"WATCHDOG_USEC",
#ifdef PKI_FAULT_TESTS
	"DONT_FAKE_MONOTONIC",
	"FAKETIME*",
	"FAULT_*",
	"LD_LIBRARY_PATH",
	"LD_PRELOAD",
	"PKI_BUG_*",
	"PKI_FAULT_*",
	"SLOW_SYNC_US",
#endif
#if defined(PKI_FAULT_TESTS) || defined(PKI_SANDBOX_SANITIZED)
	"ASAN_OPTIONS",
	"LSAN_OPTIONS",
	"TSAN_OPTIONS",
	"UBSAN_OPTIONS",
#endif
};
/* More of them than any of our units or tests sets. */
#define KEPT_MAX 64

static bool
is_kept(const char *entry)
{
	size_t len = strcspn(entry, "="), i, fixed;

	for (i = 0; i < PKI_COUNT(kept); i++) {
		fixed = strcspn(kept[i], "*");
		if (strncmp(entry, kept[i], fixed) == 0 &&
		    (kept[i][fixed] == '*' ? len >= fixed : len == fixed))
			return entry[len] == '=';
	}
	return false;
}

void
pki_sandbox_set(pki_sandbox *sandbox, pki_sandbox_step step,
    pki_sandbox_state state, const char *fmt, ...)
{
	va_list args;

	sandbox->state[step] = state;
	va_start(args, fmt);
	vsnprintf(sandbox->detail[step], sizeof(sandbox->detail[step]), fmt,
	    args);
	va_end(args);
}

/* The strings stay where the kernel or putenv() has put them. */
static pki_code
clean_environment(pki_sandbox *sandbox, pki_err *err)
{
	char *entries[KEPT_MAX];
	size_t n = 0, dropped = 0, i;
	char **entry;

	for (entry = environ; entry != NULL && *entry != NULL; entry++)
		if (n < KEPT_MAX && is_kept(*entry))
			entries[n++] = *entry;
		else
			dropped++;
	if (clearenv() != 0)
		return pki_fail_memory(err);
	for (i = 0; i < n; i++)
		if (putenv(entries[i]) != 0)
			return pki_fail_errno(err, "cannot keep a variable");
	pki_sandbox_set(sandbox, PKI_SANDBOX_ENVIRONMENT, PKI_SANDBOX_HOLDS,
	    "%zu kept, %zu dropped", n, dropped);
	return PKI_OK;
}

pki_code
pki_sandbox_begin(pki_sandbox_role role, pki_sandbox *out, pki_err *err)
{
	static const struct rlimit none = { 0, 0 };
	pki_sandbox sandbox;
	pki_code rc;

	memset(&sandbox, 0, sizeof(sandbox));
	sandbox.role = role;
	rc = clean_environment(&sandbox, err);
	if (rc != PKI_OK)
		return rc;
	umask(077);
	pki_sandbox_set(&sandbox, PKI_SANDBOX_UMASK, PKI_SANDBOX_HOLDS, "077");
	if (setrlimit(RLIMIT_CORE, &none) != 0)
		return pki_fail_errno(err, "cannot limit core files");
	pki_sandbox_set(&sandbox, PKI_SANDBOX_NO_CORE, PKI_SANDBOX_HOLDS,
	    "limit 0");
	*out = sandbox;
	return PKI_OK;
}

/* What prctl() does, in this order. */
static const struct process_rule {
	pki_sandbox_step step;
	int              option;
	unsigned long    value;
	const char      *message;
} process_rules[] = {
	{ PKI_SANDBOX_NOT_DUMPABLE, PR_SET_DUMPABLE, 0,
	    "cannot become not dumpable" },
	{ PKI_SANDBOX_NO_NEW_PRIVS, PR_SET_NO_NEW_PRIVS, 1,
	    "cannot give up new privileges" },
	{ PKI_SANDBOX_NO_WRITE_EXEC, PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN,
	    "cannot forbid memory to run what was written" },
};

static pki_code
set_process_rule(pki_sandbox *sandbox, const struct process_rule *rule,
    pki_err *err)
{
	if (prctl(rule->option, rule->value, 0UL, 0UL, 0UL) == 0) {
		pki_sandbox_set(sandbox, rule->step, PKI_SANDBOX_HOLDS, "%s",
		    "");
		return PKI_OK;
	}
	if (pki_sandbox_is_needed(rule->step))
		return pki_fail_errno(err, "%s", rule->message);
	pki_sandbox_set(sandbox, rule->step, PKI_SANDBOX_LACKING, "%s",
	    strerror(errno));
	return PKI_OK;
}

pki_code
pki_sandbox_enclose(pki_sandbox *sandbox, const pki_sandbox_path *paths,
    size_t count, pki_err *err)
{
	pki_code rc = PKI_OK;
	size_t i;

	if (sandbox->state[PKI_SANDBOX_NO_CORE] == PKI_SANDBOX_NOT_YET ||
	    sandbox->state[PKI_SANDBOX_LANDLOCK] != PKI_SANDBOX_NOT_YET)
		return pki_fail(err, PKI_USAGE,
		    "sandbox: to be enclosed once, after it has begun");
	for (i = 0; i < PKI_COUNT(process_rules) && rc == PKI_OK; i++)
		rc = set_process_rule(sandbox, &process_rules[i], err);
	if (rc == PKI_OK)
		rc = pki_sandbox_landlock(sandbox, paths, count, err);
	return rc == PKI_OK ? rc : pki_wrap(err, rc, "sandbox");
}

pki_code
pki_sandbox_seal(pki_sandbox *sandbox, pki_err *err)
{
	pki_code rc;

	if (sandbox->state[PKI_SANDBOX_LANDLOCK] == PKI_SANDBOX_NOT_YET ||
	    sandbox->state[PKI_SANDBOX_SECCOMP] != PKI_SANDBOX_NOT_YET)
		return pki_fail(err, PKI_USAGE,
		    "sandbox: to be sealed once, after it is enclosed");
	rc = pki_sandbox_seccomp(sandbox, err);
	return rc == PKI_OK ? rc : pki_wrap(err, rc, "sandbox");
}
