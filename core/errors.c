/* SPDX-License-Identifier: MIT */
/*
 * Every error that rondo returns: its name, and what it means here. The only such table.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <rondo/error.h>

static const struct {
    int code;
    const char *name;
    const char *meaning;
} errors[] = {
#define ERROR(code, meaning)                                                                       \
    {                                                                                              \
        -code, #code, meaning                                                                      \
    }
    {0, "OK", "no error"},
    /* What rondo means by them. */
    ERROR(EINVAL, "an argument, a device string or a configuration is wrong"),
    ERROR(EOVERFLOW, "a size is above its range"),
    ERROR(ENOENT, "no such file, device or backend"),
    ERROR(ENODEV, "the device is gone"),
    ERROR(EBADFD, "not allowed in this state"),
    ERROR(EPIPE, "xrun: frames were overtaken while they were held"),
    ERROR(EAGAIN, "nothing now, or no thread or other resource now"),
    ERROR(ETIMEDOUT, "the time is over"),
    ERROR(ENODATA, "end of the stream: the device has no more frames"),
    ERROR(ENOTSUP, "the device or backend has no such ability"),
    ERROR(EBADMSG, "the file or message contradicts itself, or is not of its kind"),
    ERROR(ESTALE, "dead handle"),
    ERROR(EEXIST, "the name is taken"),
    ERROR(EPROTO, "made for another version of the interface"),
    ERROR(EBUSY, "somebody else uses it"),
    ERROR(ECANCELED, "given up, because the stream was stopped or closed"),
    /* What the operating system means by them. */
    ERROR(ENOMEM, "no memory left"),
    ERROR(EMFILE, "this process has too many open files"),
    ERROR(ENFILE, "the system has too many open files"),
    ERROR(EACCES, "permission denied"),
    ERROR(EPERM, "not permitted"),
    ERROR(ENOSPC, "no space left on the disk"),
    ERROR(EDQUOT, "disk quota used up"),
    ERROR(EFBIG, "larger than a file of this kind may be"),
    ERROR(EROFS, "the file system is read-only"),
    ERROR(EISDIR, "it is a directory"),
    ERROR(ENOTDIR, "a part of the path is no directory"),
    ERROR(ENAMETOOLONG, "the name is too long"),
    ERROR(ELOOP, "too many symbolic links, or one where none may be"),
    ERROR(ESPIPE, "it cannot be wound back"),
    ERROR(ENXIO, "nothing there at the other end"),
    ERROR(EIO, "input or output failed"),
    ERROR(EINTR, "interrupted"),
    ERROR(ENOSYS, "the kernel cannot do it"),
#undef ERROR
};

static size_t
find(int code)
{
    size_t index = 0;

    while (index < sizeof(errors) / sizeof(errors[0]) && errors[index].code != code)
        index++;
    return index;
}

const char *
rondo_error_name(int code)
{
    const size_t index = find(code);

    return index < sizeof(errors) / sizeof(errors[0]) ? errors[index].name : "unknown error";
}

const char *
rondo_error_meaning(int code)
{
    const size_t index = find(code);

    return index < sizeof(errors) / sizeof(errors[0]) ? errors[index].meaning : "unknown error";
}

int
rondo_error_set(struct rondo_error *error, int code, const char *format, ...)
{
    va_list arguments;
    int bytes = 0;

    if (error == NULL)
        return code;
    error->code = code;
    va_start(arguments, format);
    bytes = vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
    if (bytes < 0)
        error->text[0] = '\0';
    else if ((size_t)bytes >= sizeof(error->text))
        memcpy(error->text + sizeof(error->text) - sizeof("..."), "...", sizeof("..."));
    /* One line: a file name may hold anything. */
    for (char *c = error->text; *c != '\0'; c++)
        if ((unsigned char)*c < ' ')
            *c = '?';
    return code;
}
