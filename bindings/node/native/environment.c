#include "environment.h"

#include <stdlib.h>

void environment_reference(struct environment *environment) {
    pthread_mutex_lock(&environment->lock);
    environment->references++;
    pthread_mutex_unlock(&environment->lock);
}

void environment_release(struct environment *environment) {
    int left;
    pthread_mutex_lock(&environment->lock);
    left = --environment->references;
    pthread_mutex_unlock(&environment->lock);
    if (left == 0) {
        pthread_mutex_destroy(&environment->lock);
        free(environment);
    }
}

static void receive(napi_env env, napi_value callback, void *context, void *data) {
    struct message *message = data;
    (void)callback;
    if (env == NULL) {
        message->drop(message);
    } else {
        message->receive(env, context, message);
    }
}

/* Runs before Node's own end of the queue, which was registered earlier. */
static void end(void *data) {
    struct environment *environment = data;
    pthread_mutex_lock(&environment->lock);
    environment->is_alive = false;
    pthread_mutex_unlock(&environment->lock);
    environment_release(environment);
}

static void end_of_queue(napi_env env, void *data, void *hint) {
    (void)env, (void)hint;
    environment_release(data);
}

struct environment *environment_new(napi_env env) {
    struct environment *environment = calloc(1, sizeof *environment);
    napi_value name;
    pthread_mutex_init(&environment->lock, NULL);
    environment->is_alive = true;
    /* One for `end`, one for `end_of_queue`: what is left in the queue is still dropped after the first. */
    environment->references = 2;
    if (napi_create_string_utf8(env, "ld_dynamo_store", NAPI_AUTO_LENGTH, &name) != napi_ok ||
        napi_create_threadsafe_function(env, NULL, NULL, name, 0, 1, environment, end_of_queue, environment, receive,
                                        &environment->queue) != napi_ok) {
        free(environment);
        return NULL;
    }
    napi_unref_threadsafe_function(env, environment->queue);
    napi_add_env_cleanup_hook(env, end, environment);
    return environment;
}

void environment_send(struct environment *environment, struct message *message) {
    bool is_sent;
    pthread_mutex_lock(&environment->lock);
    is_sent = environment->is_alive &&
              napi_call_threadsafe_function(environment->queue, message, napi_tsfn_nonblocking) == napi_ok;
    pthread_mutex_unlock(&environment->lock);
    if (!is_sent) {
        message->drop(message);
    }
}

void environment_hold(napi_env env, struct environment *environment) {
    if (environment->calls++ == 0) {
        napi_ref_threadsafe_function(env, environment->queue);
    }
}

void environment_let_go(napi_env env, struct environment *environment) {
    if (--environment->calls == 0) {
        napi_unref_threadsafe_function(env, environment->queue);
    }
}
