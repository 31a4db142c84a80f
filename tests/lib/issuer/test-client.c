#include "tests/lib/issuer/wire-sample.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "issuer/client.h"
#include "issuer/spawn.h"
#include "tests/support/support.h"

/* One question, and what became of it. */
struct question {
	pki_issuer_call  call;
	bool             parked;
	atomic_int       ended;         /* how often done was called */
	pki_code         why;
	pki_message_type answer;
	pthread_t        thread;        /* that called it */
	struct question *next;          /* asked from done */
};

static pki_issuer *issuer;
static pki_issuer_counts counts;
static pki_err err;
static _Atomic int64_t now_ms;
static atomic_int told, broken;
static atomic_bool key_was_left;
static const uint8_t *key_at;
static struct question a, b, c;

static int64_t
test_now(void *arg)
{
	(void)arg;
	return now_ms;
}
static const pki_clock test_time = { test_now, NULL };

static pki_code ask(struct question *q);

static void
done(pki_issuer_call *call, const pki_message *reply, pki_code why)
{
	struct question *q = (struct question *)call;
	struct question *next = q->next;

	q->why = why;
	q->answer = reply == NULL ? 0 : reply->type;
	q->thread = pthread_self();
	if (!q->parked)
		q->ended += 100;
	q->ended++;
	if (next != NULL && ask(next) != PKI_OK)
		q->ended += 100;
}

static void
park(pki_issuer_call *call)
{
	struct question *q = (struct question *)call;

	q->parked = true;
}

/* After TLS, the place where its key was must hold nothing of it. */
static void
hear(void *arg, const pki_message *message)
{
	cr_assert(arg == &told);
	if (message->type == PKI_MESSAGE_TLS)
		key_at = message->field[PKI_TAG_KEY].data + 1024;
	else if (key_at != NULL && *key_at != 0)
		key_was_left = true;
	told++;
}

static void
hear_broken(void *arg, const pki_err *why)
{
	cr_assert(arg == &told && why->msg[0] != '\0');
	broken++;
}

static void
open_client(unsigned most_waiting)
{
	const pki_issuer_options options = {
		.most_waiting = most_waiting, .done = done, .told = hear,
		.broken = hear_broken, .arg = &told, .clock = &test_time,
	};

	assert_ok(pki_issuer_open(&options, &issuer, &err), &err);
}

static void
set_up(void)
{
	now_ms = 1000000;
	open_client(0);
}

static void
tear_down(void)
{
	pki_issuer_free(issuer);
}

TestSuite(issuer_ask, .init = set_up, .fini = tear_down, .timeout = 60);
TestSuite(issuer_link, .init = set_up, .fini = tear_down, .timeout = 60);
TestSuite(issuer_told, .init = set_up, .fini = tear_down, .timeout = 60);
TestSuite(issuer_open, .timeout = 60);

/* Until the reader has done it; the suite's timeout ends a vain wait. */
#define await(condition)                                                \
	do {                                                            \
		pki_issuer_count(issuer, &counts);                      \
		sched_yield();                                          \
	} while (!(condition))

/* A new link in use; returns the issuer's end. */
static int
new_link(void)
{
	uint64_t links;
	int ends[2];

	pki_issuer_count(issuer, &counts);
	links = counts.links;
	assert_ok(pki_link_pair(ends, NULL, &err), &err);
	assert_ok(pki_issuer_link(issuer, ends[0], &err), &err);
	await(counts.links > links);
	return ends[1];
}

static pki_code
ask(struct question *q)
{
	const pki_message ping = pki_message_of(PKI_MESSAGE_PING);

	return pki_issuer_ask(issuer, &q->call, &ping, park, &err);
}

/* The id of the next question that came over this link. */
static uint64_t
next_question(int fd)
{
	static uint8_t room[PKI_WIRE_MAX];
	struct pollfd in = { fd, POLLIN, 0 };
	pki_message message;
	pki_bytes packet;

	cr_assert(poll(&in, 1, -1) == 1);
	assert_ok(pki_wire_receive(fd, room, &packet, &err), &err);
	assert_ok(pki_wire_decode(packet, PKI_WIRE_WORKER, &message, &err),
	    &err);
	return message.id;
}

static void
say(int fd, pki_message_type type, uint64_t id)
{
	pki_message message = sample_message(pki_message_rule_of(type),
	    type == PKI_MESSAGE_TLS ? LARGEST : SMALLEST);
	PKI_AUTO(pki_buf) packet = NULL;

	message.id = id;
	packet = sample_packet(&message);
	assert_ok(pki_wire_send_wait(fd, pki_buf_bytes(packet), &err), &err);
}

/* It ended once, so. */
static void
expect_ended(struct question *q, pki_code why, pki_message_type answer)
{
	await(q->ended != 0);
	await(counts.waiting == 0 || q->next != NULL || q != &a);
	cr_expect(q->ended == 1, "ended: %d", q->ended);
	cr_expect(q->why == why);
	cr_expect(q->answer == answer);
}

Test(issuer_ask, gives_the_answer_once)
{
	int fd = new_link();

	assert_ok(ask(&a), &err);
	say(fd, PKI_MESSAGE_PONG, next_question(fd));
	expect_ended(&a, PKI_OK, PKI_MESSAGE_PONG);
	cr_expect(!pthread_equal(a.thread, pthread_self()));
	cr_expect(pki_issuer_waiting(issuer) == 0);
	cr_expect(counts.asked == 1 && counts.answered == 1);
	close(fd);
}

Test(issuer_ask, gives_answers_in_any_order)
{
	int fd = new_link();
	uint64_t first, second;

	assert_ok(ask(&a), &err);
	assert_ok(ask(&b), &err);
	first = next_question(fd);
	second = next_question(fd);
	cr_expect(first != second);
	say(fd, PKI_MESSAGE_BUSY, second);
	say(fd, PKI_MESSAGE_PONG, first);
	expect_ended(&a, PKI_OK, PKI_MESSAGE_PONG);
	expect_ended(&b, PKI_OK, PKI_MESSAGE_BUSY);
	close(fd);
}

Test(issuer_ask, is_busy_without_a_link_and_parks_nobody)
{
	cr_expect(ask(&a) == PKI_BUSY);
	cr_expect(!a.parked && a.ended == 0);
	await(counts.turned_away == 1);
	cr_expect(counts.asked == 0 && !counts.linked);
}

Test(issuer_ask, takes_requests_only_and_whole_ones)
{
	int fd = new_link();
	pki_message message = pki_message_of(PKI_MESSAGE_PONG);

	cr_expect(pki_issuer_ask(issuer, &a.call, &message, park, &err) ==
	    PKI_USAGE);
	message = pki_message_of(PKI_MESSAGE_ENROLL);
	cr_expect(pki_issuer_ask(issuer, &a.call, &message, park, &err) ==
	    PKI_BAD_INPUT);
	cr_expect(!a.parked && a.ended == 0);
	close(fd);
}

Test(issuer_ask, ends_after_30_s_and_drops_the_late_answer)
{
	int fd = new_link();
	uint64_t id;

	assert_ok(ask(&a), &err);
	id = next_question(fd);
	now_ms += 29999;
	/* The reader has come round once it gave this answer. */
	assert_ok(ask(&b), &err);
	say(fd, PKI_MESSAGE_PONG, next_question(fd));
	expect_ended(&b, PKI_OK, PKI_MESSAGE_PONG);
	cr_expect(a.ended == 0);
	now_ms += 1;
	expect_ended(&a, PKI_BUSY, 0);
	cr_expect(counts.timed_out == 1);
	say(fd, PKI_MESSAGE_PONG, id);
	await(counts.late == 1);
	cr_expect(a.ended == 1);
	close(fd);
}

Test(issuer_ask, ends_by_the_system_clock_as_well)
{
	const pki_issuer_options options = { .wait_ms = 20, .done = done };
	int fd;

	pki_issuer_free(issuer);
	assert_ok(pki_issuer_open(&options, &issuer, &err), &err);
	fd = new_link();
	assert_ok(ask(&a), &err);
	expect_ended(&a, PKI_BUSY, 0);
	cr_expect(counts.timed_out == 1);
	close(fd);
}

Test(issuer_ask, ends_at_once_when_the_socket_is_full)
{
	struct question *all = calloc(4096, sizeof(*all));
	int fd = new_link();
	size_t n = 0;

	cr_assert(all != NULL);
	do {
		cr_assert(n < 4096);
		assert_ok(ask(&all[n++]), &err);
		pki_issuer_count(issuer, &counts);
	} while (counts.full == 0);
	cr_expect(all[n - 1].ended == 1 && all[n - 1].why == PKI_BUSY);
	cr_expect(pthread_equal(all[n - 1].thread, pthread_self()));
	for (size_t i = 0; i + 1 < n; i++)
		cr_assert(all[i].ended == 0);
	close(fd);
	await(counts.waiting == 0);
	for (size_t i = 0; i < n; i++)
		cr_assert(all[i].ended == 1);
	cr_expect(counts.lost == n - 1);
	free(all);
}

Test(issuer_ask, turns_away_more_than_may_wait)
{
	int fd;

	pki_issuer_free(issuer);
	open_client(2);
	fd = new_link();
	assert_ok(ask(&a), &err);
	assert_ok(ask(&b), &err);
	cr_expect(ask(&c) == PKI_BUSY);
	cr_expect(!c.parked);
	say(fd, PKI_MESSAGE_PONG, next_question(fd));
	await(counts.waiting == 1);
	assert_ok(ask(&c), &err);
	close(fd);
}

Test(issuer_ask, may_be_called_from_done)
{
	int fd = new_link();

	a.next = &b;
	assert_ok(ask(&a), &err);
	say(fd, PKI_MESSAGE_PONG, next_question(fd));
	say(fd, PKI_MESSAGE_PONG, next_question(fd));
	expect_ended(&b, PKI_OK, PKI_MESSAGE_PONG);
	cr_expect(a.ended == 1);
	close(fd);
}

Test(issuer_ask, is_refused_at_stop_and_all_that_wait_end)
{
	int fd = new_link();

	assert_ok(ask(&a), &err);
	assert_ok(ask(&b), &err);
	pki_issuer_refuse(issuer);
	cr_expect(a.ended == 1 && a.why == PKI_BUSY);
	cr_expect(b.ended == 1 && b.why == PKI_BUSY);
	cr_expect(pki_issuer_waiting(issuer) == 0);
	cr_expect(ask(&c) == PKI_BUSY);
	cr_expect(!c.parked && c.ended == 0);
	say(fd, PKI_MESSAGE_PONG, next_question(fd));
	await(counts.late == 1);
	cr_expect(a.ended == 1);
	cr_expect(counts.stopped == 2);
	close(fd);
}

Test(issuer_ask, ends_when_the_client_is_freed)
{
	int fd = new_link();

	assert_ok(ask(&a), &err);
	pki_issuer_free(issuer);
	issuer = NULL;
	cr_expect(a.ended == 1 && a.why == PKI_BUSY);
	close(fd);
}

Test(issuer_link, ends_what_waits_when_it_is_lost)
{
	int fd = new_link();

	assert_ok(ask(&a), &err);
	close(fd);
	expect_ended(&a, PKI_BUSY, 0);
	await(!counts.linked);
	cr_expect(counts.lost == 1);
	cr_expect(broken == 0);
	cr_expect(ask(&b) == PKI_BUSY);
}

/* Issued means committed: an answer that was sent must arrive (G24). */
Test(issuer_link, gives_the_answers_of_an_issuer_that_died)
{
	int fd = new_link();
	uint64_t first;

	assert_ok(ask(&a), &err);
	assert_ok(ask(&b), &err);       /* stays unread: ECONNRESET */
	assert_ok(ask(&c), &err);
	first = next_question(fd);
	say(fd, PKI_MESSAGE_PONG, first + 2);
	say(fd, PKI_MESSAGE_PONG, first);
	close(fd);
	await(counts.waiting == 0);
	expect_ended(&a, PKI_OK, PKI_MESSAGE_PONG);
	expect_ended(&b, PKI_BUSY, 0);
	expect_ended(&c, PKI_OK, PKI_MESSAGE_PONG);
}

Test(issuer_link, is_replaced_by_a_new_one)
{
	int old = new_link(), fd;
	uint64_t id;

	assert_ok(ask(&a), &err);
	id = next_question(old);
	fd = new_link();
	expect_ended(&a, PKI_BUSY, 0);
	assert_ok(ask(&b), &err);
	cr_expect(next_question(fd) != id);
	/* Nobody on the new link answers for the old one. */
	say(fd, PKI_MESSAGE_PONG, id);
	await(counts.late == 1);
	cr_expect(a.ended == 1 && b.ended == 0);
	cr_expect(counts.links == 2);
	close(old);
	close(fd);
}

Test(issuer_link, is_read_to_its_end_before_the_new_one)
{
	int old = new_link(), ends[2];

	for (int i = 0; i < 300; i++)
		say(old, PKI_MESSAGE_STATE, 0);
	assert_ok(ask(&a), &err);
	say(old, PKI_MESSAGE_PONG, next_question(old));
	assert_ok(pki_link_pair(ends, NULL, &err), &err);
	assert_ok(pki_issuer_link(issuer, ends[0], &err), &err);
	expect_ended(&a, PKI_OK, PKI_MESSAGE_PONG);
	await(counts.links == 2);
	cr_expect(told == 300);
	close(old);
	close(ends[1]);
}

Test(issuer_link, is_closed_by_a_malformed_packet)
{
	int fd = new_link();

	assert_ok(ask(&a), &err);
	assert_ok(pki_wire_send(fd, sample_octets(100), &err), &err);
	expect_ended(&a, PKI_BUSY, 0);
	await(broken == 1);
	cr_expect(!counts.linked);
	close(fd);
}

Test(issuer_link, is_closed_by_an_answer_of_another_kind)
{
	int fd = new_link();

	assert_ok(ask(&a), &err);
	say(fd, PKI_MESSAGE_ISSUED, next_question(fd));
	expect_ended(&a, PKI_BUSY, 0);
	await(broken == 1);
	close(fd);
}

Test(issuer_link, wants_a_descriptor)
{
	cr_expect(pki_issuer_link(issuer, -1, &err) == PKI_USAGE);
	cr_expect(pki_issuer_link(issuer, 1000, &err) == PKI_USAGE);
}

Test(issuer_told, brings_notices_and_leaves_no_key)
{
	int fd = new_link();

	say(fd, PKI_MESSAGE_HELLO, 0);
	say(fd, PKI_MESSAGE_TLS, 0);
	say(fd, PKI_MESSAGE_STATE, 0);
	await(told == 3);
	cr_expect(key_at != NULL);
	cr_expect(!key_was_left);
	close(fd);
}

Test(issuer_open, leaves_no_descriptor_behind)
{
	size_t before = count_fds();
	int fds[5];

	set_up();
	for (size_t i = 0; i < PKI_COUNT(fds); i++)
		fds[i] = new_link();
	/* Two at once: the first may never be used. */
	for (size_t i = 0; i < 2; i++) {
		int ends[2];

		assert_ok(pki_link_pair(ends, NULL, &err), &err);
		assert_ok(pki_issuer_link(issuer, ends[0], &err), &err);
		close(ends[1]);
	}
	pki_issuer_free(issuer);
	for (size_t i = 0; i < PKI_COUNT(fds); i++)
		close(fds[i]);
	cr_expect(count_fds() == before);
}

Test(issuer_open, wants_a_done_function_and_a_limit)
{
	pki_issuer_options options = { 0 };

	cr_expect(pki_issuer_open(&options, &issuer, &err) == PKI_USAGE);
	options.done = done;
	options.most_waiting = 65537;
	cr_expect(pki_issuer_open(&options, &issuer, &err) == PKI_USAGE);
	pki_issuer_free(NULL);
}
