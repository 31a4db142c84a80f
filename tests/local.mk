# Criterion programs report each test by TAP; scripts are one test each.
TEST_EXTENSIONS = .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) \
	$(top_srcdir)/build-aux/tap-driver.sh
LOG_COMPILER = $(SHELL) $(top_srcdir)/%D%/support/run-criterion.sh
EXTRA_DIST += \
	%D%/check-installed.sh \
	%D%/install-deps

# Programs without libtool's wrapper, which a fault test would hit.
AM_TESTS_ENVIRONMENT = \
	abs_top_srcdir='$(abs_top_srcdir)'; export abs_top_srcdir; \
	abs_top_builddir='$(abs_top_builddir)'; export abs_top_builddir; \
	PKI_CTL='$(abs_top_builddir)/.libs/pki-ctl'; export PKI_CTL; \
	LD_LIBRARY_PATH='$(abs_top_builddir)/.libs'; export LD_LIBRARY_PATH; \
	FAULT_SHIM='$(abs_top_builddir)/tests/.libs/fault-shim.so'; \
	export FAULT_SHIM; \
	ASAN_OPTIONS=verify_asan_link_order=0; export ASAN_OPTIONS; \
	CC='$(CC)'; export CC; LC_ALL=C.UTF-8; export LC_ALL;

dist_check_SCRIPTS += \
	%D%/check-headers.sh \
	%D%/check-layers.sh \
	%D%/check-man.sh \
	%D%/check-scripts-bite.sh \
	%D%/check-size.sh \
	%D%/check-symbols.sh \
	%D%/check-text.sh \
	%D%/check-units.sh
TESTS += $(dist_check_SCRIPTS)

# What a Criterion program is made with.
tests_ldadd = %D%/libsupport.la libpki-ca.la libpki-core.la $(CRITERION_LIBS)
tests_cppflags = $(AM_CPPFLAGS) $(CRITERION_CFLAGS) \
	-DTEMPLATES_DIR='"$(abs_top_srcdir)/ca-templates"' \
	-DFIXTURES_DIR='"$(abs_top_srcdir)/%D%/fixtures"'

include %D%/fixtures/local.mk
include %D%/bench/local.mk
include %D%/support/local.mk
include %D%/lib/base/local.mk
include %D%/lib/x509/local.mk
include %D%/lib/est/local.mk
include %D%/lib/policy/local.mk
include %D%/lib/sign/local.mk
include %D%/lib/store/local.mk
include %D%/lib/ca/local.mk
include %D%/lib/issuer/local.mk
include %D%/pki-ctl/local.mk
include %D%/pki-enroll/local.mk
include %D%/pki-estd/local.mk
include %D%/faults/local.mk
include %D%/fuzz/local.mk

if HAVE_CRITERION
TESTS += $(check_PROGRAMS)
else
check-local:
	@echo 'make check needs Criterion: install the Debian package' \
	    'libcriterion-dev and run configure again' >&2; exit 1
endif

# A program built against what "make install" installed.
installcheck-local:
	CC='$(CC) $(CFLAGS)' $(SHELL) $(top_srcdir)/%D%/check-installed.sh \
	    '$(DESTDIR)' '$(libdir)'
