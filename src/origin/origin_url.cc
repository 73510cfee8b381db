#include "origin/origin_url.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "http/percent.h"

namespace hearth::origin {
namespace {

bool IsLetterOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

class Parser {
 public:
  explicit Parser(std::string_view url) : url_(url) {}

  Result<OriginSpec> Parse() {
    const auto question = url_.find('?');
    ParsePlace(url_.substr(0, question));
    if (question != url_.npos && place_is_good_) ParseParameters(url_.substr(question + 1));
    if (problems_.empty()) return std::move(spec_);
    return Fail(Code::kInvalidArgument, fmt::format("origin \"{}\": {}", Shown(), fmt::join(problems_, "; ")));
  }

 private:
  void Problem(std::string text) { problems_.push_back(std::move(text)); }

  // A password in a URL is a mistake, but one that must not end up in a log.
  std::string Shown() const {
    const auto at = url_.find('@');
    const auto host = url_.find("://");
    if (at == url_.npos || host == url_.npos || at < host) return std::string(url_);
    return fmt::format("{}://...{}", url_.substr(0, host), url_.substr(at));
  }

  void ParsePlace(std::string_view place) {
    const auto colon = place.find("://");
    const std::string_view scheme = place.substr(0, colon);
    const std::string_view rest = colon == place.npos ? std::string_view() : place.substr(colon + 3);
    if (colon == place.npos && (scheme == "s3" || scheme == "gs")) {
      UseType(scheme == "s3" ? OriginType::kS3 : OriginType::kGs);
    } else if (colon != place.npos && (scheme == "s3+http" || scheme == "s3+https")) {
      UseEndpoint(OriginType::kS3, scheme.substr(3), rest);
    } else if (colon != place.npos && (scheme == "gs+http" || scheme == "gs+https")) {
      UseEndpoint(OriginType::kGs, scheme.substr(3), rest);
    } else if (colon != place.npos && (scheme == "http" || scheme == "https")) {
      UseEndpoint(OriginType::kHttp, scheme, rest);
    } else if (colon != place.npos && scheme == "file") {
      UseDirectory(rest);
    } else {
      Problem(
          "allowed are s3, gs, s3+http://host:port, s3+https://host, gs+http://host:port, http(s)://host/base, "
          "file:///dir");
    }
  }

  void UseType(OriginType type) {
    spec_.type = type;
    spec_.name = OriginTypeName(type);
    place_is_good_ = true;
  }

  void UseEndpoint(OriginType type, std::string_view scheme, std::string_view rest) {
    UseType(type);
    while (rest.ends_with('/')) rest.remove_suffix(1);
    spec_.endpoint = fmt::format("{}://{}", scheme, rest);
    // The same rules for every kind of host.
    const auto checked = S3Endpoint::Create(spec_.endpoint, S3Style::kPath);
    if (!checked) Problem(checked.error().message());
    if (type != OriginType::kHttp && rest.contains('/')) Problem("an endpoint is host[:port], without a path");
  }

  void UseDirectory(std::string_view rest) {
    UseType(OriginType::kFile);
    auto path = http::PercentDecode(rest);
    if (!path) return Problem("a '%' without two hex digits");
    if (!path->starts_with('/')) return Problem("a directory is absolute: file:///dir");
    if (path->contains('\0')) return Problem("a directory's name holds no NUL");
    while (path->size() > 1 && path->ends_with('/')) path->pop_back();
    spec_.directory = *std::move(path);
  }

  void ParseParameters(std::string_view query) {
    const auto parameters = http::ParseQuery(query);
    if (!parameters) return Problem("a '%' without two hex digits in the query");
    std::set<std::string> seen;
    for (const auto& [name, value] : *parameters) {
      if (!seen.insert(name).second) Problem(fmt::format("parameter {} comes twice", name));
      ParseParameter(name, value);
    }
  }

  void ParseParameter(const std::string& name, const std::string& value) {
    const bool is_s3 = spec_.type == OriginType::kS3;
    const bool is_cloud = is_s3 || spec_.type == OriginType::kGs;
    if (name == "name") {
      UseName(value);
    } else if (name == "buckets" && spec_.type != OriginType::kHttp) {
      UseBuckets(value);
    } else if (name == "region" && is_s3) {
      spec_.region = value;
      if (!IsRegionName(value)) Problem(fmt::format("region \"{}\": letters, digits and '-'", value));
    } else if (name == "style" && is_s3) {
      UseStyle(value);
    } else if (name == "credentials" && is_cloud) {
      auto choice = ParseCredentialsChoice(value);
      if (!choice) return Problem(choice.error().message());
      spec_.credentials = *std::move(choice);
    } else {
      Problem(fmt::format("parameter \"{}\": type {} has {}", name, OriginTypeName(spec_.type), AllowedParameters()));
    }
  }

  std::string_view AllowedParameters() const {
    switch (spec_.type) {
      case OriginType::kS3: return "name, region, buckets, style, credentials";
      case OriginType::kGs: return "name, buckets, credentials";
      case OriginType::kHttp: return "name";
      case OriginType::kFile: return "name, buckets";
    }
    return {};
  }

  void UseName(const std::string& value) {
    spec_.name = value;
    if (!IsOriginName(value)) Problem(fmt::format("name \"{}\": letters, digits, '-', '_' and '.', at most 63", value));
  }

  void UseBuckets(std::string_view value) {
    spec_.buckets.clear();
    while (true) {
      const auto comma = value.find(',');
      spec_.buckets.emplace_back(value.substr(0, comma));
      if (spec_.buckets.back().empty()) Problem("buckets: an empty pattern");
      if (comma == value.npos) return;
      value.remove_prefix(comma + 1);
    }
  }

  void UseStyle(std::string_view value) {
    if (value != "path" && value != "virtual")
      return Problem(fmt::format("style \"{}\": allowed are path, virtual", value));
    spec_.style = value == "path" ? S3Style::kPath : S3Style::kVirtual;
  }

  const std::string_view url_;
  OriginSpec spec_;
  bool place_is_good_ = false;
  std::vector<std::string> problems_;
};

}  // namespace

std::string_view OriginTypeName(OriginType type) {
  switch (type) {
    case OriginType::kS3: return "s3";
    case OriginType::kGs: return "gs";
    case OriginType::kHttp: return "http";
    case OriginType::kFile: return "file";
  }
  return {};
}

bool IsOriginName(std::string_view name) {
  return !name.empty() && name.size() <= 63 && IsLetterOrDigit(name.front()) &&
         std::ranges::all_of(name, [](char c) { return IsLetterOrDigit(c) || c == '-' || c == '_' || c == '.'; });
}

Result<OriginSpec> ParseOriginUrl(std::string_view url) { return Parser(url).Parse(); }

}  // namespace hearth::origin
