# frozen_string_literal: true

module LdDynamoStore
  # The version of this gem, which is the version of the native library it was made with.
  VERSION = "0.1.0"
end
