// OpenSSL, loaded when it is first used.
#pragma once

/// Whether OpenSSL is there; loads it.
int openssl_late_is_available(void);
