// hearth-load: an HTTP/1.1 load client that costs less than the servers it measures; prints JSON.
//
// SIGINT and SIGTERM end the run early; what was measured until then is printed.
// Exit status: 0 every answer was right, 1 some were not or nothing could be measured, 2 wrong usage.
#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "load/measure.h"

namespace {

using hearth::load::Histogram;
using hearth::load::Report;
using hearth::load::RunOptions;
using hearth::load::Workload;

std::atomic<bool> stop_asked = false;

extern "C" void AskToStop(int /*signal*/) { stop_asked.store(true, std::memory_order_relaxed); }

void StopOnSignals() {
  struct sigaction action{};
  action.sa_handler = AskToStop;  // without SA_RESTART: the wait for events ends
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

struct Arguments {
  Workload workload;
  RunOptions options;
  double seconds = 0;
  bool sweep = false;
};

void Declare(CLI::App& app, Arguments& arguments) {
  Workload& workload = arguments.workload;
  RunOptions& options = arguments.options;
  app.add_option("--address", options.endpoint.address, "IPv4 address of the server")->capture_default_str();
  app.add_option("--port", options.endpoint.port)->required();
  app.add_option("--congestion-control", options.endpoint.congestion_control)->capture_default_str();
  app.add_option("--connections", options.connections)->capture_default_str();
  app.add_option("--path", workload.path, "{} stands for the object's number")->capture_default_str();
  app.add_option("--first", workload.first, "number of the first object")->capture_default_str();
  app.add_option("--objects", workload.objects, "how many objects there are")->capture_default_str();
  app.add_option("--object-size", workload.object_size, "bytes")->capture_default_str();
  app.add_option("--range-size", workload.range_size, "bytes of each range; 0: whole objects")->capture_default_str();
  app.add_option("--offset", workload.offset, "where each range begins; default: random, aligned to its size");
  app.add_flag("--sweep", arguments.sweep, "every range of every object in order, instead of random ones");
  app.add_option("--seed", workload.seed)->capture_default_str();
  app.add_option("--seconds", arguments.seconds, "how long; default: until --count");
  app.add_option("--count", options.count, "how many requests; default with --sweep: everything once");
  app.add_option("--rate", options.rate, "requests a second over all connections; 0: as fast as they are answered");
  app.add_option("--status", options.status, "of a right answer; default: 206 for ranges, 200 for whole objects");
  app.add_flag("--verify", options.verify, "compare every byte with the function of tests/support/object_bytes.h");
  app.add_option("--content", options.content, "key whose bytes every object has; default: each its own path's");
}

nlohmann::json Microseconds(const Histogram& histogram) {
  const auto at = [&](double share) { return static_cast<double>(histogram.Quantile(share)) / 1000; };
  return {{"count", histogram.count()},
          {"mean", histogram.Mean() / 1000},
          {"p50", at(0.5)},
          {"p90", at(0.9)},
          {"p99", at(0.99)},
          {"max", static_cast<double>(histogram.max()) / 1000}};
}

double CpuSeconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void Print(const Report& report) {
  const double seconds = std::chrono::duration<double>(report.elapsed).count();
  const nlohmann::json json = {{"seconds", seconds},
                               {"requests", report.requests},
                               {"requests_per_second", static_cast<double>(report.requests) / seconds},
                               {"bytes", report.body_bytes},
                               {"bytes_per_second", static_cast<double>(report.body_bytes) / seconds},
                               {"latency_us", Microseconds(report.latency_ns)},
                               {"first_byte_us", Microseconds(report.first_byte_ns)},
                               {"failures", report.failures},
                               {"first_failure", report.first_failure},
                               {"x_cache", report.x_cache},
                               {"client_cpu_seconds", CpuSeconds()}};
  fmt::print("{}\n", json.dump());
}

int Main(int argc, char** argv) {
  CLI::App app("Measures an HTTP/1.1 server from one thread and prints JSON.", "hearth-load");
  Arguments arguments;
  Declare(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (arguments.seconds > 0) {
    arguments.options.duration =
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(arguments.seconds));
  }
  if (arguments.sweep) {
    arguments.workload.order = hearth::load::Order::kSweep;
    if (!arguments.options.count && !arguments.options.duration) {
      arguments.options.count = arguments.workload.sweep_length();
    }
  }
  StopOnSignals();
  arguments.options.stop = &stop_asked;
  const auto report = hearth::load::Measure(arguments.workload, arguments.options);
  if (!report) {
    fmt::print(stderr, "hearth-load: {}\n", report.error().ToString());
    return report.error().code() == hearth::Code::kInvalidArgument ? 2 : 1;
  }
  Print(*report);
  return report->failures.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Main(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "hearth-load: {}\n", error.what());
    return 2;
  }
}
