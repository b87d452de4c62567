// The kind of an item: flags or segments.
#pragma once

#include <cstdint>
#include <string>

namespace launchdarkly::server_side::integrations {

class ISerializedItemKind {
public:
    [[nodiscard]] virtual std::string const &Namespace() const = 0;
    [[nodiscard]] virtual std::uint64_t Version(std::string const &data) const = 0;

    ISerializedItemKind(ISerializedItemKind const &) = delete;
    ISerializedItemKind(ISerializedItemKind &&) = delete;
    ISerializedItemKind &operator=(ISerializedItemKind const &) = delete;
    ISerializedItemKind &operator=(ISerializedItemKind &&) = delete;
    virtual ~ISerializedItemKind() = default;

protected:
    ISerializedItemKind() = default;
};

}  // namespace launchdarkly::server_side::integrations
