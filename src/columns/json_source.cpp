// JSON files as rows. Enters: bytes of one or more files. Leaves: batches in the order of the files, and a reject for
// each record that is no row. Invariant: what leaves does not depend on the number of threads.
// Cutting the text into records is the one serial step; threads walk the records of their chunks.
#include "columns/json_source.hpp"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <optional>
#include <thread>
#include <unordered_set>
#include <utility>

#include "columns/chunks.hpp"
#include "columns/json_row.hpp"
#include "columns/json_shape.hpp"
#include "columns/nested_text.hpp"
#include "columns/ordered_crew.hpp"
#include "columns/rejects.hpp"
#include "columns/text_builder.hpp"

namespace flatbed {
namespace {

constexpr size_t kHeadBytes = size_t{8} << 20;    // what columns come from when a second pass is impossible
constexpr size_t kGlanceBytes = size_t{1} << 20;  // what they come from when only the head is wanted
constexpr size_t kChunkShare = 8;                 // a chunk in work holds its bytes and columns about as large
constexpr size_t kLeastShare = 4096;              // and of a small one also this
constexpr size_t kAllRecords = SIZE_MAX;

// Some records, and where they stand.
struct JsonChunk {
  Buffer bytes{};
  std::vector<JsonRecord> records{};
  uint64_t byte = 0;
  uint64_t line = 1;
  // Used again and again.
  std::unique_ptr<JsonDocument> document = std::make_unique<JsonDocument>();
  std::unique_ptr<PlainRecords> plain = std::make_unique<PlainRecords>();
  Room room{};
};

// One input that is being read.
struct OpenedJson {
  std::unique_ptr<ChunkReader> chunks{};
  JsonCutter cutter;
};

struct ReadRows {
  std::vector<Column> columns{};
  std::vector<Error> rejects{};
  std::vector<Finding> leniencies{};
  Origin origin{};
};

// How plain records are read.
struct PlainPlans {
  std::vector<size_t> key{};        // of each column, its key in the records; kNone where they have none
  std::vector<ColumnPlan> plans{};  // of the columns that have one
};

class JsonSource final : public Source {
 public:
  JsonSource(std::vector<CsvInput> inputs, JsonSourceOptions options) : inputs_(std::move(inputs)), options_(options) {}

  Result<Schema> open(const ReadRequest& request, std::stop_token stop) override;
  Result<std::optional<Delivery>> next(std::stop_token stop) override;
  Position position() const noexcept override { return {bytes_done_ + bytes_here_, records_done_}; }
  std::optional<uint64_t> total_bytes() const noexcept override { return total_bytes_; }
  std::vector<std::pair<std::string, std::string>> settings() const override;
  std::optional<Layout> layout() const override;

 private:
  Result<OpenedJson> open_input(size_t number, std::stop_token stop) const;
  Result<bool> take(OpenedJson& input, JsonChunk& chunk, std::stop_token stop) const;
  JsonShape fresh_shape() const;
  JsonShape study(JsonChunk& chunk) const;
  JsonShape study_odd(JsonChunk& chunk) const;
  JsonShape glance(const OpenedJson& input, std::string_view head, bool whole) const;
  Status survey(JsonShape& shape, std::stop_token stop) const;
  Result<JsonShape> find_shape(OpenedJson& first, const ReadRequest& request, std::stop_token stop);
  Status plan_columns(const ReadRequest& request, const JsonShape& shape);
  void name_columns(const JsonShape& shape, const std::string& prefix, bool missing, JsonKeys& keys,
                    std::vector<Field>& fields, std::vector<const JsonShape*>& shapes);
  Status plan_column(const ReadRequest& request, const Field& found, const JsonShape* shape, size_t number);
  ReadRows read(JsonChunk& chunk) const;
  bool plan_plain(const PlainRecords& plain, PlainPlans& to) const;
  std::vector<uint32_t> read_plain(JsonChunk& chunk, std::vector<Column>& columns) const;
  std::vector<Column> walk(JsonChunk& chunk, const std::vector<uint32_t>& numbers, ReadRows& read) const;
  void read_as_is(JsonChunk& chunk, ReadRows& read) const;
  Error error_at(const JsonChunk& chunk, size_t record, size_t place) const;
  Error unreadable(const JsonChunk& chunk, size_t record, Code code) const;
  Error unfit(const JsonChunk& chunk, size_t record, const JsonMisfit& misfit) const;
  Delivery deliver(ReadRows read);
  void start_crew(OpenedJson input);

  std::vector<CsvInput> inputs_;
  JsonSourceOptions options_;
  JsonPlan plan_{};
  std::unordered_set<std::string_view> typed_{};  // columns whose type is given
  std::shared_ptr<const Schema> schema_{};
  unsigned threads_ = 1;
  size_t slots_ = 1;
  size_t chunk_bytes_ = 0;
  size_t most_ = 0;
  size_t most_records_ = kAllRecords;  // of a chunk, so that few bytes do not make very many values
  size_t input_ = 0;
  OpenedJson now_{.cutter = JsonCutter(JsonLayout::kLines)};
  std::unique_ptr<OrderedCrew<JsonChunk, ReadRows>> crew_{};
  std::optional<uint64_t> total_bytes_{};
  std::atomic<uint64_t> bytes_done_ = 0;  // of the inputs before this one
  std::atomic<uint64_t> bytes_here_ = 0;
  std::atomic<uint64_t> records_done_ = 0;
  uint64_t records_here_ = 0;
};

// ---- Chunks

Result<OpenedJson> JsonSource::open_input(size_t number, std::stop_token stop) const {
  auto bytes = inputs_[number].open(stop);
  if (!bytes) return std::move(bytes).error();
  OpenedJson input{.chunks = std::make_unique<ChunkReader>(std::move(*bytes), chunk_bytes_, most_),
                   .cutter = JsonCutter(options_.layout)};
  auto mark = input.chunks->peek(3, stop);
  if (!mark) return std::move(mark).error();
  // JSON is UTF-8; what other programs write as UTF-16 begins with a byte order mark.
  if (mark->starts_with("\xFF\xFE")) input.chunks->decode("utf-16le");
  if (mark->starts_with("\xFE\xFF")) input.chunks->decode("utf-16be");
  mark = input.chunks->peek(3, stop);
  if (!mark) return std::move(mark).error();
  if (*mark == "\xEF\xBB\xBF") input.chunks->drop(3);
  return input;
}

// Says where an error of the cutter stands, and shows what is there.
Error placed(Error error, ChunkReader& chunks, std::stop_token stop) {
  constexpr size_t kShown = 20;
  const auto at = static_cast<size_t>(error.where.byte.value_or(0));
  auto shown_too = chunks.peek(at + kShown, std::move(stop));
  if (!shown_too) return std::move(shown_too).error();
  const std::string_view text = *shown_too;
  error.where = {.uri = chunks.source().uri(), .byte = chunks.byte() + at};
  error.where.line = chunks.line() + count_line_feeds(text.substr(0, at));
  error.found = text.substr(std::min(at, text.size()));
  if (!error.found.empty()) error.message += ": " + shown(error.found);
  return error;
}

// Fills `chunk` with at least one record; false at the end.
Result<bool> JsonSource::take(OpenedJson& input, JsonChunk& chunk, std::stop_token stop) const {
  ChunkReader& chunks = *input.chunks;
  for (size_t window = chunk_bytes_;;) {
    // One byte more tells whether the window is the rest of the source.
    auto text = chunks.peek(window + 1, stop);
    if (!text) return std::move(text).error();
    const bool whole = text->size() <= window;
    const std::string_view part = text->substr(0, window);
    auto size = input.cutter.cut(part, whole, most_records_, chunk.records);
    if (!size) return placed(std::move(size).error(), chunks, stop);
    chunk.byte = chunks.byte();
    chunk.line = chunks.line();
    chunk.bytes = chunks.take(*size, count_line_feeds(part.substr(0, *size)));
    if (!chunk.records.empty()) return true;
    if (whole && *size == part.size()) return false;
    if (*size > 0) continue;
    if (window * 2 > most_)
      return Error{
          .code = Code::kRowTooWide,
          .message = "a record is larger than the memory limit allows: more than " + std::to_string(window) + " bytes",
          .where = {.uri = chunks.source().uri(), .byte = chunks.byte(), .line = chunks.line()},
          .expected = options_.layout == JsonLayout::kLines ? "one value a line" : "the end of a value",
          .hint = "look for a quote or bracket that is not closed, or raise --memory",
          .side = Side::kSource};
    window *= 2;
  }
}

// Calls visit(number of the record, its text, bytes that may be read from its begin on) for some records.
template <class Visit>
void each_record(const JsonChunk& chunk, const std::vector<uint32_t>& numbers, Visit visit) {
  const std::string_view text = chunk.bytes.text();
  for (const uint32_t i : numbers) {
    const auto [begin, end, line] = chunk.records[i];
    visit(i, text.substr(begin, end - begin), text.size() - begin);
  }
}

// ---- Columns and their types

JsonShape JsonSource::fresh_shape() const {
  return JsonShape({.dates = {.text = options_.ordered_dates_are_text, .order = options_.date_order},
                    .members = true,
                    .deeper = options_.flatten,
                    .typed = &typed_});
}

// Finds the shape of a chunk's records.
JsonShape JsonSource::study(JsonChunk& chunk) const {
  chunk.plain->find(chunk.bytes.text(), chunk.records, *chunk.document);
  if (chunk.plain->plain().empty()) return study_odd(chunk);
  std::vector<uint64_t> lines;
  lines.reserve(chunk.records.size());
  for (const JsonRecord& record : chunk.records) lines.push_back(chunk.line + record.line);
  JsonShape shape = fresh_shape();
  shape.add(*chunk.plain, lines);
  if (!chunk.plain->odd().empty()) shape.merge(study_odd(chunk));
  return shape;
}

// Walks the odd records of a chunk. One that turns out not to be well-formed has left something by then, so that
// the others are looked at once more without it.
JsonShape JsonSource::study_odd(JsonChunk& chunk) const {
  std::vector<bool> unreadable(chunk.records.size());
  for (;;) {
    JsonShape shape = fresh_shape();
    bool found = false;
    each_record(chunk, chunk.plain->odd(), [&](size_t i, std::string_view record, size_t readable) {
      if (unreadable[i]) return shape.add_unreadable();
      const uint64_t line = chunk.line + chunk.records[i].line;
      const auto add = [&](JsonValue value) { return shape.add(value, line); };
      unreadable[i] = chunk.document->walk(record, readable, add) != Code::kOk;
      found = found || unreadable[i];
    });
    if (!found) return shape;
  }
}

// Looks at the records of a head. What the cutter has to complain of comes again when the head is read.
JsonShape JsonSource::glance(const OpenedJson& input, std::string_view head, bool whole) const {
  JsonChunk chunk{.bytes = Buffer::wrap(head.data(), head.size(), nullptr), .line = input.chunks->line()};
  JsonCutter cutter = input.cutter;
  return cutter.cut(head, whole, kAllRecords, chunk.records).ok() ? study(chunk) : fresh_shape();
}

// Looks at every record of every input.
Status JsonSource::survey(JsonShape& shape, std::stop_token stop) const {
  for (size_t number = 0; number < inputs_.size(); ++number) {
    auto input = open_input(number, stop);
    if (!input) return std::move(input).error();
    OrderedCrew<JsonChunk, JsonShape> crew(
        threads_, slots_, [&](JsonChunk& chunk, std::stop_token inner) { return take(*input, chunk, inner); },
        [this](JsonChunk& chunk) { return study(chunk); });
    while (true) {
      auto part = crew.next(stop);
      if (!part) return std::move(part).error();
      if (!*part) break;
      shape.merge(std::move(**part));
    }
  }
  return {};
}

// Finds the keys there are, and the types of values whose column has none. One pass is enough where the columns that
// are wanted are in the head and have their types.
Result<JsonShape> JsonSource::find_shape(OpenedJson& first, const ReadRequest& request, std::stop_token stop) {
  if (!options_.flatten && !options_.all_text)
    for (const Field& field : request.types.fields) typed_.insert(field.name);
  const size_t wanted = std::min(request.head_only ? kGlanceBytes : kHeadBytes, most_);
  auto head = first.chunks->peek(wanted + 1, stop);
  if (!head) return std::move(head).error();
  const bool whole = head->size() <= wanted;
  const bool reopenable = std::ranges::all_of(inputs_, &CsvInput::reopenable);
  const bool enough = request.head_only || !reopenable || (whole && inputs_.size() == 1);
  JsonShape shape = fresh_shape();
  if (enough || !request.columns.empty()) shape = glance(first, head->substr(0, wanted), whole);
  const auto is_settled = [&](const std::string& name) {
    return typed_.contains(name) &&
           std::ranges::any_of(shape.members(), [&](const auto& member) { return *member.name == name; });
  };
  plan_.ignores_others = !request.columns.empty() && std::ranges::all_of(request.columns, is_settled);
  if (enough || plan_.ignores_others) return shape;
  shape = fresh_shape();
  if (Status status = survey(shape, stop); !status) return std::move(status).error();
  return shape;
}

// Names the members of objects, and with --flatten those of objects within.
void JsonSource::name_columns(const JsonShape& shape, const std::string& prefix, bool missing, JsonKeys& keys,
                              std::vector<Field>& fields, std::vector<const JsonShape*>& shapes) {
  for (const JsonShape::Member& member : shape.members()) {
    const bool absent = missing || member.count < shape.objects();
    JsonKeys::Key& key = keys.add(*member.name, plan_.names++);
    if (options_.flatten && member.shape.is_table() && !member.shape.members().empty()) {
      key.within = std::make_unique<JsonKeys>();
      name_columns(member.shape, prefix + *member.name + ".", absent || member.shape.has_nulls(), *key.within, fields,
                   shapes);
      continue;
    }
    fields.push_back(member.shape.field(prefix + *member.name, absent));
    shapes.push_back(&member.shape);
    key.plan = fields.size() - 1;
  }
}

// Gives the keys the columns that are wanted, in place of all.
void renumber(JsonKeys& keys, const std::vector<size_t>& plan_of) {
  for (JsonKeys::Key& key : keys.all()) {
    if (key.within)
      renumber(*key.within, plan_of);
    else
      key.plan = plan_of[key.plan];
  }
}

Status JsonSource::plan_column(const ReadRequest& request, const Field& found, const JsonShape* shape, size_t number) {
  ColumnPlan plan{.field = found, .source = number};
  const auto given = request.types.find(found.name);
  if (options_.all_text) {
    plan.field.type = {.nullable = found.type.nullable};
    plan.field.decided_by = "all_text";
  } else if (given) {
    plan.field = request.types.fields[*given];
    const TypeId id = plan.field.type.id;
    if (id == TypeId::kDate || id == TypeId::kDate32) plan.date_order = options_.date_order;
  } else if (shape != nullptr) {
    plan.date_order = shape->date_order();
    if (plan.date_order == DateOrder::kUnsure) {
      plan.date_order = DateOrder::kNone;
      if (!request.head_only) return unsure_dates(inputs_[0].uri, plan, shape->unsure_date());
    }
  }
  plan_.columns.push_back(std::move(plan));
  return {};
}

Status JsonSource::plan_columns(const ReadRequest& request, const JsonShape& shape) {
  std::vector<Field> fields;
  std::vector<const JsonShape*> shapes;
  plan_.objects = shape.has_objects() && !shape.is_map();
  if (plan_.objects) {
    name_columns(shape, "", false, plan_.keys, fields, shapes);
  } else if ((shape.is_empty() || options_.objects) && !request.types.fields.empty()) {
    plan_.objects = true;
    fields = request.types.fields;
    shapes.resize(fields.size());
    for (size_t i = 0; i < fields.size(); ++i) plan_.keys.add(fields[i].name, plan_.names++).plan = i;
  } else if (options_.objects || (shape.is_empty() && !shape.has_unreadable())) {
    const bool none = shape.is_empty() && !shape.has_unreadable();
    return Error{.code = Code::kEmpty,
                 .message = inputs_[0].uri + (none ? " holds no record: expected at least one JSON value"
                                                   : " holds no object, and so no column"),
                 .where = {.uri = inputs_[0].uri},
                 .expected = options_.objects ? "an object, as objects=true says" : "",
                 .side = Side::kSource};
  } else {
    fields.push_back(shape.field("value", false));
    shapes.push_back(&shape);
  }
  std::vector<std::string> names;
  for (const Field& field : fields) names.push_back(field.name);
  for (size_t i = 0; i < names.size(); ++i) {
    if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) !=
        names.begin() + static_cast<std::ptrdiff_t>(i))
      return Error{.code = Code::kDuplicateName,
                   .message = "two columns have the same name: " + names[i],
                   .where = {.uri = inputs_[0].uri, .column_name = names[i]},
                   .hint = "read the file without flatten",
                   .side = Side::kSource};
  }
  std::vector<size_t> plan_of(fields.size(), JsonKeys::kNone);
  for (const std::string& name : request.columns.empty() ? names : request.columns) {
    const auto at = static_cast<size_t>(std::ranges::find(names, name) - names.begin());
    if (at == names.size()) {
      Error error{.code = Code::kUnknownColumn,
                  .message = "the file has no column of this name: " + name,
                  .where = {.uri = inputs_[0].uri},
                  .side = Side::kSource};
      const std::string near = nearest_name(name, names);
      if (!near.empty()) error.hint = "did you mean " + near + "?";
      return error;
    }
    plan_of[at] = plan_.columns.size();
    if (Status status = plan_column(request, fields[at], shapes[at], at); !status) return status;
  }
  renumber(plan_.keys, plan_of);
  return {};
}

// Returns the bytes of a row's values, nested ones counted once.
size_t width_of(const Type& type) {
  size_t width = byte_width(type);
  if (type.children)
    for (const Field& child : *type.children) width += width_of(child.type);
  return width;
}

Result<Schema> JsonSource::open(const ReadRequest& request, std::stop_token stop) {
  plan_.leniency = request.leniency;
  const size_t limit = std::max<size_t>(request.memory_limit, size_t{1} << 20);
  chunk_bytes_ = std::clamp<size_t>(options_.chunk_bytes, 1, limit / (2 * kChunkShare));
  most_ = std::min<size_t>(limit / 3, size_t{1} << 30);
  slots_ = std::max<size_t>(1, limit / (kChunkShare * std::max(chunk_bytes_, kLeastShare)));
  threads_ = request.threads != 0 ? request.threads : std::max(1u, std::thread::hardware_concurrency());
  threads_ = static_cast<unsigned>(std::min<size_t>(threads_, slots_));
  slots_ = std::min<size_t>(slots_, 2 * size_t{threads_});

  auto first = open_input(0, stop);
  if (!first) return std::move(first).error();
  if (options_.as_is) {
    plan_.columns.push_back({.field = {.name = "json", .type = {}, .decided_by = "as_is"}});
  } else {
    auto shape = find_shape(*first, request, stop);
    if (!shape) return std::move(shape).error();
    if (Status status = plan_columns(request, *shape); !status) return status;
  }
  if (inputs_.size() == 1) total_bytes_ = first->chunks->source().total_bytes();
  Schema schema;
  size_t width = 1;
  for (const ColumnPlan& plan : plan_.columns) {
    schema.fields.push_back(plan.field);
    width += width_of(plan.field.type);
  }
  most_records_ = std::max<size_t>(1, kChunkShare * std::max(chunk_bytes_, kLeastShare) / (4 * width));
  schema_ = std::make_shared<const Schema>(schema);
  start_crew(std::move(*first));
  return schema;
}

// ---- Rows

void JsonSource::start_crew(OpenedJson input) {
  records_here_ = 0;
  now_ = std::move(input);
  crew_ = std::make_unique<OrderedCrew<JsonChunk, ReadRows>>(
      threads_, slots_,
      [this](JsonChunk& chunk, std::stop_token stop) {
        auto more = take(now_, chunk, stop);
        bytes_here_ = now_.chunks->source().consumed_bytes();
        return more;
      },
      [this](JsonChunk& chunk) { return read(chunk); });
}

Error JsonSource::error_at(const JsonChunk& chunk, size_t record, size_t place) const {
  const auto [begin, end, lines] = chunk.records[record];
  const size_t at = std::min<size_t>(begin + place, end);
  const std::string_view text = chunk.bytes.text();
  Error error{.side = Side::kSource};
  error.raw = text.substr(begin, end - begin);
  error.fault_at = at - begin;
  error.fault_bytes = place > 0 ? 1 : 0;
  error.where = {.uri = inputs_[input_].uri,
                 .byte = chunk.byte + at,
                 .line = chunk.line + lines + count_line_feeds(text.substr(begin, at - begin)),
                 .record = record};
  return error;
}

// The error of a record that is no JSON.
Error JsonSource::unreadable(const JsonChunk& chunk, size_t record, Code code) const {
  const size_t place = chunk.document->fault();
  Error error = error_at(chunk, record, place);
  error.code = code;
  if (code == Code::kInvalidUtf8) {
    error.message = "the record is not UTF-8, which JSON must be";
    error.hint = "write the file as UTF-8, or correct the record";
    return error;
  }
  const bool by_lines = options_.layout == JsonLayout::kLines;
  const std::string_view rest = std::string_view(error.raw).substr(std::min(place, error.raw.size()));
  error.found = rest.substr(0, 20);
  error.message = "the record is not well-formed JSON" + (rest.empty() ? ", at its end" : ", at " + shown(error.found));
  error.expected = by_lines ? "one JSON value a line" : "a JSON value";
  error.hint = "correct the record";
  if (by_lines && (error.raw[0] == '[' || error.raw[0] == '{'))
    error.hint += ", or read values over several lines with --from json";
  return error;
}

// The error of a record that is JSON and no row, or of a value that was rewritten.
Error JsonSource::unfit(const JsonChunk& chunk, size_t record, const JsonMisfit& misfit) const {
  Error error = error_at(chunk, record, misfit.at == nullptr ? 0 : chunk.document->place_of(misfit.at));
  error.code = misfit.code;
  error.found = misfit.found;
  if (misfit.plan != JsonKeys::kNone) {
    const ColumnPlan& plan = plan_.columns[misfit.plan];
    error.where.column = static_cast<uint32_t>(plan.source);
    error.where.column_name = plan.field.name;
    error.expected = to_string(plan.field.type);
    if (!plan.field.decided_by.empty()) error.expected += ": from " + plan.field.decided_by;
  }
  switch (misfit.code) {
    case Code::kNotAnObject:
      error.message = "the record is no object: " + shown(error.found);
      error.expected = "an object";
      error.hint = "correct the record";
      break;
    case Code::kRepeatedKey:
      error.message = "a key comes twice in one object: " + shown(error.found);
      error.expected = "each key once";
      error.hint = "remove or rename one of the two";
      break;
    case Code::kUnknownKey:
      if (misfit.plan == JsonKeys::kNone) {
        error.message = "the record has a key that no column takes: " + shown(error.found);
        error.expected = "the keys of the first records";
        error.hint = "read from a file, or name the columns with --columns";
      } else {
        error.message = "the object has a key that no element of the Tuple takes: " + shown(error.found);
        error.hint = "give the column a type that takes it";
      }
      break;
    case Code::kNotNull:
      error.message = misfit.at == nullptr ? "a key is missing and its column takes no NULL"
                                           : "the value is null and its column takes none";
      error.hint = "make the column Nullable, or fill the value";
      break;
    default:
      explain(misfit.code, misfit.found, misfit.type, error);
  }
  return error;
}

std::vector<uint32_t> all_of(const JsonChunk& chunk) {
  std::vector<uint32_t> numbers(chunk.records.size());
  std::iota(numbers.begin(), numbers.end(), 0u);
  return numbers;
}

void JsonSource::read_as_is(JsonChunk& chunk, ReadRows& read) const {
  TextBuilder texts(chunk.records.size());
  each_record(chunk, all_of(chunk), [&](size_t i, std::string_view record, size_t readable) {
    const Code code = chunk.document->walk(record, readable, [](JsonValue value) { return value.skip(); });
    if (code != Code::kOk) read.rejects.push_back(unreadable(chunk, i, code));
    texts.add(code == Code::kOk ? record : std::string_view());
  });
  Column column{.rows = chunk.records.size()};
  std::move(texts).finish(column);
  read.columns.push_back(std::move(column));
}

// Finds the places of columns in plain records; false where a record may hold what loops of fields do not know.
bool JsonSource::plan_plain(const PlainRecords& plain, PlainPlans& to) const {
  if (plain.plain().empty() || !plan_.objects || plan_.leniency != Leniency::kAllow) return false;
  to.key.assign(plan_.columns.size(), JsonKeys::kNone);
  size_t hint = 0;
  for (size_t i = 0; i < plain.keys().size(); ++i) {
    const JsonKeys::Key* const key = plan_.keys.find(plain.keys()[i], hint);
    if (key == nullptr ? !plan_.ignores_others : key->within != nullptr) return false;
    if (key != nullptr && key->plan != JsonKeys::kNone) to.key[key->plan] = i;
  }
  for (size_t i = 0; i < plan_.columns.size(); ++i) {
    const Type& type = plan_.columns[i].field.type;
    const bool missing = to.key[i] == JsonKeys::kNone;
    if (is_read_from_text(type.id) || (missing && !type.nullable)) return false;
    if (missing) continue;
    to.plans.push_back(plan_.columns[i]);
    to.plans.back().source = PlainRecords::source_of(to.key[i]);
  }
  return true;
}

Column nulls_of(const Type& type, size_t rows) {
  Column column{.type = type, .rows = rows, .nulls = rows};
  column.validity = Buffer::allocate((rows + 7) / 8);
  column.values = Buffer::allocate(rows * byte_width(type));
  std::memset(column.validity.writable(), 0, column.validity.size());
  std::memset(column.values.writable(), 0, column.values.size());
  return column;
}

// Puts the values of `from` in place of those of some rows. REQUIRES: the same type, which is not nested.
void replace_rows(Column& into, const std::vector<uint32_t>& rows, const Column& from) {
  const size_t width = byte_width(into.type);
  const auto texts = static_cast<uint32_t>(into.texts.size());
  into.texts.insert(into.texts.end(), from.texts.begin(), from.texts.end());
  if (from.nulls != 0 && into.nulls == 0) {
    into.validity = Buffer::allocate((into.rows + 7) / 8);
    std::memset(into.validity.writable(), 0xFF, into.validity.size());
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    std::byte* const value = into.values.writable() + rows[i] * width;
    std::memcpy(value, from.values.data() + i * width, width);
    if (is_view(into.type.id) && from.as<TextView>()[i].length > TextView::kInlineBytes) {
      TextView view = from.as<TextView>()[i];
      view.outside.buffer += texts;
      std::memcpy(value, &view, sizeof view);
    }
    if (into.validity.empty()) continue;
    std::byte& byte = into.validity.writable()[rows[i] / 8];
    const std::byte bit{static_cast<unsigned char>(1u << (rows[i] % 8))};
    into.nulls -= (byte & bit) == std::byte{};
    into.nulls += from.is_null(i);
    byte = from.is_null(i) ? byte & ~bit : byte | bit;
  }
  if (into.nulls == 0) into.validity = {};
}

// Reads plain records by the loops of text files; returns the records that are left to be walked.
std::vector<uint32_t> JsonSource::read_plain(JsonChunk& chunk, std::vector<Column>& columns) const {
  chunk.plain->find(chunk.bytes.text(), chunk.records, *chunk.document);
  PlainPlans plain;
  if (!plan_plain(*chunk.plain, plain)) return all_of(chunk);
  std::vector<Column> found;
  std::vector<Failure> failures, mended;
  build_columns(plain.plans, chunk.plain->records(), chunk.room, found, failures, mended);
  auto next = found.begin();
  for (size_t i = 0; i < plan_.columns.size(); ++i) {
    const bool missing = plain.key[i] == JsonKeys::kNone;
    columns.push_back(missing ? nulls_of(plan_.columns[i].field.type, chunk.records.size()) : std::move(*next++));
  }
  std::vector<uint32_t> left = chunk.plain->odd();
  for (const Failure& failure : failures) left.push_back(failure.row);
  std::ranges::sort(left);
  return left;
}

ReadRows JsonSource::read(JsonChunk& chunk) const {
  ReadRows read;
  read.origin = {.byte_begin = chunk.byte,
                 .byte_end = chunk.byte + chunk.bytes.size(),
                 .records = chunk.records.size(),
                 .first_line = chunk.line};
  if (options_.as_is) {
    read_as_is(chunk, read);
    chunk.bytes = {};
    return read;
  }
  const std::vector<uint32_t> left = read_plain(chunk, read.columns);
  if (read.columns.empty()) {
    read.columns = walk(chunk, left, read);
  } else if (!left.empty()) {
    const std::vector<Column> walked = walk(chunk, left, read);
    for (size_t i = 0; i < walked.size(); ++i) replace_rows(read.columns[i], left, walked[i]);
  }
  chunk.bytes = {};
  return read;
}

// Reads records value by value.
std::vector<Column> JsonSource::walk(JsonChunk& chunk, const std::vector<uint32_t>& numbers, ReadRows& read) const {
  JsonRows rows(plan_);
  each_record(chunk, numbers, [&](size_t i, std::string_view record, size_t readable) {
    JsonDocument& document = *chunk.document;
    const Code code = document.walk(record, readable, [&](JsonValue value) { return rows.add(value); });
    const bool strict = plan_.leniency == Leniency::kReject && !rows.rewritten().empty();
    if (code != Code::kOk && code == rows.misfit().code) {
      Error reject = unfit(chunk, i, rows.misfit());
      // The rest of the record has not been looked at; where it is no JSON, that is what is wrong.
      const Code rest = document.walk(record, readable, [](JsonValue value) { return value.skip(); });
      read.rejects.push_back(rest == Code::kOk ? std::move(reject) : unreadable(chunk, i, rest));
    } else if (code != Code::kOk) {
      read.rejects.push_back(unreadable(chunk, i, code));
    } else if (strict) {
      read.rejects.push_back(unfit(chunk, i, rows.rewritten().front()));
    } else {
      for (const JsonMisfit& rewritten : rows.rewritten()) add_finding(read.leniencies, unfit(chunk, i, rewritten));
    }
    rows.end_row(code == Code::kOk && !strict);
  });
  return std::move(rows).finish();
}

Delivery JsonSource::deliver(ReadRows read) {
  const auto rows = static_cast<size_t>(read.origin.records);
  read.origin.first_record = records_done_;
  Delivery delivery{.batch = Batch(schema_, std::move(read.columns), rows, read.origin),
                    .rejects = std::move(read.rejects),
                    .leniencies = std::move(read.leniencies)};
  for (Finding& finding : delivery.leniencies)
    for (Error& example : finding.examples) *example.where.record += records_here_;
  if (!delivery.rejects.empty()) {
    std::vector<uint8_t> keep(rows, 1);
    for (Error& reject : delivery.rejects) {
      keep[static_cast<size_t>(*reject.where.record)] = 0;
      *reject.where.record += records_here_;
    }
    delivery.batch = delivery.batch.filter(keep);
  }
  records_here_ += rows;
  records_done_ += rows;
  return delivery;
}

Result<std::optional<Delivery>> JsonSource::next(std::stop_token stop) {
  while (true) {
    auto read = crew_->next(stop);
    if (!read) return std::move(read).error();
    if (*read) return std::optional<Delivery>(deliver(std::move(**read)));
    if (input_ + 1 >= inputs_.size()) return std::optional<Delivery>();
    crew_.reset();
    bytes_done_ += bytes_here_.exchange(0);
    auto input = open_input(++input_, stop);
    if (!input) return std::move(input).error();
    start_crew(std::move(*input));
  }
}

std::vector<std::pair<std::string, std::string>> JsonSource::settings() const {
  std::vector<std::pair<std::string, std::string>> settings{
      {"format", options_.layout == JsonLayout::kLines ? "ndjson" : "json"}};
  if (options_.flatten) settings.emplace_back("flatten", "yes");
  return settings;
}

// Only where each record has a line can one be told from the next when somebody has edited them, so the elements of an
// array stand in lines too.
std::optional<Layout> JsonSource::layout() const {
  Layout layout{.options = {{"format", "ndjson"}}};
  if (options_.as_is) layout.options["as_is"] = "true";
  if (options_.all_text) layout.options["all_text"] = "true";
  if (options_.flatten) layout.options["flatten"] = "true";
  // Rows that were rejected are perhaps all no objects.
  if (plan_.objects && !options_.as_is) layout.options["objects"] = "true";
  for (const ColumnPlan& plan : plan_.columns)
    if (plan.date_order != DateOrder::kNone)
      layout.options["date_order"] = plan.date_order == DateOrder::kDayFirst ? "dmy" : "mdy";
  return layout;
}

}  // namespace

std::unique_ptr<Source> json_source(std::vector<CsvInput> inputs, JsonSourceOptions options) {
  return std::make_unique<JsonSource>(std::move(inputs), options);
}

}  // namespace flatbed
