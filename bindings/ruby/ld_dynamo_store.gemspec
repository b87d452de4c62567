# frozen_string_literal: true

require_relative "lib/ld_dynamo_store/version"

Gem::Specification.new do |gem|
  gem.name = "ld_dynamo_store"
  gem.version = LdDynamoStore::VERSION
  gem.summary = "LaunchDarkly's flag data in a DynamoDB table"
  gem.description = "Reads and writes LaunchDarkly's persistent data store in DynamoDB through the native library libld_dynamo_store: one " \
                    "implementation for every language, safe in threads and after fork."
  gem.authors = ["The ld-dynamo-store contributors"]
  gem.license = "Apache-2.0"
  gem.required_ruby_version = ">= 3.0"
  gem.files = Dir.chdir(__dir__) { Dir["lib/**/*.rb", "lib/**/*.{so,dylib}", "README.md", "LICENSE"] }
  gem.metadata = { "rubygems_mfa_required" => "true" }
  gem.add_dependency "ffi", "~> 1.15"
end
