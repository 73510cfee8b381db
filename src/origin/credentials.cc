#include "origin/credentials.h"

#include <fmt/format.h>

#include "origin/aws_profile.h"

namespace hearth::origin {
namespace {

class StaticCredentials final : public CredentialsProvider {
 public:
  explicit StaticCredentials(std::optional<Credentials> credentials) : credentials_(std::move(credentials)) {}
  Task<Result<std::optional<Credentials>>> Get() override { co_return credentials_; }

 private:
  const std::optional<Credentials> credentials_;
};

// An empty variable is as good as none.
std::string Variable(const Environment& environment, const std::string& name) {
  return environment.variable(name).value_or("");
}

std::string FirstOf(std::initializer_list<std::string> candidates) {
  for (const std::string& candidate : candidates) {
    if (!candidate.empty()) return candidate;
  }
  return {};
}

Result<ProfileSettings> ReadProfile(const Environment& environment, const std::string& path, ProfileFile kind,
                                    const std::string& profile) {
  if (path.empty()) return ProfileSettings{};
  auto text = environment.read_file(path);
  if (!text && text.error().code() == Code::kNotFound) return ProfileSettings{};
  if (!text) return Fail(Code::kInvalidArgument, fmt::format("{}: {}", path, text.error().message()));
  auto profiles = ParseProfiles(*text, kind);
  return std::move(profiles[profile]);
}

struct Profile {
  std::string name;
  ProfileSettings settings;  // of both files, the credentials file first
  std::string places;        // for messages

  std::string Find(const std::string& key) const {
    const auto found = settings.find(key);
    return found == settings.end() ? std::string() : found->second;
  }
};

Result<Profile> LoadProfile(const Environment& environment, std::string name) {
  const std::string home = Variable(environment, "HOME");
  const auto in_home = [&](const char* file) { return home.empty() ? std::string() : home + "/.aws/" + file; };
  const std::string credentials =
      FirstOf({Variable(environment, "AWS_SHARED_CREDENTIALS_FILE"), in_home("credentials")});
  const std::string config = FirstOf({Variable(environment, "AWS_CONFIG_FILE"), in_home("config")});
  auto settings = ReadProfile(environment, credentials, ProfileFile::kCredentials, name);
  if (!settings) return Fail(std::move(settings).error());
  auto more = ReadProfile(environment, config, ProfileFile::kConfig, name);
  if (!more) return Fail(std::move(more).error());
  settings->merge(*more);
  return Profile{std::move(name), *std::move(settings), fmt::format("{}, {}", credentials, config)};
}

Result<std::optional<Credentials>> MakePair(std::string id, std::string secret, std::string token,
                                            std::string_view place) {
  if (id.empty() && secret.empty()) return std::nullopt;
  if (id.empty() || secret.empty()) {
    return Fail(Code::kInvalidArgument,
                fmt::format("{}: has {} but not {}", place, id.empty() ? "a secret access key" : "an access key id",
                            id.empty() ? "an access key id" : "a secret access key"));
  }
  return Credentials{std::move(id), std::move(secret), std::move(token)};
}

Result<std::optional<Credentials>> FromEnvironment(const Environment& environment) {
  return MakePair(Variable(environment, "AWS_ACCESS_KEY_ID"), Variable(environment, "AWS_SECRET_ACCESS_KEY"),
                  Variable(environment, "AWS_SESSION_TOKEN"), "environment");
}

Result<std::optional<Credentials>> FromProfile(const Profile& profile) {
  return MakePair(profile.Find("aws_access_key_id"), profile.Find("aws_secret_access_key"),
                  profile.Find("aws_session_token"), fmt::format("profile {}", profile.name));
}

// kDefault: environment, then profile, then nothing.
Status FillDefault(ResolvedCredentials& resolved, const Environment& environment, const Profile& profile) {
  auto keys = FromEnvironment(environment);
  if (!keys) return Fail(std::move(keys).error());
  resolved.source = "environment";
  if (!keys->has_value()) {
    keys = FromProfile(profile);
    if (!keys) return Fail(std::move(keys).error());
    resolved.source = keys->has_value() ? "profile " + profile.name : "none";
  }
  resolved.credentials = *std::move(keys);
  resolved.found_none = !resolved.credentials.has_value();
  return {};
}

Status FillFromProfile(ResolvedCredentials& resolved, const Profile& profile) {
  auto keys = FromProfile(profile);
  if (!keys) return Fail(std::move(keys).error());
  if (!keys->has_value()) {
    return Fail(Code::kInvalidArgument,
                fmt::format("profile {}: no aws_access_key_id in {}{}", profile.name, profile.places,
                            profile.settings.empty() ? " (no such profile)" : ""));
  }
  resolved.credentials = *std::move(keys);
  resolved.source = "profile " + profile.name;
  return {};
}

}  // namespace

std::shared_ptr<CredentialsProvider> MakeStaticCredentials(std::optional<Credentials> credentials) {
  return std::make_shared<StaticCredentials>(std::move(credentials));
}

Result<CredentialsChoice> ParseCredentialsChoice(std::string_view text) {
  constexpr std::string_view kProfile = "profile:";
  if (text == "default") return CredentialsChoice{};
  if (text == "none") return CredentialsChoice{CredentialsChoice::Kind::kNone, {}};
  if (text.starts_with(kProfile) && text.size() > kProfile.size()) {
    return CredentialsChoice{CredentialsChoice::Kind::kProfile, std::string(text.substr(kProfile.size()))};
  }
  return Fail(Code::kInvalidArgument, fmt::format("credentials \"{}\": allowed are default, none, profile:NAME", text));
}

Result<ResolvedCredentials> ResolveCredentials(const CredentialsChoice& choice, const Environment& environment) {
  const bool named = choice.kind == CredentialsChoice::Kind::kProfile;
  auto profile =
      LoadProfile(environment, named ? choice.profile : FirstOf({Variable(environment, "AWS_PROFILE"), "default"}));
  if (!profile) return Fail(std::move(profile).error());

  ResolvedCredentials resolved;
  resolved.source = "none";
  if (named) HEARTH_TRY(FillFromProfile(resolved, *profile));
  if (choice.kind == CredentialsChoice::Kind::kDefault) HEARTH_TRY(FillDefault(resolved, environment, *profile));
  // A named profile speaks for itself; otherwise the variables come first, as in AWS's tools.
  const std::string region =
      FirstOf({Variable(environment, "AWS_REGION"), Variable(environment, "AWS_DEFAULT_REGION")});
  const std::string from_profile = profile->Find("region");
  resolved.region = named ? FirstOf({from_profile, region}) : FirstOf({region, from_profile});
  resolved.endpoint = FirstOf({Variable(environment, "AWS_ENDPOINT_URL_S3"), Variable(environment, "AWS_ENDPOINT_URL"),
                               profile->Find("endpoint_url")});
  return resolved;
}

}  // namespace hearth::origin
