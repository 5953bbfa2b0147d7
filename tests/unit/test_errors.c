/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <rondo/error.h>

static void
every_error_of_the_header_has_a_name_and_a_meaning(void **state)
{
    static const struct {
        int code;
        const char *name;
    } known[] = {
        {0, "OK"},
        {-EINVAL, "EINVAL"},
        {-EOVERFLOW, "EOVERFLOW"},
        {-ENOENT, "ENOENT"},
        {-ENODEV, "ENODEV"},
        {-EBADFD, "EBADFD"},
        {-EPIPE, "EPIPE"},
        {-EAGAIN, "EAGAIN"},
        {-ETIMEDOUT, "ETIMEDOUT"},
        {-ENODATA, "ENODATA"},
        {-ENOTSUP, "ENOTSUP"},
        {-EBADMSG, "EBADMSG"},
        {-ESTALE, "ESTALE"},
        {-ENOMEM, "ENOMEM"},
        {-EMFILE, "EMFILE"},
        {-EACCES, "EACCES"},
        {-ENOSPC, "ENOSPC"},
        {-EIO, "EIO"},
        {-EFBIG, "EFBIG"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        assert_string_equal(rondo_error_name(known[i].code), known[i].name);
        assert_non_null(rondo_error_meaning(known[i].code));
        assert_string_not_equal(rondo_error_meaning(known[i].code), "unknown error");
    }
}

static void
an_unknown_code_is_called_unknown(void **state)
{
    (void)state;
    assert_string_equal(rondo_error_name(-99999), "unknown error");
    assert_string_equal(rondo_error_meaning(-99999), "unknown error");
    assert_string_equal(rondo_error_name(EINVAL), "unknown error"); /* not negative */
}

static void
error_set_fills_in_code_and_text_and_returns_the_code(void **state)
{
    struct rondo_error error = {0};

    (void)state;
    assert_int_equal(rondo_error_set(&error, -EINVAL, "%s is %d", "rate", 7), -EINVAL);
    assert_int_equal(error.code, -EINVAL);
    assert_string_equal(error.text, "rate is 7");
}

static void
error_set_allows_nobody_to_tell(void **state)
{
    (void)state;
    assert_int_equal(rondo_error_set(NULL, -EIO, "%s", "lost"), -EIO);
}

static void
error_set_cuts_a_long_text_and_shows_it(void **state)
{
    struct rondo_error error = {0};
    char longer[1000];
    char exact[sizeof(error.text)];

    (void)state;
    memset(longer, 'x', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    rondo_error_set(&error, -EIO, "%s", longer);
    assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
    assert_string_equal(error.text + sizeof(error.text) - 5, "x...");

    memset(exact, 'y', sizeof(exact));
    exact[sizeof(exact) - 1] = '\0';
    rondo_error_set(&error, -EIO, "%s", exact);
    assert_string_equal(error.text, exact);
}

static void
error_set_keeps_the_text_on_one_line(void **state)
{
    struct rondo_error error = {0};

    (void)state;
    rondo_error_set(&error, -ENOENT, "no file: %s", "a\nb\x1b[31m");
    assert_string_equal(error.text, "no file: a?b?[31m");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_of_the_header_has_a_name_and_a_meaning),
        cmocka_unit_test(an_unknown_code_is_called_unknown),
        cmocka_unit_test(error_set_fills_in_code_and_text_and_returns_the_code),
        cmocka_unit_test(error_set_allows_nobody_to_tell),
        cmocka_unit_test(error_set_cuts_a_long_text_and_shows_it),
        cmocka_unit_test(error_set_keeps_the_text_on_one_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
