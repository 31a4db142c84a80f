# Programs that give hostile input to a parser.  Here each replays its corpus;
# configured with --enable-fuzzing, by "run", libFuzzer makes the inputs.
EXTRA_DIST += \
	%D%/README \
	%D%/corpus \
	%D%/run

if FUZZING
fuzz_main =
fuzz_ldflags = $(AM_LDFLAGS) -fsanitize=fuzzer
else
fuzz_main = %D%/replay.c
fuzz_ldflags = $(AM_LDFLAGS)
endif
fuzz_sources = %D%/fuzz.c %D%/fuzz.h $(fuzz_main)
fuzz_ldadd = libpki-ca.la libpki-core.la
fuzz_cppflags = $(AM_CPPFLAGS) \
	-DFUZZ_CORPUS='"$(abs_top_srcdir)/%D%/corpus/" FUZZ_TARGET'

check_PROGRAMS += \
	%D%/fuzz-auth \
	%D%/fuzz-certs-only \
	%D%/fuzz-crl \
	%D%/fuzz-csr \
	%D%/fuzz-csrattrs \
	%D%/fuzz-der \
	%D%/fuzz-est-answer \
	%D%/fuzz-est-body \
	%D%/fuzz-gate \
	%D%/fuzz-head-gate \
	%D%/fuzz-http \
	%D%/fuzz-profile \
	%D%/fuzz-proxy \
	%D%/fuzz-wire

%C%_fuzz_auth_SOURCES = %D%/fuzz-auth.c $(fuzz_sources)
%C%_fuzz_auth_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"auth"'
%C%_fuzz_auth_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_auth_LDADD = libestd.la $(fuzz_ldadd)
%C%_fuzz_certs_only_SOURCES = %D%/fuzz-certs-only.c $(fuzz_sources)
%C%_fuzz_certs_only_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"certs-only"'
%C%_fuzz_certs_only_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_certs_only_LDADD = $(fuzz_ldadd)
%C%_fuzz_crl_SOURCES = \
	%D%/fuzz-crl.c \
	tests/support/crl-maker.c \
	tests/support/crl-maker.h \
	$(fuzz_sources)
%C%_fuzz_crl_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"crl"'
%C%_fuzz_crl_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_crl_LDADD = $(fuzz_ldadd)
%C%_fuzz_csr_SOURCES = %D%/fuzz-csr.c $(fuzz_sources)
%C%_fuzz_csr_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"csr"'
%C%_fuzz_csr_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_csr_LDADD = $(fuzz_ldadd)
%C%_fuzz_csrattrs_SOURCES = %D%/fuzz-csrattrs.c $(fuzz_sources)
%C%_fuzz_csrattrs_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"csrattrs"'
%C%_fuzz_csrattrs_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_csrattrs_LDADD = $(fuzz_ldadd)
%C%_fuzz_der_SOURCES = %D%/fuzz-der.c $(fuzz_sources)
%C%_fuzz_der_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"der"'
%C%_fuzz_der_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_der_LDADD = $(fuzz_ldadd)
%C%_fuzz_est_answer_SOURCES = %D%/fuzz-est-answer.c $(fuzz_sources)
%C%_fuzz_est_answer_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"est-answer"'
%C%_fuzz_est_answer_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_est_answer_LDADD = libenroll.la libpki-core.la
%C%_fuzz_est_body_SOURCES = %D%/fuzz-est-body.c $(fuzz_sources)
%C%_fuzz_est_body_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"est-body"'
%C%_fuzz_est_body_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_est_body_LDADD = $(fuzz_ldadd)
%C%_fuzz_gate_SOURCES = \
	%D%/fuzz-gate.c \
	%D%/gate-cert.c \
	%D%/gate-cert.h \
	%D%/gate-world.c \
	%D%/gate-world.h \
	$(fuzz_sources)
%C%_fuzz_gate_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"gate"'
%C%_fuzz_gate_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_gate_LDADD = $(fuzz_ldadd)
%C%_fuzz_head_gate_SOURCES = \
	%D%/fuzz-head-gate.c \
	%D%/head-reader.c \
	%D%/head-reader.h \
	$(fuzz_sources)
%C%_fuzz_head_gate_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"head-gate"'
%C%_fuzz_head_gate_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_head_gate_LDADD = libestd.la $(fuzz_ldadd)
%C%_fuzz_http_SOURCES = \
	%D%/fuzz-http.c \
	%D%/head-reader.c \
	%D%/head-reader.h \
	$(fuzz_sources)
%C%_fuzz_http_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"http"'
%C%_fuzz_http_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_http_LDADD = libestd.la $(fuzz_ldadd)
%C%_fuzz_profile_SOURCES = %D%/fuzz-profile.c $(fuzz_sources)
%C%_fuzz_profile_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"profile"'
%C%_fuzz_profile_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_profile_LDADD = $(fuzz_ldadd)
%C%_fuzz_proxy_SOURCES = %D%/fuzz-proxy.c $(fuzz_sources)
%C%_fuzz_proxy_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"proxy"'
%C%_fuzz_proxy_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_proxy_LDADD = libestd.la $(fuzz_ldadd)
%C%_fuzz_wire_SOURCES = %D%/fuzz-wire.c $(fuzz_sources)
%C%_fuzz_wire_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"wire"'
%C%_fuzz_wire_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_wire_LDADD = $(fuzz_ldadd)
