// What the Lazy Load system reads from.
#pragma once

#include <launchdarkly/server_side/integrations/data_reader/iserialized_item_kind.hpp>
#include <launchdarkly/server_side/integrations/data_reader/serialized_item_descriptor.hpp>

#include <tl/expected.hpp>

#include <optional>
#include <string>
#include <unordered_map>

namespace launchdarkly::server_side::integrations {

class ISerializedDataReader {
public:
    virtual ~ISerializedDataReader() = default;
    ISerializedDataReader(ISerializedDataReader const &) = delete;
    ISerializedDataReader(ISerializedDataReader &&) = delete;
    ISerializedDataReader &operator=(ISerializedDataReader const &) = delete;
    ISerializedDataReader &operator=(ISerializedDataReader &&) = delete;

    struct Error {
        std::string message;
    };
    using GetResult = tl::expected<std::optional<SerializedItemDescriptor>, Error>;
    using AllResult = tl::expected<std::unordered_map<std::string, SerializedItemDescriptor>, Error>;

    [[nodiscard]] virtual GetResult Get(ISerializedItemKind const &kind, std::string const &itemKey) const = 0;
    [[nodiscard]] virtual AllResult All(ISerializedItemKind const &kind) const = 0;
    [[nodiscard]] virtual std::string const &Identity() const = 0;
    [[nodiscard]] virtual bool Initialized() const = 0;

protected:
    ISerializedDataReader() = default;
};

}  // namespace launchdarkly::server_side::integrations
