// OpenSSL's stacks and some calls of BIO are macros, which Swift can't see: one function per use.
#pragma once
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

static inline long ccrypto_bio_data(BIO *bio, char **data) { return BIO_get_mem_data(bio, data); }
static inline STACK_OF(X509) *ccrypto_x509_stack(void) { return sk_X509_new_null(); }
static inline int ccrypto_x509_push(STACK_OF(X509) *stack, X509 *certificate) {
    return sk_X509_push(stack, certificate);
}
static inline void ccrypto_x509_free(STACK_OF(X509) *stack) { sk_X509_pop_free(stack, X509_free); }
