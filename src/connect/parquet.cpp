// Parquet and Arrow files. Enters: a path. Leaves: a source of its rows, or a sink that writes it, which appears under
// its name only when it is whole. The embedded engine reads and writes the formats; what passes between it and the
// pipeline are Native blocks, a few at a time. Invariant: no path enters SQL, only names that are made here.
#include <stdlib.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "clickhouse/table.hpp"
#include "columns/queue.hpp"
#include "columns/retype.hpp"
#include "connect/chdb.hpp"
#include "connect/clickhouse.hpp"
#include "encode/native.hpp"
#include "flatbed/bytes.hpp"

namespace flatbed {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kParquetEnding = ".parquet";

constexpr OptionSpec kOptions[] = {
    {.name = "format",
     .type = OptionType::kChoice,
     .help = "Format; auto goes by the name's ending",
     .default_text = "auto",
     .choices = "auto|parquet|arrow|arrowstream"},
    {.name = "where", .help = "Condition, in SQL, that rows must meet", .use = Use::kRead},
    {.name = "order_by", .help = "Expressions, in SQL, to order rows by", .use = Use::kRead},
    {.name = "limit", .type = OptionType::kCount, .help = "Most rows to read", .use = Use::kRead},
    {.name = "overwrite",
     .type = OptionType::kFlag,
     .help = "Replace the file if it is there",
     .default_text = "false",
     .use = Use::kWrite},
    kPythonOption,
};

std::string format_of(const Uri& uri, const Options& options) {
  const std::string& format = options.text("format");
  if (format == "parquet" || (format == "auto" && uri.path.ends_with(kParquetEnding))) return "Parquet";
  return format == "arrowstream" ? "ArrowStream" : "Arrow";
}

// What keeps the memory of the engine small, the order of rows as it is, and types as near as the format allows.
ServerSettings engine_settings() {
  return {{"max_threads", "2"},
          {"max_insert_threads", "1"},
          {"max_memory_usage", "1000000000"},
          {"input_format_parquet_preserve_order", "1"},
          {"output_format_parquet_row_group_size", "131072"},
          {"output_format_parquet_row_group_size_bytes", "67108864"},
          {"output_format_parquet_datetime_as_uint32", "0"},
          {"output_format_parquet_enum_as_byte_array", "1"},
          {"min_insert_block_size_rows", "131072"},
          {"min_insert_block_size_bytes", "67108864"},
          {"allow_suspicious_low_cardinality_types", "1"},
          {"http_receive_timeout", "86400"},  // the pipeline may be slower than the engine would wait for
          {"http_send_timeout", "86400"}};
}

// A folder for the engine, gone with its last user.
class Workroom {
 public:
  static Result<std::shared_ptr<const Workroom>> make(const std::string& shown) {
    std::error_code problem;
    std::string pattern = (fs::temp_directory_path(problem) / "flatbed-parquet-XXXXXX").string();
    if (problem || ::mkdtemp(pattern.data()) == nullptr) {
      return Error{.code = Code::kWriteFailed,
                   .message = "no folder can be made in the folder of temporary files",
                   .where = {.uri = shown},
                   .hint = "name another one in the environment variable TMPDIR"};
    }
    auto room = std::shared_ptr<Workroom>(new Workroom(pattern));
    fs::create_directory(room->engine_folder(), problem);
    return std::shared_ptr<const Workroom>(std::move(room));
  }
  ~Workroom() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Workroom(const Workroom&) = delete;
  Workroom& operator=(const Workroom&) = delete;
  std::string engine_folder() const { return path_ + "/engine"; }
  std::string file() const { return path_ + "/rows"; }

 private:
  explicit Workroom(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

std::string file_function(const Workroom& room, const std::string& format, const std::string& structure = "") {
  return "file(" + quote_text(room.file()) + ", " + quote_text(format) +
         (structure.empty() ? "" : ", " + quote_text(structure)) + ")";
}

// Puts the user's path where the engine names its own.
void name_file(std::string& message, const Workroom& room, const std::string& path) {
  const std::string own = room.file();
  for (size_t at = 0; (at = message.find(own, at)) != std::string::npos; at += path.size()) {
    message.replace(at, own.size(), path);
  }
}

// Puts the file of a path where the engine finds it: a link, or the bytes of standard input.
Status place_input(const std::string& path, const Workroom& room, std::stop_token stop) {
  std::error_code problem;
  if (path != "-") {
    const fs::path whole = fs::canonical(path, problem);
    if (!problem) fs::create_symlink(whole, room.file(), problem);
    if (!problem && fs::is_regular_file(whole)) return {};
    return Error{.code = problem ? Code::kNotFound : Code::kNotAFile,
                 .message = (problem ? "no such file: " : "not a file: ") + path,
                 .where = {.uri = path}};
  }
  auto bytes = open_bytes(path, {.compression = "none"}, stop);
  if (!bytes) return std::move(bytes).error();
  std::ofstream copy(room.file(), std::ios::binary);
  for (;;) {
    auto part = (*bytes)->read(size_t{1} << 20, stop);
    if (!part) return std::move(part).error();
    if (part->empty()) break;
    copy.write(part->chars(), static_cast<std::streamsize>(part->size()));
  }
  if (copy.flush()) return {};
  return Error{
      .code = Code::kWriteFailed, .message = "standard input cannot be kept in a file", .where = {.uri = path}};
}

// ---- Reading

bool is_kept_as_bytes(TypeId id) noexcept {
  return id == TypeId::kInt128 || id == TypeId::kUInt128 || id == TypeId::kInt256 || id == TypeId::kUInt256 ||
         id == TypeId::kIpv6;
}

// The formats know no integers of 128 and 256 bits and no addresses: ClickHouse writes their bytes, or the number of an
// IPv4 address. Returns what a column of `file` holds where `wanted` tells it, else what it seems to hold.
Type held_type(const Type& file, const Type& wanted) {
  Type held = file;
  const bool bytes = file.id == TypeId::kFixedString && is_kept_as_bytes(wanted.id) && file.width == byte_width(wanted);
  if (bytes || (file.id == TypeId::kUInt32 && wanted.id == TypeId::kIpv4)) {
    held = wanted;
    held.nullable = file.nullable;
  } else if (is_nested(file.id) && file.id == wanted.id && file.children->size() == wanted.children->size()) {
    std::vector<Field> children = *file.children;
    for (size_t i = 0; i < children.size(); ++i)
      children[i].type = held_type(children[i].type, (*wanted.children)[i].type);
    held.children = std::make_shared<const std::vector<Field>>(std::move(children));
  }
  return held;
}

// The rows of one file. The engine and its folder live as long as the source.
class ColumnFileSource final : public Source {
 public:
  ColumnFileSource(std::string path, std::string format, std::shared_ptr<const Workroom> room,
                   std::unique_ptr<Source> rows)
      : path_(std::move(path)), format_(std::move(format)), room_(std::move(room)), rows_(std::move(rows)) {}

  Result<Schema> open(const ReadRequest& request, std::stop_token stop) override {
    auto schema = rows_->open(request, stop);
    if (!schema) return as_of_file(std::move(schema).error());
    for (Field& field : schema->fields) {
      field.decided_by = "file " + path_;
      if (const auto wanted = request.types.find(field.name))
        field.type = held_type(field.type, request.types.fields[*wanted].type);
    }
    schema_ = std::make_shared<const Schema>(*schema);
    return schema;
  }

  Result<std::optional<Delivery>> next(std::stop_token stop) override {
    auto delivery = rows_->next(stop);
    if (!delivery) return as_of_file(std::move(delivery).error());
    if (!*delivery) return delivery;
    Batch& batch = (*delivery)->batch;
    for (size_t i = 0; i < schema_->size(); ++i) retype(batch.columns()[i], schema_->fields[i].type);
    const size_t rows = batch.rows();
    const Origin origin = batch.origin();
    batch = Batch(schema_, std::move(batch.columns()), rows, origin);
    return delivery;
  }

  Position position() const noexcept override { return rows_->position(); }

 private:
  // What the engine cannot read is the fault of the file; its own path means nothing to the user.
  Error as_of_file(Error error) const {
    if (error.code != Code::kServer) return error;
    name_file(error.message, *room_, path_);
    error.code = Code::kReadFailed;
    error.hint = "check that the file is whole and in the format " + format_ + "; --from names another one";
    return error;
  }

  const std::string path_, format_;
  const std::shared_ptr<const Workroom> room_;
  std::shared_ptr<const Schema> schema_{};
  const std::unique_ptr<Source> rows_;  // last: its engine uses the folder
};

Result<std::unique_ptr<Source>> column_file_source(const std::string& path, const std::string& format,
                                                   const std::string& python,
                                                   std::map<std::string, std::string> narrowed) {
  auto room = Workroom::make(path);
  if (!room) return std::move(room).error();
  narrowed["query"] = "SELECT * FROM " + file_function(**room, format);
  auto options = Options::check(kTableOptions, narrowed, Use::kRead);
  if (!options) return std::move(options).error();
  auto reach = [room = *room, python, path](std::stop_token stop) -> Result<ClickHouseServer> {
    if (Status status = place_input(path, *room, stop); !status) return std::move(status).error();
    return embedded_server(room->engine_folder(), python, path, engine_settings(), stop);
  };
  auto rows = clickhouse_source(std::move(reach), {}, *options, path);
  if (!rows) return rows;
  return std::unique_ptr<Source>(std::make_unique<ColumnFileSource>(path, format, *room, std::move(*rows)));
}

// Several files of the same columns, one after the other.
class FilesSource final : public Source {
 public:
  explicit FilesSource(std::vector<std::unique_ptr<Source>> files) : files_(std::move(files)) {}

  Result<Schema> open(const ReadRequest& request, std::stop_token stop) override {
    request_ = request;
    auto schema = files_.front()->open(request, stop);
    if (schema) schema_ = std::make_shared<const Schema>(*schema);
    return schema;
  }

  Result<std::optional<Delivery>> next(std::stop_token stop) override {
    for (;;) {
      auto delivery = files_[at_]->next(stop);
      if (!delivery) return delivery;
      if (*delivery) return continued(std::move(**delivery));
      if (at_ + 1 == files_.size()) return delivery;
      next_file();
      auto schema = files_[at_]->open(request_, stop);
      if (!schema) return std::move(schema).error();
      for (size_t i = 0; i < schema_->size(); ++i) {
        const bool same = schema->size() == schema_->size() && schema->fields[i].name == schema_->fields[i].name &&
                          schema->fields[i].type == schema_->fields[i].type;
        if (same) continue;
        return Error{
            .code = Code::kNoColumn,
            .message = "the columns differ from those of the first file, from \"" + schema_->fields[i].name + "\" on",
            .where = {.uri = schema->size() > i ? schema->fields[i].decided_by : ""},
            .hint = "copy the files one by one"};
      }
    }
  }

  Position position() const noexcept override {
    const std::lock_guard lock(mutex_);
    const Position now = files_[at_]->position();
    return {before_.bytes + now.bytes, before_.records + now.records};
  }

 private:
  void next_file() {
    const std::lock_guard lock(mutex_);
    const Position now = files_[at_]->position();
    before_ = {before_.bytes + now.bytes, before_.records + now.records};
    files_[at_++].reset();  // and with it its engine
  }

  std::optional<Delivery> continued(Delivery delivery) const {
    Batch& batch = delivery.batch;
    Origin origin = batch.origin();
    origin.first_record += before_.records;
    const size_t rows = batch.rows();
    batch = Batch(schema_, std::move(batch.columns()), rows, origin);
    return delivery;
  }

  std::vector<std::unique_ptr<Source>> files_;
  ReadRequest request_{};
  std::shared_ptr<const Schema> schema_{};
  mutable std::mutex mutex_{};  // guards what follows against position()
  size_t at_ = 0;
  Position before_{};
};

Result<std::unique_ptr<Source>> make_source(const Uri& uri, const Options& options) {
  std::vector<std::string> paths{uri.path};
  if (uri.path != "-") {
    auto expanded = expand_glob(uri.path);
    if (!expanded) return std::move(expanded).error();
    paths = std::move(*expanded);
  }
  std::map<std::string, std::string> narrowed;
  for (const char* name : {"where", "order_by", "limit"}) {
    if (options.given(name)) narrowed[name] = options.text(name);
  }
  if (!narrowed.empty() && paths.size() > 1 && (narrowed.count("order_by") + narrowed.count("limit")) != 0) {
    return Error{.code = Code::kUsage,
                 .message = "order_by and limit hold for one file, not for " + std::to_string(paths.size()),
                 .where = {.uri = uri.shown}};
  }
  std::vector<std::unique_ptr<Source>> files;
  for (const std::string& path : paths) {
    auto file = column_file_source(path, format_of(uri, options), embedded_python(options), narrowed);
    if (!file) return file;
    files.push_back(std::move(*file));
  }
  if (files.size() == 1) return std::move(files.front());
  return std::unique_ptr<Source>(std::make_unique<FilesSource>(std::move(files)));
}

// ---- Writing

// The engine writes times and enums to Arrow as bare numbers, which come back as those: as times of Arrow and as text
// they come back as what they are. Returns what a column of `type` is written as.
Type arrow_type(const Type& type) {
  Type written = type;
  if (!type.declared.empty()) return written;
  if (type.id == TypeId::kDateTime) {
    written.id = TypeId::kDateTime64;
    written.low_cardinality = false;
  } else if (type.id == TypeId::kEnum8 || type.id == TypeId::kEnum16) {
    written = {.id = TypeId::kString, .nullable = type.nullable};
  } else if (is_nested(type.id)) {
    std::vector<Field> children = *type.children;
    for (Field& child : children) child.type = arrow_type(child.type);
    written.children = std::make_shared<const std::vector<Field>>(std::move(children));
  }
  return written;
}

// Blocks as bytes that are pulled by the request that carries them.
class QueuedBytes final : public ByteSource {
 public:
  explicit QueuedBytes(Queue<std::string>& queue) : queue_(queue) {}
  Result<Buffer> read(size_t most, std::stop_token stop) override {
    if (at_ == block_.size()) {
      auto next = queue_.pop(stop);
      if (stop.stop_requested()) return Error{.code = Code::kCancelled, .message = "cancelled"};
      if (!next) return Buffer();
      auto held = std::make_shared<std::string>(std::move(*next));
      block_ = Buffer::wrap(held->data(), held->size(), held);
      at_ = 0;
    }
    const size_t bytes = std::min(most, block_.size() - at_);
    Buffer part = block_.slice(at_, bytes);
    at_ += bytes;
    return part;
  }
  const std::string& uri() const noexcept override { return uri_; }
  uint64_t consumed_bytes() const noexcept override { return 0; }

 private:
  Queue<std::string>& queue_;
  Buffer block_{};
  size_t at_ = 0;
  const std::string uri_ = "blocks:";
};

class ColumnFileSink final : public Sink {
 public:
  ColumnFileSink(std::string path, std::string format, std::string python, bool overwrite)
      : path_(std::move(path)), format_(std::move(format)), python_(std::move(python)), overwrite_(overwrite) {}
  ~ColumnFileSink() override { end_request(); }

  Result<std::optional<Schema>> existing(std::stop_token) override { return std::optional<Schema>(); }

  Status open(const Schema& schema, const WriteRequest& request, std::stop_token stop) override {
    auto file = create_bytes(path_, {.overwrite = overwrite_, .compression = "none"});
    if (!file) return std::move(file).error();
    file_ = std::move(*file);
    auto room = Workroom::make(path_);
    if (!room) return std::move(room).error();
    room_ = std::move(*room);
    auto server = embedded_server(room_->engine_folder(), python_, path_, engine_settings(), stop);
    if (!server) return std::move(server).error();
    std::string structure;
    for (const Field& field : schema.fields) {
      const Type type = format_ == "Parquet" ? field.type : arrow_type(field.type);
      structure += (structure.empty() ? "" : ", ") + quote_identifier(field.name) + " " + to_string(type);
    }
    const std::string sql = "INSERT INTO FUNCTION " + file_function(*room_, format_, structure) + " FORMAT Native";
    queue_.emplace(request.memory_limit / 4);
    request_ = std::jthread([this, sql, server = std::move(*server)](std::stop_token token) {
      QueuedBytes blocks(*queue_);
      outcome_ = server.insert(sql, blocks, {}, token);
      queue_->close();
      stopped_.request_stop();  // a writer that waits for room must not wait for ever
    });
    // The engine writes a file of no rows only when it gets a block that says so.
    return put(Batch(std::make_shared<const Schema>(schema), no_values(schema), 0), stop);
  }

  Status write(const Batch& batch, std::stop_token stop) override {
    if (Status status = put(batch, stop); !status) return status;
    rows_ += batch.rows();
    ++blocks_;
    return {};
  }

  Status finish(std::stop_token stop) override {
    if (finished_) return {};
    queue_->close();
    request_.join();
    if (!outcome_) return as_of_file(outcome_.error());
    if (Status status = copy_out(stop); !status) return status;
    finished_ = true;
    return file_->finish();
  }

  void abort() noexcept override {
    end_request();
    if (file_ && !finished_) {
      file_->abort();
      rows_ = bytes_ = blocks_ = 0;
    }
  }

  Acknowledged acknowledged() const noexcept override { return {rows_, bytes_, blocks_}; }

 private:
  static std::vector<Column> no_values(const Schema& schema) {
    std::vector<Column> columns;
    for (const Field& field : schema.fields) columns.push_back({.type = field.type});
    return columns;
  }

  void end_request() noexcept {
    if (!request_.joinable()) return;
    request_.request_stop();
    request_.join();
  }

  Status put(const Batch& batch, std::stop_token stop) {
    std::string block;
    encode_native(batch, block);
    const size_t bytes = block.size();
    const std::stop_callback chained(stop, [this] { stopped_.request_stop(); });
    if (queue_->push(std::move(block), bytes, stopped_.get_token())) return {};
    if (stop.stop_requested()) return Error{.code = Code::kCancelled, .message = "cancelled"};
    request_.join();
    return as_of_file(outcome_ ? Error{.code = Code::kWriteFailed, .message = "the engine ended early"}
                               : outcome_.error());
  }

  Error as_of_file(Error error) const {
    name_file(error.message, *room_, path_);
    if (error.code == Code::kServer) error.code = Code::kWriteFailed;
    error.where.uri = path_;
    return error;
  }

  Status copy_out(std::stop_token stop) {
    auto written = open_bytes(room_->file(), {.compression = "none"}, stop);
    if (!written) return std::move(written).error();
    for (;;) {
      auto part = (*written)->read(size_t{1} << 20, stop);
      if (!part) return std::move(part).error();
      if (part->empty()) return {};
      bytes_ += part->size();
      if (Status status = file_->write(part->text()); !status) return status;
    }
  }

  const std::string path_, format_, python_;
  const bool overwrite_;
  std::unique_ptr<ByteSink> file_{};
  std::shared_ptr<const Workroom> room_{};
  std::optional<Queue<std::string>> queue_{};
  Status outcome_{};  // of the request, once its thread has ended
  std::stop_source stopped_{};
  bool finished_ = false;
  std::atomic<uint64_t> rows_{0}, bytes_{0}, blocks_{0};
  std::jthread request_{};  // last: it uses what stands above
};

Result<std::unique_ptr<Sink>> make_sink(const Uri& uri, const Options& options) {
  return std::unique_ptr<Sink>(std::make_unique<ColumnFileSink>(uri.path, format_of(uri, options),
                                                                embedded_python(options), options.flag("overwrite")));
}

}  // namespace

Connector parquet_connector() {
  return {.name = "parquet",
          .schemes = {},
          .endings = {kParquetEnding, ".arrow", ".feather"},
          .summary = "Parquet and Arrow files, by the embedded engine",
          .options = kOptions,
          .make_source = make_source,
          .make_sink = make_sink};
}

}  // namespace flatbed
