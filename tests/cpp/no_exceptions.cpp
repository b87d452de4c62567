// ld_dynamo_store.hpp in a program without exceptions and run-time type information: the forms that begin with try_ are all there.
//
//   no_exceptions ENDPOINT TABLE     the table exists
#include "checks.hpp"

#include <ld_dynamo_store.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#if LD_DYNAMO_HAS_EXCEPTIONS
#error "this is to be compiled with -fno-exceptions"
#endif

static_assert(!std::is_constructible_v<ld_dynamo::Store, std::string_view>, "a constructor could not say why it failed");

int main(int count, char **arguments) {
    using ld_dynamo::Store;
    if (count != 3) {
        return 2;
    }
    ld_dynamo::Result<Store> opened = Store::try_open(checks::configuration(arguments[1], arguments[2], "none"));
    CHECK(opened.ok());
    const Store store = std::move(opened).value();
    int messages = 0;
    CHECK(store.try_set_logger([&messages](ld_dynamo::LogLevel, std::string_view) { messages++; }).ok());
    CHECK(store.try_available().ok());
    CHECK(store.try_init(R"({"features": {"a": {"version": 1}}})").ok() && messages == 1);
    CHECK(store.try_initialized().value());
    CHECK(store.try_get("features", "a").value() == R"({"version": 1})");
    CHECK(store.try_all("features").value() == R"({"a":{"version": 1}})");
    CHECK(store.try_upsert("features", "a", R"({"version": 1})").value().outcome == ld_dynamo::UpsertOutcome::NotNewer);
    CHECK(!store.try_get_cached("features", "a").value() && !store.try_all_cached("features").value() && !store.try_initialized_cached().value());
    CHECK(store.try_big_segments_set_synchronized(std::chrono::system_clock::now()).ok());
    CHECK(store.try_big_segments_metadata().value().has_value());
    const auto hash = ld_dynamo::try_context_hash("user");
    CHECK(hash.ok() && !store.try_big_segments_membership(hash.value()).value());
    CHECK(store.try_big_segments_apply_patch("{}").error().status() == LD_DYNAMO_INVALID_BIG_SEGMENTS);
    CHECK(store.try_set_credentials(checks::credentials()).error().status() == LD_DYNAMO_INVALID_CONFIGURATION);
    CHECK(!store.try_stats().value().empty() && store.handle() != nullptr);
    std::string names;
    CHECK(ld_dynamo::try_json_members(R"({"a": 1, "b": [2]})", 2, [&names](std::string_view name, std::string_view) { names += name; }).ok() && names == "ab");
    CHECK(Store::try_open("{").error().status() == LD_DYNAMO_INVALID_JSON);
    return checks::summary();
}
