#include "tests/lib/issuer/serve-sample.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "issuer/wire.h"

/*
 * A worker that was taken over: whatever it says, the issuer gives nothing
 * that the evidence does not permit, stays small, and goes on or ends.
 */

#define PATIENCE_MS 30000
/* Address sanitizers keep freed memory for a while. */
#if defined(__SANITIZE_ADDRESS__)
#define MEMORY_MAX_KB (2 * 1024 * 1024)
#else
#define MEMORY_MAX_KB (200 * 1024)
#endif

static struct served s;
static pki_err err;
static pid_t child;

/* Until it says that it is ready; nothing is read of the link. */
static void
start_alone(void)
{
	struct pollfd parent = { .events = POLLIN };
	pki_control control;
	int fd;

	child = serve_fork_alone(&s);
	parent.fd = s.control;
	cr_assert_eq(poll(&parent, 1, PATIENCE_MS), 1);
	assert_ok(pki_control_receive(s.control, &control, &fd, &err), &err);
	cr_assert_eq(control, PKI_CONTROL_READY);
}

/* The CA, and nobody who serves it. */
static void
set_up(void)
{
	static const char *const hosts[] = { "dns:est.example" };

	memset(&s, 0, sizeof(s));
	pthread_mutex_init(&s.mutex, NULL);
	pthread_cond_init(&s.changed, NULL);
	s.alone = true;
	fresh_ca(&s.t);
	s.options = (pki_serve_options){
		.ca = test_options(&s.t), .threads = 2, .build = "test",
		.settings = {
			.identity = "est-server", .hosts = hosts,
			.host_count = 1,
		},
	};
}

static void
tear_down(void)
{
	serve_end(&s);
}

TestSuite(serve_captured, .init = set_up, .fini = tear_down, .timeout = 120);

/* Its exit status; -1: a signal. */
static int
await_end(void)
{
	int status;

	cr_assert_eq(waitpid(child, &status, 0), child);
	close(s.control);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
end_link(void)
{
	close(s.link[0]);
	return await_end();
}

/* False: the link takes nothing any more, for so long. */
static bool
say_raw(const void *octets, size_t len, int wait_ms)
{
	struct pollfd link = { .fd = s.link[0], .events = POLLOUT };

	while (send(s.link[0], octets, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		if (poll(&link, 1, wait_ms) != 1 ||
		    (link.revents & POLLOUT) == 0)
			return false;
	return true;
}

static pki_buf *
packet_of(const pki_message *message)
{
	pki_buf *packet = pki_buf_new();

	assert_ok(pki_wire_encode(message, packet, &err), &err);
	return packet;
}

static bool
say(pki_message *message, uint64_t id, int wait_ms)
{
	PKI_AUTO(pki_buf) packet = NULL;

	message->id = id;
	packet = packet_of(message);
	return say_raw(packet->data, packet->len, wait_ms);
}

/* The next answer; notices are none.  Borrows from room. */
static pki_message
hear_answer(uint8_t room[PKI_WIRE_MAX])
{
	struct pollfd link = { .fd = s.link[0], .events = POLLIN };
	pki_message message;
	pki_bytes packet;

	do {
		cr_assert_eq(poll(&link, 1, PATIENCE_MS), 1);
		assert_ok(pki_wire_receive(s.link[0], room, &packet, &err),
		    &err);
		assert_ok(pki_wire_decode(packet, PKI_WIRE_ISSUER, &message,
		    &err), &err);
	} while (message.id == 0);
	return message;
}

static size_t
count_descriptors(void)
{
	char path[64];
	size_t count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)child);
	dir = opendir(path);
	cr_assert_not_null(dir);
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

static long
memory_kb(void)
{
	char line[128];
	long kb = -1;
	FILE *file;

	snprintf(line, sizeof(line), "/proc/%d/status", (int)child);
	file = fopen(line, "r");
	cr_assert_not_null(file);
	while (kb < 0 && fgets(line, sizeof(line), file) != NULL)
		sscanf(line, "VmHWM: %ld kB", &kb);
	fclose(file);
	return kb;
}

/* As much as a request may hold, and good for nothing. */
static pki_message
largest_request(void)
{
	static uint8_t octets[16384];
	const struct question q = {
		.type = PKI_MESSAGE_REENROLL,
		.csr = pki_bytes_of(octets, sizeof(octets)),
	};
	pki_message message = message_of(&q);

	pki_message_put(&message, PKI_TAG_CLIENT_CERT,
	    pki_bytes_of(octets, 8192));
	return message;
}

/* 100 000 requests, and no answer is read: one who does that stops himself. */
Test(serve_captured, that_reads_nothing_is_left_and_holds_up_nobody_else)
{
	enum { FLOOD = 100000 };
	pki_message message = largest_request();
	PKI_AUTO(pki_cert) cert = NULL;
	size_t before, i;

	s.options.silence_s = 1;
	start_alone();
	before = count_descriptors();
	for (i = 0; i < FLOOD && say(&message, i + 1, 500); i++)
		;
	cr_expect(i < FLOOD, "all of them were taken");
	cr_expect(memory_kb() < MEMORY_MAX_KB, "%ld KiB", memory_kb());
	cr_expect(count_descriptors() <= before + 4);
	s.t.ca = reopen_ca(&s.t);
	cert = issue_meter(&s.t, "meter-1");
	cr_expect_not_null(cert);
	/* It ends though the link is open. */
	cr_expect_eq(await_end(), 0);
	close(s.link[0]);
	cr_expect_eq(certs_on_record(&s.t, "auditor"), 1);
}

/* More than a link takes back, and less than the issuer takes in. */
static void
start_alone_and_fill(pki_message *ping)
{
	uint64_t id;

	s.options.queue = 16384;
	start_alone();
	for (id = 1; id <= 8192; id++)
		cr_assert(say(ping, id, PATIENCE_MS));
}

/* Nor do answers that nobody takes keep one from seeing a lie. */
Test(serve_captured, that_reads_nothing_and_lies_is_left)
{
	pki_message ping = pki_message_of(PKI_MESSAGE_PING);
	static const uint8_t nonsense[64];

	s.options.silence_s = 1;
	start_alone_and_fill(&ping);
	cr_assert(say_raw(nonsense, sizeof(nonsense), PATIENCE_MS));
	cr_expect_eq(await_end(), 1);
	close(s.link[0]);
}

Test(serve_captured, that_reads_nothing_keeps_nobody_from_stopping_it)
{
	pki_message ping = pki_message_of(PKI_MESSAGE_PING);

	s.options.silence_s = 1;
	start_alone_and_fill(&ping);
	assert_ok(pki_control_send(s.control, PKI_CONTROL_STOP, -1, &err),
	    &err);
	cr_expect_eq(await_end(), 0);
	close(s.link[0]);
}

/* One packet with ten descriptors. */
static void
say_with_descriptors(const pki_buf *packet)
{
	enum { COUNT = 10 };
	union {
		char           octets[CMSG_SPACE(COUNT * sizeof(int))];
		struct cmsghdr align;
	} room;
	struct iovec part = { packet->data, packet->len };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = &room, .msg_controllen = sizeof(room),
	};
	int fds[COUNT], i;

	memset(&room, 0, sizeof(room));
	for (i = 0; i < COUNT; i++)
		fds[i] = s.link[0];
	room.align.cmsg_level = SOL_SOCKET;
	room.align.cmsg_type = SCM_RIGHTS;
	room.align.cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(&room.align), fds, sizeof(fds));
	cr_assert(sendmsg(s.link[0], &message, MSG_NOSIGNAL) > 0);
}

Test(serve_captured, that_passes_descriptors_leaves_none)
{
	pki_message ping = pki_message_of(PKI_MESSAGE_PING);
	uint8_t *room = malloc(PKI_WIRE_MAX);
	size_t before;
	uint64_t id;

	start_alone();
	before = count_descriptors();
	for (id = 1; id <= 300; id++) {
		PKI_AUTO(pki_buf) packet = NULL;
		pki_message answer;

		ping.id = id;
		packet = packet_of(&ping);
		say_with_descriptors(packet);
		answer = hear_answer(room);
		cr_expect_eq(answer.type, PKI_MESSAGE_PONG);
		cr_expect_eq(answer.id, id);
	}
	cr_expect_eq(count_descriptors(), before);
	cr_expect_eq(end_link(), 0);
	free(room);
}

/* An id is the worker's affair: it gets as many answers as it asked. */
Test(serve_captured, that_says_a_request_again_gets_the_same_again)
{
	PKI_AUTO(pki_key) key = NULL;
	PKI_AUTO(pki_cert) first = NULL;
	PKI_AUTO(pki_buf) csr = NULL;
	pki_token_draft token = give_token(&s, "meter-1");
	struct question q = { .type = PKI_MESSAGE_ENROLL };
	uint8_t *room = malloc(PKI_WIRE_MAX);
	pki_message message, answer;
	int i;

	assert_ok(pki_key_generate(PKI_KEY_P256, &key, &err), &err);
	csr = csr_for(key, "meter-1");
	q.csr = pki_buf_bytes(csr);
	q.token = token.text;
	message = message_of(&q);
	start_alone();
	for (i = 0; i < 50; i++)
		cr_assert(say(&message, UINT64_MAX, PATIENCE_MS));
	for (i = 0; i < 50; i++) {
		answer = hear_answer(room);
		cr_assert_eq(answer.id, UINT64_MAX);
		cr_assert_eq(answer.type, PKI_MESSAGE_ISSUED);
		if (first == NULL)
			assert_ok(pki_cert_parse(answer.field[PKI_TAG_CERT],
			    &first, &err), &err);
		cr_expect(pki_bytes_equal(answer.field[PKI_TAG_CERT],
		    pki_cert_der(first)));
	}
	cr_expect_eq(end_link(), 0);
	cr_expect_eq(certs_on_record(&s.t, "auditor"), 1);
	free(room);
}

/* What is inside is finished, and nothing of it is half on record. */
Test(serve_captured, that_hangs_up_in_the_middle_leaves_a_whole_record)
{
	enum { COUNT = 200 };
	PKI_AUTO(pki_token_drafts) drafts = give_tokens(&s, COUNT);
	pki_audit_head head;
	size_t i, certs;

	start_alone();
	for (i = 0; i < COUNT; i++) {
		PKI_AUTO(pki_key) key = NULL;
		PKI_AUTO(pki_buf) csr = NULL;
		struct question q = { .type = PKI_MESSAGE_ENROLL };
		pki_message message;

		assert_ok(pki_key_generate(PKI_KEY_P256, &key, &err), &err);
		csr = csr_for(key, drafts->items[i].device);
		q.csr = pki_buf_bytes(csr);
		q.token = drafts->items[i].text;
		message = message_of(&q);
		/* Ten answers fill a link, and what comes then waits. */
		if (!say(&message, i + 1, i < 8 ? PATIENCE_MS : 100))
			break;
	}
	cr_expect_eq(end_link(), 0);
	certs = certs_on_record(&s.t, "auditor");
	cr_expect(certs >= 1 && certs <= i, "%zu of %zu", certs, i);
	assert_ok(pki_audit_verify(s.t.ca, NULL, &head, NULL, NULL, &err),
	    &err);
}

/* Of a good PING, or of what the row says instead. */
static const struct lie {
	const char *name;
	size_t      len;        /* of the packet */
	size_t      at;         /* of the octets changed in its head */
	uint8_t     octets[8];
	size_t      count;
} lies[] = {
	{ "one octet", 1, 0, { 0 }, 0 },
	{ "a head less one", 23, 0, { 0 }, 0 },
	{ "a head and one", 25, 0, { 0 }, 0 },
	{ "the longest", PKI_WIRE_MAX, 0, { 0 }, 0 },
	{ "one more", PKI_WIRE_MAX + 1, 0, { 0 }, 0 },
	{ "far more", 2 * PKI_WIRE_MAX, 0, { 0 }, 0 },
	{ "no id", 24, 8, { 0, 0, 0, 0, 0, 0, 0, 0 }, 8 },
	{ "an answer", 24, 6, { 0, PKI_MESSAGE_PONG }, 2 },
	{ "a notice", 24, 6, { 0, PKI_MESSAGE_RELOADED }, 2 },
	{ "no type", 24, 6, { 0, 0 }, 2 },
	{ "a type of 2^16 and some", 24, 6, { 1, PKI_MESSAGE_PING }, 2 },
	{ "a length of 2^32 - 1", 24, 16, { 255, 255, 255, 255 }, 4 },
	{ "a version to come", 24, 4, { 0, 2 }, 2 },
	{ "a filler", 24, 20, { 0, 0, 0, 1 }, 4 },
	{ "a field that is not its own", 32, 16,
	    { 0, 0, 0, 8, 0, 0, 0, 0 }, 8 },
};

Test(serve_captured, that_lies_ends_the_issuer_and_nothing_is_kept)
{
	uint8_t *room = calloc(1, (size_t)2 * PKI_WIRE_MAX);
	pki_message ping = pki_message_of(PKI_MESSAGE_PING);
	PKI_AUTO(pki_buf) good = NULL;
	size_t i;

	ping.id = 7;
	good = packet_of(&ping);
	for (i = 0; i < PKI_COUNT(lies); i++) {
		const struct lie *lie = &lies[i];

		memset(room, 0, (size_t)2 * PKI_WIRE_MAX);
		memcpy(room, good->data, good->len);
		memcpy(room + lie->at, lie->octets, lie->count);
		start_alone();
		cr_assert(say_raw(room, lie->len, PATIENCE_MS), "%s",
		    lie->name);
		cr_expect_eq(await_end(), 1, "%s", lie->name);
		close(s.link[0]);
	}
	cr_expect_eq(certs_on_record(&s.t, "auditor"), 0);
	free(room);
}
