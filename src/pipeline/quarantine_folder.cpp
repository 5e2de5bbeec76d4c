// A quarantine as it lies in its folder. Enters: the files that a load left, its rows perhaps changed by hand. Leaves:
// what each row is now, and what a replay needs. Invariant: nothing here is written.
#include "pipeline/quarantine_folder.hpp"

#include <algorithm>
#include <unordered_map>

#include "bytes/file.hpp"
#include "columns/chunks.hpp"
#include "columns/records.hpp"
#include "columns/rejects.hpp"
#include "connect/file.hpp"
#include "flatbed/bytes.hpp"
#include "pipeline/json.hpp"
#include "pipeline/json_members.hpp"
#include "pipeline/quarantine.hpp"

namespace flatbed {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;
using Attempt = QuarantineFolder::Attempt;
using Record = QuarantineFolder::Record;
using Row = QuarantineFolder::Row;
using State = QuarantinedRow::State;

// Calls `take` with each line of a JSON lines file; a last line without its end was never finished, and is none.
template <class Take>
Status each_line(const std::string& folder, const char* name, std::string_view text, Take take) {
  simdjson::dom::parser parser;
  while (true) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    object object;
    if (parser.parse(text.data(), end).get(object) != simdjson::SUCCESS)
      return no_quarantine(folder, std::string(name) + " holds a line that is no JSON object");
    take(object);
    text.remove_prefix(end + 1);
  }
}

Error reject_from(const object& line) {
  Error reject;
  object object;
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
Status read_load(QuarantineFolder& folder) {
  const std::string& path = folder.shown.folder;
  auto text = read_all(in_folder(path, kLoadFile));
  if (!text) return no_quarantine(path, "it has no " + std::string(kLoadFile));
  simdjson::dom::parser parser;
  object root, plan;
  if (parser.parse(*text).get(root) != simdjson::SUCCESS)
    return no_quarantine(path, std::string(kLoadFile) + " is no JSON object");
  if (root["plan"].get(plan) != simdjson::SUCCESS)
    return no_quarantine(path, std::string(kLoadFile) + " holds no plan");
  auto of_load = plan_from_json(simdjson::minify(plan));
  if (!of_load) return std::move(of_load).error();
  folder.id = text_of(root, "id");
  folder.target_is_whole = flag_of(root, "target_is_whole");
  folder.layout = {.header = text_of(root, "header"), .newline = text_of(root, "newline")};
  for (auto& [name, value] : pairs_of(root, "source_options")) folder.layout.options[name] = std::move(value);
  folder.shown.source = of_load->source.uri;
  folder.shown.target = of_load->target.uri;
  folder.plan = {.target = std::move(of_load->target),
                 .columns = std::move(of_load->columns),
                 .rename = std::move(of_load->rename),
                 .types = std::move(of_load->types),
                 .strict = of_load->strict};
  return {};
}

Status read_rejects(QuarantineFolder& folder) {
  auto text = read_all(in_folder(folder.shown.folder, kRejectsFile));
  if (!text) return no_quarantine(folder.shown.folder, "it has no " + std::string(kRejectsFile));
  return each_line(folder.shown.folder, kRejectsFile, *text, [&](const object& line) {
    folder.rows.push_back({.kept = flag_of(line, "kept"), .hash = text_of(line, "hash")});
    folder.shown.rows.push_back({.number = folder.rows.size(), .reject = reject_from(line)});
  });
}

// The journal: {"loaded_types"}, then for each replay {"replay", "rows"} before it and {"done", "loaded"} after it.
Status read_replays(QuarantineFolder& folder) {
  auto text = read_all(in_folder(folder.shown.folder, kReplaysFile));
  folder.shown.finished = text.ok();
  if (!text) return {};
  return each_line(folder.shown.folder, kReplaysFile, *text, [&](const object& line) {
    if (auto types = pairs_of(line, "loaded_types"); !types.empty()) folder.loaded_types = std::move(types);
    if (const auto number = number_of(line, "replay")) {
      folder.attempts = *number;
      folder.unfinished = Attempt{.number = *number};
      for (const element item : items_of(line, "rows")) {
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

Status read_rows(QuarantineFolder& folder) {
  auto text = read_all(folder.shown.rows_file);
  if (!text) return no_quarantine(folder.shown.folder, "it has no " + std::string(kRowsFile));
  folder.text = std::move(*text);
  auto records = rows_in(folder.text, folder.layout, folder.shown.rows_file);
  if (!records) return std::move(records).error();
  folder.records = std::move(*records);
  return {};
}

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
  Matcher(QuarantineFolder& folder) : folder_(folder) {
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

  QuarantineFolder& folder_;
  std::vector<size_t> rows_{};         // those whose bytes were kept
  std::vector<std::string> hashes_{};  // of each of these
};

void describe(QuarantineFolder& folder) {
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

}  // namespace

Result<QuarantineFolder> read_quarantine(const std::string& path) {
  QuarantineFolder folder;
  folder.shown.folder = path;
  folder.shown.rows_file = in_folder(path, kRowsFile);
  for (const auto step : {read_load, read_rejects, read_replays, read_rows}) {
    if (Status status = step(folder); !status) return std::move(status).error();
  }
  Matcher(folder).run();
  describe(folder);
  return folder;
}

Result<std::vector<Record>> rows_in(std::string_view text, const Layout& layout, const std::string& path) {
  auto dialect = dialect_from(layout.options);
  if (!dialect) return std::move(dialect).error();
  auto syntax = make_syntax(*dialect);
  if (!syntax) return std::move(syntax).error();
  auto header = records_of(layout.header, *syntax, path);
  if (!header) return std::move(header).error();
  auto records = records_of(text, *syntax, path);
  if (!records) return std::move(records).error();
  const size_t above = std::min(header->size(), records->size());
  records->erase(records->begin(), records->begin() + static_cast<std::ptrdiff_t>(above));
  return records;
}

Error no_quarantine(const std::string& folder, const std::string& why) {
  return {.code = Code::kNoQuarantine,
          .message = "this is no quarantine that can be replayed: " + why,
          .where = {.uri = folder},
          .expected = "a folder that --quarantine made",
          .hint = "name the folder that the load was given with --quarantine"};
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

std::string_view state_name(QuarantinedRow::State state) noexcept {
  constexpr std::string_view kNames[] = {"open", "loaded", "missing", "unclear"};
  return kNames[static_cast<size_t>(state)];
}

uint64_t Quarantine::count(QuarantinedRow::State state) const noexcept {
  return static_cast<uint64_t>(std::ranges::count(rows, state, &QuarantinedRow::state));
}

Result<Quarantine> open_quarantine(const std::string& path) {
  auto folder = read_quarantine(path);
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

}  // namespace flatbed
