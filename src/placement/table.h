// Table: which members own which partition, for one view of the cluster.
//
// A value that never changes: any thread may read it, a new view makes a new table. Built from the members
// alone, so that every node of one view has the same one (docs/formats/placement.md). A lookup reads six
// bytes. Building computes: 2^18 hashes for each member (docs/formats/placement.md says what that costs), so it belongs
// on a pool, never on an event loop (invariant 10). WithMember and WithoutMember cost as much as one to three members.
// Adding a member moves only what it now owns; removing one moves only what it owned.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "placement/partition.h"

namespace hearth::placement {

struct Member {
  std::string name;          // unique in the view
  std::uint32_t weight = 1;  // its share of the partitions, relative to the others'; 0 owns nothing
  std::string zone;          // carried along; placement does not look at it

  bool operator==(const Member&) const = default;
};

inline constexpr std::size_t kRanks = 3;
inline constexpr std::uint16_t kNobody = 0xffff;

// Indexes into Table::members(), all different, best first; kNobody beyond the last member with a weight.
struct Owners {
  std::array<std::uint16_t, kRanks> ranks = {kNobody, kNobody, kNobody};
  bool operator==(const Owners&) const = default;
};

class Table {
 public:
  // Owned by nobody.
  Table() : Table(std::vector<Member>()) {}

  // In any order. Names are distinct (the cluster leaves doubles out) and there are fewer than 65535: else a bug.
  static Table Build(std::vector<Member> members);

  // This table with one member more, or with another weight for the one of that name.
  Table WithMember(Member member) const;
  // This table without the member of that name, if it has it.
  Table WithoutMember(std::string_view name) const;

  // Sorted by name, byte by byte.
  const std::vector<Member>& members() const { return members_; }
  Owners OwnersOf(PartitionIndex partition) const { return owners_[partition.value]; }

  bool operator==(const Table&) const = default;

 private:
  // Sorts, and owns nothing yet.
  explicit Table(std::vector<Member> members);

  std::vector<Member> members_;
  std::vector<Owners> owners_;  // by partition
};

}  // namespace hearth::placement
