#include "http/blocking_call.h"

#include <curl/curl.h>

#include <charconv>
#include <memory>
#include <string_view>
#include <utility>

namespace hearth::http {
namespace {

constexpr std::size_t kBodyGatheredMax = 16 << 20;

struct EasyCloser {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct ListCloser {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using EasyHandle = std::unique_ptr<CURL, EasyCloser>;
using HeaderHandle = std::unique_ptr<curl_slist, ListCloser>;

std::string_view TrimSpaces(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

struct Transfer {
  const CallRequest& request;
  CallAnswer answer;
  Status outcome{};  // of on_body, or of a body that is too large

  bool Cancelled() const { return request.cancelled != nullptr && request.cancelled->load(std::memory_order_relaxed); }

  void TakeHeaderLine(std::string_view line) {
    if (line.starts_with("HTTP/")) {  // also the one after an interim answer
      answer.headers.clear();
      answer.content_length.reset();
      const std::size_t space = line.find(' ');
      answer.status = 0;
      if (space != std::string_view::npos) {
        std::from_chars(line.data() + space + 1, line.data() + line.size(), answer.status);
      }
      return;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    answer.headers.emplace_back(TrimSpaces(line.substr(0, colon)), TrimSpaces(line.substr(colon + 1)));
    if (std::string_view name = TrimSpaces(line.substr(0, colon));
        name.size() == 14 && curl_strnequal(name.data(), "content-length", 14)) {
      const std::string& value = answer.headers.back().second;
      std::uint64_t length = 0;
      if (std::from_chars(value.data(), value.data() + value.size(), length).ec == std::errc())
        answer.content_length = length;
    }
  }

  bool TakeBody(std::span<const std::byte> piece) {
    if (request.on_body && answer.status / 100 == 2) {
      outcome = request.on_body(answer, piece);
      return outcome.has_value();
    }
    if (answer.body.size() + piece.size() > kBodyGatheredMax) {
      outcome = Fail(Code::kUnavailable, "the answer is larger than 16 MiB");
      return false;
    }
    answer.body.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return true;
  }
};

std::size_t OnHeader(const char* data, std::size_t size, std::size_t count, void* transfer) {
  static_cast<Transfer*>(transfer)->TakeHeaderLine({data, size * count});
  return size * count;
}

std::size_t OnBody(const char* data, std::size_t size, std::size_t count, void* transfer) {
  const std::span piece(reinterpret_cast<const std::byte*>(data), size * count);
  return static_cast<Transfer*>(transfer)->TakeBody(piece) ? piece.size() : CURL_WRITEFUNC_ERROR;
}

int OnProgress(void* transfer, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(transfer)->Cancelled() ? 1 : 0;
}

long Milliseconds(Duration duration) {
  return static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}
long Seconds(Duration duration) {
  return static_cast<long>(std::chrono::duration_cast<std::chrono::seconds>(duration).count());
}

HeaderHandle MakeHeaders(const CallRequest& request) {
  curl_slist* list = curl_slist_append(nullptr, "Expect:");  // no 100-continue: the bodies are small
  for (const auto& [name, value] : request.headers) list = curl_slist_append(list, (name + ": " + value).c_str());
  return HeaderHandle(list);
}

void SetOptions(CURL* easy, Transfer& transfer, curl_slist* headers) {
  const CallRequest& request = transfer.request;
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 512L * 1024);
  if (!request.unix_socket.empty()) curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request.unix_socket.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  if (!request.body.empty()) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
  }
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(request.connect_timeout));
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, Seconds(request.stall_timeout));
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, OnProgress);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &transfer);
}

}  // namespace

Result<CallAnswer> BlockingCall(const CallRequest& request) {
  // Makes libcurl's own global setup happen once, before any handle.
  static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
  const EasyHandle easy(global == CURLE_OK ? curl_easy_init() : nullptr);
  if (easy == nullptr) return Fail(Code::kInternal, "libcurl cannot be set up");
  Transfer transfer{.request = request, .answer = {}};
  const HeaderHandle headers = MakeHeaders(request);
  SetOptions(easy.get(), transfer, headers.get());
  const CURLcode code = curl_easy_perform(easy.get());
  if (!transfer.outcome) return Fail(std::move(transfer.outcome).error());
  switch (code) {
    case CURLE_OK: return std::move(transfer.answer);
    case CURLE_ABORTED_BY_CALLBACK: return Fail(Code::kCancelled, "cancelled");
    case CURLE_OPERATION_TIMEDOUT: return Fail(Code::kDeadlineExceeded, curl_easy_strerror(code));
    default: return Fail(Code::kUnavailable, curl_easy_strerror(code));
  }
}

}  // namespace hearth::http
