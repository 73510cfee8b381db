#include "server/config_markdown.h"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <span>
#include <string_view>

#include "server/config_schema.h"
#include "server/flags.h"

namespace hearth::server {
namespace {

constexpr std::string_view kIntroduction = R"(# Configuration

<!-- Made from src/server/config_schema.cc and flags.cc by `hearth docs configuration`: change it there. -->

`hearth serve` needs no configuration: without a file it listens on port 8080, caches below
`/var/lib/hearth/cache` and reads from S3. What is set, is set by a flag, by the environment, or in one YAML file
(`--config FILE` or `HEARTH_CONFIG`); a flag beats the environment, which beats the file, which beats the defaults
below. [examples/hearth.yaml](examples/hearth.yaml) shows every setting in its place.

`hearth config check FILE` reads a file as the daemon would and says everything that is wrong with it at once: file,
line, what is allowed, and for an unknown name the nearest known one. The daemon does the same at start and leaves with
status 2. A setting of a part that a later release brings is checked, has no effect, and is warned of once, so that
files need not change as Hearth grows.

- Sizes: `KiB`, `MiB`, `GiB`, `TiB`, or plain bytes (`16MiB`). Shares: `90%`. Durations: `ms`, `s`, `m`, `h` (`250ms`).
- `null` means not set. A list in the file replaces the default list; a list on the command line replaces the file's.
- In patterns `*` covers any text, `/` too.
- Paths in the file are absolute.

)";

// A text in a cell of a table: no line breaks here, and a bar would end the cell.
std::string Cell(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|') cell += '\\';
    cell += c;
  }
  return cell;
}

std::string Code(std::string_view text) { return fmt::format("`{}`", Cell(text)); }

std::string DefaultCell(const Field& field) {
  if (IsRequired(field)) return "must be given";
  return IsNullable(field) ? "not set" : Code(field.default_text);
}

std::string AllowedCell(const Field& field) {
  if (field.choices.empty()) return Cell(field.allowed);
  std::string names;
  for (const std::string_view choice : field.choices) names += (names.empty() ? "" : ", ") + Code(choice);
  return names;
}

void AppendRows(std::string& page, std::span<const Field> fields, std::string_view prefix) {
  page += "| setting | default | allowed | meaning |\n|---|---|---|---|\n";
  for (const Field& field : fields) {
    const std::string_view later = field.later.empty() ? "" : " *Comes with a later release.*";
    fmt::format_to(std::back_inserter(page), "| `{}{}` | {} | {} | {}{} |\n", prefix, field.name, DefaultCell(field),
                   AllowedCell(field), Cell(field.help), later);
  }
  page += '\n';
}

void AppendSection(std::string& page, const Section& section) {
  const std::string title = section.name.empty() ? "Top level" : Code(section.name);
  const std::string later =
      section.later.empty() ? "" : fmt::format(" *Comes with a later release ({}).*", section.later);
  fmt::format_to(std::back_inserter(page), "## {}\n\n{}{}\n\n", title, section.help, later);
  const std::string prefix = section.name.empty() ? "" : fmt::format("{}.", section.name);
  AppendRows(page, section.fields, prefix);
  for (const Field& field : section.fields) {
    if (field.record.empty()) continue;
    fmt::format_to(std::back_inserter(page), "### Each entry of `{}`\n\n", PathOf(section, field));
    if (!field.record_short_form.empty()) {
      fmt::format_to(std::back_inserter(page), "A bare text stands for `{{{}: TEXT}}`.\n\n", field.record_short_form);
    }
    AppendRows(page, field.record, "");
  }
}

constexpr std::string_view kEnvironment = R"(## Environment

| variable | read by | meaning |
|---|---|---|
| `HEARTH_CONFIG` | `serve` | The configuration file, unless `--config` names one. |
| `AWS_REGION`, `AWS_DEFAULT_REGION` | `serve` | Region of s3 origins that name none. |
| `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL` | `serve` | Endpoint of s3 origins that name none. |
| `STORAGE_EMULATOR_HOST` | `serve` | Endpoint of gs origins that name none. |
| `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_PROFILE`, `AWS_SHARED_CREDENTIALS_FILE` | `serve` | Keys of s3 origins with `credentials: default`. |
| `HEARTH_LOCAL_SOCKET` | commands | `local.socket` of the node to ask; its HTTP socket is at the same path + `.http`. |
| `HEARTH_ENDPOINT` | commands | URL of the node to ask where no local socket answers (default `http://127.0.0.1:8080`). |
| `XDG_CACHE_HOME`, `XDG_CONFIG_HOME`, `XDG_DATA_HOME`, `XDG_RUNTIME_DIR`, `HOME` | all | Directories of a user who is not root. |
)";

}  // namespace

std::string ConfigurationMarkdown() {
  std::string page(kIntroduction);
  for (const Section& section : ConfigSchema()) AppendSection(page, section);
  page += "## Flags of `serve`\n\n| flag | sets | meaning |\n|---|---|---|\n";
  for (const FlagInfo& flag : ServeFlagTable()) {
    const std::string value = flag.value.empty() ? "" : fmt::format(" {}", flag.value);
    fmt::format_to(std::back_inserter(page), "| {} | {} | {} |\n", Code(fmt::format("{}{}", flag.name, value)),
                   flag.path.empty() ? "" : Code(flag.path), Cell(flag.help));
  }
  page += '\n';
  page += kEnvironment;
  return page;
}

}  // namespace hearth::server
