#include "common/process.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* They make libcrypto load code, or SQLite write elsewhere. */
static const char *const variables[] = {
	"OPENSSL_CONF", "OPENSSL_CONF_INCLUDE", "OPENSSL_ENGINES",
	"OPENSSL_MODULES", "SQLITE_TMPDIR", "TMPDIR",
};

/*
 * A file opened later must never become what a library thinks is stderr.  The
 * wrong way round, so that using what was closed still fails.
 */
static pki_code
open_standard_fds(pki_err *err)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null",
		    fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return pki_fail_errno(err, "open /dev/null");
	return PKI_OK;
}

void
process_hide(void)
{
	const struct rlimit none = { 0, 0 };

	/* Best effort: neither can fail where it matters. */
	setrlimit(RLIMIT_CORE, &none);
#ifndef PKI_SANITIZERS
	/* The leak checker looks at its own process as a debugger does. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

pki_code
process_begin(pki_err *err)
{
	pki_code rc = open_standard_fds(err);
	size_t i;

	if (rc != PKI_OK)
		return rc;
	process_hide();
	umask(077);
	for (i = 0; i < PKI_COUNT(variables); i++)
		unsetenv(variables[i]);
	return pki_crypto_begin(err);
}
