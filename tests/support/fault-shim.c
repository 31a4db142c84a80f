/*
 * LD_PRELOAD: end or fail a program at its n-th change of the file system.
 *
 *   FAULT_AT=n         the n-th call from the start, counted from 1; or,
 *                      when the program sets it itself, from then on
 *   FAULT_DO=kill      SIGKILL before the call is made
 *   FAULT_DO=EIO       that call and every later one fails (also ENOSPC)
 *
 * Calls counted: write, pwrite, copy_file_range, ftruncate, fsync, fdatasync,
 * rename, link, symlink, unlink, mkdir, chmod.  Writes to standard output and
 * error are not.
 */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_long calls;

/* Is this the call at which it happens?  Sets errno when it is to fail. */
static bool
strikes(void)
{
	static const struct outcome {
		const char *name;
		int         code;
	} outcomes[] = {
		{ "EIO", EIO },
		{ "ENOSPC", ENOSPC },
	};
	const char *when = getenv("FAULT_AT"), *what = getenv("FAULT_DO");
	long call, at = when == NULL ? 0 : strtol(when, NULL, 10);
	size_t i;

	if (at == 0 || what == NULL)
		return false;
	call = atomic_fetch_add(&calls, 1) + 1;
	if (call < at)
		return false;
	if (strcmp(what, "kill") == 0)
		kill(getpid(), SIGKILL);
	for (i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		if (strcmp(what, outcomes[i].name) == 0) {
			errno = outcomes[i].code;
			return true;
		}
	}
	return false;
}

/* The C library's own function of this name. */
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t
write(int fd, const void *data, size_t len)
{
	if (fd > 2 && strikes())
		return -1;
	return NEXT(write)(fd, data, len);
}

ssize_t
pwrite(int fd, const void *data, size_t len, off_t offset)
{
	return strikes() ? -1 : NEXT(pwrite)(fd, data, len, offset);
}

ssize_t
pwrite64(int fd, const void *data, size_t len, off64_t offset)
{
	return strikes() ? -1 : NEXT(pwrite64)(fd, data, len, offset);
}

ssize_t
copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t len,
    unsigned flags)
{
	return strikes() ? -1 :
	    NEXT(copy_file_range)(from, from_at, to, to_at, len, flags);
}

int
ftruncate(int fd, off_t len)
{
	return strikes() ? -1 : NEXT(ftruncate)(fd, len);
}

int
ftruncate64(int fd, off64_t len)
{
	return strikes() ? -1 : NEXT(ftruncate64)(fd, len);
}

int
fsync(int fd)
{
	return strikes() ? -1 : NEXT(fsync)(fd);
}

int
fdatasync(int fd)
{
	return strikes() ? -1 : NEXT(fdatasync)(fd);
}

int
rename(const char *from, const char *to)
{
	return strikes() ? -1 : NEXT(rename)(from, to);
}

int
link(const char *from, const char *to)
{
	return strikes() ? -1 : NEXT(link)(from, to);
}

int
symlink(const char *target, const char *path)
{
	return strikes() ? -1 : NEXT(symlink)(target, path);
}

int
unlink(const char *path)
{
	return strikes() ? -1 : NEXT(unlink)(path);
}

int
mkdir(const char *path, mode_t mode)
{
	return strikes() ? -1 : NEXT(mkdir)(path, mode);
}

int
chmod(const char *path, mode_t mode)
{
	return strikes() ? -1 : NEXT(chmod)(path, mode);
}
