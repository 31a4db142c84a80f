#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void
fuzz_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

void
fuzz_check_refusal(pki_code rc, const pki_err *err)
{
	const char *texts[] = { err->msg, err->rule, err->value,
		err->accepts };

	fuzz_assert(rc != PKI_OK && rc == err->code);
	fuzz_assert(err->msg[0] != '\0');
	for (size_t i = 0; i < PKI_COUNT(texts); i++)
		for (const char *p = texts[i]; *p != '\0'; p++)
			fuzz_assert(*p >= ' ' && *p <= '~');
}

pki_bytes
fuzz_signature(void)
{
	static const uint8_t octets[72];

	return pki_bytes_of(octets, sizeof(octets));
}

/* To make and to remove such a file costs more than most inputs do. */
int
fuzz_file_of(int which, pki_bytes bytes)
{
	static int files[2] = { -1, -1 };
	int *file = &files[which];
	int fd;

	if (*file < 0)
		*file = memfd_create("fuzz", MFD_CLOEXEC);
	fuzz_assert(*file >= 0 && ftruncate(*file, 0) == 0);
	fuzz_assert(bytes.len == 0 || pwrite(*file, bytes.data, bytes.len,
	    0) == (ssize_t)bytes.len);
	fd = fcntl(*file, F_DUPFD_CLOEXEC, 0);
	fuzz_assert(fd >= 0);
	return fd;
}
