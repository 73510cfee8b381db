#include "placement/partition.h"

#include <array>
#include <bit>
#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace hearth::placement {
namespace {

static_assert(std::endian::native == std::endian::little, "lengths and the index are hashed as little-endian words");

// Names this long are hashed in one call over a copy; the streaming state costs more than that.
constexpr std::size_t kInlineBytes = 512;

template <typename Append>
void ForEachPart(const ObjectId& object, BlockIndex block, Append append) {
  for (const std::string* part : {&object.origin.value, &object.bucket.value, &object.key.value}) {
    const std::uint64_t length = part->size();
    append(&length, sizeof length);
    append(part->data(), part->size());
  }
  append(&block.value, sizeof block.value);
}

std::uint64_t HashOf(const ObjectId& object, BlockIndex block) {
  const std::size_t names = object.origin.value.size() + object.bucket.value.size() + object.key.value.size();
  const std::size_t total = names + 4 * sizeof(std::uint64_t);
  if (total <= kInlineBytes) {
    std::array<char, kInlineBytes> bytes;
    std::size_t used = 0;
    ForEachPart(object, block, [&](const void* data, std::size_t size) {
      std::memcpy(bytes.data() + used, data, size);
      used += size;
    });
    return XXH3_64bits(bytes.data(), used);
  }
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  ForEachPart(object, block, [&state](const void* data, std::size_t size) { XXH3_64bits_update(&state, data, size); });
  return XXH3_64bits_digest(&state);
}

}  // namespace

PartitionIndex PartitionOf(const ObjectId& object, BlockIndex block) {
  return {static_cast<std::uint32_t>(HashOf(object, block) >> (64 - kPartitionBits))};
}

}  // namespace hearth::placement
