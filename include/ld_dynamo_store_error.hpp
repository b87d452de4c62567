// What a call of ld_dynamo_store.hpp came to: a result, or why there is none, as a value and as an exception. Include that header.

#ifndef LD_DYNAMO_STORE_ERROR_HPP
#define LD_DYNAMO_STORE_ERROR_HPP

#include "ld_dynamo_store.h"

#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

#if defined(__cpp_exceptions)
#define LD_DYNAMO_HAS_EXCEPTIONS 1
#else
#define LD_DYNAMO_HAS_EXCEPTIONS 0
#endif

namespace ld_dynamo {

// Why a call failed. The methods that throw, throw one of the classes below, by cause; the others return it in a Result.
class Error : public std::runtime_error {
public:
    Error(const std::string &message, ld_dynamo_status status, bool is_retriable = false, std::optional<std::string> service_code = std::nullopt)
        : std::runtime_error(message), status_(status), is_retriable_(is_retriable), service_code_(shared(std::move(service_code))) {}

    // One of the negative constants of ld_dynamo_store.h, such as LD_DYNAMO_THROTTLED; a newer library may have further ones.
    ld_dynamo_status status() const noexcept { return status_; }

    // Whether the same call may succeed later without any change.
    bool is_retriable() const noexcept { return is_retriable_; }

    // The AWS error code, for example "ResourceNotFoundException"; nothing where AWS gave none.
    std::optional<std::string> service_code() const { return service_code_ ? std::optional<std::string>(*service_code_) : std::nullopt; }

private:
    // Copying an exception must not fail, and that of a text may.
    static std::shared_ptr<const std::string> shared(std::optional<std::string> text) {
        return text ? std::make_shared<const std::string>(std::move(*text)) : nullptr;
    }

    ld_dynamo_status status_;
    bool is_retriable_;
    std::shared_ptr<const std::string> service_code_;
};

// The caller's mistake: nothing was sent.
class InvalidArgumentError : public Error { using Error::Error; };
// LD_DYNAMO_INVALID_UTF8
class InvalidUtf8Error : public InvalidArgumentError { using InvalidArgumentError::InvalidArgumentError; };
// LD_DYNAMO_INVALID_JSON
class InvalidJsonError : public InvalidArgumentError { using InvalidArgumentError::InvalidArgumentError; };
// LD_DYNAMO_INVALID_ITEM
class InvalidItemError : public InvalidArgumentError { using InvalidArgumentError::InvalidArgumentError; };
// LD_DYNAMO_INVALID_KIND
class InvalidKindError : public InvalidArgumentError { using InvalidArgumentError::InvalidArgumentError; };
// LD_DYNAMO_INVALID_KEY
class InvalidKeyError : public InvalidArgumentError { using InvalidArgumentError::InvalidArgumentError; };
// LD_DYNAMO_INVALID_DATA_SET
class InvalidDataSetError : public InvalidArgumentError { using InvalidArgumentError::InvalidArgumentError; };
// LD_DYNAMO_INVALID_BIG_SEGMENTS
class InvalidBigSegmentsError : public InvalidArgumentError { using InvalidArgumentError::InvalidArgumentError; };
// LD_DYNAMO_INVALID_CONFIGURATION
class ConfigurationError : public Error { using Error::Error; };
// LD_DYNAMO_UNSUPPORTED_CREDENTIALS
class UnsupportedCredentialsError : public ConfigurationError { using ConfigurationError::ConfigurationError; };
// LD_DYNAMO_NO_REGION
class NoRegionError : public ConfigurationError { using ConfigurationError::ConfigurationError; };
// LD_DYNAMO_SERVICE_ERROR, and every other refusal of AWS's
class ServiceError : public Error { using Error::Error; };
// LD_DYNAMO_TABLE_NOT_FOUND
class TableNotFoundError : public ServiceError { using ServiceError::ServiceError; };
// LD_DYNAMO_TABLE_MISMATCH
class TableMismatchError : public ServiceError { using ServiceError::ServiceError; };
// LD_DYNAMO_ACCESS_DENIED
class AccessDeniedError : public ServiceError { using ServiceError::ServiceError; };
// LD_DYNAMO_NO_CREDENTIALS
class NoCredentialsError : public ServiceError { using ServiceError::ServiceError; };
// LD_DYNAMO_THROTTLED
class ThrottledError : public Error { using Error::Error; };
// The table could not be asked.
class ConnectivityError : public Error { using Error::Error; };
// LD_DYNAMO_TIMED_OUT
class TimedOutError : public ConnectivityError { using ConnectivityError::ConnectivityError; };
// LD_DYNAMO_UNREACHABLE
class UnreachableError : public ConnectivityError { using ConnectivityError::ConnectivityError; };
// LD_DYNAMO_INVALID_RESPONSE
class InvalidResponseError : public ConnectivityError { using ConnectivityError::ConnectivityError; };
// LD_DYNAMO_CORRUPT_ITEM
class CorruptItemError : public Error { using Error::Error; };
// LD_DYNAMO_READ_ONLY
class ReadOnlyError : public Error { using Error::Error; };
// LD_DYNAMO_INTERNAL
class InternalError : public Error { using Error::Error; };
// LD_DYNAMO_PANIC
class PanicError : public InternalError { using InternalError::InternalError; };

namespace detail {

#if LD_DYNAMO_HAS_EXCEPTIONS
template <typename Class>
[[noreturn]] void raise_as(const Error &error) {
    throw Class(error.what(), error.status(), error.is_retriable(), error.service_code());
}
#endif

// Throws a failure by its cause. Without exceptions the process ends, as value() says.
[[noreturn]] inline void raise(const Error &error) {
#if LD_DYNAMO_HAS_EXCEPTIONS
    switch (error.status()) {
    case LD_DYNAMO_INVALID_UTF8: raise_as<InvalidUtf8Error>(error);
    case LD_DYNAMO_INVALID_JSON: raise_as<InvalidJsonError>(error);
    case LD_DYNAMO_INVALID_ITEM: raise_as<InvalidItemError>(error);
    case LD_DYNAMO_INVALID_KIND: raise_as<InvalidKindError>(error);
    case LD_DYNAMO_INVALID_KEY: raise_as<InvalidKeyError>(error);
    case LD_DYNAMO_INVALID_DATA_SET: raise_as<InvalidDataSetError>(error);
    case LD_DYNAMO_INVALID_BIG_SEGMENTS: raise_as<InvalidBigSegmentsError>(error);
    case LD_DYNAMO_UNSUPPORTED_CREDENTIALS: raise_as<UnsupportedCredentialsError>(error);
    case LD_DYNAMO_NO_REGION: raise_as<NoRegionError>(error);
    case LD_DYNAMO_TABLE_NOT_FOUND: raise_as<TableNotFoundError>(error);
    case LD_DYNAMO_TABLE_MISMATCH: raise_as<TableMismatchError>(error);
    case LD_DYNAMO_ACCESS_DENIED: raise_as<AccessDeniedError>(error);
    case LD_DYNAMO_NO_CREDENTIALS: raise_as<NoCredentialsError>(error);
    case LD_DYNAMO_TIMED_OUT: raise_as<TimedOutError>(error);
    case LD_DYNAMO_UNREACHABLE: raise_as<UnreachableError>(error);
    case LD_DYNAMO_INVALID_RESPONSE: raise_as<InvalidResponseError>(error);
    case LD_DYNAMO_PANIC: raise_as<PanicError>(error);
    default: break;
    }
    // Statuses are grouped by hundred, so that one which a newer library added gets the class of its cause.
    switch (error.status() / -100) {
    case 0: raise_as<InvalidArgumentError>(error);
    case 1: raise_as<ConfigurationError>(error);
    case 2: raise_as<ServiceError>(error);
    case 3: raise_as<ThrottledError>(error);
    case 4: raise_as<ConnectivityError>(error);
    case 5: raise_as<CorruptItemError>(error);
    case 6: raise_as<ReadOnlyError>(error);
    case 9: raise_as<InternalError>(error);
    default: throw Error(error);
    }
#else
    static_cast<void>(error);
    std::abort();
#endif
}

}  // namespace detail

// A value, or why there is none. It has no conversion to bool, because that of a Result<bool> would be taken for its value.
template <typename Value>
class [[nodiscard]] Result {
public:
    Result(Value value) : content_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}

    // Whether there is a value.
    bool ok() const noexcept { return content_.index() == 0; }

    // The value. Where there is none: throws the error, by its cause; in a program without exceptions, ends the process.
    const Value &value() const & {
        require();
        return *std::get_if<0>(&content_);
    }
    Value value() && {
        require();
        return std::move(*std::get_if<0>(&content_));
    }

    // Why there is no value. Only to be called where ok() is false.
    const Error &error() const noexcept { return *std::get_if<1>(&content_); }

private:
    void require() const {
        if (!ok()) {
            detail::raise(error());
        }
    }

    std::variant<Value, Error> content_;
};

// That a call is done, or why not.
template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}

    bool ok() const noexcept { return !error_; }

    // Nothing, or throws as that of other results does.
    void value() const {
        if (error_) {
            detail::raise(*error_);
        }
    }

    const Error &error() const noexcept { return *error_; }

private:
    std::optional<Error> error_{};
};

}  // namespace ld_dynamo

#endif  // LD_DYNAMO_STORE_ERROR_HPP
