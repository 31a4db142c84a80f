#ifndef PKI_BASE_SANDBOX_H
#define PKI_BASE_SANDBOX_H

/*
 * A daemon gives up what it does not need, so that whoever gets into it gets
 * little (DESIGN 3).  Three calls, in this order:
 *
 *   pki_sandbox_begin()     first thing in main
 *   ... open what is outside of the paths, bind sockets, load keys ...
 *   pki_sandbox_enclose()   before there are threads
 *   ... start threads ...
 *   pki_sandbox_seal()      last: holds for all threads
 *
 * Each step is needed, or best effort where not every kernel has it.  What
 * holds stands in pki_sandbox, which --check prints.
 *
 * All but the first steps are inherited by programs that the parent starts.
 * Builds with --enable-fault-tests keep what their tests need; in builds with
 * sanitizers a forbidden system call is only logged by the kernel.
 */

#include "base/buf.h"

PKI_BEGIN_DECLS

typedef enum pki_sandbox_role {
	PKI_SANDBOX_PARENT,     /* starts the other two, and no threads */
	PKI_SANDBOX_WORKER,     /* talks to strangers; reads files only */
	PKI_SANDBOX_ISSUER,     /* keys and database */
	PKI_SANDBOX_ROLES
} pki_sandbox_role;

typedef enum pki_sandbox_step {
	PKI_SANDBOX_ENVIRONMENT,        /* the variables of a list, no other */
	PKI_SANDBOX_UMASK,              /* 077 */
	PKI_SANDBOX_NO_CORE,            /* no core file: keys are in memory */
	PKI_SANDBOX_NOT_DUMPABLE,       /* nobody of the same user looks in */
	PKI_SANDBOX_NO_NEW_PRIVS,       /* exec gains no rights */
	PKI_SANDBOX_NO_WRITE_EXEC,      /* what was written is never run */
	PKI_SANDBOX_LANDLOCK,           /* paths of a table, no other */
	PKI_SANDBOX_SECCOMP,            /* system calls of a table, no other */
	PKI_SANDBOX_STEPS
} pki_sandbox_step;

typedef enum pki_sandbox_state {
	PKI_SANDBOX_NOT_YET,
	PKI_SANDBOX_HOLDS,
	PKI_SANDBOX_LACKING,            /* this kernel does not have it */
} pki_sandbox_state;

#define PKI_SANDBOX_DETAIL 96

/* What holds in this process.  No pointers: it may be copied and sent. */
typedef struct pki_sandbox {
	pki_sandbox_role  role;
	pki_sandbox_state state[PKI_SANDBOX_STEPS];
	char detail[PKI_SANDBOX_STEPS][PKI_SANDBOX_DETAIL];
} pki_sandbox;

typedef enum pki_sandbox_access {
	PKI_SANDBOX_READ,       /* files and lists of what is there */
	PKI_SANDBOX_RUN,        /* and exec */
	PKI_SANDBOX_WRITE,      /* read, write, make, rename and remove */
} pki_sandbox_access;

/* A file, or a folder with all below it. */
typedef struct pki_sandbox_path {
	const char        *path;
	pki_sandbox_access access;
} pki_sandbox_path;

/*
 * Environment, umask and core limit.  Writes *out from scratch.
 * PKI_SYSTEM, PKI_NO_MEMORY: end the process.
 */
PKI_CHECKED pki_code pki_sandbox_begin(pki_sandbox_role role,
    pki_sandbox *out, pki_err *err);

/*
 * Not dumpable, no new privileges, no memory both writable and executable,
 * and no files but those below paths; what is open stays open.  Holds for
 * this thread, those that it starts, and programs that it executes.  Each
 * path must exist.  PKI_USAGE: not begun, or enclosed before.
 * PKI_NOT_FOUND: no such path.  PKI_SYSTEM: a needed step failed.  After a
 * failure the process is to end.
 */
PKI_CHECKED pki_code pki_sandbox_enclose(pki_sandbox *sandbox,
    const pki_sandbox_path *paths, size_t count, pki_err *err);

/*
 * No system calls but those that a process of this role needs, in all threads
 * that there are and come: worker and issuer make no processes, open no
 * sockets and map nothing executable; the parent's list holds theirs and what
 * starting a program takes, since a child inherits it.  A forbidden call ends
 * the process by SIGSYS; what a library may well try fails with an errno.
 * PKI_USAGE: not enclosed, or sealed before.  PKI_SYSTEM, PKI_NO_MEMORY: end
 * the process.
 */
PKI_CHECKED pki_code pki_sandbox_seal(pki_sandbox *sandbox, pki_err *err);

/*
 * All three in a process of its own: *out is what would hold for this role on
 * this machine.  For --check, before there are threads.  What the three calls
 * return; PKI_SYSTEM also when that process ended otherwise.
 */
PKI_CHECKED pki_code pki_sandbox_try(pki_sandbox_role role,
    const pki_sandbox_path *paths, size_t count, pki_sandbox *out,
    pki_err *err);

/* Names as people and scripts read them: "worker", "no-core".  Static. */
const char *pki_sandbox_role_name(pki_sandbox_role role);
const char *pki_sandbox_step_name(pki_sandbox_step step);
const char *pki_sandbox_state_name(pki_sandbox_state state);
/* False: best effort. */
bool pki_sandbox_is_needed(pki_sandbox_step step);
/* All steps hold that are needed. */
bool pki_sandbox_is_good(const pki_sandbox *sandbox);

/* A line for each process and step: "worker  seccomp  needed  holds  ...". */
void pki_sandbox_add_text(const pki_sandbox *sandboxes, size_t count,
    pki_buf *out);
/* One array, an object a line: process, step, kind, state, detail. */
void pki_sandbox_add_json(const pki_sandbox *sandboxes, size_t count,
    pki_buf *out);

PKI_END_DECLS

#endif
