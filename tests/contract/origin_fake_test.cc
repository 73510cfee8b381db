// The fake origin of the simulation, on the simulation's executor.
#include "contract/origin_contract.h"
#include "origin/steady_origin.h"
#include "support/fake_origin.h"
#include "support/object_bytes.h"
#include "support/sim_executor.h"

namespace hearth::contract {
namespace {

class FakeFixture final : public OriginFixture {
 public:
  // `steady`: behind the manners of SteadyOrigin, which must not change what an origin promises.
  explicit FakeFixture(bool steady) {
    auto fake = std::make_unique<sim::FakeOrigin>(world_.clock(), 7);
    origin_ = fake.get();
    if (steady) {
      auto behind = std::make_unique<origin::SteadyOrigin>(
          std::move(fake), origin::SteadyOrigin::Environment{world_.clock(), metrics_, 7});
      steady_ = behind.get();
      owned_ = std::move(behind);
    } else {
      owned_ = std::move(fake);
    }
  }
  ~FakeFixture() override {
    if (steady_ != nullptr) world_.Run(steady_->Stop());
  }

  origin::Origin& origin() override { return *owned_; }
  OriginTraits traits() const override { return {.odd_paths = true}; }
  std::string Bucket() override {
    // Its buckets are made by their first object.
    origin_->Put("bucket", "first", 1);
    return "bucket";
  }

  std::string Put(const std::string& key, std::size_t size) override {
    const std::uint64_t version = origin_->Put("bucket", key, size);
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
  telemetry::Registry metrics_;
  sim::FakeOrigin* origin_ = nullptr;
  origin::SteadyOrigin* steady_ = nullptr;
  std::unique_ptr<origin::Origin> owned_;
};

std::unique_ptr<OriginFixture> MakeFakeFixture(std::string&) { return std::make_unique<FakeFixture>(false); }
std::unique_ptr<OriginFixture> MakeSteadyFixture(std::string&) { return std::make_unique<FakeFixture>(true); }

INSTANTIATE_TEST_SUITE_P(Fake, OriginContract,
                         ::testing::Values(OriginCase{"Fake", &MakeFakeFixture},
                                           OriginCase{"Steady", &MakeSteadyFixture}),
                         OriginCaseName);

}  // namespace
}  // namespace hearth::contract
