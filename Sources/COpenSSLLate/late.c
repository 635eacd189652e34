// The OpenSSL functions that the station calls, under their own names: each finds the real one in libssl when it is first
// called. A station without TLS never loads the library: 4 million instructions of its start, most of them the 3,000
// symbols of libcrypto that the loader binds at once, and 1.7 MB of memory. Where the library is missing every
// function fails in its own way, and a TLS connection with it.
//
// A new OpenSSL function in Sources needs a line here; without it the program does not link.
#include "COpenSSLLate.h"

#include <dlfcn.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/opensslv.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdatomic.h>

#define TEXT_OF(number) #number
#define SONAME(number) "libssl.so." TEXT_OF(number)

static void *library;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) { library = dlopen(SONAME(OPENSSL_SHLIB_VERSION), RTLD_NOW | RTLD_LOCAL); }

/// Looks in libssl and in libcrypto, which it needs.
static void *find(const char *name) {
  pthread_once(&once, load);
  return library ? dlsym(library, name) : NULL;
}

int openssl_late_is_available(void) { return find("SSL_CTX_new") != NULL; }

#define FOUND(result, name, parameters)                             \
  static _Atomic(void *) place;                                     \
  void *address = atomic_load_explicit(&place, memory_order_acquire); \
  if (!address) {                                                   \
    address = find(#name);                                          \
    atomic_store_explicit(&place, address, memory_order_release);   \
  }                                                                 \
  result(*function) parameters = (result(*) parameters)address;

#define LATE(result, failure, name, parameters, arguments) \
  result name parameters {                                 \
    FOUND(result, name, parameters)                        \
    return function ? function arguments : failure;        \
  }

#define LATE_VOID(name, parameters, arguments) \
  void name parameters {                       \
    FOUND(void, name, parameters)              \
    if (function) function arguments;          \
  }

LATE(long, 0, BIO_ctrl, (BIO * bio, int command, long number, void *value), (bio, command, number, value))
LATE(int, 0, BIO_free, (BIO * bio), (bio))
LATE(BIO *, NULL, BIO_new, (const BIO_METHOD *method), (method))
LATE(const BIO_METHOD *, NULL, BIO_s_mem, (void), ())
LATE(int, -1, BIO_write, (BIO * bio, const void *bytes, int count), (bio, bytes, count))

LATE_VOID(ERR_clear_error, (void), ())
LATE(unsigned long, 0, ERR_get_error, (void), ())
LATE(const char *, NULL, ERR_reason_error_string, (unsigned long error), (error))

LATE(X509 *, NULL, PEM_read_bio_X509, (BIO * bio, X509 **place_of, pem_password_cb *callback, void *value),
     (bio, place_of, callback, value))
LATE(int, 0, X509_STORE_add_cert, (X509_STORE * store, X509 *certificate), (store, certificate))
LATE(int, 0, X509_VERIFY_PARAM_set1_ip_asc, (X509_VERIFY_PARAM * parameters, const char *address_text),
     (parameters, address_text))
LATE_VOID(X509_free, (X509 * certificate), (certificate))
LATE(const char *, NULL, X509_verify_cert_error_string, (long error), (error))

LATE(const SSL_METHOD *, NULL, TLS_client_method, (void), ())
LATE(const char *, NULL, SSL_CIPHER_get_name, (const SSL_CIPHER *cipher), (cipher))
LATE(long, 0, SSL_CTX_ctrl, (SSL_CTX * context, int command, long number, void *value),
     (context, command, number, value))
LATE_VOID(SSL_CTX_free, (SSL_CTX * context), (context))
LATE(X509_STORE *, NULL, SSL_CTX_get_cert_store, (const SSL_CTX *context), (context))
LATE(int, 0, SSL_CTX_load_verify_file, (SSL_CTX * context, const char *file), (context, file))
LATE(SSL_CTX *, NULL, SSL_CTX_new, (const SSL_METHOD *method), (method))
LATE(int, 0, SSL_CTX_set_cipher_list, (SSL_CTX * context, const char *list), (context, list))
LATE(int, 0, SSL_CTX_set_default_verify_paths, (SSL_CTX * context), (context))
LATE(uint64_t, 0, SSL_CTX_set_options, (SSL_CTX * context, uint64_t options), (context, options))
LATE_VOID(SSL_CTX_set_security_level, (SSL_CTX * context, int level), (context, level))
LATE_VOID(SSL_CTX_set_verify, (SSL_CTX * context, int mode, SSL_verify_cb callback), (context, mode, callback))
LATE(long, 0, SSL_ctrl, (SSL * session, int command, long number, void *value), (session, command, number, value))
LATE(int, -1, SSL_do_handshake, (SSL * session), (session))
LATE_VOID(SSL_free, (SSL * session), (session))
LATE(X509_VERIFY_PARAM *, NULL, SSL_get0_param, (SSL * session), (session))
LATE(const SSL_CIPHER *, NULL, SSL_get_current_cipher, (const SSL *session), (session))
LATE(int, SSL_ERROR_SSL, SSL_get_error, (const SSL *session, int answer), (session, answer))
LATE(long, X509_V_ERR_UNSPECIFIED, SSL_get_verify_result, (const SSL *session), (session))
LATE(const char *, "", SSL_get_version, (const SSL *session), (session))
LATE(SSL *, NULL, SSL_new, (SSL_CTX * context), (context))
LATE(int, 0, SSL_read_ex, (SSL * session, void *bytes, size_t count, size_t *done), (session, bytes, count, done))
LATE(int, 0, SSL_set1_host, (SSL * session, const char *name), (session, name))
LATE_VOID(SSL_set_bio, (SSL * session, BIO *reading, BIO *writing), (session, reading, writing))
LATE_VOID(SSL_set_connect_state, (SSL * session), (session))
LATE_VOID(SSL_set_hostflags, (SSL * session, unsigned int flags), (session, flags))
LATE(int, -1, SSL_shutdown, (SSL * session), (session))
LATE(int, 0, SSL_write_ex, (SSL * session, const void *bytes, size_t count, size_t *done),
     (session, bytes, count, done))
