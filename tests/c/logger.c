/*
 * What a host may do in a log callback, and what it may rely on.
 *
 *   logger CONFIGURATION MODE     the table holds the flags of calls.h; MODE is one of those in `modes` below
 *
 * CONFIGURATION has "log_level":"trace" and no cache, so that every call says something. The exit status is 0 when all was as it should be.
 */
#define _XOPEN_SOURCE 700

#include "loggers.h"

#include <pthread.h>
#include <setjmp.h>
#include <ucontext.h>

#define WATCHDOG_SECONDS 60
#define MESSAGES_A_CALL 256
#define THREADS 8
#define ROUNDS 200

static const char *configuration;
static ld_dynamo_store *store;
static long parent;

static void set_logger(ld_dynamo_log_callback callback, struct userdata *userdata) {
    REQUIRE(ld_dynamo_store_set_logger(store, callback, userdata, release, NULL) == LD_DYNAMO_OK);
}

static void get_one(const char *step) {
    REQUIRE(get_flag(store, 0, step));
}

/* More is logged in one call than is kept: the rest is counted, in a last message. */
static void run_bounded(void) {
    struct userdata *userdata = new_userdata();
    char *data = malloc(3000 * 40), *end = data;
    REQUIRE(data != NULL);
    end += sprintf(end, "{\"features\":{");
    for (int number = 0; number < 3000; number++) {
        end += sprintf(end, "%s\"%d\":{\"version\":1}", number == 0 ? "" : ",", number);
    }
    strcpy(end, "}}");
    set_logger(count, userdata);
    REQUIRE(ld_dynamo_store_init(store, data, NULL) == LD_DYNAMO_OK);
    REQUIRE(atomic_load(&userdata->messages) == MESSAGES_A_CALL + 1);
    REQUIRE(userdata->was_told_of_dropped);
    free(data);
    ld_dynamo_store_free(store);
    REQUIRE(atomic_load(&userdata->releases) == 1);
    free(userdata);
}

static void call_library(void *argument, int32_t level, const char *message) {
    struct userdata *userdata = argument;
    char *counts = NULL;
    count_in(userdata, level, message);
    userdata->depth++;
    userdata->deepest = userdata->depth > userdata->deepest ? userdata->depth : userdata->deepest;
    get_one("a get in the callback");
    REQUIRE(ld_dynamo_store_available(store, NULL) == LD_DYNAMO_OK);
    REQUIRE(ld_dynamo_store_stats(store, &counts, NULL) == LD_DYNAMO_OK);
    ld_dynamo_string_free(counts);
    userdata->depth--;
}

/* Each message makes calls that log many more: the callback is not entered again, and the whole comes to an end. */
static void run_calls(void) {
    struct userdata *userdata = new_userdata();
    set_logger(call_library, userdata);
    get_one("the outer get");
    REQUIRE(userdata->deepest == 1);
    REQUIRE(atomic_load(&userdata->messages) == MESSAGES_A_CALL + 1);
    REQUIRE(userdata->was_told_of_dropped);
    long before = atomic_load(&userdata->messages);
    get_one("the next get");
    REQUIRE(atomic_load(&userdata->messages) == before + MESSAGES_A_CALL + 1);
    ld_dynamo_store_free(store);
    REQUIRE(atomic_load(&userdata->releases) == 1);
    free(userdata);
}

static ld_dynamo_store *other_store;
static struct userdata *other_userdata;

/* The other store's logger calls the first store in turn. */
static void call_back(void *argument, int32_t level, const char *message) {
    struct userdata *userdata = argument;
    count_in(userdata, level, message);
    REQUIRE(++userdata->depth == 1);
    get_one("a get of the first store in the other's callback");
    userdata->depth--;
}

static void call_other(void *argument, int32_t level, const char *message) {
    struct userdata *userdata = argument;
    count_in(userdata, level, message);
    REQUIRE(++userdata->depth == 1);
    REQUIRE(get_flag(other_store, 1, "a get of the other store in the callback"));
    userdata->depth--;
}

/* Two stores whose loggers call each other's store. */
static void run_two_stores(void) {
    struct userdata *userdata = new_userdata();
    other_store = open_store(configuration);
    other_userdata = new_userdata();
    set_logger(call_other, userdata);
    REQUIRE(ld_dynamo_store_set_logger(other_store, call_back, other_userdata, release, NULL) == LD_DYNAMO_OK);
    get_one("the outer get");
    REQUIRE(atomic_load(&userdata->messages) == MESSAGES_A_CALL + 1);
    REQUIRE(atomic_load(&other_userdata->messages) > 0);
    ld_dynamo_store_free(store);
    ld_dynamo_store_free(other_store);
    REQUIRE(atomic_load(&userdata->releases) == 1 && atomic_load(&other_userdata->releases) == 1);
    free(userdata);
    free(other_userdata);
}

static struct userdata *successor;

static void replace_logger(void *argument, int32_t level, const char *message) {
    struct userdata *userdata = argument;
    count_in(userdata, level, message);
    if (successor == NULL) {
        successor = new_userdata();
        set_logger(count, successor);
        /* Replaced, and still in use by this call. */
        REQUIRE(atomic_load(&userdata->releases) == 0);
        get_one("a get with the new logger");
        REQUIRE(atomic_load(&successor->messages) > 0);
    }
}

static void run_replace(void) {
    struct userdata *userdata = new_userdata();
    set_logger(replace_logger, userdata);
    get_one("a get with the old logger");
    REQUIRE(atomic_load(&userdata->releases) == 1);
    REQUIRE(atomic_load(&userdata->messages) > 1);
    long before = atomic_load(&successor->messages);
    get_one("another get with the new logger");
    REQUIRE(atomic_load(&successor->messages) > before);
    /* No logger: released at once, and nothing is told any more. What comes with no callback is left alone. */
    set_logger(NULL, userdata);
    REQUIRE(atomic_load(&successor->releases) == 1 && atomic_load(&userdata->releases) == 1);
    before = atomic_load(&successor->messages);
    get_one("a get without a logger");
    REQUIRE(atomic_load(&successor->messages) == before);
    ld_dynamo_store_free(store);
    REQUIRE(atomic_load(&released) == 2);
    /* A failure to set one releases nothing. */
    ld_dynamo_error *error = NULL;
    REQUIRE(ld_dynamo_store_set_logger(NULL, count, userdata, release, &error) == LD_DYNAMO_NULL_ARGUMENT);
    ld_dynamo_error_free(error);
    REQUIRE(atomic_load(&released) == 2);
    free(userdata);
    free(successor);
}

static void free_store(void *argument, int32_t level, const char *message) {
    struct userdata *userdata = argument;
    count_in(userdata, level, message);
    if (store != NULL) {
        ld_dynamo_store_free(store);
        store = NULL;
        REQUIRE(atomic_load(&userdata->releases) == 0);
    }
}

/* The store ends within its own call, which still has its messages to deliver. */
static void run_free(void) {
    struct userdata *userdata = new_userdata();
    char *item = NULL;
    set_logger(free_store, userdata);
    REQUIRE(ld_dynamo_store_get(store, "features", "flag-0", &item, NULL) == LD_DYNAMO_OK);
    REQUIRE(item != NULL && strcmp(item, "{\"key\":\"flag-0\",\"version\":1}") == 0);
    ld_dynamo_string_free(item);
    REQUIRE(store == NULL && atomic_load(&userdata->messages) > 1);
    REQUIRE(atomic_load(&userdata->releases) == 1);
    free(userdata);
}

static int children_to_make;
static bool child_returns;
static bool is_child_that_returned;

static void child_in_callback(struct userdata *inherited) {
    struct userdata *own = new_userdata();
    watch(WATCHDOG_SECONDS / 2);
    get_one("a child's get in the callback");
    /* The parent's logger is replaced here and not released. */
    set_logger(count, own);
    REQUIRE(atomic_load(&inherited->releases) == 0);
    get_one("a child's get with its own logger");
    REQUIRE(atomic_load(&own->messages) > 0);
    ld_dynamo_store_free(store);
    REQUIRE(atomic_load(&own->releases) == 1 && atomic_load(&inherited->releases) == 0 && atomic_load(&released) == 1);
    _exit(0);
}

static void fork_in_callback(void *argument, int32_t level, const char *message) {
    struct userdata *userdata = argument;
    count_in(userdata, level, message);
    /* A child that comes back from the callback is told nothing more of its parent's call. */
    REQUIRE(!is_child_that_returned);
    if (children_to_make > 0 && getpid() == parent) {
        children_to_make--;
        pid_t child = fork();
        REQUIRE(child >= 0);
        if (child == 0 && child_returns) {
            is_child_that_returned = true;
            return;
        }
        if (child == 0) {
            child_in_callback(userdata);
        }
        REQUIRE(child_returns || reap());
    }
}

static void run_fork(void) {
    struct userdata *userdata = new_userdata();
    set_logger(fork_in_callback, userdata);
    children_to_make = 5;
    get_one("a get whose messages fork");
    REQUIRE(children_to_make == 0);
    child_returns = true;
    children_to_make = 1;
    get_one("a get whose message forks and returns twice");
    if (getpid() != parent) {
        watch(WATCHDOG_SECONDS / 2);
        is_child_that_returned = false;
        long before = atomic_load(&userdata->messages);
        get_one("a child's get with the inherited logger");
        REQUIRE(atomic_load(&userdata->messages) > before);
        ld_dynamo_store_free(store);
        REQUIRE(atomic_load(&released) == 0);
        _exit(0);
    }
    REQUIRE(reap());
    get_one("the parent's next get");
    ld_dynamo_store_free(store);
    REQUIRE(atomic_load(&userdata->releases) == 1);
    free(userdata);
}

static atomic_bool stopping;

static void *call_without_end(void *argument) {
    int number = *(int *)argument;
    while (!atomic_load(&stopping)) {
        REQUIRE(get_flag(store, number, "a get beside replacements"));
    }
    return NULL;
}

/* Loggers are replaced while eight threads are in calls, and the process forks: each is released once, and never while in use. */
static void run_threads(void) {
    pthread_t threads[THREADS];
    int numbers[THREADS];
    static struct userdata *all[ROUNDS];
    for (int number = 0; number < THREADS; number++) {
        numbers[number] = number;
        REQUIRE(pthread_create(&threads[number], NULL, call_without_end, &numbers[number]) == 0);
    }
    for (int round = 0; round < ROUNDS; round++) {
        all[round] = new_userdata();
        set_logger(count, all[round]);
        pause_for_microseconds(1000);
        if (round % 20 == 0) {
            pid_t child = fork();
            REQUIRE(child >= 0);
            if (child == 0) {
                atomic_store(&released, 0);
                child_in_callback(all[round]);
            }
            REQUIRE(reap());
        }
    }
    atomic_store(&stopping, true);
    for (int number = 0; number < THREADS; number++) {
        pthread_join(threads[number], NULL);
    }
    ld_dynamo_store_free(store);
    REQUIRE(atomic_load(&released) == ROUNDS);
    long messages = 0;
    for (int round = 0; round < ROUNDS; round++) {
        REQUIRE(atomic_load(&all[round]->releases) == 1);
        messages += atomic_load(&all[round]->messages);
        free(all[round]);
    }
    REQUIRE(messages > 0);
}

/* A call on a store without a logger meets every place that logs first; one with a logger hears them all the same. */
static void run_late(void) {
    struct userdata *userdata = new_userdata(), *first = new_userdata();
    other_store = open_store(configuration);
    REQUIRE(ld_dynamo_store_set_logger(other_store, count, first, release, NULL) == LD_DYNAMO_OK);
    get_one("a get without a logger");
    set_logger(count, userdata);
    get_one("a get with a logger");
    REQUIRE(get_flag(other_store, 0, "a get of the other store"));
    get_one("a get with a logger");
    REQUIRE(atomic_load(&userdata->messages) > 20 && atomic_load(&first->messages) > 10);
    ld_dynamo_store_free(store);
    ld_dynamo_store_free(other_store);
    REQUIRE(atomic_load(&released) == 2);
    free(userdata);
    free(first);
}

static jmp_buf before_the_call;
static bool is_jumping;

static void jump(void *argument, int32_t level, const char *message) {
    count_in(argument, level, message);
    if (is_jumping) {
        is_jumping = false;
        longjmp(before_the_call, 1);
    }
}

/* A call whose callback jumps over the library, at the first message. */
static void jump_out_of(ld_dynamo_status (*call)(const ld_dynamo_store *, ld_dynamo_error **)) {
    is_jumping = true;
    if (setjmp(before_the_call) == 0) {
        call(store, NULL);
        REQUIRE(!"the callback came back");
    }
    REQUIRE(!is_jumping);
}

static ld_dynamo_status replace_all(const ld_dynamo_store *replaced, ld_dynamo_error **error) {
    return ld_dynamo_store_init(replaced, "{\"features\":{\"flag-0\":{\"key\":\"flag-0\",\"version\":1}}}", error);
}

static void require_messages(struct userdata *userdata) {
    long before = atomic_load(&userdata->messages);
    get_one("a get after a jump");
    REQUIRE(atomic_load(&userdata->messages) > before);
}

static void jump_from_other(void *argument, int32_t level, const char *message) {
    count_in(argument, level, message);
    if (is_jumping) {
        ld_dynamo_store_available(other_store, NULL);
    }
}

static void jump_in_release(void *argument) {
    release(argument);
    longjmp(before_the_call, 1);
}

/* Whatever a callback jumps out of, the calls after it are told of, and each logger is released once. */
static void run_jumps(void) {
    ld_dynamo_status (*const calls[])(const ld_dynamo_store *, ld_dynamo_error **) = {
        ld_dynamo_store_available, replace_all, ld_dynamo_store_initialized};
    struct userdata *userdata = new_userdata(), *first = new_userdata(), *last = new_userdata();
    other_store = open_store(configuration);
    set_logger(jump, userdata);
    for (size_t call = 0; call < sizeof calls / sizeof *calls; call++) {
        jump_out_of(calls[call]);
        require_messages(userdata);
    }
    jump_out_of(ld_dynamo_store_available);
    set_logger(jump_from_other, first);
    REQUIRE(atomic_load(&userdata->releases) == 1);
    /* Out of a callback within a callback. */
    other_userdata = new_userdata();
    REQUIRE(ld_dynamo_store_set_logger(other_store, jump, other_userdata, release, NULL) == LD_DYNAMO_OK);
    jump_out_of(ld_dynamo_store_available);
    require_messages(first);
    jump_out_of(ld_dynamo_store_available);
    ld_dynamo_store_free(other_store);
    REQUIRE(atomic_load(&other_userdata->releases) == 1);
    /* Out of a release. */
    REQUIRE(ld_dynamo_store_set_logger(store, count, last, jump_in_release, NULL) == LD_DYNAMO_OK);
    REQUIRE(atomic_load(&first->releases) == 1);
    if (setjmp(before_the_call) == 0) {
        set_logger(NULL, NULL);
        REQUIRE(!"the release came back");
    }
    REQUIRE(atomic_load(&last->releases) == 1);
    get_one("a get without a logger");
    ld_dynamo_store_free(store);
    REQUIRE(atomic_load(&released) == 4);
    free(userdata);
    free(first);
    free(last);
    free(other_userdata);
}

#define COROUTINE_BYTES (1 << 20)

static ucontext_t callback_context, coroutine_context;
static bool is_switching;

static void run_coroutine(void) {
    struct userdata *next = other_userdata;
    get_one("a get in a coroutine");
    set_logger(count, next);
    get_one("a get in a coroutine with another logger");
}

static void switch_stacks(void *argument, int32_t level, const char *message) {
    struct userdata *userdata = argument;
    count_in(userdata, level, message);
    if (is_switching) {
        is_switching = false;
        REQUIRE(swapcontext(&callback_context, &coroutine_context) == 0);
        /* Replaced meanwhile, and still in use by this call. */
        REQUIRE(atomic_load(&userdata->releases) == 0 && atomic_load(&other_userdata->messages) > 0);
    }
}

/* A callback goes on to another stack, where the library is called: what lies on the other one is not taken for gone. */
static void run_coroutines(void) {
    struct userdata *userdata = new_userdata();
    void *stack = malloc(COROUTINE_BYTES);
    REQUIRE(stack != NULL && getcontext(&coroutine_context) == 0);
    other_userdata = new_userdata();
    coroutine_context.uc_stack.ss_sp = stack;
    coroutine_context.uc_stack.ss_size = COROUTINE_BYTES;
    coroutine_context.uc_link = &callback_context;
    makecontext(&coroutine_context, run_coroutine, 0);
    set_logger(switch_stacks, userdata);
    is_switching = true;
    get_one("a get whose callback switches stacks");
    REQUIRE(!is_switching && atomic_load(&userdata->messages) > 1 && atomic_load(&userdata->releases) == 1);
    ld_dynamo_store_free(store);
    REQUIRE(atomic_load(&other_userdata->releases) == 1);
    free(stack);
    free(userdata);
    free(other_userdata);
}

int main(int argument_count, char **arguments) {
    static const struct {
        const char *name;
        void (*run)(void);
    } modes[] = {{"bounded", run_bounded}, {"calls", run_calls}, {"two_stores", run_two_stores}, {"replace", run_replace},
                 {"free", run_free},       {"fork", run_fork},       {"threads", run_threads}, {"late", run_late},
                 {"jumps", run_jumps},     {"coroutines", run_coroutines}};
    if (argument_count != 3) {
        fprintf(stderr, "usage: logger CONFIGURATION MODE\n");
        return 2;
    }
    watch(WATCHDOG_SECONDS);
    parent = getpid();
    configuration = arguments[1];
    store = open_store(configuration);
    for (size_t mode = 0; mode < sizeof modes / sizeof *modes; mode++) {
        if (strcmp(modes[mode].name, arguments[2]) == 0) {
            modes[mode].run();
            return 0;
        }
    }
    fprintf(stderr, "no such mode: %s\n", arguments[2]);
    return 2;
}
