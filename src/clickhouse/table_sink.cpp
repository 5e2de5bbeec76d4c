// Rows into a table. Enters: batches. Leaves: blocks, each one INSERT that is acknowledged or not. Invariant: where a
// block ends depends on the rows and the options alone.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <random>

#include "clickhouse/inserter.hpp"
#include "clickhouse/table.hpp"
#include "encode/ddl.hpp"
#include "encode/native.hpp"

namespace flatbed {
namespace {

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

  Status accepts(const Schema& schema, std::stop_token stop) override {
    if (Status status = learn(stop); !status) return status;
    return columns_ ? check(schema) : check_order(schema);
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
  Status check_order(const Schema& schema) const;
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
    Type given = field.type;
    given.nullable = given.nullable || type->nullable;
    if (same_values(given, *type)) continue;
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

}  // namespace

Result<std::unique_ptr<Sink>> clickhouse_sink(ReachServer reach, TableAddress table, const Options& options,
                                              std::string shown) {
  if (table.name.empty() || table.database.empty()) return no_table_named(shown);
  return std::unique_ptr<Sink>(std::make_unique<TableSink>(std::move(reach), std::move(table), options));
}

}  // namespace flatbed
