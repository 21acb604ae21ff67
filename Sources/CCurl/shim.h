// curl_easy_setopt and curl_easy_getinfo are variadic macros, which Swift can't call: one function
// per kind of argument.
#pragma once
#include <curl/curl.h>

static inline CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode ccurl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, const void *value) {
    return curl_easy_setopt(easy, option, value);
}
// CURLOPT_READFUNCTION and CURLOPT_READDATA.
static inline CURLcode ccurl_set_read(CURL *easy, curl_read_callback read, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_READFUNCTION, read);
    return code ? code : curl_easy_setopt(easy, CURLOPT_READDATA, context);
}
// CURLOPT_WRITEFUNCTION and CURLOPT_WRITEDATA.
static inline CURLcode ccurl_set_write(CURL *easy, curl_write_callback write, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, write);
    return code ? code : curl_easy_setopt(easy, CURLOPT_WRITEDATA, context);
}
// CURLOPT_HEADERFUNCTION and CURLOPT_HEADERDATA, which get the lines of a mail server's replies too.
static inline CURLcode ccurl_set_header(CURL *easy, curl_write_callback header, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, header);
    return code ? code : curl_easy_setopt(easy, CURLOPT_HEADERDATA, context);
}
// CURLOPT_DEBUGFUNCTION and CURLOPT_DEBUGDATA, which CURLOPT_VERBOSE turns on.
static inline CURLcode ccurl_set_debug(CURL *easy, curl_debug_callback debug, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, debug);
    if (!code) code = curl_easy_setopt(easy, CURLOPT_DEBUGDATA, context);
    return code ? code : curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
}
static inline CURLcode ccurl_get_long(CURL *easy, CURLINFO info, long *value) {
    return curl_easy_getinfo(easy, info, value);
}
