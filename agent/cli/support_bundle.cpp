#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <exception>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

#include "agent/bundle/bundle.h"
#include "agent/cli/commands.h"
#include "agent/cli/node_look.h"
#include "agent/cli/running_daemon.h"
#include "agent/cli/status_text.h"
#include "agent/cli/terminal.h"
#include "agent/config/show_config.h"
#include "agent/daemon/paths.h"
#include "agent/history/history.h"
#include "agent/http/renderings.h"
#include "checks/check_ids.h"
#include "files/read.h"
#include "files/replace.h"
#include "net/foreign_text.h"

namespace agent {
namespace {

constexpr auto kDaemonsPatience = std::chrono::seconds(1);

/// Why nobody answers kubelet and calico/node there; empty: somebody does.
std::string unanswered(const RecordedLook& look) { return look.no_daemon ? "no agent runs" : look.hung; }

/// The daemon's, where it answers. Else nobody says that the node is ready.
std::string status_for_bundle(const ConfigSources& sources, const Beside& beside, const NodeLook& look) {
  const auto reply = ask_daemon(daemon_address(sources, beside.loaded), "/status", kDaemonsPatience);
  if (reply && reply->status == 200) return reply->body;
  auto snapshot = *look.snapshot;
  snapshot.ready = false;
  snapshot.ready_since.reset();
  return status_json(snapshot, net::now().mono);
}

void add_events(Bundle& bundle) {
  const auto records = read_records(state_directory());
  if (!records) {
    if (records.error().code.value() == ENOENT) return;
    bundle.no_events = records.error().what;
    std::cerr << fmt::format("support-bundle: without the record: {}\n", bundle.no_events);
    return;
  }
  for (const auto& each : records->list) bundle.events.append(each.line).push_back('\n');
}

/// Why no file may come in its place; empty: one may. Root replaces a device or a pipe as well as a file.
std::string refused_as_output(const std::filesystem::path& file) {
  std::error_code error;
  const auto status = std::filesystem::symlink_status(file, error);
  if (status.type() == std::filesystem::file_type::not_found || std::filesystem::is_regular_file(status))
    return "";
  if (error) return fmt::format("{}: {}", file.string(), error.message());
  return fmt::format("{} is no file; --output - is standard output", file.string());
}

/// A bundle and what this agent makes of it.
struct OpenBundle {
  Bundle bundle;
  Beside beside;
  NodeLook look;  ///< reads from `bundle`
};

net::Result<std::unique_ptr<OpenBundle>> open_bundle(const std::filesystem::path& file) {
  const auto archive = files::read(file, kLargestArchive);
  if (!archive) return net::pass_on(archive);
  auto bundle = unpack_bundle(*archive);
  if (!bundle)
    return net::failure(bundle.error().code.value(),
                        fmt::format("{} {}", file.string(), bundle.error().what));
  auto open = std::make_unique<OpenBundle>();
  open->bundle = std::move(*bundle);
  const auto& record = open->bundle.look;
  auto loaded = load_config({.file = std::nullopt, .environment = {}, .settings = record.settings},
                            checks::check_ids());
  if (!loaded) {
    return net::failure(
        EBADMSG, fmt::format("{}: calico-azure-agent {} has configured it, and this one refuses that: {}",
                             file.string(), record.version, loaded.error().front().text()));
  }
  open->beside = {.loaded = std::move(*loaded),
                  .note = record.note,
                  .no_daemon = record.no_daemon,
                  .is_the_daemons = record.is_the_daemons,
                  .is_edited = record.is_edited,
                  .hung = record.hung};
  for (const auto& [key, origin] : record.origins) open->beside.loaded.origins[key] = origin;
  auto look = repeat_look(record, open->beside.loaded.config);
  if (!look) return net::pass_on(look);
  open->look = std::move(*look);
  return open;
}

int print_status_of(const OpenBundle& open, const StatusOptions& options) {
  const auto& body = open.bundle.status;
  const auto status = nlohmann::json::parse(body, nullptr, false);
  if (!status.is_object()) {
    std::cerr << "status: the bundle holds no status\n";
    return kUndetermined;
  }
  const auto nobody = unanswered(open.bundle.look);
  if (options.html) {
    std::cout << http::page(*open.look.snapshot, open.look.time, net::now().mono, {.unanswered = nobody});
  } else if (options.json) {
    std::cout << body;
  } else {
    auto text = status_text(status, {.all = options.all, .utf8 = speaks_utf8()});
    if (!nobody.empty()) text.replace(0, text.find('\n'), fmt::format("not ready: {}", nobody));
    std::cout << text;
  }
  if (!nobody.empty()) return kUndetermined;
  return status.value("ready", nlohmann::json()) == true ? kOk : kNo;
}

}  // namespace

int write_support_bundle(const ConfigSources& sources, const Beside& beside, const std::string& output) {
  if (const auto why = output == "-" ? "" : refused_as_output(output); !why.empty()) {
    std::cerr << "support-bundle: " << why << '\n';
    return kNo;
  }
  const auto recorded = record_look(beside, kEverythingPatience);
  if (!recorded) {
    std::cerr << "support-bundle: " << recorded.error().what << '\n';
    return kNo;
  }
  const auto& look = recorded->look;
  Bundle bundle{.look = recorded->record, .status = status_for_bundle(sources, beside, look)};
  add_events(bundle);
  Files for_people = {{"doctor.json", doctor_json(look, beside)},
                      {"config.toml", show_config(beside.loaded)}};
  if (auto plan = plan_json(look, beside); !plan.empty()) for_people.emplace("plan.json", std::move(plan));
  const auto archive = pack_bundle(bundle, std::move(for_people));
  if (!archive) {
    std::cerr << "support-bundle: " << archive.error().what << '\n';
    return kNo;
  }
  if (output == "-") {
    std::cout << *archive;
    return kOk;
  }
  const auto file =
      output.empty() ? bundle_name(bundle.look.node_name, bundle.look.time) + ".tar.gz" : output;
  if (const auto why = refused_as_output(file); !why.empty()) {
    std::cerr << "support-bundle: " << why << '\n';
    return kNo;
  }
  if (const auto written = files::replace(file, *archive, files::Readers::owner); !written) {
    std::cerr << "support-bundle: " << written.error().what << '\n';
    return kNo;
  }
  std::cout << file << '\n';
  return kOk;
}

namespace {

/// nullopt, after words: there they could not be read.
std::optional<Records> records_of(const Bundle& bundle, std::string_view command) {
  if (bundle.no_events.empty()) return parse_records(bundle.events);
  std::cerr << fmt::format("{}: there {}\n", command, bundle.no_events);
  return std::nullopt;
}

int answer_by(const std::string& file, const std::function<int(const BundleCommands&)>& command) {
  const auto open = open_bundle(file);
  if (!open) {
    std::cerr << net::foreign_text(open.error().what, 2000) << '\n';
    return kUndetermined;
  }
  const auto& record = (*open)->bundle.look;
  std::cerr << fmt::format("note: node {} at {}, as calico-azure-agent {} saw it\n", record.node_name,
                           core::wall_time_text(record.time), record.version);
  const auto& look = (*open)->look;
  const auto& beside = (*open)->beside;
  const auto& bundle = (*open)->bundle;
  return command({
      .doctor = [&](const DoctorOptions& options) { return print_doctor(look, beside, options); },
      .plan = [&](const OutputOptions& options) { return print_plan(look, beside, options); },
      .status = [&](const StatusOptions& options) { return print_status_of(**open, options); },
      .explain =
          [&](const Explained& asked, const ExplainOptions& options) {
            if (const auto* question = std::get_if<trace::Question>(&asked))
              return explain_recorded(look, beside, *question, {.json = options.json});
            const auto& destination = std::get<net::Prefix>(asked);
            if (!options.at.empty()) {
              const auto records = records_of(bundle, "explain");
              return records ? explain_past(*records, record.time, destination, options.at) : kUndetermined;
            }
            return explain(look, beside, destination,
                           [&] { return net::Result<std::string>(bundle.status); });
          },
      .history =
          [&](const HistoryOptions& options) {
            const auto records = records_of(bundle, "history");
            return records ? print_history(*records, record.time, options) : kUndetermined;
          },
  });
}

}  // namespace

int go_by_bundle(const std::string& file, const std::function<int(const BundleCommands&)>& command) {
  try {
    return answer_by(file, command);
  } catch (const std::exception& error) {  // an answer of the kernel's that is none
    constexpr std::size_t kQuoted = 200;
    std::cerr << fmt::format("{} is no bundle of an agent's: {}\n", file,
                             net::foreign_text(error.what(), kQuoted));
    return kUndetermined;
  }
}

}  // namespace agent
