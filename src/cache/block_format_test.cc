#include "cache/block_format.h"

#include <cstring>
#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "golden/golden.h"

namespace hearth::cache {
namespace {

constexpr Geometry kSmall{.block_size = 1_MiB, .sub_block_size = 64_KiB};

BlockInfo SomeInfo() {
  return {.object = {OriginName("s3"), BucketName("models"), ObjectKey("llama/weights.bin")},
          .version = {VersionKind::kETag, "\"0123456789abcdef0123456789abcdef\""},
          .object_size = 5 * 1_MiB + 100'000,
          .index = {2}};
}

BlockHeader SomeHeader() {
  BlockHeader header = BlockHeader::Empty(SomeInfo(), kSmall);
  header.SetPresent(0);
  header.SetPresent(3);
  header.SetPresent(15);
  std::uint32_t crc = 0;
  for (std::uint32_t& page : header.page_crcs) page = (crc += 0x01010101u);
  return header;
}

Code CodeOf(const Result<BlockHeader>& result) { return result ? Code::kInternal : result.error().code(); }

TEST(BlockFormat, AHeaderComesBackAsItWas) {
  const BlockHeader header = SomeHeader();
  const auto bytes = EncodeBlockHeader(header);
  EXPECT_EQ(bytes.size(), header.data_offset());
  const auto decoded = DecodeBlockHeader(bytes);
  ASSERT_TRUE(decoded) << decoded.error().ToString();
  EXPECT_EQ(*decoded, header);
  EXPECT_EQ(decoded->present_count(), 3u);
  EXPECT_TRUE(decoded->IsPresent(3));
  EXPECT_FALSE(decoded->IsPresent(4));
}

TEST(BlockFormat, WhatFollowsTheHeaderInTheFileDoesNotMatter) {
  auto bytes = EncodeBlockHeader(SomeHeader());
  bytes.resize(bytes.size() + 10'000, std::byte{0xff});
  EXPECT_TRUE(DecodeBlockHeader(bytes));
}

TEST(BlockFormat, TheLastBlockHasOnlyThePagesThatTheObjectHas) {
  BlockInfo info = SomeInfo();
  info.index = {5};
  const BlockHeader header = BlockHeader::Empty(info, kSmall);
  EXPECT_EQ(header.block_length(), 100'000u);
  EXPECT_EQ(header.sub_count(), 2u);
  EXPECT_EQ(header.page_crcs.size(), 2u);
  const auto decoded = DecodeBlockHeader(EncodeBlockHeader(header));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, header);
}

TEST(BlockFormat, DataBeginsAtAPageBoundaryThatPresenceDoesNotMove) {
  BlockHeader header = BlockHeader::Empty(SomeInfo(), kSmall);
  const auto offset = header.data_offset();
  EXPECT_EQ(offset % 4_KiB, 0u);
  for (std::uint32_t sub = 0; sub < header.sub_count(); ++sub) header.SetPresent(sub);
  EXPECT_EQ(header.data_offset(), offset);
  EXPECT_EQ(EncodeBlockHeader(header).size(), offset);
}

TEST(BlockFormat, KeysAndVersionsAreOpaqueBytes) {
  std::string odd;
  for (int c = 0; c < 256; ++c) odd.push_back(static_cast<char>(c));
  BlockInfo info = SomeInfo();
  info.object.key = ObjectKey(odd);
  info.object.bucket = BucketName("");
  info.version = {VersionKind::kStat, odd + odd};
  const auto decoded = DecodeBlockHeader(EncodeBlockHeader(BlockHeader::Empty(info, kSmall)));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->info, info);
}

TEST(BlockFormat, TheLargestBlockWithTheLongestNamesFits) {
  BlockInfo info{.object = {OriginName(std::string(4096, 'o')), BucketName(std::string(4096, 'b')),
                            ObjectKey(std::string(4096, 'k'))},
                 .version = {VersionKind::kETag, std::string(4096, 'v')},
                 .object_size = 1_GiB,
                 .index = {3}};
  const Geometry largest{.block_size = 64_MiB, .sub_block_size = 64_KiB};
  BlockHeader header = BlockHeader::Empty(info, largest);
  EXPECT_EQ(header.sub_count(), 1024u);
  header.SetPresent(1023);
  const auto bytes = EncodeBlockHeader(header);
  EXPECT_LE(bytes.size(), kBlockHeaderMax);
  const auto decoded = DecodeBlockHeader(bytes);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, header);
}

TEST(BlockFormat, WhatCannotBeHeldIsSaidBeforehand) {
  EXPECT_TRUE(IsStorable(SomeInfo(), kSmall));
  const auto storable_with = [](const std::function<void(BlockInfo&, Geometry&)>& change) {
    BlockInfo info = SomeInfo();
    Geometry geometry = kSmall;
    change(info, geometry);
    return IsStorable(info, geometry);
  };
  EXPECT_FALSE(storable_with([](auto& info, auto&) { info.object.key = ObjectKey(std::string(4097, 'k')); }));
  EXPECT_FALSE(storable_with([](auto& info, auto&) { info.version.value = std::string(4097, 'v'); }));
  EXPECT_FALSE(storable_with([](auto& info, auto&) { info.version.kind = VersionKind::kNone; }));
  EXPECT_FALSE(storable_with([](auto& info, auto&) { info.index = {6}; }));
  EXPECT_FALSE(storable_with([](auto& info, auto&) { info.object_size = 0; }));
  EXPECT_FALSE(storable_with([](auto& info, auto&) { info.object_size = ~std::uint64_t{0}; }));
  EXPECT_FALSE(storable_with([](auto&, auto& geometry) { geometry.block_size = 3_MiB; }));
  EXPECT_FALSE(storable_with([](auto&, auto& geometry) { geometry.block_size = 128_MiB; }));
  EXPECT_FALSE(storable_with([](auto&, auto& geometry) { geometry.sub_block_size = 32_KiB; }));
  EXPECT_FALSE(storable_with([](auto&, auto& geometry) { geometry.sub_block_size = 2_MiB; }));
}

TEST(BlockFormat, AHeaderCutShortIsCorrupt) {
  const auto bytes = EncodeBlockHeader(SomeHeader());
  std::uint32_t length = 0;
  std::memcpy(&length, bytes.data() + 8, sizeof length);
  ASSERT_LT(length, bytes.size());
  for (std::size_t size = 0; size < length; ++size) {
    EXPECT_EQ(CodeOf(DecodeBlockHeader(std::span(bytes).first(size))), Code::kCorruption) << size;
  }
  EXPECT_TRUE(DecodeBlockHeader(std::span(bytes).first(length)));
}

TEST(BlockFormat, EveryFlippedBitIsSeen) {
  auto bytes = EncodeBlockHeader(SomeHeader());
  std::uint32_t length = 0;
  std::memcpy(&length, bytes.data() + 8, sizeof length);
  for (std::size_t bit = 0; bit < std::size_t{length} * 8; ++bit) {
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    EXPECT_FALSE(DecodeBlockHeader(bytes)) << "bit " << bit;
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
  }
}

TEST(BlockFormat, AnUnknownFormatVersionIsNotCalledCorrupt) {
  auto bytes = EncodeBlockHeader(SomeHeader());
  bytes[4] = std::byte{2};
  EXPECT_EQ(CodeOf(DecodeBlockHeader(bytes)), Code::kInvalidArgument);
}

TEST(BlockFormat, AHoleOrAnEmptyFileIsCorrupt) {
  EXPECT_EQ(CodeOf(DecodeBlockHeader({})), Code::kCorruption);
  EXPECT_EQ(CodeOf(DecodeBlockHeader(std::vector<std::byte>(kBlockHeaderMax))), Code::kCorruption);
}

TEST(BlockFormat, APageChecksumCoversEverythingThatMakesThePageWhatItIs) {
  const std::vector<std::byte> page(kPageSize, std::byte{7});
  const BlockInfo info = SomeInfo();
  const std::uint32_t right = PageChecksum(PageSeed(info), 2_MiB, page);
  EXPECT_EQ(PageChecksum(PageSeed(info), 2_MiB, page), right);

  const auto with = [&](const std::function<void(BlockInfo&)>& change) {
    BlockInfo other = SomeInfo();
    change(other);
    return PageChecksum(PageSeed(other), 2_MiB, page);
  };
  EXPECT_NE(with([](BlockInfo& other) { other.object.origin = OriginName("gs"); }), right);
  EXPECT_NE(with([](BlockInfo& other) { other.object.bucket = BucketName("model"); }), right);
  EXPECT_NE(with([](BlockInfo& other) { other.object.key = ObjectKey("llama/weights.bin2"); }), right);
  EXPECT_NE(with([](BlockInfo& other) { other.version.value = "\"1123456789abcdef0123456789abcdef\""; }), right);
  EXPECT_NE(with([](BlockInfo& other) { other.version.kind = VersionKind::kGeneration; }), right);
  EXPECT_NE(PageChecksum(PageSeed(info), 2_MiB + kPageSize, page), right);
  EXPECT_NE(PageChecksum(PageSeed(info), 2_MiB, std::span(page).first(kPageSize - 1)), right);
  auto flipped = page;
  flipped[1234] ^= std::byte{1};
  EXPECT_NE(PageChecksum(PageSeed(info), 2_MiB, flipped), right);
}

TEST(BlockFormat, NamesThatOnlyDifferInWhereTheyAreCutHaveOtherChecksums) {
  BlockInfo one = SomeInfo();
  one.object.bucket = BucketName("ab");
  one.object.key = ObjectKey("c");
  BlockInfo two = one;
  two.object.bucket = BucketName("a");
  two.object.key = ObjectKey("bc");
  EXPECT_NE(PageSeed(one), PageSeed(two));
}

TEST(BlockFormat, TheBytesAreThoseOfTheGoldenFile) {
  ExpectGolden("block_header_v1.bin", EncodeBlockHeader(SomeHeader()));
  const auto decoded = DecodeBlockHeader(ReadGolden("block_header_v1.bin"));
  ASSERT_TRUE(decoded) << decoded.error().ToString();
  EXPECT_EQ(*decoded, SomeHeader());
  // The data lies outside the header, and its checksums are as much part of the format.
  const std::vector<std::byte> page(kPageSize, std::byte{7});
  EXPECT_EQ(PageSeed(SomeInfo()), 0x994d3ccau);
  EXPECT_EQ(PageChecksum(PageSeed(SomeInfo()), 2_MiB, page), 0xfc3d236eu);
}

}  // namespace
}  // namespace hearth::cache
