// Loggers of ld_dynamo_store.hpp: what they receive, what they may do, and when they end.
//
//   loggers ENDPOINT TABLE     the table exists
#include "checks.hpp"

#include <ld_dynamo_store.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using ld_dynamo::Logger;
using ld_dynamo::LogLevel;
using ld_dynamo::Settings;
using ld_dynamo::Store;

// An init of nothing logs that it was done.
constexpr const char *nothing = R"({"things": {}})";

// What a logger holds tells when it ends.
struct Ended {
    explicit Ended(std::atomic<int> &count) : count_(&count) {}
    ~Ended() { (*count_)++; }
    Ended(const Ended &) = delete;
    Ended &operator=(const Ended &) = delete;

private:
    std::atomic<int> *count_;
};

Logger counting(std::atomic<int> &messages, std::atomic<int> &ends) {
    return [&messages, ended = std::make_shared<Ended>(ends)](LogLevel, std::string_view) { messages++; };
}

void messages_have_a_level(const Store &store) {
    std::vector<std::pair<LogLevel, std::string>> heard;
    store.set_logger([&heard](LogLevel level, std::string_view message) { heard.emplace_back(level, message); });
    store.init(nothing);
    CHECK(heard.size() == 1 && heard[0].first == LogLevel::Info && !heard[0].second.empty());
    store.upsert("things", "large", Settings().set("version", 1).set("text", std::string(500000, 'x')).json());
    CHECK(heard.size() == 2 && heard[1].first == LogLevel::Error && heard[1].second.find("large") != std::string::npos);
    store.set_logger({});
    store.init(nothing);
    CHECK(heard.size() == 2);
}

void a_logger_ends_once(const Settings &configuration) {
    std::atomic<int> messages{0};
    std::atomic<int> ends{0};
    {
        Store store(configuration);
        store.set_logger(counting(messages, ends));
        store.init(nothing);
        CHECK(messages == 1 && ends == 0);
        store.set_logger(counting(messages, ends));
        CHECK(ends == 1);
        Store moved = std::move(store);
        moved.init(nothing);
        CHECK(messages == 2 && ends == 1);
    }
    CHECK(ends == 2);
    Store store(configuration);
    store.set_logger(counting(messages, ends));
    store.set_logger(nullptr);
    CHECK(ends == 3);
    const Store other = std::move(store);
    // NOLINTNEXTLINE(bugprone-use-after-move): a call that fails keeps nothing.
    CHECK(!store.try_set_logger(counting(messages, ends)).ok() && ends == 4);
}

void what_is_thrown_is_dropped(const Store &store) {
    int calls = 0;
    store.set_logger([&calls](LogLevel, std::string_view) {
        calls++;
        if (calls == 1) {
            throw std::runtime_error("from a logger");
        }
        throw 1;
    });
    store.init(nothing);
    store.init(nothing);
    CHECK(calls == 2);
    store.set_logger({});
}

void a_logger_may_use_the_store(const Store &store) {
    std::atomic<int> messages{0};
    std::atomic<int> ends{0};
    int calls = 0;
    store.set_logger([&, ended = std::make_shared<Ended>(ends)](LogLevel, std::string_view) {
        calls++;
        CHECK(!store.get("things", "absent"));
        store.set_logger(counting(messages, ends));
        // What this holds must outlive the call that runs it.
        CHECK(ends == 0);
    });
    store.init(nothing);
    CHECK(calls == 1 && ends == 1);
    store.init(nothing);
    CHECK(calls == 1 && messages == 1);
    store.set_logger({});
    CHECK(ends == 2);
}

void many_threads(const Store &store) {
    std::atomic<int> messages{0};
    std::atomic<int> ends{0};
    std::vector<std::thread> threads;
    for (int number = 0; number < 6; number++) {
        threads.emplace_back([&, number] {
            for (int round = 0; round < 10; round++) {
                if (number % 2 == 0) {
                    store.set_logger(counting(messages, ends));
                } else {
                    store.init(nothing);
                }
            }
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    store.set_logger({});
    CHECK(ends == 30);
    CHECK(messages > 0);
}

// The parent's logger goes on in the child, which never ends it.
void a_forked_child(const Settings &configuration) {
    std::atomic<int> messages{0};
    std::atomic<int> ends{0};
    auto store = std::make_unique<Store>(configuration);
    store->set_logger(counting(messages, ends));
    store->init(nothing);
    const pid_t child = fork();
    if (child == 0) {
        store->init(nothing);
        const bool is_heard = messages == 2;
        store->set_logger({});
        store.reset();
        _exit(is_heard && ends == 0 ? 0 : 1);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    store.reset();
    CHECK(messages == 1 && ends == 1);
}

}  // namespace

int main(int count, char **arguments) {
    if (count != 3) {
        return 2;
    }
    const Settings configuration = checks::configuration(arguments[1], arguments[2], "loggers");
    try {
        const Store store(configuration);
        messages_have_a_level(store);
        a_logger_ends_once(configuration);
        what_is_thrown_is_dropped(store);
        a_logger_may_use_the_store(store);
        many_threads(store);
        a_forked_child(configuration);
    } catch (const std::exception &exception) {
        CHECK(false);
        std::printf("thrown: %s\n", exception.what());
    }
    return checks::summary();
}
