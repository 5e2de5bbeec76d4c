// Tables and queries as rows. Enters: a table or a SELECT. Leaves: batches, in the order of the answer.
#include <algorithm>
#include <atomic>

#include "clickhouse/shares.hpp"
#include "clickhouse/table.hpp"
#include "columns/quoted_text.hpp"
#include "columns/retype.hpp"
#include "encode/native.hpp"

namespace flatbed {
namespace {

// Tells whether the server casts values to String or Array before it sends them: its own layout of these is not read.
bool is_cast_by_server(const Type& type) {
  if (type.id == TypeId::kJson || type.id == TypeId::kState || type.declared.starts_with("QBit(")) return true;
  return is_nested(type.id) && std::ranges::any_of(*type.children, is_cast_by_server, &Field::type);
}

// A column as it is selected; without an alias, which would hide the column from a condition.
std::string selected(const Field& field) {
  std::string name = quote_identifier(field.name);
  if (!is_cast_by_server(field.type)) return name;
  std::string type;
  append_quoted(to_string(block_type(field.type)), '\'', type);
  return "CAST(" + name + ", " + type + ")";
}

class TableSource final : public Source {
 public:
  TableSource(ReachServer reach, TableAddress table, const Options& options)
      : reach_(std::move(reach)),
        table_(std::move(table)),
        query_(options.text("query")),
        where_(options.text("where")),
        order_by_(options.text("order_by")),
        connections_(static_cast<unsigned>(std::clamp<uint64_t>(options.count("connections"), 1, 64))) {
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
    const bool chosen = schema->size() != columns->size() || !request.columns.empty();
    sql_ = select(request, chosen);
    memory_limit_ = request.memory_limit;
    // A query of the user's own has no sorting key, and an order or a limit holds for the whole.
    if (connections_ == 1 || !query_.empty() || !order_by_.empty() || limit_ || request.head_only) return schema;
    auto shares = share_conditions(*server_, table_, connections_, stop);
    if (!shares) return std::move(shares).error();
    if (shares->empty()) return schema;
    std::vector<std::string> queries;
    for (const std::string& share : *shares) queries.push_back(select(request, chosen, share));
    shares_ = std::make_unique<ShareReader>(*server_, std::move(queries), request.memory_limit);
    return schema;
  }

  Result<std::optional<Delivery>> next(std::stop_token stop) override {
    if (shares_) return next_of_shares(stop);
    if (!reader_) {
      auto bytes = ask_much(*server_, sql_, memory_limit_, stop);
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
  Result<std::optional<Delivery>> next_of_shares(std::stop_token stop) {
    for (;;) {
      auto batch = shares_->next(stop);
      if (!batch) return as_told(std::move(batch).error());
      received_ = shares_->received_bytes();
      if (!*batch) return std::optional<Delivery>();
      if ((*batch)->rows() == 0) continue;
      auto typed = adopt(std::move(**batch));
      if (!typed) return std::move(typed).error();
      return std::optional<Delivery>(Delivery{.batch = std::move(*typed)});
    }
  }

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

  // `share` is a condition of its own, for one of several connections.
  std::string select(const ReadRequest& request, bool chosen, const std::string& share = "") const {
    // Left as it is where possible: inside another SELECT its ORDER BY would not hold.
    const bool narrowed = chosen || !where_.empty() || !order_by_.empty() || limit_ || request.head_only ||
                          std::ranges::any_of(schema_->fields, is_cast_by_server, &Field::type);
    if (!query_.empty() && !narrowed) return query_;
    std::string columns;
    for (const Field& field : schema_->fields) columns += (columns.empty() ? "" : ", ") + selected(field);
    std::string sql = "SELECT " + columns + " FROM " + from();
    if (!where_.empty()) sql += "\nWHERE (" + where_ + "\n)";
    if (!share.empty()) sql += (where_.empty() ? "\nWHERE " : "\nAND ") + share;
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
      if (i >= batch.columns().size() || !same_values(block_type(batch.column(i).type), block_type(type))) {
        return Error{.code = Code::kBadBlock,
                     .message = "the server sent other columns than it described",
                     .where = {.uri = server_->shown()},
                     .hint = "the table was changed while it was read: read it again"};
      }
      retype(batch.columns()[i], type);
    }
    const size_t rows = batch.rows();
    const Origin origin{.first_record = rows_, .records = rows};
    rows_ += rows;
    return Batch(schema_, std::move(batch.columns()), rows, origin);
  }

  ReachServer reach_;
  TableAddress table_;
  std::string query_, where_, order_by_;
  const unsigned connections_;
  std::optional<uint64_t> limit_{};
  std::optional<ClickHouseServer> server_{};
  std::shared_ptr<const Schema> schema_{};
  std::string sql_{};
  size_t memory_limit_ = 0;
  std::unique_ptr<NativeReader> reader_{};
  const ByteSource* bytes_ = nullptr;      // of reader_
  std::unique_ptr<ShareReader> shares_{};  // in place of reader_
  std::atomic<uint64_t> rows_{0}, received_{0};
};

}  // namespace

Result<std::unique_ptr<Source>> clickhouse_source(ReachServer reach, TableAddress table, const Options& options,
                                                  std::string shown) {
  if (table.name.empty() && options.text("query").empty()) return no_table_named(shown);
  return std::unique_ptr<Source>(std::make_unique<TableSource>(std::move(reach), std::move(table), options));
}

}  // namespace flatbed
