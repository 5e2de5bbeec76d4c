// Quarantines replayed. Enters: a quarantine. Leaves: a receipt of the rows that were loaded. Invariant: a row is
// loaded once. What a replay is about to send is written down first, byte for byte, so that after a crash the same
// blocks are sent under the same name and the table's window drops those it has.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "bytes/file.hpp"
#include "flatbed/bytes.hpp"
#include "pipeline/json.hpp"
#include "pipeline/quarantine.hpp"
#include "pipeline/quarantine_folder.hpp"
#include "pipeline/rejects.hpp"
#include "pipeline/run_plan.hpp"

namespace flatbed {
namespace {

using Attempt = QuarantineFolder::Attempt;
using Record = QuarantineFolder::Record;

// Keeps what was rejected again.
class RejectedAgain final : public Sink {
 public:
  explicit RejectedAgain(std::set<uint64_t>& records) : records_(records) {}
  Result<std::optional<Schema>> existing(std::stop_token) override { return std::optional<Schema>(); }
  Status open(const Schema&, const WriteRequest&, std::stop_token) override { return {}; }
  Status write(const Batch& batch, std::stop_token) override {
    for (size_t row = 0; row < batch.rows(); ++row) records_.insert(reject_of(batch, row).where.record.value_or(0));
    return {};
  }
  Status finish(std::stop_token) override { return {}; }
  void abort() noexcept override {}
  Acknowledged acknowledged() const noexcept override { return {.rows = records_.size()}; }

 private:
  std::set<uint64_t>& records_;
};

class Replayer {
 public:
  Replayer(QuarantineFolder& folder, const Registry& registry, const Observer& observer, std::stop_token stop)
      : folder_(folder), registry_(registry), observer_(observer), stop_(std::move(stop)) {}

  Status aim(const Endpoint& target) {
    Plan& plan = folder_.plan;
    const bool another = !target.uri.empty();
    if (!another && !folder_.target_is_whole) {
      return Error{.code = Code::kUsage,
                   .message = "the address of the load held a secret, which is not kept: " + folder_.shown.target,
                   .hint = "give the address again"};
    }
    if (another) plan.target = {target.uri, {}};
    for (const auto& [name, value] : target.options) plan.target.options[name] = value;
    auto uri = parse_uri(plan.target.uri);
    if (!uri) return std::move(uri).error();
    if (uri->scheme == "file" && !another) {
      return Error{.code = Code::kUsage,
                   .message = "a file is written as a whole, so rows cannot be added to " + uri->shown,
                   .hint = "give another target for the replayed rows"};
    }
    // A few rows alone would have other types than the load had.
    if (uri->scheme == "file") plan.types = folder_.loaded_types;
    for (const Connector& connector : registry_.connectors()) {
      if (std::ranges::find(connector.schemes, uri->scheme) == connector.schemes.end()) continue;
      takes_load_ = std::ranges::any_of(connector.options, [](const auto& spec) { return spec.name == "load"; });
    }
    return {};
  }

  // Sends the rows of an attempt and writes down which were loaded.
  Result<Receipt> send(const Attempt& attempt, bool repeat) {
    const std::string path = path_of(attempt);
    auto text = read_all(path);
    if (!text) return std::move(text).error();
    auto sent = rows_in(*text, folder_.layout, path);
    if (!sent) return std::move(sent).error();
    Plan plan = folder_.plan;
    plan.source = {path, folder_.layout.options};
    plan.max_rejects = UINT64_MAX;
    if (takes_load_) plan.target.options["load"] = "quarantine " + folder_.id + " " + std::to_string(attempt.number);
    if (takes_load_ && repeat) plan.target.options["repeat"] = "true";
    std::set<uint64_t> rejected;
    auto receipt = run_plan(plan, registry_, observer_, stop_, {}, std::make_unique<RejectedAgain>(rejected));
    if (!receipt) return receipt;
    if (receipt->read != attempt.rows.size() || sent->size() != attempt.rows.size()) {
      return Error{.code = Code::kUnbalanced,
                   .message = "the replay read " + std::to_string(receipt->read) + " rows of " +
                              std::to_string(attempt.rows.size()),
                   .where = {.uri = path}};
    }
    place_rejects(attempt, *receipt);
    if (Status status = note_done(attempt, rejected, *sent); !status) return std::move(status).error();
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
    return receipt;
  }

  // Writes the open rows down as the next attempt; none when there is no open row.
  Result<std::optional<Attempt>> prepare() {
    Attempt attempt{.number = folder_.attempts + 1};
    std::string bytes = folder_.layout.header;
    for (size_t i = 0; i < folder_.rows.size(); ++i) {
      if (folder_.shown.rows[i].state != QuarantinedRow::State::kOpen || !folder_.record_of[i]) continue;
      const Record& record = folder_.records[*folder_.record_of[i]];
      attempt.rows.push_back(i + 1);
      bytes.append(folder_.text, record.begin, record.size);
      bytes += folder_.layout.newline;
    }
    if (attempt.rows.empty()) return std::optional<Attempt>();
    auto file = create_bytes(path_of(attempt), {.overwrite = true, .compression = "none"});
    if (!file) return std::move(file).error();
    if (Status status = (*file)->write(bytes); !status) return std::move(status).error();
    if (Status status = (*file)->finish(); !status) return std::move(status).error();
    std::string json;
    {
      JsonObject object(json);
      object.number("replay", attempt.number);
      std::string& rows = object.name("rows");
      for (const uint64_t row : attempt.rows) rows += (row == attempt.rows[0] ? "[" : ", ") + std::to_string(row);
      rows += ']';
    }
    if (Status status = append_durably(journal(), json + "\n"); !status) return std::move(status).error();
    return std::optional(std::move(attempt));
  }

 private:
  std::string journal() const { return in_folder(folder_.shown.folder, kReplaysFile); }
  std::string path_of(const Attempt& attempt) const {
    return in_folder(folder_.shown.folder, "replay-" + std::to_string(attempt.number) + ".csv");
  }

  Status note_done(const Attempt& attempt, const std::set<uint64_t>& rejected, const std::vector<Record>& sent) {
    std::string json;
    {
      JsonObject object(json);
      object.number("done", attempt.number);
      JsonObject loaded(object.name("loaded"));
      for (size_t i = 0; i < attempt.rows.size(); ++i) {
        if (!rejected.contains(i)) loaded.text(std::to_string(attempt.rows[i]), sent[i].hash);
      }
    }
    return append_durably(journal(), json + "\n");
  }

  // A person corrects the file of rows, not our copy of it.
  void place_rejects(const Attempt& attempt, Receipt& receipt) const {
    const auto place = [&](Error& error) {
      const uint64_t record = error.where.record.value_or(UINT64_MAX);
      if (record >= attempt.rows.size()) return;
      const QuarantinedRow& row = folder_.shown.rows[attempt.rows[record] - 1];
      error.where.uri = folder_.shown.rows_file;
      error.where.byte.reset();
      error.where.line = row.line == 0 ? std::nullopt : std::optional(row.line);
    };
    for (Error& reject : receipt.first_rejects) place(reject);
    for (Finding& finding : receipt.findings) std::ranges::for_each(finding.examples, place);
    receipt.source = folder_.shown.rows_file;
  }

  QuarantineFolder& folder_;
  const Registry& registry_;
  const Observer& observer_;
  std::stop_token stop_;
  bool takes_load_ = false;
};

// The counts of a replay that was interrupted and of the one after it, as one receipt.
Receipt joined(Receipt first, const Receipt& second) {
  for (const auto counter : {&Receipt::read, &Receipt::loaded, &Receipt::rejected, &Receipt::duplicate,
                             &Receipt::filtered, &Receipt::bytes_read, &Receipt::bytes_written, &Receipt::blocks})
    first.*counter += second.*counter;
  for (const auto& [code, count] : second.rejects_by_code) first.rejects_by_code[code] += count;
  first.first_rejects.insert(first.first_rejects.end(), second.first_rejects.begin(), second.first_rejects.end());
  add_findings(first.findings, second.findings);
  first.target_rows_after = second.target_rows_after;
  first.seconds += second.seconds;
  return first;
}

// Holds a quarantine against a second replay. ERRORS: kUsage while another one runs.
Result<Descriptor> lock(const std::string& folder) {
  Descriptor file(::open(in_folder(folder, kLoadFile).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return no_quarantine(folder, "it has no " + std::string(kLoadFile));
  if (::flock(file.number(), LOCK_EX | LOCK_NB) == 0) return file;
  return Error{.code = Code::kUsage,
               .message = "another replay of this quarantine is running",
               .where = {.uri = folder},
               .hint = "wait for its end"};
}

// Cuts off a line that a crash left without its end.
Status mend_journal(const std::string& folder) {
  const std::string path = in_folder(folder, kReplaysFile);
  auto text = read_all(path);
  if (!text || text->empty() || text->ends_with('\n')) return {};
  std::error_code problem;
  std::filesystem::resize_file(path, text->rfind('\n') + 1, problem);
  if (!problem) return {};
  return system_error(Code::kWriteFailed, Side::kTarget, "cannot shorten the file", path, problem.value());
}

}  // namespace

Result<Receipt> replay(const std::string& path, const Registry& registry, const Endpoint& target, Observer observer,
                       std::stop_token stop) {
  auto locked = lock(path);
  if (!locked) return std::move(locked).error();
  if (Status status = mend_journal(path); !status) return std::move(status).error();
  auto folder = read_quarantine(path);
  if (!folder) return std::move(folder).error();
  if (!folder->shown.finished) {
    Error error = no_quarantine(path, "its load did not come to an end");
    error.hint = "load the source again, into a new quarantine";
    return error;
  }
  Replayer replayer(*folder, registry, observer, stop);
  if (Status status = replayer.aim(target); !status) return std::move(status).error();
  std::optional<Receipt> interrupted;
  if (folder->unfinished) {
    auto receipt = replayer.send(*folder->unfinished, true);
    if (!receipt) return receipt;
    interrupted = std::move(*receipt);
    // What it loaded is not open any more.
    folder = read_quarantine(path);
    if (!folder) return std::move(folder).error();
    if (Status status = replayer.aim(target); !status) return std::move(status).error();
  }
  auto attempt = replayer.prepare();
  if (!attempt) return std::move(attempt).error();
  if (!*attempt) {
    Receipt nothing{.source = folder->shown.rows_file, .target = folder->shown.target};
    return interrupted ? std::move(*interrupted) : nothing;
  }
  auto receipt = replayer.send(**attempt, false);
  if (!receipt || !interrupted) return receipt;
  return joined(std::move(*interrupted), *receipt);
}

}  // namespace flatbed
