// A posix FileSystem whose root may be missing when it is made: it is opened when it is first used, and looked for
// again at every use until it is there. For directories of others (the `file` origin), which may be mounted later.
#pragma once

#include <memory>
#include <string>

#include "io/file_system.h"

namespace hearth::io {

// Every call fails with the error of opening the root until that succeeds.
std::unique_ptr<FileSystem> MakeLateFileSystem(std::string root, DirectoryOptions options);

}  // namespace hearth::io
