#ifndef PKI_ENROLL_HOOK_H
#define PKI_ENROLL_HOOK_H

/*
 * Commands of the operator: an argument vector, never a shell's line.
 *
 * They run in a process group of their own, with /dev/null as standard input,
 * umask 022, no descriptor of ours, and no other environment than PATH, LC_ALL
 * and the variables given.  The first HOOK_OUTPUT_MAX octets that they print
 * go to one descriptor, all but printable ASCII, tab and line feed as \xNN.
 */

#include "pki.h"

#define HOOK_OUTPUT_MAX 4096
#define HOOK_ARGS_MAX 32
#define HOOK_VARIABLES_MAX 16

typedef struct hook_variable {
	const char *name;               /* "PKI_ENROLL_NAME" */
	const char *value;              /* NULL: the variable is left out */
} hook_variable;

typedef struct enroll_hook {
	const char          *title;     /* "probe", for messages */
	const pki_text_list *args;      /* the program's whole path first */
	const hook_variable *variables;
	size_t               variable_count;
	int64_t              timeout_s; /* then it and its children are ended */
	int                  output;    /* a descriptor: STDERR_FILENO */
} enroll_hook;

/*
 * Run to the end; what it left running in the background runs on.  No
 * arguments: PKI_OK at once.  *out_status, when it is not NULL, becomes the
 * exit status, 128 + signal, or 0.  PKI_DENIED, rule "command": it ended by
 * another status than 0, by a signal, or at the time limit; PKI_NOT_FOUND:
 * there is no such program; PKI_SYSTEM: it cannot be run; PKI_NO_MEMORY.
 */
PKI_CHECKED pki_code hook_run(const enroll_hook *hook, int *out_status,
    pki_err *err);

#endif
