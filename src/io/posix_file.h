// The way around File for those that hand descriptors to the kernel: sendfile in http.
#pragma once

#include <memory>

#include "io/file_system.h"
#include "io/unique_fd.h"

namespace hearth::io {

// A File over a descriptor that this process owns. `path` is only for messages.
std::shared_ptr<File> MakePosixFile(UniqueFd fd, std::string path);

// The descriptor behind `file`, valid while `file` lives; -1 for files that have none (the simulation),
// whose bytes are copied with ReadAt instead.
int DescriptorOf(const File& file);

// What fstat says of `fd`.
Result<FileInfo> InfoOf(int fd, std::string_view path);

}  // namespace hearth::io
