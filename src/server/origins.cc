#include "server/origins.h"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <map>

#include "io/late_file_system.h"
#include "origin/file_origin.h"
#include "origin/s3_origin.h"
#include "origin/steady_origin.h"
#include "read/metered_origin.h"

namespace hearth::server {
namespace {

constexpr std::size_t kFileBytesMax = 1 << 20;

// A small file, whole. For credentials only; a link is followed, since mounted secrets are links.
Result<std::string> ReadSmallFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Fail(errno == ENOENT ? Code::kNotFound : Code::kUnavailable, path + " cannot be read");
  std::string text(kFileBytesMax, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return Fail(Code::kUnavailable, path + " cannot be read");
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

class Builder {
 public:
  Builder(const Config& config, const OriginEnvironment& env) : config_(config), env_(env) {}

  Status Add(const origin::OriginSpec& spec) {
    switch (spec.type) {
      case origin::OriginType::kS3: return AddS3(spec);
      case origin::OriginType::kFile: return AddFile(spec);
      case origin::OriginType::kGs:
      case origin::OriginType::kHttp: break;
    }
    env_.log.Warn("origins of this type come with a later release: left out",
                  {{"origin", spec.name}, {"type", origin::OriginTypeName(spec.type)}});
    return {};
  }

  BuiltOrigins Take() { return std::move(built_); }

 private:
  http::Client& ClientFor(const std::string& ca_file) {
    http::Client*& client = by_ca_[ca_file];
    if (client == nullptr) {
      const http::ClientOptions options{.ca_file = ca_file, .congestion_control = config_.congestion_control};
      built_.clients.push_back(http::MakeCurlClient(env_.fetch_loops, options));
      client = built_.clients.back().get();
    }
    return *client;
  }

  // Each request that leaves is counted; the manners come before.
  void Keep(const origin::OriginSpec& spec, std::unique_ptr<origin::Origin> made) {
    auto steady = std::make_unique<origin::SteadyOrigin>(
        read::MakeMeteredOrigin(std::move(made), env_.metrics),
        origin::SteadyOrigin::Environment{env_.clock, env_.metrics, built_.entries.size()});
    built_.steady.push_back(steady.get());
    built_.entries.push_back({OriginName(spec.name), spec.type, spec.buckets, std::move(steady)});
  }

  Status AddS3(const origin::OriginSpec& spec) {
    Result<origin::ResolvedCredentials> resolved = origin::ResolveCredentials(spec.credentials, env_.process);
    if (!resolved) return Fail(std::move(resolved).error());
    if (resolved->found_none) {
      env_.log.Warn("no credentials found: requests to this origin are not signed", {{"origin", spec.name}});
    }
    origin::S3Options options{.name = OriginName(spec.name),
                              .endpoint = spec.endpoint.empty() ? resolved->endpoint : spec.endpoint,
                              .style = spec.style,
                              .credentials = origin::MakeStaticCredentials(resolved->credentials)};
    if (!spec.region.empty()) {
      options.region = spec.region;
    } else if (!resolved->region.empty()) {
      options.region = resolved->region;
    }
    Result<std::unique_ptr<origin::Origin>> made =
        origin::MakeS3Origin(std::move(options), ClientFor(spec.ca_file), env_.clock);
    if (!made) return Fail(std::move(made).error());
    Keep(spec, std::move(*made));
    return {};
  }

  Status AddFile(const origin::OriginSpec& spec) {
    const io::DirectoryOptions options{.create = false, .must_be_private = false};
    if (const auto root = io::OpenPosixFileSystem(spec.directory, options); !root) {
      // Like any origin that is down: hits are served, misses fail until it is back.
      env_.log.Warn("the origin's directory cannot be opened now",
                    {{"origin", spec.name}, {"dir", spec.directory}, {"error", root.error().message()}});
    }
    built_.file_systems.push_back(io::MakeLateFileSystem(spec.directory, options));
    Keep(spec, origin::MakeFileOrigin(OriginName(spec.name), *built_.file_systems.back(), env_.disk_pool, env_.clock));
    return {};
  }

  const Config& config_;
  const OriginEnvironment& env_;
  std::map<std::string, http::Client*> by_ca_;
  BuiltOrigins built_;
};

}  // namespace

origin::Environment ProcessEnvironment() {
  return {.variable = [](const std::string& name) -> std::optional<std::string> {
            const char* value = std::getenv(name.c_str());
            if (value == nullptr) return std::nullopt;
            return std::string(value);
          },
          .read_file = ReadSmallFile};
}

Result<BuiltOrigins> BuildOrigins(const Config& config, const OriginEnvironment& env) {
  Builder builder(config, env);
  for (const origin::OriginSpec& spec : config.origins) {
    if (Status added = builder.Add(spec); !added) {
      return Fail(Error(Code::kInvalidArgument, "origin " + spec.name + ": " + added.error().message()));
    }
  }
  return builder.Take();
}

}  // namespace hearth::server
