// Credentials of an S3 origin, and where they come from: the environment, a profile of the shared files, or
// nowhere (requests are not signed then).
//
// Resolving happens once, at start, over an Environment that the composition root hands in: nothing in here
// looks at the process or opens a file by itself. A provider is asked for each request, because later kinds
// (web identity, instance metadata) give keys that expire. Any thread may ask a provider.
// No secret ever enters an error (invariant 12).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/task.h"

namespace hearth::origin {

struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // empty: long-term keys
  bool operator==(const Credentials&) const = default;
};

class CredentialsProvider {
 public:
  virtual ~CredentialsProvider() = default;
  // nullopt: send requests unsigned. kUnavailable: the keys cannot be had now.
  virtual Task<Result<std::optional<Credentials>>> Get() = 0;
};

// Always the same ones; nullopt for public buckets.
std::shared_ptr<CredentialsProvider> MakeStaticCredentials(std::optional<Credentials> credentials);

// The `credentials` setting of an origin.
struct CredentialsChoice {
  enum class Kind : std::uint8_t {
    kDefault,  // the environment, else the profile AWS_PROFILE or "default", else none
    kNone,     // unsigned
    kProfile,  // that profile, or the start fails
  };
  Kind kind = Kind::kDefault;
  std::string profile;
  bool operator==(const CredentialsChoice&) const = default;
};
// "default", "none" or "profile:NAME".
Result<CredentialsChoice> ParseCredentialsChoice(std::string_view text);

// What the process may look at.
struct Environment {
  std::function<std::optional<std::string>(const std::string& name)> variable;
  // kNotFound if there is no such file.
  std::function<Result<std::string>(const std::string& path)> read_file;
};

struct ResolvedCredentials {
  std::optional<Credentials> credentials;
  std::string source;       // "environment", "profile NAME" or "none": fit for a log
  std::string region;       // AWS_REGION, AWS_DEFAULT_REGION or the profile's; empty if none says
  std::string endpoint;     // AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL or the profile's endpoint_url; empty if none says
  bool found_none = false;  // kDefault found no keys: the caller warns once that requests go unsigned
};

// kInvalidArgument: half a key pair, a profile that is missing or has no keys of its own, a file that cannot
// be read; the message names the variable, profile or file.
Result<ResolvedCredentials> ResolveCredentials(const CredentialsChoice& choice, const Environment& environment);

}  // namespace hearth::origin
