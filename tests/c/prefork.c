/*
 * A server that forks as php-fpm does: the master makes and uses a handle, then its workers accept on one socket and serve from what they inherited.
 * A worker ends after a number of requests, and the master forks another in its place.
 *
 *   prefork CONFIGURATION     the table holds the flags of calls.h
 *
 * Prints its port. Answers each connection with one line: the worker's process id, and the item of flag-3. Ends with its standard input.
 */
#define _POSIX_C_SOURCE 200809L
#define _DARWIN_C_SOURCE

#include "calls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#define WORKERS 4
#define REQUESTS_OF_A_WORKER 25
#define WHOLE_SECONDS 120

static int listen_on_free_port(int *port) {
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 128) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0) {
        perror("listen");
        exit(1);
    }
    *port = ntohs(address.sin_port);
    return listener;
}

static void serve(const ld_dynamo_store *store, int listener) {
    watch(WHOLE_SECONDS);
    for (int request = 0; request < REQUESTS_OF_A_WORKER; request++) {
        char *item = NULL;
        char line[256];
        ld_dynamo_error *error = NULL;
        int connection = accept(listener, NULL, NULL);
        if (connection < 0) {
            exit(1);
        }
        ld_dynamo_status status = ld_dynamo_store_get(store, "features", "flag-3", &item, &error);
        int length = snprintf(line, sizeof line, "%ld %s\n", (long)getpid(), status == LD_DYNAMO_OK ? item : ld_dynamo_error_message(error));
        ssize_t written = write(connection, line, (size_t)length);
        close(connection);
        ld_dynamo_string_free(item);
        ld_dynamo_error_free(error);
        if (written != length) {
            exit(1);
        }
    }
    exit(0);
}

static void start_worker(const ld_dynamo_store *store, int listener) {
    pid_t worker = fork();
    if (worker == 0) {
        serve(store, listener);
    }
    if (worker < 0) {
        perror("fork");
        exit(1);
    }
}

int main(int count, char **arguments) {
    int port, status;
    if (count != 2) {
        fprintf(stderr, "usage: prefork CONFIGURATION\n");
        return 2;
    }
    watch(WHOLE_SECONDS);
    setpgid(0, 0);
    ld_dynamo_store *store = open_store(arguments[1]);
    if (!get_flag(store, 3, "the master")) {
        return 1;
    }
    int listener = listen_on_free_port(&port);
    for (int worker = 0; worker < WORKERS; worker++) {
        start_worker(store, listener);
    }
    printf("%d\n", port);
    fflush(stdout);
    struct pollfd input = {0, POLLIN, 0};
    while (poll(&input, 1, 10) == 0) {
        while (waitpid(-1, &status, WNOHANG) > 0) {
            if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
                fprintf(stderr, "a worker did not end well: status %d\n", status);
                exit(1);
            }
            start_worker(store, listener);
        }
    }
    /* The master still has its own connections. */
    int right = get_flag(store, 3, "the master afterwards");
    signal(SIGTERM, SIG_IGN);
    kill(0, SIGTERM);
    while (wait(NULL) > 0 || errno == EINTR) {
    }
    ld_dynamo_store_free(store);
    return right ? 0 : 1;
}
