// ld-dynamo-store for LaunchDarkly's C++ server SDK, 3.12 or later: a source for its Lazy Load system, and a store for its Big Segments.
// They stand in for the classes of the same names in launchdarkly::server_side::integrations.
//
//     auto source = ld_dynamo::DynamoDBDataSource::Create("launchdarkly", "prefix");
//     LazyLoadBuilder().Source(*std::move(source)).CacheRefresh(std::chrono::seconds(30))
//
// Needs the SDK's headers, and links to -lld_dynamo_store. The SDK caches, so the stores that Create makes do not.
//
// ERRORS: no override throws; running out of memory ends the process. A row whose "item" is no JSON object, or one with over 32 levels,
// half of a surrogate pair (\ud800) or a number like 1e999, is an error in Get, and All leaves it out: handed such an item, the SDK's JSON
// parser may throw through the evaluation of a flag.
//
// TOMBSTONES of every SDK are handed over as SerializedItemDescriptor::Tombstone.
//
// THREADS: everything may be called from many threads at once, as the SDK does.

#ifndef LD_DYNAMO_STORE_LAUNCHDARKLY_HPP
#define LD_DYNAMO_STORE_LAUNCHDARKLY_HPP

#include "ld_dynamo_store.hpp"

#include <launchdarkly/server_side/bindings/c/config/lazy_load_builder/lazy_load_builder.h>
#include <launchdarkly/server_side/integrations/big_segments/ibig_segment_store.hpp>
#include <launchdarkly/server_side/integrations/data_reader/iserialized_data_reader.hpp>

#include <tl/expected.hpp>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace ld_dynamo {

// How the table is reached. What is left out is found as in any AWS program.
struct DynamoDBClientOptions {
    std::optional<std::string> region{};
    std::optional<std::string> endpoint{};
    std::optional<std::string> aws_access_key_id{};
    std::optional<std::string> aws_secret_access_key{};
    std::optional<std::string> aws_session_token{};
    // Any other key of docs/configuration.md; goes before those above.
    Settings settings{};
    // Receives the store's messages, and what the SDK has no place for: why Initialized said no, and what All left out. See Store::set_logger.
    Logger logger{};
};

namespace detail {

namespace sdk = ::launchdarkly::server_side::integrations;

// The levels of arrays and objects that the SDK's JSON parser takes.
constexpr std::uint32_t sdk_levels = 32;

// A key as messages have it: on one line, and not all of a long one.
inline std::string shown(const std::string &key) {
    constexpr std::size_t most_bytes = 100;
    if (key.size() <= most_bytes) {
        return quoted(key);
    }
    std::size_t end = most_bytes;
    while (end > 0 && (static_cast<unsigned char>(key[end]) & 0xc0) == 0x80) {
        end--;
    }
    return quoted(key.substr(0, end) + "\xe2\x80\xa6");
}

inline Settings settings_of(const std::string &table_name, const std::string &prefix, const DynamoDBClientOptions &options) {
    Settings settings;
    settings.set("table", table_name).set("prefix", prefix).set("cache_ttl_ms", 0);
    if (options.region) {
        settings.set("region", *options.region);
    }
    if (options.endpoint) {
        settings.set("endpoint", *options.endpoint);
    }
    Settings credentials;
    if (options.aws_access_key_id) {
        credentials.set("access_key_id", *options.aws_access_key_id);
    }
    if (options.aws_secret_access_key) {
        credentials.set("secret_access_key", *options.aws_secret_access_key);
    }
    if (options.aws_session_token) {
        credentials.set("session_token", *options.aws_session_token);
    }
    if (options.aws_access_key_id || options.aws_secret_access_key || options.aws_session_token) {
        settings.set("credentials", credentials);
    }
    return settings.set(options.settings);
}

// A store for one of the classes below.
inline Result<std::shared_ptr<const Store>> opened(const std::string &table_name, const std::string &prefix, const DynamoDBClientOptions &options) {
    Result<Store> store = Store::try_open(settings_of(table_name, prefix, options));
    if (!store.ok()) {
        return store.error();
    }
    auto shared = std::make_shared<const Store>(std::move(store).value());
    const Result<void> is_set = shared->try_set_logger(options.logger);
    if (!is_set.ok()) {
        return is_set.error();
    }
    return std::shared_ptr<const Store>(std::move(shared));
}

// A member's value where it is an integer that fits.
template <typename Integer>
std::optional<Integer> integer(std::string_view value_json) {
    Integer number = 0;
    const char *end = value_json.data() + value_json.size();
    const auto [stop, problem] = std::from_chars(value_json.data(), end, number);
    return problem == std::errc() && stop == end ? std::optional<Integer>(number) : std::nullopt;
}

// An item as the SDK takes it, or why it does not.
inline Result<sdk::SerializedItemDescriptor> descriptor(std::string item) {
    bool is_deleted = false;
    std::uint64_t version = 0;
    const Result<void> read = try_json_members(item, sdk_levels, [&](std::string_view name, std::string_view value_json) {
        if (name == "deleted") {
            is_deleted = value_json == "true";
        } else if (name == "version") {
            version = integer<std::uint64_t>(value_json).value_or(0);
        }
    });
    if (!read.ok()) {
        return read.error();
    }
    return is_deleted ? sdk::SerializedItemDescriptor::Tombstone(version, std::move(item)) : sdk::SerializedItemDescriptor::Present(version, std::move(item));
}

}  // namespace detail

// Flags and segments for LaunchDarkly's Lazy Load system. Only reads.
class DynamoDBDataSource final : public detail::sdk::ISerializedDataReader {
public:
    // `table_name`: a table that exists. `prefix`: "" is none. Sends nothing; fails where the configuration is wrong.
    static tl::expected<std::unique_ptr<DynamoDBDataSource>, std::string> Create(std::string table_name, std::string prefix,
                                                                                 DynamoDBClientOptions options = {}) noexcept {
        Result<std::shared_ptr<const Store>> store = detail::opened(table_name, prefix, options);
        if (!store.ok()) {
            return tl::make_unexpected(std::string(store.error().what()));
        }
        return std::make_unique<DynamoDBDataSource>(std::move(store).value(), std::move(options.logger));
    }

    // Over a store of the program's, which should have "cache_ttl_ms" 0. `logger` receives only what the SDK has no place for.
    explicit DynamoDBDataSource(std::shared_ptr<const Store> store, Logger logger = {}) : store_(std::move(store)), logger_(std::move(logger)) {}

    [[nodiscard]] GetResult Get(const detail::sdk::ISerializedItemKind &kind, const std::string &key) const noexcept override {
        Result<std::optional<std::string>> item = store_->try_get(kind.Namespace(), key);
        if (!item.ok()) {
            return tl::make_unexpected(Error{item.error().what()});
        }
        std::optional<std::string> found = std::move(item).value();
        if (!found) {
            return std::nullopt;
        }
        auto descriptor = detail::descriptor(*std::move(found));
        if (!descriptor.ok()) {
            return tl::make_unexpected(Error{unreadable(kind, key, descriptor.error())});
        }
        return std::move(descriptor).value();
    }

    [[nodiscard]] AllResult All(const detail::sdk::ISerializedItemKind &kind) const noexcept override {
        const Result<std::string> all = store_->try_all(kind.Namespace());
        if (!all.ok()) {
            return tl::make_unexpected(Error{all.error().what()});
        }
        AllResult::value_type items;
        // The items may be any JSON here, so that one that the SDK does not take spoils no other.
        const Result<void> read = try_json_members(all.value(), 0, [&](std::string_view name, std::string_view value_json) {
            const std::string key(name);
            auto descriptor = detail::descriptor(std::string(value_json));
            if (descriptor.ok()) {
                items.emplace(key, std::move(descriptor).value());
            } else {
                log(unreadable(kind, key, descriptor.error()) + "; it is left out");
            }
        });
        if (!read.ok()) {
            return tl::make_unexpected(Error{"the items of " + detail::shown(kind.Namespace()) + ": " + read.error().what()});
        }
        return items;
    }

    [[nodiscard]] const std::string &Identity() const noexcept override {
        static const std::string identity = "dynamodb";
        return identity;
    }

    // False also where the table cannot be asked.
    [[nodiscard]] bool Initialized() const noexcept override {
        const Result<bool> is_initialized = store_->try_initialized();
        if (!is_initialized.ok()) {
            log(std::string("whether there are flags is not known: ") + is_initialized.error().what());
            return false;
        }
        return is_initialized.value();
    }

private:
    static std::string unreadable(const detail::sdk::ISerializedItemKind &kind, const std::string &key, const ld_dynamo::Error &reason) {
        return "the item " + detail::shown(key) + " in " + detail::shown(kind.Namespace()) + " is not for LaunchDarkly's SDK: " + reason.what();
    }

    void log(const std::string &message) const noexcept {
        if (logger_) {
            detail::deliver(logger_, LogLevel::Error, message);
        }
    }

    std::shared_ptr<const Store> store_;
    Logger logger_;
};

// Memberships for LaunchDarkly's Big Segments. Only reads. May use the table of a DynamoDBDataSource.
class DynamoDBBigSegmentStore final : public detail::sdk::IBigSegmentStore {
public:
    // As DynamoDBDataSource::Create.
    static tl::expected<std::unique_ptr<DynamoDBBigSegmentStore>, std::string> Create(std::string table_name, std::string prefix,
                                                                                      DynamoDBClientOptions options = {}) noexcept {
        Result<std::shared_ptr<const Store>> store = detail::opened(table_name, prefix, options);
        if (!store.ok()) {
            return tl::make_unexpected(std::string(store.error().what()));
        }
        return std::make_unique<DynamoDBBigSegmentStore>(std::move(store).value());
    }

    // Over a store of the program's, which should have "cache_ttl_ms" or "context_cache_ttl_ms" 0.
    explicit DynamoDBBigSegmentStore(std::shared_ptr<const Store> store) : store_(std::move(store)) {}

    [[nodiscard]] GetMembershipResult GetMembership(const std::string &context_hash) const noexcept override {
        const Result<std::optional<std::string>> membership = store_->try_big_segments_membership(context_hash);
        if (!membership.ok()) {
            return tl::make_unexpected(std::string(membership.error().what()));
        }
        std::vector<std::string> included;
        std::vector<std::string> excluded;
        if (membership.value()) {
            const Result<void> read = try_json_members(*membership.value(), 1, [&](std::string_view reference, std::string_view is_included) {
                (is_included == "true" ? included : excluded).emplace_back(reference);
            });
            if (!read.ok()) {
                return tl::make_unexpected(std::string("the membership: ") + read.error().what());
            }
        }
        return detail::sdk::Membership::FromSegmentRefs(included, excluded);
    }

    [[nodiscard]] GetMetadataResult GetMetadata() const noexcept override {
        using std::chrono::milliseconds;
        using std::chrono::system_clock;
        const Result<std::optional<std::string>> metadata = store_->try_big_segments_metadata();
        if (!metadata.ok()) {
            return tl::make_unexpected(std::string(metadata.error().what()));
        }
        if (!metadata.value()) {
            return std::nullopt;
        }
        std::optional<std::int64_t> time;
        const Result<void> read = try_json_members(*metadata.value(), 1, [&time](std::string_view name, std::string_view value_json) {
            if (name == "synchronizedOn") {
                time = detail::integer<std::int64_t>(value_json);
            }
        });
        const auto latest = std::chrono::duration_cast<milliseconds>(system_clock::duration::max()).count();
        if (!read.ok() || !time || *time < 0 || *time > latest) {
            return tl::make_unexpected(std::string("the time at which Big Segments were synchronized cannot be kept by this system's clock"));
        }
        return detail::sdk::StoreMetadata{system_clock::time_point(milliseconds(*time))};
    }

private:
    std::shared_ptr<const Store> store_;
};

// What LDServerLazyLoadBuilder_SourcePtr takes, for programs that configure the SDK in C. It belongs to the builder, and is for one builder.
inline LDServerLazyLoadSourcePtr lazy_load_source_ptr(std::unique_ptr<DynamoDBDataSource> source) noexcept {
    // The SDK takes a pointer to the base class, which need not be the pointer to this one.
    detail::sdk::ISerializedDataReader *const reader = source.release();
    return reinterpret_cast<LDServerLazyLoadSourcePtr>(reader);
}

}  // namespace ld_dynamo

#endif  // LD_DYNAMO_STORE_LAUNCHDARKLY_HPP
