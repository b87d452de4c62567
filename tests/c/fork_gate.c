/*
 * The gate that a fork waits at, on both ways to the table: the library's own connections, which gets take, and the AWS SDK's, which noting when Big
 * Segments were synchronized takes. This program stands between the library and the system calls that wait and receive.
 *
 *   fork_gate waits CONFIGURATION     the second get and the second and third note are answered after a second: a fork does not wait for them
 *   fork_gate works CONFIGURATION     bytes for a connection of the AWS SDK's take 300 ms to be received: a fork waits for that
 *   fork_gate inside CONFIGURATION    forks in the middle of the library's work: the child begins with nobody inside, the parent goes on
 *
 * The table holds the flags of calls.h; no cache. Where a fork is timed, prints how many milliseconds it took.
 */
#define _GNU_SOURCE

#include "calls.h"

#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define WHOLE_SECONDS 60
#define CHILD_SECONDS 30
#define NOTING_THREADS 2
/* A fork waits for look-ups that long at least where one was miscounted, and a second for anybody else. */
#define LONGEST_FORK_MILLISECONDS 40
/* Whoever finds the gate closed by a fork that is over waits a second. */
#define LONGEST_CALL_MILLISECONDS 500
/* A busy machine prolongs some of them, a closed gate all. */
#define TRIES 10

static ld_dynamo_store *store;
static atomic_int errors;
/* Threads of either way that have begun to wait for an answer. */
static atomic_int waiting_for_get, waiting_for_note;
static atomic_bool is_receiving_slowly, is_at_work;
static atomic_bool is_forking;
static pid_t child = -1;

static void end_without_symbol(const char *name) {
    fprintf(stderr, "no %s\n", name);
    exit(1);
}

static void *next(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL) {
        end_without_symbol(name);
    }
    return found;
}

/* The library's own connections wait here. */
int poll(struct pollfd *polled, nfds_t count, int milliseconds) {
    static int (*real)(struct pollfd *, nfds_t, int);
    if (real == NULL) {
        *(void **)&real = next("poll");
    }
    if (count == 1 && polled->events == POLLIN) {
        atomic_fetch_add(&waiting_for_get, 1);
    }
    return real(polled, count, milliseconds);
}

/* The AWS SDK's wait here, all of them on one thread. */
int epoll_wait(int descriptor, struct epoll_event *events, int count, int milliseconds) {
    static int (*real)(int, struct epoll_event *, int, int);
    if (real == NULL) {
        *(void **)&real = next("epoll_wait");
    }
    if (milliseconds != 0) {
        atomic_fetch_add(&waiting_for_note, 1);
    }
    return real(descriptor, events, count, milliseconds);
}

/* Both receive here: the AWS SDK's in the middle of the work between two waits. */
ssize_t recv(int socket, void *bytes, size_t count, int flags) {
    static ssize_t (*real)(int, void *, size_t, int);
    if (real == NULL) {
        *(void **)&real = next("recv");
    }
    ssize_t received = real(socket, bytes, count, flags);
    if (received > 0 && (flags & MSG_PEEK) == 0) {
        if (atomic_exchange(&is_receiving_slowly, false)) {
            atomic_store(&is_at_work, true);
            pause_for_microseconds(300000);
        }
        if (atomic_exchange(&is_forking, false)) {
            child = fork();
        }
    }
    return received;
}

static ld_dynamo_status note(ld_dynamo_error **error) {
    return ld_dynamo_store_big_segments_set_synchronized(store, 1700000000000, error);
}

/* Returns 1 on success. */
static int noted(const char *step) {
    ld_dynamo_error *error = NULL;
    ld_dynamo_status status = note(&error);
    if (status != LD_DYNAMO_OK) {
        report(step, status, error);
        ld_dynamo_error_free(error);
    }
    return status == LD_DYNAMO_OK;
}

static void *note_once(void *argument) {
    (void)argument;
    if (!noted("a thread that notes")) {
        atomic_fetch_add(&errors, 1);
    }
    return NULL;
}

static void *get_once(void *argument) {
    (void)argument;
    if (!get_flag(store, 0, "a thread that gets")) {
        atomic_fetch_add(&errors, 1);
    }
    return NULL;
}

static pthread_t started(void *(*work)(void *)) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, NULL) != 0) {
        fprintf(stderr, "no thread\n");
        exit(1);
    }
    return thread;
}

/* How long a fork took, whose child ends at once. */
static long time_of_fork(void) {
    long began = milliseconds_now();
    pid_t forked = fork();
    if (forked == 0) {
        _exit(0);
    }
    long took = milliseconds_now() - began;
    if (forked < 0 || !reap()) {
        exit(1);
    }
    return took;
}

/* Nobody is at work in this process: returns 1 when neither forks nor calls wait for anybody. */
static int is_open(const char *step) {
    long fork_took = LONGEST_FORK_MILLISECONDS, call_took = LONGEST_CALL_MILLISECONDS;
    for (int number = 0; number < TRIES && fork_took >= LONGEST_FORK_MILLISECONDS; number++) {
        fork_took = time_of_fork();
    }
    for (int number = 0; number < TRIES && call_took >= LONGEST_CALL_MILLISECONDS; number++) {
        long began = milliseconds_now();
        if (!get_flag(store, 1, step) || !noted(step)) {
            return 0;
        }
        call_took = milliseconds_now() - began;
    }
    if (fork_took >= LONGEST_FORK_MILLISECONDS || call_took >= LONGEST_CALL_MILLISECONDS) {
        fprintf(stderr, "process %ld, %s: a fork takes %ld ms, two calls %ld ms\n", (long)getpid(), step, fork_took, call_took);
        return 0;
    }
    return 1;
}

static int fork_while_others_wait(void) {
    pthread_t threads[NOTING_THREADS + 1];
    atomic_store(&waiting_for_get, 0);
    threads[0] = started(get_once);
    while (atomic_load(&waiting_for_get) == 0) {
        pause_for_microseconds(1000);
    }
    atomic_store(&waiting_for_note, 0);
    for (int number = 1; number <= NOTING_THREADS; number++) {
        threads[number] = started(note_once);
    }
    while (atomic_load(&waiting_for_note) == 0) {
        pause_for_microseconds(1000);
    }
    /* What they do between two system calls. */
    pause_for_microseconds(100000);
    printf("%ld\n", time_of_fork());
    for (int number = 0; number <= NOTING_THREADS; number++) {
        pthread_join(threads[number], NULL);
    }
    return is_open("the parent");
}

static int fork_while_another_works(void) {
    atomic_store(&is_receiving_slowly, true);
    pthread_t thread = started(note_once);
    while (!atomic_load(&is_at_work)) {
        pause_for_microseconds(1000);
    }
    printf("%ld\n", time_of_fork());
    pthread_join(thread, NULL);
    return is_open("the parent");
}

/* In the parent, returns 1 when it got its answer and its child ended well; does not return in the child. */
static int fork_in_the_middle(bool is_note) {
    char *item = NULL;
    ld_dynamo_error *error = NULL;
    const char *step = is_note ? "forked in a note" : "forked in a get";
    atomic_store(&is_forking, true);
    ld_dynamo_status status = is_note ? note(&error) : ld_dynamo_store_get(store, "features", "flag-2", &item, &error);
    if (child == 0) {
        watch(CHILD_SECONDS);
        int right = status == LD_DYNAMO_UNREACHABLE;
        if (!right) {
            report(step, status, error);
        }
        right = is_open(step) && right;
        ld_dynamo_store_free(store);
        _exit(right ? 0 : 1);
    }
    if (status != LD_DYNAMO_OK) {
        report(step, status, error);
    }
    ld_dynamo_string_free(item);
    ld_dynamo_error_free(error);
    if (child < 0) {
        fprintf(stderr, "%s: not forked\n", step);
        return 0;
    }
    child = -1;
    return reap() && status == LD_DYNAMO_OK && is_open("the parent");
}

int main(int count, char **arguments) {
    if (count != 3) {
        fprintf(stderr, "usage: fork_gate waits|works|inside CONFIGURATION\n");
        return 2;
    }
    watch(WHOLE_SECONDS);
    store = open_store(arguments[2]);
    /* The connections are there from now on. */
    int right = get_flag(store, 0, "the first get") && noted("the first note");
    if (strcmp(arguments[1], "waits") == 0) {
        right = right && fork_while_others_wait();
    } else if (strcmp(arguments[1], "works") == 0) {
        right = right && fork_while_another_works();
    } else {
        right = right && fork_in_the_middle(false) && fork_in_the_middle(true);
    }
    ld_dynamo_store_free(store);
    return right && atomic_load(&errors) == 0 ? 0 : 1;
}
