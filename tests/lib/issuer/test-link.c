#include "tests/lib/issuer/wire-sample.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "issuer/spawn.h"
#include "tests/support/support.h"

/* Packets on a real socket. */

static int ends[2];
static uint8_t room[PKI_WIRE_MAX];
static pki_err err;
static pki_bytes got;

static void
set_up(void)
{
	assert_ok(pki_link_pair(ends, NULL, &err), &err);
}

static void
tear_down(void)
{
	close(ends[0]);
	close(ends[1]);
}

TestSuite(wire_link, .init = set_up, .fini = tear_down, .timeout = 30);

Test(wire_link, carries_64_kib_and_not_an_octet_more)
{
	assert_ok(pki_wire_send(ends[0], sample_octets(PKI_WIRE_MAX), &err),
	    &err);
	assert_ok(pki_wire_receive(ends[1], room, &got, &err), &err);
	cr_expect(pki_bytes_equal(got, sample_octets(PKI_WIRE_MAX)));
	cr_expect(pki_wire_send(ends[0], sample_octets(PKI_WIRE_MAX + 1),
	    &err) == PKI_BAD_INPUT);
	cr_expect(pki_wire_send_wait(ends[0],
	    sample_octets(PKI_WIRE_MAX + 1), &err) == PKI_BAD_INPUT);
	cr_expect(pki_wire_receive(ends[1], room, &got, &err) == PKI_BUSY);
}

Test(wire_link, never_sends_an_empty_packet)
{
	cr_expect(pki_wire_send(ends[0], sample_octets(0), &err) ==
	    PKI_BAD_INPUT);
	cr_expect(pki_wire_receive(ends[1], room, &got, &err) == PKI_BUSY);
}

Test(wire_link, refuses_a_packet_too_large)
{
	pki_bytes large = sample_octets(PKI_WIRE_MAX + 1);

	cr_assert(send(ends[0], large.data, large.len, 0) ==
	    (ssize_t)large.len);
	cr_expect(pki_wire_receive(ends[1], room, &got, &err) ==
	    PKI_BAD_INPUT);
}

Test(wire_link, says_when_it_is_full_and_goes_on_once_it_is_not)
{
	pki_code rc = PKI_OK;
	size_t sent = 0, taken = 0;

	while ((rc = pki_wire_send(ends[0], sample_octets(900), &err)) ==
	    PKI_OK)
		sent++;
	cr_expect(rc == PKI_BUSY);
	cr_expect(sent >= 64);
	while (pki_wire_receive(ends[1], room, &got, &err) == PKI_OK)
		taken++;
	cr_expect(taken == sent);
	assert_ok(pki_wire_send(ends[0], sample_octets(900), &err), &err);
}

Test(wire_link, says_when_the_other_end_is_closed)
{
	close(ends[1]);
	cr_expect(pki_wire_send(ends[0], sample_octets(9), &err) ==
	    PKI_NOT_FOUND);
	cr_expect(pki_wire_send_wait(ends[0], sample_octets(9), &err) ==
	    PKI_NOT_FOUND);
	cr_expect(pki_wire_receive(ends[0], room, &got, &err) ==
	    PKI_NOT_FOUND);
	cr_assert(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
}

/* The control: a plain recv() loses them, for it stops at ECONNRESET. */
Test(wire_link, gives_what_a_dead_end_had_sent_with_ours_unread)
{
	assert_ok(pki_wire_send(ends[1], sample_octets(11), &err), &err);
	assert_ok(pki_wire_send(ends[1], sample_octets(12), &err), &err);
	assert_ok(pki_wire_send(ends[0], sample_octets(13), &err), &err);
	close(ends[1]);
	assert_ok(pki_wire_receive(ends[0], room, &got, &err), &err);
	cr_expect(got.len == 11);
	assert_ok(pki_wire_receive(ends[0], room, &got, &err), &err);
	cr_expect(got.len == 12);
	cr_expect(pki_wire_receive(ends[0], room, &got, &err) ==
	    PKI_NOT_FOUND);
	cr_assert(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
}

Test(wire_link, drops_descriptors_that_come_along)
{
	union { char room[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } u;
	char text[] = "12345";
	struct iovec part = { text, 5 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1,
	    .msg_control = &u, .msg_controllen = sizeof(u) };
	size_t before = count_fds();

	memset(&u, 0, sizeof(u));
	u.align.cmsg_level = SOL_SOCKET;
	u.align.cmsg_type = SCM_RIGHTS;
	u.align.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&u.align), &ends[0], sizeof(int));
	cr_assert(sendmsg(ends[0], &message, 0) == 5);
	assert_ok(pki_wire_receive(ends[1], room, &got, &err), &err);
	cr_expect(count_fds() == before);
}
