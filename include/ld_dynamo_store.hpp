// ld-dynamo-store for C++17: LaunchDarkly's DynamoDB persistent data store. A thin layer over ld_dynamo_store.h, all of it in headers;
// what a call does, costs and fails with stands there in full. Programs link to -lld_dynamo_store, as in C.
//
//     ld_dynamo::Store store(R"({"table": "launchdarkly"})");
//     std::optional<std::string> flag = store.get("features", "new-checkout");
//
// TEXTS are UTF-8, and hold JSON where a name ends in _json and where a result is an item, items, metadata, a membership or counters.
// They go in as std::string_view, with or without a NUL at the end, and are copied only for the call; one that has a NUL
// inside is refused, and nothing is sent. They come out as std::string. std::nullopt stands for LD_DYNAMO_NOT_FOUND.
//
// ERRORS: each call has two forms. get() throws a class of Error (ld_dynamo_store_error.hpp), try_get() is noexcept and returns a Result
// with a value or an Error. With -fno-exceptions only the second form is there. Running out of memory ends the process in that form,
// as it does within the library. All units of a program that use this header need the same setting.
//
// OWNERSHIP: a Store frees itself, can be moved and not copied. One that was moved from answers LD_DYNAMO_NULL_ARGUMENT.
//
// THREADS: all methods are const and may be called from any number of threads at once, except that nobody may be using a store that is
// moved, assigned to or destroyed. Every call blocks until it is done or its time-out is over; there is no background thread.
//
// FORK: a store made before a fork works in the child, with connections, credentials and cache of its own. A logger set before it goes
// on receiving the child's messages, and is never destroyed there.

#ifndef LD_DYNAMO_STORE_HPP
#define LD_DYNAMO_STORE_HPP

#include "ld_dynamo_store.h"
#include "ld_dynamo_store_call.hpp"
#include "ld_dynamo_store_error.hpp"
#include "ld_dynamo_store_settings.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ld_dynamo {

static_assert(LD_DYNAMO_ABI_MAJOR == 1 && LD_DYNAMO_ABI_MINOR >= 3, "this header needs ld_dynamo_store.h of ABI 1.3 or a later 1.x");

// How severe a log message is.
enum class LogLevel : std::int32_t {
    // Something was lost or is wrong with the data.
    Error = LD_DYNAMO_LOG_ERROR,
    // Something may be wrong.
    Warn = LD_DYNAMO_LOG_WARN,
    // An init was done.
    Info = LD_DYNAMO_LOG_INFO,
    // Attempts, retries and time-outs of requests, and where region and credentials come from.
    Debug = LD_DYNAMO_LOG_DEBUG,
    // The steps within an attempt.
    Trace = LD_DYNAMO_LOG_TRACE,
};

// Receives one log message: a line of UTF-8 that lives as long as the call. See Store::set_logger.
using Logger = std::function<void(LogLevel, std::string_view)>;

// What an upsert came to.
enum class UpsertOutcome : ld_dynamo_status {
    // The item was written.
    Stored = LD_DYNAMO_OK,
    // The table holds this version or a newer one; nothing was written.
    NotNewer = LD_DYNAMO_NOT_NEWER,
    // The item is over the limit of 400,000 bytes; nothing was written, and the stored row stays as it was.
    TooLarge = LD_DYNAMO_TOO_LARGE,
};

struct Upsert {
    UpsertOutcome outcome;
    // The item that the table holds, where the outcome is NotNewer; else nothing.
    std::optional<std::string> winner;
};

// What applying a patch of Big Segments came to.
enum class PatchOutcome : ld_dynamo_status {
    Applied = LD_DYNAMO_OK,
    // The table's cursor is not the patch's previous version: ask LaunchDarkly for the patches since the table's.
    OutOfOrder = LD_DYNAMO_OUT_OF_ORDER,
};

namespace detail {

// What a function that answers from the cache alone knows.
template <typename Known>
std::optional<Known> unless_unknown(ld_dynamo_status status, Known known) {
    return status == LD_DYNAMO_NOT_CACHED ? std::nullopt : std::optional<Known>(std::move(known));
}

// Hands a message over. An exception would have to pass through the library, which no exception may.
inline void deliver(const Logger &logger, LogLevel level, std::string_view message) noexcept {
#if LD_DYNAMO_HAS_EXCEPTIONS
    try {
        logger(level, message);
    } catch (...) {
        // There is nobody whom it could be told.
    }
#else
    logger(level, message);
#endif
}

inline void receive(void *logger, std::int32_t level, const char *message) noexcept {
    deliver(*static_cast<const Logger *>(logger), static_cast<LogLevel>(level), message);
}

inline void release(void *logger) noexcept {
    delete static_cast<Logger *>(logger);
}

template <typename Receive>
void receive_member(void *receive, const char *name, std::size_t name_length, const char *value, std::size_t value_length) noexcept {
    (*static_cast<Receive *>(receive))(std::string_view(name, name_length), std::string_view(value, value_length));
}

}  // namespace detail

// The version of the loaded library, for example "0.1.0".
inline std::string_view version() noexcept {
    return ld_dynamo_version();
}

// The key under which Big Segments know a context: base64 of the SHA-256 of the context's key. Sends nothing.
inline Result<std::string> try_context_hash(std::string_view key) noexcept {
    const detail::Argument key_text("key", key, LD_DYNAMO_INVALID_KEY);
    const auto hash = [&key_text](char **result, ld_dynamo_error **error) { return ld_dynamo_context_hash(key_text.c_str(), result, error); };
    return detail::then<std::string>(detail::call(hash, key_text), detail::text);
}

// Takes a JSON object apart, such as a Store returns: calls `receive(name, value_json)` for each member, in their order, with two
// std::string_view that live as long as the call; the name has no escapes, the value stands as in the text. `most_levels`: 0 for any values; else they
// are checked, and have at most so many levels, as ld_dynamo_json_members says. On failure `receive` was not called. Here it must not throw.
template <typename Receive>
Result<void> try_json_members(std::string_view object_json, std::uint32_t most_levels, Receive &&receive) noexcept {
    const detail::Argument object("object_json", object_json, LD_DYNAMO_INVALID_JSON);
    auto hand_over = [&receive](std::string_view name, std::string_view value_json) { receive(name, value_json); };
    const auto take_apart = [&](char **, ld_dynamo_error **error) {
        return ld_dynamo_json_members(object.c_str(), most_levels, detail::receive_member<decltype(hand_over)>, &hand_over, error);
    };
    return detail::done(detail::call(take_apart, object));
}

// A store: one table under one prefix.
class Store {
public:
    // Makes a store from its configuration, a JSON object with "table" and the keys of docs/configuration.md. Sends nothing: a missing table is
    // found by the first call. A library with another ABI than this header needs is LD_DYNAMO_INTERNAL.
    static Result<Store> try_open(std::string_view config_json) noexcept {
        const std::uint32_t abi = ld_dynamo_abi_version();
        if (abi >> 16 != LD_DYNAMO_ABI_MAJOR || (abi & 0xffff) < LD_DYNAMO_ABI_MINOR) {
            return Error("libld_dynamo_store has ABI version " + std::to_string(abi >> 16) + "." + std::to_string(abi & 0xffff) +
                             ", but this program was compiled for " + std::to_string(LD_DYNAMO_ABI_MAJOR) + "." + std::to_string(LD_DYNAMO_ABI_MINOR) +
                             ": install a library with that or a later minor number",
                         LD_DYNAMO_INTERNAL);
        }
        ld_dynamo_store *made = nullptr;
        const detail::Argument config = json_of("config_json", config_json);
        const auto make = [&made, &config](char **, ld_dynamo_error **error) { return ld_dynamo_store_new(config.c_str(), &made, error); };
        const Result<detail::Answer> answer = detail::call(make, config);
        if (!answer.ok()) {
            return answer.error();
        }
        return Store(made);
    }
    static Result<Store> try_open(const Settings &configuration) noexcept { return try_open(configuration.json()); }

    // One item as stored, tombstones included. Fails with LD_DYNAMO_CORRUPT_ITEM where the row holds no JSON object.
    Result<std::optional<std::string>> try_get(std::string_view kind, std::string_view key) const noexcept {
        return detail::then<std::optional<std::string>>(ask(ld_dynamo_store_get, kind_of(kind), key_of(key)), detail::text_or_nothing);
    }

    // All items of a kind: one object from key to item, {} where there are none. A corrupt row is left out and logged.
    Result<std::string> try_all(std::string_view kind) const noexcept {
        return detail::then<std::string>(ask(ld_dynamo_store_all, kind_of(kind)), detail::text);
    }

    // Makes the kinds of a data set, {"features": {key: item, …}, "segments": {key: item, …}}, hold exactly its items.
    Result<void> try_init(std::string_view all_data_json) const noexcept {
        return detail::done(tell(ld_dynamo_store_init, json_of("all_data_json", all_data_json)));
    }

    // Writes one item, an object with an integer "version", where the table holds none or an older version.
    Result<Upsert> try_upsert(std::string_view kind, std::string_view key, std::string_view item_json) const noexcept {
        const auto made = [](detail::Answer answer) { return Upsert{static_cast<UpsertOutcome>(answer.status), std::move(answer.text)}; };
        return detail::then<Upsert>(ask(ld_dynamo_store_upsert, kind_of(kind), key_of(key), json_of("item_json", item_json)), made);
    }

    // Whether the table holds a full data set under the store's prefix.
    Result<bool> try_initialized() const noexcept {
        return detail::then<bool>(tell(ld_dynamo_store_initialized), [](const detail::Answer &answer) { return answer.status == LD_DYNAMO_OK; });
    }

    // Asks the table, never the cache, and fails as that does.
    Result<void> try_available() const noexcept { return detail::done(tell(ld_dynamo_store_available)); }

    // As try_get, try_all and try_initialized, but from the cache alone, and without waiting: nothing where the table would have to be asked.
    Result<std::optional<std::optional<std::string>>> try_get_cached(std::string_view kind, std::string_view key) const noexcept {
        const auto known = [](detail::Answer answer) { return detail::unless_unknown(answer.status, std::move(answer.text)); };
        return detail::then<std::optional<std::optional<std::string>>>(ask(ld_dynamo_store_get_cached, kind_of(kind), key_of(key)), known);
    }
    Result<std::optional<std::string>> try_all_cached(std::string_view kind) const noexcept {
        return detail::then<std::optional<std::string>>(ask(ld_dynamo_store_all_cached, kind_of(kind)), detail::text_or_nothing);
    }
    Result<std::optional<bool>> try_initialized_cached() const noexcept {
        const auto known = [](const detail::Answer &answer) { return detail::unless_unknown(answer.status, answer.status == LD_DYNAMO_OK); };
        return detail::then<std::optional<bool>>(tell(ld_dynamo_store_initialized_cached), known);
    }

    // When Big Segments were last synchronized: {"synchronizedOn": Unix time in milliseconds}.
    Result<std::optional<std::string>> try_big_segments_metadata() const noexcept {
        return detail::then<std::optional<std::string>>(ask(ld_dynamo_store_big_segments_metadata), detail::text_or_nothing);
    }

    // The version of the last patch that was applied, after which LaunchDarkly is asked for the next ones; nothing where there was none.
    // One strongly consistent request; never cached.
    Result<std::optional<std::string>> try_big_segments_cursor() const noexcept {
        return detail::then<std::optional<std::string>>(ask(ld_dynamo_store_big_segments_cursor), detail::text_or_nothing);
    }

    // The Big Segments that a context is in (true) or out of (false): {"segment-key.g1": true, …}. `context_hash`: of context_hash().
    Result<std::optional<std::string>> try_big_segments_membership(std::string_view context_hash) const noexcept {
        const detail::Argument hash("context_hash", context_hash, LD_DYNAMO_INVALID_KEY);
        return detail::then<std::optional<std::string>>(ask(ld_dynamo_store_big_segments_membership, hash), detail::text_or_nothing);
    }

    // Applies a patch of one Big Segment, as LaunchDarkly sends it to the Relay Proxy.
    Result<PatchOutcome> try_big_segments_apply_patch(std::string_view patch_json) const noexcept {
        const auto made = [](const detail::Answer &answer) { return static_cast<PatchOutcome>(answer.status); };
        return detail::then<PatchOutcome>(tell(ld_dynamo_store_big_segments_apply_patch, json_of("patch_json", patch_json)), made);
    }

    // Notes that Big Segments were in step with LaunchDarkly at a time since 1970.
    Result<void> try_big_segments_set_synchronized(std::chrono::milliseconds since_1970) const noexcept {
        const auto set = [since_1970](const ld_dynamo_store *store, ld_dynamo_error **error) {
            return ld_dynamo_store_big_segments_set_synchronized(store, static_cast<std::int64_t>(since_1970.count()), error);
        };
        return detail::done(tell(set));
    }
    Result<void> try_big_segments_set_synchronized(std::chrono::system_clock::time_point time) const noexcept {
        return try_big_segments_set_synchronized(std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()));
    }

    // What the store counted, as docs/operations.md lists it. Sends nothing.
    Result<std::string> try_stats() const noexcept { return detail::then<std::string>(ask(ld_dynamo_store_stats), detail::text); }

    // Signs requests with these credentials from now on, where the configuration says "credentials": "pushed".
    Result<void> try_set_credentials(std::string_view credentials_json) const noexcept {
        return detail::done(tell(ld_dynamo_store_set_credentials, json_of("credentials_json", credentials_json)));
    }
    Result<void> try_set_credentials(const Settings &credentials) const noexcept { return try_set_credentials(credentials.json()); }

    // Sets the function that receives the store's log messages, down to "log_level"; an empty one for no more messages. It runs on the
    // threads that make calls, on several at once, when a call's work is done. It may call the store and replace the logger. What it
    // throws is dropped. It is destroyed when it was replaced or the store ended, and the last call that uses it is over.
    Result<void> try_set_logger(Logger logger) const noexcept {
        const bool is_set = static_cast<bool>(logger);
        std::unique_ptr<Logger> kept = is_set ? std::make_unique<Logger>(std::move(logger)) : nullptr;
        const auto set = [&kept](const ld_dynamo_store *store, ld_dynamo_error **error) {
            return ld_dynamo_store_set_logger(store, kept ? detail::receive : nullptr, kept.get(), detail::release, error);
        };
        const Result<detail::Answer> answer = tell(set);
        if (answer.ok()) {
            // It belongs to the library now, which hands it to `release`.
            static_cast<void>(kept.release());
        }
        return detail::done(answer);
    }

    // The store for functions of ld_dynamo_store.h. It stays this object's.
    const ld_dynamo_store *handle() const noexcept { return store_.get(); }

#if LD_DYNAMO_HAS_EXCEPTIONS
    // The same, which throw.
    explicit Store(std::string_view config_json) : Store(try_open(config_json).value()) {}
    explicit Store(const Settings &configuration) : Store(try_open(configuration).value()) {}
    std::optional<std::string> get(std::string_view kind, std::string_view key) const { return try_get(kind, key).value(); }
    std::string all(std::string_view kind) const { return try_all(kind).value(); }
    void init(std::string_view all_data_json) const { try_init(all_data_json).value(); }
    Upsert upsert(std::string_view kind, std::string_view key, std::string_view item_json) const { return try_upsert(kind, key, item_json).value(); }
    bool initialized() const { return try_initialized().value(); }
    void available() const { try_available().value(); }
    std::optional<std::optional<std::string>> get_cached(std::string_view kind, std::string_view key) const { return try_get_cached(kind, key).value(); }
    std::optional<std::string> all_cached(std::string_view kind) const { return try_all_cached(kind).value(); }
    std::optional<bool> initialized_cached() const { return try_initialized_cached().value(); }
    std::optional<std::string> big_segments_metadata() const { return try_big_segments_metadata().value(); }
    std::optional<std::string> big_segments_cursor() const { return try_big_segments_cursor().value(); }
    std::optional<std::string> big_segments_membership(std::string_view context_hash) const { return try_big_segments_membership(context_hash).value(); }
    PatchOutcome big_segments_apply_patch(std::string_view patch_json) const { return try_big_segments_apply_patch(patch_json).value(); }
    void big_segments_set_synchronized(std::chrono::milliseconds since_1970) const { try_big_segments_set_synchronized(since_1970).value(); }
    void big_segments_set_synchronized(std::chrono::system_clock::time_point time) const { try_big_segments_set_synchronized(time).value(); }
    std::string stats() const { return try_stats().value(); }
    void set_credentials(std::string_view credentials_json) const { try_set_credentials(credentials_json).value(); }
    void set_credentials(const Settings &credentials) const { try_set_credentials(credentials).value(); }
    void set_logger(Logger logger) const { try_set_logger(std::move(logger)).value(); }
#endif

private:
    explicit Store(ld_dynamo_store *made) noexcept : store_(made) {}

    static detail::Argument kind_of(std::string_view kind) { return detail::Argument("kind", kind, LD_DYNAMO_INVALID_KIND); }
    static detail::Argument key_of(std::string_view key) { return detail::Argument("key", key, LD_DYNAMO_INVALID_KEY); }
    static detail::Argument json_of(const char *name, std::string_view json) { return detail::Argument(name, json, LD_DYNAMO_INVALID_JSON); }

    // Calls a function that has a result.
    template <typename Function, typename... Arguments>
    Result<detail::Answer> ask(Function function, const Arguments &...arguments) const {
        const auto ask = [&](char **result, ld_dynamo_error **error) { return function(store_.get(), arguments.c_str()..., result, error); };
        return detail::call(ask, arguments...);
    }

    // Calls a function that has none.
    template <typename Function, typename... Arguments>
    Result<detail::Answer> tell(Function function, const Arguments &...arguments) const {
        const auto tell = [&](char **, ld_dynamo_error **error) { return function(store_.get(), arguments.c_str()..., error); };
        return detail::call(tell, arguments...);
    }

    std::unique_ptr<ld_dynamo_store, detail::Free> store_;
};

#if LD_DYNAMO_HAS_EXCEPTIONS
inline std::string context_hash(std::string_view key) {
    return try_context_hash(key).value();
}

// What `receive` throws is thrown when the library was left, and the members after it are not handed over.
// `receive` must not be a cancellation point: glibc's pthread_cancel unwinds by an exception that has to pass, and ends the process where it is caught.
template <typename Receive>
void json_members(std::string_view object_json, std::uint32_t most_levels, Receive &&receive) {
    std::exception_ptr thrown;
    const auto until_thrown = [&](std::string_view name, std::string_view value_json) {
        if (thrown) {
            return;
        }
        try {
            receive(name, value_json);
        } catch (...) {
            thrown = std::current_exception();
        }
    };
    try_json_members(object_json, most_levels, until_thrown).value();
    if (thrown) {
        std::rethrow_exception(thrown);
    }
}
#endif

}  // namespace ld_dynamo

#endif  // LD_DYNAMO_STORE_HPP
