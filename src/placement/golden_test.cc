// tests/golden/placement.json: what every implementation of docs/formats/placement.md must come to.
// HEARTH_WRITE_GOLDEN=1 writes the file; only a new version of the format may change it.
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "placement/partition.h"
#include "placement/straw.h"
#include "placement/table.h"

namespace hearth::placement {
namespace {

std::filesystem::path GoldenFile() {
  return std::filesystem::path(__FILE__).parent_path().parent_path().parent_path() / "tests" / "golden" /
         "placement.json";
}

// {line},\n{line}: the inside of a JSON array.
std::string Joined(const std::vector<std::string>& lines) { return fmt::format("{}", fmt::join(lines, ",\n    ")); }

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) fmt::format_to(std::back_inserter(hex), "{:02x}", static_cast<unsigned char>(c));
  return hex;
}

std::string LogTableJson() {
  std::vector<std::string> lines;
  for (const std::size_t i : {0u, 1u, 2u, 100u, 512u, 777u, 1022u, 1023u, 1024u}) {
    lines.push_back(fmt::format(R"({{"entry": {}, "value": {}}})", i, kLogTable[i]));
  }
  return Joined(lines);
}

std::string PartitionsJson() {
  struct Case {
    std::string origin, bucket, key;
    std::uint64_t block;
  };
  const std::vector<Case> cases = {
      {"s3", "bucket", "key", 0},
      {"s3", "bucket", "key", 1},
      {"s3", "bucket", "key", 0xfedcba9876543210},
      {"gs", "bucket", "key", 0},
      {"", "", "", 0},
      {"s3", "buck", "etkey", 0},
      {"s3", "b", "gr\xc3\xbc\xc3\x9f/\xf0\x9f\x94\xa5", 2},
      {"s3", "b", std::string("\0\xff../\n\"", 7), 3},
      {"file", "b", std::string(200, 'a'), 4},
      {"file", "b", std::string(240, 'b'), 5},
      {"file", "b", std::string(1024, 'c'), 6},
  };
  std::vector<std::string> lines;
  for (const Case& c : cases) {
    const ObjectId object{OriginName(c.origin), BucketName(c.bucket), ObjectKey(c.key)};
    lines.push_back(
        fmt::format(R"({{"origin": "{}", "bucket": "{}", "key_hex": "{}", "block": "{}", "partition": {}}})", c.origin,
                    c.bucket, Hex(c.key), c.block, PartitionOf(object, BlockIndex{c.block}).value));
  }
  return Joined(lines);
}

std::string StrawsJson() {
  std::vector<std::string> lines;
  for (const char* name : {"", "a", "10.0.0.1:8080", "hearth-0"}) {
    for (const std::uint32_t partition : {0u, 1u, 131072u, 262143u}) {
      const std::uint64_t seed = SeedOf(name);
      const std::uint64_t draw = DrawOf(seed, {partition});
      lines.push_back(
          fmt::format(R"({{"member": "{}", "seed": "{:016x}", "partition": {}, "draw": "{:016x}", "cost": {}}})", name,
                      seed, partition, draw, CostOf(draw)));
    }
  }
  return Joined(lines);
}

// All owners: XXH3-64 over 8 bytes of length and the ranks of every partition as u16 little-endian.
std::string DigestOf(const Table& table) {
  std::string bytes;
  for (std::uint32_t i = 0; i < kPartitions; ++i) {
    for (const std::uint16_t rank : table.OwnersOf({i}).ranks) {
      bytes += static_cast<char>(rank & 0xff);
      bytes += static_cast<char>(rank >> 8);
    }
  }
  return fmt::format("{:016x}", HashParts64({bytes}));
}

std::string TableJson(const std::vector<Member>& members) {
  const Table table = Table::Build(members);
  std::vector<std::string> named;
  for (const Member& member : table.members()) {
    named.push_back(fmt::format(R"({{"name": "{}", "weight": {}}})", member.name, member.weight));
  }
  std::vector<std::string> owners;
  for (std::uint32_t i = 0; i < kPartitions; i += 21845) {
    std::vector<std::string> ranks;
    for (const std::uint16_t rank : table.OwnersOf({i}).ranks) {
      if (rank != kNobody) ranks.push_back(fmt::format("\"{}\"", table.members()[rank].name));
    }
    owners.push_back(fmt::format(R"({{"partition": {}, "ranks": [{}]}})", i, fmt::join(ranks, ", ")));
  }
  return fmt::format("{{\"members\": [{}],\n     \"owners\": [\n      {}],\n     \"digest\": \"{}\"}}",
                     fmt::join(named, ", "), fmt::join(owners, ",\n      "), DigestOf(table));
}

std::string TablesJson() {
  std::vector<Member> many;
  for (std::uint32_t i = 0; i < 24; ++i) many.push_back({fmt::format("hearth-{}", i), 1 + i % 5, ""});
  return Joined({
      TableJson({{"only", 1, ""}}),
      TableJson({{"10.0.0.1:8080", 1, ""}, {"10.0.0.2:8080", 1, ""}}),
      TableJson({{"a", 1, ""}, {"b", 2, ""}, {"c", 0, ""}, {"d", 4294967295, ""}, {"e", 1000000, ""}}),
      TableJson(many),
  });
}

std::string GoldenJson() {
  return fmt::format(
      "{{\n  \"format\": \"docs/formats/placement.md, version 1\",\n  \"log_table\": [\n    {}],\n  \"partitions\": "
      "[\n    {}],\n"
      "  \"straws\": [\n    {}],\n  \"tables\": [\n    {}]\n}}\n",
      LogTableJson(), PartitionsJson(), StrawsJson(), TablesJson());
}

TEST(PlacementGolden, TheFileHoldsWhatThisProgramComputes) {
  const std::string computed = GoldenJson();
  if (std::getenv("HEARTH_WRITE_GOLDEN") != nullptr) std::ofstream(GoldenFile()) << computed;
  std::ifstream file(GoldenFile());
  std::ostringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(golden.str(), computed);
}

}  // namespace
}  // namespace hearth::placement
