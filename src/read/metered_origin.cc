#include "read/metered_origin.h"

#include <string>

namespace hearth::read {
namespace {

using telemetry::Family;

std::string CodeOf(const Error& error) {
  if (error.remote() != nullptr) return std::to_string(error.remote()->status);
  return std::string(CodeName(error.code()));
}

class MeteredBody final : public origin::Body {
 public:
  MeteredBody(std::unique_ptr<origin::Body> inner, telemetry::Counter& bytes)
      : inner_(std::move(inner)), bytes_(bytes) {}

  Task<Result<std::size_t>> Read(std::span<std::byte> to) override {
    Result<std::size_t> got = co_await inner_->Read(to);
    if (got) bytes_.Add(*got);
    co_return got;
  }

 private:
  std::unique_ptr<origin::Body> inner_;
  telemetry::Counter& bytes_;
};

class MeteredOrigin final : public origin::Origin {
 public:
  MeteredOrigin(std::unique_ptr<origin::Origin> inner, telemetry::Registry& metrics)
      : inner_(std::move(inner)),
        metrics_(metrics),
        bytes_(metrics.GetCounter(Family::kOriginResponseBytes, {inner_->name().value})) {}

  const OriginName& name() const override { return inner_->name(); }

  Task<Result<origin::GetAnswer>> Get(origin::GetRequest request, RequestContext context) override {
    const bool ranged = request.range.has_value() || request.part_number.has_value();
    Result<origin::GetAnswer> answer = co_await inner_->Get(std::move(request), std::move(context));
    Count("GetObject", answer ? (ranged ? "206" : "200") : CodeOf(answer.error()));
    if (answer) answer->body = std::make_unique<MeteredBody>(std::move(answer->body), bytes_);
    co_return answer;
  }

  Task<Result<origin::ObjectMeta>> Head(origin::HeadRequest request, RequestContext context) override {
    Result<origin::ObjectMeta> meta = co_await inner_->Head(std::move(request), std::move(context));
    Count("HeadObject", meta ? "200" : CodeOf(meta.error()));
    co_return meta;
  }

  Task<Result<origin::ForwardAnswer>> Forward(origin::ForwardRequest request, RequestContext context) override {
    const std::string operation = request.operation;
    Result<origin::ForwardAnswer> answer = co_await inner_->Forward(std::move(request), std::move(context));
    Count(operation, answer ? std::to_string(answer->status) : CodeOf(answer.error()));
    if (answer) bytes_.Add(answer->body.size());
    co_return answer;
  }

  Task<bool> AdmitRetry(int attempt) override { return inner_->AdmitRetry(attempt); }

 private:
  void Count(std::string_view operation, std::string_view code) {
    metrics_.GetCounter(Family::kOriginRequests, {inner_->name().value, operation, code}).Add();
  }

  const std::unique_ptr<origin::Origin> inner_;
  telemetry::Registry& metrics_;
  telemetry::Counter& bytes_;
};

}  // namespace

std::unique_ptr<origin::Origin> MakeMeteredOrigin(std::unique_ptr<origin::Origin> inner, telemetry::Registry& metrics) {
  return std::make_unique<MeteredOrigin>(std::move(inner), metrics);
}

}  // namespace hearth::read
