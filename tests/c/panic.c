/*
 * Makes the library panic and shows that the program goes on: the clock fails at the library's next look at it.
 *
 *   panic FILE
 *
 * FILE receives for each panic a line with the status and one with the message. Nothing may be printed: that is why they go to a file.
 */
#define _GNU_SOURCE

#include <ld_dynamo_store.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define WATCHDOG_SECONDS 60

static const char configuration[] =
    "{\"table\":\"table\",\"region\":\"us-east-1\",\"endpoint\":\"http://127.0.0.1:1\",\"cache_ttl_ms\":0,"
    "\"credentials\":{\"access_key_id\":\"id\",\"secret_access_key\":\"secret\"},\"max_attempts\":1}";

static FILE *report;
static atomic_int failures;
static pthread_key_t at_end;

/* Stands before the system's clock, for the library too. */
int clock_gettime(clockid_t clock, struct timespec *now) {
    if (atomic_load(&failures) > 0 && atomic_fetch_sub(&failures, 1) > 0) {
        errno = EINVAL;
        return -1;
    }
    return (int)syscall(SYS_clock_gettime, clock, now);
}

static ld_dynamo_status get(const ld_dynamo_store *store, ld_dynamo_error **error) {
    char *item = NULL;
    ld_dynamo_status status = ld_dynamo_store_get(store, "features", "flag", &item, error);
    ld_dynamo_string_free(item);
    return status;
}

static void panic_once(const ld_dynamo_store *store) {
    ld_dynamo_error *error = NULL;
    atomic_store(&failures, 1);
    ld_dynamo_status status = get(store, &error);
    atomic_store(&failures, 0);
    fprintf(report, "%d %d\n%s\n", (int)status, (int)ld_dynamo_error_status(error), ld_dynamo_error_message(error));
    ld_dynamo_error_free(error);
}

/* The library has left this thread already, and makes the call on one of its own. */
static void panic_at_end(void *argument) {
    panic_once(argument);
}

static void *end_with_a_panic(void *argument) {
    get(argument, NULL);
    pthread_setspecific(at_end, argument);
    return NULL;
}

int main(int count, char **arguments) {
    pthread_t thread;
    ld_dynamo_store *store = NULL, *other = NULL;
    report = count == 2 ? fopen(arguments[1], "w") : NULL;
    if (report == NULL || pthread_key_create(&at_end, panic_at_end) != 0) {
        return 2;
    }
    alarm(WATCHDOG_SECONDS);
    if (ld_dynamo_store_new(configuration, &store, NULL) != LD_DYNAMO_OK || ld_dynamo_store_new(configuration, &other, NULL) != LD_DYNAMO_OK) {
        return 3;
    }
    panic_once(store);
    /* The library works on after the defect: nobody listens there. */
    if (get(store, NULL) != LD_DYNAMO_UNREACHABLE) {
        return 4;
    }
    if (pthread_create(&thread, NULL, end_with_a_panic, other) != 0 || pthread_join(thread, NULL) != 0) {
        return 5;
    }
    /* Here the clock failed its runtime, which ends with that: the next call gets another. */
    if (get(other, NULL) != LD_DYNAMO_UNREACHABLE || get(store, NULL) != LD_DYNAMO_UNREACHABLE) {
        return 6;
    }
    ld_dynamo_store_free(other);
    ld_dynamo_store_free(store);
    fclose(report);
    return 0;
}
