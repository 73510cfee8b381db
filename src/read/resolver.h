// Resolver: from a name to the metadata of one version, asking the origin as seldom as the freshness rules allow, and
// once for all who wait (single flight).
//
//   fresh in memory                 -> no wait
//   nothing known, a GET            -> the first ranged GET is the question; its body comes along (Lead)
//   nothing known, a HEAD           -> HEAD
//   stale                           -> HEAD; still the same: the old entry with a new age
//   the origin cannot be asked      -> the old entry within stale_if_error, else the error
//
// A 404 is shared by those who wait for it and never remembered. An answer to a question that was begun before
// ForgetObject is used by those who asked and not remembered.
// What was learned is as old as the question: the object may have changed while the answer was on its way. So who
// comes while a question is under way takes its answer only if the rule would let them take memory of that age, and no
// error but that the origin cannot be asked.
// Any thread, from a job of an executor.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>

#include "base/request_context.h"
#include "base/result.h"
#include "base/signal.h"
#include "base/task.h"
#include "read/freshness.h"
#include "read/metadata_store.h"

namespace hearth::read {

class Resolver {
 public:
  struct Flight;

  // Held by the one who asked with a GET: the others wait until it has handed the body to the cache, so that nobody
  // starts a second transfer in between. Dropping it lets them go.
  class Lead {
   public:
    Lead() = default;
    Lead(Resolver* resolver, std::shared_ptr<Flight> flight) : resolver_(resolver), flight_(std::move(flight)) {}
    Lead(Lead&& other) noexcept
        : resolver_(std::exchange(other.resolver_, nullptr)), flight_(std::move(other.flight_)) {}
    Lead& operator=(Lead&& other) noexcept;
    ~Lead() { Release(); }
    void Release();
    explicit operator bool() const { return flight_ != nullptr; }

   private:
    Resolver* resolver_ = nullptr;
    std::shared_ptr<Flight> flight_;
  };

  struct Request {
    MetaKey key;
    std::string version_id;  // to be asked for; empty: the current one
    origin::Origin* origin = nullptr;
    const FreshnessRule* rule = nullptr;
    std::optional<ByteRange> first_range;  // set: a GET of this is wanted if nothing is known
    bool force = false;                    // ask the origin, however fresh memory is, and never answer with stale
  };
  struct Resolved {
    MetaPtr meta;
    bool origin_asked = false;  // for this answer, also in vain
    // It was asked after this call had begun, and said so: good enough for an answer 404, 412 or 416.
    bool confirmed = false;
    std::optional<std::chrono::seconds> stale_for;  // set: served past its ttl, by so much
    // With a GET that this caller made: its body, already at `opened->range.begin`.
    std::optional<origin::GetAnswer> opened;
    Lead lead;
  };

  Resolver(MetadataStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  // No wait: fresh metadata, or null.
  MetaPtr FindFresh(const MetaKey& key, const FreshnessRule& rule) const;

  Task<Result<Resolved>> Resolve(Request request, RequestContext context);

  // The origin has another version than `seen`, or none: unless something newer is known already, whoever comes next
  // asks.
  void NoteChanged(const MetaEntry& seen);
  // Forgets all that is known of the object, labels too, and what is being asked now will not be remembered; returns
  // what it was.
  std::vector<MetaPtr> ForgetObject(const ObjectId& object);

  // Ends every question that is under way, with kCancelled: the node is stopping.
  void Cancel() { stop_.Cancel(); }

 private:
  std::optional<Resolved> FromMemory(const Request& request);
  std::shared_ptr<Flight> Join(const MetaKey& key, bool& leader);
  void Finish(Flight& flight);
  void ShareOutcome(Flight& flight, const Result<Resolved>& resolved);
  Task<Result<Resolved>> Ask(Request request, std::shared_ptr<Flight> flight, std::string request_id);
  static Task<Status> Wait(std::shared_ptr<Flight> flight, Resolver& resolver, RequestContext context);
  std::optional<Result<Resolved>> OutcomeFor(const Flight& flight, const Request& request, TimePoint start);
  Task<Result<Resolved>> AskByGet(Request request, std::shared_ptr<Flight> flight, RequestContext context);
  Task<Result<Resolved>> AskByHead(Request request, std::shared_ptr<Flight> flight, MetaPtr known,
                                   RequestContext context);
  Resolved StaleAnswer(const Request& request, MetaPtr known) const;
  static Resolved Learned(Flight& flight, origin::ObjectMeta meta);
  void Remember(const Flight& flight) REQUIRES(mutex_);

  MetadataStore& store_;
  const Clock& clock_;
  CancelSource stop_;

  Mutex mutex_;
  std::unordered_map<MetaKey, std::shared_ptr<Flight>> flights_ GUARDED_BY(mutex_);
  // Objects whose origin could not be asked a moment ago: until when it is not asked again.
  std::unordered_map<MetaKey, TimePoint> unreachable_until_ GUARDED_BY(mutex_);
};

}  // namespace hearth::read
