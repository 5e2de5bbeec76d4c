// Quarantines looked at and replayed. Enters: the folder that a load left, its rows perhaps changed by hand. Leaves:
// what each row is now, and a receipt of those that were loaded. Invariant: a row is loaded once. What a replay is
// about to send is written down first, byte for byte, so that after a crash the same blocks are sent under the same
// name and the table's window drops those it has.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <set>
#include <unordered_map>

#include <simdjson.h>

#include "bytes/file.hpp"
#include "columns/chunks.hpp"
#include "columns/records.hpp"
#include "columns/rejects.hpp"
#include "connect/file.hpp"
#include "flatbed/bytes.hpp"
#include "flatbed/quarantine.hpp"
#include "pipeline/json.hpp"
#include "pipeline/quarantine.hpp"
#include "pipeline/rejects.hpp"
#include "pipeline/run_plan.hpp"

namespace flatbed {
namespace {

namespace dom = simdjson::dom;
using State = QuarantinedRow::State;
using Pairs = std::vector<std::pair<std::string, std::string>>;

// ---- Files

std::string in_folder(const std::string& folder, const std::string& name) {
  return (std::filesystem::path(folder) / name).string();
}

Error no_quarantine(const std::string& folder, const std::string& why) {
  return {.code = Code::kNoQuarantine,
          .message = "this is no quarantine that can be replayed: " + why,
          .where = {.uri = folder},
          .expected = "a folder that --quarantine made",
          .hint = "flatbed quarantine list shows what a folder holds"};
}

Result<std::string> read_all(const std::string& path) {
  auto bytes = FileBytes::open(path);
  if (!bytes) return std::move(bytes).error();
  std::string text;
  for (;;) {
    auto part = (*bytes)->read(size_t{1} << 20, {});
    if (!part) return std::move(part).error();
    if (part->empty()) return text;
    text += part->text();
  }
}

// ---- JSON that is read

std::string text_of(const dom::object& object, const char* name) {
  std::string_view text;
  return object[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

std::optional<uint64_t> number_of(const dom::object& object, const char* name) {
  uint64_t number = 0;
  return object[name].get(number) == simdjson::SUCCESS ? std::optional(number) : std::nullopt;
}

bool flag_of(const dom::object& object, const char* name) {
  bool flag = false;
  return object[name].get(flag) == simdjson::SUCCESS && flag;
}

std::map<std::string, std::string> options_of(const dom::object& object, const char* name) {
  std::map<std::string, std::string> options;
  dom::object members;
  if (object[name].get(members) != simdjson::SUCCESS) return options;
  for (const auto member : members) {
    std::string_view value;
    if (member.value.get(value) == simdjson::SUCCESS) options[std::string(member.key)] = value;
  }
  return options;
}

std::vector<std::string> texts_of(dom::element element) {
  std::vector<std::string> texts;
  dom::array array;
  if (element.get(array) != simdjson::SUCCESS) return texts;
  for (const dom::element item : array) {
    std::string_view text;
    if (item.get(text) == simdjson::SUCCESS) texts.emplace_back(text);
  }
  return texts;
}

std::vector<dom::element> items_of(const dom::object& object, const char* name) {
  std::vector<dom::element> items;
  dom::array array;
  if (object[name].get(array) != simdjson::SUCCESS) return items;
  for (const dom::element item : array) items.push_back(item);
  return items;
}

Pairs pairs_of(const dom::object& object, const char* name) {
  Pairs pairs;
  for (const dom::element item : items_of(object, name)) {
    std::vector<std::string> pair = texts_of(item);
    if (pair.size() == 2) pairs.emplace_back(std::move(pair[0]), std::move(pair[1]));
  }
  return pairs;
}

// Calls `take` with each line of a JSON lines file; a last line without its end was never finished, and is none.
template <class Take>
Status each_line(const std::string& folder, const char* name, std::string_view text, Take take) {
  dom::parser parser;
  while (true) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    dom::object object;
    if (parser.parse(text.data(), end).get(object) != simdjson::SUCCESS)
      return no_quarantine(folder, std::string(name) + " holds a line that is no JSON object");
    take(object);
    text.remove_prefix(end + 1);
  }
}

Error reject_from(const dom::object& line) {
  Error reject;
  dom::object object;
  if (line["reject"].get(object) != simdjson::SUCCESS) return reject;
  if (const CodeEntry* const entry = find_code(text_of(object, "code"))) reject.code = entry->code;
  reject.message = text_of(object, "message");
  reject.expected = text_of(object, "expected");
  reject.found = text_of(object, "found");
  reject.hint = text_of(object, "hint");
  reject.where = {.uri = text_of(object, "uri"),
                  .byte = number_of(object, "byte"),
                  .line = number_of(object, "line"),
                  .record = number_of(object, "record"),
                  .column_name = text_of(object, "column_name")};
  if (const auto column = number_of(object, "column")) reject.where.column = static_cast<uint32_t>(*column);
  return reject;
}

// ---- A quarantine as it lies in its folder

struct Row {
  bool kept = false;  // its bytes were in the file of rows
  std::string hash{};
  std::optional<std::string> loaded{};  // the hash of what was loaded
};

// A record of the file of rows.
struct Record {
  size_t begin = 0, size = 0;
  uint64_t line = 0;
  std::string hash{};
};

struct Attempt {
  uint64_t number = 0;
  std::vector<uint64_t> rows{};
};

struct Folder {
  Quarantine shown{};
  Plan plan{};
  Layout layout{};
  std::string id{};
  bool target_is_whole = false;  // its address held no secret
  Pairs loaded_types{};
  std::vector<Row> rows{};
  uint64_t attempts = 0;
  std::optional<Attempt> unfinished{};
  std::string text{};  // the file of rows
  std::vector<Record> records{};
  std::vector<std::optional<size_t>> record_of{};  // of each row
};

Status read_load(Folder& folder) {
  const std::string path = in_folder(folder.shown.folder, kLoadFile);
  auto text = read_all(path);
  if (!text) return no_quarantine(folder.shown.folder, "it has no " + std::string(kLoadFile));
  dom::parser parser;
  dom::object object;
  if (parser.parse(*text).get(object) != simdjson::SUCCESS)
    return no_quarantine(folder.shown.folder, std::string(kLoadFile) + " is no JSON object");
  folder.id = text_of(object, "id");
  folder.shown.source = text_of(object, "source");
  folder.shown.target = text_of(object, "target");
  folder.target_is_whole = flag_of(object, "target_is_whole");
  folder.plan.target = {folder.shown.target, options_of(object, "target_options")};
  for (const dom::element item : items_of(object, "columns")) {
    std::string_view name;
    if (item.get(name) == simdjson::SUCCESS) folder.plan.columns.emplace_back(name);
  }
  folder.plan.rename = pairs_of(object, "rename");
  folder.plan.types = pairs_of(object, "types");
  folder.plan.strict = flag_of(object, "strict");
  folder.layout = {text_of(object, "header"), text_of(object, "newline"), options_of(object, "source_options")};
  return {};
}

Status read_rejects(Folder& folder) {
  auto text = read_all(in_folder(folder.shown.folder, kRejectsFile));
  if (!text) return no_quarantine(folder.shown.folder, "it has no " + std::string(kRejectsFile));
  return each_line(folder.shown.folder, kRejectsFile, *text, [&](const dom::object& line) {
    folder.rows.push_back({.kept = flag_of(line, "kept"), .hash = text_of(line, "hash")});
    folder.shown.rows.push_back({.number = folder.rows.size(), .reject = reject_from(line)});
  });
}

// The journal: {"loaded_types"}, then for each replay {"replay", "rows"} before it and {"done", "loaded"} after it.
Status read_replays(Folder& folder) {
  auto text = read_all(in_folder(folder.shown.folder, kReplaysFile));
  folder.shown.finished = text.ok();
  if (!text) return {};
  return each_line(folder.shown.folder, kReplaysFile, *text, [&](const dom::object& line) {
    if (Pairs types = pairs_of(line, "loaded_types"); !types.empty()) folder.loaded_types = std::move(types);
    if (const auto number = number_of(line, "replay")) {
      folder.attempts = *number;
      folder.unfinished = Attempt{.number = *number};
      for (const dom::element item : items_of(line, "rows")) {
        uint64_t row = 0;
        if (item.get(row) == simdjson::SUCCESS) folder.unfinished->rows.push_back(row);
      }
    }
    if (!number_of(line, "done")) return;
    folder.unfinished.reset();
    for (const auto& [row, hash] : pairs_of(line, "loaded")) {
      const size_t number = std::strtoull(row.c_str(), nullptr, 10);
      if (number >= 1 && number <= folder.rows.size()) folder.rows[number - 1].loaded = hash;
    }
  });
}

// Finds the records of a text, blank lines left out.
Result<std::vector<Record>> records_of(std::string_view text, const Syntax& syntax, const std::string& path) {
  constexpr size_t kChunkBytes = size_t{1} << 20, kMost = size_t{1} << 30;
  std::vector<Record> found;
  ChunkReader chunks(memory_bytes(text, path), kChunkBytes, kMost);
  const NullTokens no_nulls;
  Chunk chunk;
  for (;;) {
    auto more = chunks.next(syntax, chunk, {});
    if (!more) return std::move(more).error();
    if (!*more) return found;
    // No record has so many fields, so each is a misfit, and a misfit knows its bytes.
    Records records{.text = chunk.bytes.text(),
                    .syntax = &syntax,
                    .nulls = &no_nulls,
                    .index = &chunk.index,
                    .columns = UINT32_MAX};
    find_records(records);
    LineCursor lines(records.text, chunk.line);
    for (const Misfit& record : records.misfits) {
      const std::string_view bytes = records.text.substr(record.begin, record.end - record.begin);
      found.push_back({.begin = static_cast<size_t>(chunk.byte) + record.begin,
                       .size = bytes.size(),
                       .line = lines.line_at(record.begin),
                       .hash = hash_of(bytes)});
    }
  }
}

Status read_rows(Folder& folder) {
  auto dialect = dialect_from(folder.layout.options);
  if (!dialect) return std::move(dialect).error();
  auto syntax = make_syntax(*dialect);
  if (!syntax) return std::move(syntax).error();
  const std::string& path = folder.shown.rows_file;
  auto text = read_all(path);
  if (!text) return no_quarantine(folder.shown.folder, "it has no " + std::string(kRowsFile));
  folder.text = std::move(*text);
  auto header = records_of(folder.layout.header, *syntax, path);
  if (!header) return std::move(header).error();
  auto records = records_of(folder.text, *syntax, path);
  if (!records) return std::move(records).error();
  records->erase(records->begin(),
                 records->begin() + static_cast<std::ptrdiff_t>(std::min(header->size(), records->size())));
  folder.records = std::move(*records);
  return {};
}

// ---- Which record is which row

// The rows and records that are alike and each the only one of their kind, in an order that both have.
class Anchors {
 public:
  using Pair = std::pair<size_t, size_t>;

  static std::vector<Pair> of(const std::vector<std::string>& rows, const std::vector<Record>& records) {
    std::unordered_map<std::string, Seen> seen;
    for (size_t i = 0; i < rows.size(); ++i) {
      Seen& here = seen[rows[i]];
      here.row = i;
      ++here.rows;
    }
    for (size_t i = 0; i < records.size(); ++i) {
      if (const auto found = seen.find(records[i].hash); found != seen.end()) {
        found->second.record = i;
        ++found->second.records;
      }
    }
    std::vector<Pair> pairs;
    for (const std::string& row : rows) {
      const Seen& here = seen[row];
      if (here.rows == 1 && here.records == 1) pairs.emplace_back(here.row, here.record);
    }
    return longest_rise(pairs);
  }

 private:
  struct Seen {
    size_t row = 0, record = 0, rows = 0, records = 0;
  };

  // The longest part of `pairs`, whose rows ascend, in which the records ascend too.
  static std::vector<Pair> longest_rise(const std::vector<Pair>& pairs) {
    std::vector<size_t> tails, before(pairs.size(), SIZE_MAX);
    for (size_t i = 0; i < pairs.size(); ++i) {
      const auto tail =
          std::ranges::lower_bound(tails, pairs[i].second, {}, [&](size_t at) { return pairs[at].second; });
      if (tail != tails.begin()) before[i] = *std::prev(tail);
      if (tail == tails.end())
        tails.push_back(i);
      else
        *tail = i;
    }
    std::vector<Pair> rise;
    for (size_t at = tails.empty() ? SIZE_MAX : tails.back(); at != SIZE_MAX; at = before[at])
      rise.push_back(pairs[at]);
    std::ranges::reverse(rise);
    return rise;
  }
};

// Gives each row its record. Between two that did not change, as many records as rows are those rows, one by one; with
// another number nobody can say which is which.
class Matcher {
 public:
  Matcher(Folder& folder) : folder_(folder) {
    for (size_t row = 0; row < folder.rows.size(); ++row) {
      if (!folder.rows[row].kept) continue;
      rows_.push_back(row);
      hashes_.push_back(folder.rows[row].loaded.value_or(folder.rows[row].hash));
    }
  }

  void run() {
    folder_.record_of.assign(folder_.rows.size(), std::nullopt);
    size_t row = 0, record = 0;
    for (const auto& [next_row, next_record] : Anchors::of(hashes_, folder_.records)) {
      match_between(row, next_row, record, next_record);
      give(next_row, next_record);
      row = next_row + 1;
      record = next_record + 1;
    }
    match_between(row, rows_.size(), record, folder_.records.size());
  }

 private:
  void give(size_t row, size_t record) { folder_.record_of[rows_[row]] = record; }
  bool alike(size_t row, size_t record) const { return hashes_[row] == folder_.records[record].hash; }

  void match_between(size_t row, size_t row_end, size_t record, size_t record_end) {
    for (; row < row_end && record < record_end && alike(row, record); ++row, ++record) give(row, record);
    for (; row < row_end && record < record_end && alike(row_end - 1, record_end - 1); --row_end, --record_end)
      give(row_end - 1, record_end - 1);
    if (row_end - row == record_end - record) {
      for (; row < row_end; ++row, ++record) give(row, record);
      return;
    }
    const State state = record == record_end ? State::kMissing : State::kUnclear;
    for (; row < row_end; ++row) folder_.shown.rows[rows_[row]].state = state;
    for (; record < record_end; ++record) folder_.shown.added.push_back(folder_.records[record].line);
  }

  Folder& folder_;
  std::vector<size_t> rows_{};         // those whose bytes were kept
  std::vector<std::string> hashes_{};  // of each of these
};

void describe(Folder& folder) {
  for (size_t i = 0; i < folder.rows.size(); ++i) {
    QuarantinedRow& shown = folder.shown.rows[i];
    const Row& row = folder.rows[i];
    if (!row.kept) shown.state = State::kMissing;
    if (folder.record_of[i]) {
      const Record& record = folder.records[*folder.record_of[i]];
      shown.line = record.line;
      shown.edited = record.hash != row.loaded.value_or(row.hash);
    }
    if (row.loaded) shown.state = State::kLoaded;
  }
}

Result<Folder> read_folder(const std::string& path) {
  Folder folder;
  folder.shown.folder = path;
  folder.shown.rows_file = in_folder(path, kRowsFile);
  for (const auto step : {read_load, read_rejects, read_replays, read_rows}) {
    if (Status status = step(folder); !status) return std::move(status).error();
  }
  Matcher(folder).run();
  describe(folder);
  return folder;
}

// ---- Replaying

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
  Replayer(Folder& folder, const Registry& registry, const Observer& observer, std::stop_token stop)
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
    auto hashes = hashes_of(*text, path);
    if (!hashes) return std::move(hashes).error();
    Plan plan = folder_.plan;
    plan.source = {path, folder_.layout.options};
    plan.max_rejects = UINT64_MAX;
    if (takes_load_) plan.target.options["load"] = "quarantine " + folder_.id + " " + std::to_string(attempt.number);
    if (takes_load_ && repeat) plan.target.options["repeat"] = "true";
    std::set<uint64_t> rejected;
    auto receipt = run_plan(plan, registry_, observer_, stop_, {}, std::make_unique<RejectedAgain>(rejected));
    if (!receipt) return receipt;
    if (receipt->read != attempt.rows.size() || hashes->size() != attempt.rows.size()) {
      return Error{.code = Code::kUnbalanced,
                   .message = "the replay read " + std::to_string(receipt->read) + " rows of " +
                              std::to_string(attempt.rows.size()),
                   .where = {.uri = path}};
    }
    place_rejects(attempt, *receipt);
    if (Status status = note_done(attempt, rejected, *hashes); !status) return std::move(status).error();
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
    return receipt;
  }

  // Writes the open rows down as the next attempt; none when there is no open row.
  Result<std::optional<Attempt>> prepare() {
    Attempt attempt{.number = folder_.attempts + 1};
    std::string bytes = folder_.layout.header;
    for (size_t i = 0; i < folder_.rows.size(); ++i) {
      if (folder_.shown.rows[i].state != State::kOpen || !folder_.record_of[i]) continue;
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

  Result<std::vector<std::string>> hashes_of(const std::string& text, const std::string& path) const {
    auto dialect = dialect_from(folder_.layout.options);
    if (!dialect) return std::move(dialect).error();
    auto syntax = make_syntax(*dialect);
    if (!syntax) return std::move(syntax).error();
    const size_t begin = std::min(folder_.layout.header.size(), text.size());
    auto records = records_of(std::string_view(text).substr(begin), *syntax, path);
    if (!records) return std::move(records).error();
    std::vector<std::string> hashes;
    for (Record& record : *records) hashes.push_back(std::move(record.hash));
    return hashes;
  }

  Status note_done(const Attempt& attempt, const std::set<uint64_t>& rejected, const std::vector<std::string>& hashes) {
    std::string json;
    {
      JsonObject object(json);
      object.number("done", attempt.number);
      std::string& loaded = object.name("loaded");
      loaded += '[';
      for (size_t i = 0; i < attempt.rows.size(); ++i) {
        if (rejected.contains(i)) continue;
        if (loaded.back() != '[') loaded += ", ";
        loaded += "[\"" + std::to_string(attempt.rows[i]) + "\", \"" + hashes[i] + "\"]";
      }
      loaded += ']';
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

  Folder& folder_;
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

std::string_view state_name(QuarantinedRow::State state) noexcept {
  constexpr std::string_view kNames[] = {"open", "loaded", "missing", "unclear"};
  return kNames[static_cast<size_t>(state)];
}

uint64_t Quarantine::count(QuarantinedRow::State state) const noexcept {
  return static_cast<uint64_t>(std::ranges::count(rows, state, &QuarantinedRow::state));
}

Result<Quarantine> open_quarantine(const std::string& path) {
  auto folder = read_folder(path);
  if (!folder) return std::move(folder).error();
  return std::move(folder->shown);
}

std::string to_json(const Quarantine& quarantine) {
  std::string json;
  {
    JsonObject object(json);
    object.text("folder", quarantine.folder);
    object.text("rows_file", quarantine.rows_file);
    object.text("source", quarantine.source);
    object.text("target", quarantine.target);
    object.flag("finished", quarantine.finished);
    for (const State state : {State::kOpen, State::kLoaded, State::kMissing, State::kUnclear})
      object.number(state_name(state), quarantine.count(state));
    std::string& added = object.name("added");
    added += '[';
    for (const uint64_t line : quarantine.added) added += (added.back() == '[' ? "" : ", ") + std::to_string(line);
    added += ']';
    std::string& rows = object.name("rows");
    rows += '[';
    for (const QuarantinedRow& row : quarantine.rows) {
      if (rows.back() != '[') rows += ", ";
      JsonObject one(rows);
      one.number("row", row.number);
      one.text("state", state_name(row.state));
      one.flag("edited", row.edited);
      if (row.line != 0) one.number("line", row.line);
      one.name("reject") += to_json(row.reject);
    }
    rows += ']';
  }
  return json;
}

Result<Receipt> replay(const std::string& path, const Registry& registry, const Endpoint& target, Observer observer,
                       std::stop_token stop) {
  auto locked = lock(path);
  if (!locked) return std::move(locked).error();
  if (Status status = mend_journal(path); !status) return std::move(status).error();
  auto folder = read_folder(path);
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
    folder = read_folder(path);
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
