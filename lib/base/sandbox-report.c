/*
 * What holds, for people and for scripts; and the trial that finds it out.
 */

#include "base/sandbox-parts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const role_names[] = {
	[PKI_SANDBOX_PARENT] = "parent",
	[PKI_SANDBOX_WORKER] = "worker",
	[PKI_SANDBOX_ISSUER] = "issuer",
};

static const char *const state_names[] = {
	[PKI_SANDBOX_NOT_YET] = "not-yet",
	[PKI_SANDBOX_HOLDS]   = "holds",
	[PKI_SANDBOX_LACKING] = "lacking",
};

static const struct step {
	const char *name;
	bool        needed;
} steps[PKI_SANDBOX_STEPS] = {
	[PKI_SANDBOX_ENVIRONMENT]   = { "environment", true },
	[PKI_SANDBOX_UMASK]         = { "umask", true },
	[PKI_SANDBOX_NO_CORE]       = { "no-core", true },
	[PKI_SANDBOX_NOT_DUMPABLE]  = { "not-dumpable", true },
	[PKI_SANDBOX_NO_NEW_PRIVS]  = { "no-new-privs", true },
	/* Linux 6.3. */
	[PKI_SANDBOX_NO_WRITE_EXEC] = { "no-write-exec", false },
	/* Linux 5.13, where it was switched on at boot. */
	[PKI_SANDBOX_LANDLOCK]      = { "landlock", false },
	[PKI_SANDBOX_SECCOMP]       = { "seccomp", true },
};

const char *
pki_sandbox_role_name(pki_sandbox_role role)
{
	return role_names[role];
}

const char *
pki_sandbox_step_name(pki_sandbox_step step)
{
	return steps[step].name;
}

const char *
pki_sandbox_state_name(pki_sandbox_state state)
{
	return state_names[state];
}

bool
pki_sandbox_is_needed(pki_sandbox_step step)
{
	return steps[step].needed;
}

bool
pki_sandbox_is_good(const pki_sandbox *sandbox)
{
	int i;

	for (i = 0; i < PKI_SANDBOX_STEPS; i++)
		if (steps[i].needed && sandbox->state[i] != PKI_SANDBOX_HOLDS)
			return false;
	return true;
}

static const char *
kind_of(int step)
{
	return steps[step].needed ? "needed" : "best-effort";
}

void
pki_sandbox_add_text(const pki_sandbox *sandboxes, size_t count, pki_buf *out)
{
	const pki_sandbox *at;
	int i;

	for (at = sandboxes; at < sandboxes + count; at++)
		for (i = 0; i < PKI_SANDBOX_STEPS; i++)
			pki_buf_add_format(out, "%-7s %-14s %-12s %-8s%s%s\n",
			    role_names[at->role], steps[i].name, kind_of(i),
			    state_names[at->state[i]],
			    at->detail[i][0] == '\0' ? "" : " ",
			    at->detail[i]);
}

/* Details are ours and the C library's: ASCII, no control characters. */
static void
add_string(pki_buf *out, const char *text)
{
	pki_buf_add_byte(out, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			pki_buf_add_byte(out, '\\');
		pki_buf_add_byte(out, (uint8_t)*text);
	}
	pki_buf_add_byte(out, '"');
}

static void
add_object(const pki_sandbox *sandbox, int step, pki_buf *out)
{
	pki_buf_add_format(out, "{\"process\": \"%s\", \"step\": \"%s\", "
	    "\"kind\": \"%s\", \"state\": \"%s\", \"detail\": ",
	    role_names[sandbox->role], steps[step].name, kind_of(step),
	    state_names[sandbox->state[step]]);
	add_string(out, sandbox->detail[step]);
	pki_buf_add_text(out, "}");
}

void
pki_sandbox_add_json(const pki_sandbox *sandboxes, size_t count, pki_buf *out)
{
	size_t i;

	pki_buf_add_text(out, "[");
	for (i = 0; i < count * PKI_SANDBOX_STEPS; i++) {
		pki_buf_add_text(out, i == 0 ? "\n" : ",\n");
		add_object(&sandboxes[i / PKI_SANDBOX_STEPS],
		    (int)(i % PKI_SANDBOX_STEPS), out);
	}
	pki_buf_add_text(out, "\n]\n");
}

/* What the trial's process says through a pipe, in one write. */
struct trial {
	pki_code    rc;
	pki_err     err;
	pki_sandbox sandbox;
};

static void
run_trial(pki_sandbox_role role, const pki_sandbox_path *paths, size_t count,
    int pipe_end)
{
	struct trial trial;

	memset(&trial, 0, sizeof(trial));
	trial.rc = pki_sandbox_begin(role, &trial.sandbox, &trial.err);
	if (trial.rc == PKI_OK)
		trial.rc = pki_sandbox_enclose(&trial.sandbox, paths, count,
		    &trial.err);
	if (trial.rc == PKI_OK)
		trial.rc = pki_sandbox_seal(&trial.sandbox, &trial.err);
	_exit(write(pipe_end, &trial, sizeof(trial)) == sizeof(trial) ? 0 : 1);
}

static pki_code
await_trial(pid_t pid, int pipe_end, struct trial *out, pki_err *err)
{
	ssize_t got;
	int status = 0;

	do
		got = read(pipe_end, out, sizeof(*out));
	while (got < 0 && errno == EINTR);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return pki_fail_errno(err, "cannot await the trial");
	if (got != sizeof(*out) || status != 0)
		return pki_fail(err, PKI_SYSTEM,
		    "sandbox: the trial was ended by signal %d, expected none",
		    WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	return PKI_OK;
}

pki_code
pki_sandbox_try(pki_sandbox_role role, const pki_sandbox_path *paths,
    size_t count, pki_sandbox *out, pki_err *err)
{
	struct trial trial;
	pki_code rc;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return pki_fail_errno(err, "cannot make a pipe");
	pid = fork();
	if (pid == 0)
		run_trial(role, paths, count, ends[1]);
	close(ends[1]);
	rc = pid < 0 ? pki_fail_errno(err, "cannot make a process") :
	    await_trial(pid, ends[0], &trial, err);
	close(ends[0]);
	if (rc != PKI_OK)
		return rc;
	if (trial.rc != PKI_OK) {
		if (err != NULL)
			*err = trial.err;
		return trial.rc;
	}
	*out = trial.sandbox;
	return PKI_OK;
}
