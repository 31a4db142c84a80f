#ifndef PKI_ENROLL_HOOK_H
#define PKI_ENROLL_HOOK_H

/*
 * Commands of the operator: an argument vector, never a shell's line.
 *
 * They get no other environment than PATH, LC_ALL and the variables given,
 * /dev/null as standard input, and no descriptor of ours.  What they print
 * goes to standard error, HOOK_OUTPUT_MAX octets of it, escaped.
 */

#include "pki.h"

#define HOOK_OUTPUT_MAX 4096
#define HOOK_VARIABLES_MAX 16

typedef struct hook_variable {
	const char *name;               /* "PKI_ENROLL_NAME" */
	const char *value;              /* NULL: the variable is left out */
} hook_variable;

typedef struct enroll_hook {
	const char          *title;     /* "probe", for messages */
	const pki_text_list *args;      /* the program's path first */
	const hook_variable *variables;
	size_t               variable_count;
	int64_t              timeout_s; /* then it and its children are ended */
	int                  output;    /* a descriptor; standard error is 2 */
} enroll_hook;

/*
 * Run to the end.  No arguments: PKI_OK at once.  *out_status, when it is not
 * NULL, becomes the exit status, or 128 + signal.  PKI_DENIED, rule "command":
 * ended by another status than 0, a signal, or the time limit; PKI_NOT_FOUND:
 * there is no such program; PKI_SYSTEM.
 */
PKI_CHECKED pki_code hook_run(const enroll_hook *hook, int *out_status,
    pki_err *err);

#endif
