# frozen_string_literal: true

require_relative "lib/ld_dynamo_store/version"

Gem::Specification.new do |gem|
  gem.name = "ld_dynamo_store"
  gem.version = LdDynamoStore::VERSION
  gem.summary = "LaunchDarkly's flag data in a DynamoDB table"
  gem.description = "LaunchDarkly's persistent data store in DynamoDB through the native library libld_dynamo_store: an adapter for LaunchDarkly's " \
                    "SDK for Ruby, and direct access. One implementation for every language, safe in threads and after fork."
  gem.authors = ["The ld-dynamo-store contributors"]
  gem.license = "Apache-2.0"
  gem.required_ruby_version = ">= 3.1"
  gem.files = Dir.chdir(__dir__) { Dir["lib/**/*.rb", "lib/**/*.{so,dylib}", "sig/**/*.rbs", ".yardopts", "README.md", "LICENSE", "THIRD-PARTY-LICENSES.txt"] }
  # A gem that holds the native library is for machines like this one, or for those that are named: rake package.
  if gem.files.any? { |file| file.end_with?(".so", ".dylib") }
    named = ENV.fetch("LD_DYNAMO_STORE_BUILD_PLATFORM", "")
    # The variable names a wheel's tag, too.
    raise ArgumentError, "LD_DYNAMO_STORE_BUILD_PLATFORM must be a gem's platform, such as x86_64-linux, and is #{named}" if named.match?(/\A(many|musl)linux/)

    gem.platform = named.empty? ? Gem::Platform.local : named
    # Older ones take a gem for musl on glibc, too. On musl they take the one for glibc, which must go on to install on glibc.
    gem.required_rubygems_version = ">= 3.3.22" if gem.platform.version == "musl"
  end
  gem.metadata = { "rubygems_mfa_required" => "true" }
  gem.add_dependency "ffi", "~> 1.15"
  gem.add_dependency "logger", "~> 1.4"
end
