/*
 * Usage: gnutls-client PORT CA OPERATION [AUTHORIZATION | CERT KEY] <REQUEST
 * A client of EST as one writes it with GnuTLS alone: cacerts, simpleenroll
 * and simplereenroll at localhost:PORT.  It believes CA, checks the server's
 * name, sends the DER request of standard input, and prints as PEM the
 * certificates that come.
 */
#include "tests/pki-estd/gnutls-check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gnutls/gnutls.h>
#include <gnutls/pkcs7.h>
#include <gnutls/x509.h>

#define ANSWER_MAX 65536

/* ---- the connection ---- */

static int
connect_to(const char *port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(port)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		die("port '%s': %s", port, strerror(errno));
	return fd;
}

static gnutls_session_t
open_session(int fd, gnutls_certificate_credentials_t credentials)
{
	gnutls_session_t session;
	int rc;

	check(gnutls_init(&session, GNUTLS_CLIENT), "init");
	check(gnutls_set_default_priority(session), "priority");
	check(gnutls_server_name_set(session, GNUTLS_NAME_DNS, "localhost",
	    strlen("localhost")), "server name");
	check(gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE,
	    credentials), "credentials");
	gnutls_session_set_verify_cert(session, "localhost", 0);
	gnutls_transport_set_int(session, fd);
	do
		rc = gnutls_handshake(session);
	while (rc < 0 && !gnutls_error_is_fatal(rc));
	check(rc, "handshake");
	return session;
}

static void
send_all(gnutls_session_t session, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = gnutls_record_send(session, data, len);

		if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
			continue;
		check((int)n, "send");
		data += n;
		len -= (size_t)n;
	}
}

/* To the end of the connection, which "Connection: close" asks for. */
static size_t
receive_all(gnutls_session_t session, char *data, size_t max)
{
	size_t len = 0;
	ssize_t n;

	while (len < max) {
		n = gnutls_record_recv(session, data + len, max - len);
		if (n == 0)
			break;
		if (n < 0 && !gnutls_error_is_fatal((int)n))
			continue;
		check((int)n, "receive");
		len += (size_t)n;
	}
	data[len] = '\0';
	return len;
}

/* ---- the request ---- */

static gnutls_datum_t
read_request(void)
{
	static unsigned char der[16384];
	gnutls_datum_t in = { der, 0 }, out;

	in.size = (unsigned)fread(der, 1, sizeof(der), stdin);
	check(gnutls_base64_encode2(&in, &out), "base64");
	return out;
}

static void
ask(gnutls_session_t session, const char *operation, const char *authorization)
{
	static char head[1024];
	gnutls_datum_t body = { NULL, 0 };
	int posts = strcmp(operation, "cacerts") != 0;

	if (posts)
		body = read_request();
	snprintf(head, sizeof(head), "%s /.well-known/est/%s HTTP/1.1\r\n"
	    "Host: localhost\r\nConnection: close\r\n%s%s%s",
	    posts ? "POST" : "GET", operation,
	    authorization != NULL ? "Authorization: " : "",
	    authorization != NULL ? authorization : "",
	    authorization != NULL ? "\r\n" : "");
	send_all(session, head, strlen(head));
	if (posts) {
		snprintf(head, sizeof(head),
		    "Content-Type: application/pkcs10\r\n"
		    "Content-Length: %u\r\n", body.size);
		send_all(session, head, strlen(head));
	}
	send_all(session, "\r\n", 2);
	send_all(session, (const char *)body.data, body.size);
	gnutls_free(body.data);
}

/* ---- the answer ---- */

static void
print_certs(char *text, size_t len)
{
	gnutls_datum_t in = { (unsigned char *)text, (unsigned)len }, der, one;
	gnutls_pkcs7_t pkcs7;
	int count;

	check(gnutls_base64_decode2(&in, &der), "base64");
	check(gnutls_pkcs7_init(&pkcs7), "PKCS#7");
	check(gnutls_pkcs7_import(pkcs7, &der, GNUTLS_X509_FMT_DER), "PKCS#7");
	count = gnutls_pkcs7_get_crt_count(pkcs7);
	check(count, "PKCS#7");
	for (int i = 0; i < count; i++) {
		gnutls_datum_t pem;

		check(gnutls_pkcs7_get_crt_raw2(pkcs7, (unsigned)i, &one),
		    "certificate");
		check(gnutls_pem_base64_encode2("CERTIFICATE", &one, &pem),
		    "PEM");
		fwrite(pem.data, 1, pem.size, stdout);
		gnutls_free(pem.data);
		gnutls_free(one.data);
	}
	gnutls_pkcs7_deinit(pkcs7);
	gnutls_free(der.data);
}

static void
take_answer(char *answer, size_t len)
{
	char *body = strstr(answer, "\r\n\r\n");

	if (strncmp(answer, "HTTP/1.1 200 ", 13) != 0 || body == NULL)
		die("the answer is '%.*s'", (int)strcspn(answer, "\r\n"),
		    answer);
	body += 4;
	print_certs(body, len - (size_t)(body - answer));
}

int
main(int argc, char **argv)
{
	static char answer[ANSWER_MAX + 1];
	gnutls_certificate_credentials_t credentials;
	gnutls_session_t session;
	size_t len;
	int fd;

	if (argc < 4 || argc > 6)
		die("wants PORT CA OPERATION [AUTHORIZATION | CERT KEY]");
	check(gnutls_certificate_allocate_credentials(&credentials),
	    "credentials");
	check(gnutls_certificate_set_x509_trust_file(credentials, argv[2],
	    GNUTLS_X509_FMT_PEM), argv[2]);
	if (argc == 6)
		check(gnutls_certificate_set_x509_key_file(credentials,
		    argv[4], argv[5], GNUTLS_X509_FMT_PEM), argv[4]);
	fd = connect_to(argv[1]);
	session = open_session(fd, credentials);
	ask(session, argv[3], argc == 5 ? argv[4] : NULL);
	len = receive_all(session, answer, ANSWER_MAX);
	gnutls_bye(session, GNUTLS_SHUT_WR);
	gnutls_deinit(session);
	close(fd);
	gnutls_certificate_free_credentials(credentials);
	take_answer(answer, len);
	return 0;
}
