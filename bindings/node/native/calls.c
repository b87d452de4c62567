#include "calls.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "values.h"

#define MOST_TEXTS 3

struct call;

struct operation {
    const char *name;
    /* How many texts it takes. */
    int texts;
    /* Never waits for the table: it runs where it is called, and its result is returned. */
    bool is_immediate;
    ld_dynamo_status (*run)(const struct library *library, ld_dynamo_store *store, struct call *call);
};

struct call {
    struct task task;
    struct message message;
    const struct operation *operation;
    struct store *store;
    napi_deferred deferred;
    char *texts[MOST_TEXTS];
    struct answer answer;
};

#define RUN(name, function, ...)                                                                                   \
    static ld_dynamo_status name(const struct library *library, ld_dynamo_store *store, struct call *call) {       \
        return library->function(store, __VA_ARGS__);                                                              \
    }

RUN(run_init, store_init, call->texts[0], &call->answer.error)
RUN(run_get, store_get, call->texts[0], call->texts[1], &call->answer.text, &call->answer.error)
RUN(run_get_cached, store_get_cached, call->texts[0], call->texts[1], &call->answer.text, &call->answer.error)
RUN(run_all, store_all, call->texts[0], &call->answer.text, &call->answer.error)
RUN(run_all_cached, store_all_cached, call->texts[0], &call->answer.text, &call->answer.error)
RUN(run_upsert, store_upsert, call->texts[0], call->texts[1], call->texts[2], &call->answer.text, &call->answer.error)
RUN(run_initialized, store_initialized, &call->answer.error)
RUN(run_initialized_cached, store_initialized_cached, &call->answer.error)
RUN(run_available, store_available, &call->answer.error)
RUN(run_metadata, store_big_segments_metadata, &call->answer.text, &call->answer.error)
RUN(run_cursor, store_big_segments_cursor, &call->answer.text, &call->answer.error)
RUN(run_membership, store_big_segments_membership, call->texts[0], &call->answer.text, &call->answer.error)
RUN(run_apply_patch, store_big_segments_apply_patch, call->texts[0], &call->answer.error)
RUN(run_set_synchronized, store_big_segments_set_synchronized, strtoll(call->texts[0], NULL, 10), &call->answer.error)
RUN(run_stats, store_stats, &call->answer.text, &call->answer.error)
RUN(run_set_credentials, store_set_credentials, call->texts[0], &call->answer.error)

/* As `all`, and takes the items apart on the thread: for those who hand each on as its text. */
static ld_dynamo_status run_items(const struct library *library, ld_dynamo_store *store, struct call *call) {
    struct answer *answer = &call->answer;
    ld_dynamo_status status = run_all(library, store, call);
    if (status == LD_DYNAMO_OK) {
        status = members_split(library, answer->text, &answer->members, &answer->error);
        library->string_free(answer->text);
        answer->text = NULL;
    }
    return status;
}

static const struct operation operations[] = {
    {"init", 1, false, run_init},
    {"get", 2, false, run_get},
    {"getCached", 2, true, run_get_cached},
    {"all", 1, false, run_all},
    {"allCached", 1, true, run_all_cached},
    {"items", 1, false, run_items},
    {"upsert", 3, false, run_upsert},
    {"initialized", 0, false, run_initialized},
    {"initializedCached", 0, true, run_initialized_cached},
    {"available", 0, false, run_available},
    {"bigSegmentsMetadata", 0, false, run_metadata},
    {"bigSegmentsCursor", 0, false, run_cursor},
    {"bigSegmentsMembership", 1, false, run_membership},
    {"bigSegmentsApplyPatch", 1, false, run_apply_patch},
    {"bigSegmentsSetSynchronized", 1, false, run_set_synchronized},
    {"stats", 0, true, run_stats},
    {"setCredentials", 1, true, run_set_credentials},
};

static void call_run(struct call *call, ld_dynamo_store *native) {
    struct answer *answer = &call->answer;
    answer->status = call->operation->run(call->store->library, native, call);
    if (answer->text != NULL) {
        answer->size = text_size(answer->text, strlen(answer->text));
    }
    for (int index = 0; index < MOST_TEXTS; index++) {
        free(call->texts[index]);
        call->texts[index] = NULL;
    }
}

static void call_free(struct call *call) {
    answer_free(call->store->library, &call->answer);
    for (int index = 0; index < MOST_TEXTS; index++) {
        free(call->texts[index]);
    }
    store_release(call->store);
    free(call);
}

/* What the call came to; a defect of ours where JavaScript cannot hold it, such as a text longer than its strings may be. */
static napi_value value_of(napi_env env, struct call *call) {
    const struct library *library = call->store->library;
    napi_value value = value_from_answer(env, library, &call->answer);
    if (value == NULL) {
        answer_free(library, &call->answer);
        call->answer = (struct answer){.status = LD_DYNAMO_INTERNAL};
        value = value_from_answer(env, library, &call->answer);
    }
    return value;
}

static struct call *call_of_task(struct task *task) {
    return (struct call *)((char *)task - offsetof(struct call, task));
}

static struct call *call_of_message(struct message *message) {
    return (struct call *)((char *)message - offsetof(struct call, message));
}

static void run(struct task *task) {
    struct call *call = call_of_task(task);
    call_run(call, call->store->native);
}

static void finish(struct task *task) {
    struct call *call = call_of_task(task);
    environment_send(call->store->environment, &call->message);
}

static void receive(napi_env env, struct environment *environment, struct message *message) {
    struct call *call = call_of_message(message);
    environment_let_go(env, environment);
    napi_resolve_deferred(env, call->deferred, value_of(env, call));
    call_free(call);
}

static void drop(struct message *message) {
    call_free(call_of_message(message));
}

/* Reads the arguments: the store, then texts. NULL after having thrown. */
static struct call *call_from_arguments(napi_env env, napi_callback_info info) {
    napi_value values[MOST_TEXTS + 1];
    size_t count = MOST_TEXTS + 1;
    void *data;
    struct call *call = calloc(1, sizeof *call);
    napi_get_cb_info(env, info, &count, values, NULL, &data);
    call->operation = data;
    if (napi_get_value_external(env, values[0], &data) != napi_ok) {
        napi_throw_type_error(env, NULL, "the first argument must be a store");
        free(call);
        return NULL;
    }
    call->store = data;
    store_reference(call->store);
    for (int index = 0; index < call->operation->texts; index++) {
        call->texts[index] = text_from_value(env, values[index + 1]);
        if (call->texts[index] == NULL) {
            napi_throw_type_error(env, NULL, "each further argument must be a string or a Uint8Array");
            call_free(call);
            return NULL;
        }
    }
    return call;
}

static napi_value call_at_once(napi_env env, napi_callback_info info) {
    struct call *call = call_from_arguments(env, info);
    ld_dynamo_store *native;
    napi_value value = NULL;
    if (call == NULL) {
        return NULL;
    }
    native = store_enter(call->store);
    if (native == NULL) {
        napi_throw_error(env, NULL, "the store is closed");
    } else {
        call_run(call, native);
        value = value_of(env, call);
        store_leave(call->store);
    }
    call_free(call);
    return value;
}

static napi_value call_later(napi_env env, napi_callback_info info) {
    struct call *call = call_from_arguments(env, info);
    struct environment *environment;
    napi_value promise = NULL;
    if (call == NULL) {
        return NULL;
    }
    environment = call->store->environment;
    call->task.run = run;
    call->task.finish = finish;
    call->message.receive = receive;
    call->message.drop = drop;
    napi_create_promise(env, &call->deferred, &promise);
    environment_hold(env, environment);
    if (!store_submit(call->store, &call->task)) {
        call->answer.status = LD_DYNAMO_INTERNAL;
        receive(env, environment, &call->message);
    }
    return promise;
}

void calls_export(napi_env env, napi_value exports) {
    for (size_t index = 0; index < sizeof operations / sizeof *operations; index++) {
        const struct operation *operation = &operations[index];
        napi_callback callback = operation->is_immediate ? call_at_once : call_later;
        napi_value function;
        napi_create_function(env, operation->name, NAPI_AUTO_LENGTH, callback, (void *)operation, &function);
        napi_set_named_property(env, exports, operation->name, function);
    }
}
