#include "cli/read_commands.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "cli/facts.h"
#include "cli/output_file.h"
#include "cli/progress.h"

namespace hearth::cli {
namespace {

int Failed(const Console& console, std::string_view url, const Error& error) {
  fmt::print(console.err, "hearth: {}: {}\n", url, error.message());
  return kFailed;
}

// Where the body goes: the file, or stdout. Counts.
class Sink {
 public:
  Sink(const GetOptions& options, const Console& console)
      : console_(console),
        to_stdout_(options.file.empty() || options.file == "-"),
        progress_(console.err_is_terminal && !(to_stdout_ && console.out_is_terminal) ? &console.err : nullptr,
                  SystemClock()) {}

  Status Open(const std::string& path) {
    if (to_stdout_) return {};
    Result<OutputFile> file = OutputFile::Create(path);
    if (!file) return Fail(std::move(file).error());
    file_.emplace(*std::move(file));
    return {};
  }

  Status Write(const http::CallAnswer& head, std::span<const std::byte> piece) {
    if (file_) {
      HEARTH_TRY(file_->Write(piece));
    } else if (!console_.out.write(reinterpret_cast<const char*>(piece.data()),
                                   static_cast<std::streamsize>(piece.size()))) {
      return Fail(Code::kUnavailable, "stdout takes no more");
    }
    written_ += piece.size();
    progress_.Show(written_, head.content_length.value_or(written_));
    return {};
  }

  // Only a body of exactly the announced length is one.
  Status Finish(const http::CallAnswer& answer) {
    if (!answer.content_length)
      return Fail(Code::kUnavailable, "the answer says no length, so its end cannot be known");
    if (*answer.content_length != written_) {
      return Fail(Code::kUnavailable, fmt::format("{} of {} bytes came", written_, *answer.content_length));
    }
    if (file_) return file_->Commit();
    if (!console_.out.flush()) return Fail(Code::kUnavailable, "stdout takes no more");
    return {};
  }

 private:
  const Console& console_;
  const bool to_stdout_;
  std::optional<OutputFile> file_;
  std::uint64_t written_ = 0;
  Progress progress_;
};

Status Get(const GetOptions& options, Node& node, Sink& sink, const Console& console) {
  // Before the node is asked: a place that cannot be written should cost no transfer.
  HEARTH_TRY(sink.Open(options.file));
  http::CallRequest request{.url = ObjectTarget(options.url, options.version)};
  if (!options.range.empty()) request.headers.emplace_back("Range", "bytes=" + options.range);
  request.cancelled = console.interrupted;
  request.on_body = [&](const http::CallAnswer& head, std::span<const std::byte> piece) -> Status {
    if (!options.range.empty() && head.status != 206) {
      return Fail(Code::kUnavailable,
                  fmt::format("the node answered HTTP {} to a range, with other bytes", head.status));
    }
    return sink.Write(head, piece);
  };
  Result<http::CallAnswer> answer = node.Call(std::move(request));
  if (!answer) return Fail(std::move(answer).error());
  return sink.Finish(*answer);
}

}  // namespace

int RunGet(const GetOptions& options, Node& node, const Console& console) {
  Status status;
  {
    Sink sink(options, console);
    status = Get(options, node, sink, console);
  }
  return status ? kDone : Failed(console, options.url, status.error());
}

int RunHead(const HeadOptions& options, Node& node, const Console& console) {
  http::CallRequest request{.method = "HEAD", .url = ObjectTarget(options.url, options.version)};
  request.cancelled = console.interrupted;
  const Result<http::CallAnswer> answer = node.Call(std::move(request));
  if (!answer) return Failed(console, options.url, answer.error());
  nlohmann::ordered_json headers = nlohmann::ordered_json::object();
  for (const auto& [name, value] : answer->headers) headers[name] = value;
  const nlohmann::ordered_json facts{{"url", options.url}, {"headers", std::move(headers)}};
  const std::string json = facts.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  console.out << (options.json ? json : FactsText(json)) << std::flush;
  return console.out ? kDone : kFailed;
}

}  // namespace hearth::cli
