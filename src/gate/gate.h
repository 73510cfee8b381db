// The gate: the one place that decides who may do what.
//
// A front asks it before anything looks at metadata or an index (invariant 8), once for each (caller,
// action, resource), and remembers no answer for another one. Check is pure: no I/O, no lock, no waiting, and no
// allocation when it allows. Any thread may call it. What a denial means to the client
// (403, an S3 error, a Flight status) is the front's to say.
//
// The life of a call: the front fills a Caller from the connection and the request, calls Check, and goes on if
// `allowed`; else it counts `reason` in hearth_gate_denied_total and shows `message`.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::gate {

enum class Action : std::uint8_t {
  kRead,   // get, head, explain; on `admin:` status, metrics and the console
  kWrite,  // put, update, patch, delete
  kList,
  kAdmin,  // warm, evict, pin, keys: only ever on `admin:`
};

// "read", "write", "list", "admin": as grants spell them.
std::string_view ActionName(Action action);

// The resource that stands for the node itself. Others are canonical URLs, NAME://bucket/key (a list's: its
// prefix), and objects:app/session/key.
inline constexpr std::string_view kAdminResource = "admin:";

// Whom the request comes from. Borrows everything; lives as long as the call.
struct Caller {
  // From the connection. `own_host`: its source is loopback or one of this host's own addresses.
  // `unix_socket`: it came over the local socket, and `uid` is the kernel's word (SO_PEERCRED).
  bool own_host = false;
  bool unix_socket = false;
  std::uint32_t uid = 0;
  std::string_view address;  // for messages: 10.0.0.7

  // From the request; empty or false if the header is absent.
  std::string_view host_header;
  std::string_view origin_header;
  bool forwarded = false;  // Forwarded, or any X-Forwarded-...: a proxy asks for somebody else
};

struct Decision {
  bool allowed = false;
  std::string_view reason;  // of a denial: one lower-case word that lives forever, for the metric
  std::string message;      // of a denial: what to do about it, for the client; empty if allowed
};

class Gate {
 public:
  virtual ~Gate() = default;
  virtual Decision Check(const Caller& caller, Action action, std::string_view resource) const = 0;
  // Whether there is anything but `admin:` on which Check could allow it: asked before work whose result is filtered by
  // Check afterwards (ListBuckets), so that a stranger causes none.
  virtual Decision CheckAnywhere(const Caller& caller, Action action) const = 0;
};

struct LocalGateOptions {
  bool trust_loopback = true;       // gate.trust_loopback: callers of the own host need no credential
  bool insecure_anonymous = false;  // everybody may read and list
  bool check_host = true;           // trust callers of the own host only under a trusted Host header
  std::vector<std::string> hosts;   // the setting `hosts`: names of ours
  std::uint32_t own_uid = 0;        // whose local socket connections may administrate, beside root's
};

// The gate without credentials.
//   local socket, root or own uid   everything
//   own host, trusted               read, write, list; read on `admin:`
//   anybody, insecure_anonymous     read and list, not on `admin:`
//   others                          nothing
// Trusted: gate.trust_loopback, not forwarded, Host of ours (host_rule.h), no foreign Origin.
// A forwarded request over the local socket is the proxy's, not its user's: it is trusted with nothing.
std::unique_ptr<Gate> MakeLocalGate(LocalGateOptions options);

}  // namespace hearth::gate
