/*
 * A plain C program leaves SIGPIPE at its default, which ends the process. Here the server closes connections while they are idle and in the middle
 * of a request; the library must answer all the same, and leave the signal's disposition and mask as it found them.
 *
 *   sigpipe ENDPOINT TABLE     ENDPOINT is http://127.0.0.1:PORT; the table exists
 *
 * Two relays of our own stand before the endpoint: one closes each connection a few milliseconds after an answer, the other tears every second
 * connection after the first bytes of a request. A plain `send` through the second one must die of SIGPIPE, which proves that the test can fail.
 */
#define _POSIX_C_SOURCE 200809L

#include <ld_dynamo_store.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define IDLE_ROUNDS 150
#define TORN_ROUNDS 20
#define IDLE_MILLISECONDS 4
#define LARGE_ITEM 300000
#define WATCHDOG_SECONDS 120

enum relay_mode { CLOSES_IDLE, TEARS_EVERY_SECOND };

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void pause_for(long milliseconds) {
    struct timespec pause = {0, milliseconds * 1000000L};
    nanosleep(&pause, NULL);
}

static struct sockaddr_in loopback(int port) {
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((unsigned short)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int connect_to(int port) {
    struct sockaddr_in address = loopback(port);
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    if (connection < 0 || connect(connection, (struct sockaddr *)&address, sizeof address) != 0) {
        fail("connect");
    }
    return connection;
}

static int listen_on_free_port(int *port) {
    struct sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 64) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0) {
        fail("listen");
    }
    *port = ntohs(address.sin_port);
    return listener;
}

/* First the end of the stream, then a reset: the peer's next write raises SIGPIPE. A reset alone would only give it ECONNRESET. */
static void tear(int connection) {
    struct linger reset = {1, 0};
    shutdown(connection, SHUT_WR);
    pause_for(1);
    setsockopt(connection, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(connection);
}

static void send_all(int connection, const char *bytes, ssize_t length) {
    for (ssize_t sent = 0; sent < length;) {
        ssize_t step = send(connection, bytes + sent, (size_t)(length - sent), MSG_NOSIGNAL);
        if (step <= 0) {
            _exit(0);
        }
        sent += step;
    }
}

static void relay_connection(int client, int engine_port, enum relay_mode mode, int tears) {
    static char bytes[65536];
    int answered = 0;
    if (tears) {
        if (recv(client, bytes, sizeof bytes, 0) > 0) {
            tear(client);
        }
        _exit(0);
    }
    int engine = connect_to(engine_port);
    struct pollfd ends[2] = {{client, POLLIN, 0}, {engine, POLLIN, 0}};
    for (;;) {
        int ready = poll(ends, 2, mode == CLOSES_IDLE && answered ? IDLE_MILLISECONDS : -1);
        if (ready == 0) {
            tear(client);
            _exit(0);
        }
        for (int from = 0; from < 2; from++) {
            if (ends[from].revents != 0) {
                ssize_t length = recv(ends[from].fd, bytes, sizeof bytes, 0);
                if (length <= 0) {
                    _exit(0);
                }
                send_all(ends[1 - from].fd, bytes, length);
                answered = from == 1;
            }
        }
    }
}

/* Runs a relay in a process of its own until `life` reaches its end, which it does whenever this program ends. Returns the relay's port. */
static int start_relay(int engine_port, enum relay_mode mode, const int life[2]) {
    int port;
    int listener = listen_on_free_port(&port);
    pid_t relay = fork();
    if (relay < 0) {
        fail("fork");
    }
    if (relay > 0) {
        close(listener);
        return port;
    }
    signal(SIGCHLD, SIG_IGN);
    close(life[1]);
    for (int connections = 0;;) {
        struct pollfd events[2] = {{listener, POLLIN, 0}, {life[0], POLLIN, 0}};
        if (poll(events, 2, -1) < 0 || events[1].revents != 0) {
            _exit(0);
        }
        int client = accept(listener, NULL, NULL);
        if (client >= 0 && fork() == 0) {
            relay_connection(client, engine_port, mode, mode == TEARS_EVERY_SECOND && connections % 2 == 0);
        }
        connections += client >= 0;
        close(client);
    }
}

/* The proof that the relay raises the signal: a process that writes through it as a plain program does is ended by SIGPIPE. */
static int a_plain_write_dies(int port) {
    int status = 0;
    pid_t writer = fork();
    if (writer == 0) {
        static char bytes[65536];
        int connection = connect_to(port);
        for (int writes = 0; writes < 1000; writes++) {
            send(connection, bytes, sizeof bytes, 0);
            pause_for(2);
        }
        _exit(0);
    }
    return writer > 0 && waitpid(writer, &status, 0) == writer && WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE;
}

static ld_dynamo_store *open_store(int port, const char *table) {
    char configuration[1024];
    ld_dynamo_store *store = NULL;
    ld_dynamo_error *error = NULL;
    snprintf(configuration, sizeof configuration,
             "{\"table\":\"%s\",\"endpoint\":\"http://127.0.0.1:%d\",\"region\":\"us-east-1\",\"credentials\":{\"access_key_id\":\"local\","
             "\"secret_access_key\":\"local\"},\"cache_ttl_ms\":0,\"max_attempts\":5,\"operation_timeout_ms\":20000}",
             table, port);
    if (ld_dynamo_store_new(configuration, &store, &error) != LD_DYNAMO_OK) {
        fprintf(stderr, "new: %s\n", ld_dynamo_error_message(error));
        exit(1);
    }
    return store;
}

static int succeeded(const char *step, ld_dynamo_status status, ld_dynamo_error *error) {
    if (status != LD_DYNAMO_OK) {
        fprintf(stderr, "%s: status %d: %s\n", step, (int)status, ld_dynamo_error_message(error));
    }
    ld_dynamo_error_free(error);
    return status == LD_DYNAMO_OK;
}

static int upsert_large(const ld_dynamo_store *store, long long version) {
    static char item[LARGE_ITEM + 64];
    char *stored = NULL;
    ld_dynamo_error *error = NULL;
    int start = snprintf(item, sizeof item, "{\"version\":%lld,\"filler\":\"", version);
    memset(item + start, 'x', LARGE_ITEM);
    strcpy(item + start + LARGE_ITEM, "\"}");
    ld_dynamo_status status = ld_dynamo_store_upsert(store, "features", "large", item, &stored, &error);
    ld_dynamo_string_free(stored);
    return succeeded("upsert over a torn connection", status, error);
}

static int get_large(const ld_dynamo_store *store) {
    char *item = NULL;
    ld_dynamo_error *error = NULL;
    ld_dynamo_status status = ld_dynamo_store_get(store, "features", "large", &item, &error);
    ld_dynamo_string_free(item);
    return succeeded("get after an idle connection was closed", status, error);
}

/* The host's signals are as they were: default disposition, not blocked, none left pending. */
static int sigpipe_is_as_it_was(void) {
    struct sigaction action;
    sigset_t mask, pending;
    sigaction(SIGPIPE, NULL, &action);
    sigprocmask(SIG_SETMASK, NULL, &mask);
    sigpending(&pending);
    return action.sa_handler == SIG_DFL && !sigismember(&mask, SIGPIPE) && !sigismember(&pending, SIGPIPE);
}

int main(int count, char **arguments) {
    int engine_port, life[2];
    int failures = 0;
    if (count != 3 || sscanf(arguments[1], "http://127.0.0.1:%d", &engine_port) != 1 || pipe(life) != 0) {
        fprintf(stderr, "usage: sigpipe http://127.0.0.1:PORT TABLE\n");
        return 2;
    }
    alarm(WATCHDOG_SECONDS);
    signal(SIGPIPE, SIG_DFL);
    int idle_port = start_relay(engine_port, CLOSES_IDLE, life);
    int torn_port = start_relay(engine_port, TEARS_EVERY_SECOND, life);
    if (!a_plain_write_dies(torn_port)) {
        fprintf(stderr, "a plain write through the relay did not die of SIGPIPE: this test proves nothing\n");
        return 1;
    }

    for (int round = 0; round < TORN_ROUNDS; round++) {
        /* A new handle each round, so that the torn connection is the one in use. */
        ld_dynamo_store *store = open_store(torn_port, arguments[2]);
        /* Newer than what an earlier run left in the table. */
        failures += !upsert_large(store, (long long)time(NULL) * 1000 + round);
        ld_dynamo_store_free(store);
    }
    ld_dynamo_store *store = open_store(idle_port, arguments[2]);
    for (int round = 0; round < IDLE_ROUNDS; round++) {
        failures += !get_large(store);
        /* From well before the relay closes to well after. */
        pause_for(round % 10);
    }
    failures += !sigpipe_is_as_it_was();
    ld_dynamo_store_free(store);
    /* Both relays end with the pipe. */
    close(life[1]);
    while (wait(NULL) > 0) {
    }
    printf("%d uploads over torn connections, %d gets over connections closed while idle, %d failures; SIGPIPE is %s\n", TORN_ROUNDS, IDLE_ROUNDS, failures,
           sigpipe_is_as_it_was() ? "as it was" : "CHANGED");
    return failures == 0 ? 0 : 1;
}
