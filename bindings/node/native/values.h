/* Between JavaScript's values and the library's texts. */
#ifndef VALUES_H
#define VALUES_H

#include "environment.h"
#include "library.h"

/*
 * The UTF-8 of a string, or the bytes of a Uint8Array or of an array of those, with a NUL behind them; the caller frees it. NULL where the value is none
 * of these, or there is no memory.
 */
char *text_from_value(napi_env env, napi_value value);

/* A text's length, and whether all of it is ASCII, of which JavaScript makes a string faster. */
struct text_size {
    size_t length;
    bool is_ascii;
};
struct text_size text_size(const char *text, size_t length);
napi_value value_from_text(napi_env env, const char *text, struct text_size size);

/* The members of a JSON object: names and values one behind the other. */
struct members {
    char *texts;
    struct text_size *sizes;
    size_t count, room;
};
/* Takes an object of the library's apart, on any thread. */
ld_dynamo_status members_split(const struct library *library, const char *object, struct members *members, ld_dynamo_error **error);
/* An array of names and values in turn. */
napi_value value_from_members(napi_env env, const struct members *members);
void members_free(struct members *members);

/* What a call came to. */
struct answer {
    ld_dynamo_status status;
    char *text;
    struct text_size size;
    struct members members;
    ld_dynamo_error *error;
};
/* Undefined, a string or an array for OK; for anything else {status, text, message, retriable, serviceCode}. */
napi_value value_from_answer(napi_env env, const struct library *library, const struct answer *answer);
void answer_free(const struct library *library, struct answer *answer);

#endif
