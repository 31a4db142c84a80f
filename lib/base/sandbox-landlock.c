/*
 * Landlock by its system calls: libc has no functions for them.  The kernel
 * says which version it speaks; what is above is left out.
 */

#include "base/sandbox-parts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Later than Debian 12's headers. */
#ifndef LANDLOCK_ACCESS_FS_REFER
# define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
# define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
# define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif
#define FS_VERSION_1    ((1ULL << 13) - 1)
#define NET_BIND_TCP    (1ULL << 0)
#define NET_CONNECT_TCP (1ULL << 1)
#define SCOPE_ABSTRACT  (1ULL << 0)
#define SCOPE_SIGNAL    (1ULL << 1)

/* struct landlock_ruleset_attr as of version 6; it only grows. */
struct ruleset {
	uint64_t files;
	uint64_t net;
	uint64_t scope;
};

/* What each version of the kernel's interface adds. */
static const struct feature {
	long        version;
	const char *name;
	struct ruleset adds;
	size_t      size;               /* of the structure that it reads */
} features[] = {
	{ 1, "files",    { .files = FS_VERSION_1 }, 8 },
	{ 2, "rename",   { .files = LANDLOCK_ACCESS_FS_REFER }, 8 },
	{ 3, "truncate", { .files = LANDLOCK_ACCESS_FS_TRUNCATE }, 8 },
	{ 4, "tcp",      { .net = NET_BIND_TCP | NET_CONNECT_TCP }, 16 },
	{ 5, "ioctl",    { .files = LANDLOCK_ACCESS_FS_IOCTL_DEV }, 16 },
	{ 6, "signals",  { .scope = SCOPE_ABSTRACT | SCOPE_SIGNAL }, 24 },
};

#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
static const uint64_t rights[] = {
	[PKI_SANDBOX_READ]  = READ,
	[PKI_SANDBOX_RUN]   = READ | LANDLOCK_ACCESS_FS_EXECUTE,
	[PKI_SANDBOX_WRITE] = READ | LANDLOCK_ACCESS_FS_WRITE_FILE |
	    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
	    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR |
	    LANDLOCK_ACCESS_FS_REFER | LANDLOCK_ACCESS_FS_TRUNCATE,
};
/* The others are refused for what is no folder. */
static const uint64_t file_rights = LANDLOCK_ACCESS_FS_READ_FILE |
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
    LANDLOCK_ACCESS_FS_TRUNCATE;

/* What this kernel can forbid; returns how long its structure is. */
static size_t
choose_features(pki_sandbox *sandbox, long version, struct ruleset *out)
{
	char names[64] = "";
	size_t i, size = 0;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < PKI_COUNT(features); i++) {
		const struct feature *feature = &features[i];
		size_t used = strlen(names);

		if (version < feature->version)
			break;
		/* systemd is told by a socket that may well be abstract. */
		if (feature->adds.scope != 0 &&
		    sandbox->role == PKI_SANDBOX_PARENT)
			break;
		out->files |= feature->adds.files;
		out->net |= feature->adds.net;
		out->scope |= feature->adds.scope;
		size = feature->size;
		snprintf(names + used, sizeof(names) - used, "%s%s",
		    used == 0 ? "" : ", ", feature->name);
	}
	pki_sandbox_set(sandbox, PKI_SANDBOX_LANDLOCK, PKI_SANDBOX_HOLDS,
	    "version %ld: %s", version, names);
	return size;
}

static pki_code
add_path(int ruleset, uint64_t handled, const pki_sandbox_path *path,
    pki_err *err)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = rights[path->access] & handled,
	};
	struct stat st;
	long rc = -1;
	int saved;

	rule.parent_fd = open(path->path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return errno == ENOENT ? pki_fail(err, PKI_NOT_FOUND,
		    "'%s' does not exist", path->path) :
		    pki_fail_errno(err, "cannot open '%s'", path->path);
	if (fstat(rule.parent_fd, &st) == 0) {
		if (!S_ISDIR(st.st_mode))
			rule.allowed_access &= file_rights;
		rc = syscall(SYS_landlock_add_rule, ruleset,
		    LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	}
	saved = errno;
	close(rule.parent_fd);
	errno = saved;
	if (rc != 0)
		return pki_fail_errno(err, "cannot allow '%s'", path->path);
	return PKI_OK;
}

/* What the tools of a build for tests read while it runs. */
static pki_code
add_test_paths(int ruleset, uint64_t handled, pki_err *err)
{
	pki_code rc = PKI_OK;
#ifdef PKI_SANDBOX_SANITIZED
	/* The leak check looks at its own threads. */
	rc = add_path(ruleset, handled,
	    &(pki_sandbox_path){ "/proc", PKI_SANDBOX_READ }, err);
#endif
#ifdef PKI_FAULT_TESTS
	const char *file = secure_getenv("FAKETIME_TIMESTAMP_FILE");
	char folder[4096];
	char *slash;

	/* Another file takes its name at each jump of the clock. */
	if (rc != PKI_OK || file == NULL || file[0] != '/' ||
	    strlen(file) >= sizeof(folder))
		return rc;
	memcpy(folder, file, strlen(file) + 1);
	slash = strrchr(folder, '/');
	slash[slash == folder ? 1 : 0] = '\0';
	rc = add_path(ruleset, handled,
	    &(pki_sandbox_path){ folder, PKI_SANDBOX_READ }, err);
#endif
	(void)ruleset;
	(void)handled;
	(void)err;
	return rc;
}

static pki_code
restrict_paths(int ruleset, uint64_t handled, const pki_sandbox_path *paths,
    size_t count, pki_err *err)
{
	pki_code rc = add_test_paths(ruleset, handled, err);
	size_t i;

	for (i = 0; i < count && rc == PKI_OK; i++)
		rc = add_path(ruleset, handled, &paths[i], err);
	if (rc == PKI_OK &&
	    syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		rc = pki_fail_errno(err, "cannot restrict the paths");
	return rc;
}

pki_code
pki_sandbox_landlock(pki_sandbox *sandbox, const pki_sandbox_path *paths,
    size_t count, pki_err *err)
{
	struct ruleset wanted;
	long version;
	size_t size;
	pki_code rc;
	int ruleset;

	version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	if (version < 1) {
		pki_sandbox_set(sandbox, PKI_SANDBOX_LANDLOCK,
		    PKI_SANDBOX_LACKING, "%s", version == 0 ? "version 0" :
		    strerror(errno));
		return PKI_OK;
	}
	size = choose_features(sandbox, version, &wanted);
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &wanted, size, 0);
	if (ruleset < 0)
		return pki_fail_errno(err, "cannot make a set of paths");
	rc = restrict_paths(ruleset, wanted.files, paths, count, err);
	close(ruleset);
	return rc;
}
