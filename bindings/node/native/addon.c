/*
 * The addon: loads the native library and makes its calls on threads of its own. What to load, and what answers mean, is decided in
 * TypeScript (src/addon.ts declares these functions). Node-API alone, so that one binary serves every version of Node.
 */
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "values.h"

/* One message of the library's for the store's logger; level 0 says that there will be no more. It has a reference to the store. */
struct log_line {
    struct message message;
    struct store *store;
    int32_t level;
    char *text;
};

static void drop_line(struct message *message) {
    struct log_line *line = (struct log_line *)message;
    store_release(line->store);
    free(line->text);
    free(line);
}

static void receive_line(napi_env env, struct environment *environment, struct message *message) {
    struct log_line *line = (struct log_line *)message;
    napi_value function = NULL, receiver, arguments[2];
    (void)environment;
    if (line->level == 0) {
        napi_delete_reference(env, line->store->log);
    } else {
        napi_get_undefined(env, &receiver);
        napi_create_int32(env, line->level, &arguments[0]);
        napi_create_string_utf8(env, line->text, NAPI_AUTO_LENGTH, &arguments[1]);
        napi_get_reference_value(env, line->store->log, &function);
        napi_call_function(env, receiver, function, 2, arguments, NULL);
    }
    drop_line(message);
}

/* Takes over a reference to the store. */
static void send_line(struct store *store, int32_t level, const char *text) {
    struct log_line *line = malloc(sizeof *line);
    *line = (struct log_line){{receive_line, drop_line}, store, level, text == NULL ? NULL : strdup(text)};
    environment_send(store->environment, &line->message);
}

static void log_message(void *userdata, int32_t level, const char *text) {
    store_reference(userdata);
    send_line(userdata, level, text);
}

static void release_logger(void *userdata) {
    send_line(userdata, 0, NULL);
}

static void finalize_store(napi_env env, void *store, void *hint) {
    (void)env, (void)hint;
    store_close(store);
    store_release(store);
}

static napi_value external_from(napi_env env, const void *data, napi_finalize finalize) {
    napi_value external = NULL;
    napi_create_external(env, (void *)data, finalize, NULL, &external);
    return external;
}

static void set(napi_env env, napi_value object, const char *name, napi_value value) {
    napi_set_named_property(env, object, name, value);
}

static napi_value string(napi_env env, const char *text) {
    napi_value value = NULL;
    napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
    return value;
}

/* load(path): {message} where the loader refuses it, {abi, missing} where it is no such library, else {library, abi, version}. */
static napi_value load(napi_env env, napi_callback_info info) {
    napi_value path_value, result, abi;
    size_t count = 1;
    char *path, *message;
    const struct library *library;
    napi_get_cb_info(env, info, &count, &path_value, NULL, NULL);
    path = text_from_value(env, path_value);
    if (path == NULL) {
        napi_throw_type_error(env, NULL, "the path must be a string");
        return NULL;
    }
    library = library_load(path, &message);
    free(path);
    napi_create_object(env, &result);
    if (library == NULL) {
        set(env, result, "message", string(env, message));
        free(message);
        return result;
    }
    napi_create_uint32(env, library->abi_version, &abi);
    set(env, result, "abi", abi);
    if (library->missing != NULL) {
        set(env, result, "missing", string(env, library->missing));
    } else {
        set(env, result, "version", string(env, library->version()));
        set(env, result, "library", external_from(env, library, NULL));
    }
    return result;
}

/*
 * open(library, configuration, log): a store, or what a failed call is answered with. `log` receives the level and text of each message; it is called
 * where the event loop is, and must not throw.
 */
static napi_value open_store(napi_env env, napi_callback_info info) {
    struct environment *environment;
    napi_value arguments[3], value;
    size_t count = 3;
    void *library = NULL;
    char *configuration;
    napi_valuetype log_type = napi_undefined;
    ld_dynamo_store *native = NULL;
    struct answer answer = {0};
    struct store *store;
    napi_get_cb_info(env, info, &count, arguments, NULL, (void **)&environment);
    napi_get_value_external(env, arguments[0], &library);
    configuration = text_from_value(env, arguments[1]);
    napi_typeof(env, arguments[2], &log_type);
    if (library == NULL || configuration == NULL || log_type != napi_function) {
        free(configuration);
        napi_throw_type_error(env, NULL, "open takes a library, a configuration and a function");
        return NULL;
    }
    answer.status = ((const struct library *)library)->store_new(configuration, &native, &answer.error);
    free(configuration);
    if (native == NULL) {
        value = value_from_answer(env, library, &answer);
        answer_free(library, &answer);
        return value;
    }
    store = store_new(library, environment, native);
    napi_create_reference(env, arguments[2], 1, &store->log);
    store_reference(store);
    if (store->library->store_set_logger(native, log_message, store, release_logger, NULL) < 0) {
        store_release(store);
    }
    return external_from(env, store, finalize_store);
}

static napi_value close_store(napi_env env, napi_callback_info info) {
    napi_value argument;
    size_t count = 1;
    void *store = NULL;
    napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
    if (napi_get_value_external(env, argument, &store) == napi_ok) {
        store_close(store);
    }
    return NULL;
}

/* contextHash(library, key): as a store's calls, but asks no store. */
static napi_value context_hash(napi_env env, napi_callback_info info) {
    napi_value arguments[2], value;
    size_t count = 2;
    void *data = NULL;
    const struct library *library;
    struct answer answer = {0};
    char *key;
    napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
    napi_get_value_external(env, arguments[0], &data);
    key = text_from_value(env, arguments[1]);
    library = data;
    if (library == NULL || key == NULL) {
        free(key);
        napi_throw_type_error(env, NULL, "contextHash takes a library and a key");
        return NULL;
    }
    answer.status = library->context_hash(key, &answer.text, &answer.error);
    free(key);
    if (answer.text != NULL) {
        answer.size = text_size(answer.text, strlen(answer.text));
    }
    value = value_from_answer(env, library, &answer);
    answer_free(library, &answer);
    return value;
}

NAPI_MODULE_INIT() {
    static const struct {
        const char *name;
        napi_callback function;
    } functions[] = {
        {"load", load}, {"open", open_store}, {"close", close_store}, {"contextHash", context_hash},
    };
    struct environment *environment = environment_new(env);
    if (environment == NULL) {
        napi_throw_error(env, NULL, "the environment is ending");
        return NULL;
    }
    for (size_t index = 0; index < sizeof functions / sizeof *functions; index++) {
        napi_value function;
        napi_create_function(env, functions[index].name, NAPI_AUTO_LENGTH, functions[index].function, environment, &function);
        set(env, exports, functions[index].name, function);
    }
    calls_export(env, exports);
    return exports;
}
