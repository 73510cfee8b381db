// The texts that stand for values in the file and on the command line: sizes, durations, shares, addresses.
//
// Pure; any thread. kInvalidArgument: the message says what the text is not and what is allowed, without
// naming the setting (the caller knows that).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/executor.h"
#include "base/result.h"
#include "server/config.h"

namespace hearth::server {

// Plain bytes, or a whole number with KiB, MiB, GiB or TiB: "4096", "16MiB".
Result<std::uint64_t> ParseSize(std::string_view text);

// A number with ms, s, m or h: "250ms", "1.5h"; "0" needs no unit.
Result<Duration> ParseDuration(std::string_view text);

// "90%": more than 0, at most 100.
Result<Share> ParseShare(std::string_view text);

// A size, or a share of the file system.
Result<SpaceLimit> ParseSpaceLimit(std::string_view text);

// "ADDR:PORT" to listen on, ADDR an IPv4 address, an IPv6 address in brackets, or localhost (127.0.0.1);
// nothing before the colon is 0.0.0.0; port 0 picks a free one. Returned in the form that the listeners take.
Result<std::string> ParseListenAddress(std::string_view text);

// true or false.
Result<bool> ParseBool(std::string_view text);

Result<std::uint64_t> ParseInteger(std::string_view text);

// A decimal number, not negative, finite.
Result<double> ParseNumber(std::string_view text);

// The other way round, as short as it is exact: "16MiB", "95%".
std::string FormatSize(std::uint64_t bytes);
std::string FormatShare(Share share);

// `text` in back quotes as messages show it: control characters escaped, cut after 80 bytes.
std::string Quote(std::string_view text);

}  // namespace hearth::server
