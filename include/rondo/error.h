/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Errors: negative errno values, and a sentence that says what was wrong and what is allowed.
 *
 *     | value      | meaning everywhere in rondo                                         |
 *     | -EINVAL    | an argument, a device string or a configuration is wrong            |
 *     | -EOVERFLOW | a size is above its range                                           |
 *     | -ENOENT    | no such file, device or backend                                     |
 *     | -ENODEV    | the device is gone                                                  |
 *     | -EBADFD    | the call is not allowed in this state                               |
 *     | -EPIPE     | xrun: frames were overtaken while they were held                    |
 *     | -EAGAIN    | nothing now, or no thread or other resource now                     |
 *     | -ETIMEDOUT | the time is over                                                    |
 *     | -ENODATA   | end of the stream: the device has no more frames                    |
 *     | -ENOTSUP   | the device or backend has no such ability                           |
 *     | -EBADMSG   | the file or message contradicts itself, or is not of its kind       |
 *     | -ESTALE    | dead handle                                                         |
 *     | -ENOMEM, -EMFILE, -EACCES, -ENOSPC, -EIO, ... | as the operating system means them |
 */
#ifndef RONDO_ERROR_H
#define RONDO_ERROR_H

#include <rondo/cacheline.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What went wrong. Zero-initialised it says: nothing. */
struct rondo_error {
    int code;       /**< 0, or a negative errno */
    char text[252]; /**< one sentence, no newline; empty when code is 0 */
};

/**
 * Name of an error, such as "EINVAL".
 *
 * @param code  negative errno, or 0 ("OK")
 * @return static text; "unknown error" for a value that no call of rondo returns
 * @rt     wait-free
 */
const char *rondo_error_name(int code) RONDO_RT;

/**
 * What an error means in rondo, in a few words.
 *
 * @return static text, never NULL
 * @rt     wait-free
 */
const char *rondo_error_meaning(int code) RONDO_RT;

/**
 * Fill in an error: for backends.
 *
 * @param error   may be NULL
 * @param code    negative errno
 * @param format  as printf's; the text is cut to fit
 * @return @p code, so that `return rondo_error_set(error, -EINVAL, ...)` reads well
 * @rt     not-rt: formats
 */
int rondo_error_set(struct rondo_error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#ifdef __cplusplus
}
#endif
#endif
