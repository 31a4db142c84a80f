#include "pki-estd/waits.h"

#include <semaphore.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

TestSuite(waits, .timeout = 30);

static unsigned begun, ended;
static sem_t heard;

static void
begin(waits_place *place)
{
	(void)place;
	begun++;
}

static void
end(waits_place *place)
{
	(void)place;
	ended++;
	sem_post(&heard);
}

static waits_table *
make(waits_place *place, int *other)
{
	waits_table *waits = NULL;
	int ends[2];
	pki_err err;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	cr_assert_eq(sem_init(&heard, 0, 0), 0);
	cr_assert_eq(waits_start(begin, end, &waits, &err), PKI_OK);
	*place = (waits_place){ .fd = ends[0] };
	*other = ends[1];
	return waits;
}

static void
unmake(waits_table *waits, const waits_place *place, int other)
{
	waits_stop(waits);
	waits_free(waits);
	close(place->fd);
	close(other);
}

Test(waits, ends_once_for_each_time_when_there_is_something)
{
	waits_place place;
	int other;
	waits_table *waits = make(&place, &other);

	for (unsigned i = 1; i <= 3; i++) {
		char octet = 'x';

		waits_add(waits, &place);
		cr_assert_eq(begun, i);
		cr_assert_eq(write(other, &octet, 1), 1);
		cr_assert_eq(sem_wait(&heard), 0);
		cr_assert_eq(read(place.fd, &octet, 1), 1);
	}
	unmake(waits, &place, other);
	cr_assert_eq(ended, 3);
}

Test(waits, ends_at_once_when_something_is_there_already)
{
	waits_place place;
	int other;
	waits_table *waits = make(&place, &other);

	cr_assert_eq(write(other, "x", 1), 1);
	waits_add(waits, &place);
	cr_assert_eq(sem_wait(&heard), 0);
	unmake(waits, &place, other);
	cr_assert_eq(ended, 1);
}

Test(waits, ends_when_the_other_side_does)
{
	waits_place place;
	int other;
	waits_table *waits = make(&place, &other);

	waits_add(waits, &place);
	cr_assert_eq(shutdown(other, SHUT_WR), 0);
	cr_assert_eq(sem_wait(&heard), 0);
	unmake(waits, &place, other);
	cr_assert_eq(ended, 1);
}

Test(waits, ends_all_at_the_stop_and_begins_none_afterwards)
{
	waits_place place;
	int other;
	waits_table *waits = make(&place, &other);

	waits_add(waits, &place);
	waits_stop(waits);
	cr_assert_eq(begun, 1);
	cr_assert_eq(ended, 1);
	waits_add(waits, &place);
	cr_assert_eq(begun, 1);
	unmake(waits, &place, other);
	cr_assert_eq(ended, 1);
}

Test(waits, ends_at_once_what_cannot_be_waited_for)
{
	waits_place place, none = { .fd = -1 };
	int other;
	waits_table *waits = make(&place, &other);

	waits_add(waits, &none);
	cr_assert_eq(begun, 1);
	cr_assert_eq(ended, 1);
	unmake(waits, &place, other);
}
