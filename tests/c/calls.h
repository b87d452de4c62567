/*
 * What the programs that fork and thread have in common: stores from a configuration, calls whose answers are known, and a watchdog.
 *
 * The flags are flag-0 … flag-7, {"key":"flag-N","version":1}.
 */
#ifndef LD_DYNAMO_TESTS_CALLS_H
#define LD_DYNAMO_TESTS_CALLS_H

#include <ld_dynamo_store.h>

#if defined(__GLIBC__) || defined(__APPLE__)
#include <execinfo.h>
#define TELLS_STACKS 1
#endif
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FLAGS 8

/* Prints what failed; tells who with the process and the step. */
static inline void report(const char *step, ld_dynamo_status status, const ld_dynamo_error *error) {
    fprintf(stderr, "process %ld, %s: status %d: %s\n", (long)getpid(), step, (int)status, error == NULL ? "no error" : ld_dynamo_error_message(error));
}

static inline ld_dynamo_store *open_store(const char *configuration) {
    ld_dynamo_store *store = NULL;
    ld_dynamo_error *error = NULL;
    ld_dynamo_status status = ld_dynamo_store_new(configuration, &store, &error);
    if (status != LD_DYNAMO_OK) {
        report("new", status, error);
        ld_dynamo_error_free(error);
        exit(1);
    }
    return store;
}

/* Gets flag `number`. Returns 1 when the answer is right. */
static inline int get_flag(const ld_dynamo_store *store, int number, const char *step) {
    char key[32], expected[64];
    char *item = NULL;
    ld_dynamo_error *error = NULL;
    snprintf(key, sizeof key, "flag-%d", number);
    snprintf(expected, sizeof expected, "{\"key\":\"%s\",\"version\":1}", key);
    ld_dynamo_status status = ld_dynamo_store_get(store, "features", key, &item, &error);
    int right = status == LD_DYNAMO_OK && item != NULL && strcmp(item, expected) == 0;
    if (!right) {
        report(step, status, error);
    }
    ld_dynamo_string_free(item);
    ld_dynamo_error_free(error);
    return right;
}

/* Stores all flags; a table used before may hold them already. Returns 1 on success. */
static inline int put_flags(const ld_dynamo_store *store) {
    for (int number = 0; number < FLAGS; number++) {
        char key[32], item[64];
        char *stored = NULL;
        ld_dynamo_error *error = NULL;
        snprintf(key, sizeof key, "flag-%d", number);
        snprintf(item, sizeof item, "{\"key\":\"%s\",\"version\":1}", key);
        ld_dynamo_status status = ld_dynamo_store_upsert(store, "features", key, item, &stored, &error);
        if (status != LD_DYNAMO_OK && status != LD_DYNAMO_NOT_NEWER) {
            report("upsert", status, error);
            ld_dynamo_error_free(error);
            return 0;
        }
        ld_dynamo_string_free(stored);
    }
    return 1;
}

static inline void print_stack_and_end(int signal_number) {
    static const char text[] = "the watchdog found this process hanging here:\n";
    (void)signal_number;
    if (write(2, text, sizeof text - 1) > 0) {
#ifdef TELLS_STACKS
        void *frames[64];
        backtrace_symbols_fd(frames, backtrace(frames, 64), 2);
#endif
    }
    _exit(124);
}

/* Ends this process after so many seconds, with the stack of the thread that hangs where the C library can tell. A child needs a watchdog of its own. */
static inline void watch(unsigned seconds) {
    struct sigaction action;
#ifdef TELLS_STACKS
    /* The first call loads a library, which a signal handler must not. */
    void *frame;
    backtrace(&frame, 1);
#endif
    memset(&action, 0, sizeof action);
    action.sa_handler = print_stack_and_end;
    sigaction(SIGALRM, &action, NULL);
    alarm(seconds);
}

/* Waits for one child. Returns 1 when it ended well. */
static inline int reap(void) {
    int status = 0;
    pid_t child = wait(&status);
    if (child > 0 && WIFSIGNALED(status)) {
        fprintf(stderr, "process %ld was ended by signal %d\n", (long)child, WTERMSIG(status));
    }
    return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static inline void pause_for_microseconds(long microseconds) {
    struct timespec pause = {microseconds / 1000000, microseconds % 1000000 * 1000};
    nanosleep(&pause, NULL);
}

static inline long milliseconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
