// Uses ld_dynamo_store_launchdarkly.hpp as LaunchDarkly's C++ SDK would.
//
//   launchdarkly ENDPOINT TABLE     the table holds the rows of tests/abi/cpp.rs, under the prefix "ld"
#include "checks.hpp"

#include <ld_dynamo_store_launchdarkly.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

namespace sdk = launchdarkly::server_side::integrations;
using ld_dynamo::DynamoDBBigSegmentStore;
using ld_dynamo::DynamoDBClientOptions;
using ld_dynamo::DynamoDBDataSource;
using ld_dynamo::Settings;
using ld_dynamo::Store;

class Kind final : public sdk::ISerializedItemKind {
public:
    explicit Kind(std::string name) : name_(std::move(name)) {}
    const std::string &Namespace() const override { return name_; }
    // The official source never asks, nor does ours.
    std::uint64_t Version(const std::string &) const override { return 999; }

private:
    std::string name_;
};

const Kind flags("features");
const Kind segments("segments");

// The SDK's builder for C, which takes a source as LaunchDarkly's does.
std::shared_ptr<sdk::ISerializedDataReader> built;

DynamoDBClientOptions options(const std::string &endpoint) {
    DynamoDBClientOptions options;
    options.region = "eu-west-1";
    options.endpoint = endpoint;
    options.aws_access_key_id = "local";
    options.aws_secret_access_key = "local";
    return options;
}

void has(const sdk::ISerializedDataReader &source, const std::string &key, std::uint64_t version, bool is_deleted) {
    const auto one = source.Get(flags, key);
    CHECK(one && *one && (*one)->version == version && (*one)->deleted == is_deleted && !(*one)->serializedItem.empty());
    const auto all = source.All(flags);
    CHECK(all && all->count(key) == 1 && all->at(key).version == version && all->at(key).deleted == is_deleted);
    CHECK(one && *one && all && all->count(key) == 1 && all->at(key).serializedItem == (*one)->serializedItem);
    if (checks::failed > 0) {
        std::printf("with the key %s\n", key.c_str());
    }
}

void is_refused(const sdk::ISerializedDataReader &source, const std::string &key, const std::string &reason) {
    const auto one = source.Get(flags, key);
    CHECK(!one && one.error().message.find(reason) != std::string::npos && one.error().message.find(key) != std::string::npos);
    const auto all = source.All(flags);
    CHECK(all && all->count(key) == 0 && !all->empty());
}

// Whoever writes to the table chooses the keys.
void keys_in_messages(const sdk::ISerializedDataReader &source) {
    const auto broken_line = source.Get(flags, "long-key\n");
    CHECK(!broken_line && broken_line.error().message.find("\"long-key\\u000a\" in \"features\"") != std::string::npos);
    std::string longest = "xx";
    for (int times = 0; times < 200; times++) {
        longest += "k\xc3\xa9";
    }
    const auto long_line = source.Get(flags, longest);
    CHECK(!long_line && long_line.error().message.size() < 250);
    // What is left out begins between two characters.
    CHECK(!long_line && long_line.error().message.find("k\xc3\xa9k\xe2\x80\xa6\"") != std::string::npos);
}

void items(const std::string &endpoint, const std::string &table) {
    std::vector<std::string> messages;
    DynamoDBClientOptions logged = options(endpoint);
    logged.logger = [&messages](ld_dynamo::LogLevel, std::string_view message) { messages.emplace_back(message); };
    const auto created = DynamoDBDataSource::Create(table, "ld", logged);
    CHECK(created.has_value());
    const sdk::ISerializedDataReader &source = **created;
    CHECK(source.Identity() == "dynamodb");
    CHECK(source.Initialized());
    has(source, "flag", 3, false);
    has(source, "full-schema", 4, true);
    has(source, "minimal", 5, true);
    has(source, "null", 6, true);
    has(source, "no-item", 7, true);
    has(source, "escaped-name", 8, true);
    has(source, "nested", 9, false);
    has(source, "32-levels", 10, false);
    has(source, "pair", 11, false);
    has(source, "9-digits", 11, false);
    has(source, "quo\"te\\ \xc3\xa9 \xf0\x9f\x98\x80", 12, false);
    has(source, "no-version", 0, false);
    CHECK((*source.Get(flags, "flag"))->serializedItem == R"({"key":"flag","version":3,"on":true})");
    is_refused(source, "number", "");
    is_refused(source, "no-json", "");
    is_refused(source, "33-levels", "more than 32 levels");
    is_refused(source, "half-a-pair", "half of a surrogate pair");
    is_refused(source, "10-digits", "number outside the range of a double");
    is_refused(source, "infinite", "number outside the range of a double");
    is_refused(source, "bare-exponent", "number outside the range of a double");
    keys_in_messages(source);
    CHECK(source.Get(flags, "absent") && !*source.Get(flags, "absent"));
    CHECK(source.Get(flags, "") && !*source.Get(flags, ""));
    CHECK(source.Get(segments, "flag") && !*source.Get(segments, "flag"));
    CHECK(source.All(segments) && source.All(segments)->empty());
    for (const char *key : {"number", "no-json", "33-levels", "half-a-pair", "10-digits", "long-key\\u000a"}) {
        bool is_told = false;
        for (const std::string &message : messages) {
            is_told = is_told || message.find(key) != std::string::npos;
        }
        CHECK(is_told);
    }
}

void nothing_is_cached(const std::string &endpoint, const std::string &table) {
    const Store writer(checks::configuration(endpoint, table, "uncached"));
    const auto source = *DynamoDBDataSource::Create(table, "uncached", options(endpoint));
    const auto memberships = *DynamoDBBigSegmentStore::Create(table, "uncached", options(endpoint));
    const std::string hash = ld_dynamo::context_hash("user");
    CHECK(!source->Initialized() && source->All(flags)->empty() && !*source->Get(flags, "a"));
    CHECK(!memberships->GetMembership(hash)->CheckMembership("s.g1"));
    writer.init(R"({"features": {"a": {"version": 1}}})");
    writer.big_segments_apply_patch(R"({"segmentId": "s.g1", "version": "1", "changes": {"included": {"add": [")" + hash + R"("]}}})");
    CHECK(source->Initialized() && source->All(flags)->size() == 1 && *source->Get(flags, "a"));
    CHECK(memberships->GetMembership(hash)->CheckMembership("s.g1") == true);
}

void failures(const std::string &endpoint, const std::string &table) {
    std::vector<std::string> messages;
    DynamoDBClientOptions absent = options(endpoint);
    absent.logger = [&messages](ld_dynamo::LogLevel, std::string_view message) {
        messages.emplace_back(message);
        throw std::runtime_error("from a logger");
    };
    const auto source = *DynamoDBDataSource::Create("no-such-table", "", absent);
    CHECK(!source->Get(flags, "a") && source->Get(flags, "a").error().message.find("no-such-table") != std::string::npos);
    CHECK(!source->All(flags) && !source->Initialized());
    CHECK(!messages.empty() && messages.back().find("no-such-table") != std::string::npos);
    const auto memberships = *DynamoDBBigSegmentStore::Create("no-such-table", "", options(endpoint));
    CHECK(!memberships->GetMembership("hash") && !memberships->GetMetadata());
    CHECK(!DynamoDBDataSource::Create("", "", options(endpoint)));
    DynamoDBClientOptions incomplete = options(endpoint);
    incomplete.aws_secret_access_key.reset();
    const auto refused = DynamoDBBigSegmentStore::Create(table, "", incomplete);
    CHECK(!refused && refused.error().find("secret_access_key") != std::string::npos);
    DynamoDBClientOptions further = options(endpoint);
    further.settings.set("consistent_read", false);
    CHECK(!DynamoDBDataSource::Create(table, "", further));
    // A text that no call of C can be told of.
    const auto fine = *DynamoDBDataSource::Create(table, "ld", options(endpoint));
    CHECK(!fine->Get(flags, std::string("a\0b", 3)) && !fine->All(Kind(std::string("a\0b", 3))));
}

void big_segments(const std::string &endpoint, const std::string &table) {
    const auto created = DynamoDBBigSegmentStore::Create(table, "ld", options(endpoint));
    const sdk::IBigSegmentStore &store = **created;
    CHECK(store.GetMetadata() && !*store.GetMetadata());
    const auto membership = store.GetMembership("hash");
    CHECK(membership && membership->CheckMembership("in.g1") == true && membership->CheckMembership("out.g1") == false);
    // Inclusion wins.
    CHECK(membership->CheckMembership("both.g1") == true && !membership->CheckMembership("neither.g1"));
    CHECK(store.GetMembership("nobody") && !store.GetMembership("nobody")->CheckMembership("in.g1"));
    const Store writer(checks::configuration(endpoint, table, "ld"));
    const std::chrono::system_clock::time_point time(std::chrono::milliseconds(1700000000123));
    writer.big_segments_set_synchronized(time);
    CHECK(store.GetMetadata() && (*store.GetMetadata())->last_up_to_date == time);
    // More than a clock that counts nanoseconds can hold.
    writer.big_segments_set_synchronized(std::chrono::milliseconds::max());
    CHECK(!store.GetMetadata());
}

void a_source_in_c(const std::string &endpoint, const std::string &table) {
    auto source = *DynamoDBDataSource::Create(table, "ld", options(endpoint));
    const LDServerLazyLoadBuilder builder = LDServerLazyLoadBuilder_New();
    LDServerLazyLoadBuilder_SourcePtr(builder, ld_dynamo::lazy_load_source_ptr(std::move(source)));
    CHECK(source == nullptr && built && built->Initialized());
    LDServerLazyLoadBuilder_Free(builder);
}

// The store of a program, used by two of the SDK's parts and by many threads.
void a_shared_store(const std::string &endpoint, const std::string &table) {
    const auto store = std::make_shared<const Store>(checks::configuration(endpoint, table, "ld"));
    const std::shared_ptr<sdk::ISerializedDataReader> source = std::make_shared<DynamoDBDataSource>(store);
    const std::shared_ptr<sdk::IBigSegmentStore> memberships = std::make_shared<DynamoDBBigSegmentStore>(store);
    std::vector<std::thread> threads;
    for (int number = 0; number < 8; number++) {
        threads.emplace_back([&] {
            for (int round = 0; round < 10; round++) {
                CHECK(source->Get(flags, "flag")->has_value() && source->All(flags)->size() == 12);
                CHECK(memberships->GetMembership("hash")->CheckMembership("in.g1") == true);
            }
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
}

}  // namespace

extern "C" {

LDServerLazyLoadBuilder LDServerLazyLoadBuilder_New() {
    return reinterpret_cast<LDServerLazyLoadBuilder>(&built);
}

void LDServerLazyLoadBuilder_SourcePtr(LDServerLazyLoadBuilder, LDServerLazyLoadSourcePtr source) {
    built = std::unique_ptr<sdk::ISerializedDataReader>(reinterpret_cast<sdk::ISerializedDataReader *>(source));
}

void LDServerLazyLoadBuilder_Free(LDServerLazyLoadBuilder) {
    built.reset();
}
}

int main(int count, char **arguments) {
    if (count != 3) {
        return 2;
    }
    const std::string endpoint = arguments[1];
    const std::string table = arguments[2];
    try {
        items(endpoint, table);
        a_shared_store(endpoint, table);
        nothing_is_cached(endpoint, table);
        failures(endpoint, table);
        big_segments(endpoint, table);
        a_source_in_c(endpoint, table);
    } catch (const std::exception &exception) {
        CHECK(false);
        std::printf("thrown: %s\n", exception.what());
    }
    return checks::summary();
}
