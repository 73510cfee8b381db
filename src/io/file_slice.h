// FileSlice: some bytes of an open file, ready to be sent: verified, and resident when it was made.
//
// Opaque above this layer: the cache hands them out, the fronts pass them on, and only io and http send
// them (sendfile on a socket, a copy in the simulation). Holding one keeps the file readable, also after
// it was evicted. Any thread may hold one.
#pragma once

#include <memory>

#include "base/range.h"
#include "io/file_system.h"

namespace hearth::io {

struct FileSlice {
  std::shared_ptr<const File> file;
  ByteRange range;  // within the file
};

}  // namespace hearth::io
