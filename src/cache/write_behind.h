// WriteBehind: brings what a fill has received to the disk, behind the back of the readers.
//
// A task of its own beside RunFill (fill.h), on the same executor and in the cache's TaskScope, started with the first
// complete sub-block: neither making the file nor a slow write delays a byte on its way to a reader. It ends when the
// fill has ended and all is written, or at the first failure; what is not written then stays in memory for the readers
// that are here. A block that the eviction policy refuses (eviction_policy.h) is not written at all.
#pragma once

#include <memory>

#include "cache/active_block.h"

namespace hearth::cache {

Task<void> WriteBehind(std::shared_ptr<ActiveBlock> block, std::shared_ptr<Fill> fill);

}  // namespace hearth::cache
