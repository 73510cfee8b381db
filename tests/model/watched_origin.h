// WatchedOrigin: a FakeOrigin as the node sees it, while the model sees what it does: who is current when, and what
// went wrong. A decorator; borrows origin and history, which outlive it and its bodies.
#pragma once

#include <memory>

#include "model/history.h"
#include "origin/origin.h"
#include "support/fake_origin.h"

namespace hearth::model {

class WatchedOrigin final : public origin::Origin {
 public:
  WatchedOrigin(sim::FakeOrigin& inner, History& history, const Clock& clock)
      : inner_(inner), history_(history), clock_(clock) {}

  const OriginName& name() const override { return inner_.name(); }
  Task<Result<origin::GetAnswer>> Get(origin::GetRequest request, RequestContext context) override;
  Task<Result<origin::ObjectMeta>> Head(origin::HeadRequest request, RequestContext context) override;
  Task<Result<origin::ForwardAnswer>> Forward(origin::ForwardRequest request, RequestContext context) override;

 private:
  class WatchedBody;
  struct Name {
    std::string bucket;
    std::string key;
    std::string text() const { return bucket + "/" + key; }
  };
  void NoteError(const Name& object, const Error& error);
  void NoteVersion(const Name& object, const Version& version);

  sim::FakeOrigin& inner_;
  History& history_;
  const Clock& clock_;
};

}  // namespace hearth::model
