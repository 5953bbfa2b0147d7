/* SPDX-License-Identifier: MIT */
/*
 * Device strings. The input is a byte of choices and the string: it is taken apart by the core and,
 * more simply, here, and both must agree; its parameters are read as numbers and formats; then the
 * device is opened, as far as that harms nobody: files stand in a folder of their own.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rondo/backend.h>
#include <rondo/stream.h>

#include "core/device_string.h"
#include "core/registry.h"

#include "fuzz/check.h"
#include "fuzz/input.h"
#include "fuzz/surroundings.h"

#define STRING_BYTES_MAX 4096u
#define PARTS_MAX        2048u

/* ---- a second opinion ---- */

struct part {
    const char *key;
    const char *value;
};

struct opinion {
    int code;
    char *text; /* cut to pieces */
    const char *backend, *address;
    struct part parts[PARTS_MAX];
    unsigned count;
    bool is_offline;
};

static const struct rondo_backend_ops *
backend_called(const char *name)
{
    const struct rondo_backend_ops *ops;

    for (uint32_t i = 0; (ops = rondo_backend_list(i)) != NULL; i++)
        if (strcmp(ops->name, name) == 0)
            return ops;
    return NULL;
}

static const char *
value_of(const struct opinion *opinion, const char *key)
{
    for (unsigned i = 0; i < opinion->count; i++)
        if (strcmp(opinion->parts[i].key, key) == 0)
            return opinion->parts[i].value;
    return NULL;
}

/* Cut at the first of a character. Returns what follows; NULL: there is none. */
static char *
cut(char *text, char at)
{
    char *const found = strchr(text, at);

    if (found == NULL)
        return NULL;
    *found = '\0';
    return found + 1;
}

static int
judge_parameters(struct opinion *opinion, char *text)
{
    bool has_clock = false;

    for (char *rest = text; rest != NULL;) {
        char *const key = rest;
        char *value;

        rest = cut(key, '&');
        value = cut(key, '=');
        if (value == NULL || *key == '\0')
            return -EINVAL;
        if (strcmp(key, "clock") == 0) {
            if (has_clock || (strcmp(value, "real") != 0 && strcmp(value, "offline") != 0))
                return -EINVAL;
            has_clock = true;
            opinion->is_offline = *value == 'o';
            continue;
        }
        if (value_of(opinion, key) != NULL)
            return -EINVAL;
        FUZZ_CHECK(opinion->count < PARTS_MAX);
        opinion->parts[opinion->count++] = (struct part){key, value};
    }
    return 0;
}

static void
judge(struct opinion *opinion, const char *device)
{
    char *address;
    char *question;

    opinion->count = 0;
    opinion->is_offline = false;
    opinion->text = strdup(device);
    opinion->backend = opinion->text;
    opinion->code = -EINVAL;
    FUZZ_CHECK(opinion->text != NULL);
    address = cut(opinion->text, ':');
    opinion->address = address;
    if (address == NULL)
        return;
    question = strrchr(address, '?');
    if (question != NULL)
        *question++ = '\0';
    if (backend_called(opinion->backend) == NULL)
        opinion->code = -ENOENT;
    else
        opinion->code =
            question == NULL || *question == '\0' ? 0 : judge_parameters(opinion, question);
}

/* Whether all keys are the backend's. */
static bool
knows_all(const struct opinion *opinion)
{
    const struct rondo_backend_ops *const ops = backend_called(opinion->backend);

    for (unsigned i = 0; i < opinion->count; i++) {
        const struct rondo_backend_parameter *known = ops->parameters;

        while (known != NULL && known->key != NULL &&
               strcmp(known->key, opinion->parts[i].key) != 0)
            known++;
        if (known == NULL || known->key == NULL)
            return false;
    }
    return true;
}

/* A decimal number of digits alone, in a range. */
static bool
is_number(const char *text, uint32_t min, uint32_t max, uint32_t *value)
{
    uint64_t number = 0;

    if (*text == '\0' || text[strspn(text, "0123456789")] != '\0')
        return false;
    text += strspn(text, "0");
    if (strlen(text) > 10)
        return false;
    for (; *text != '\0'; text++)
        number = number * 10 + (uint64_t)(*text - '0');
    if (number < min || number > max)
        return false;
    *value = (uint32_t)number;
    return true;
}

/* ---- what the core says ---- */

/* An error has a code and one line of words; nothing else has. */
static void
check_error(const struct rondo_error *error, int result)
{
    FUZZ_CHECK_EQUAL(error->code, result);
    FUZZ_CHECK((result == 0) == (error->text[0] == '\0'));
    FUZZ_CHECK(memchr(error->text, '\0', sizeof error->text) != NULL);
    for (const char *c = error->text; *c != '\0'; c++)
        FUZZ_CHECK((unsigned char)*c >= ' ');
}

static void
check_numbers(const struct opinion *opinion, const struct rondo_device_request *request,
              struct fuzz_input *choices)
{
    static const char *const keys[] = {"rate", "channels", "loop", "format", "type", "k", ""};
    const char *const key = FUZZ_PICK(choices, keys);
    const uint32_t min = fuzz_count(choices, 0);
    const uint32_t max = fuzz_count(choices, 48000);
    const char *const value = value_of(opinion, key);
    struct rondo_error error = {0, ""};
    uint32_t number = 77;
    uint32_t expected = 77;
    const int result = rondo_device_parameter_u32(request, key, min, max, &number,
                                                  fuzz_bool(choices) ? &error : NULL);

    if (value == NULL || is_number(value, min, max, &expected))
        FUZZ_CHECK_EQUAL(result, 0);
    else
        FUZZ_CHECK_EQUAL(result, -EINVAL);
    FUZZ_CHECK_EQUAL(number, expected);
    if (error.code != 0)
        check_error(&error, result);
}

static void
check_format(const struct opinion *opinion, const struct rondo_device_request *request)
{
    static const char *const names[] = {"default", "s16", "s24", "s24_32", "s32", "f32"};
    const char *const rate = value_of(opinion, "rate");
    const char *const channels = value_of(opinion, "channels");
    const char *const sample = value_of(opinion, "format");
    struct rondo_format expected = {RONDO_S32, 7, 11025};
    struct rondo_format format = expected;
    struct rondo_error error = {0, ""};
    bool is_good = true;
    int result;

    if (rate != NULL)
        is_good = is_number(rate, 1, RONDO_RATE_HZ_MAX, &expected.rate_hz) && is_good;
    if (channels != NULL)
        is_good = is_number(channels, 1, RONDO_CHANNELS_MAX, &expected.channels) && is_good;
    if (sample != NULL) {
        int known = RONDO_S16;

        while (known <= RONDO_F32 && strcmp(names[known], sample) != 0)
            known++;
        is_good = known <= RONDO_F32 && is_good;
        expected.sample = (enum rondo_sample_format)known;
    }
    if (!is_good)
        expected = format;
    result = rondo_device_parameter_format(request, &format, &error);
    check_error(&error, is_good ? 0 : -EINVAL);
    FUZZ_CHECK_EQUAL(result, is_good ? 0 : -EINVAL);
    FUZZ_CHECK_EQUAL(format.sample, expected.sample);
    FUZZ_CHECK_EQUAL(format.channels, expected.channels);
    FUZZ_CHECK_EQUAL(format.rate_hz, expected.rate_hz);
}

static void
check_parse(const struct opinion *opinion, const char *device, struct fuzz_input *choices)
{
    const bool asks = fuzz_bool(choices);
    struct rondo_error error = {0, ""};
    struct rondo__device_string parsed;
    struct rondo_device_request request;
    const int result = rondo__device_string_parse(&parsed, device, asks ? &error : NULL);

    FUZZ_CHECK_EQUAL(result, opinion->code);
    if (asks)
        check_error(&error, result);
    if (result != 0) {
        FUZZ_CHECK(parsed.memory == NULL);
        return;
    }
    FUZZ_CHECK(parsed.ops == backend_called(opinion->backend));
    FUZZ_CHECK(strcmp(parsed.backend, opinion->backend) == 0);
    FUZZ_CHECK(strcmp(parsed.address, opinion->address) == 0);
    FUZZ_CHECK_EQUAL(parsed.clock, opinion->is_offline ? RONDO_CLOCK_OFFLINE : RONDO_CLOCK_REAL);
    request =
        (struct rondo_device_request){.address = parsed.address, .parameters = parsed.parameters};
    for (unsigned i = 0; i < opinion->count; i++)
        FUZZ_CHECK(strcmp(rondo_device_parameter(&request, opinion->parts[i].key),
                          opinion->parts[i].value) == 0);
    FUZZ_CHECK(rondo_device_parameter(&request, "no such key") == NULL);
    FUZZ_CHECK(rondo_device_parameter(&request, "clock") == NULL);
    memset(&error, 0, sizeof error);
    FUZZ_CHECK_EQUAL(rondo__device_string_check(&parsed, parsed.ops, &error),
                     knows_all(opinion) ? 0 : -EINVAL);
    check_error(&error, knows_all(opinion) ? 0 : -EINVAL);
    check_numbers(opinion, &request, choices);
    check_format(opinion, &request);
    rondo__device_string_finish(&parsed);
    rondo__device_string_finish(&parsed);
}

/* Open it for real. A file's address names something in the folder. */
static void
check_open(const struct opinion *opinion, const char *device, struct fuzz_input *choices)
{
    char address[STRING_BYTES_MAX + 512];
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
    struct rondo_error error = {-1, "nothing was written here"};
    struct rondo_stream *stream = NULL;
    const char *rest = device;
    int result;

    if (strncmp(device, "file:", 5) == 0) {
        size_t used = (size_t)snprintf(address, sizeof address, "file:%s/", fuzz_folder());

        if (device[5] == '\0' || device[5] == '?') /* no path at all */
            used = 5;
        for (rest = device + 5; *rest != '\0'; rest++)
            address[used++] = *rest == '/' ? '!' : *rest;
        address[used] = '\0';
        rest = address;
    }
    config.direction = fuzz_bool(choices) ? RONDO_RENDER : RONDO_CAPTURE;
    config.realtime_priority = -1;
    config.error = &error;
    result = rondo_stream_open(&stream, rest, &config);
    check_error(&error, result);
    FUZZ_CHECK((stream != NULL) == (result == 0));
    if (opinion->code != 0)
        FUZZ_CHECK_EQUAL(result, opinion->code);
    else if (!knows_all(opinion))
        FUZZ_CHECK_EQUAL(result, -EINVAL);
    else
        FUZZ_CHECK_ONE_OF(result, -EINVAL, -ENOENT, -ENOTSUP, -EBADMSG, -EISDIR, -ENAMETOOLONG,
                          -ENOMEM);
    if (stream != NULL) {
        struct rondo_stream_info info;

        rondo_stream_query_info(stream, &info);
        FUZZ_CHECK(strcmp(info.device, rest) == 0);
        FUZZ_CHECK_EQUAL(rondo_format_check(&info.granted.format), 0);
        FUZZ_CHECK_EQUAL(info.granted.clock,
                         opinion->is_offline ? RONDO_CLOCK_OFFLINE : RONDO_CLOCK_REAL);
        rondo_stream_close(stream);
    }
}

/* Tables that must not get into the registry. What gets in stays for ever, so nothing may. */
static void
check_registry(const char *name, struct fuzz_input *choices)
{
    struct rondo_backend_ops ops = *rondo_backend_list(0);
    struct rondo_backend_parameter parameters[] = {{"good", ""}, {name, ""}, {NULL, NULL}};
    uint32_t before = 0;
    uint32_t after = 0;
    int expected = -EINVAL;

    while (rondo_backend_list(before) != NULL)
        before++;
    switch (fuzz_below(choices, 6)) {
    case 0:
        ops.version += 1 + fuzz_byte(choices);
        ops.name = name;
        expected = -EPROTO;
        break;
    case 1:
        ops.size -= 1 + fuzz_below(choices, sizeof ops);
        ops.name = "other";
        break;
    case 2:
        ops.name = backend_called(name) != NULL ? name : "file";
        expected = -EEXIST;
        break;
    case 3:
        ops.name = "other";
        parameters[0].key = fuzz_bool(choices) ? "clock" : "Bad";
        ops.parameters = parameters;
        break;
    case 4:
        ops.name = "other";
        if (fuzz_bool(choices))
            ops.transfer = NULL;
        else
            ops.close = NULL;
        break;
    default: {
        const char *const letters = "abcdefghijklmnopqrstuvwxyz0123456789_-";

        ops.name = name;
        if (*name != '\0' && name[strspn(name, letters)] == '\0')
            return; /* a good one */
        break;
    }
    }
    FUZZ_CHECK_EQUAL(rondo_backend_register(&ops), expected);
    while (rondo_backend_list(after) != NULL)
        after++;
    FUZZ_CHECK_EQUAL(after, before);
}

/* ---- a run ---- */

/* "x:" and "x-2:", which take no and one parameter. */
static struct rondo_backend_ops others[2];
static const struct rondo_backend_parameter other_parameters[] = {{"k", "anything"}, {NULL, NULL}};

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const int16_t samples[64];
    unsigned char wav[44 + sizeof samples];

    (void)argc;
    (void)argv;
    fuzz_confine();
    others[0] = others[1] = *rondo_backend_list(0);
    others[0].name = "x";
    others[0].parameters = NULL;
    others[1].name = "x-2";
    others[1].parameters = other_parameters;
    FUZZ_CHECK_EQUAL(rondo_backend_register(&others[0]), 0);
    FUZZ_CHECK_EQUAL(rondo_backend_register(&others[1]), 0);
    fuzz_folder_store("+a.wav", wav, fuzz_wav(wav, samples, 2, 48000, 32));
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct opinion opinion;
    struct fuzz_input input = {data, size};
    const uint8_t choices_bytes = fuzz_byte(&input) % 16;
    struct fuzz_input choices = {input.at, choices_bytes < input.left ? choices_bytes : input.left};
    const struct fuzz_census before = fuzz_census();
    char *device;
    size_t length;

    input.at += choices.left;
    input.left -= choices.left;
    if (input.left > STRING_BYTES_MAX)
        return -1;
    length = strnlen((const char *)input.at, input.left);
    device = malloc(length + 1); /* not a byte more */
    FUZZ_CHECK(device != NULL);
    memcpy(device, input.at, length);
    device[length] = '\0';

    judge(&opinion, device);
    check_parse(&opinion, device, &choices);
    check_open(&opinion, device, &choices);
    check_registry(device, &choices);
    FUZZ_CHECK(length == strlen(device) && memcmp(device, input.at, length) == 0);
    free(opinion.text);
    free(device);
    fuzz_folder_clear();
    fuzz_census_check(&before);
    return 0;
}
