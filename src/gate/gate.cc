#include "gate/gate.h"

#include <fmt/format.h>

#include "gate/host_rule.h"

namespace hearth::gate {
namespace {

// Why a caller is not trusted as one of this host.
enum class Distrust : std::uint8_t { kNone, kNotLocal, kTurnedOff, kForwarded, kHost, kOrigin };

Decision Allow() { return {true, {}, {}}; }
Decision Deny(std::string_view reason, std::string message) { return {false, reason, std::move(message)}; }

class LocalGate final : public Gate {
 public:
  explicit LocalGate(LocalGateOptions options) : options_(std::move(options)) {}

  Decision Check(const Caller& caller, Action action, std::string_view resource) const override {
    if (MayAdministrate(caller)) return Allow();
    const bool is_admin = resource == kAdminResource;
    const Distrust distrust = DistrustOf(caller);
    if (action == Action::kAdmin || (is_admin && action != Action::kRead)) return DenyAdmin(distrust, caller);
    if (distrust == Distrust::kNone) return Allow();
    if (options_.insecure_anonymous && !is_admin && action != Action::kWrite) return Allow();
    return DenyStranger(distrust, caller);
  }

  // Nothing depends on the resource here.
  Decision CheckAnywhere(const Caller& caller, Action action) const override { return Check(caller, action, {}); }

 private:
  bool MayAdministrate(const Caller& caller) const {
    return caller.unix_socket && (caller.uid == 0 || caller.uid == options_.own_uid) && !caller.forwarded;
  }

  Distrust DistrustOf(const Caller& caller) const {
    if (!caller.own_host && !caller.unix_socket) return Distrust::kNotLocal;
    if (!options_.trust_loopback) return Distrust::kTurnedOff;
    if (caller.forwarded) return Distrust::kForwarded;
    // No browser speaks over a Unix socket, and its clients have no name to give.
    if (caller.unix_socket) return Distrust::kNone;
    if (options_.check_host && !IsTrustedHost(caller.host_header, options_.hosts)) return Distrust::kHost;
    if (IsForeignOrigin(caller.origin_header, caller.host_header)) return Distrust::kOrigin;
    return Distrust::kNone;
  }

  // Who would not even be let in hears that first.
  Decision DenyAdmin(Distrust distrust, const Caller& caller) const {
    if (distrust != Distrust::kNone && !options_.insecure_anonymous) return DenyStranger(distrust, caller);
    return Deny("admin",
                "administration needs the local socket (local.socket), as root or as the user that runs Hearth");
  }

  Decision DenyStranger(Distrust distrust, const Caller& caller) const {
    if (options_.insecure_anonymous) {
      return Deny("anonymous",
                  "anonymous callers may read and list objects and do nothing else: ask from Hearth's own host");
    }
    switch (distrust) {
      case Distrust::kNotLocal:
        return Deny("not_local", fmt::format("{} is not an address of this host, and only this host's own callers are "
                                             "answered: ask from there, or start Hearth with --insecure-anonymous",
                                             caller.address));
      case Distrust::kTurnedOff:
        return Deny("trust_off", "callers of this host are not trusted either: set gate.trust_loopback to true");
      case Distrust::kForwarded:
        return Deny("forwarded",
                    "a request with Forwarded headers speaks for somebody else: ask directly, without a proxy");
      case Distrust::kHost:
        return Deny(
            "host",
            "the Host header is neither an address nor localhost nor one of the setting `hosts`: add its name there");
      case Distrust::kOrigin:
        return Deny("origin", "the Origin header names another site: its pages may not use this host's trust");
      case Distrust::kNone: break;
    }
    return Deny("denied", "not allowed");
  }

  const LocalGateOptions options_;
};

}  // namespace

std::string_view ActionName(Action action) {
  switch (action) {
    case Action::kRead: return "read";
    case Action::kWrite: return "write";
    case Action::kList: return "list";
    case Action::kAdmin: return "admin";
  }
  return "unknown";
}

std::unique_ptr<Gate> MakeLocalGate(LocalGateOptions options) {
  return std::make_unique<LocalGate>(std::move(options));
}

}  // namespace hearth::gate
