#include "placement/table.h"

#include <algorithm>
#include <limits>
#include <map>

#include "base/check.h"
#include "placement/straw.h"

namespace hearth::placement {
namespace {

// The best straws so far, best first.
class Podium {
 public:
  void Offer(const Straw& straw) {
    if (count_ == kRanks && !IsBetter(straw, best_[kRanks - 1])) return;
    std::size_t at = count_ < kRanks ? count_++ : kRanks - 1;
    for (; at > 0 && IsBetter(straw, best_[at - 1]); --at) best_[at] = best_[at - 1];
    best_[at] = straw;
  }
  Owners owners() const {
    Owners result;
    for (std::size_t i = 0; i < count_; ++i) result.ranks[i] = best_[i].member;
    return result;
  }

 private:
  std::array<Straw, kRanks> best_;
  std::size_t count_ = 0;
};

// Members of one weight. Among them the draws alone decide, so that only three of them need a logarithm.
struct Peers {
  std::uint32_t weight = 0;
  std::vector<std::uint64_t> seeds;
  std::vector<std::uint16_t> members;  // beside seeds, in the order of names
};

struct Draw {
  std::uint64_t value = std::numeric_limits<std::uint64_t>::max();
  std::uint16_t member = kNobody;
};

// The least three draws of `peers`, in order; a tie goes to the first by name.
std::array<Draw, kRanks> LeastDraws(const Peers& peers, PartitionIndex partition) {
  std::array<Draw, kRanks> least;
  for (std::size_t i = 0; i < peers.seeds.size(); ++i) {
    const Draw draw{DrawOf(peers.seeds[i], partition), peers.members[i]};
    Draw& last = least[kRanks - 1];
    if (draw.value >= last.value && last.member != kNobody) [[likely]]
      continue;
    last = draw;
    for (std::size_t at = kRanks - 1; at > 0; --at) {
      const bool before = least[at - 1].member == kNobody || least[at].value < least[at - 1].value;
      if (!before) break;
      std::swap(least[at], least[at - 1]);
    }
  }
  return least;
}

// Everything about the members that drawing needs, computed once.
class Drawing {
 public:
  explicit Drawing(const std::vector<Member>& members) {
    std::map<std::uint32_t, Peers> by_weight;
    for (std::size_t i = 0; i < members.size(); ++i) {
      seeds_.push_back(SeedOf(members[i].name));
      weights_.push_back(members[i].weight);
      if (members[i].weight == 0) continue;
      Peers& peers = by_weight[members[i].weight];
      peers.weight = members[i].weight;
      peers.seeds.push_back(seeds_.back());
      peers.members.push_back(static_cast<std::uint16_t>(i));
    }
    for (auto& [weight, peers] : by_weight) peers_.push_back(std::move(peers));
  }

  Owners Of(PartitionIndex partition) const {
    Podium podium;
    for (const Peers& peers : peers_) {
      for (const Draw& draw : LeastDraws(peers, partition)) {
        if (draw.member != kNobody) podium.Offer({draw.value, CostOf(draw.value), peers.weight, draw.member});
      }
    }
    return podium.owners();
  }

  Straw StrawOf(std::uint16_t member, PartitionIndex partition) const {
    const std::uint64_t draw = DrawOf(seeds_[member], partition);
    return {draw, CostOf(draw), weights_[member], member};
  }

 private:
  std::vector<std::uint64_t> seeds_;    // by member
  std::vector<std::uint32_t> weights_;  // by member
  std::vector<Peers> peers_;
};

template <typename Function>
void ForEachPartition(std::vector<Owners>& owners, Function function) {
  for (std::uint32_t i = 0; i < kPartitions; ++i) owners[i] = function(PartitionIndex{i}, owners[i]);
}

// The same owners under the indexes they have once a member came to, or went from, `position`.
Owners Shifted(Owners owners, std::size_t position, int by) {
  for (std::uint16_t& rank : owners.ranks) {
    if (rank != kNobody && rank >= position) rank = static_cast<std::uint16_t>(rank + by);
  }
  return owners;
}

std::vector<Member>::const_iterator FirstNotBefore(const std::vector<Member>& members, std::string_view name) {
  return std::ranges::lower_bound(members, name, std::ranges::less{},
                                  [](const Member& member) { return std::string_view(member.name); });
}

}  // namespace

Table::Table(std::vector<Member> members) : members_(std::move(members)), owners_(kPartitions) {
  std::ranges::sort(members_, std::ranges::less{}, &Member::name);
  HEARTH_CHECK(members_.size() < kNobody);
  HEARTH_CHECK(std::ranges::adjacent_find(members_, std::ranges::equal_to{}, &Member::name) == members_.end());
}

Table Table::Build(std::vector<Member> members) {
  Table table(std::move(members));
  const Drawing drawing(table.members_);
  ForEachPartition(table.owners_, [&](PartitionIndex partition, Owners) { return drawing.Of(partition); });
  return table;
}

Table Table::WithMember(Member member) const {
  const auto at = FirstNotBefore(members_, member.name);
  if (at != members_.end() && at->name == member.name) return WithoutMember(member.name).WithMember(std::move(member));

  const auto position = static_cast<std::uint16_t>(at - members_.begin());
  const bool owns_something = member.weight > 0;
  Table table = *this;
  table.members_.insert(table.members_.begin() + position, std::move(member));
  HEARTH_CHECK(table.members_.size() < kNobody);
  const Drawing drawing(table.members_);
  ForEachPartition(table.owners_, [&](PartitionIndex partition, Owners before) {
    const Owners others = Shifted(before, position, +1);
    if (!owns_something) return others;
    Podium podium;
    podium.Offer(drawing.StrawOf(position, partition));
    for (const std::uint16_t rank : others.ranks) {
      if (rank != kNobody) podium.Offer(drawing.StrawOf(rank, partition));
    }
    return podium.owners();
  });
  return table;
}

Table Table::WithoutMember(std::string_view name) const {
  const auto at = FirstNotBefore(members_, name);
  if (at == members_.end() || at->name != name) return *this;

  const auto position = static_cast<std::uint16_t>(at - members_.begin());
  Table table = *this;
  table.members_.erase(table.members_.begin() + position);
  const Drawing drawing(table.members_);
  ForEachPartition(table.owners_, [&](PartitionIndex partition, Owners before) {
    const bool owned = std::ranges::find(before.ranks, position) != before.ranks.end();
    return owned ? drawing.Of(partition) : Shifted(before, position, -1);
  });
  return table;
}

}  // namespace hearth::placement
