/*
 * What a host program may rely on: no signal disposition and no signal mask changes, no thread stays, threads of the library run none of the host's
 * signal handlers, and nothing is printed, whether calls succeed or fail.
 *
 *   host CONFIGURATION UNREACHABLE REPORT     two configurations, the first with its endpoint by name; problems are written to the file REPORT
 */
#define _GNU_SOURCE

#include "calls.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>

#define CALLS 1000
#define THREADS 8

static ld_dynamo_store *store;
static FILE *problems;
static atomic_int look_ups;
static atomic_int look_ups_open_to_signals;
static atomic_int handled;
static atomic_int handled_elsewhere;
static _Thread_local int is_of_the_host;

static int all_signals_are_blocked(void) {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    for (int number = 1; number < 32; number++) {
        if (number != SIGKILL && number != SIGSTOP && !sigismember(&mask, number)) {
            return 0;
        }
    }
    return 1;
}

/* Stands before the system's resolver, for the library too; sends the process a signal while the look-up is under way. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    int (*resolve)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&resolve = dlsym(RTLD_NEXT, "getaddrinfo");
    atomic_fetch_add(&look_ups, 1);
    atomic_fetch_add(&look_ups_open_to_signals, !all_signals_are_blocked());
    kill(getpid(), SIGUSR1);
    pause_for_microseconds(2000);
    return resolve(name, service, hints, found);
}

static void handle(int number) {
    (void)number;
    atomic_fetch_add(&handled, 1);
    atomic_fetch_add(&handled_elsewhere, !is_of_the_host);
}

static int same_dispositions(const struct sigaction *before) {
    int same = 1;
    for (int number = 1; number < NSIG; number++) {
        struct sigaction now;
        if (sigaction(number, NULL, &now) == 0 &&
            (now.sa_handler != before[number].sa_handler || now.sa_flags != before[number].sa_flags)) {
            fprintf(problems, "the disposition of signal %d changed\n", number);
            same = 0;
        }
    }
    return same;
}

static int count_threads(void) {
    DIR *tasks = opendir("/proc/self/task");
    int count = 0;
    for (struct dirent *task = readdir(tasks); task != NULL; task = readdir(tasks)) {
        count += task->d_name[0] != '.';
    }
    closedir(tasks);
    return count;
}

static void mask_sigusr1(int how) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(how, &set, NULL);
}

/* Begins with SIGUSR1 blocked, so that the handler never sees it unmarked. */
static void *call_often(void *argument) {
    int right = 1;
    is_of_the_host = 1;
    mask_sigusr1(SIG_UNBLOCK);
    for (int call = 0; call < CALLS / THREADS; call++) {
        right = get_flag(store, call % FLAGS, "a get") && right;
    }
    *(int *)argument = right;
    return NULL;
}

static void require(int holds, const char *what) {
    if (!holds) {
        fprintf(problems, "%s\n", what);
    }
}

int main(int count, char **arguments) {
    struct sigaction before[NSIG], action;
    sigset_t mask_before, mask_after, pending;
    pthread_t threads[THREADS];
    int right[THREADS];
    char *item = NULL;
    if (count != 4 || (problems = fopen(arguments[3], "w")) == NULL) {
        fprintf(stderr, "usage: host CONFIGURATION UNREACHABLE REPORT\n");
        return 2;
    }
    watch(60);
    is_of_the_host = 1;
    memset(&action, 0, sizeof action);
    action.sa_handler = handle;
    action.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &action, NULL);
    memset(before, 0, sizeof before);
    for (int number = 1; number < NSIG; number++) {
        sigaction(number, NULL, &before[number]);
    }
    require(before[SIGPIPE].sa_handler == SIG_DFL, "SIGPIPE should begin at its default");
    pthread_sigmask(SIG_SETMASK, NULL, &mask_before);

    store = open_store(arguments[1]);
    require(put_flags(store), "the flags could not be stored");
    for (int call = 0; call < CALLS; call++) {
        require(get_flag(store, call % FLAGS, "a get"), "a get failed");
    }
    /* A thread that looked a name up may still be ending. */
    for (int wait = 0; wait < 1000 && count_threads() > 1; wait++) {
        pause_for_microseconds(1000);
    }
    require(count_threads() == 1, "a thread stayed after a thousand calls");
    mask_sigusr1(SIG_BLOCK);
    for (int number = 0; number < THREADS; number++) {
        require(pthread_create(&threads[number], NULL, call_often, &right[number]) == 0, "no thread");
    }
    mask_sigusr1(SIG_UNBLOCK);
    for (int number = 0; number < THREADS; number++) {
        pthread_join(threads[number], NULL);
        require(right[number], "a get failed beside others");
    }
    ld_dynamo_store *unreachable = open_store(arguments[2]);
    require(ld_dynamo_store_get(unreachable, "features", "flag-0", &item, NULL) == LD_DYNAMO_UNREACHABLE, "a get without a server did not fail");
    ld_dynamo_store_free(unreachable);
    ld_dynamo_store_free(store);
    for (int wait = 0; wait < 1000 && count_threads() > 1; wait++) {
        pause_for_microseconds(1000);
    }
    require(count_threads() == 1, "a thread stayed after eight threads called");

    require(same_dispositions(before), "a signal disposition changed");
    pthread_sigmask(SIG_SETMASK, NULL, &mask_after);
    require(memcmp(&mask_before, &mask_after, sizeof mask_before) == 0, "the signal mask changed");
    sigpending(&pending);
    require(!sigismember(&pending, SIGPIPE), "a SIGPIPE is left");
    require(atomic_load(&look_ups) > 0, "no name was looked up");
    require(atomic_load(&look_ups_open_to_signals) == 0, "a thread that looks a name up does not block all signals");
    require(atomic_load(&handled) > 0, "no signal handler of the host's ran at all");
    require(atomic_load(&handled_elsewhere) == 0, "a signal handler of the host's ran on a thread of the library's");
    require(fclose(problems) == 0, "the report could not be written");
    return 0;
}
