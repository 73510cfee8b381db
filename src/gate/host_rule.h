// Which Host and Origin headers a browser that was led astray could not have sent to us.
//
// A web page anywhere may make the reader's browser ask a server on the reader's own machine (DNS
// rebinding: a name of the attacker's that resolves to 127.0.0.1). Such a request carries the attacker's
// name as Host, or as Origin. Pure; allocates nothing. Names compare without regard to ASCII case.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace hearth::gate {

// Whether a Host header, with or without a port, is an IP address, localhost, a name under localhost, one of
// `configured` (the setting `hosts`), or a name under one of these (BUCKET.cache.example.com).
bool IsTrustedHost(std::string_view host, std::span<const std::string> configured);

// Whether an Origin header ("" if there is none) names another place than the Host header does; "null" does.
bool IsForeignOrigin(std::string_view origin, std::string_view host);

}  // namespace hearth::gate
