#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

/*
 * What the targets share.  A target gives one function, which libFuzzer
 * calls with inputs of its making (tests/fuzz/run), and replay.c with those
 * of tests/fuzz/corpus.  It must return 0; a property that does not hold
 * ends the process.
 */

#include "base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The property holds of every input. */
#define fuzz_assert(holds) \
	((holds) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #holds))
_Noreturn void fuzz_fail(const char *file, int line, const char *what);

/* Who refuses says why: code and rule's sentence, in printable ASCII. */
void fuzz_check_refusal(pki_code rc, const pki_err *err);

/*
 * Octets as a signature has them, for what nobody verifies: a signed object
 * is never so short that its length could be a letter (pki_pem_or_der).
 */
pki_bytes fuzz_signature(void);

/*
 * A file in memory with these octets; who calls closes it.  There are two,
 * which (0 or 1) says which: its former contents are gone.
 */
int fuzz_file_of(int which, pki_bytes bytes);

#endif
