/* LD_PRELOAD: every fsync and fdatasync takes SLOW_SYNC_US longer (5000). */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void
delay(void)
{
	const char *text = getenv("SLOW_SYNC_US");
	long us = text == NULL ? 5000 : strtol(text, NULL, 10);
	const struct timespec time = { us / 1000000, us % 1000000 * 1000 };

	nanosleep(&time, NULL);
}

/* The C library's own function of this name. */
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int
fsync(int fd)
{
	delay();
	return NEXT(fsync)(fd);
}

int
fdatasync(int fd)
{
	delay();
	return NEXT(fdatasync)(fd);
}
