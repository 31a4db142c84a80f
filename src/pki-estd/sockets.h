#ifndef PKI_ESTD_SOCKETS_H
#define PKI_ESTD_SOCKETS_H

/* The listening sockets: of systemd, or bound here. */

#include "pki-estd/config.h"
#include "pki-estd/routes.h"

#define SOCKETS_COUNT (DOOR_STATUS + 1)

typedef struct estd_sockets {
	int fd[SOCKETS_COUNT];          /* by routes_door; -1: none */
} estd_sockets;

/*
 * Take what systemd hands over (sd_listen_fds(3): "status" for the status
 * door, any other name for devices), bind the rest by the settings.
 * PKI_USAGE: two for one door, or no stream socket that listens.
 * PKI_BAD_INPUT: what the settings say is no place.  PKI_SYSTEM.
 */
PKI_CHECKED pki_code sockets_open(const estd_config *config,
    estd_sockets *out, pki_err *err);
void sockets_close(estd_sockets *sockets);

#endif
