// Rows into a table. Enters: batches. Leaves: blocks, each one INSERT that is acknowledged or not. Invariant: where a
// block ends depends on the rows and the options alone.
#include <algorithm>
#include <atomic>
#include <charconv>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <sstream>

#include "clickhouse/blocks.hpp"
#include "clickhouse/inserter.hpp"
#include "clickhouse/retry.hpp"
#include "clickhouse/staging.hpp"
#include "clickhouse/table.hpp"
#include "encode/ddl.hpp"
#include "encode/native.hpp"
#include "flatbed/proof.hpp"

namespace flatbed {
namespace {

std::string random_load() {
  std::random_device device;
  return std::to_string(device()) + "-" + std::to_string(device()) + "-" + std::to_string(device());
}

// Returns how many tokens of inserts the table remembers, told by its CREATE statement.
uint64_t deduplication_window(std::string_view create) {
  create.remove_prefix(std::min(create.rfind("\nENGINE = "), create.size()));
  create = create.substr(0, create.find("\nCOMMENT "));
  const bool replicated = create.starts_with("\nENGINE = Replicated") || create.starts_with("\nENGINE = Shared");
  const std::string_view name =
      replicated ? " replicated_deduplication_window = " : " non_replicated_deduplication_window = ";
  const size_t found = create.find(name);
  uint64_t window = replicated ? kDeduplicationWindow : 0;
  if (found != std::string_view::npos) {
    std::from_chars(create.data() + found + name.size(), create.data() + create.size(), window);
  }
  return window;
}

Block::Part part_of(const Batch& batch, uint64_t first_row) {
  Block::Part part{.first_row = first_row, .origin = batch.origin()};
  if (batch.rows() == batch.origin().records) return part;
  for (size_t row = 0; row < batch.rows(); ++row) part.records.push_back(batch.record(row));
  return part;
}

class TableSink final : public Sink {
 public:
  TableSink(ReachServer reach, TableAddress table, const Options& options)
      : reach_(std::move(reach)),
        table_(std::move(table)),
        create_(options.flag("create")),
        engine_(options.text("engine")),
        order_by_(options.names("order_by")),
        load_(options.given("load") ? options.text("load") : random_load()),
        repeat_(options.flag("repeat")),
        limits_(options) {}

  Result<std::optional<Schema>> existing(std::stop_token stop) override {
    if (Status status = learn(stop); !status) return status;
    if (!columns_) return std::optional<Schema>();
    return std::optional<Schema>(writable_schema(*columns_, table_));
  }

  Status accepts(const Schema& schema, std::stop_token stop) override {
    if (Status status = learn(stop); !status) return status;
    return columns_ ? check_columns(schema, *columns_, table_, server_->shown()) : check_order(schema);
  }

  Status open(const Schema& schema, const WriteRequest& request, std::stop_token stop) override {
    if (Status status = learn(stop); !status) return status;
    if (!columns_) {
      if (Status status = create(schema, stop); !status) return status;
    }
    if (Status status = check_columns(schema, *columns_, table_, server_->shown()); !status) return status;
    if (Status status = ask_window(stop); !status) return status;
    if (repeat_ && window_ == 0) return no_window();
    for (const Field& field : schema.fields) names_.push_back(field.name);
    sql_ = insert_into(table_);
    bear_rejects_ = request.bear_rejects;
    limits_.fit(request.memory_limit);
    inserter_ = std::make_unique<Inserter>(
        limits_.connections, [this](const Block& block, std::stop_token token) { return insert(block, token); });
    return {};
  }

  Status write(const Batch& batch, std::stop_token stop) override {
    if (block_.record.records == 0) block_.bytes.reserve(limits_.bytes + limits_.bytes / 8);
    if (batch.rows() != 0) {
      block_.parts.push_back(part_of(batch, block_.record.rows));
      encode_native(batch, block_.bytes);
    }
    count_in(batch, blocks_cut_, block_.record);
    return limits_.reached(block_.record, block_.bytes.size()) ? cut(stop) : Status();
  }

  Status finish(std::stop_token stop) override {
    if (finished_) return {};
    if (Status status = cut(stop); !status) return status;
    if (Status status = inserter_->finish(stop); !status) return counted(std::move(status).error());
    if (staging_) {
      if (Status status = staging_->publish(rows_, stop); !status) return status;
    } else if (Status status = look_for_lost_rows(stop); !status) {
      return status;
    }
    finished_ = true;
    return {};
  }

  void abort() noexcept override {
    if (!finished_) inserter_.reset();
  }

  Acknowledged acknowledged() const noexcept override { return {rows_, bytes_, blocks_}; }

  Result<std::optional<uint64_t>> count_rows(std::stop_token stop) override {
    if (Status status = learn(stop); !status) return status;
    auto answer = ask(*server_, "SELECT count() FROM " + quoted(table_), stop);
    if (!answer) return std::move(answer).error();
    for (const Batch& batch : *answer) {
      if (batch.rows() == 1) return std::optional<uint64_t>(batch.column(0).as<uint64_t>()[0]);
    }
    return std::optional<uint64_t>();
  }

  Result<std::string> identity(std::stop_token stop) override;
  Status log_to(std::shared_ptr<BlockLog> log, std::stop_token stop) override;

  std::vector<BlockRecord> blocks() const override {
    const std::lock_guard lock(mutex_);
    std::vector<BlockRecord> blocks;
    for (const auto& [number, block] : done_) blocks.push_back(block);
    return blocks;
  }

  std::unique_ptr<Prover> prover() override { return table_prover(reach_, table_, limits_); }

  std::vector<Error> take_rejects() override {
    const std::lock_guard lock(mutex_);
    return std::exchange(rejects_, {});
  }

 private:
  Status learn(std::stop_token stop);
  Status create(const Schema& schema, std::stop_token stop);
  Status check_order(const Schema& schema) const;
  Status ask_window(std::stop_token stop);
  Error no_window() const;
  Status cut(std::stop_token stop);
  Status insert(const Block& block, std::stop_token stop);
  BlockRecord record_of(const Block& block) const;
  Status keep(const BlockRecord& record) { return log_ ? log_->record(record) : Status(); }
  struct Piece;
  Status insert_piece(const Block& block, const Piece& piece, BlockRecord& record, std::stop_token stop);
  Status insert_halves(const Block& block, const Piece& piece, uint64_t cut, BlockRecord& record, std::stop_token stop);
  Status send(const Piece& piece, const BlockRecord& record, std::stop_token stop);
  void reject(const Block& block, const Piece& piece, const Error& reason);
  Error refused_row(const Block& block, uint64_t row, const Error& reason) const;
  void grow_after(uint64_t rows);
  Status doubt(uint64_t block);
  Status note_doubts(bool lost);
  void recall_doubts();
  Status send_missing(const Block& block, std::stop_token stop) const;
  Status look_for_lost_rows(std::stop_token stop);
  Error counted(Error error) const;
  std::string insert_into(const TableAddress& table) const {
    return "INSERT INTO " + quoted(table) + " (" + comma_list(names_) + ") FORMAT Native";
  }

  ReachServer reach_;
  const TableAddress table_;
  const bool create_;
  const std::string engine_;
  const std::vector<std::string> order_by_;
  std::string load_;
  const bool repeat_;
  BlockLimits limits_;

  std::optional<ClickHouseServer> server_{};
  std::optional<std::vector<DescribedColumn>> columns_{};  // of the table, once it exists
  uint64_t window_ = 0;
  bool merge_tree_ = false, plain_merge_tree_ = false;
  bool has_views_ = false;  // materialized ones that read what is inserted
  bool bear_rejects_ = false;
  std::vector<std::string> names_{};  // of the columns
  std::string sql_{};
  std::shared_ptr<BlockLog> log_{};
  std::optional<Staging> staging_{};
  Block block_{};
  uint64_t blocks_cut_ = 0;
  bool finished_ = false;
  std::atomic<uint64_t> rows_{0}, bytes_{0}, blocks_{0};
  std::atomic<uint64_t> uncertain_rows_{0};      // of inserts whose outcome is unknown
  std::atomic<uint64_t> most_rows_{UINT64_MAX};  // that the server takes at a time, as it has shown
  std::atomic<unsigned> taken_{0};               // pieces of about that many rows
  std::atomic<bool> any_partitions_{false};      // an INSERT may touch more partitions than the server likes
  mutable std::mutex mutex_;                     // guards the three below
  std::map<uint64_t, BlockRecord> done_{};       // by number
  std::vector<Error> rejects_{};
  std::set<uint64_t> doubtful_{};         // blocks that were sent again after a break, in this run or an earlier one
  std::set<uint64_t> suspects_{};         // those of an earlier run that has found rows missing
  std::unique_ptr<Inserter> inserter_{};  // last: its threads use what stands above
};

// Learns where the table is and what columns it has; a table that is to be created may be missing.
Status TableSink::learn(std::stop_token stop) {
  if (!server_) {
    auto server = reach_(stop);
    if (!server) return std::move(server).error();
    server_.emplace(std::move(*server));
  }
  if (columns_) return {};
  auto columns = describe(*server_, quoted(table_), stop);
  if (columns) {
    columns_ = std::move(*columns);
    return {};
  }
  if (!is_missing(columns.error())) return std::move(columns).error();
  Error missing = no_table(*server_, table_, true, stop);
  // CREATE makes tables, not databases: that name is more likely a slip.
  return create_ && missing.message.starts_with("table") ? Status() : Status(std::move(missing));
}

Status TableSink::check_order(const Schema& schema) const {
  for (const std::string& name : order_by_) {
    if (schema.find(name)) continue;
    std::vector<std::string> known;
    for (const Field& field : schema.fields) known.push_back(field.name);
    const std::string near = nearest_name(name, known);
    return Error{.code = Code::kUnknownColumn,
                 .message = "the table cannot be ordered by \"" + name + "\": the source has no such column",
                 .where = {.uri = server_->shown()},
                 .hint = near.empty() ? "" : "did you mean \"" + near + "\"?"};
  }
  return {};
}

Status TableSink::create(const Schema& schema, std::stop_token stop) {
  if (Status status = check_order(schema); !status) return status;
  if (Status status = server_->execute(create_table_sql(schema, quoted(table_), engine_, order_by_), stop); !status) {
    Error error = std::move(status).error();
    if (error.message.find("Unknown setting non_replicated_deduplication_window") != std::string::npos) {
      error.hint = "the server is too old for exact loads: use ClickHouse 22.3 or newer";
    }
    return error;
  }
  return learn(stop);
}

// Learns how the table takes blocks: whether it knows one that comes again, and what else hangs on it.
Status TableSink::ask_window(std::stop_token stop) {
  auto create = ask_names(*server_, "SHOW CREATE TABLE " + quoted(table_), stop);
  if (!create) return std::move(create).error();
  window_ = create->empty() ? 0 : deduplication_window(create->front());
  const std::string where =
      " FROM system.tables WHERE database = " + sql_text(table_.database) + " AND name = " + sql_text(table_.name);
  auto engine = ask_names(*server_, "SELECT engine" + where, stop);
  if (!engine) return std::move(engine).error();
  auto views = ask_names(*server_, "SELECT arrayJoin(dependencies_table)" + where, stop);
  if (!views) return std::move(views).error();
  merge_tree_ = engine->size() == 1 && engine->front().ends_with("MergeTree");
  plain_merge_tree_ = engine->size() == 1 && engine->front() == "MergeTree";
  has_views_ = !views->empty();
  return {};
}

Result<std::string> TableSink::identity(std::stop_token stop) {
  if (Status status = learn(stop); !status) return std::move(status).error();
  if (!columns_) return std::string();
  return table_identity(*server_, table_, stop);
}

// A table without a window of tokens is loaded through one that has it, where that can be.
Status TableSink::log_to(std::shared_ptr<BlockLog> log, std::stop_token stop) {
  log_ = std::move(log);
  load_ = log_->load();
  if (window_ != 0 || !merge_tree_ || has_views_) {
    recall_doubts();
    return {};
  }
  staging_.emplace(*server_, table_, log_);
  sql_ = insert_into(staging_->table());
  return staging_->prepare(stop);
}

Error TableSink::no_window() const {
  return {.code = Code::kUsage,
          .message = "the load may have arrived before, and table \"" + plain(table_) +
                     "\" has no deduplication window that would drop it",
          .where = {.uri = server_->shown()},
          .hint = "look into the table for rows of the load before it is sent again"};
}

Status TableSink::cut(std::stop_token stop) {
  ++blocks_cut_;
  if (block_.record.rows == 0) {
    block_.record = {};
    return {};
  }
  Status status = inserter_->put(block_, stop);
  return status ? Status() : Status(counted(std::move(status).error()));
}

// Says what is in the table, now that the load has failed.
Error TableSink::counted(Error error) const {
  if (error.code == Code::kCancelled) return error;
  error.message += "; " + std::to_string(rows_) + " rows were acknowledged before";
  if (uncertain_rows_ == 0) return error;
  error.message += ", whether " + std::to_string(uncertain_rows_) + " more were written is unknown";
  if (!log_) error.hint = "count the rows of the table before loading again";
  return error;
}

BlockRecord TableSink::record_of(const Block& block) const {
  BlockRecord record = block.record;
  record.hash = content_hash(block.bytes);
  std::string identity = load_;
  for (const std::string& part :
       {table_.database, table_.name, record.hash, std::to_string(record.number), std::to_string(record.first_record),
        std::to_string(record.byte_begin), std::to_string(record.byte_end)}) {
    identity += '\0';
    identity += part;
  }
  record.token = content_hash(identity);
  return record;
}

// Some rows of a block, in Native.
struct TableSink::Piece {
  std::string_view bytes{};
  uint64_t first_row = 0;
  uint64_t rows = 0;
  std::string name() const { return std::to_string(first_row) + "+" + std::to_string(rows); }
};

// Inserts one block, once. Runs on a thread of the inserter.
Status TableSink::insert(const Block& block, std::stop_token stop) {
  BlockRecord record = record_of(block);
  const std::optional<BlockRecord> earlier = log_ ? log_->recorded(block.record.number) : std::nullopt;
  if (earlier && earlier->hash != record.hash) {
    return Error{.code = Code::kLoadDiffers,
                 .message = "block " + std::to_string(block.record.number) + " of the load, from record " +
                            std::to_string(block.record.first_record) +
                            ", is not what was sent before the interruption",
                 .where = {.uri = server_->shown(), .record = block.record.first_record},
                 .expected = "the same file, options and version of Flatbed",
                 .hint = "load the file as it was, with the options of then",
                 .side = Side::kSource};
  }
  if (earlier) {
    record = *earlier;
    record.rows = block.record.rows;
    if (record.acknowledged && suspects_.contains(record.number)) {
      if (Status status = send_missing(block, stop); !status) return status;
    }
  }
  if (!record.acknowledged) {
    if (earlier) {
      if (Status status = doubt(record.number); !status) return status;
    }
    if (Status status = keep(record); !status) return status;
    const Piece whole{.bytes = block.bytes, .rows = block.record.rows};
    const uint64_t before = record.rows;
    if (Status status = insert_piece(block, whole, record, stop); !status) return status;
    record.acknowledged = true;
    // A block with rejects is gone through again by a run that goes on with the load: it finds the same ones.
    if (record.rows == before) {
      if (Status status = keep(record); !status) return status;
    }
  } else {
    rows_ += record.rows;
    ++blocks_;
  }
  const std::lock_guard lock(mutex_);
  done_.insert_or_assign(record.number, std::move(record));
  return {};
}

namespace {

constexpr uint64_t kFewestRows = 10000;  // an INSERT is not made smaller than this for the server's sake

// Where a piece was cut before: "0+1000:437;" means that its first 1000 rows were sent as 437 and the others.
std::optional<uint64_t> earlier_cut(const std::string& split, const std::string& piece) {
  const size_t found = (";" + split).find(";" + piece + ":");
  if (found == std::string::npos) return std::nullopt;
  uint64_t cut = 0;
  const char* begin = split.data() + found + piece.size() + 1;
  std::from_chars(begin, split.data() + split.size(), cut);
  return cut;
}

// The row of the piece that a constraint was broken at, where the server names it; it counts from 1.
std::optional<uint64_t> named_row(const Error& error) {
  constexpr std::string_view kWords = " is violated at row ";
  const size_t found = error.message.find(kWords);
  if (found == std::string::npos) return std::nullopt;
  uint64_t row = 0;
  const char* begin = error.message.data() + found + kWords.size();
  if (std::from_chars(begin, error.message.data() + error.message.size(), row).ec != std::errc() || row == 0) {
    return std::nullopt;
  }
  return row - 1;
}

Result<std::string> rows_of(std::string_view native, uint64_t from, uint64_t to) {
  NativeReader reader(memory_bytes(native));
  std::string out;
  for (uint64_t row = 0;;) {
    auto batch = reader.next({});
    if (!batch) return std::move(batch).error();
    if (!*batch) return out;
    const uint64_t count = (*batch)->rows();
    std::vector<uint8_t> keep(count, 0);
    bool any = false;
    for (uint64_t i = 0; i < count; ++i, ++row) {
      keep[i] = row >= from && row < to;
      any = any || keep[i] != 0;
    }
    if (any) encode_native((*batch)->filter(keep), out);
  }
}

}  // namespace

// Sends a piece; in parts where the server would not take it whole, so that the row that it refuses stands alone in
// the end. A cut is recorded before its parts are sent: a run that goes on cuts at the same rows, under the same
// tokens.
Status TableSink::insert_piece(const Block& block, const Piece& piece, BlockRecord& record, std::stop_token stop) {
  if (piece.rows == 0) return {};
  if (const auto cut = earlier_cut(record.split, piece.name())) {
    return insert_halves(block, piece, *cut, record, stop);
  }
  uint64_t cut = piece.rows / 2;
  if (piece.rows <= most_rows_) {
    const bool any_partitions = any_partitions_;
    Status status = send(piece, record, stop);
    if (status) {
      rows_ += piece.rows;
      bytes_ += piece.bytes.size();
      ++blocks_;
      grow_after(piece.rows);
      return {};
    }
    const ErrorClass what = error_class(status.error());
    // Where a materialized view fails, the rows are in the table all the same: they must not be sent again in parts.
    const auto row = named_row(status.error());
    const bool in_parts = !has_views_ || row;
    if (too_many_partitions(status.error()) && !any_partitions) {
      // One INSERT or several, each partition gets a part; several would only give it more of them.
      any_partitions_ = true;
      return insert_piece(block, piece, record, stop);
    }
    if (what == ErrorClass::kTooLarge && in_parts && piece.rows >= 2 * kFewestRows) {
      most_rows_ = std::max(kFewestRows, (piece.rows + 1) / 2);
    } else if (what == ErrorClass::kRefused && bear_rejects_ && in_parts) {
      if (piece.rows == 1) {
        reject(block, piece, status.error());
        --record.rows;
        // So that a proof does not look for it. A run that goes on comes by here again.
        const std::string mark = "!" + std::to_string(piece.first_row) + ";";
        if ((";" + record.split).find(";" + mark) == std::string::npos) record.split += mark;
        return {};
      }
      // The rows before the one that is named are good; it becomes the first row of the other part, then stands alone.
      if (row && *row < piece.rows) cut = *row == 0 ? 1 : *row;
    } else if (what == ErrorClass::kRefused && row && *row < piece.rows) {
      return refused_row(block, piece.first_row + *row, status.error());
    } else {
      return status;
    }
  }
  record.split += piece.name() + ":" + std::to_string(cut) + ";";
  if (Status status = keep(record); !status) return status;
  return insert_halves(block, piece, cut, record, stop);
}

Status TableSink::insert_halves(const Block& block, const Piece& piece, uint64_t cut, BlockRecord& record,
                                std::stop_token stop) {
  for (const auto& [from, to] : {std::pair(uint64_t{0}, cut), std::pair(cut, piece.rows)}) {
    auto bytes = rows_of(piece.bytes, from, to);
    if (!bytes) return std::move(bytes).error();
    const Piece half{.bytes = *bytes, .first_row = piece.first_row + from, .rows = to - from};
    if (Status status = insert_piece(block, half, record, stop); !status) return status;
  }
  return {};
}

// Sends one INSERT, again where that can do no harm.
Status TableSink::send(const Piece& piece, const BlockRecord& record, std::stop_token stop) {
  std::string token = record.token;
  if (!record.split.empty()) {
    const std::string identity = token + " " + piece.name();
    token = content_hash(identity);
  }
  ServerSettings settings{
      {"insert_deduplication_token", token},
      {"insert_deduplicate", "1"},
      {"async_insert", "0"},
      // One INSERT is one block: a retry that is cut differently would not be known again.
      {"min_insert_block_size_rows", "4000000000"},
      {"min_insert_block_size_bytes", "0"},
      {"max_insert_block_size", "4000000000"},
      {"max_insert_threads", "1"},
      {"input_format_null_as_default", "0"},
  };
  if (any_partitions_) settings.emplace_back("max_partitions_per_insert_block", "0");
  Backoff backoff;
  for (bool doubtful = false;;) {
    Status status = server_->insert(sql_, piece.bytes, settings, stop);
    if (status) return status;
    const ErrorClass what = error_class(status.error());
    const bool recognised = window_ != 0 || staging_;
    const bool again =
        what == ErrorClass::kNotSent || what == ErrorClass::kTransient || (what == ErrorClass::kUnknown && recognised);
    doubtful = doubtful || what == ErrorClass::kUnknown;
    if (!again || !backoff.wait(stop)) {
      if (doubtful) uncertain_rows_ += piece.rows;
      return status;
    }
    if (doubtful) {
      if (Status noted = doubt(record.number); !noted) return noted;
    }
  }
}

// Makes an error of a refused row, with its record in the source.
Error TableSink::refused_row(const Block& block, uint64_t row, const Error& reason) const {
  const auto after = std::upper_bound(block.parts.begin(), block.parts.end(), row,
                                      [](uint64_t one, const Block::Part& part) { return one < part.first_row; });
  const Block::Part& part = *std::prev(after);
  const uint64_t in_part = row - part.first_row;
  return {.code = Code::kRefusedRow,
          .message = "the table refused the row: " + reason.message,
          .where = {.uri = server_->shown(),
                    .record = part.records.empty() ? part.origin.first_record + in_part : part.records[in_part]},
          .expected = "a row that table \"" + plain(table_) + "\" takes",
          .native_code = reason.native_code,
          .side = Side::kTarget};
}

void TableSink::reject(const Block& block, const Piece& piece, const Error& reason) {
  Error error = refused_row(block, piece.first_row, reason);
  const std::lock_guard lock(mutex_);
  rejects_.push_back(std::move(error));
}

// A server that was short of memory may have it again: after some pieces that it took, larger ones are tried.
void TableSink::grow_after(uint64_t rows) {
  constexpr unsigned kBeforeLarger = 8;
  uint64_t most = most_rows_;
  if (most == UINT64_MAX || rows <= most / 2 || ++taken_ % kBeforeLarger != 0) return;
  most_rows_.compare_exchange_strong(most, most * 2);
}

// A server that dies after it has remembered a token and before it has kept the rows drops them when they come again,
// and confirms that. So what was sent again is remembered, also for a run that goes on.
Status TableSink::doubt(uint64_t block) {
  if (!log_ || staging_ || !plain_merge_tree_) return {};
  const std::lock_guard lock(mutex_);
  return doubtful_.insert(block).second ? note_doubts(false) : Status();
}

// REQUIRES: mutex_ held, or no insert under way.
Status TableSink::note_doubts(bool lost) {
  std::string note = lost ? "lost" : "doubtful";
  for (const uint64_t block : doubtful_) note += " " + std::to_string(block);
  return log_->set_note(std::move(note));
}

void TableSink::recall_doubts() {
  std::istringstream words(log_->note());
  std::string word;
  words >> word;
  if (word != "doubtful" && word != "lost") return;
  for (uint64_t block = 0; words >> block;) doubtful_.insert(block);
  if (word == "lost") suspects_ = doubtful_;
}

// Sends a block of which an earlier run may have lost some parts; the server takes the rows that the table lacks. It
// needs no token: asked for again, it finds nothing more to take.
Status TableSink::send_missing(const Block& block, std::stop_token stop) const {
  std::string structure;
  std::vector<std::string> stored;
  for (const std::string& name : names_) {
    const auto column = std::ranges::find(*columns_, name, &DescribedColumn::name);
    structure += (structure.empty() ? "" : ", ") + quote_identifier(name) + " " + column->type_text;
    if (column->kind != "EPHEMERAL") stored.push_back(name);
  }
  const std::string row = row_hash(stored);
  return server_->insert(
      "INSERT INTO " + quoted(table_) + " (" + comma_list(names_) + ") SELECT " + comma_list(names_) + " FROM input(" +
          sql_text(structure) + ") WHERE " + row + " NOT IN (SELECT " + row + " FROM " + quoted(table_) +
          ") FORMAT Native",
      block.bytes, {{"async_insert", "0"}, {"insert_deduplicate", "0"}, {"input_format_null_as_default", "0"}}, stop);
}

// Rows that were lost show in the count. The run that goes on then looks for the blocks that were sent again.
Status TableSink::look_for_lost_rows(std::stop_token stop) {
  if (doubtful_.empty() || !log_ || !plain_merge_tree_ || !log_->rows_before()) return {};
  auto count = count_rows(stop);
  if (!count) return std::move(count).error();
  const uint64_t expected = *log_->rows_before() + rows_;
  if (!*count || **count >= expected) return {};
  if (Status status = note_doubts(true); !status) return status;
  return Error{
      .code = Code::kUnknownOutcome,
      .message = "the table holds " + std::to_string(expected - **count) +
                 " rows fewer than the server has acknowledged: it lost them when it died, or somebody has "
                 "deleted rows",
      .where = {.uri = server_->shown()},
      .hint =
          "resume the load: it sends what is missing of the blocks in doubt; if this is said again, compare the "
          "table with the file",
      .side = Side::kTarget};
}

}  // namespace

Result<std::unique_ptr<Sink>> clickhouse_sink(ReachServer reach, TableAddress table, const Options& options,
                                              std::string shown) {
  if (table.name.empty() || table.database.empty()) return no_table_named(shown);
  return std::unique_ptr<Sink>(std::make_unique<TableSink>(std::move(reach), std::move(table), options));
}

}  // namespace flatbed
