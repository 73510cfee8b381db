#include "origin/s3_error.h"

#include <algorithm>
#include <exception>
#include <pugixml.hpp>

namespace hearth::origin {
namespace {

constexpr std::size_t kCodeBytesMax = 64;
constexpr std::size_t kMessageBytesMax = 1024;

std::string Text(const pugi::xml_node& error, const char* name, std::size_t bytes_max) {
  std::string text = error.child(name).text().get();
  if (text.size() > bytes_max) text.resize(bytes_max);
  std::ranges::replace_if(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return text;
}

}  // namespace

S3ErrorDocument ParseS3Error(std::string_view xml) {
  try {
    pugi::xml_document document;
    // A document that breaks off keeps what was read before: its code is still worth having.
    document.load_buffer(xml.data(), xml.size());
    const pugi::xml_node error = document.child("Error");
    S3ErrorDocument result;
    result.code = Text(error, "Code", kCodeBytesMax);
    result.message = Text(error, "Message", kMessageBytesMax);
    result.region = Text(error, "Region", kCodeBytesMax);
    return result;
  } catch (const std::exception&) {
    return {};  // out of memory inside pugixml
  }
}

}  // namespace hearth::origin
