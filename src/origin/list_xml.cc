#include "origin/list_xml.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <exception>
#include <pugixml.hpp>

#include "http/percent.h"
#include "telemetry/utf8.h"

namespace hearth::origin {
namespace {

constexpr std::string_view kProlog = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
constexpr std::string_view kNamespace = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";
constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

std::unexpected<Error> BadArgument(std::string message) {
  RemoteError remote{400, "InvalidArgument", message};
  return Fail(Error(Code::kInvalidArgument, std::move(message), std::move(remote)));
}

std::optional<std::size_t> ParseKeysMax(std::string_view text) {
  std::int32_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return std::min<std::size_t>(static_cast<std::size_t>(number), kListKeysMax);
}

// Writes elements; `encode` is encoding-type=url.
class XmlWriter {
 public:
  explicit XmlWriter(bool encode = false) : encode_(encode) { text_ = kProlog; }

  XmlWriter& Open(std::string_view name, bool is_root = false) {
    text_.append("<").append(name).append(is_root ? kNamespace : "").append(">");
    return *this;
  }
  XmlWriter& Close(std::string_view name) {
    text_.append("</").append(name).append(">");
    return *this;
  }
  XmlWriter& Text(std::string_view name, std::string_view value) {
    Open(name).text_.append(EscapeXmlText(value));
    return Close(name);
  }
  XmlWriter& TextIf(std::string_view name, std::string_view value) { return value.empty() ? *this : Text(name, value); }
  XmlWriter& Number(std::string_view name, std::uint64_t value) { return Text(name, std::to_string(value)); }
  XmlWriter& Bool(std::string_view name, bool value) { return Text(name, value ? "true" : "false"); }
  // A key, or a part of one.
  XmlWriter& Key(std::string_view name, std::string_view value) {
    return encode_ ? Text(name, http::PercentEncode(value, http::Slash::kKeep)) : Text(name, value);
  }
  XmlWriter& Owner(std::string_view id, std::string_view display_name) {
    return Open("Owner").Text("ID", id).Text("DisplayName", display_name).Close("Owner");
  }
  std::string Take() { return std::move(text_); }

 private:
  const bool encode_;
  std::string text_;
};

// Of XML 1.0, section 2.2, but for white space.
bool IsXmlCharacter(std::optional<std::uint32_t> code_point) {
  return code_point && *code_point >= 0x20 && *code_point != 0xfffe && *code_point != 0xffff;
}

constexpr std::string_view kOwner = "hearth";

std::string_view RootOf(ListForm form) {
  return form == ListForm::kVersions ? std::string_view("ListVersionsResult") : std::string_view("ListBucketResult");
}

// Where the page begins, and where the next one does.
void WritePosition(XmlWriter& xml, const ListQuery& query, const ObjectListing& listing) {
  switch (query.form) {
    case ListForm::kV1:
      xml.Key("Marker", query.after);
      if (listing.truncated) xml.Key("NextMarker", listing.next);
      return;
    case ListForm::kV2:
      if (query.token) xml.Text("ContinuationToken", *query.token);
      if (!query.after.empty()) xml.Key("StartAfter", query.after);
      xml.Number("KeyCount", listing.objects.size() + listing.prefixes.size());
      if (listing.truncated) xml.Text("NextContinuationToken", listing.next);
      return;
    case ListForm::kVersions:
      xml.Key("KeyMarker", query.after).Text("VersionIdMarker", "");
      if (listing.truncated) xml.Key("NextKeyMarker", listing.next).Text("NextVersionIdMarker", "null");
      return;
  }
}

void WriteObject(XmlWriter& xml, const ListQuery& query, const ListedObject& object) {
  const bool versions = query.form == ListForm::kVersions;
  const std::string_view name = versions ? "Version" : "Contents";
  xml.Open(name).Key("Key", object.key);
  if (versions) xml.Text("VersionId", "null").Bool("IsLatest", true);
  xml.Text("LastModified", object.last_modified).TextIf("ETag", object.etag).Number("Size", object.size);
  // Version 2 gives the owner on request only.
  if (query.form != ListForm::kV2 || query.fetch_owner) xml.Owner(kOwner, kOwner);
  xml.Text("StorageClass", object.storage_class).Close(name);
}

std::string Child(const pugi::xml_node& node, const char* name) { return node.child(name).text().get(); }

std::string Decoded(std::string text, bool encoded) {
  if (!encoded) return text;
  // What is no percent-encoding is taken as it stands: a server that says url and does not do it.
  std::optional<std::string> decoded = http::PercentDecode(text);
  return decoded ? *std::move(decoded) : text;
}

std::unexpected<Error> NotA(std::string_view what) {
  return Fail(Code::kUnavailable, fmt::format("the origin's answer is no {}", what));
}

ObjectListing ReadListing(const pugi::xml_node& root) {
  ObjectListing listing;
  const bool encoded = Child(root, "EncodingType") == "url";
  for (const pugi::xml_node& node : root.children("Contents")) {
    ListedObject object{.key = Decoded(Child(node, "Key"), encoded),
                        .etag = Child(node, "ETag"),
                        .last_modified = Child(node, "LastModified"),
                        .storage_class = Child(node, "StorageClass")};
    object.size = node.child("Size").text().as_ullong();
    listing.objects.push_back(std::move(object));
  }
  for (const pugi::xml_node& node : root.children("CommonPrefixes")) {
    // One element each, or, from some servers, several prefixes in one.
    for (const pugi::xml_node& prefix : node.children("Prefix")) {
      listing.prefixes.push_back(Decoded(prefix.text().get(), encoded));
    }
  }
  listing.truncated = Child(root, "IsTruncated") == "true";
  listing.next = Child(root, "NextContinuationToken");
  if (listing.next.empty()) listing.next = Decoded(Child(root, "NextMarker"), encoded);
  return listing;
}

}  // namespace

std::string EscapeXmlText(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  while (!text.empty()) {
    const char c = text.front();
    const telemetry::Utf8Character next = telemetry::DecodeUtf8(text);
    if (c == '&') {
      escaped += "&amp;";
    } else if (c == '<') {
      escaped += "&lt;";
    } else if (c == '>') {
      escaped += "&gt;";
    } else if (c == '"') {
      escaped += "&quot;";
    } else if (c == '\r' || c == '\n' || c == '\t') {
      escaped += fmt::format("&#{};", static_cast<int>(c));
    } else if (!IsXmlCharacter(next.code_point)) {
      escaped += kReplacement;
    } else {
      escaped += text.substr(0, next.bytes);
    }
    text.remove_prefix(next.bytes);
  }
  return escaped;
}

std::string FormatIsoTime(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.000Z", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)));
}

Result<ListQuery> ParseListQuery(ListForm form, const std::vector<std::pair<std::string, std::string>>& query) {
  ListQuery list{.form = form};
  const auto find = [&](std::string_view name) { return http::FindQuery(query, name); };
  if (const std::string* version = find("list-type"); version != nullptr && *version != "2") {
    return BadArgument("Invalid List Type specified in Request");
  }
  if (const std::string* prefix = find("prefix")) list.prefix = *prefix;
  if (const std::string* delimiter = find("delimiter")) list.delimiter = *delimiter;
  const char* const position = form == ListForm::kV1 ? "marker" : form == ListForm::kV2 ? "start-after" : "key-marker";
  if (const std::string* after = find(position)) list.after = *after;
  if (const std::string* token = form == ListForm::kV2 ? find("continuation-token") : nullptr) list.token = *token;
  if (const std::string* number = find("max-keys"); number != nullptr && !number->empty()) {
    const std::optional<std::size_t> keys_max = ParseKeysMax(*number);
    if (!keys_max) return BadArgument("Provided max-keys not an integer or within integer range");
    list.keys_max = *keys_max;
  }
  if (const std::string* encoding = find("encoding-type"); encoding != nullptr && !encoding->empty()) {
    if (*encoding != "url") return BadArgument("Invalid Encoding Method specified in Request");
    list.encode_url = true;
  }
  if (const std::string* owner = find("fetch-owner")) list.fetch_owner = *owner == "true";
  return list;
}

std::string WriteListing(const BucketName& bucket, const ListQuery& query, const ObjectListing& listing) {
  XmlWriter xml(query.encode_url);
  xml.Open(RootOf(query.form), true).Text("Name", bucket.value).Key("Prefix", query.prefix);
  WritePosition(xml, query, listing);
  xml.Number("MaxKeys", query.keys_max);
  if (!query.delimiter.empty()) xml.Key("Delimiter", query.delimiter);
  if (query.encode_url) xml.Text("EncodingType", "url");
  xml.Bool("IsTruncated", listing.truncated);
  for (const ListedObject& object : listing.objects) WriteObject(xml, query, object);
  for (const std::string& prefix : listing.prefixes) {
    xml.Open("CommonPrefixes").Key("Prefix", prefix).Close("CommonPrefixes");
  }
  return xml.Close(RootOf(query.form)).Take();
}

Result<ObjectListing> ParseListing(std::string_view xml) {
  try {
    pugi::xml_document document;
    if (!document.load_buffer(xml.data(), xml.size())) return NotA("list");
    const pugi::xml_node root = document.child("ListBucketResult");
    if (!root) return NotA("list");
    return ReadListing(root);
  } catch (const std::exception&) {
    return Fail(Code::kUnavailable, "no memory for the origin's list");
  }
}

std::string WriteBuckets(const BucketListing& listing) {
  XmlWriter xml;
  xml.Open("ListAllMyBucketsResult", true).Owner(listing.owner_id, listing.owner_name).Open("Buckets");
  for (const ListedBucket& bucket : listing.buckets) {
    xml.Open("Bucket").Text("Name", bucket.name).TextIf("CreationDate", bucket.created);
    xml.TextIf("BucketRegion", bucket.region).Close("Bucket");
  }
  xml.Close("Buckets").TextIf("ContinuationToken", listing.next).TextIf("Prefix", listing.prefix);
  return xml.Close("ListAllMyBucketsResult").Take();
}

Result<BucketListing> ParseBuckets(std::string_view xml) {
  try {
    pugi::xml_document document;
    if (!document.load_buffer(xml.data(), xml.size())) return NotA("list of buckets");
    const pugi::xml_node root = document.child("ListAllMyBucketsResult");
    if (!root) return NotA("list of buckets");
    BucketListing listing{.owner_id = Child(root.child("Owner"), "ID"),
                          .owner_name = Child(root.child("Owner"), "DisplayName"),
                          .prefix = Child(root, "Prefix"),
                          .next = Child(root, "ContinuationToken")};
    for (const pugi::xml_node& bucket : root.child("Buckets").children("Bucket")) {
      listing.buckets.push_back({Child(bucket, "Name"), Child(bucket, "CreationDate"), Child(bucket, "BucketRegion")});
    }
    return listing;
  } catch (const std::exception&) {
    return Fail(Code::kUnavailable, "no memory for the origin's list");
  }
}

std::string WriteError(std::string_view code, std::string_view message) {
  return XmlWriter().Open("Error").Text("Code", code).Text("Message", message).Close("Error").Take();
}

}  // namespace hearth::origin
