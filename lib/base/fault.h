#ifndef PKI_BASE_FAULT_H
#define PKI_BASE_FAULT_H

/*
 * What the fault tests may change, from the environment, in a library that
 * was configured for them (--enable-fault-tests: never for use).  In any
 * other the value is the constant, and the environment is not read.
 */

#include <stdint.h>
#include <stdlib.h>

static inline int64_t
pki_fault_number(const char *name, int64_t otherwise)
{
#ifdef PKI_FAULT_TESTS
	const char *text = secure_getenv(name);

	if (text != NULL)
		return strtoll(text, NULL, 10);
#else
	(void)name;
#endif
	return otherwise;
}

#endif
