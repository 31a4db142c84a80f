#include "pki-estd/options.h"

pki_code
estd_options_load(const estd_options *options, estd_config **out,
    pki_err *err)
{
	if (options->conf == NULL && !pki_file_exists(options->conf_path))
		return estd_config_defaults(out, err);
	return estd_config_load(options->conf_path, out, err);
}
