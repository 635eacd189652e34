// OpenSSL 3. Function-like macros are not imported into Swift: each that we need has a name here.
#pragma once
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static inline long copenssl_set_server_name(SSL *ssl, const char *name) {
  return SSL_set_tlsext_host_name(ssl, (char *)name);
}
static inline int copenssl_set_protocol_range(SSL_CTX *context, int lowest, int highest) {
  return SSL_CTX_set_min_proto_version(context, lowest) == 1 && SSL_CTX_set_max_proto_version(context, highest) == 1;
}
static inline long copenssl_release_buffers(SSL_CTX *context) { return SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS); }
static inline void copenssl_allow_moving_write_buffer(SSL_CTX *context) {
  SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_ENABLE_PARTIAL_WRITE);
}
static inline size_t copenssl_bio_pending(BIO *bio) { return BIO_ctrl_pending(bio); }
static inline long copenssl_bio_contents(BIO *bio, char **bytes) { return BIO_get_mem_data(bio, bytes); }
static inline void copenssl_bio_reset(BIO *bio) { (void)BIO_reset(bio); }
/// An empty memory BIO answers "try again", not "end of file".
static inline void copenssl_bio_retry_when_empty(BIO *bio) { BIO_set_mem_eof_return(bio, -1); }
/// A new private key on the curve P-256.
static inline EVP_PKEY *copenssl_generate_p256(void) { return EVP_EC_gen("P-256"); }
static inline int copenssl_error_library(unsigned long error) { return ERR_GET_LIB(error); }
static inline int copenssl_error_reason(unsigned long error) { return ERR_GET_REASON(error); }
/// No compression and no renegotiation.
static inline uint64_t copenssl_strict_options(void) { return SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION; }
