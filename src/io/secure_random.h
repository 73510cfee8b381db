// Random numbers from the kernel (getrandom), for identities and secrets. Any thread; does not wait once the
// machine has booted. Everything that a simulation must repeat uses base/random.h instead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace hearth::io {

void FillSecureRandom(std::span<std::byte> to);
std::uint64_t SecureRandom64();

}  // namespace hearth::io
