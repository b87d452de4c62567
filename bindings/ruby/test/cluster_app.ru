# frozen_string_literal: true

# What puma's workers serve: one flag out of the store that was made, and used, before the fork.

$LOAD_PATH.unshift(__dir__)
require "sdk_load"
require "logger"

STORE = LdDynamoStore::LaunchDarkly.new_feature_store(
  ENV.fetch("TABLE"),
  prefix: "cluster", expiration: 0, logger: Logger.new($stderr),
  dynamodb_opts: { endpoint: ENV.fetch("ENDPOINT"), region: "us-east-1", access_key_id: "a", secret_access_key: "b" }
)
KIND = { namespace: "things" }.freeze
STORE.get(KIND, "flag")

run ->(_) { [200, { "content-type" => "text/plain" }, ["#{Process.pid} #{STORE.get(KIND, "flag")[:version]}"]] }
