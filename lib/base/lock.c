#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

/*
 * flock(2) has no time limit, so a busy lock is waited for by a helper
 * thread, while the caller waits on a condition that has one.  A caller who
 * gives up leaves the helper in the kernel's queue: the next caller waits for
 * the same helper, since a second flock() on this open file would be granted
 * together with the first and be dropped with it.
 */
enum helper {
	HELPER_NONE,
	HELPER_WAITS,
	HELPER_GOT,
	HELPER_FAILED,
};

struct pki_lock {
	char           *path;           /* for messages */
	int             fd;
	pthread_mutex_t mutex;          /* guards what follows */
	pthread_cond_t  changed;        /* measured by CLOCK_MONOTONIC */
	int             refs;           /* the owner, and a helper */
	bool            claimed;        /* by one thread of this process */
	enum helper     helper;
	int             helper_errno;
	sigset_t        old_mask;       /* of the thread that has claimed it */
};

static pki_code
check_lock_file(int fd, const char *path, pki_err *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return pki_fail_errno(err, "cannot examine '%s'", path);
	if (!S_ISREG(st.st_mode))
		return pki_fail(err, PKI_DENIED,
		    "lock file '%s' is not a regular file", path);
	if (st.st_uid != geteuid())
		return pki_fail(err, PKI_DENIED,
		    "lock file '%s' belongs to user %lu, expected %lu", path,
		    (unsigned long)st.st_uid, (unsigned long)geteuid());
	/* A umask may have cut the mode, and anyone may read a longer one. */
	if ((st.st_mode & 07777) != 0600 && fchmod(fd, 0600) != 0)
		return pki_fail_errno(err, "cannot change the mode of '%s'",
		    path);
	return PKI_OK;
}

static pki_code
open_lock_file(const char *path, int *out, pki_err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	pki_code rc;

	if (fd < 0 && errno == ELOOP)
		return pki_fail(err, PKI_DENIED,
		    "lock file '%s' is a symbolic link", path);
	if (fd < 0)
		return pki_fail_errno(err, "cannot open lock file '%s'", path);
	rc = check_lock_file(fd, path, err);
	if (rc != PKI_OK) {
		close(fd);
		return rc;
	}
	*out = fd;
	return PKI_OK;
}

static void
init_waiting(pki_lock *lock)
{
	pthread_condattr_t attr;

	/* None of these can fail with these arguments on Linux. */
	pthread_mutex_init(&lock->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&lock->changed, &attr);
	pthread_condattr_destroy(&attr);
}

pki_code
pki_lock_open(const char *path, pki_lock **out, pki_err *err)
{
	pki_lock *lock;
	pki_code rc;

	lock = calloc(1, sizeof(*lock));
	if (lock == NULL)
		return pki_fail_memory(err);
	lock->path = pki_text_copy(path);
	rc = lock->path == NULL ? pki_fail_memory(err)
	    : open_lock_file(path, &lock->fd, err);
	if (rc != PKI_OK) {
		free(lock->path);
		free(lock);
		return rc;
	}
	init_waiting(lock);
	lock->refs = 1;
	*out = lock;
	return PKI_OK;
}

/* Called with the mutex locked, which it unlocks. */
static void
release_reference(pki_lock *lock)
{
	bool last = --lock->refs == 0;

	pthread_mutex_unlock(&lock->mutex);
	if (!last)
		return;
	pthread_cond_destroy(&lock->changed);
	pthread_mutex_destroy(&lock->mutex);
	close(lock->fd);
	free(lock->path);
	free(lock);
}

void
pki_lock_free(pki_lock *lock)
{
	bool claimed;

	if (lock == NULL)
		return;
	pthread_mutex_lock(&lock->mutex);
	claimed = lock->claimed;
	pthread_mutex_unlock(&lock->mutex);
	if (claimed)
		pki_lock_drop(lock);
	pthread_mutex_lock(&lock->mutex);
	release_reference(lock);
}

static struct timespec
deadline_in(int64_t wait_ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	if (wait_ms <= 0)
		return at;
	at.tv_sec += (time_t)(wait_ms / 1000);
	at.tv_nsec += (long)(wait_ms % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

static void *
wait_in_line(void *arg)
{
	pki_lock *lock = arg;
	int rc, saved;

	do {
		rc = flock(lock->fd, LOCK_EX);
		saved = errno;
	} while (rc != 0 && saved == EINTR);
	pthread_mutex_lock(&lock->mutex);
	if (lock->claimed) {
		lock->helper = rc == 0 ? HELPER_GOT : HELPER_FAILED;
		lock->helper_errno = saved;
	} else {
		/* Everybody has given up. */
		flock(lock->fd, LOCK_UN);
		lock->helper = HELPER_NONE;
	}
	pthread_cond_broadcast(&lock->changed);
	release_reference(lock);
	return NULL;
}

static pki_code
start_helper(pki_lock *lock, pki_err *err)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, mask;
	int rc;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	/* The program's signals are for the program's threads. */
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	rc = pthread_create(&thread, &attr, wait_in_line, lock);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	pthread_attr_destroy(&attr);
	if (rc != 0) {
		errno = rc;
		return pki_fail_errno(err, "cannot wait for lock '%s'",
		    lock->path);
	}
	lock->refs++;
	lock->helper = HELPER_WAITS;
	return PKI_OK;
}

static pki_code
fail_busy(const pki_lock *lock, int64_t wait_ms, pki_err *err)
{
	return pki_fail(err, PKI_BUSY,
	    "lock '%s' is held by another process or thread (waited %lld ms)",
	    lock->path, (long long)wait_ms);
}

/* Wait for this thread's turn among those of this process. */
static bool
claim(pki_lock *lock, const struct timespec *deadline)
{
	int rc = 0;

	while (lock->claimed && rc == 0)
		rc = pthread_cond_timedwait(&lock->changed, &lock->mutex,
		    deadline);
	if (lock->claimed)
		return false;
	lock->claimed = true;
	return true;
}

static void
unclaim(pki_lock *lock)
{
	lock->claimed = false;
	pthread_cond_broadcast(&lock->changed);
}

static pki_code
wait_for_helper(pki_lock *lock, const struct timespec *deadline,
    int64_t wait_ms, pki_err *err)
{
	enum helper result;
	int rc = 0;

	while (lock->helper == HELPER_WAITS && rc == 0)
		rc = pthread_cond_timedwait(&lock->changed, &lock->mutex,
		    deadline);
	result = lock->helper;
	if (result == HELPER_WAITS)
		return fail_busy(lock, wait_ms, err);
	lock->helper = HELPER_NONE;
	if (result == HELPER_GOT)
		return PKI_OK;
	errno = lock->helper_errno;
	return pki_fail_errno(err, "cannot lock '%s'", lock->path);
}

/* With the claim in hand, get the lock of the kernel. */
static pki_code
take_claimed(pki_lock *lock, const struct timespec *deadline,
    int64_t wait_ms, pki_err *err)
{
	pki_code rc;

	if (lock->helper == HELPER_NONE) {
		if (flock(lock->fd, LOCK_EX | LOCK_NB) == 0)
			return PKI_OK;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return pki_fail_errno(err, "cannot lock '%s'",
			    lock->path);
		if (wait_ms <= 0)
			return fail_busy(lock, wait_ms, err);
		rc = start_helper(lock, err);
		if (rc != PKI_OK)
			return rc;
	}
	return wait_for_helper(lock, deadline, wait_ms, err);
}

pki_code
pki_lock_take(pki_lock *lock, int64_t wait_ms, pki_err *err)
{
	struct timespec deadline = deadline_in(wait_ms);
	sigset_t stops, old_mask;
	pki_code rc;

	/*
	 * From here, not from when the lock is had: the helper may get it at
	 * a moment when this thread is stopped.
	 */
	sigemptyset(&stops);
	sigaddset(&stops, SIGINT);
	sigaddset(&stops, SIGTSTP);
	pthread_sigmask(SIG_BLOCK, &stops, &old_mask);

	pthread_mutex_lock(&lock->mutex);
	if (!claim(lock, &deadline)) {
		rc = fail_busy(lock, wait_ms, err);
	} else {
		rc = take_claimed(lock, &deadline, wait_ms, err);
		if (rc == PKI_OK)
			lock->old_mask = old_mask;
		else
			unclaim(lock);
	}
	pthread_mutex_unlock(&lock->mutex);
	if (rc != PKI_OK)
		pthread_sigmask(SIG_SETMASK, &old_mask, NULL);
	return rc;
}

void
pki_lock_drop(pki_lock *lock)
{
	sigset_t old_mask;

	pthread_mutex_lock(&lock->mutex);
	old_mask = lock->old_mask;
	flock(lock->fd, LOCK_UN);
	unclaim(lock);
	pthread_mutex_unlock(&lock->mutex);
	pthread_sigmask(SIG_SETMASK, &old_mask, NULL);
}
