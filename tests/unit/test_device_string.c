/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/device_string.h"
#include "core/registry.h"

/* Parse and check, as the engine does. */
static int
parse(struct rondo__device_string *parsed, const char *device, struct rondo_error *error)
{
    int result = rondo__device_string_parse(parsed, device, error);

    if (result == 0) {
        result = rondo__device_string_check(parsed, parsed->ops, error);
        if (result < 0)
            rondo__device_string_finish(parsed);
    }
    return result;
}

static struct rondo_device_request
request_of(const struct rondo__device_string *parsed)
{
    const struct rondo_device_request request = {
        .address = parsed->address,
        .parameters = parsed->parameters,
    };

    return request;
}

static void
assert_refused(const char *device, int code, const char *mentions)
{
    struct rondo__device_string parsed;
    struct rondo_error error = {0};

    assert_int_equal(parse(&parsed, device, &error), code);
    assert_int_equal(error.code, code);
    assert_null(parsed.memory);
    if (strstr(error.text, mentions) == NULL)
        fail_msg("'%s': the text '%s' does not mention '%s'", device, error.text, mentions);
}

static void
the_parts_are_taken_apart(void **state)
{
    struct rondo__device_string parsed;
    struct rondo_device_request request;
    struct rondo_error error = {0};

    (void)state;
    assert_int_equal(parse(&parsed, "null:?rate=44100&channels=1", &error), 0);
    assert_string_equal(parsed.backend, "null");
    assert_string_equal(parsed.address, "");
    assert_ptr_equal(parsed.ops, rondo__backend_find("null"));
    assert_false(parsed.clock_given);
    assert_int_equal(parsed.clock, RONDO_CLOCK_REAL);
    request = request_of(&parsed);
    assert_string_equal(rondo_device_parameter(&request, "rate"), "44100");
    assert_string_equal(rondo_device_parameter(&request, "channels"), "1");
    assert_null(rondo_device_parameter(&request, "format"));
    rondo__device_string_finish(&parsed);
    rondo__device_string_finish(&parsed);
    rondo__device_string_finish(NULL);
}

static void
the_address_ends_at_the_last_question_mark(void **state)
{
    static const struct {
        const char *device;
        const char *address;
        const char *loop;
    } cases[] = {
        {"file:take.wav", "take.wav", NULL},
        {"file:take.wav?", "take.wav", NULL},
        {"file:what?.wav?", "what?.wav", NULL},
        {"file:what?.wav?loop=1", "what?.wav", "1"},
        {"file:??", "?", NULL},
        {"file:a:b c%20=&x.wav", "a:b c%20=&x.wav", NULL},
        {"file:a=b&c=d?loop=0", "a=b&c=d", "0"},
        {"file:x?loop=", "x", ""},
        {"file:x?loop=a=b", "x", "a=b"},
        {"file:", "", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rondo__device_string parsed;
        struct rondo_device_request request;
        struct rondo_error error = {0};

        assert_int_equal(parse(&parsed, cases[i].device, &error), 0);
        assert_string_equal(parsed.backend, "file");
        assert_string_equal(parsed.address, cases[i].address);
        request = request_of(&parsed);
        if (cases[i].loop == NULL)
            assert_null(rondo_device_parameter(&request, "loop"));
        else
            assert_string_equal(rondo_device_parameter(&request, "loop"), cases[i].loop);
        rondo__device_string_finish(&parsed);
    }
}

static void
the_clock_belongs_to_the_core(void **state)
{
    struct rondo__device_string parsed;
    struct rondo_device_request request;
    struct rondo_error error = {0};

    (void)state;
    assert_int_equal(parse(&parsed, "null:?clock=offline&rate=8000", &error), 0);
    assert_true(parsed.clock_given);
    assert_int_equal(parsed.clock, RONDO_CLOCK_OFFLINE);
    request = request_of(&parsed);
    assert_null(rondo_device_parameter(&request, "clock"));
    assert_string_equal(rondo_device_parameter(&request, "rate"), "8000");
    rondo__device_string_finish(&parsed);

    assert_int_equal(parse(&parsed, "null:?clock=real", &error), 0);
    assert_true(parsed.clock_given);
    assert_int_equal(parsed.clock, RONDO_CLOCK_REAL);
    rondo__device_string_finish(&parsed);
}

static void
what_is_wrong_is_told_with_what_is_allowed(void **state)
{
    (void)state;
    assert_refused(NULL, -EINVAL, "backend:address");
    assert_refused("", -EINVAL, "backend:address");
    assert_refused("take.wav", -EINVAL, "null, file");
    assert_refused("take.wav", -EINVAL, "backend:address?key=value");
    assert_refused("cassette:deck", -ENOENT, "null, file");
    assert_refused(":take.wav", -ENOENT, "null, file");
    assert_refused("NULL:", -ENOENT, "null, file");
    assert_refused("null:?volume=11", -EINVAL, "rate, channels, format, clock");
    assert_refused("null:?rate=1&rate=2", -EINVAL, "'rate' is given twice");
    assert_refused("null:?clock=real&clock=real", -EINVAL, "'clock' is given twice");
    assert_refused("null:?clock=virtual", -EINVAL, "real and offline");
    assert_refused("null:?rate", -EINVAL, "'rate' has no '='");
    assert_refused("file:what?.wav", -EINVAL, "must end with a lone '?'");
    assert_refused("null:?=5", -EINVAL, "no key");
    assert_refused("null:?rate=1&", -EINVAL, "empty");
    assert_refused("null:?&rate=1", -EINVAL, "empty");
    assert_refused("null:?rate=1&&channels=1", -EINVAL, "empty");
}

static void
an_error_needs_nobody_to_tell(void **state)
{
    struct rondo__device_string parsed;

    (void)state;
    assert_int_equal(rondo__device_string_parse(&parsed, "nothing", NULL), -EINVAL);
    assert_int_equal(rondo__device_string_parse(&parsed, "no:", NULL), -ENOENT);
}

static void
assert_number(const char *device, int result, uint32_t value)
{
    struct rondo__device_string parsed;
    struct rondo_device_request request;
    struct rondo_error error = {0};
    uint32_t number = 4711;

    assert_int_equal(parse(&parsed, device, &error), 0);
    request = request_of(&parsed);
    assert_int_equal(rondo_device_parameter_u32(&request, "rate", 10, UINT32_MAX, &number, &error),
                     result);
    assert_int_equal(number, value);
    if (result < 0)
        assert_non_null(strstr(error.text, "from 10 to 4294967295"));
    rondo__device_string_finish(&parsed);
}

static void
numbers_are_decimal_and_in_range(void **state)
{
    (void)state;
    assert_number("null:", 0, 4711);
    assert_number("null:?rate=10", 0, 10);
    assert_number("null:?rate=4294967295", 0, 4294967295u);
    assert_number("null:?rate=00044100", 0, 44100);
    assert_number("null:?rate=9", -EINVAL, 4711);
    assert_number("null:?rate=4294967296", -EINVAL, 4711);
    assert_number("null:?rate=18446744073709551626", -EINVAL, 4711);
    assert_number("null:?rate=99999999999999999999999999999999999999", -EINVAL, 4711);
    assert_number("null:?rate=", -EINVAL, 4711);
    assert_number("null:?rate=-1", -EINVAL, 4711);
    assert_number("null:?rate=+11", -EINVAL, 4711);
    assert_number("null:?rate= 11", -EINVAL, 4711);
    assert_number("null:?rate=11 ", -EINVAL, 4711);
    assert_number("null:?rate=0x11", -EINVAL, 4711);
    assert_number("null:?rate=44.1", -EINVAL, 4711);
}

static void
assert_format(const char *device, int result, struct rondo_format expected)
{
    struct rondo__device_string parsed;
    struct rondo_device_request request;
    struct rondo_error error = {0};
    struct rondo_format format = {RONDO_SAMPLE_DEFAULT, 7, 77};

    assert_int_equal(parse(&parsed, device, &error), 0);
    request = request_of(&parsed);
    assert_int_equal(rondo_device_parameter_format(&request, &format, &error), result);
    assert_int_equal(error.code, result);
    assert_int_equal(format.sample, expected.sample);
    assert_int_equal(format.channels, expected.channels);
    assert_int_equal(format.rate_hz, expected.rate_hz);
    rondo__device_string_finish(&parsed);
}

static void
a_format_is_read_from_three_parameters(void **state)
{
    const struct rondo_format untouched = {RONDO_SAMPLE_DEFAULT, 7, 77};

    (void)state;
    assert_format("null:", 0, untouched);
    assert_format("null:?rate=8000", 0, (struct rondo_format){RONDO_SAMPLE_DEFAULT, 7, 8000});
    assert_format("null:?channels=256&format=s16", 0, (struct rondo_format){RONDO_S16, 256, 77});
    assert_format("null:?format=s24", 0, (struct rondo_format){RONDO_S24_PACKED, 7, 77});
    assert_format("null:?format=s24_32", 0, (struct rondo_format){RONDO_S24_IN_32, 7, 77});
    assert_format("null:?format=s32", 0, (struct rondo_format){RONDO_S32, 7, 77});
    assert_format("null:?format=f32", 0, (struct rondo_format){RONDO_F32, 7, 77});
    assert_format("null:?format=default", -EINVAL, untouched);
    assert_format("null:?format=S16", -EINVAL, untouched);
    assert_format("null:?format=", -EINVAL, untouched);
    assert_format("null:?channels=257&rate=8000", -EINVAL, untouched);
    assert_format("null:?channels=0", -EINVAL, untouched);
    assert_format("null:?rate=0", -EINVAL, untouched);
    assert_format("null:?rate=1536001", -EINVAL, untouched);
    assert_format("null:?rate=1536000", 0, (struct rondo_format){RONDO_SAMPLE_DEFAULT, 7, 1536000});
}

static void
many_parameters_are_no_trouble(void **state)
{
    const size_t bytes = 20000;
    char *device = malloc(bytes);
    size_t used = 0;
    struct rondo__device_string parsed;
    struct rondo_error error = {0};

    (void)state;
    assert_non_null(device);
    used = (size_t)snprintf(device, bytes, "null:?k=v");
    for (int i = 0; used < bytes - 40; i++)
        used += (size_t)snprintf(device + used, bytes - used, "&k%d=%d", i, i);
    assert_int_equal(rondo__device_string_parse(&parsed, device, &error), 0);
    assert_int_equal(rondo__device_string_check(&parsed, parsed.ops, &error), -EINVAL);
    rondo__device_string_finish(&parsed);
    free(device);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parts_are_taken_apart),
        cmocka_unit_test(the_address_ends_at_the_last_question_mark),
        cmocka_unit_test(the_clock_belongs_to_the_core),
        cmocka_unit_test(what_is_wrong_is_told_with_what_is_allowed),
        cmocka_unit_test(an_error_needs_nobody_to_tell),
        cmocka_unit_test(numbers_are_decimal_and_in_range),
        cmocka_unit_test(a_format_is_read_from_three_parameters),
        cmocka_unit_test(many_parameters_are_no_trouble),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
