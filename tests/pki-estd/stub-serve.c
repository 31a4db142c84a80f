/*
 * An issuer without a CA, linked in place of pki_serve(): it says what a file
 * of the state directory has ready, and answers by the token's id.
 *
 *   tls.key tls.cer ca.cer issued.cer    DER
 *
 * Tokens: "issue" and any other gets issued.cer, "pending" 202, "refuse" 403,
 * "unknown" 401, "busy" 503, "later" an answer after 0.3 s, "never" none,
 * "crash" ends the process by SIGKILL, "garbage" sends what is no message.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "pki.h"

#define LATER_MS 300
#define LATER_MAX 256
#define FILE_MAX 16384

typedef struct stub {
	const pki_serve_options *options;
	uint64_t                 generation;
	pki_buf                 *cert;
	struct {
		uint64_t id;
		int64_t  due;
	} later[LATER_MAX];
	size_t                   n_later;
	uint8_t                  room[PKI_WIRE_MAX];
} stub;

static pki_code
read_file(const stub *s, const char *name, pki_buf **out, pki_err *err)
{
	char path[PKI_PATH_MAX];
	pki_code rc = pki_path_join(path, s->options->ca.state_dir, name, err);

	return rc == PKI_OK ? pki_file_read(path, FILE_MAX, PKI_FILE_ANY, out,
	    err) : rc;
}

static pki_code
say(const stub *s, const pki_message *message, pki_err *err)
{
	PKI_AUTO(pki_buf) packet = pki_buf_new();
	pki_code rc = packet == NULL ? pki_fail_memory(err) :
	    pki_wire_encode(message, packet, err);

	return rc == PKI_OK ? pki_wire_send_wait(s->options->link_fd,
	    pki_buf_bytes(packet), err) : rc;
}

/* ---- notices ---- */

static pki_code
say_hello(const stub *s, pki_err *err)
{
	pki_message hello = pki_message_of(PKI_MESSAGE_HELLO);

	pki_message_put_text(&hello, PKI_TAG_BUILD, s->options->build);
	pki_message_put_number(&hello, PKI_TAG_MOST_INSIDE, 64);
	pki_message_put_number(&hello, PKI_TAG_EPOCH, 1);
	return say(s, &hello, err);
}

static pki_code
say_state(const stub *s, pki_err *err)
{
	pki_message state = pki_message_of(PKI_MESSAGE_STATE);
	uint8_t room[PKI_COUNTER_MAX];
	pki_bytes counter;
	pki_code rc = pki_counter_encode("stub_starts_total", 1, room,
	    &counter, err);

	if (rc != PKI_OK)
		return rc;
	pki_message_put_number(&state, PKI_TAG_READY, 1);
	pki_message_put_text(&state, PKI_TAG_REASON, "");
	pki_message_put_number(&state, PKI_TAG_CLOCK, 1);
	pki_message_put_number(&state, PKI_TAG_STORE, 1);
	pki_message_put_number(&state, PKI_TAG_RETRY_AFTER, 0);
	pki_message_add(&state, counter);
	return say(s, &state, err);
}

static pki_message
of_set(const stub *s, pki_message_type type)
{
	pki_message message = pki_message_of(type);

	pki_message_put_number(&message, PKI_TAG_GENERATION, s->generation);
	return message;
}

static pki_code
say_tls(const stub *s, pki_bytes ca, pki_err *err)
{
	PKI_AUTO(pki_buf) key = NULL;
	PKI_AUTO(pki_buf) cert = NULL;
	pki_message tls = of_set(s, PKI_MESSAGE_TLS);
	pki_message cas = of_set(s, PKI_MESSAGE_CLIENT_CAS);
	pki_code rc = read_file(s, "tls.key", &key, err);

	if (rc == PKI_OK)
		rc = read_file(s, "tls.cer", &cert, err);
	if (rc != PKI_OK)
		return rc;
	pki_message_put(&tls, PKI_TAG_KEY, pki_buf_bytes(key));
	pki_message_add(&tls, pki_buf_bytes(cert));
	pki_message_add(&cas, ca);
	rc = say(s, &tls, err);
	return rc == PKI_OK ? say(s, &cas, err) : rc;
}

/* With label "bare" no wishes for requests, and lines of 64. */
static pki_code
say_label(const stub *s, const char *label, pki_bytes ca, pki_err *err)
{
	static const uint8_t wishes[] = { 0x30, 0x0b, 0x06, 0x09, 0x2a, 0x86,
	    0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x07 };
	PKI_AUTO(pki_buf) cms = pki_buf_new();
	bool bare = strcmp(label, "bare") == 0;
	pki_message certs = of_set(s, PKI_MESSAGE_CACERTS);
	pki_message attrs = of_set(s, PKI_MESSAGE_CSRATTRS);
	pki_digest digest;
	pki_code rc = pki_certs_only_encode(&ca, 1, cms, err);

	if (rc == PKI_OK)
		rc = pki_digest_of(pki_buf_bytes(cms), &digest, err);
	if (rc != PKI_OK)
		return rc;
	pki_message_put_text(&certs, PKI_TAG_LABEL, label);
	pki_message_put(&certs, PKI_TAG_CMS, pki_buf_bytes(cms));
	pki_message_put(&certs, PKI_TAG_ETAG, pki_digest_bytes(&digest));
	pki_message_put_number(&certs, PKI_TAG_WIDTH, bare ? 64 : 0);
	pki_message_put_text(&attrs, PKI_TAG_LABEL, label);
	pki_message_put(&attrs, PKI_TAG_ATTRS, bare ? pki_bytes_of("", 0) :
	    pki_bytes_of(wishes, sizeof(wishes)));
	pki_message_put_number(&attrs, PKI_TAG_WIDTH, 0);
	rc = say(s, &certs, err);
	return rc == PKI_OK ? say(s, &attrs, err) : rc;
}

static pki_code
say_set(stub *s, pki_err *err)
{
	static const char *const names[] = { "", "meter", "bare" };
	PKI_AUTO(pki_buf) ca = NULL;
	pki_message labels;
	pki_code rc = read_file(s, "ca.cer", &ca, err);

	s->generation++;
	if (rc == PKI_OK)
		rc = say_tls(s, pki_buf_bytes(ca), err);
	labels = of_set(s, PKI_MESSAGE_LABELS);
	for (size_t i = 0; i < PKI_COUNT(names) && rc == PKI_OK; i++) {
		rc = say_label(s, names[i], pki_buf_bytes(ca), err);
		pki_message_add(&labels, pki_bytes_text(names[i]));
	}
	return rc == PKI_OK ? say(s, &labels, err) : rc;
}

/* ---- answers ---- */

static pki_code
answer_issued(const stub *s, uint64_t id, pki_err *err)
{
	pki_message issued = pki_message_of(PKI_MESSAGE_ISSUED);

	issued.id = id;
	pki_message_put(&issued, PKI_TAG_CERT, pki_buf_bytes(s->cert));
	pki_message_put_number(&issued, PKI_TAG_WIDTH, 76);
	pki_message_put_number(&issued, PKI_TAG_REPLAY, 0);
	pki_message_put_number(&issued, PKI_TAG_POP, 0);
	return say(s, &issued, err);
}

static pki_code
answer_pending(const stub *s, uint64_t id, pki_err *err)
{
	pki_message pending = pki_message_of(PKI_MESSAGE_PENDING);

	pending.id = id;
	pki_message_put_number(&pending, PKI_TAG_RETRY_AFTER, 77);
	pki_message_put_text(&pending, PKI_TAG_PENDING_ID, "p1");
	return say(s, &pending, err);
}

static pki_code
answer_busy(const stub *s, uint64_t id, pki_err *err)
{
	pki_message busy = pki_message_of(PKI_MESSAGE_BUSY);

	busy.id = id;
	pki_message_put_number(&busy, PKI_TAG_RETRY_AFTER, 5);
	pki_message_put_text(&busy, PKI_TAG_RULE, "clock-suspect");
	return say(s, &busy, err);
}

static pki_code
answer_refused(const stub *s, uint64_t id, unsigned http, pki_err *err)
{
	pki_message refused;
	pki_err why;

	pki_refuse(&why, PKI_DENIED, "key-size", "2048, 3072", "%s",
	    "RSA 1024");
	pki_message_refuse(&refused, id, http, &why);
	return say(s, &refused, err);
}

static pki_code
answer_later(stub *s, uint64_t id, pki_err *err)
{
	if (s->n_later == LATER_MAX)
		return answer_busy(s, id, err);
	s->later[s->n_later].id = id;
	s->later[s->n_later++].due = pki_clock_monotonic_ms() + LATER_MS;
	return PKI_OK;
}

static pki_code
answer_due(stub *s, int64_t now, pki_err *err)
{
	pki_code rc = PKI_OK;

	/* All wait equally long. */
	while (rc == PKI_OK && s->n_later > 0 && s->later[0].due <= now) {
		rc = answer_issued(s, s->later[0].id, err);
		memmove(&s->later[0], &s->later[1],
		    --s->n_later * sizeof(s->later[0]));
	}
	return rc;
}

static bool
is_token(const pki_message *message, const char *id)
{
	pki_bytes token = message->field[PKI_TAG_TOKEN];
	size_t len = strlen(id);

	return token.len > len && memcmp(token.data, id, len) == 0 &&
	    token.data[len] == '.';
}

static pki_code
answer(stub *s, const pki_message *message, pki_err *err)
{
	pki_message pong = pki_message_of(PKI_MESSAGE_PONG);
	uint64_t id = message->id;

	pong.id = id;
	if (message->type == PKI_MESSAGE_PING)
		return say(s, &pong, err);
	if (is_token(message, "crash"))
		raise(SIGKILL);
	if (is_token(message, "garbage"))
		return pki_wire_send_wait(s->options->link_fd,
		    pki_bytes_text("this is no message"), err);
	if (is_token(message, "never"))
		return PKI_OK;
	if (is_token(message, "later"))
		return answer_later(s, id, err);
	if (is_token(message, "pending"))
		return answer_pending(s, id, err);
	if (is_token(message, "busy"))
		return answer_busy(s, id, err);
	if (is_token(message, "refuse"))
		return answer_refused(s, id, 403, err);
	if (is_token(message, "unknown"))
		return answer_refused(s, id, 401, err);
	return answer_issued(s, id, err);
}

/* ---- the loop ---- */

static pki_code
take_link(stub *s, pki_err *err)
{
	pki_message message;
	pki_bytes packet;
	pki_code rc;

	while ((rc = pki_wire_receive(s->options->link_fd, s->room, &packet,
	    err)) == PKI_OK) {
		rc = pki_wire_decode(packet, PKI_WIRE_WORKER, &message, err);
		if (rc == PKI_OK)
			rc = answer(s, &message, err);
		if (rc != PKI_OK)
			return rc;
	}
	return rc == PKI_BUSY ? PKI_OK : rc;
}

static pki_code
take_control(stub *s, bool *stop, pki_err *err)
{
	pki_control control;
	int fd;
	pki_code rc = pki_control_receive(s->options->control_fd, &control,
	    &fd, err);

	if (rc == PKI_NOT_FOUND || (rc == PKI_OK &&
	    control == PKI_CONTROL_STOP))
		*stop = true;
	if (rc != PKI_OK || control != PKI_CONTROL_RELOAD)
		return rc == PKI_BUSY || rc == PKI_NOT_FOUND ? PKI_OK : rc;
	rc = say_set(s, err);
	return pki_control_send(s->options->control_fd, rc == PKI_OK ?
	    PKI_CONTROL_READY : PKI_CONTROL_RELOAD_FAILED, -1, err);
}

static pki_code
loop(stub *s, pki_err *err)
{
	struct pollfd fds[] = {
		{ s->options->control_fd, POLLIN, 0 },
		{ s->options->link_fd, POLLIN, 0 },
	};
	bool stop = false;
	pki_code rc = PKI_OK;

	while (rc == PKI_OK && !stop) {
		if (poll(fds, PKI_COUNT(fds), s->n_later > 0 ? 10 : -1) < 0 &&
		    errno != EINTR)
			return pki_fail_errno(err, "poll");
		if (fds[1].revents != 0)
			rc = take_link(s, err);
		if (rc == PKI_OK)
			rc = answer_due(s, pki_clock_monotonic_ms(), err);
		if (rc == PKI_OK && fds[0].revents != 0)
			rc = take_control(s, &stop, err);
	}
	/* The worker is gone, or the parent says so. */
	return rc == PKI_NOT_FOUND ? PKI_OK : rc;
}

pki_code
pki_serve(const pki_serve_options *options, pki_err *err)
{
	stub *s = calloc(1, sizeof(*s));
	pki_code rc;

	if (s == NULL)
		return pki_fail_memory(err);
	s->options = options;
	rc = read_file(s, "issued.cer", &s->cert, err);
	if (rc == PKI_OK)
		rc = options->opened(options->arg, err);
	if (rc == PKI_OK)
		rc = say_hello(s, err);
	if (rc == PKI_OK)
		rc = say_set(s, err);
	if (rc == PKI_OK)
		rc = say_state(s, err);
	if (rc == PKI_OK)
		rc = loop(s, err);
	pki_buf_free(s->cert);
	free(s);
	return rc;
}
