#include "front/web/caller.h"

#include <algorithm>

namespace hearth::front {
namespace {

bool StartsWithNoCase(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && std::ranges::equal(text.substr(0, prefix.size()), prefix, [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? char(a + 32) : a) == b;
         });
}

}  // namespace

gate::Caller CallerOf(const http::Exchange& exchange) {
  const http::Peer& peer = exchange.peer();
  const http::Request& request = exchange.request();
  gate::Caller caller{.own_host = peer.own_host,
                      .unix_socket = peer.unix_socket,
                      .uid = peer.uid,
                      .address = peer.address,
                      .host_header = request.host};
  for (const auto& [name, value] : request.headers) {
    if (StartsWithNoCase(name, "x-forwarded-") || (name.size() == 9 && StartsWithNoCase(name, "forwarded"))) {
      caller.forwarded = true;
    } else if (name.size() == 6 && StartsWithNoCase(name, "origin")) {
      caller.origin_header = value;
    }
  }
  return caller;
}

}  // namespace hearth::front
