// Uses ld_dynamo_store.hpp on a running engine: outcomes as types, exceptions, results without exceptions, moves, misuse.
//
//   wrapper ENDPOINT TABLE     the table exists and is empty
#include "checks.hpp"

#include <ld_dynamo_store.hpp>

#include <chrono>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using ld_dynamo::Error;
using ld_dynamo::PatchOutcome;
using ld_dynamo::Result;
using ld_dynamo::Settings;
using ld_dynamo::Store;
using ld_dynamo::UpsertOutcome;

static_assert(!std::is_copy_constructible_v<Store> && !std::is_copy_assignable_v<Store>, "a store has one owner");
static_assert(std::is_nothrow_move_constructible_v<Store> && std::is_nothrow_move_assignable_v<Store>);
static_assert(!std::is_default_constructible_v<Store> && !std::is_convertible_v<std::string, Store>);
static_assert(std::is_nothrow_copy_constructible_v<Error>, "an exception that is copied must not throw another");
static_assert(!std::is_constructible_v<bool, Result<bool>>, "what is not ok must not be taken for false");
static_assert(noexcept(Store::try_open("")) && noexcept(ld_dynamo::try_context_hash("")));
static_assert(noexcept(std::declval<Store>().try_get("", "")) && noexcept(std::declval<Store>().try_all("")) &&
              noexcept(std::declval<Store>().try_upsert("", "", "")) && noexcept(std::declval<Store>().try_init("")) &&
              noexcept(std::declval<Store>().try_set_logger({})) && noexcept(std::declval<Store>().try_stats()));

// Nothing listens there: what reaches the network is UNREACHABLE, so another status shows that nothing was sent.
constexpr const char *nowhere = "http://127.0.0.1:1";

void settings_are_json() {
    CHECK(Settings().json() == "{}");
    CHECK(Settings().set("table", "a").set("table", "b").json() == R"({"table":"b"})");
    CHECK(Settings().set("a", "text").set("b", "text"s).set("c", "text"sv).json() == R"({"a":"text","b":"text","c":"text"})");
    CHECK(Settings().set("a", true).set("b", -1).set("c", 1ULL).json() == R"({"a":true,"b":-1,"c":1})");
    CHECK(Settings().set("q\"", "\\\"\n\x1f/é"s).json() == "{\"q\\\"\":\"\\\\\\\"\\u000a\\u001f/é\"}");
    CHECK(Settings().set("a", "x\0y"sv).json() == R"({"a":"x\u0000y"})");
    CHECK(Settings().set("inner", Settings().set("a", 1)).json() == R"({"inner":{"a":1}})");
    // What std::getenv returns.
    char text[] = "text";
    char *present = text;
    char *absent = nullptr;
    const char *constant = nullptr;
    CHECK(Settings().set("a", present).set("b", absent).set("c", constant).json() == R"({"a":"text"})");
    CHECK(Settings().set("a", "usual").set("a", absent).json() == R"({"a":"usual"})");
    Settings both;
    both.set("a", 1).set("b", 2).set(Settings().set("b", 3));
    CHECK(both.json() == R"({"a":1,"b":3})");
}

void outcomes_are_types(const Store &store) {
    CHECK(!store.initialized());
    store.available();
    CHECK(!store.get("features", "a"));
    CHECK(store.all("features") == "{}");
    store.init(R"({"features": {"a": {"version": 5}}, "segments": {}})");
    CHECK(store.initialized());
    CHECK(store.get("features", "a") == R"({"version": 5})");
    // Neither view ends in a NUL.
    CHECK(store.get("features and more"sv.substr(0, 8), "abc"sv.substr(0, 1)) == R"({"version": 5})");
    const std::string long_key(1000, 'k');
    CHECK(store.upsert("features", long_key, R"({"version":1})").outcome == UpsertOutcome::Stored);
    CHECK(store.get("features", long_key) == R"({"version":1})");
    for (const std::size_t length : {std::size_t{127}, std::size_t{128}, std::size_t{129}}) {
        const std::string key(length, 'x');
        CHECK(store.upsert("features", key, R"({"version":1})").outcome == UpsertOutcome::Stored);
        CHECK(store.get("features", key) == R"({"version":1})");
    }

    const ld_dynamo::Upsert stored = store.upsert("features", "a", R"({"version": 6})");
    CHECK(stored.outcome == UpsertOutcome::Stored && !stored.winner);
    const ld_dynamo::Upsert older = store.upsert("features", "a", R"({"version": 4})");
    CHECK(older.outcome == UpsertOutcome::NotNewer && older.winner == R"({"version": 6})");
    const std::string large = Settings().set("version", 7).set("text", std::string(500000, 'x')).json();
    const ld_dynamo::Upsert too_large = store.upsert("features", "a", large);
    CHECK(too_large.outcome == UpsertOutcome::TooLarge && !too_large.winner);
    CHECK(store.stats().find("\"requests\":") != std::string::npos);
    CHECK(!ld_dynamo::version().empty());
}

void big_segments(const Store &store) {
    const std::string hash = ld_dynamo::context_hash("user");
    CHECK(!store.big_segments_metadata() && !store.big_segments_membership(hash));
    const std::string patch = R"({"environmentId": "e", "segmentId": "s.g1", "version": "2", "previousVersion": "", "changes": {"included": {"add": [")" +
                              hash + R"("]}}})";
    CHECK(store.big_segments_apply_patch(patch) == PatchOutcome::Applied);
    CHECK(store.big_segments_apply_patch(patch) == PatchOutcome::OutOfOrder);
    CHECK(store.big_segments_membership(hash) == R"({"s.g1":true})");
    store.big_segments_set_synchronized(std::chrono::milliseconds(1234567890));
    CHECK(store.big_segments_metadata() == R"({"synchronizedOn":1234567890})");
    store.big_segments_set_synchronized(std::chrono::system_clock::time_point(std::chrono::seconds(2)));
    CHECK(store.big_segments_metadata() == R"({"synchronizedOn":2000})");
    THROWS(ld_dynamo::InvalidBigSegmentsError, "", store.big_segments_set_synchronized(std::chrono::milliseconds(-1)));
}

void the_cache_alone(Settings configuration) {
    configuration.set("cache_ttl_ms", 60000);
    const Store store(configuration);
    CHECK(!store.get_cached("features", "a") && !store.all_cached("features") && !store.initialized_cached());
    CHECK(store.get("features", "a") && !store.get("features", "absent"));
    CHECK(store.get_cached("features", "a") == std::optional(store.get("features", "a")));
    CHECK(store.get_cached("features", "absent").has_value() && !*store.get_cached("features", "absent"));
    CHECK(store.initialized() && store.initialized_cached() == true);
    CHECK(store.all("segments") == "{}" && store.all_cached("segments") == "{}");
}

void credentials_that_are_handed_in(Settings configuration) {
    const Store store(configuration.set("credentials", "pushed"));
    THROWS(ld_dynamo::NoCredentialsError, "", store.get("features", "a"));
    THROWS(ld_dynamo::ConfigurationError, "acces_key_id", store.set_credentials(Settings().set("acces_key_id", "typing mistake")));
    store.set_credentials(checks::credentials());
    CHECK(store.get("features", "a").has_value());
}

// A text with a NUL inside is refused by name, and no text before it is used.
void nul_inside(const Settings &configuration) {
    const auto text = "ab\0c"sv;
    const Store store(Settings(configuration).set("endpoint", nowhere));
    const std::string where = " has a NUL character at byte 2";
    THROWS(ld_dynamo::InvalidJsonError, "config_json" + where, Store(text));
    THROWS(ld_dynamo::InvalidKindError, "kind" + where, store.get(text, "key"));
    THROWS(ld_dynamo::InvalidKeyError, "key" + where, store.get("features", text));
    THROWS(ld_dynamo::InvalidKindError, "kind" + where, store.all(text));
    THROWS(ld_dynamo::InvalidJsonError, "all_data_json" + where, store.init(text));
    THROWS(ld_dynamo::InvalidKindError, "kind" + where, store.upsert(text, text, text));
    THROWS(ld_dynamo::InvalidKeyError, "key" + where, store.upsert("features", text, text));
    THROWS(ld_dynamo::InvalidJsonError, "item_json" + where, store.upsert("features", "key", text));
    THROWS(ld_dynamo::InvalidKeyError, "key" + where, store.get_cached("features", text));
    THROWS(ld_dynamo::InvalidKindError, "kind" + where, store.all_cached(text));
    THROWS(ld_dynamo::InvalidKeyError, "context_hash" + where, store.big_segments_membership(text));
    THROWS(ld_dynamo::InvalidJsonError, "patch_json" + where, store.big_segments_apply_patch(text));
    THROWS(ld_dynamo::InvalidJsonError, "credentials_json" + where, store.set_credentials(text));
    THROWS(ld_dynamo::InvalidKeyError, "key" + where, ld_dynamo::context_hash(text));
    const std::string long_text = std::string(200, 'x') + '\0';
    THROWS(ld_dynamo::InvalidKeyError, "key has a NUL character at byte 200", store.get("features", long_text));
    THROWS(ld_dynamo::UnreachableError, "", store.get("features", "key"));
}

template <typename Class>
void throws(ld_dynamo_status status) {
    THROWS(Class, "words", Result<void>(Error("words", status)).value());
    THROWS(Class, "words", Result<std::string>(Error("words", status, true, "Code")).value());
}

void a_class_for_each_cause() {
    throws<ld_dynamo::InvalidArgumentError>(LD_DYNAMO_NULL_ARGUMENT);
    throws<ld_dynamo::InvalidUtf8Error>(LD_DYNAMO_INVALID_UTF8);
    throws<ld_dynamo::InvalidJsonError>(LD_DYNAMO_INVALID_JSON);
    throws<ld_dynamo::InvalidItemError>(LD_DYNAMO_INVALID_ITEM);
    throws<ld_dynamo::InvalidKindError>(LD_DYNAMO_INVALID_KIND);
    throws<ld_dynamo::InvalidKeyError>(LD_DYNAMO_INVALID_KEY);
    throws<ld_dynamo::InvalidDataSetError>(LD_DYNAMO_INVALID_DATA_SET);
    throws<ld_dynamo::InvalidBigSegmentsError>(LD_DYNAMO_INVALID_BIG_SEGMENTS);
    throws<ld_dynamo::ConfigurationError>(LD_DYNAMO_INVALID_CONFIGURATION);
    throws<ld_dynamo::UnsupportedCredentialsError>(LD_DYNAMO_UNSUPPORTED_CREDENTIALS);
    throws<ld_dynamo::NoRegionError>(LD_DYNAMO_NO_REGION);
    throws<ld_dynamo::TableNotFoundError>(LD_DYNAMO_TABLE_NOT_FOUND);
    throws<ld_dynamo::TableMismatchError>(LD_DYNAMO_TABLE_MISMATCH);
    throws<ld_dynamo::AccessDeniedError>(LD_DYNAMO_ACCESS_DENIED);
    throws<ld_dynamo::NoCredentialsError>(LD_DYNAMO_NO_CREDENTIALS);
    throws<ld_dynamo::ServiceError>(LD_DYNAMO_SERVICE_ERROR);
    throws<ld_dynamo::ThrottledError>(LD_DYNAMO_THROTTLED);
    throws<ld_dynamo::TimedOutError>(LD_DYNAMO_TIMED_OUT);
    throws<ld_dynamo::UnreachableError>(LD_DYNAMO_UNREACHABLE);
    throws<ld_dynamo::InvalidResponseError>(LD_DYNAMO_INVALID_RESPONSE);
    throws<ld_dynamo::CorruptItemError>(LD_DYNAMO_CORRUPT_ITEM);
    throws<ld_dynamo::ReadOnlyError>(LD_DYNAMO_READ_ONLY);
    throws<ld_dynamo::InternalError>(LD_DYNAMO_INTERNAL);
    throws<ld_dynamo::PanicError>(LD_DYNAMO_PANIC);
    // Statuses of a newer library.
    throws<ld_dynamo::InvalidArgumentError>(-99);
    throws<ld_dynamo::ConfigurationError>(-199);
    throws<ld_dynamo::ServiceError>(-299);
    throws<ld_dynamo::ThrottledError>(-399);
    throws<ld_dynamo::ConnectivityError>(-499);
    throws<ld_dynamo::CorruptItemError>(-599);
    throws<ld_dynamo::ReadOnlyError>(-699);
    throws<ld_dynamo::InternalError>(-999);
    throws<Error>(-799);
    throws<Error>(std::numeric_limits<ld_dynamo_status>::min());
}

// What is thrown tells what the result told.
template <typename Value>
void throw_of(const Result<Value> &result) {
    static_cast<void>(result.value());
    CHECK(false);
}

void errors_say_why(const Settings &configuration) {
    const Result<std::string> absent = Store(Settings(configuration).set("table", "no-such-table")).try_all("features");
    CHECK(!absent.ok() && absent.error().status() == LD_DYNAMO_TABLE_NOT_FOUND && !absent.error().is_retriable());
    CHECK(absent.error().service_code() == "ResourceNotFoundException");
    CHECK(std::string(absent.error().what()).find("no-such-table") != std::string::npos);
    const Result<void> unreachable = Store(Settings(configuration).set("endpoint", nowhere)).try_available();
    CHECK(!unreachable.ok() && unreachable.error().is_retriable() && !unreachable.error().service_code());
    try {
        throw_of(absent);
    } catch (const ld_dynamo::TableNotFoundError &error) {
        CHECK(error.service_code() == "ResourceNotFoundException" && error.status() == LD_DYNAMO_TABLE_NOT_FOUND && !error.is_retriable());
    }
    try {
        throw_of(unreachable);
    } catch (const ld_dynamo::ConnectivityError &error) {
        CHECK(!error.service_code() && error.status() == LD_DYNAMO_UNREACHABLE && error.is_retriable());
    }
    const Error copy = unreachable.error();
    CHECK(std::string(copy.what()) == unreachable.error().what() && copy.status() == LD_DYNAMO_UNREACHABLE);
    const Result<Store> mistaken = Store::try_open(R"({"tabel": "x"})");
    CHECK(!mistaken.ok() && mistaken.error().status() == LD_DYNAMO_INVALID_CONFIGURATION);
    THROWS(ld_dynamo::InvalidUtf8Error, "key", Store(configuration).get("features", "\xff"));
    THROWS(ld_dynamo::ReadOnlyError, "", Store(Settings(configuration).set("read_only", true)).init("{}"));
}

void moves(const Settings &configuration) {
    Store first(configuration);
    const ld_dynamo_store *handle = first.handle();
    Store second(std::move(first));
    CHECK(second.handle() == handle && second.get("features", "a"));
    // What was moved from answers all the same, with an error.
    // NOLINTBEGIN(bugprone-use-after-move)
    CHECK(first.handle() == nullptr);
    THROWS(ld_dynamo::InvalidArgumentError, "store", first.get("features", "a"));
    THROWS(ld_dynamo::InvalidArgumentError, "store", first.set_logger([](ld_dynamo::LogLevel, std::string_view) {}));
    // NOLINTEND(bugprone-use-after-move)
    Store third(configuration);
    third = std::move(second);
    CHECK(third.handle() == handle && third.get("features", "a"));
    std::vector<Store> many;
    for (int number = 0; number < 5; number++) {
        many.emplace_back(configuration);
    }
    many.push_back(std::move(third));
    CHECK(many.back().handle() == handle && many.front().get("features", "a"));
    Result<Store> opened = Store::try_open(configuration);
    const auto shared = std::make_shared<const Store>(std::move(opened).value());
    CHECK(shared->get("features", "a").has_value());
}

void threads(const Store &store) {
    std::vector<std::thread> threads;
    for (int number = 0; number < 8; number++) {
        threads.emplace_back([&store, number] {
            for (int round = 0; round < 20; round++) {
                const std::string key = "thread-" + std::to_string(number);
                const std::string item = Settings().set("version", round).json();
                CHECK(store.upsert("features", key, item).outcome == UpsertOutcome::Stored);
                CHECK(store.get("features", key) == item);
            }
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
}

}  // namespace

int main(int count, char **arguments) {
    if (count != 3) {
        return 2;
    }
    const Settings configuration = checks::configuration(arguments[1], arguments[2], "wrapper");
    settings_are_json();
    a_class_for_each_cause();
    try {
        const Store store(configuration);
        outcomes_are_types(store);
        big_segments(store);
        the_cache_alone(configuration);
        credentials_that_are_handed_in(configuration);
        nul_inside(configuration);
        errors_say_why(configuration);
        moves(configuration);
        threads(store);
    } catch (const std::exception &exception) {
        CHECK(false);
        std::printf("thrown: %s\n", exception.what());
    }
    return checks::summary();
}
