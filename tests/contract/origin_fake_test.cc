// The fake origin of the simulation, on the simulation's executor.
#include "contract/origin_contract.h"
#include "support/fake_origin.h"
#include "support/object_bytes.h"
#include "support/sim_executor.h"

namespace hearth::contract {
namespace {

class FakeFixture final : public OriginFixture {
 public:
  origin::Origin& origin() override { return origin_; }
  OriginTraits traits() const override { return {.odd_paths = true}; }
  std::string Bucket() override {
    // Its buckets are made by their first object.
    origin_.Put("bucket", "first", 1);
    return "bucket";
  }

  std::string Put(const std::string& key, std::size_t size) override {
    const std::uint64_t version = origin_.Put("bucket", key, size);
    const auto made = sim::ObjectBytes("bucket/" + key, version).Make(0, size);
    return {reinterpret_cast<const char*>(made.data()), made.size()};
  }

  void Run(Task<void> task) override { world_.Run(std::move(task)); }
  void RunAll(std::vector<Task<void>> tasks) override {
    std::size_t left = tasks.size();
    for (auto& task : tasks) {
      world_.main().Post([wrapped = CountDown(std::move(task), left)]() mutable { StartDetached(std::move(wrapped)); });
    }
    ASSERT_TRUE(world_.RunUntil([&] { return left == 0; }, std::chrono::hours(1)));
  }

 private:
  static Task<void> CountDown(Task<void> task, std::size_t& left) {
    co_await std::move(task);
    --left;
  }

  sim::SimWorld world_{7};
  sim::FakeOrigin origin_{world_.clock(), 7};
};

std::unique_ptr<OriginFixture> MakeFakeFixture(std::string&) { return std::make_unique<FakeFixture>(); }

INSTANTIATE_TEST_SUITE_P(Fake, OriginContract, ::testing::Values(OriginCase{"Fake", &MakeFakeFixture}), OriginCaseName);

}  // namespace
}  // namespace hearth::contract
