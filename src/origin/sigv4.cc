#include "origin/sigv4.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "base/check.h"

namespace hearth::origin {
namespace {

using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

std::string_view AsText(const Digest& digest) { return {reinterpret_cast<const char*>(digest.data()), digest.size()}; }

Digest Sha256(std::string_view bytes) {
  Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return digest;
}

Digest HmacSha256(std::string_view key, std::string_view bytes) {
  Digest digest;
  unsigned int length = 0;
  const unsigned char* done =
      HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(bytes.data()),
           bytes.size(), digest.data(), &length);
  HEARTH_CHECK(done != nullptr && length == digest.size());
  return digest;
}

std::string Hex(const Digest& digest) { return fmt::format("{:02x}", fmt::join(digest, "")); }

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return lower;
}

// Outer blanks gone, inner runs of them one.
std::string CanonicalValue(std::string_view value) {
  std::string result;
  for (const char c : value) {
    const bool blank = c == ' ' || c == '\t';
    if (blank && (result.empty() || result.back() == ' ')) continue;
    result += blank ? ' ' : c;
  }
  if (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

struct CanonicalHeaders {
  std::string block;  // "name:value\n" each, sorted
  std::string names;  // "a;b;c"
};

CanonicalHeaders Canonicalize(const http::HeaderList& first, const http::HeaderList& second) {
  std::map<std::string, std::string> sorted;
  for (const auto* list : {&first, &second}) {
    for (const auto& [name, value] : *list) {
      const auto [place, is_new] = sorted.try_emplace(LowerCase(name), CanonicalValue(value));
      if (!is_new) place->second += "," + CanonicalValue(value);
    }
  }
  CanonicalHeaders result;
  for (const auto& [name, value] : sorted) {
    result.block += name + ":" + value + "\n";
    result.names += (result.names.empty() ? "" : ";") + name;
  }
  return result;
}

Digest SigningKey(const Credentials& credentials, const SigningScope& scope, std::string_view day) {
  const Digest date = HmacSha256("AWS4" + credentials.secret_access_key, day);
  const Digest region = HmacSha256(AsText(date), scope.region);
  const Digest service = HmacSha256(AsText(region), scope.service);
  return HmacSha256(AsText(service), "aws4_request");
}

}  // namespace

std::string CanonicalQuery(const http::QueryList& query) {
  std::vector<std::pair<std::string, std::string>> encoded;
  encoded.reserve(query.size());
  for (const auto& [name, value] : query) {
    encoded.emplace_back(http::PercentEncode(name, http::Slash::kEncode),
                         http::PercentEncode(value, http::Slash::kEncode));
  }
  std::ranges::sort(encoded);
  std::string result;
  for (const auto& [name, value] : encoded) {
    if (!result.empty()) result += '&';
    result += name + "=" + value;
  }
  return result;
}

http::HeaderList SignV4(const SigningInput& input, const Credentials& credentials, const SigningScope& scope) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(scope.time);
  const std::string stamp =
      fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)));
  const std::string day = stamp.substr(0, 8);

  http::HeaderList added{{"x-amz-date", stamp}, {"x-amz-content-sha256", input.payload_hash}};
  if (!credentials.session_token.empty()) added.emplace_back("x-amz-security-token", credentials.session_token);

  const CanonicalHeaders headers = Canonicalize(input.headers, added);
  const std::string request =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", input.method, input.path, CanonicalQuery(input.query), headers.block,
                  headers.names, input.payload_hash);
  const std::string place = fmt::format("{}/{}/{}/aws4_request", day, scope.region, scope.service);
  const std::string to_sign = fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", stamp, place, Hex(Sha256(request)));
  const std::string signature = Hex(HmacSha256(AsText(SigningKey(credentials, scope, day)), to_sign));
  added.emplace_back("Authorization", fmt::format("AWS4-HMAC-SHA256 Credential={}/{},SignedHeaders={},Signature={}",
                                                  credentials.access_key_id, place, headers.names, signature));
  return added;
}

}  // namespace hearth::origin
