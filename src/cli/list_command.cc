#include "cli/list_command.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "cli/facts.h"
#include "http/percent.h"
#include "origin/list_xml.h"

namespace hearth::cli {
namespace {

using Json = nlohmann::ordered_json;

// NAME://bucket/prefix in its parts; command_line.h has checked that it is one.
struct ListUrl {
  std::string bucket;  // empty: the buckets
  std::string prefix;
};

ListUrl Split(const std::string& url) {
  const std::string rest = url.substr(url.find("://") + 3);
  const std::size_t slash = rest.find('/');
  return {rest.substr(0, slash), slash == rest.npos ? "" : rest.substr(slash + 1)};
}

// "2026-01-02T03:04:05.000Z" -> "2026-01-02 03:04:05"; what is no such time is left out.
std::string TimeText(std::string_view iso) {
  if (iso.size() < 19 || iso[10] != 'T') return std::string(19, ' ');
  return fmt::format("{} {}", iso.substr(0, 10), iso.substr(11, 8));
}

class Printer {
 public:
  Printer(const Console& console, bool json, std::size_t hidden) : console_(console), json_(json), hidden_(hidden) {}

  // Keys and common prefixes come sorted each for itself; together they are in the order of S3.
  Status Print(const origin::ObjectListing& page) {
    auto prefix = page.prefixes.begin();
    for (const origin::ListedObject& object : page.objects) {
      while (prefix != page.prefixes.end() && *prefix < object.key) PrintPrefix(*prefix++);
      PrintObject(object);
    }
    while (prefix != page.prefixes.end()) PrintPrefix(*prefix++);
    return Flush();
  }
  Status Print(const origin::BucketListing& page) {
    for (const origin::ListedBucket& bucket : page.buckets) {
      if (json_) {
        PrintJson({{"bucket", bucket.name}, {"created", bucket.created}});
      } else {
        Line(fmt::format("{} {}", TimeText(bucket.created), PrintableText(bucket.name)));
      }
    }
    return Flush();
  }
  bool any() const { return any_; }

 private:
  void PrintObject(const origin::ListedObject& object) {
    if (json_) {
      return PrintJson(
          {{"key", object.key}, {"size", object.size}, {"last_modified", object.last_modified}, {"etag", object.etag}});
    }
    Line(fmt::format("{} {:>10} {}", TimeText(object.last_modified), object.size, Shown(object.key)));
  }
  void PrintPrefix(const std::string& prefix) {
    if (json_) return PrintJson({{"prefix", prefix}});
    Line(fmt::format("{:>30} {}", "PRE", Shown(prefix)));
  }
  std::string Shown(const std::string& key) const {
    return PrintableText(std::string_view(key).substr(std::min(hidden_, key.size())));
  }
  void PrintJson(const Json& json) { Line(json.dump(-1, ' ', false, Json::error_handler_t::replace)); }
  void Line(std::string_view text) {
    console_.out << text << '\n';
    any_ = true;
  }
  Status Flush() {
    if (!console_.out.flush()) return Fail(Code::kUnavailable, "stdout takes no more");
    return {};
  }

  const Console& console_;
  const bool json_;
  const std::size_t hidden_;  // bytes of each key that are not shown
  bool any_ = false;
};

Result<std::string> Ask(Node& node, const Console& console, const std::string& target) {
  http::CallRequest request{.url = target};
  request.cancelled = console.interrupted;
  Result<http::CallAnswer> answer = node.Call(std::move(request));
  if (!answer) return Fail(std::move(answer).error());
  return std::move(answer->body);
}

Result<origin::ObjectListing> Parse(const std::string& body, origin::ObjectListing*) {
  return origin::ParseListing(body);
}
Result<origin::BucketListing> Parse(const std::string& body, origin::BucketListing*) {
  return origin::ParseBuckets(body);
}
std::string NextOf(const origin::ObjectListing& page) { return page.truncated ? page.next : ""; }
std::string NextOf(const origin::BucketListing& page) { return page.next; }

// A page after the other, until the last one.
template <typename Page>
Status PrintPages(const std::string& target, Node& node, const Console& console, Printer& printer) {
  std::string token;
  while (true) {
    std::string where = target;
    if (!token.empty()) where += "&continuation-token=" + http::PercentEncode(token, http::Slash::kEncode);
    const Result<std::string> body = Ask(node, console, where);
    if (!body) return Fail(body.error());
    const Result<Page> page = Parse(*body, static_cast<Page*>(nullptr));
    if (!page) return Fail(page.error());
    HEARTH_TRY(printer.Print(*page));
    std::string next = NextOf(*page);
    if (next.empty()) {
      if constexpr (std::is_same_v<Page, origin::ObjectListing>) {
        if (page->truncated)
          return Fail(Code::kUnavailable, "the origin's list breaks off: no token for the next page");
      }
      return {};
    }
    if (next == token) return Fail(Code::kUnavailable, "the origin's list does not go on: it names one page twice");
    token = std::move(next);
  }
}

}  // namespace

int RunList(const ListOptions& options, Node& node, const Console& console) {
  const ListUrl url = Split(options.url);
  std::string target = "/_hearth/v1/list?url=" + http::PercentEncode(options.url, http::Slash::kEncode);
  Status status;
  if (url.bucket.empty()) {
    Printer printer(console, options.json, 0);
    status = PrintPages<origin::BucketListing>(target, node, console, printer);
  } else {
    if (!options.recursive) target += "&delimiter=%2F";
    Printer printer(console, options.json, options.recursive ? 0 : url.prefix.rfind('/') + 1);
    status = PrintPages<origin::ObjectListing>(target, node, console, printer);
    if (status && !printer.any() && !url.prefix.empty()) status = Fail(Code::kNotFound, "no key begins with that");
  }
  if (status) return kDone;
  fmt::print(console.err, "hearth: {}: {}\n", options.url, status.error().message());
  return kFailed;
}

}  // namespace hearth::cli
