/* SPDX-License-Identifier: MIT */
#include "core/device_string.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/registry.h"

#define FORM   "the form is backend:address?key=value&key=value"
#define ADVICE "an address that contains '?' must end with a lone '?'"

static const struct rondo__device_parameter *
find(const struct rondo__device_parameters *parameters, const char *key)
{
    for (uint32_t i = 0; parameters != NULL && i < parameters->count; i++)
        if (strcmp(parameters->list[i].key, key) == 0)
            return &parameters->list[i];
    return NULL;
}

static int
parse_clock(struct rondo__device_string *parsed, const char *value, struct rondo_error *error)
{
    if (parsed->clock_given)
        return rondo_error_set(error, -EINVAL, "the parameter 'clock' is given twice");
    if (strcmp(value, "offline") == 0)
        parsed->clock = RONDO_CLOCK_OFFLINE;
    else if (strcmp(value, "real") != 0)
        return rondo_error_set(error, -EINVAL, "clock=%s: the clocks are real and offline", value);
    parsed->clock_given = true;
    return 0;
}

/* One "key=value", cut out of the list and ended by a zero. */
static int
parse_parameter(struct rondo__device_string *parsed, struct rondo__device_parameters *parameters,
                char *text, struct rondo_error *error)
{
    char *equals = strchr(text, '=');

    if (equals == NULL)
        return rondo_error_set(error, -EINVAL, "the parameter '%s' has no '='; %s; %s", text, FORM,
                               ADVICE);
    if (equals == text)
        return rondo_error_set(error, -EINVAL, "the parameter '%s' has no key; %s", text, FORM);
    *equals = '\0';
    if (strcmp(text, "clock") == 0)
        return parse_clock(parsed, equals + 1, error);
    if (find(parameters, text) != NULL)
        return rondo_error_set(error, -EINVAL, "the parameter '%s' is given twice", text);
    parameters->list[parameters->count].key = text;
    parameters->list[parameters->count].value = equals + 1;
    parameters->count++;
    return 0;
}

static int
parse_parameters(struct rondo__device_string *parsed, struct rondo__device_parameters *parameters,
                 char *text, struct rondo_error *error)
{
    int result = 0;

    while (text != NULL && result == 0) {
        char *next = strchr(text, '&');

        if (next != NULL)
            *next++ = '\0';
        if (*text == '\0')
            return rondo_error_set(error, -EINVAL, "a parameter is empty; %s", FORM);
        result = parse_parameter(parsed, parameters, text, error);
        text = next;
    }
    return result;
}

int
rondo__device_string_parse(struct rondo__device_string *parsed, const char *device,
                           struct rondo_error *error)
{
    struct rondo__device_parameters *parameters = NULL;
    char names[128];
    char *text = NULL;
    char *colon = NULL;
    char *question = NULL;
    size_t most = 1;
    int result = 0;

    memset(parsed, 0, sizeof(*parsed));
    if (device == NULL)
        return rondo_error_set(error, -EINVAL, "no device is given; %s", FORM);
    if (strchr(device, ':') == NULL)
        return rondo_error_set(error, -EINVAL, "no ':' in the device '%.60s'; %s; backends: %s",
                               device, FORM, rondo__backend_names(names, sizeof(names)));

    /* One piece of memory: the list, then the text that it points into. */
    for (const char *c = device; *c != '\0'; c++)
        most += *c == '&';
    parameters =
        malloc(sizeof(*parameters) + most * sizeof(parameters->list[0]) + strlen(device) + 1);
    if (parameters == NULL)
        return rondo_error_set(error, -ENOMEM, "no memory left");
    parameters->count = 0;
    text = (char *)&parameters->list[most];
    memcpy(text, device, strlen(device) + 1);

    colon = strchr(text, ':');
    *colon = '\0';
    question = strrchr(colon + 1, '?');
    if (question != NULL)
        *question++ = '\0';
    parsed->memory = parameters;
    parsed->backend = text;
    parsed->address = colon + 1;
    parsed->parameters = parameters;
    parsed->ops = rondo__backend_find(text);
    if (parsed->ops == NULL)
        result = rondo_error_set(error, -ENOENT, "no backend is called '%.60s'; backends: %s", text,
                                 rondo__backend_names(names, sizeof(names)));
    else if (question != NULL && *question != '\0')
        result = parse_parameters(parsed, parameters, question, error);
    if (result < 0)
        rondo__device_string_finish(parsed);
    return result;
}

/* The keys that may be given, such as "rate, channels, clock". */
static void
allowed_keys(const struct rondo_backend_ops *ops, char *text, size_t text_bytes)
{
    const struct rondo_backend_parameter *parameter = ops->parameters;
    size_t used = 0;

    for (; parameter != NULL && parameter->key != NULL && used < text_bytes; parameter++)
        used += (size_t)snprintf(text + used, text_bytes - used, "%s, ", parameter->key);
    if (used < text_bytes)
        snprintf(text + used, text_bytes - used, "clock");
}

int
rondo__device_string_check(const struct rondo__device_string *parsed,
                           const struct rondo_backend_ops *ops, struct rondo_error *error)
{
    const struct rondo__device_parameters *given = parsed->parameters;
    char keys[160];

    for (uint32_t i = 0; given != NULL && i < given->count; i++) {
        const struct rondo_backend_parameter *known = ops->parameters;

        while (known != NULL && known->key != NULL && strcmp(known->key, given->list[i].key) != 0)
            known++;
        if (known != NULL && known->key != NULL)
            continue;
        allowed_keys(ops, keys, sizeof(keys));
        return rondo_error_set(error, -EINVAL, "%s: has no parameter '%.40s'; parameters: %s",
                               ops->name, given->list[i].key, keys);
    }
    return 0;
}

void
rondo__device_string_finish(struct rondo__device_string *parsed)
{
    if (parsed == NULL)
        return;
    free(parsed->memory);
    memset(parsed, 0, sizeof(*parsed));
}

const char *
rondo_device_parameter(const struct rondo_device_request *request, const char *key)
{
    const struct rondo__device_parameter *parameter = find(request->parameters, key);

    return parameter == NULL ? NULL : parameter->value;
}

int
rondo_device_parameter_u32(const struct rondo_device_request *request, const char *key,
                           uint32_t min, uint32_t max, uint32_t *value, struct rondo_error *error)
{
    const char *text = rondo_device_parameter(request, key);
    uint64_t number = 0;

    if (text == NULL)
        return 0;
    for (const char *c = text; *c != '\0' && number <= UINT32_MAX; c++)
        number = *c >= '0' && *c <= '9' ? number * 10 + (uint64_t)(*c - '0') : UINT64_MAX;
    if (*text == '\0' || number < min || number > max)
        return rondo_error_set(error, -EINVAL, "%s=%.40s: must be a number from %u to %u", key,
                               text, min, max);
    *value = (uint32_t)number;
    return 0;
}

static int
parameter_sample(const struct rondo_device_request *request, enum rondo_sample_format *sample,
                 struct rondo_error *error)
{
    const char *text = rondo_device_parameter(request, "format");

    if (text == NULL)
        return 0;
    for (int known = RONDO_S16; known <= RONDO_F32; known++) {
        if (strcmp(text, rondo_sample_name((enum rondo_sample_format)known)) != 0)
            continue;
        *sample = (enum rondo_sample_format)known;
        return 0;
    }
    return rondo_error_set(error, -EINVAL,
                           "format=%.40s: must be one of s16, s24, s24_32, s32, f32", text);
}

int
rondo_device_parameter_format(const struct rondo_device_request *request,
                              struct rondo_format *format, struct rondo_error *error)
{
    struct rondo_format given = *format;
    int result =
        rondo_device_parameter_u32(request, "rate", 1, RONDO_RATE_HZ_MAX, &given.rate_hz, error);

    if (result == 0)
        result = rondo_device_parameter_u32(request, "channels", 1, RONDO_CHANNELS_MAX,
                                            &given.channels, error);
    if (result == 0)
        result = parameter_sample(request, &given.sample, error);
    if (result == 0)
        *format = given;
    return result;
}
