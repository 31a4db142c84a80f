/* LD_PRELOAD: a program of OpenSSL that speaks no TLS 1.3. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <dlfcn.h>

#include <openssl/ssl.h>

long
SSL_CTX_ctrl(SSL_CTX *ctx, int command, long value, void *arg)
{
	__typeof__(&SSL_CTX_ctrl) next =
	    (__typeof__(&SSL_CTX_ctrl))dlsym(RTLD_NEXT, "SSL_CTX_ctrl");

	if (command == SSL_CTRL_SET_MIN_PROTO_VERSION)
		next(ctx, SSL_CTRL_SET_MAX_PROTO_VERSION, TLS1_2_VERSION,
		    NULL);
	return next(ctx, command, value, arg);
}
