#ifndef TESTS_FUZZ_HEAD_READER_H
#define TESTS_FUZZ_HEAD_READER_H

/*
 * A second reader of the head of a request.  It knows RFC 9112 without its
 * ways to be lenient: what the gate lets pass must mean the same to it.
 */

#include "pki-estd/gate.h"

typedef struct plain_head {
	pki_bytes   method, target, version;
	gate_header headers[GATE_HEADERS_MAX];  /* values without spaces */
	size_t      count;
} plain_head;

/*
 * The octets of the head with which raw begins, its empty line included; all
 * of out is borrowed.  0: there is none, or not one of exactly this form.
 */
size_t plain_head_read(pki_bytes raw, plain_head *out);

/* These facts are what the head says, and it keeps the gate's rules. */
void plain_head_check(const plain_head *head, const gate_facts *facts);

#endif
