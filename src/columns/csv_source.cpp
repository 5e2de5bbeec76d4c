// Text files as rows. Enters: bytes of one or more files. Leaves: batches in the order of the files, and a reject for
// each record that is no row. Invariant: what leaves does not depend on the number of threads.
// Threads read, index and convert chunks side by side; only where a chunk begins is settled one after the other.
#include "columns/csv_source.hpp"

#include <algorithm>
#include <atomic>
#include <limits>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "columns/as_is.hpp"
#include "columns/chunks.hpp"
#include "columns/column_loops.hpp"
#include "columns/infer.hpp"
#include "columns/ordered_crew.hpp"
#include "columns/rejects.hpp"
#include "columns/rewritten.hpp"
#include "columns/study.hpp"
#include "dialect/settings.hpp"
#include "flatbed/csv.hpp"

namespace flatbed {
namespace {

constexpr size_t kSniffBytes = size_t{1} << 20;   // most of it for the encoding alone
constexpr size_t kHeadLines = size_t{64} << 10;   // where the header is looked for
constexpr size_t kHeadBytes = size_t{8} << 20;    // what types come from when a second pass is impossible
constexpr size_t kGlanceBytes = size_t{1} << 20;  // what types come from when only the head is wanted
// A chunk in work holds its bytes, its index, and columns about as large, some of them for the consumer.
constexpr size_t kChunkShare = 8;

// One input after its header.
struct Opened {
  std::unique_ptr<ChunkReader> chunks{};
  std::vector<std::string> header{};  // as it stands; empty cells where there is none
};

// What a thread works on, and where it puts the columns.
struct Task {
  Chunk chunk{};
  Room room{};
};

struct Parsed {
  std::vector<Column> columns{};
  std::vector<Error> rejects{};
  std::vector<Finding> leniencies{};
  Origin origin{};
};

class CsvSource final : public Source {
 public:
  CsvSource(std::vector<CsvInput> inputs, CsvSourceOptions options)
      : inputs_(std::move(inputs)), options_(std::move(options)), dialect_(options_.dialect) {
    options_.all_text = options_.all_text || options_.as_is;
  }

  Result<Schema> open(const ReadRequest& request, std::stop_token stop) override;
  Result<std::optional<Delivery>> next(std::stop_token stop) override;
  Position position() const noexcept override { return {bytes_done_ + bytes_here_, records_done_}; }
  std::optional<uint64_t> total_bytes() const noexcept override { return total_bytes_; }
  std::vector<std::pair<std::string, std::string>> settings() const override;
  std::optional<Layout> layout() const override;

 private:
  Result<Opened> open_input(size_t number, std::stop_token stop);
  Result<std::vector<std::string>> read_header(ChunkReader& chunks, std::stop_token stop);
  Status detect(ChunkReader& chunks, std::stop_token stop);
  Status check_header(const std::vector<std::string>& header, const std::string& uri) const;
  Status measure(std::stop_token stop);
  Status name_columns();
  Status plan_columns(const ReadRequest& request);
  Status infer(const ReadRequest& request, const std::vector<size_t>& undecided, std::stop_token stop);
  Status profile(const std::vector<size_t>& undecided, std::vector<ColumnInference>& types, std::stop_token stop);
  Status glance(std::string_view head, bool whole, const std::vector<size_t>& undecided,
                std::vector<ColumnInference>& types) const;
  void study(const Chunk& chunk, const std::vector<size_t>& undecided, std::vector<ColumnInference>& types) const;
  Records as_fields(std::string_view text, const FieldIndex& index) const;
  Records records_of(const Chunk& chunk) const;
  Parsed parse(Task& task) const;
  void find_leniencies(const Chunk& chunk, const Records& records, std::vector<Failure>& failures,
                       std::vector<Finding>& leniencies) const;
  Status check_assumptions();
  std::vector<ColumnInference> fresh_types(size_t columns) const;
  void tell_repairs(const Chunk& chunk, const Records& records, const std::vector<Failure>& failures,
                    std::vector<Failure> mended, std::vector<Finding>& leniencies) const;
  void parse_as_is(Chunk& chunk, Parsed& parsed) const;
  void tell_strays(const Chunk& chunk, const Stretch& stretch, uint32_t row, Records& records,
                   std::vector<Finding>& leniencies) const;
  Delivery deliver(Parsed parsed);
  uint64_t table_left() const;
  void start_crew();
  Error here(Code code, std::string message, const std::string& uri) const;

  std::vector<CsvInput> inputs_;
  CsvSourceOptions options_;
  Dialect dialect_;
  Syntax syntax_{};
  NullTokens nulls_{};
  std::string header_text_{};
  Leniency leniency_ = Leniency::kAllow;
  Repairs repairs_{};                   // none in a strict run
  std::vector<Finding> leniencies_{};   // of the input as a whole
  std::vector<std::string> header_{};   // of the first input
  size_t width_ = 0;                    // of the widest record, where the input is read as it is
  std::vector<std::string> names_{};    // of its columns
  std::vector<uint64_t> table_rows_{};  // of each input that is read as it is
  std::vector<ColumnPlan> plans_{};
  std::shared_ptr<const Schema> schema_{};
  unsigned threads_ = 1;
  size_t slots_ = 1;
  size_t chunk_bytes_ = 0;
  size_t most_ = 0;
  size_t input_ = 0;
  Opened now_{};
  std::unique_ptr<OrderedCrew<Task, Parsed>> crew_{};
  std::optional<uint64_t> total_bytes_{};
  std::atomic<uint64_t> bytes_done_ = 0;  // of the inputs before this one
  std::atomic<uint64_t> bytes_here_ = 0;
  std::atomic<uint64_t> records_done_ = 0;
  uint64_t records_here_ = 0;
};

Error CsvSource::here(Code code, std::string message, const std::string& uri) const {
  return {.code = code, .message = std::move(message), .where = {.uri = uri}, .side = Side::kSource};
}

Records as_records(std::string_view text, const Syntax& syntax, const NullTokens& nulls, const FieldIndex& index,
                   size_t columns) {
  Records records{.text = text, .syntax = &syntax, .nulls = &nulls, .index = &index, .columns = columns};
  find_records(records);
  return records;
}

Records CsvSource::as_fields(std::string_view text, const FieldIndex& index) const {
  return {.text = text, .syntax = &syntax_, .nulls = &nulls_, .index = &index, .columns = names_.size()};
}

Records CsvSource::records_of(const Chunk& chunk) const {
  return as_records(chunk.bytes.text(), syntax_, nulls_, chunk.index, names_.size());
}

Status CsvSource::detect(ChunkReader& chunks, std::stop_token stop) {
  auto sample = chunks.peek(kSniffBytes + 1, stop);
  if (!sample) return std::move(sample).error();
  auto dialect = sniff(sample->substr(0, kSniffBytes), sample->size() <= kSniffBytes, options_.dialect);
  if (!dialect) {
    Error error = std::move(dialect).error();
    error.where.uri = chunks.source().uri();
    return error;
  }
  dialect_ = std::move(*dialect);
  auto syntax = make_syntax(dialect_);
  if (!syntax) return std::move(syntax).error();
  syntax_ = std::move(*syntax);
  syntax_.mends = options_.as_is;
  syntax_.kernel = options_.kernel;
  nulls_ = options_.all_text ? NullTokens() : NullTokens(dialect_.nulls.value);
  return {};
}

// Passes over `count` lines, and over empty lines after them.
Status skip_lines(ChunkReader& chunks, size_t count, std::stop_token stop) {
  for (size_t window = kHeadLines;; window *= 2) {
    auto head = chunks.peek(window, stop);
    if (!head) return std::move(head).error();
    const bool whole = head->size() < window;
    const size_t end = head->find_first_of("\r\n");
    if (end == std::string_view::npos || (end + 1 == head->size() && !whole)) {
      if (!whole) continue;
      if (count > 0) chunks.drop(head->size());
      return {};
    }
    if (count == 0 && end > 0) return {};
    const bool pair = (*head)[end] == '\r' && end + 1 < head->size() && (*head)[end + 1] == '\n';
    chunks.drop(end + (pair ? 2 : 1));
    if (count > 0) --count;
    window = kHeadLines / 2;
  }
}

// Joins the names of each column. A name stands over the columns to its right that records below name and that no
// record above gives to another name; a name alone in its record is a title, which stands over none.
std::vector<std::string> join_headers(const std::vector<std::vector<std::string>>& rows) {
  size_t width = 0;
  for (const std::vector<std::string>& row : rows) width = std::max(width, row.size());
  const auto named = [&rows](size_t begin, size_t end, size_t column) {
    return std::any_of(rows.begin() + static_cast<std::ptrdiff_t>(begin),
                       rows.begin() + static_cast<std::ptrdiff_t>(end),
                       [column](const auto& row) { return column < row.size() && !row[column].empty(); });
  };
  std::vector<std::string> joined(width);
  for (size_t at = 0; at < rows.size(); ++at) {
    const auto names = std::ranges::count_if(rows[at], [](const std::string& name) { return !name.empty(); });
    std::string above;
    for (size_t i = 0; i < width; ++i) {
      const bool here = named(at, at + 1, i);
      if (here || named(0, at, i)) above = here && names > 1 ? rows[at][i] : "";
      const std::string& name = here ? rows[at][i] : named(at + 1, rows.size(), i) ? above : std::string();
      if (!joined[i].empty() && !name.empty()) joined[i] += ' ';
      joined[i] += name;
    }
  }
  return joined;
}

// Returns the header and passes over it; without one, as many empty names as the first record has fields.
Result<std::vector<std::string>> CsvSource::read_header(ChunkReader& chunks, std::stop_token stop) {
  const bool header = dialect_.header.value;
  const size_t wanted = header ? std::max<size_t>(dialect_.header_rows.value, 1) : 1;
  for (size_t window = kHeadLines;; window *= 2) {
    auto head = chunks.peek(window, stop);
    if (!head) return std::move(head).error();
    if (head->empty()) {
      if (options_.as_is) {
        dialect_.header.value = false;
        return std::vector<std::string>(1);
      }
      const std::string& uri = chunks.source().uri();
      return here(Code::kEmpty, uri + " is empty: expected at least a " + (header ? "header" : "record"), uri);
    }
    const bool whole = head->size() < window;
    FieldIndex index;
    index_fields(*head, syntax_, whole, index);
    const Records records = {.text = *head, .syntax = &syntax_, .nulls = &nulls_, .index = &index};
    std::vector<Stretch> stretches = find_stretches(*head, index, 1);
    if (stretches.size() < wanted && !whole && window < most_) continue;
    if (stretches.empty())
      return here(Code::kRowTooWide, "the header is larger than the memory limit allows", chunks.source().uri());
    stretches.resize(std::min(stretches.size(), wanted));
    std::vector<std::vector<std::string>> rows;
    for (const Stretch& stretch : stretches) rows.push_back(texts_of(records, stretch));
    if (!header) return std::vector<std::string>(rows[0].size());
    const Stretch& last = stretches.back();
    header_text_ = head->substr(0, index.end(last.first + last.fields - 1) + size_t{1});
    chunks.drop(header_text_.size());
    return join_headers(rows);
  }
}

Result<Opened> CsvSource::open_input(size_t number, std::stop_token stop) {
  auto bytes = inputs_[number].open(stop);
  if (!bytes) return std::move(bytes).error();
  Opened opened;
  opened.chunks = std::make_unique<ChunkReader>(std::move(*bytes), chunk_bytes_, most_);
  ChunkReader& chunks = *opened.chunks;
  if (header_.empty()) {
    if (Status status = detect(chunks, stop); !status) return status;
  }
  chunks.decode(dialect_.encoding.value);
  auto mark = chunks.peek(3, stop);
  if (!mark) return std::move(mark).error();
  if (*mark == "\xEF\xBB\xBF") chunks.drop(3);
  if (Status status = skip_lines(chunks, dialect_.skip_rows.value, stop); !status) return status;
  auto header = read_header(chunks, stop);
  if (!header) return std::move(header).error();
  opened.header = std::move(*header);
  return opened;
}

// Every input has the header of the first one.
Status CsvSource::check_header(const std::vector<std::string>& header, const std::string& uri) const {
  if (!dialect_.header.value || header == header_) return {};
  for (const std::string& name : header_) {
    if (std::ranges::find(header, name) == header.end()) {
      Error error = here(Code::kNoColumn, "the header lacks a column of the first file: " + name, uri);
      error.expected = "the header of " + inputs_[0].uri;
      error.hint = "read the files one by one";
      return error;
    }
  }
  Error error = here(Code::kNoColumn, "the header differs from that of the first file, in order or in number", uri);
  error.expected = "the header of " + inputs_[0].uri;
  error.hint = "read the files one by one";
  return error;
}

// Names a column that has no name. A name that comes twice is an error, or is told apart where that was asked for or
// names are only for us.
Status CsvSource::name_columns() {
  names_ = header_;
  names_.resize(std::max(names_.size(), width_));
  std::unordered_set<std::string_view> taken;
  for (size_t i = 0; i < names_.size(); ++i) {
    const std::string number = std::to_string(i + 1);
    if (names_[i].empty()) names_[i] = "column_" + number;
    if (taken.insert(names_[i]).second) continue;
    Error error = here(Code::kDuplicateName, "two columns have the same name: " + names_[i], inputs_[0].uri);
    error.where.line = uint64_t{1} + dialect_.skip_rows.value;
    error.where.column = static_cast<uint32_t>(i);
    error.where.column_name = names_[i];
    error.expected = "a name of its own for each column";
    error.hint = "--repair names makes it " + names_[i] + "_" + number + "; or rename one of the columns in the file";
    if (!options_.as_is && !repairs_.names) return error;
    while (!taken.insert(names_[i]).second) names_[i] += "_" + number;
    error.code = Code::kRenamed;
    error.message += ", so one is called " + names_[i];
    error.hint.clear();
    if (!options_.as_is) add_finding(leniencies_, error);
  }
  return {};
}

Status CsvSource::plan_columns(const ReadRequest& request) {
  const bool all = request.columns.empty();
  std::unordered_map<std::string_view, size_t> numbers;
  for (size_t i = 0; i < names_.size() && !all; ++i) numbers.emplace(names_[i], i);
  const auto number_of = [&](const std::string& name) {
    const auto known = numbers.find(name);
    return known == numbers.end() ? names_.size() : known->second;
  };
  const std::vector<std::string>& wanted = all ? names_ : request.columns;
  plans_.reserve(wanted.size());
  for (const std::string& name : wanted) {
    const size_t source = all ? plans_.size() : number_of(name);
    if (source == names_.size()) {
      Error error = here(Code::kUnknownColumn, "the file has no column of this name: " + name, inputs_[0].uri);
      const std::string near = nearest_name(name, names_);
      if (!near.empty()) error.hint = "did you mean " + near + "?";
      return error;
    }
    ColumnPlan plan{.field = {.name = name}, .source = source, .verbatim = options_.all_text};
    const auto given = request.types.find(name);
    if (!options_.all_text && given) {
      plan.field = request.types.fields[*given];
      const TypeId id = plan.field.type.id;
      if (id == TypeId::kDate || id == TypeId::kDate32 || id == TypeId::kDateTime || id == TypeId::kDateTime64)
        plan.date_order = options_.date_order;
    }
    plan.repairs = repairs_;
    if (options_.all_text) plan.field.decided_by = options_.as_is ? "as_is" : "all_text";
    if (options_.as_is) plan.field.type.nullable = true;
    if (options_.as_is && dialect_.header.value && source < header_.size()) plan.field.heading = header_[source];
    plans_.push_back(std::move(plan));
  }
  return {};
}

// Finds how far the table of each input goes, and how wide it is.
Status CsvSource::measure(std::stop_token stop) {
  width_ = header_.size();
  for (size_t number = 0; number < inputs_.size(); ++number) {
    Outline outline(header_.size(), dialect_.header.value ? header_ : std::vector<std::string>());
    Chunk chunk;
    if (!inputs_[number].reopenable) {
      auto head = now_.chunks->peek(std::min(kHeadBytes, most_), stop);
      if (!head) return std::move(head).error();
      index_fields(*head, syntax_, head->size() < kHeadBytes, chunk.index);
      outline.add(as_fields(head->substr(0, chunk.index.consumed), chunk.index));
    } else {
      auto opened = open_input(number, stop);
      if (!opened) return std::move(opened).error();
      while (true) {
        auto more = opened->chunks->next(syntax_, chunk, stop);
        if (!more) return std::move(more).error();
        if (!*more) break;
        outline.add(as_fields(chunk.bytes.text(), chunk.index));
      }
    }
    const bool whole = inputs_[number].reopenable;
    table_rows_.push_back(whole ? outline.rows() : std::numeric_limits<uint64_t>::max());
    width_ = std::max(width_, outline.width());
  }
  return {};
}

// Adds the values of a chunk to what is known of the undecided columns.
void CsvSource::study(const Chunk& chunk, const std::vector<size_t>& undecided,
                      std::vector<ColumnInference>& types) const {
  std::vector<size_t> sources;
  for (const size_t column : undecided) sources.push_back(plans_[column].source);
  flatbed::study(records_of(chunk), chunk.line, sources, repairs_, types);
}

// Looks at every row of every input.
Status CsvSource::profile(const std::vector<size_t>& undecided, std::vector<ColumnInference>& types,
                          std::stop_token stop) {
  using Types = std::vector<ColumnInference>;
  for (size_t number = 0; number < inputs_.size(); ++number) {
    auto opened = open_input(number, stop);
    if (!opened) return std::move(opened).error();
    if (Status status = check_header(opened->header, inputs_[number].uri); !status) return status;
    ChunkReader& chunks = *opened->chunks;
    OrderedCrew<Chunk, Types> crew(
        threads_, slots_, [&](Chunk& chunk, std::stop_token inner) { return chunks.claim(syntax_, chunk, inner); },
        [&](Chunk& chunk) {
          Types part = fresh_types(undecided.size());
          std::vector<Finding> ignored;
          if (repairs_.of_records())
            RecordMender(repairs_).mend(inputs_[number].uri, syntax_, nulls_, names_.size(), chunk, ignored);
          study(chunk, undecided, part);
          return part;
        },
        [&](Chunk& chunk) { chunks.fetch(syntax_, chunk); },
        [&](Chunk& chunk, std::stop_token inner) { return chunks.settle(syntax_, chunk, inner); });
    while (true) {
      auto part = crew.next(stop);
      if (!part) return std::move(part).error();
      if (!*part) break;
      for (size_t i = 0; i < types.size(); ++i) types[i].merge((**part)[i]);
    }
  }
  return {};
}

// Looks at the head of the first input.
Status CsvSource::glance(std::string_view head, bool whole, const std::vector<size_t>& undecided,
                         std::vector<ColumnInference>& types) const {
  Chunk chunk{.bytes = Buffer::wrap(head.data(), head.size(), nullptr), .line = now_.chunks->line()};
  index_fields(head, syntax_, whole, chunk.index);
  chunk.bytes.truncate(chunk.index.consumed);
  std::vector<Finding> ignored;
  if (repairs_.of_records())
    RecordMender(repairs_).mend(inputs_[0].uri, syntax_, nulls_, names_.size(), chunk, ignored);
  study(chunk, undecided, types);
  return {};
}

Status CsvSource::infer(const ReadRequest& request, const std::vector<size_t>& undecided, std::stop_token stop) {
  std::vector<ColumnInference> types = fresh_types(undecided.size());
  const size_t wanted = std::min(request.head_only ? kGlanceBytes : kHeadBytes, most_);
  auto head = now_.chunks->peek(wanted + 1, stop);
  if (!head) return std::move(head).error();
  const bool whole = head->size() <= wanted;
  const bool reopenable = std::ranges::all_of(inputs_, &CsvInput::reopenable);
  const bool enough = request.head_only || !reopenable || (whole && inputs_.size() == 1);
  Status status = enough ? glance(head->substr(0, wanted), whole, undecided, types) : profile(undecided, types, stop);
  if (!status) return status;
  for (size_t i = 0; i < undecided.size(); ++i) {
    ColumnPlan& plan = plans_[undecided[i]];
    plan.field = types[i].field(plan.field.name);
    plan.date_order = types[i].date_order();
    if (plan.date_order != DateOrder::kUnsure) continue;
    plan.date_order = DateOrder::kNone;
    // The head of a file proves nothing about the rest of it.
    if (!request.head_only) return unsure_dates(inputs_[0].uri, plan, types[i].unsure_date());
  }
  return {};
}

std::vector<ColumnInference> CsvSource::fresh_types(size_t columns) const {
  const ColumnInference fresh({.text = options_.ordered_dates_are_text, .order = options_.date_order});
  return std::vector<ColumnInference>(columns, fresh);
}

Result<Schema> CsvSource::open(const ReadRequest& request, std::stop_token stop) {
  leniency_ = request.leniency;
  if (leniency_ != Leniency::kReject) repairs_ = options_.repairs;
  const size_t limit = std::max<size_t>(request.memory_limit, size_t{1} << 20);
  chunk_bytes_ = std::clamp<size_t>(options_.chunk_bytes, 1, limit / (2 * kChunkShare));
  most_ = std::min<size_t>(limit / 3, size_t{1} << 30);
  slots_ = std::max<size_t>(1, limit / (kChunkShare * std::max(chunk_bytes_, size_t{4096})));
  threads_ = request.threads != 0 ? request.threads : std::max(1u, std::thread::hardware_concurrency());
  threads_ = static_cast<unsigned>(std::min<size_t>(threads_, slots_));
  slots_ = std::min<size_t>(slots_, 4 * size_t{threads_});

  auto opened = open_input(0, stop);
  if (!opened) return std::move(opened).error();
  now_ = std::move(*opened);
  if (Status status = check_assumptions(); !status) return status;
  header_ = std::move(now_.header);
  if (options_.as_is) {
    if (Status status = measure(stop); !status) return status;
  }
  if (Status status = name_columns(); !status) return status;
  if (Status status = plan_columns(request); !status) return status;
  std::vector<size_t> undecided;
  for (size_t i = 0; i < plans_.size(); ++i) {
    if (!options_.all_text && !request.types.find(plans_[i].field.name)) undecided.push_back(i);
  }
  if (!undecided.empty()) {
    if (Status status = infer(request, undecided, stop); !status) return status;
  }
  if (inputs_.size() == 1) total_bytes_ = now_.chunks->source().total_bytes();
  Schema schema;
  schema.fields.reserve(plans_.size());
  for (const ColumnPlan& plan : plans_) schema.fields.push_back(plan.field);
  schema_ = std::make_shared<const Schema>(schema);
  start_crew();
  return schema;
}

void CsvSource::start_crew() {
  records_here_ = 0;
  crew_ = std::make_unique<OrderedCrew<Task, Parsed>>(
      threads_, slots_,
      [this](Task& task, std::stop_token stop) { return now_.chunks->claim(syntax_, task.chunk, stop); },
      [this](Task& task) { return parse(task); },  //
      [this](Task& task) { now_.chunks->fetch(syntax_, task.chunk); },
      [this](Task& task, std::stop_token stop) {
        Status status = now_.chunks->settle(syntax_, task.chunk, stop);
        bytes_here_ = now_.chunks->consumed_bytes();
        return status;
      });
}

// What fits any file is an assumption: an encoding of one byte a character, spaces that are layout.
Status CsvSource::check_assumptions() {
  if (leniency_ == Leniency::kAllow) return {};
  const std::string& encoding = dialect_.encoding.value;
  if (dialect_.encoding.by == Chosen::kDetected && !encoding.starts_with("utf-")) {
    Error error =
        here(Code::kEncodingAssumed, "the bytes are not UTF-8, so " + encoding + " is assumed", inputs_[0].uri);
    error.expected = "UTF-8, or an encoding that is named";
    error.hint = "--encoding " + encoding + " settles it, or name the encoding that it is";
    if (leniency_ == Leniency::kReject) return error;
    add_finding(leniencies_, error);
  }
  if (dialect_.spaces.by == Chosen::kDetected && dialect_.spaces.value) {
    Error error = here(Code::kLayoutSpaces, "a space stands before every field, so spaces there are left out as layout",
                       inputs_[0].uri);
    error.expected = "fields without spaces around them";
    error.hint = "--source-option spaces=true, or spaces=false to keep them";
    if (leniency_ == Leniency::kReject) return error;
    add_finding(leniencies_, error);
  }
  return {};
}

// Finds fields that were read leniently: rejects them, or counts them with the first ones as examples.
void CsvSource::find_leniencies(const Chunk& chunk, const Records& records, std::vector<Failure>& failures,
                                std::vector<Finding>& leniencies) const {
  constexpr uint64_t kMostExamples = 3;
  const std::vector<Failure> found = find_rewritten(plans_, records, failures);
  if (leniency_ == Leniency::kReject) {
    for (const Failure& failure : found)
      if (failures.empty() || failures.back().row != failure.row) failures.push_back(failure);
    std::ranges::stable_sort(failures, {}, &Failure::row);
    return;
  }
  std::vector<uint64_t> counts(plans_.size());
  std::vector<Failure> examples;
  for (const Failure& failure : found)
    if (++counts[failure.column] <= kMostExamples) examples.push_back(failure);
  Records rows = records;
  rows.misfits.clear();
  for (Error& error : make_rejects(inputs_[input_].uri, dialect_.header.value, chunk, rows, plans_, examples))
    add_finding(leniencies, error);
  for (Finding& finding : leniencies) {
    if (finding.code != Code::kRewritten) continue;
    for (size_t i = 0; i < plans_.size(); ++i)
      if (plans_[i].field.name == finding.column) finding.count = counts[i];
  }
}

// Counts the fields that became values by a repair, of rows that were not rejected for another field.
void CsvSource::tell_repairs(const Chunk& chunk, const Records& records, const std::vector<Failure>& failures,
                             std::vector<Failure> mended, std::vector<Finding>& leniencies) const {
  std::erase_if(mended, [&](const Failure& one) {
    return std::ranges::binary_search(failures, one.row, {}, &Failure::row) ||
           std::ranges::binary_search(records.misfits, one.row, {}, &Misfit::record);
  });
  std::ranges::stable_sort(mended, {}, &Failure::row);
  Records rows = records;
  rows.misfits.clear();
  for (const Error& error : make_rejects(inputs_[input_].uri, dialect_.header.value, chunk, rows, plans_, mended))
    add_finding(leniencies, error);
}

// Counts the fields of a record whose quotes are text, the first ones as examples; or makes the record a misfit.
void CsvSource::tell_strays(const Chunk& chunk, const Stretch& stretch, uint32_t row, Records& records,
                            std::vector<Finding>& leniencies) const {
  constexpr uint64_t kMostExamples = 3;
  const std::vector<uint32_t>& strays = chunk.index.stray;
  const uint32_t end = stretch.first + stretch.fields;
  const auto first = std::ranges::lower_bound(strays, stretch.first), last = std::ranges::lower_bound(strays, end);
  if (first == last) return;
  const Misfit misfit{.record = row,
                      .begin = chunk.index.begin(stretch.first),
                      .end = chunk.index.end(end - 1),
                      .fields = stretch.fields,
                      .code = Code::kTextAfterQuote};
  if (leniency_ == Leniency::kReject) return records.misfits.push_back(misfit);
  const auto count = static_cast<uint64_t>(last - first);
  if (!leniencies.empty() && leniencies.back().count >= kMostExamples) {
    leniencies.back().count += count;
    return;
  }
  Records one = records;
  one.misfits = {misfit};
  Error error = make_rejects(inputs_[input_].uri, dialect_.header.value, chunk, one, plans_, {}).front();
  error.code = Code::kStrayQuote;
  error.message = "a quote that is not closed before a delimiter or line end was read as text";
  error.hint = "--quote none reads every quote as text";
  add_finding(leniencies, error);
  leniencies.back().count += count - 1;
}

// Records wider than the table was in its head are misfits. Where the whole file was measured there are none in the
// table.
void CsvSource::parse_as_is(Chunk& chunk, Parsed& parsed) const {
  Records records = as_fields(chunk.bytes.text(), chunk.index);
  std::vector<Stretch> stretches = find_stretches(records.text, chunk.index, header_.size());
  records.rows = stretches.size();
  const bool measured = inputs_[input_].reopenable;
  for (uint32_t row = 0; row < stretches.size(); ++row) {
    const auto [first, fields] = stretches[row];
    if (!measured && fields > names_.size())
      records.misfits.push_back({.record = row,
                                 .begin = chunk.index.begin(first),
                                 .end = chunk.index.end(first + fields - 1),
                                 .fields = fields,
                                 .code = Code::kRowTooLong});
    else if (!chunk.index.stray.empty())
      tell_strays(chunk, stretches[row], row, records, parsed.leniencies);
  }
  std::vector<size_t> sources;
  for (const ColumnPlan& plan : plans_) sources.push_back(plan.source);
  parsed.columns = build_as_is(records, stretches, sources, chunk.bytes);
  if (!records.misfits.empty())
    parsed.rejects = make_rejects(inputs_[input_].uri, dialect_.header.value, chunk, records, plans_, {});
  parsed.origin.records = records.rows;
}

Parsed CsvSource::parse(Task& task) const {
  Chunk& chunk = task.chunk;
  Parsed parsed;
  parsed.origin = {.byte_begin = chunk.byte, .byte_end = chunk.byte + chunk.bytes.size(), .first_line = chunk.line};
  if (options_.as_is) {
    parse_as_is(chunk, parsed);
    chunk.bytes = {};
    return parsed;
  }
  RecordMender mender(repairs_);
  if (repairs_.of_records()) mender.mend(inputs_[input_].uri, syntax_, nulls_, names_.size(), chunk, parsed.leniencies);
  const Records records = records_of(chunk);
  parsed.origin.records = records.rows;
  std::vector<Failure> failures, mended;
  build_columns(plans_, records, task.room, parsed.columns, failures, mended);
  std::vector<Finding> told;
  if (!mended.empty()) tell_repairs(chunk, records, failures, std::move(mended), told);
  if (leniency_ != Leniency::kAllow) find_leniencies(chunk, records, failures, told);
  if (!failures.empty() || !records.misfits.empty())
    parsed.rejects = make_rejects(inputs_[input_].uri, dialect_.header.value, chunk, records, plans_, failures);
  for (Error& reject : parsed.rejects) *reject.where.byte = mender.source_byte(*reject.where.byte);
  for (Finding& finding : told)
    for (Error& example : finding.examples) *example.where.byte = mender.source_byte(*example.where.byte);
  add_findings(parsed.leniencies, told);
  chunk.bytes = {};
  return parsed;
}

Delivery CsvSource::deliver(Parsed parsed) {
  parsed.origin.first_record = records_done_;
  const auto rows = static_cast<size_t>(parsed.origin.records);
  const size_t left = std::min<size_t>(rows, table_left());
  parsed.origin.records = left;
  Delivery delivery{.batch = Batch(schema_, std::move(parsed.columns), rows, parsed.origin),
                    .rejects = std::move(parsed.rejects),
                    .leniencies = std::move(parsed.leniencies)};
  add_findings(delivery.leniencies, std::exchange(leniencies_, {}));
  // Those that are told, not rejected, keep their records' numbers too.
  for (Finding& finding : delivery.leniencies)
    for (Error& example : finding.examples)
      if (example.where.record) *example.where.record += records_here_;
  if (!delivery.rejects.empty() || left < rows) {
    std::vector<uint8_t> keep(rows, 1);
    std::fill(keep.begin() + static_cast<std::ptrdiff_t>(left), keep.end(), uint8_t{0});
    for (Error& reject : delivery.rejects) {
      keep[static_cast<size_t>(*reject.where.record)] = 0;
      *reject.where.record += records_here_;
    }
    delivery.batch = delivery.batch.filter(keep);
  }
  records_here_ += left;
  records_done_ += left;
  return delivery;
}

// Records of this input's table that are still to come.
uint64_t CsvSource::table_left() const {
  return options_.as_is ? table_rows_[input_] - records_here_ : std::numeric_limits<uint64_t>::max();
}

Result<std::optional<Delivery>> CsvSource::next(std::stop_token stop) {
  while (true) {
    auto parsed = crew_->next(stop);
    if (!parsed) return std::move(parsed).error();
    if (*parsed) {
      // A chunk of empty lines holds no record, and one behind the table none of its own.
      if ((*parsed)->origin.records == 0 || table_left() == 0) continue;
      return std::optional<Delivery>(deliver(std::move(**parsed)));
    }
    if (input_ + 1 >= inputs_.size()) return std::optional<Delivery>();
    crew_.reset();
    bytes_done_ += bytes_here_.exchange(0);
    ++input_;
    auto opened = open_input(input_, stop);
    if (!opened) return std::move(opened).error();
    if (Status status = check_header(opened->header, inputs_[input_].uri); !status) return status;
    now_ = std::move(*opened);
    start_crew();
  }
}

std::vector<std::pair<std::string, std::string>> CsvSource::settings() const {
  auto settings = settings_of(dialect_);
  for (const ColumnPlan& plan : plans_) {
    if (plan.date_order == DateOrder::kNone) continue;
    const char* order = plan.date_order == DateOrder::kDayFirst ? "day first" : "month first";
    const char* who = options_.date_order == DateOrder::kNone ? " (proved)" : " (user)";
    settings.emplace_back("dates of " + plan.field.name, std::string(order) + who);
  }
  return settings;
}

std::optional<Layout> CsvSource::layout() const {
  Layout layout{.header = header_text_, .newline = dialect_.newline.value, .options = options_of(dialect_)};
  // What was read is UTF-8 from the header on; a last line may lack its end.
  layout.options["encoding"] = "utf-8";
  layout.options["skip_rows"] = "0";
  if (options_.all_text) layout.options["all_text"] = "true";
  if (repairs_.names) layout.options["repair"] = "names";
  // A few rows prove no order of dates that the whole file proved.
  for (const ColumnPlan& plan : plans_)
    if (plan.date_order != DateOrder::kNone)
      layout.options["date_order"] = plan.date_order == DateOrder::kDayFirst ? "dmy" : "mdy";
  if (!layout.header.empty() && !layout.header.ends_with('\n') && !layout.header.ends_with('\r'))
    layout.header += layout.newline;
  return layout;
}

}  // namespace

std::unique_ptr<Source> csv_source(std::vector<CsvInput> inputs, CsvSourceOptions options) {
  return std::make_unique<CsvSource>(std::move(inputs), std::move(options));
}

}  // namespace flatbed
