#ifndef PKI_ISSUER_WIRE_H
#define PKI_ISSUER_WIRE_H

/*
 * Messages as octets, and as packets of a SOCK_SEQPACKET socket (DESIGN 3).
 *
 * A packet is a header of 24 octets and fields.  Header: magic u32, version
 * u16, type u16, id u64, octets that follow u32, zero u32.  Field: tag u16,
 * zero u16, octets u32, the octets, without any filler.  Numbers have their
 * most significant octet first.  Fields ascend by tag, each at most as often
 * as the table of messages.h says.  Whatever else is malformed: the process
 * that reads it ends, for the other one was taken over or is of another build.
 */

#include "issuer/messages.h"

PKI_BEGIN_DECLS

#define PKI_WIRE_MAGIC   UINT32_C(0x504b4931)   /* "PKI1" */
#define PKI_WIRE_VERSION 1
#define PKI_WIRE_HEADER  24     /* octets */
#define PKI_WIRE_FIELD   8      /* octets in front of each field */

/*
 * Read a packet that this side sent.  What out holds is borrowed from packet.
 * PKI_BAD_INPUT: anything but a message of the table, by its sender, in the
 * form above.  Never reads beyond the packet, never allocates.
 */
PKI_CHECKED pki_code pki_wire_decode(pki_bytes packet, pki_wire_side from,
    pki_message *out, pki_err *err);

/*
 * Append a message's packet to out.  PKI_BAD_INPUT: the table does not allow
 * it, or it has more than PKI_WIRE_MAX octets; out is then as before.
 * PKI_NO_MEMORY.  What leaves here, pki_wire_decode() takes.
 */
PKI_CHECKED pki_code pki_wire_encode(const pki_message *message, pki_buf *out,
    pki_err *err);

/*
 * Give a packet, encoded with any id, the id that counts: who must not lose
 * time under a lock encodes before.  packet holds PKI_WIRE_HEADER octets.
 */
void pki_wire_stamp(uint8_t *packet, uint64_t id);

/*
 * Send one packet, never waiting: the worker's way.  PKI_BUSY: the socket is
 * full.  PKI_NOT_FOUND: the other end is closed.  PKI_BAD_INPUT: empty, which
 * would look like the end, or larger than PKI_WIRE_MAX.  PKI_SYSTEM.
 */
PKI_CHECKED pki_code pki_wire_send(int fd, pki_bytes packet, pki_err *err);

/*
 * The same, waiting while the socket is full: the issuer's way.  PKI_BUSY: for
 * as long as the socket's SO_SNDTIMEO says, if it has one.
 */
PKI_CHECKED pki_code pki_wire_send_wait(int fd, pki_bytes packet,
    pki_err *err);

/*
 * Take one packet into room, of PKI_WIRE_MAX octets; out is borrowed from it.
 * Never waits.  PKI_BUSY: nothing there.  PKI_NOT_FOUND: the end, and nothing
 * comes any more.  PKI_BAD_INPUT: larger than PKI_WIRE_MAX.  PKI_SYSTEM.
 *
 * When the other end died with packets of ours unread, the first look says so
 * (ECONNRESET) and the next ones still give what it had sent: those answers
 * are of committed work, so this goes on.  Descriptors that come along are
 * closed by the kernel.
 */
PKI_CHECKED pki_code pki_wire_receive(int fd, uint8_t *room, pki_bytes *out,
    pki_err *err);

PKI_END_DECLS

#endif
