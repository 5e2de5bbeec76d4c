// Tables of a ClickHouse server. Enters: batches to insert, or what to select. Leaves: blocks, each one INSERT that is
// acknowledged or not, or batches. Invariant: where a block ends depends on the rows and the options alone.
#include "connect/clickhouse.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <random>
#include <thread>

#include "encode/ddl.hpp"
#include "encode/native.hpp"

namespace flatbed {
namespace {

std::string quoted(const TableAddress& table) {
  return quote_identifier(table.database) + "." + quote_identifier(table.name);
}

std::string plain(const TableAddress& table) {
  return table.database + "." + table.name;
}

// Reads a small answer whole.
Result<std::vector<Batch>> ask(const ClickHouseServer& server, std::string sql, std::stop_token stop) {
  auto bytes = server.query(std::move(sql), stop);
  if (!bytes) return std::move(bytes).error();
  NativeReader reader(std::move(*bytes));
  std::vector<Batch> batches;
  for (;;) {
    auto batch = reader.next(stop);
    if (!batch) return std::move(batch).error();
    if (!*batch) return batches;
    batches.push_back(std::move(**batch));
  }
}

// Reads the first column of a small answer.
Result<std::vector<std::string>> ask_names(const ClickHouseServer& server, std::string sql, std::stop_token stop) {
  auto batches = ask(server, std::move(sql), stop);
  if (!batches) return std::move(batches).error();
  std::vector<std::string> names;
  for (const Batch& batch : *batches) {
    for (size_t row = 0; row < batch.rows(); ++row) names.emplace_back(batch.column(0).text(row));
  }
  return names;
}

// A column as DESCRIBE tells it.
struct DescribedColumn {
  std::string name{};
  std::string type_text{};
  std::string kind{};  // "", DEFAULT, MATERIALIZED, ALIAS or EPHEMERAL
  bool computed() const noexcept { return kind == "MATERIALIZED" || kind == "ALIAS"; }
};

Result<std::vector<DescribedColumn>> describe(const ClickHouseServer& server, const std::string& what,
                                              std::stop_token stop) {
  auto batches = ask(server, "DESCRIBE TABLE " + what, stop);
  if (!batches) return std::move(batches).error();
  std::vector<DescribedColumn> columns;
  for (const Batch& batch : *batches) {
    const auto name = batch.schema().find("name"), type = batch.schema().find("type");
    const auto kind = batch.schema().find("default_type");
    if (!name || !type || !kind) continue;
    for (size_t row = 0; row < batch.rows(); ++row) {
      columns.push_back({std::string(batch.column(*name).text(row)), std::string(batch.column(*type).text(row)),
                         std::string(batch.column(*kind).text(row))});
    }
  }
  return columns;
}

std::vector<std::string> names_of(const std::vector<DescribedColumn>& columns) {
  std::vector<std::string> names;
  for (const DescribedColumn& column : columns) names.push_back(column.name);
  return names;
}

// Says which table or database is missing, and which one may have been meant.
Error no_table(const ClickHouseServer& server, const TableAddress& table, bool to_write, std::stop_token stop) {
  Error error{.code = Code::kNoTable, .where = {.uri = server.shown()}};
  auto tables = ask_names(server, "SHOW TABLES FROM " + quote_identifier(table.database), stop);
  if (!tables) {
    error.message = "database \"" + table.database + "\" does not exist";
    auto databases = ask_names(server, "SHOW DATABASES", stop);
    const std::string near = databases ? nearest_name(table.database, *databases) : "";
    if (!near.empty()) error.hint = "did you mean database \"" + near + "\"?";
    return error;
  }
  error.message = "table \"" + plain(table) + "\" does not exist";
  const std::string near = nearest_name(table.name, *tables);
  if (!near.empty()) error.hint = "did you mean \"" + table.database + "." + near + "\"?";
  if (to_write) error.hint += std::string(near.empty() ? "" : " ") + "--create makes a new table";
  return error;
}

bool is_missing(const Error& error) {
  constexpr int64_t kUnknownTable = 60, kUnknownDatabase = 81;
  return error.native_code == kUnknownTable || error.native_code == kUnknownDatabase;
}

// The type as its values lie in a block: what only the table or the display knows is left out.
Type in_block(Type type) {
  type.low_cardinality = false;
  type.timezone.clear();
  return type;
}

std::string comma_list(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + quote_identifier(name);
  return list;
}

Error unsupported(const DescribedColumn& column, Error problem, const std::string& shown) {
  problem.code = Code::kUnsupportedType;
  problem.message = "column \"" + column.name + "\" has a type that is not carried: " + column.type_text;
  problem.where = {.uri = shown, .column_name = column.name};
  problem.hint = "choose the other columns with --columns";
  return problem;
}

class TableSource final : public Source {
 public:
  TableSource(ReachServer reach, TableAddress table, const Options& options)
      : reach_(std::move(reach)),
        table_(std::move(table)),
        query_(options.text("query")),
        where_(options.text("where")),
        order_by_(options.text("order_by")) {
    if (options.given("limit")) limit_ = options.count("limit");
    while (!query_.empty() && std::string_view("; \t\r\n").find(query_.back()) != std::string_view::npos) {
      query_.pop_back();
    }
  }

  Result<Schema> open(const ReadRequest& request, std::stop_token stop) override {
    auto server = reach_(stop);
    if (!server) return std::move(server).error();
    server_.emplace(std::move(*server));
    auto columns = describe(*server_, from(), stop);
    if (!columns) {
      const bool missing = query_.empty() && is_missing(columns.error());
      return missing ? no_table(*server_, table_, false, stop) : std::move(columns).error();
    }
    auto schema = choose(*columns, request.columns);
    if (!schema) return schema;
    schema_ = std::make_shared<const Schema>(*schema);
    sql_ = select(request, schema->size() != columns->size() || !request.columns.empty());
    return schema;
  }

  Result<std::optional<Delivery>> next(std::stop_token stop) override {
    if (!reader_) {
      auto bytes = server_->query(sql_, stop);
      if (!bytes) return std::move(bytes).error();
      bytes_ = bytes->get();
      reader_ = std::make_unique<NativeReader>(std::move(*bytes));
    }
    for (;;) {
      auto batch = reader_->next(stop);
      if (!batch) return as_told(std::move(batch).error());
      received_ = bytes_->consumed_bytes();
      if (!*batch) return std::optional<Delivery>();
      if ((*batch)->rows() == 0) continue;
      auto typed = adopt(std::move(**batch));
      if (!typed) return std::move(typed).error();
      return std::optional<Delivery>(Delivery{.batch = std::move(*typed)});
    }
  }

  Position position() const noexcept override { return {.bytes = received_, .records = rows_}; }

 private:
  // A query of the user's own ends on its own line: its last one may be a comment.
  std::string from() const { return query_.empty() ? quoted(table_) : "(" + query_ + "\n)"; }

  Result<Schema> choose(const std::vector<DescribedColumn>& columns, const std::vector<std::string>& wanted) const {
    Schema schema;
    const auto add = [&](const DescribedColumn& column) -> Status {
      auto type = parse_type(column.type_text);
      if (!type) return unsupported(column, std::move(type).error(), server_->shown());
      schema.fields.push_back({column.name, std::move(*type), query_.empty() ? "table " + plain(table_) : "the query"});
      return {};
    };
    for (const DescribedColumn& column : columns) {
      if (!wanted.empty() || column.computed() || column.kind == "EPHEMERAL") continue;
      if (Status status = add(column); !status) return status;
    }
    for (const std::string& name : wanted) {
      const auto found = std::find_if(columns.begin(), columns.end(), [&](const auto& c) { return c.name == name; });
      if (found == columns.end()) return unknown_column(name, names_of(columns));
      if (Status status = add(*found); !status) return status;
    }
    return schema;
  }

  Error unknown_column(const std::string& name, const std::vector<std::string>& known) const {
    const std::string near = nearest_name(name, known);
    return {.code = Code::kUnknownColumn,
            .message = (query_.empty() ? "table \"" + plain(table_) + "\"" : std::string("the query")) +
                       " has no column \"" + name + "\"",
            .where = {.uri = server_->shown()},
            .hint = near.empty() ? "" : "did you mean \"" + near + "\"?"};
  }

  std::string select(const ReadRequest& request, bool chosen) const {
    // Left as it is where possible: inside another SELECT its ORDER BY would not hold.
    const bool narrowed = chosen || !where_.empty() || !order_by_.empty() || limit_ || request.head_only;
    if (!query_.empty() && !narrowed) return query_;
    std::vector<std::string> names;
    for (const Field& field : schema_->fields) names.push_back(field.name);
    std::string sql = "SELECT " + comma_list(names) + " FROM " + from();
    if (!where_.empty()) sql += "\nWHERE (" + where_ + "\n)";
    if (!order_by_.empty()) sql += "\nORDER BY " + order_by_ + "\n";
    constexpr uint64_t kHeadRows = 65536;
    const uint64_t most = std::min(limit_.value_or(UINT64_MAX), request.head_only ? kHeadRows : UINT64_MAX);
    if (most != UINT64_MAX) sql += "\nLIMIT " + std::to_string(most);
    return sql;
  }

  // An exception in the middle of an answer comes as the server's raw text.
  Error as_told(Error error) const {
    if (error.code == Code::kServer) return server_error(error.message, 200, server_->shown());
    if (error.where.uri.empty()) error.where.uri = server_->shown();
    return error;
  }

  // Gives the block the types that DESCRIBE told, which know of LowCardinality and time zones.
  Result<Batch> adopt(Batch batch) {
    for (size_t i = 0; i < schema_->size(); ++i) {
      const Type& type = schema_->fields[i].type;
      if (i >= batch.columns().size() || in_block(batch.column(i).type) != in_block(type)) {
        return Error{.code = Code::kBadBlock,
                     .message = "the server sent other columns than it described",
                     .where = {.uri = server_->shown()},
                     .hint = "the table was changed while it was read: read it again"};
      }
      batch.columns()[i].type = type;
    }
    const size_t rows = batch.rows();
    const Origin origin{.first_record = rows_, .records = rows};
    rows_ += rows;
    return Batch(schema_, std::move(batch.columns()), rows, origin);
  }

  ReachServer reach_;
  TableAddress table_;
  std::string query_, where_, order_by_;
  std::optional<uint64_t> limit_{};
  std::optional<ClickHouseServer> server_{};
  std::shared_ptr<const Schema> schema_{};
  std::string sql_{};
  std::unique_ptr<NativeReader> reader_{};
  const ByteSource* bytes_ = nullptr;  // of reader_
  std::atomic<uint64_t> rows_{0}, received_{0};
};

// Some batches on their way into the table as one INSERT.
struct Block {
  std::string bytes{};
  uint64_t number = 0;  // of the block in its load
  uint64_t rows = 0;
  uint64_t records = 0;  // rows before any was rejected or filtered: what the block is cut by
  uint64_t first_record = 0;
  uint64_t byte_begin = 0, byte_end = 0;
};

// Does the inserts of blocks on threads of its own, at most `connections` at a time; keeps the first failure.
class Inserter {
 public:
  using Insert = std::function<Status(const Block&, std::stop_token)>;
  Inserter(unsigned connections, Insert insert) : connections_(connections), insert_(std::move(insert)) {}
  ~Inserter() { abort(); }
  Inserter(const Inserter&) = delete;
  Inserter& operator=(const Inserter&) = delete;

  // Hands a block over once a thread is free; leaves in `block` an empty one to fill.
  Status put(Block& block, std::stop_token stop) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [this] { return failure_ || busy_ < connections_; });
    if (Status status = check(lock, stop); !status) return status;
    ++busy_;
    waiting_.emplace_back(std::move(block));
    block = {};
    if (!spare_.empty()) {
      block.bytes = std::move(spare_.back());
      spare_.pop_back();
    }
    if (threads_.size() < connections_) threads_.emplace_back([this] { work(); });
    changed_.notify_all();
    return {};
  }

  // Waits until every block is acknowledged or one has failed.
  Status finish(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [this] { return busy_ == 0; });
    return check(lock, stop);
  }

  void abort() noexcept {
    stop_.request_stop();
    threads_.clear();
  }

 private:
  // A failure is told when no insert is under way any more, so that its counts are final.
  Status check(std::unique_lock<std::mutex>& lock, std::stop_token stop) {
    if (failure_) changed_.wait(lock, stop, [this] { return busy_ == 0; });
    if (stop.stop_requested()) return Error{.code = Code::kCancelled, .message = "cancelled"};
    return failure_ ? Status(*failure_) : Status();
  }

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, stop_.get_token(), [this] { return !waiting_.empty(); });
      if (waiting_.empty()) return;
      Block block = std::move(waiting_.back());
      waiting_.pop_back();
      const bool skipped = failure_.has_value();
      lock.unlock();
      Status status = skipped ? Status() : insert_(block, stop_.get_token());
      block.bytes.clear();
      lock.lock();
      spare_.push_back(std::move(block.bytes));
      --busy_;
      if (!status && !failure_) failure_ = std::move(status).error();
      changed_.notify_all();
    }
  }

  const unsigned connections_;
  const Insert insert_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable_any changed_;
  std::vector<Block> waiting_{};  // taken by threads that are counted as busy already
  std::vector<std::string> spare_{};
  unsigned busy_ = 0;
  std::optional<Error> failure_{};
  std::stop_source stop_{};
  std::vector<std::jthread> threads_{};
};

std::string hexadecimal(XXH128_hash_t hash) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (const uint64_t half : {hash.high64, hash.low64}) {
    for (int shift = 60; shift >= 0; shift -= 4) text += kHex[(half >> shift) & 15];
  }
  return text;
}

std::string random_load() {
  std::random_device device;
  return std::to_string(device()) + "-" + std::to_string(device()) + "-" + std::to_string(device());
}

// Whether a statement may work when it is sent again.
bool may_pass(const Error& error) {
  switch (error.code) {
    case Code::kConnect:
    case Code::kConnectionLost:
    case Code::kTimeout:
      return true;
    default:
      break;
  }
  // TIMEOUT_EXCEEDED, TOO_MANY_SIMULTANEOUS_QUERIES, NETWORK_ERROR, MEMORY_LIMIT_EXCEEDED, TOO_MANY_PARTS
  constexpr int64_t kPassing[] = {159, 202, 210, 241, 252};
  return error.code == Code::kServer &&
         std::find(std::begin(kPassing), std::end(kPassing), error.native_code) != std::end(kPassing);
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

class TableSink final : public Sink {
 public:
  TableSink(ReachServer reach, TableAddress table, const Options& options)
      : reach_(std::move(reach)),
        table_(std::move(table)),
        create_(options.flag("create")),
        engine_(options.text("engine")),
        order_by_(options.names("order_by")),
        load_(options.given("load") ? options.text("load") : random_load()),
        block_rows_(std::max<uint64_t>(1, options.count("block_rows"))),
        block_bytes_(std::max<uint64_t>(1, options.count("block_bytes"))),
        connections_(static_cast<unsigned>(std::clamp<uint64_t>(options.count("connections"), 1, 64))) {}

  Result<std::optional<Schema>> existing(std::stop_token stop) override {
    if (Status status = learn(stop); !status) return status;
    if (!columns_) return std::optional<Schema>();
    Schema schema;
    for (const DescribedColumn& column : *columns_) {
      if (column.computed()) continue;
      // A column of a type that is not carried matters only when the source has it; open() sees to that.
      if (auto type = parse_type(column.type_text)) {
        schema.fields.push_back({column.name, std::move(*type), "table " + plain(table_)});
      }
    }
    return std::optional<Schema>(std::move(schema));
  }

  Status open(const Schema& schema, const WriteRequest& request, std::stop_token stop) override {
    if (Status status = learn(stop); !status) return status;
    if (!columns_) {
      if (Status status = create(schema, stop); !status) return status;
    }
    if (Status status = check(schema); !status) return status;
    if (Status status = ask_window(stop); !status) return status;
    std::vector<std::string> names;
    for (const Field& field : schema.fields) names.push_back(field.name);
    sql_ = "INSERT INTO " + quoted(table_) + " (" + comma_list(names) + ") FORMAT Native";
    // One block is being filled while the others are on their way.
    block_bytes_ = std::min<uint64_t>(block_bytes_, request.memory_limit / (connections_ + 1));
    inserter_ = std::make_unique<Inserter>(
        connections_, [this](const Block& block, std::stop_token token) { return insert(block, token); });
    return {};
  }

  Status write(const Batch& batch, std::stop_token stop) override {
    const Origin& origin = batch.origin();
    if (block_.records == 0) {
      block_.number = blocks_cut_;
      block_.first_record = origin.first_record;
      block_.byte_begin = origin.byte_begin;
      block_.bytes.reserve(block_bytes_ + block_bytes_ / 8);
    }
    if (batch.rows() != 0) encode_native(batch, block_.bytes);
    block_.rows += batch.rows();
    block_.records += std::max<uint64_t>(origin.records, batch.rows());
    block_.byte_end = origin.byte_end;
    return block_.records >= block_rows_ || block_.bytes.size() >= block_bytes_ ? cut(stop) : Status();
  }

  Status finish(std::stop_token stop) override {
    if (finished_) return {};
    if (Status status = cut(stop); !status) return status;
    if (Status status = inserter_->finish(stop); !status) return counted(std::move(status).error());
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

 private:
  Status learn(std::stop_token stop);
  Status create(const Schema& schema, std::stop_token stop);
  Status check(const Schema& schema) const;
  Status ask_window(std::stop_token stop);
  Status cut(std::stop_token stop);
  Status insert(const Block& block, std::stop_token stop);
  ServerSettings insert_settings(const Block& block) const;
  Error counted(Error error) const;

  ReachServer reach_;
  const TableAddress table_;
  const bool create_;
  const std::string engine_;
  const std::vector<std::string> order_by_;
  const std::string load_;
  const uint64_t block_rows_;
  uint64_t block_bytes_;
  const unsigned connections_;

  std::optional<ClickHouseServer> server_{};
  std::optional<std::vector<DescribedColumn>> columns_{};  // of the table, once it exists
  uint64_t window_ = 0;
  std::string sql_{};
  Block block_{};
  uint64_t blocks_cut_ = 0;
  bool finished_ = false;
  std::atomic<uint64_t> rows_{0}, bytes_{0}, blocks_{0};
  std::atomic<uint64_t> uncertain_rows_{0};  // of inserts whose outcome is unknown
  std::unique_ptr<Inserter> inserter_{};     // last: its threads use what stands above
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

Status TableSink::create(const Schema& schema, std::stop_token stop) {
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
  if (Status status = server_->execute(create_table_sql(schema, quoted(table_), engine_, order_by_), stop); !status) {
    return status;
  }
  return learn(stop);
}

// Every column of the source must have its place, of the very same type: the server would convert, and wrap.
Status TableSink::check(const Schema& schema) const {
  for (const Field& field : schema.fields) {
    const auto found =
        std::find_if(columns_->begin(), columns_->end(), [&](const auto& column) { return column.name == field.name; });
    const Location where{.uri = server_->shown(), .column_name = field.name};
    if (found == columns_->end() || found->computed()) {
      const std::string near = nearest_name(field.name, names_of(*columns_));
      return Error{.code = Code::kNoColumn,
                   .message = found == columns_->end()
                                  ? "table \"" + plain(table_) + "\" has no column \"" + field.name + "\""
                                  : "column \"" + field.name + "\" of table \"" + plain(table_) + "\" is computed",
                   .where = where,
                   .hint = (near.empty() || near == field.name ? "" : "did you mean \"" + near + "\"? ") +
                           std::string("choose the source's columns with --columns")};
    }
    auto type = parse_type(found->type_text);
    if (!type) return unsupported(*found, std::move(type).error(), server_->shown());
    Type given = in_block(field.type), taken = in_block(*type);
    if (!given.nullable) taken.nullable = false;
    if (given == taken) continue;
    return Error{.code = Code::kInexact,
                 .message = "column \"" + field.name + "\" is " + to_string(field.type) + " in the source and " +
                            found->type_text + " in table \"" + plain(table_) + "\"",
                 .where = where,
                 .hint = "cast the column to the type of the table first"};
  }
  return {};
}

Status TableSink::ask_window(std::stop_token stop) {
  auto create = ask_names(*server_, "SHOW CREATE TABLE " + quoted(table_), stop);
  if (!create) return std::move(create).error();
  window_ = create->empty() ? 0 : deduplication_window(create->front());
  return {};
}

Status TableSink::cut(std::stop_token stop) {
  ++blocks_cut_;
  if (block_.rows == 0) {
    block_.records = 0;
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
  error.hint = "count the rows of the table before loading again";
  return error;
}

ServerSettings TableSink::insert_settings(const Block& block) const {
  const XXH128_hash_t content = XXH3_128bits(block.bytes.data(), block.bytes.size());
  std::string identity = load_;
  for (const std::string& part :
       {table_.database, table_.name, hexadecimal(content), std::to_string(block.number),
        std::to_string(block.first_record), std::to_string(block.byte_begin), std::to_string(block.byte_end)}) {
    identity += '\0';
    identity += part;
  }
  return {
      {"insert_deduplication_token", hexadecimal(XXH3_128bits(identity.data(), identity.size()))},
      {"insert_deduplicate", "1"},
      {"async_insert", "0"},
      // One INSERT is one block: a retry that is cut differently would not be known again.
      {"min_insert_block_size_rows", "4000000000"},
      {"min_insert_block_size_bytes", "0"},
      {"max_insert_block_size", "4000000000"},
      {"max_insert_threads", "1"},
      {"input_format_null_as_default", "0"},
  };
}

// Inserts one block, again where that can do no harm. Runs on a thread of the inserter.
Status TableSink::insert(const Block& block, std::stop_token stop) {
  const ServerSettings settings = insert_settings(block);
  std::chrono::seconds pause(1);  // then 2, then 4: a server that restarts is waited for
  for (int retries_left = 3;; --retries_left, pause *= 2) {
    Status status = server_->insert(sql_, block.bytes, settings, stop);
    if (status) {
      rows_ += block.rows;
      bytes_ += block.bytes.size();
      ++blocks_;
      return {};
    }
    const Error& error = status.error();
    // A statement that never left cannot have been carried out; the table recognises the token of one that did.
    const bool harmless = window_ != 0 || error.code == Code::kConnect;
    if (retries_left == 0 || !harmless || !may_pass(error)) {
      if (may_pass(error) && error.code != Code::kConnect) uncertain_rows_ += block.rows;
      return status;
    }
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any().wait_for(lock, stop, pause, [] { return false; });
  }
}

// ---- the connector

constexpr std::array kConnectionOptions = {
    OptionSpec{.name = "user", .help = "User of the server"},
    OptionSpec{.name = "password",
               .help = "Password of the user; also from the environment: FLATBED_CLICKHOUSE_PASSWORD",
               .secret = true},
    OptionSpec{.name = "token",
               .help = "JSON Web Token, sent as Authorization: Bearer; also FLATBED_CLICKHOUSE_TOKEN",
               .secret = true},
    OptionSpec{
        .name = "secure", .type = OptionType::kFlag, .help = "Use TLS, as clickhouses: does", .default_text = "false"},
    OptionSpec{.name = "ca_file", .help = "PEM file of the authorities to trust in place of the system's"},
    OptionSpec{.name = "cert_file", .help = "PEM file of the client's certificate"},
    OptionSpec{.name = "key_file", .help = "PEM file of the client's key"},
    OptionSpec{.name = "verify",
               .type = OptionType::kFlag,
               .help = "Check the server's certificate and name",
               .default_text = "true"},
    OptionSpec{.name = "insecure",
               .type = OptionType::kFlag,
               .help = "Send a password or token to another host without TLS",
               .default_text = "false"},
    OptionSpec{.name = "proxy", .help = "Proxy to go through: http://host:port"},
    OptionSpec{.name = "connect_timeout",
               .type = OptionType::kSeconds,
               .help = "Most seconds to wait for a connection",
               .default_text = "10"},
    OptionSpec{.name = "timeout",
               .type = OptionType::kSeconds,
               .help = "Most seconds to wait for the next byte; 0 waits for ever",
               .default_text = "300"},
};
constexpr auto kOptions = with_table_options(kConnectionOptions);

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

HttpOptions http_options(const Uri& uri, const Options& options) {
  HttpOptions http{
      .user = options.given("user") ? options.text("user") : uri.user,
      .password = options.given("password") ? options.text("password") : uri.password,
      .token = options.text("token"),
      .ca_file = options.text("ca_file"),
      .cert_file = options.text("cert_file"),
      .key_file = options.text("key_file"),
      .verify = options.flag("verify"),
      .proxy = options.text("proxy"),
      .connect_seconds = static_cast<unsigned>(std::min<uint64_t>(options.count("connect_timeout"), 86400)),
      .idle_seconds = static_cast<unsigned>(std::min<uint64_t>(options.count("timeout"), 1u << 30)),
  };
  // What is said beats what the environment holds.
  if (http.token.empty() && http.password.empty()) {
    http.token = from_environment("FLATBED_CLICKHOUSE_TOKEN");
    if (http.token.empty()) http.password = from_environment("FLATBED_CLICKHOUSE_PASSWORD");
  }
  return http;
}

// Splits "/database/table"; a table's name may hold slashes.
TableAddress table_address(const std::string& path) {
  const std::string_view parts = std::string_view(path).substr(path.starts_with('/') ? 1 : 0);
  const size_t slash = std::min(parts.find('/'), parts.size());
  return {std::string(parts.substr(0, slash)), std::string(parts.substr(std::min(slash + 1, parts.size())))};
}

Result<ReachServer> way_to(const Uri& uri, const Options& options) {
  if (uri.host.empty()) {
    return Error{.code = Code::kBadUri,
                 .message = "the address names no host: " + uri.shown,
                 .expected = "clickhouse://user@host:8123/database/table"};
  }
  const bool secure = uri.scheme == "clickhouses" || options.flag("secure");
  HttpOptions http = http_options(uri, options);
  const bool secret = !http.password.empty() || !http.token.empty();
  if (secret && !secure && !is_loopback(uri.host) && !options.flag("insecure")) {
    return Error{.code = Code::kInsecure,
                 .message = std::string("a ") + (http.token.empty() ? "password" : "token") +
                            " would go unencrypted to " + uri.host,
                 .where = {.uri = uri.shown},
                 .hint = "use clickhouses:// (TLS), or insecure=true if the network is trusted"};
  }
  auto settings = server_settings(options);
  if (!settings) return std::move(settings).error();
  const uint16_t port = uri.port != 0 ? uri.port : uint16_t{secure ? uint16_t{8443} : uint16_t{8123}};
  const std::string host = uri.host.find(':') == std::string::npos ? uri.host : "[" + uri.host + "]";
  const std::string url = (secure ? "https://" : "http://") + host + ":" + std::to_string(port) + "/";
  return ReachServer([http = std::move(http), url, shown = uri.shown,
                      settings = std::move(*settings)](std::stop_token) -> Result<ClickHouseServer> {
    return ClickHouseServer(http, url, shown, settings);
  });
}

Result<std::unique_ptr<Source>> make_source(const Uri& uri, const Options& options) {
  auto way = way_to(uri, options);
  if (!way) return std::move(way).error();
  return clickhouse_source(std::move(*way), table_address(uri.path), options, uri.shown);
}

Result<std::unique_ptr<Sink>> make_sink(const Uri& uri, const Options& options) {
  auto way = way_to(uri, options);
  if (!way) return std::move(way).error();
  return clickhouse_sink(std::move(*way), table_address(uri.path), options, uri.shown);
}

Result<std::vector<TableInfo>> list_tables(const Uri& uri, const Options& options, std::stop_token stop) {
  auto way = way_to(uri, options);
  if (!way) return std::move(way).error();
  auto server = (*way)(stop);
  if (!server) return std::move(server).error();
  return clickhouse_tables(*server, table_address(uri.path).database, stop);
}

Error no_table_named(const std::string& shown) {
  return {.code = Code::kBadUri,
          .message = "the address names no table: " + shown,
          .expected = "an address that ends in /database/table"};
}

}  // namespace

Result<std::unique_ptr<Source>> clickhouse_source(ReachServer reach, TableAddress table, const Options& options,
                                                  std::string shown) {
  if (table.name.empty() && options.text("query").empty()) return no_table_named(shown);
  return std::unique_ptr<Source>(std::make_unique<TableSource>(std::move(reach), std::move(table), options));
}

Result<std::unique_ptr<Sink>> clickhouse_sink(ReachServer reach, TableAddress table, const Options& options,
                                              std::string shown) {
  if (table.name.empty() || table.database.empty()) return no_table_named(shown);
  return std::unique_ptr<Sink>(std::make_unique<TableSink>(std::move(reach), std::move(table), options));
}

Result<std::vector<TableInfo>> clickhouse_tables(const ClickHouseServer& server, const std::string& database,
                                                 std::stop_token stop) {
  std::vector<TableInfo> tables;
  auto answer = ask(server,
                    "SELECT database, name, engine, total_rows, total_bytes, comment FROM system.tables "
                    "WHERE NOT is_temporary AND lower(database) NOT IN ('system', 'information_schema') "
                    "ORDER BY database, name",
                    stop);
  if (!answer) return std::move(answer).error();
  for (const Batch& batch : *answer) {
    const auto number = [&](size_t column, size_t row) {
      return batch.column(column).is_null(row) ? std::nullopt : std::optional(batch.column(column).as<uint64_t>()[row]);
    };
    for (size_t row = 0; row < batch.rows(); ++row) {
      TableInfo info{.database = std::string(batch.column(0).text(row)),
                     .name = std::string(batch.column(1).text(row)),
                     .engine = std::string(batch.column(2).text(row)),
                     .rows = number(3, row),
                     .bytes = number(4, row),
                     .comment = std::string(batch.column(5).text(row))};
      if (database.empty() || info.database == database) tables.push_back(std::move(info));
    }
  }
  return tables;
}

Result<ServerSettings> server_settings(const Options& options) {
  ServerSettings settings;
  for (const std::string& pair : options.names("settings")) {
    const size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error{.code = Code::kBadOption,
                   .message = "option \"settings\" cannot be \"" + pair + "\"",
                   .expected = "name=value,name=value"};
    }
    settings.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return settings;
}

Connector clickhouse_connector() {
  return {.name = "clickhouse",
          .schemes = {"clickhouse", "clickhouses"},
          .summary = "Tables of a ClickHouse server, over HTTP: clickhouse://user@host:8123/database/table",
          .options = kOptions,
          .make_source = make_source,
          .make_sink = make_sink,
          .list_tables = list_tables};
}

}  // namespace flatbed
