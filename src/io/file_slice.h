// FileSlice: some bytes of an open file, ready to be sent: verified, and resident when it was made, unless the whole
// answer is smaller than kCopiedBelow.
//
// Opaque above this layer: the cache hands them out, the fronts pass them on, and only io and http send
// them (sendfile on a socket, a copy in the simulation). Holding one keeps the file readable, also after
// it was evicted. Any thread may hold one.
#pragma once

#include <memory>

#include "base/range.h"
#include "io/file_system.h"

namespace hearth::io {

// Answers smaller than this are read without waiting (File::TryReadNow) and leave with their head in one send: a second
// system call would cost more than the copy, and the read itself tells whether the bytes are in memory.
inline constexpr std::uint64_t kCopiedBelow = 16 << 10;

struct FileSlice {
  std::shared_ptr<const File> file;
  ByteRange range;  // within the file
};

}  // namespace hearth::io
