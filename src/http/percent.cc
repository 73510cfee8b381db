#include "http/percent.h"

namespace hearth::http {
namespace {

constexpr int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr bool IsUnreserved(unsigned char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

std::optional<std::string> Decode(std::string_view text, bool plus_is_space) {
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (text.size() - i < 3) return std::nullopt;
      const int high = HexValue(text[i + 1]);
      const int low = HexValue(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      bytes.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else {
      bytes.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
    }
  }
  return bytes;
}

}  // namespace

std::optional<std::string> PercentDecode(std::string_view text) { return Decode(text, false); }

void AppendPercentEncoded(std::string& to, std::string_view bytes, Slash slash) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  for (const char byte : bytes) {
    const auto c = static_cast<unsigned char>(byte);
    if (IsUnreserved(c) || (c == '/' && slash == Slash::kKeep)) {
      to.push_back(byte);
    } else {
      to.push_back('%');
      to.push_back(kDigits[c >> 4]);
      to.push_back(kDigits[c & 15]);
    }
  }
}

std::string PercentEncode(std::string_view bytes, Slash slash) {
  std::string text;
  text.reserve(bytes.size() + 8);
  AppendPercentEncoded(text, bytes, slash);
  return text;
}

std::optional<QueryList> ParseQuery(std::string_view query) {
  QueryList list;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view part = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    auto name = Decode(part.substr(0, equals), true);
    auto value = Decode(equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1), true);
    if (!name || !value) return std::nullopt;
    list.emplace_back(std::move(*name), std::move(*value));
  }
  return list;
}

const std::string* FindQuery(const QueryList& query, std::string_view name) {
  for (const auto& [key, value] : query) {
    if (key == name) return &value;
  }
  return nullptr;
}

}  // namespace hearth::http
