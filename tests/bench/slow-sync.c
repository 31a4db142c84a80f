/* LD_PRELOAD: a disk on which each fsync takes 5 ms longer. */
#include <dlfcn.h>
#include <time.h>
#include <unistd.h>

static void
wait_a_while(void)
{
	const struct timespec delay = { 0, 5000000 };

	nanosleep(&delay, NULL);
}

/* The C library's own function of this name. */
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int
fsync(int fd)
{
	wait_a_while();
	return NEXT(fsync)(fd);
}

int
fdatasync(int fd)
{
	wait_a_while();
	return NEXT(fdatasync)(fd);
}
