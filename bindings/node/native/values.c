#include "values.h"

#include <stdlib.h>
#include <string.h>

static char *text_from_string(napi_env env, napi_value value) {
    size_t length;
    char *text, *shortened;
    /* In UTF-16 units, which is known without a look at the string; each takes three bytes at most. */
    if (napi_get_value_string_latin1(env, value, NULL, 0, &length) != napi_ok || (text = malloc(length * 3 + 1)) == NULL) {
        return NULL;
    }
    napi_get_value_string_utf8(env, value, text, length * 3 + 1, &length);
    shortened = realloc(text, length + 1);
    return shortened == NULL ? text : shortened;
}

static bool is_bytes(napi_env env, napi_value value, const char **bytes, size_t *length) {
    bool is_typed = false;
    napi_typedarray_type type;
    napi_is_typedarray(env, value, &is_typed);
    return is_typed && napi_get_typedarray_info(env, value, &type, length, (void **)bytes, NULL, NULL) == napi_ok && type == napi_uint8_array;
}

/* All parts of an array, one after the other. */
static char *text_from_parts(napi_env env, napi_value array) {
    uint32_t count = 0;
    char *text = malloc(1);
    size_t used = 0;
    napi_get_array_length(env, array, &count);
    for (uint32_t index = 0; index < count && text != NULL; index++) {
        napi_value part;
        const char *bytes;
        size_t length;
        char *longer = NULL;
        napi_get_element(env, array, index, &part);
        if (is_bytes(env, part, &bytes, &length)) {
            longer = realloc(text, used + length + 1);
        }
        if (longer == NULL) {
            free(text);
        } else if (length > 0) {
            memcpy(longer + used, bytes, length);
            used += length;
        }
        text = longer;
    }
    if (text != NULL) {
        text[used] = '\0';
    }
    return text;
}

char *text_from_value(napi_env env, napi_value value) {
    bool is_array = false;
    const char *bytes;
    size_t length;
    char *text;
    napi_is_array(env, value, &is_array);
    if (is_array) {
        return text_from_parts(env, value);
    }
    if (!is_bytes(env, value, &bytes, &length)) {
        return text_from_string(env, value);
    }
    text = malloc(length + 1);
    if (text != NULL) {
        if (length > 0) {
            memcpy(text, bytes, length);
        }
        text[length] = '\0';
    }
    return text;
}

struct text_size text_size(const char *text, size_t length) {
    unsigned char bits = 0;
    for (size_t index = 0; index < length; index++) {
        bits |= (unsigned char)text[index];
    }
    return (struct text_size){length, bits < 0x80};
}

napi_value value_from_text(napi_env env, const char *text, struct text_size size) {
    napi_value value = NULL;
    if (size.is_ascii) {
        napi_create_string_latin1(env, text, size.length, &value);
    } else {
        napi_create_string_utf8(env, text, size.length, &value);
    }
    return value;
}

struct splitting {
    struct members *members;
    size_t used;
    bool is_out_of_memory;
};

static void add(struct splitting *splitting, const char *text, size_t length) {
    struct members *members = splitting->members;
    memcpy(members->texts + splitting->used, text, length);
    splitting->used += length;
    members->sizes[members->count++] = text_size(text, length);
}

static void add_member(void *userdata, const char *name, size_t name_length, const char *value, size_t value_length) {
    struct splitting *splitting = userdata;
    struct members *members = splitting->members;
    if (members->count + 2 > members->room) {
        size_t room = members->room == 0 ? 64 : members->room * 2;
        struct text_size *sizes = realloc(members->sizes, room * sizeof *sizes);
        if (sizes == NULL) {
            splitting->is_out_of_memory = true;
            return;
        }
        members->sizes = sizes;
        members->room = room;
    }
    add(splitting, name, name_length);
    add(splitting, value, value_length);
}

ld_dynamo_status members_split(const struct library *library, const char *object, struct members *members, ld_dynamo_error **error) {
    struct splitting splitting = {.members = members};
    ld_dynamo_status status;
    /* A name without its escapes is no longer than with them, so all of them have room here. */
    members->texts = malloc(strlen(object) + 1);
    if (members->texts == NULL) {
        return LD_DYNAMO_INTERNAL;
    }
    status = library->json_members(object, 0, add_member, &splitting, error);
    return splitting.is_out_of_memory ? LD_DYNAMO_INTERNAL : status;
}

napi_value value_from_members(napi_env env, const struct members *members) {
    const char *text = members->texts;
    napi_value array = NULL;
    napi_create_array_with_length(env, members->count, &array);
    for (size_t index = 0; index < members->count; index++) {
        napi_handle_scope scope;
        napi_open_handle_scope(env, &scope);
        napi_set_element(env, array, (uint32_t)index, value_from_text(env, text, members->sizes[index]));
        napi_close_handle_scope(env, scope);
        text += members->sizes[index].length;
    }
    return array;
}

void members_free(struct members *members) {
    free(members->texts);
    free(members->sizes);
}

static void set(napi_env env, napi_value object, const char *name, napi_value value) {
    if (value != NULL) {
        napi_set_named_property(env, object, name, value);
    }
}

static napi_value value_from_c_string(napi_env env, const char *text) {
    napi_value value = NULL;
    if (text != NULL) {
        napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
    }
    return value;
}

static napi_value value_from_outcome(napi_env env, const struct library *library, const struct answer *answer) {
    napi_value object = NULL, status = NULL, retriable = NULL;
    napi_create_object(env, &object);
    napi_create_int32(env, answer->status, &status);
    set(env, object, "status", status);
    if (answer->text != NULL) {
        set(env, object, "text", value_from_text(env, answer->text, answer->size));
    }
    if (answer->error != NULL) {
        napi_get_boolean(env, library->error_is_retriable(answer->error) != 0, &retriable);
        set(env, object, "message", value_from_c_string(env, library->error_message(answer->error)));
        set(env, object, "retriable", retriable);
        set(env, object, "serviceCode", value_from_c_string(env, library->error_service_code(answer->error)));
    }
    return object;
}

napi_value value_from_answer(napi_env env, const struct library *library, const struct answer *answer) {
    napi_value value = NULL;
    if (answer->status != LD_DYNAMO_OK) {
        return value_from_outcome(env, library, answer);
    }
    if (answer->members.texts != NULL) {
        return value_from_members(env, &answer->members);
    }
    if (answer->text != NULL) {
        return value_from_text(env, answer->text, answer->size);
    }
    napi_get_undefined(env, &value);
    return value;
}

void answer_free(const struct library *library, struct answer *answer) {
    library->string_free(answer->text);
    library->error_free(answer->error);
    members_free(&answer->members);
}
