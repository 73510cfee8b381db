#include "http/curl_transfer.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/check.h"

namespace hearth::http {
namespace {

bool HasControlBytes(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) != text.npos; }

std::string_view Trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool EqualsNoCase(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, Lower, Lower); }

// "http://host:port" of a URL: what an error may say. Paths and queries may hold what is nobody's business.
std::string_view SchemeAndHost(std::string_view url) {
  const auto host = url.find("://");
  if (host == url.npos) return {};
  return url.substr(0, url.find_first_of("/?#", host + 3));
}

Code CodeFromCurl(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return Code::kDeadlineExceeded;
    case CURLE_URL_MALFORMAT: return Code::kInvalidArgument;
    default: return Code::kUnavailable;
  }
}

int SetCongestionControl(void* name, curl_socket_t fd, curlsocktype) {
  const auto& algorithm = *static_cast<const std::string*>(name);
  const auto length = static_cast<socklen_t>(algorithm.size());
  if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, algorithm.data(), length) == 0) return CURL_SOCKOPT_OK;
  return CURL_SOCKOPT_ERROR;
}

template <typename Value>
void Set(void* easy, CURLoption option, Value value) {
  HEARTH_CHECK(curl_easy_setopt(easy, option, value) == CURLE_OK);
}

long Milliseconds(Duration duration) {
  return std::max(1L, static_cast<long>(std::chrono::ceil<std::chrono::milliseconds>(duration).count()));
}

// The one length that all Content-Length headers agree on; absent without one, or when chunks tell the length.
// False: they are no numbers, or differ.
bool ReadContentLength(const HeaderList& headers, std::optional<std::uint64_t>& length) {
  for (const auto& [name, value] : headers) {
    if (!EqualsNoCase(name, "Content-Length")) continue;
    std::uint64_t number = 0;
    const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (problem != std::errc() || end != value.data() + value.size()) return false;
    if (length.has_value() && *length != number) return false;
    length = number;
  }
  if (FindHeader(headers, "Transfer-Encoding") != nullptr) length.reset();
  return true;
}

}  // namespace

Result<std::shared_ptr<CurlTransfer>> CurlTransfer::Create(ClientRequest request, const ClientOptions& options,
                                                           List& touched) {
  void* easy = curl_easy_init();
  if (easy == nullptr) return hearth::Fail(Code::kInternal, "curl_easy_init failed");
  std::shared_ptr<CurlTransfer> transfer(new CurlTransfer(easy, std::move(request), touched));
  HEARTH_TRY(transfer->SetOptions(options));
  HEARTH_TRY(transfer->SetMethod());
  HEARTH_TRY(transfer->SetHeaders());
  return transfer;
}

CurlTransfer::CurlTransfer(void* easy, ClientRequest request, List& touched)
    : easy_(easy), request_(std::move(request)), touched_(touched), error_text_(CURL_ERROR_SIZE, '\0') {}

CurlTransfer::~CurlTransfer() {
  curl_easy_cleanup(easy_);
  curl_slist_free_all(static_cast<curl_slist*>(header_list_));
}

Status CurlTransfer::SetOptions(const ClientOptions& options) {
  // curl would guess a scheme; its own refusal of other ones has the code that it also gives to garbage answers.
  if (!request_.url.starts_with("http://") && !request_.url.starts_with("https://")) {
    return hearth::Fail(Code::kInvalidArgument, "not an http or https URL");
  }
  if (HasControlBytes(request_.url)) return hearth::Fail(Code::kInvalidArgument, "URL with a control byte");
  Set(easy_, CURLOPT_URL, request_.url.c_str());
  Set(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  Set(easy_, CURLOPT_PATH_AS_IS, 1L);
  Set(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  Set(easy_, CURLOPT_FOLLOWLOCATION, 0L);
  Set(easy_, CURLOPT_HTTP_CONTENT_DECODING, 0L);
  Set(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  Set(easy_, CURLOPT_NOSIGNAL, 1L);
  Set(easy_, CURLOPT_QUICK_EXIT, 1L);  // a transfer that is given up does not wait for its name to be resolved
  Set(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  Set(easy_, CURLOPT_BUFFERSIZE, static_cast<long>(kBufferBytes));
  Set(easy_, CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(options.connect_timeout));
  Set(easy_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options.ca_file.empty()) Set(easy_, CURLOPT_CAINFO, options.ca_file.c_str());
  if (!options.congestion_control.empty()) {
    congestion_control_ = options.congestion_control;
    Set(easy_, CURLOPT_SOCKOPTFUNCTION, &SetCongestionControl);
    Set(easy_, CURLOPT_SOCKOPTDATA, static_cast<void*>(&congestion_control_));
  }
  Set(easy_, CURLOPT_ERRORBUFFER, error_text_.data());
  Set(easy_, CURLOPT_PRIVATE, static_cast<void*>(this));
  Set(easy_, CURLOPT_HEADERFUNCTION, &OnHeaderLine);
  Set(easy_, CURLOPT_HEADERDATA, static_cast<void*>(this));
  Set(easy_, CURLOPT_WRITEFUNCTION, &OnBodyBytes);
  Set(easy_, CURLOPT_WRITEDATA, static_cast<void*>(this));
  return {};
}

Status CurlTransfer::SetMethod() {
  if (request_.method.empty() || request_.method.find_first_of(" \t\r\n") != std::string::npos ||
      HasControlBytes(request_.method)) {
    return hearth::Fail(Code::kInvalidArgument, "bad method");
  }
  if (request_.method == "HEAD") {
    Set(easy_, CURLOPT_NOBODY, 1L);
    return {};
  }
  Set(easy_, CURLOPT_HTTPGET, 1L);
  if (!request_.body.empty()) {
    Set(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    Set(easy_, CURLOPT_POSTFIELDS, request_.body.data());
  }
  if (request_.method != "GET" || !request_.body.empty()) {
    Set(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }
  return {};
}

Status CurlTransfer::SetHeaders() {
  curl_slist* list = nullptr;
  const auto add = [&list](const std::string& line) {
    curl_slist* longer = curl_slist_append(list, line.c_str());
    HEARTH_CHECK(longer != nullptr);
    list = longer;
  };
  bool bad = false;
  for (const auto& [name, value] : request_.headers) {
    bad = bad || name.empty() || HasControlBytes(name) || HasControlBytes(value) || name.contains(':');
    // curl's own spelling of a header without a value ends in a semicolon.
    add(value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
  }
  // A name without value keeps curl from adding headers of its own.
  for (const char* name : {"Accept", "Expect", "Content-Type"}) {
    if (FindHeader(request_.headers, name) == nullptr) add(std::string(name) + ":");
  }
  header_list_ = list;
  if (bad) return hearth::Fail(Code::kInvalidArgument, "header with a control byte");
  Set(easy_, CURLOPT_HTTPHEADER, list);
  return {};
}

ClientAnswer CurlTransfer::TakeHead() {
  HEARTH_CHECK(head_complete_);
  return std::move(head_);
}

std::size_t CurlTransfer::TakeSpilled(std::span<std::byte> to) {
  const std::size_t bytes = std::min(to.size(), spilled());
  std::memcpy(to.data(), spill_.data() + spill_read_, bytes);
  spill_read_ += bytes;
  if (spill_read_ == spill_.size()) {
    spill_.clear();
    spill_read_ = 0;
  }
  return bytes;
}

void CurlTransfer::BeginRead(std::span<std::byte> to) {
  HEARTH_CHECK(spilled() == 0 && reading_.empty() && !to.empty());
  reading_ = to;
  filled_ = 0;
}

std::size_t CurlTransfer::EndRead() {
  reading_ = {};
  return std::exchange(filled_, 0);
}

void CurlTransfer::Settle() {
  is_touched_ = false;
  changed_.NotifyAll();
}

void CurlTransfer::Unpause() {
  if (state_ != State::kBody || !std::exchange(is_paused_, false)) return;
  const CURLcode code = curl_easy_pause(easy_, CURLPAUSE_CONT);
  if (code != CURLE_OK) Finish(code);
}

void CurlTransfer::Finish(int curl_code) {
  const auto code = static_cast<CURLcode>(curl_code);
  if (state_ == State::kFailed || state_ == State::kEnded) return;
  if (code == CURLE_OK && head_complete_) {
    state_ = State::kEnded;
    Touch();
    return;
  }
  const std::string_view detail = error_text_.front() != '\0' ? error_text_.data() : curl_easy_strerror(code);
  Fail(Error(CodeFromCurl(code), fmt::format("{}: {}", Place(), detail)));
}

void CurlTransfer::Fail(Error error) {
  if (state_ != State::kFailed) {
    state_ = State::kFailed;
    if (!error_) error_ = std::move(error);
  }
  Touch();
}

std::string CurlTransfer::Place() const { return fmt::format("{} {}", request_.method, SchemeAndHost(request_.url)); }

void CurlTransfer::Touch() {
  if (std::exchange(is_touched_, true)) return;
  touched_.push_back(shared_from_this());
}

// Keeps the reason that curl itself will not know: it only sees its callback fail.
bool CurlTransfer::Refuse(std::string why) {
  if (!error_) error_ = Error(Code::kUnavailable, fmt::format("{}: {}", Place(), why));
  return false;
}

std::size_t CurlTransfer::OnHeaderLine(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  const std::size_t bytes = size * count;
  return transfer.AddHeaderLine({data, bytes}) ? bytes : 0;
}

bool CurlTransfer::AddHeaderLine(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > kHeaderBytesMax) return Refuse("the answer's headers are longer than 64 KiB");
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  if (head_complete_) return true;  // a trailer
  if (line.empty()) return CompleteHead();
  if (line.starts_with("HTTP/")) {
    head_.headers.clear();
    return true;
  }
  const auto colon = line.find(':');
  if (colon == 0 || colon == line.npos || line.front() == ' ' || line.front() == '\t') {
    return Refuse("the answer has a malformed header");
  }
  head_.headers.emplace_back(line.substr(0, colon), Trim(line.substr(colon + 1)));
  return true;
}

bool CurlTransfer::CompleteHead() {
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  if (status < 200) return true;  // interim: another head follows
  head_.status = static_cast<int>(status);
  if (!ReadContentLength(head_.headers, head_.content_length)) {
    return Refuse("the answer has a malformed Content-Length");
  }
  head_complete_ = true;
  state_ = State::kBody;
  length_ = head_.content_length;
  if (request_.method != "HEAD") spill_.reserve(std::min<std::uint64_t>(length_.value_or(0), kBufferBytes));
  Touch();
  return true;
}

std::size_t CurlTransfer::OnBodyBytes(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  const std::size_t bytes = size * count;
  transfer.AddBodyBytes({reinterpret_cast<const std::byte*>(data), bytes});
  return transfer.PauseIfNobodyReads() ? bytes : 0;
}

void CurlTransfer::AddBodyBytes(std::span<const std::byte> bytes) {
  received_ += bytes.size();
  const std::size_t direct = std::min(bytes.size(), reading_.size() - filled_);
  if (direct > 0) std::memcpy(reading_.data() + filled_, bytes.data(), direct);
  filled_ += direct;
  const auto rest = bytes.subspan(direct);
  spill_.insert(spill_.end(), rest.begin(), rest.end());
  Touch();
}

// In curl's callback, because curl goes on receiving for as long as the socket has bytes. What it has received
// already is still delivered. A rest that fits is let through: the transfer then ends by itself, and its
// connection is free for the next one before anybody has read the bytes.
bool CurlTransfer::PauseIfNobodyReads() {
  if (is_paused_ || spilled() == 0) return true;
  if (length_ && *length_ - std::min(*length_, received_) + spilled() <= kBufferBytes) return true;
  is_paused_ = curl_easy_pause(easy_, CURLPAUSE_RECV) == CURLE_OK;
  return is_paused_;
}

}  // namespace hearth::http
