/*
 * The system calls of each process, as seen by strace and with what other
 * versions of libc, libmicrohttpd, GnuTLS and SQLite use in their place.
 * Names that this libseccomp or this machine does not know are left out.
 */

#include "base/sandbox-parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <seccomp.h>

/* The parent's list holds all: its children start below its filter. */
#define P (1u << PKI_SANDBOX_PARENT)
#define W (1u << PKI_SANDBOX_WORKER | P)
#define I (1u << PKI_SANDBOX_ISSUER | P)
#define WI (W | I)

#define NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | \
    CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

static const struct call {
	const char *name;
	unsigned    who;
} calls[] = {
	/* Memory, threads, time, and the end. */
	{ "brk", WI }, { "clock_getres", WI }, { "clock_gettime", WI },
	{ "clock_nanosleep", WI }, { "exit", WI }, { "exit_group", WI },
	{ "futex", WI }, { "futex_wait", WI }, { "futex_waitv", WI },
	{ "futex_wake", WI }, { "get_robust_list", WI },
	{ "getcpu", WI }, { "getrandom", WI }, { "gettimeofday", WI },
	{ "madvise", WI }, { "membarrier", WI }, { "mremap", WI },
	{ "munmap", WI }, { "nanosleep", WI }, { "pause", WI },
	{ "restart_syscall", WI },
	{ "rseq", WI }, { "rt_sigaction", WI }, { "rt_sigpending", WI },
	{ "rt_sigprocmask", WI }, { "rt_sigreturn", WI },
	{ "rt_sigsuspend", WI }, { "rt_sigtimedwait", WI },
	{ "sched_getaffinity", WI }, { "sched_yield", WI },
	{ "set_robust_list", WI }, { "sigaltstack", WI }, { "sysinfo", WI },
	{ "time", WI }, { "timer_create", WI }, { "timer_delete", WI },
	{ "timer_settime", WI }, { "timerfd_create", WI },
	{ "timerfd_gettime", WI }, { "timerfd_settime", WI },
	{ "times", WI }, { "uname", WI },

	/* Who am I. */
	{ "getegid", WI }, { "geteuid", WI }, { "getgid", WI },
	{ "getpid", WI }, { "getppid", WI }, { "getrusage", WI },
	{ "gettid", WI }, { "getuid", WI }, { "umask", WI },

	/* Descriptors. */
	{ "close", WI }, { "close_range", WI }, { "dup", WI },
	{ "epoll_create1", WI }, { "epoll_ctl", WI }, { "epoll_pwait", WI },
	{ "epoll_pwait2", WI }, { "epoll_wait", WI }, { "eventfd2", WI },
	{ "fcntl", WI }, { "fstat", WI }, { "lseek", WI }, { "pipe2", WI },
	{ "poll", WI }, { "ppoll", WI }, { "pselect6", WI }, { "read", WI },
	{ "readv", WI }, { "select", WI }, { "signalfd4", WI },
	{ "write", WI }, { "writev", WI },

	/* Sockets that are there: accepted, or handed over by the parent. */
	{ "getpeername", WI }, { "getsockname", WI }, { "getsockopt", WI },
	{ "recvfrom", WI }, { "recvmmsg", WI }, { "recvmsg", WI },
	{ "sendmmsg", WI }, { "sendmsg", WI }, { "sendto", WI },
	{ "setsockopt", WI }, { "shutdown", WI },
	{ "accept", W }, { "accept4", W }, { "sendfile", W },

	/* Files: which ones, Landlock says. */
	{ "access", WI }, { "faccessat", WI }, { "faccessat2", WI },
	{ "fadvise64", WI }, { "getcwd", WI }, { "getdents64", WI },
	{ "lstat", WI }, { "newfstatat", WI }, { "pread64", WI },
	{ "preadv", WI }, { "readlink", WI }, { "readlinkat", WI },
	{ "stat", WI }, { "statx", WI },
	{ "chmod", I }, { "copy_file_range", I }, { "fallocate", I },
	{ "fchmod", I }, { "fchmodat", I }, { "fchmodat2", I },
	{ "fchown", I }, { "fdatasync", I }, { "flock", I }, { "fstatfs", I },
	{ "fsync", I }, { "ftruncate", I }, { "link", I }, { "linkat", I },
	{ "mkdir", I }, { "mkdirat", I }, { "msync", I }, { "pwrite64", I },
	{ "pwritev", I }, { "rename", I }, { "renameat", I },
	{ "renameat2", I }, { "rmdir", I }, { "statfs", I },
	{ "sync_file_range", I }, { "truncate", I }, { "unlink", I },
	{ "unlinkat", I }, { "utimensat", I },

	/* Keys stay out of the swap. */
	{ "mlock", I }, { "mlock2", I }, { "munlock", I },

	/* Starting a program, and what one does before it seals itself. */
	{ "alarm", P }, { "arch_prctl", P }, { "bind", P }, { "chdir", P },
	{ "connect", P }, { "dup2", P }, { "dup3", P }, { "execve", P },
	{ "execveat", P }, { "fork", P }, { "getgroups", P },
	{ "getpgrp", P }, { "getresgid", P }, { "getresuid", P },
	{ "getrlimit", P }, { "kill", P }, { "landlock_add_rule", P },
	{ "landlock_create_ruleset", P }, { "landlock_restrict_self", P },
	{ "listen", P }, { "mlockall", P }, { "mmap", P }, { "mprotect", P },
	{ "open", P }, { "openat", P }, { "openat2", P },
	{ "pidfd_open", P }, { "pidfd_send_signal", P }, { "pipe", P },
	{ "prctl", P }, { "prlimit64", P }, { "rt_sigqueueinfo", P },
	{ "sched_setaffinity", P }, { "seccomp", P },
	{ "set_tid_address", P }, { "setpgid", P }, { "setrlimit", P },
	{ "setsid", P }, { "socket", P }, { "socketpair", P },
	{ "tgkill", P }, { "vfork", P }, { "wait4", P }, { "waitid", P },
};

#define HAS(n, mask, value) SCMP_CMP((n), SCMP_CMP_MASKED_EQ, (mask), (value))
#define IS(n, value) SCMP_CMP((n), SCMP_CMP_EQ, (value), 0)
#define ALLOW SCMP_ACT_ALLOW
#define FAIL(code) SCMP_ACT_ERRNO(code)
#define NOT_PARENT ((1u << PKI_SANDBOX_WORKER) | (1u << PKI_SANDBOX_ISSUER))

/*
 * What depends on an argument, and what libraries try and can do without: to
 * ask for the terminal, to look up a user, to load a module.
 */
static const struct rule {
	const char *name;
	unsigned    who;
	uint32_t    action;
	unsigned    conditions;         /* 0: whatever the arguments are */
	struct scmp_arg_cmp condition;
} rules[] = {
	/* Its flags lie where no filter can look; libc falls back to clone. */
	{ "clone3", WI, FAIL(ENOSYS), 0, { 0 } },
	{ "clone", NOT_PARENT, ALLOW, 1,
	    HAS(0, CLONE_THREAD | NAMESPACES, CLONE_THREAD) },
	{ "clone", P, ALLOW, 1, HAS(0, NAMESPACES, 0) },

	{ "mmap", NOT_PARENT, ALLOW, 1, HAS(2, PROT_EXEC, 0) },
	{ "mmap", NOT_PARENT, FAIL(EPERM), 1, HAS(2, PROT_EXEC, PROT_EXEC) },
	{ "mprotect", NOT_PARENT, ALLOW, 1, HAS(2, PROT_EXEC, 0) },
	{ "mprotect", NOT_PARENT, FAIL(EPERM), 1,
	    HAS(2, PROT_EXEC, PROT_EXEC) },

	{ "open", 1u << PKI_SANDBOX_ISSUER, ALLOW, 0, { 0 } },
	{ "openat", 1u << PKI_SANDBOX_ISSUER, ALLOW, 0, { 0 } },
	{ "open", 1u << PKI_SANDBOX_WORKER, ALLOW, 1,
	    HAS(1, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY) },
	{ "openat", 1u << PKI_SANDBOX_WORKER, ALLOW, 1,
	    HAS(2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY) },
	{ "openat", 1u << PKI_SANDBOX_WORKER, FAIL(EROFS), 1,
	    HAS(2, O_WRONLY, O_WRONLY) },
	{ "openat", 1u << PKI_SANDBOX_WORKER, FAIL(EROFS), 1,
	    HAS(2, O_ACCMODE, O_RDWR) },
	{ "openat2", NOT_PARENT, FAIL(ENOSYS), 0, { 0 } },

	{ "ioctl", WI, ALLOW, 1, IS(1, FIONBIO) },
	{ "ioctl", WI, ALLOW, 1, IS(1, FIONREAD) },
	{ "ioctl", WI, FAIL(ENOTTY), 1, IS(1, TCGETS) },
	{ "ioctl", WI, FAIL(ENOTTY), 1, IS(1, TIOCGWINSZ) },
	{ "ioctl", P, ALLOW, 1, IS(1, FIOCLEX) },

	/* Limits may be read, of this process. */
	{ "prlimit64", NOT_PARENT, ALLOW, 1, IS(2, 0) },
	{ "prctl", NOT_PARENT, ALLOW, 1, IS(0, PR_SET_NAME) },
	{ "prctl", NOT_PARENT, ALLOW, 1, IS(0, PR_GET_NAME) },
	{ "prctl", NOT_PARENT, ALLOW, 1, IS(0, PR_GET_DUMPABLE) },
	/* A name for memory (PR_SET_VMA), which newer libc gives. */
	{ "prctl", NOT_PARENT, FAIL(EINVAL), 1, IS(0, 0x53564d41) },

	{ "socket", NOT_PARENT, FAIL(EACCES), 0, { 0 } },
	{ "sched_setaffinity", NOT_PARENT, FAIL(EPERM), 0, { 0 } },
};

static pki_code
refused(int rc, const char *name, pki_err *err)
{
	errno = -rc;
	return pki_fail_errno(err, "system call filter: '%s'", name);
}

static pki_code
add_rule(scmp_filter_ctx filter, const struct rule *rule, unsigned *added,
    pki_err *err)
{
	int number = seccomp_syscall_resolve_name(rule->name), rc;

	if (number == __NR_SCMP_ERROR)
		return PKI_OK;
	rc = seccomp_rule_add_array(filter, rule->action, number,
	    rule->conditions, &rule->condition);
	if (rc != 0)
		return refused(rc, rule->name, err);
	++*added;
	return PKI_OK;
}

static pki_code
add_rules(scmp_filter_ctx filter, unsigned who, unsigned *added, pki_err *err)
{
	pki_code rc = PKI_OK;
	size_t i;

	for (i = 0; i < PKI_COUNT(calls) && rc == PKI_OK; i++)
		if ((calls[i].who & who) != 0)
			rc = add_rule(filter, &(struct rule){ calls[i].name,
			    0, ALLOW, 0, { 0 } }, added, err);
	for (i = 0; i < PKI_COUNT(rules) && rc == PKI_OK; i++)
		if ((rules[i].who & who) != 0)
			rc = add_rule(filter, &rules[i], added, err);
	return rc;
}

/* abort() sends a signal to its own thread; nobody else gets one. */
static pki_code
allow_own_signals(scmp_filter_ctx filter, unsigned *added, pki_err *err)
{
	static const char *const names[] = { "kill", "tgkill" };
	struct rule rule = {
		.action = ALLOW, .conditions = 1,
		.condition = IS(0, (scmp_datum_t)getpid()),
	};
	pki_code rc = PKI_OK;
	size_t i;

	for (i = 0; i < PKI_COUNT(names) && rc == PKI_OK; i++) {
		rule.name = names[i];
		rc = add_rule(filter, &rule, added, err);
	}
	return rc;
}

#ifdef PKI_SANDBOX_SANITIZED
# define OTHERWISE SCMP_ACT_LOG
# define OTHERWISE_NAME "others are logged"
#else
# define OTHERWISE SCMP_ACT_KILL_PROCESS
# define OTHERWISE_NAME "others end the process"
#endif

static pki_code
fill_and_load(scmp_filter_ctx filter, pki_sandbox *sandbox, pki_err *err)
{
	unsigned added = 0;
	pki_code rc;
	int failed;

	failed = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (failed == 0)
		failed = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
		    OTHERWISE);
	/* A tree: few steps to any call.  Older libraries have a list. */
	if (failed == 0)
		(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (failed != 0)
		return refused(failed, "attributes", err);
	rc = add_rules(filter, 1u << sandbox->role, &added, err);
	if (rc == PKI_OK && sandbox->role != PKI_SANDBOX_PARENT)
		rc = allow_own_signals(filter, &added, err);
	if (rc != PKI_OK)
		return rc;
	failed = seccomp_load(filter);
	if (failed != 0)
		return refused(failed, "load", err);
	pki_sandbox_set(sandbox, PKI_SANDBOX_SECCOMP, PKI_SANDBOX_HOLDS,
	    "%u rules, %s", added, OTHERWISE_NAME);
	return PKI_OK;
}

pki_code
pki_sandbox_seccomp(pki_sandbox *sandbox, pki_err *err)
{
	scmp_filter_ctx filter = seccomp_init(OTHERWISE);
	pki_code rc;

	if (filter == NULL)
		return pki_fail_memory(err);
	rc = fill_and_load(filter, sandbox, err);
	seccomp_release(filter);
	return rc;
}
