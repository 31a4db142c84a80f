#include "base/lock.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

static char dir[64], path[80];
static pki_err err;

static void
make_dir(void)
{
	snprintf(dir, sizeof(dir), "/tmp/test-lock-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/lock", dir);
}

static void
remove_dir(void)
{
	unlink(path);
	rmdir(dir);
}

TestSuite(lock_open, .timeout = 30, .init = make_dir, .fini = remove_dir);
TestSuite(lock_take, .timeout = 30, .init = make_dir, .fini = remove_dir);

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static pki_lock *
open_lock(void)
{
	pki_lock *lock = NULL;

	cr_assert_eq(pki_lock_open(path, &lock, &err), PKI_OK, "%s", err.msg);
	return lock;
}

static bool
is_free(void)
{
	PKI_AUTO(pki_lock) other = open_lock();

	if (pki_lock_take(other, 0, &err) != PKI_OK)
		return false;
	pki_lock_drop(other);
	return true;
}

Test(lock_open, makes_a_file_of_mode_0600_whatever_the_umask)
{
	static const mode_t masks[] = { 0, 077, 0277 };
	struct stat st;
	size_t i;

	for (i = 0; i < PKI_COUNT(masks); i++) {
		mode_t old = umask(masks[i]);
		pki_lock *lock = open_lock();

		umask(old);
		cr_assert_eq(stat(path, &st), 0);
		cr_expect_eq(st.st_mode & 07777, 0600, "umask %03o gave %03o",
		    (unsigned)masks[i], (unsigned)(st.st_mode & 07777));
		pki_lock_free(lock);
		unlink(path);
	}
}

Test(lock_open, refuses_a_symbolic_link)
{
	pki_lock *lock = NULL;
	struct stat st;

	cr_assert_eq(symlink("target", path), 0);
	cr_expect_eq(pki_lock_open(path, &lock, &err), PKI_DENIED);
	cr_expect_not_null(strstr(err.msg, "symbolic link"), "%s", err.msg);
	cr_expect_null(lock);
	cr_expect_neq(stat(path, &st), 0, "the target must not be made");
}

Test(lock_open, refuses_what_is_not_a_file)
{
	pki_lock *lock = NULL;

	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect_eq(pki_lock_open(path, &lock, &err), PKI_DENIED);
	cr_expect_not_null(strstr(err.msg, "regular"), "%s", err.msg);
	cr_expect_eq(pki_lock_open("/nonexistent/lock", &lock, &err),
	    PKI_SYSTEM);
	cr_expect_not_null(strstr(err.msg, "'/nonexistent/lock'"));
}

Test(lock_open, refuses_a_file_of_another_user)
{
	pki_lock *lock = NULL;

	if (geteuid() != 0)
		cr_skip_test("only root can give a file away");
	pki_lock_free(open_lock());
	cr_assert_eq(chown(path, 65534, 65534), 0);
	cr_expect_eq(pki_lock_open(path, &lock, &err), PKI_DENIED);
	cr_expect_not_null(strstr(err.msg, "belongs to user 65534"), "%s",
	    err.msg);
}

Test(lock_take, excludes_another_handle_until_dropped)
{
	PKI_AUTO(pki_lock) lock = open_lock();

	cr_assert_eq(pki_lock_take(lock, 0, &err), PKI_OK);
	cr_expect_not(is_free());
	pki_lock_drop(lock);
	cr_expect(is_free());
	cr_assert_eq(pki_lock_take(lock, 1000, &err), PKI_OK);
	pki_lock_drop(lock);
}

Test(lock_take, says_busy_after_its_limit)
{
	PKI_AUTO(pki_lock) lock = open_lock();
	PKI_AUTO(pki_lock) other = open_lock();
	int64_t begin;

	cr_assert_eq(pki_lock_take(lock, 0, &err), PKI_OK);
	begin = now_ms();
	cr_expect_eq(pki_lock_take(other, 100, &err), PKI_BUSY);
	cr_expect_geq(now_ms() - begin, 100);
	cr_expect_lt(now_ms() - begin, 5000);
	cr_expect_not_null(strstr(err.msg, path), "%s", err.msg);
	begin = now_ms();
	cr_expect_eq(pki_lock_take(other, 0, &err), PKI_BUSY);
	cr_expect_lt(now_ms() - begin, 90);
	pki_lock_drop(lock);
}

Test(lock_take, is_not_kept_by_who_gave_up)
{
	PKI_AUTO(pki_lock) lock = open_lock();
	pki_lock *other = open_lock();

	cr_assert_eq(pki_lock_take(lock, 0, &err), PKI_OK);
	/* The second wait adopts the helper that the first one left. */
	cr_expect_eq(pki_lock_take(other, 20, &err), PKI_BUSY);
	cr_expect_eq(pki_lock_take(other, 20, &err), PKI_BUSY);
	pki_lock_drop(lock);
	cr_assert_eq(pki_lock_take(other, 5000, &err), PKI_OK, "%s", err.msg);
	cr_expect_not(is_free());
	pki_lock_drop(other);

	cr_assert_eq(pki_lock_take(lock, 5000, &err), PKI_OK);
	cr_expect_eq(pki_lock_take(other, 20, &err), PKI_BUSY);
	pki_lock_free(other);
	pki_lock_drop(lock);
	cr_expect_eq(pki_lock_take(lock, 5000, &err), PKI_OK);
	pki_lock_drop(lock);
}

Test(lock_take, is_dropped_by_free_and_by_death)
{
	pki_lock *lock = open_lock();
	int status;
	pid_t pid;

	cr_assert_eq(pki_lock_take(lock, 0, &err), PKI_OK);
	pki_lock_free(lock);
	cr_expect(is_free());
	pid = fork();
	if (pid == 0) {
		lock = open_lock();
		_exit(pki_lock_take(lock, 0, &err) == PKI_OK ? 7 : 1);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(WEXITSTATUS(status), 7);
	cr_expect(is_free());
}

/* The waiting child, on its own open file; tells when it has the lock. */
static void
wait_in_child(int out)
{
	pki_lock *lock = NULL;
	int64_t at;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (pki_lock_open(path, &lock, NULL) != PKI_OK ||
	    pki_lock_take(lock, 20000, NULL) != PKI_OK)
		_exit(1);
	at = now_ms();
	if (write(out, &at, sizeof(at)) != sizeof(at))
		_exit(2);
	pki_lock_drop(lock);
	_exit(0);
}

/* Until the child's helper thread is there: it waits in the kernel. */
static void
await_second_thread(pid_t pid)
{
	char tasks[64];
	int count = 0;

	snprintf(tasks, sizeof(tasks), "/proc/%d/task", (int)pid);
	while (count < 4) {             /* ".", ".." and two threads */
		DIR *d = opendir(tasks);

		cr_assert_not_null(d);
		for (count = 0; readdir(d) != NULL; count++)
			;
		closedir(d);
		sched_yield();
	}
}

Test(lock_take, wakes_a_waiting_process_within_200_ms)
{
	PKI_AUTO(pki_lock) lock = open_lock();
	int64_t dropped, taken = 0;
	int fds[2], status;
	pid_t pid;

	cr_assert_eq(pipe(fds), 0);
	cr_assert_eq(pki_lock_take(lock, 0, &err), PKI_OK);
	pid = fork();
	if (pid == 0)
		wait_in_child(fds[1]);
	await_second_thread(pid);
	dropped = now_ms();
	pki_lock_drop(lock);
	cr_expect_eq(read(fds[0], &taken, sizeof(taken)),
	    (ssize_t)sizeof(taken));
	cr_expect_geq(taken, dropped);
	cr_expect_leq(taken - dropped, 200);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(status, 0);
	close(fds[0]);
	close(fds[1]);
}

static volatile sig_atomic_t interrupts;

static void
count_interrupt(int number)
{
	(void)number;
	interrupts++;
}

Test(lock_take, holds_back_sigint_until_dropped)
{
	PKI_AUTO(pki_lock) lock = open_lock();
	sigset_t mask;

	signal(SIGINT, count_interrupt);
	cr_assert_eq(pki_lock_take(lock, 0, &err), PKI_OK);
	raise(SIGINT);
	cr_expect_eq(interrupts, 0);
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	cr_expect(sigismember(&mask, SIGTSTP));
	pki_lock_drop(lock);
	cr_expect_eq(interrupts, 1);
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	cr_expect_not(sigismember(&mask, SIGTSTP));
}

Test(lock_take, restores_the_mask_that_was)
{
	PKI_AUTO(pki_lock) lock = open_lock();
	PKI_AUTO(pki_lock) other = open_lock();
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	pthread_sigmask(SIG_BLOCK, &mask, NULL);
	cr_assert_eq(pki_lock_take(lock, 0, &err), PKI_OK);
	pki_lock_drop(lock);
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	cr_expect(sigismember(&mask, SIGINT));
	cr_expect_not(sigismember(&mask, SIGTSTP));

	/* Also after a refusal; other's own hold is undone by hand. */
	cr_assert_eq(pki_lock_take(other, 0, &err), PKI_OK);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	cr_expect_eq(pki_lock_take(lock, 10, &err), PKI_BUSY);
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	cr_expect(sigismember(&mask, SIGINT));
	cr_expect_not(sigismember(&mask, SIGTSTP));
	pki_lock_drop(other);
}

#define ROUNDS 300

struct counter {
	pki_lock *lock;
	int       value;
	bool      failed;
};

static void *
count_under_lock(void *arg)
{
	struct counter *counter = arg;

	for (int i = 0; i < ROUNDS; i++) {
		if (pki_lock_take(counter->lock, 20000, NULL) != PKI_OK)
			counter->failed = true;
		counter->value++;
		pki_lock_drop(counter->lock);
	}
	return NULL;
}

Test(lock_take, excludes_threads_of_one_handle)
{
	PKI_AUTO(pki_lock) lock = open_lock();
	struct counter counter = { .lock = lock };
	pthread_t threads[3];
	size_t i;

	for (i = 0; i < PKI_COUNT(threads); i++)
		cr_assert_eq(pthread_create(&threads[i], NULL,
		    count_under_lock, &counter), 0);
	for (i = 0; i < PKI_COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	cr_expect_not(counter.failed);
	cr_expect_eq(counter.value, 3 * ROUNDS);
}
