// CurlTransfer: one request over one curl easy handle, from its first byte to its last.
//
// Shared by the engine, while curl drives it, and by the body that a caller holds. Every call happens on
// the engine's loop, so there is no lock; only destruction may happen elsewhere, once curl has let go.
//
// Back pressure: while a reader waits, curl's bytes are copied straight to where it wants them. Bytes that
// come while nobody reads go to the spill, and the transfer is paused until the spill is empty and somebody
// reads again: at most one curl buffer is kept. curl's own pause buffer is not used for this, because it
// copies all that is left each time that a reader takes a piece.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/signal.h"
#include "http/client.h"

namespace hearth::http {

class CurlTransfer : public std::enable_shared_from_this<CurlTransfer> {
 public:
  enum class State : std::uint8_t {
    kHeaders,  // the answer's head is not complete: the sender waits on changed()
    kBody,     // the head is complete, bytes are to come
    kEnded,    // curl is done and the answer is whole; the spill may still hold bytes
    kFailed,   // error() says why; the spill may still hold bytes from before
  };
  using List = std::vector<std::shared_ptr<CurlTransfer>>;

  // What curl receives at once, and the spill's limit. Small, so that bytes are copied out of it while they are in the
  // processor's cache, and few come after the reader's buffer is full.
  static constexpr std::size_t kBufferBytes = 64 << 10;
  static constexpr std::size_t kHeaderBytesMax = 64 << 10;

  // kInvalidArgument: a header or the method holds CR, LF or NUL. `touched` collects the transfers that
  // curl's callbacks changed; it outlives the transfer's time in the multi handle.
  static Result<std::shared_ptr<CurlTransfer>> Create(ClientRequest request, const ClientOptions& options,
                                                      List& touched);
  ~CurlTransfer();
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  void* easy() const { return easy_; }
  State state() const { return state_; }
  // Moves on when the head is complete, when a waiting reader has got bytes, and at the end.
  Signal& changed() { return changed_; }
  const Error& error() const { return *error_; }

  bool head_complete() const { return head_complete_; }
  // Once, after head_complete(): everything but the body.
  ClientAnswer TakeHead();

  std::size_t spilled() const { return spill_.size() - spill_read_; }
  std::size_t TakeSpilled(std::span<std::byte> to);

  // `to` stays valid until EndRead, which returns how many bytes came. Nothing may be spilled.
  void BeginRead(std::span<std::byte> to);
  std::size_t filled() const { return filled_; }
  std::size_t EndRead();

  // For the engine, after curl has run: wakes whoever waits.
  void Settle();
  // Lets curl deliver again; may call back at once.
  void Unpause();
  // curl is done with the transfer (`curl_code` of its message), or it is given up.
  void Finish(int curl_code);
  void Fail(Error error);

 private:
  CurlTransfer(void* easy, ClientRequest request, List& touched);
  Status SetOptions(const ClientOptions& options);
  Status SetMethod();
  Status SetHeaders();

  static std::size_t OnHeaderLine(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t OnBodyBytes(char* data, std::size_t size, std::size_t count, void* self);
  bool AddHeaderLine(std::string_view line);
  bool CompleteHead();
  void AddBodyBytes(std::span<const std::byte> bytes);
  bool PauseIfNobodyReads();
  bool Refuse(std::string why);
  void Touch();
  std::string Place() const;

  void* const easy_;
  const ClientRequest request_;
  List& touched_;
  void* header_list_ = nullptr;  // curl_slist, lives as long as the easy handle
  std::string congestion_control_;
  std::vector<char> error_text_;

  State state_ = State::kHeaders;
  std::optional<Error> error_;
  Signal changed_;
  bool is_touched_ = false;
  bool is_paused_ = false;

  bool head_complete_ = false;
  std::size_t header_bytes_ = 0;
  ClientAnswer head_;

  std::optional<std::uint64_t> length_;  // of the body, if the head said
  std::uint64_t received_ = 0;
  std::span<std::byte> reading_;  // where a waiting reader wants its bytes; empty: nobody reads
  std::size_t filled_ = 0;
  std::vector<std::byte> spill_;
  std::size_t spill_read_ = 0;
};

}  // namespace hearth::http
