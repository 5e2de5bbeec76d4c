// The C interface. Enters: C calls. Leaves: the library's calls and their outcome. No exception crosses this file, and
// it decides nothing: every body is a call into the library inside guard().
#include "flatbed.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <flatbed/flatbed.hpp>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connect/file.hpp"
#include "flatbed/profile.hpp"
#include "flatbed/proof.hpp"
#include "flatbed/quarantine.hpp"
#include "pipeline/given.hpp"
#include "pipeline/run_options.hpp"
#include "process/outside.hpp"

using namespace flatbed;

namespace {

// "FB-TYPE-0103" is 50103: the place of the group in this list, then the number.
constexpr flatbed_status number_of(std::string_view name) {
  constexpr std::string_view kGroups[] = {"OK", "USE", "SRC", "DIA", "CSV", "TYPE", "NET",
                                          "CH", "TGT", "RUN", "FIX", "QUA", "LED",  "JSON"};
  name.remove_prefix(3);
  const std::string_view group = name.substr(0, name.find('-'));
  flatbed_status number = 0;
  for (const char digit : name.substr(std::min(group.size() + 1, name.size()))) number = number * 10 + (digit - '0');
  for (flatbed_status i = 0; i < static_cast<flatbed_status>(std::size(kGroups)); ++i) {
    if (kGroups[i] == group) return i * 10000 + number;
  }
  return -1;
}

constexpr flatbed_status kStatuses[] = {
#define X(enumerator, name, summary) number_of(name),
    FLATBED_CODES(X)
#undef X
};

constexpr flatbed_status status_of(Code code) {
  return kStatuses[static_cast<size_t>(code)];
}

static_assert(status_of(Code::kOk) == FLATBED_OK && status_of(Code::kUsage) == FLATBED_USAGE);
static_assert(status_of(Code::kNotFound) == FLATBED_NOT_FOUND && status_of(Code::kEmpty) == FLATBED_EMPTY);
static_assert(status_of(Code::kDialectUnsure) == FLATBED_DIALECT_UNSURE);
static_assert(status_of(Code::kUnclosedQuote) == FLATBED_UNCLOSED_QUOTE);
static_assert(status_of(Code::kOutOfRange) == FLATBED_OUT_OF_RANGE);
static_assert(status_of(Code::kAuth) == FLATBED_AUTH && status_of(Code::kNoTable) == FLATBED_NO_TABLE);
static_assert(status_of(Code::kWriteFailed) == FLATBED_WRITE_FAILED);
static_assert(status_of(Code::kCancelled) == FLATBED_CANCELLED && status_of(Code::kInternal) == FLATBED_INTERNAL);

// The layout of what crosses never changes; it grows at the end.
static_assert(offsetof(flatbed_connector_info, lists_tables) == 40);
static_assert(offsetof(flatbed_option_info, choices) == 40 && offsetof(flatbed_option_info, secret) == 56);
static_assert(offsetof(flatbed_table_info, comment) == 32 && offsetof(flatbed_table_info, bytes) == 48);
static_assert(offsetof(flatbed_receipt_info, seconds) == 72 && offsetof(flatbed_receipt_info, balanced) == 80);
static_assert(offsetof(flatbed_event, rows_read) == 16 && offsetof(flatbed_event, reject) == 64);

using Pairs = std::map<std::string, std::string>;

Error null_argument() {
  return {.code = Code::kUsage, .message = "a pointer that must not be NULL is NULL"};
}

}  // namespace

struct flatbed_error {
  explicit flatbed_error(Error given) : error(std::move(given)), text(to_string(error)), json(to_json(error)) {}
  Error error;
  std::string text, json;
};

struct flatbed_options {
  Pairs pairs;
  TokenSource tokens;
};

struct flatbed_context {
  struct OptionText {
    std::string name, help, default_text, choices;
    OptionSpec spec;
  };
  struct ConnectorText {
    std::string name, schemes, summary;
    bool reads, writes, lists_tables;
    std::vector<OptionText> options;
  };
  std::shared_ptr<const Registry> registry;
  std::vector<ConnectorText> connectors;
  ConnectorText run;  // not a connector: the options of a run
};

struct flatbed_dialect {
  Dialect dialect;
  std::map<std::string, std::string, std::less<>> settings;
  std::string json;
};

struct flatbed_schema {
  Schema schema;
  std::vector<std::string> types;
  std::string ddl;
};

struct flatbed_tables {
  std::vector<TableInfo> tables;
};

struct flatbed_databases {
  std::vector<DatabaseInfo> databases;
};

struct flatbed_columns {
  std::vector<ColumnInfo> columns;
};

struct flatbed_join {
  Join join;
  std::string text;
};

struct flatbed_receipt {
  Receipt receipt;
  std::string json;
};

struct flatbed_profile {
  std::string json;
};

struct flatbed_difference {
  std::string json;
};

struct flatbed_proof {
  bool holds;
  std::string json;
};

struct flatbed_quarantine {
  std::string json;
};

struct flatbed_pipeline {
  Registry registry;
  Plan plan;
  std::vector<std::unique_ptr<Processor>> steps;
  Observer observer;
  std::stop_source stop;
  bool ran = false;
};

struct flatbed_csv_reader {
  flatbed_csv_reader(std::string_view bytes, Dialect dialect) : reader(bytes, std::move(dialect)) {}
  csv::Reader reader;
  std::optional<csv::Reader::iterator> at;
};

namespace {

// Stands for the error that there is no memory to describe; made when the library is loaded, never freed.
flatbed_error no_memory({.code = Code::kOutOfMemory, .message = "no memory"});

flatbed_status fail(flatbed_error** out, Error error) noexcept {
  const flatbed_status status = status_of(error.code);
  if (out == nullptr) return status;
  try {
    *out = new flatbed_error(std::move(error));
    return status;
  } catch (...) {
    *out = &no_memory;
    return FLATBED_OUT_OF_MEMORY;
  }
}

// Runs the body of a function of the interface: what it returns or throws becomes a status and an error.
template <class Body>
flatbed_status guard(flatbed_error** error, Body&& body) noexcept {
  if (error != nullptr) *error = nullptr;
  try {
    Status status = body();
    return status ? FLATBED_OK : fail(error, std::move(status).error());
  } catch (const std::bad_alloc&) {
    if (error != nullptr) *error = &no_memory;
    return FLATBED_OUT_OF_MEMORY;
  } catch (const std::exception& problem) {
    return fail(error, {.code = Code::kInternal, .message = problem.what()});
  } catch (...) {
    return fail(error, {.code = Code::kInternal, .message = "an exception of an unknown kind"});
  }
}

// The same for functions that return a value and have one for failure.
template <class T, class Body>
T guard_value(T failure, Body&& body) noexcept {
  try {
    return body();
  } catch (...) {
    return failure;
  }
}

// Unpacks a result into `use`, or passes its error on.
template <class T, class Use>
Status with(Result<T> result, Use&& use) {
  if (!result) return std::move(result).error();
  use(*std::move(result));
  return {};
}

// Copies as much of a struct as the caller knows of; its struct_size stays the caller's.
template <class T>
void give(const T& info, T* out) {
  const size_t size = std::min(out->struct_size, sizeof(T));
  if (size <= sizeof(size_t)) return;
  std::memcpy(reinterpret_cast<char*>(out) + sizeof(size_t), reinterpret_cast<const char*>(&info) + sizeof(size_t),
              size - sizeof(size_t));
}

template <class T>
int32_t give_number(const std::optional<T>& number, T* out) {
  if (number && out != nullptr) *out = *number;
  return number.has_value();
}

Pairs pairs_of(const flatbed_options* options) {
  return options == nullptr ? Pairs{} : options->pairs;
}

Endpoint endpoint_of(const char* uri, const flatbed_options* options) {
  return {.uri = uri, .options = pairs_of(options), .tokens = options == nullptr ? TokenSource() : options->tokens};
}

std::vector<std::string> names_in(const char* list) {
  constexpr OptionSpec kList[] = {{.name = "names", .type = OptionType::kNames}};
  if (list == nullptr) return {};
  return Options::check(kList, {{"names", list}}, Use::kBoth).value().names("names");
}

std::vector<flatbed_context::OptionText> texts_of(std::span<const OptionSpec> specs) {
  std::vector<flatbed_context::OptionText> texts;
  for (const OptionSpec& spec : specs) {
    texts.push_back({std::string(spec.name), std::string(spec.help), std::string(spec.default_text),
                     std::string(spec.choices), spec});
  }
  return texts;
}

flatbed_context::ConnectorText text_of(const Connector& connector) {
  std::string schemes;
  for (const std::string_view scheme : connector.schemes) (schemes += schemes.empty() ? "" : ",") += scheme;
  return {std::string(connector.name),    std::move(schemes),
          std::string(connector.summary), connector.make_source != nullptr,
          connector.make_sink != nullptr, connector.list_tables != nullptr,
          texts_of(connector.options)};
}

std::unique_ptr<flatbed_dialect> text_of(Dialect dialect) {
  auto text = std::make_unique<flatbed_dialect>();
  text->json = to_json(dialect);
  text->settings = {{"delimiter", dialect.delimiter.value},
                    {"quote", dialect.quote.value},
                    {"escape", dialect.escape.value},
                    {"newline", dialect.newline.value},
                    {"header", dialect.header.value ? "true" : "false"},
                    {"header_rows", std::to_string(dialect.header.value ? dialect.header_rows.value : 0)},
                    {"spaces", dialect.spaces.value ? "true" : "false"},
                    {"tables", std::to_string(dialect.tables)},
                    {"comment", dialect.comment},
                    {"footer_rows", std::to_string(dialect.footer_rows)},
                    {"decimal", dialect.decimal},
                    {"thousands", dialect.thousands},
                    {"skip_rows", std::to_string(dialect.skip_rows.value)},
                    {"encoding", dialect.encoding.value},
                    {"score", std::to_string(dialect.score)},
                    {"runner_up", dialect.runner_up}};
  text->dialect = std::move(dialect);
  return text;
}

std::unique_ptr<flatbed_schema> text_of(Schema schema) {
  auto text = std::make_unique<flatbed_schema>();
  for (const Field& field : schema.fields) text->types.push_back(to_string(field.type));
  text->schema = std::move(schema);
  return text;
}

std::unique_ptr<flatbed_receipt> text_of(Receipt receipt) {
  auto text = std::make_unique<flatbed_receipt>();
  text->json = to_json(receipt);
  text->receipt = std::move(receipt);
  return text;
}

Observer observer_of(flatbed_observer observer, void* user_data) {
  return [observer, user_data](const Event& event) {
    std::optional<flatbed_error> reject;
    if (event.reject != nullptr) reject.emplace(*event.reject);
    const Progress& at = event.progress;
    const flatbed_event told{sizeof(flatbed_event),
                             static_cast<int32_t>(event.kind),
                             at.rows_read,
                             at.rows_acknowledged,
                             at.rows_rejected,
                             at.bytes_read,
                             at.bytes_total.value_or(FLATBED_UNKNOWN),
                             at.seconds,
                             reject ? &*reject : nullptr};
    return observer(user_data, &told) == 0;
  };
}

// An Arrow batch that is released at the end of its scope, unless it was moved on.
struct OwnedArrow {
  ArrowSchema schema{};
  ArrowArray batch{};
  OwnedArrow() = default;
  OwnedArrow(const OwnedArrow&) = delete;
  OwnedArrow& operator=(const OwnedArrow&) = delete;
  ~OwnedArrow() {
    if (schema.release != nullptr) schema.release(&schema);
    if (batch.release != nullptr) batch.release(&batch);
  }
  Status take(const Batch& from) {
    if (Status status = export_schema(from.schema(), &schema); !status) return status;
    return export_batch(from, &batch);
  }
};

Error callback_failed(int32_t answer) {
  return {.code = Code::kUsage, .message = "a callback of a step answered " + std::to_string(answer)};
}

OutsideStep step_of(flatbed_filter filter, void* user_data) {
  return [filter, user_data](const Batch& batch) -> Result<Answer> {
    OwnedArrow arrow;
    if (Status status = arrow.take(batch); !status) return status;
    std::vector<uint8_t> keep(batch.rows(), 0);
    const int32_t failed = filter(user_data, &arrow.schema, &arrow.batch, keep.data());
    if (failed != 0) return callback_failed(failed);
    return Answer{.keep = std::move(keep)};
  };
}

OutsideStep step_of(flatbed_step step, void* user_data) {
  return [step, user_data](const Batch& batch) -> Result<Answer> {
    OwnedArrow arrow;
    if (Status status = arrow.take(batch); !status) return status;
    const int32_t failed = step(user_data, &arrow.schema, &arrow.batch);
    if (failed != 0) return callback_failed(failed);
    auto answer = import_batch(&arrow.schema, &arrow.batch);
    if (!answer) return std::move(answer).error();
    return Answer{.batch = std::move(*answer)};
  };
}

}  // namespace

// ---- Version ----

const char* flatbed_version() noexcept {
  return FLATBED_VERSION;
}

int32_t flatbed_abi_version() noexcept {
  return FLATBED_ABI_VERSION;
}

const char* flatbed_kernel() noexcept {
  return kernel().data();  // a literal, so NUL ends it
}

// ---- Errors ----

void flatbed_error_free(flatbed_error* error) noexcept {
  if (error != &no_memory) delete error;
}

flatbed_status flatbed_error_status(const flatbed_error* error) noexcept {
  return status_of(error->error.code);
}

const char* flatbed_error_code(const flatbed_error* error) noexcept {
  return code_name(error->error.code).data();  // a literal, so NUL ends it
}

const char* flatbed_error_message(const flatbed_error* error) noexcept {
  return error->error.message.c_str();
}

const char* flatbed_error_expected(const flatbed_error* error) noexcept {
  return error->error.expected.c_str();
}

const char* flatbed_error_hint(const flatbed_error* error) noexcept {
  return error->error.hint.c_str();
}

const char* flatbed_error_text(const flatbed_error* error) noexcept {
  return error->text.c_str();
}

const char* flatbed_error_json(const flatbed_error* error) noexcept {
  return error->json.c_str();
}

const char* flatbed_error_uri(const flatbed_error* error) noexcept {
  return error->error.where.uri.c_str();
}

int32_t flatbed_error_byte(const flatbed_error* error, uint64_t* out) noexcept {
  return give_number(error->error.where.byte, out);
}

int32_t flatbed_error_line(const flatbed_error* error, uint64_t* out) noexcept {
  return give_number(error->error.where.line, out);
}

int32_t flatbed_error_record(const flatbed_error* error, uint64_t* out) noexcept {
  return give_number(error->error.where.record, out);
}

int32_t flatbed_error_column(const flatbed_error* error, uint32_t* out) noexcept {
  return give_number(error->error.where.column, out);
}

const char* flatbed_error_column_name(const flatbed_error* error) noexcept {
  return error->error.where.column_name.c_str();
}

const char* flatbed_error_raw(const flatbed_error* error, size_t* size) noexcept {
  if (size != nullptr) *size = error->error.raw.size();
  return error->error.raw.data();
}

const char* flatbed_error_found(const flatbed_error* error, size_t* size) noexcept {
  if (size != nullptr) *size = error->error.found.size();
  return error->error.found.data();
}

static int32_t give_code(const CodeEntry& entry, flatbed_code_info* out) noexcept {
  // Literals, so NUL ends each.
  give(flatbed_code_info{sizeof(*out), status_of(entry.code), entry.name.data(), entry.summary.data(),
                         entry.cause.data(), entry.action.data()},
       out);
  return 1;
}

int32_t flatbed_code_get(size_t index, flatbed_code_info* out) noexcept {
  const auto entries = catalogue();
  return out != nullptr && index < entries.size() ? give_code(entries[index], out) : 0;
}

int32_t flatbed_code_find(const char* name, flatbed_code_info* out) noexcept {
  const CodeEntry* const entry = name == nullptr ? nullptr : find_code(name);
  return out != nullptr && entry != nullptr ? give_code(*entry, out) : 0;
}

int64_t flatbed_error_native_code(const flatbed_error* error) noexcept {
  return error->error.native_code;
}

int32_t flatbed_error_exit_code(const flatbed_error* error) noexcept {
  return exit_code(error->error);
}

// ---- Context ----

flatbed_status flatbed_context_new(flatbed_context** out, flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (out == nullptr) return null_argument();
    auto context = std::make_unique<flatbed_context>();
    context->registry = std::make_shared<const Registry>(Registry::with_builtins());
    for (const Connector& connector : context->registry->connectors()) {
      context->connectors.push_back(text_of(connector));
    }
    context->run.options = texts_of(run_options());
    *out = context.release();
    return {};
  });
}

void flatbed_context_free(flatbed_context* context) noexcept {
  delete context;
}

int32_t flatbed_connector_get(const flatbed_context* context, size_t index, flatbed_connector_info* out) noexcept {
  if (context == nullptr || out == nullptr || index >= context->connectors.size()) return 0;
  const auto& known = context->connectors[index];
  give({sizeof(*out), known.name.c_str(), known.schemes.c_str(), known.summary.c_str(), known.reads, known.writes,
        known.lists_tables},
       out);
  return 1;
}

int32_t flatbed_option_get(const flatbed_context* context, const char* connector, size_t index,
                           flatbed_option_info* out) noexcept {
  if (context == nullptr || connector == nullptr || out == nullptr) return 0;
  const flatbed_context::ConnectorText* found = std::strcmp(connector, "run") == 0 ? &context->run : nullptr;
  for (const auto& known : context->connectors) {
    if (known.name == connector) found = &known;
  }
  if (found == nullptr || index >= found->options.size()) return 0;
  const auto& option = found->options[index];
  give({sizeof(*out), option.name.c_str(), option_type_name(option.spec.type).data(), option.help.c_str(),
        option.default_text.c_str(), option.choices.c_str(), option.spec.use != Use::kWrite,
        option.spec.use != Use::kRead, option.spec.secret},
       out);
  return 1;
}

// ---- Options ----

flatbed_status flatbed_options_new(flatbed_options** out, flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (out == nullptr) return null_argument();
    *out = new flatbed_options;
    return {};
  });
}

flatbed_status flatbed_options_set(flatbed_options* options, const char* name, const char* value,
                                   flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (options == nullptr || name == nullptr || value == nullptr) return null_argument();
    options->pairs[name] = value;
    return {};
  });
}

void flatbed_options_free(flatbed_options* options) noexcept {
  delete options;
}

// ---- Looking at a source ----

flatbed_status flatbed_sniff(const flatbed_context* context, const char* uri, const flatbed_options* options,
                             flatbed_dialect** out, flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (context == nullptr || uri == nullptr || out == nullptr) return null_argument();
    return with(context->registry->sniff(endpoint_of(uri, options)),
                [&](Dialect dialect) { *out = text_of(std::move(dialect)).release(); });
  });
}

const char* flatbed_dialect_get(const flatbed_dialect* dialect, const char* name) noexcept {
  return guard_value<const char*>(nullptr, [&]() -> const char* {
    const auto found = dialect->settings.find(std::string_view(name));
    return found == dialect->settings.end() ? nullptr : found->second.c_str();
  });
}

const char* flatbed_dialect_json(const flatbed_dialect* dialect) noexcept {
  return dialect->json.c_str();
}

void flatbed_dialect_free(flatbed_dialect* dialect) noexcept {
  delete dialect;
}

flatbed_status flatbed_schema_open(const flatbed_context* context, const char* uri, const flatbed_options* options,
                                   flatbed_schema** out, flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (context == nullptr || uri == nullptr || out == nullptr) return null_argument();
    return with(discover(endpoint_of(uri, options), *context->registry),
                [&](Schema schema) { *out = text_of(std::move(schema)).release(); });
  });
}

size_t flatbed_schema_size(const flatbed_schema* schema) noexcept {
  return schema->schema.size();
}

const char* flatbed_schema_name(const flatbed_schema* schema, size_t column) noexcept {
  return column < schema->schema.size() ? schema->schema.fields[column].name.c_str() : nullptr;
}

const char* flatbed_schema_type(const flatbed_schema* schema, size_t column) noexcept {
  return column < schema->types.size() ? schema->types[column].c_str() : nullptr;
}

const char* flatbed_schema_decided_by(const flatbed_schema* schema, size_t column) noexcept {
  return column < schema->schema.size() ? schema->schema.fields[column].decided_by.c_str() : nullptr;
}

flatbed_status flatbed_schema_ddl(flatbed_schema* schema, const char* table, const char* order_by, const char** out,
                                  flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (schema == nullptr || table == nullptr || out == nullptr) return null_argument();
    schema->ddl = create_table(schema->schema, table, names_in(order_by));
    *out = schema->ddl.c_str();
    return {};
  });
}

void flatbed_schema_free(flatbed_schema* schema) noexcept {
  delete schema;
}

flatbed_status flatbed_preview(const flatbed_context* context, const char* uri, const flatbed_options* options,
                               size_t rows, ArrowSchema* out_schema, ArrowArray* out_batch,
                               flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (context == nullptr || uri == nullptr || out_schema == nullptr || out_batch == nullptr) return null_argument();
    auto batch = preview(endpoint_of(uri, options), rows, *context->registry);
    if (!batch) return std::move(batch).error();
    OwnedArrow arrow;
    if (Status status = arrow.take(*batch); !status) return status;
    *out_schema = std::exchange(arrow.schema, {});
    *out_batch = std::exchange(arrow.batch, {});
    return {};
  });
}

flatbed_status flatbed_read(const flatbed_context* context, const char* uri, const flatbed_options* options,
                            const char* columns, ArrowArrayStream* out, flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (context == nullptr || uri == nullptr || out == nullptr) return null_argument();
    auto source = context->registry->source(endpoint_of(uri, options));
    if (!source) return std::move(source).error();
    return export_stream(std::move(*source), {.columns = names_in(columns)}, out);
  });
}

flatbed_status flatbed_tables_open(const flatbed_context* context, const char* uri, const flatbed_options* options,
                                   flatbed_tables** out, flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (context == nullptr || uri == nullptr || out == nullptr) return null_argument();
    return with(context->registry->tables(endpoint_of(uri, options)),
                [&](std::vector<TableInfo> tables) { *out = new flatbed_tables{std::move(tables)}; });
  });
}

int32_t flatbed_tables_get(const flatbed_tables* tables, size_t index, flatbed_table_info* out) noexcept {
  if (tables == nullptr || out == nullptr || index >= tables->tables.size()) return 0;
  const TableInfo& table = tables->tables[index];
  give({sizeof(*out), table.database.c_str(), table.name.c_str(), table.engine.c_str(), table.comment.c_str(),
        table.rows.value_or(FLATBED_UNKNOWN), table.bytes.value_or(FLATBED_UNKNOWN), table.sorting_key.c_str(),
        table.primary_key.c_str(), table.partition_key.c_str()},
       out);
  return 1;
}

void flatbed_tables_free(flatbed_tables* tables) noexcept {
  delete tables;
}

// ---- Receipts ----

void flatbed_receipt_get(const flatbed_receipt* receipt, flatbed_receipt_info* out) noexcept {
  if (receipt == nullptr || out == nullptr) return;
  const Receipt& done = receipt->receipt;
  give({sizeof(*out), done.read, done.loaded, done.rejected, done.duplicate, done.filtered, done.bytes_read,
        done.bytes_written, done.blocks, done.seconds, done.balanced()},
       out);
}

const char* flatbed_receipt_json(const flatbed_receipt* receipt) noexcept {
  return receipt->json.c_str();
}

void flatbed_receipt_free(flatbed_receipt* receipt) noexcept {
  delete receipt;
}

flatbed_status flatbed_profile_open(const flatbed_context* context, const char* uri, const flatbed_options* options,
                                    int32_t enums, flatbed_profile** out, flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (context == nullptr || uri == nullptr || out == nullptr) return null_argument();
    return with(profile(endpoint_of(uri, options), *context->registry, {.enums = enums != 0}),
                [&](const Profile& found) { *out = new flatbed_profile{to_json(found)}; });
  });
}

const char* flatbed_profile_json(const flatbed_profile* profile) noexcept {
  return profile->json.c_str();
}

void flatbed_profile_free(flatbed_profile* profile) noexcept {
  delete profile;
}

flatbed_status flatbed_difference_open(const flatbed_context* context, const char* source,
                                       const flatbed_options* source_options, const char* target,
                                       const flatbed_options* target_options, const flatbed_options* run_options,
                                       flatbed_difference** out, flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (context == nullptr || source == nullptr || target == nullptr || out == nullptr) return null_argument();
    Plan plan{.source = endpoint_of(source, source_options), .target = endpoint_of(target, target_options)};
    if (Status status = set_run_options(pairs_of(run_options), plan); !status) return status;
    return with(difference(plan, *context->registry),
                [&](const Difference& found) { *out = new flatbed_difference{to_json(found)}; });
  });
}

const char* flatbed_difference_json(const flatbed_difference* difference) noexcept {
  return difference->json.c_str();
}

void flatbed_difference_free(flatbed_difference* difference) noexcept {
  delete difference;
}

// ---- Quarantines ----

flatbed_status flatbed_quarantine_open(const char* folder, flatbed_quarantine** out, flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (folder == nullptr || out == nullptr) return null_argument();
    return with(open_quarantine(folder),
                [&](const Quarantine& found) { *out = new flatbed_quarantine{to_json(found)}; });
  });
}

const char* flatbed_quarantine_json(const flatbed_quarantine* quarantine) noexcept {
  return quarantine->json.c_str();
}

void flatbed_quarantine_free(flatbed_quarantine* quarantine) noexcept {
  delete quarantine;
}

flatbed_status flatbed_quarantine_replay(const flatbed_context* context, const char* folder, const char* target,
                                         const flatbed_options* target_options, flatbed_receipt** out,
                                         flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (context == nullptr || folder == nullptr || out == nullptr) return null_argument();
    return with(replay(folder, *context->registry, endpoint_of(target == nullptr ? "" : target, target_options)),
                [&](Receipt receipt) { *out = text_of(std::move(receipt)).release(); });
  });
}

// ---- The proof of a load ----

namespace {

ProofRequest proof_request(const char* ledger, const char* source, const flatbed_options* target_options) {
  return {.ledger = ledger == nullptr ? "" : ledger,
          .source = source == nullptr ? "" : source,
          .target_options = endpoint_of("", target_options).options};
}

}  // namespace

flatbed_status flatbed_verify(const flatbed_context* context, const char* receipt, const char* ledger,
                              const char* source, const flatbed_options* target_options, flatbed_proof** out,
                              flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (context == nullptr || receipt == nullptr || out == nullptr) return null_argument();
    const ProofRequest request = proof_request(ledger, source, target_options);
    auto known = find_receipt(receipt, request.ledger);
    if (!known) return std::move(known).error();
    return with(verify(*known, *context->registry, request),
                [&](const Proof& proof) { *out = new flatbed_proof{proof.holds(), to_json(proof)}; });
  });
}

flatbed_status flatbed_undo(const flatbed_context* context, const char* receipt, const char* ledger, const char* source,
                            const flatbed_options* target_options, int32_t dry, flatbed_proof** out,
                            flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (context == nullptr || receipt == nullptr || out == nullptr) return null_argument();
    const ProofRequest request = proof_request(ledger, source, target_options);
    auto known = find_receipt(receipt, request.ledger);
    if (!known) return std::move(known).error();
    return with(undo(*known, *context->registry, dry != 0, request),
                [&](const Undo& done) { *out = new flatbed_proof{done.removed, to_json(done)}; });
  });
}

int32_t flatbed_proof_holds(const flatbed_proof* proof) noexcept {
  return proof->holds ? 1 : 0;
}

const char* flatbed_proof_json(const flatbed_proof* proof) noexcept {
  return proof->json.c_str();
}

void flatbed_proof_free(flatbed_proof* proof) noexcept {
  delete proof;
}

// ---- Copying ----

flatbed_status flatbed_copy(const flatbed_context* context, const char* source, const flatbed_options* source_options,
                            const char* target, const flatbed_options* target_options, const flatbed_options* run,
                            flatbed_receipt** out, flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (context == nullptr || source == nullptr || target == nullptr || out == nullptr) return null_argument();
    Plan plan{.source = endpoint_of(source, source_options), .target = endpoint_of(target, target_options)};
    if (Status status = set_run_options(pairs_of(run), plan); !status) return status;
    return with(copy(plan, *context->registry), [&](Receipt receipt) { *out = text_of(std::move(receipt)).release(); });
  });
}

flatbed_status flatbed_pipeline_new(const flatbed_context* context, flatbed_pipeline** out,
                                    flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (context == nullptr || out == nullptr) return null_argument();
    auto pipeline = std::make_unique<flatbed_pipeline>();
    pipeline->registry = *context->registry;
    *out = pipeline.release();
    return {};
  });
}

void flatbed_pipeline_free(flatbed_pipeline* pipeline) noexcept {
  delete pipeline;
}

flatbed_status flatbed_pipeline_source(flatbed_pipeline* pipeline, const char* uri, const flatbed_options* options,
                                       flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (pipeline == nullptr || uri == nullptr) return null_argument();
    pipeline->plan.source = endpoint_of(uri, options);
    return {};
  });
}

flatbed_status flatbed_pipeline_source_memory(flatbed_pipeline* pipeline, const char* data, size_t size,
                                              const flatbed_options* options, flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (pipeline == nullptr || (data == nullptr && size != 0)) return null_argument();
    pipeline->plan.source = endpoint_of(kBytesUri, options);
    return pipeline->registry.add(bytes_connector({data, size}));
  });
}

flatbed_status flatbed_pipeline_source_stream(flatbed_pipeline* pipeline, ArrowArrayStream* stream,
                                              flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (pipeline == nullptr || stream == nullptr) return null_argument();
    auto source = stream_source(stream);
    if (!source) return std::move(source).error();
    pipeline->plan.source = {.uri = kGivenUri};
    return pipeline->registry.add(given_connector(std::move(*source)));
  });
}

flatbed_status flatbed_pipeline_target(flatbed_pipeline* pipeline, const char* uri, const flatbed_options* options,
                                       flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (pipeline == nullptr || uri == nullptr) return null_argument();
    pipeline->plan.target = endpoint_of(uri, options);
    return {};
  });
}

flatbed_status flatbed_pipeline_rejects(flatbed_pipeline* pipeline, const char* uri, const flatbed_options* options,
                                        flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (pipeline == nullptr || uri == nullptr) return null_argument();
    pipeline->plan.rejects = endpoint_of(uri, options);
    return {};
  });
}

flatbed_status flatbed_pipeline_set(flatbed_pipeline* pipeline, const char* name, const char* value,
                                    flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (pipeline == nullptr || name == nullptr || value == nullptr) return null_argument();
    return set_run_options({{name, value}}, pipeline->plan);
  });
}

flatbed_status flatbed_pipeline_rename(flatbed_pipeline* pipeline, const char* column, const char* name,
                                       flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (pipeline == nullptr || column == nullptr || name == nullptr) return null_argument();
    pipeline->plan.rename.emplace_back(column, name);
    return {};
  });
}

flatbed_status flatbed_pipeline_type(flatbed_pipeline* pipeline, const char* column, const char* type,
                                     flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (pipeline == nullptr || column == nullptr || type == nullptr) return null_argument();
    if (auto known = parse_type(type); !known) return std::move(known).error();
    pipeline->plan.types.emplace_back(column, type);
    return {};
  });
}

flatbed_status flatbed_pipeline_filter(flatbed_pipeline* pipeline, flatbed_filter filter, void* user_data,
                                       flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (pipeline == nullptr || filter == nullptr) return null_argument();
    pipeline->steps.push_back(outside_step(step_of(filter, user_data)));
    return {};
  });
}

flatbed_status flatbed_pipeline_then(flatbed_pipeline* pipeline, flatbed_step step, void* user_data,
                                     flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (pipeline == nullptr || step == nullptr) return null_argument();
    pipeline->steps.push_back(outside_step(step_of(step, user_data)));
    return {};
  });
}

flatbed_status flatbed_pipeline_observe(flatbed_pipeline* pipeline, flatbed_observer observer, void* user_data,
                                        flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (pipeline == nullptr || observer == nullptr) return null_argument();
    pipeline->observer = observer_of(observer, user_data);
    return {};
  });
}

void flatbed_pipeline_cancel(flatbed_pipeline* pipeline) noexcept {
  if (pipeline != nullptr) pipeline->stop.request_stop();
}

flatbed_status flatbed_pipeline_run(flatbed_pipeline* pipeline, flatbed_receipt** out, flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (pipeline == nullptr || out == nullptr) return null_argument();
    if (std::exchange(pipeline->ran, true)) {
      return Error{.code = Code::kUsage, .message = "the pipeline ran before", .hint = "make a new one for each run"};
    }
    return with(copy(pipeline->plan, pipeline->registry, pipeline->observer, pipeline->stop.get_token(),
                     std::move(pipeline->steps)),
                [&](Receipt receipt) { *out = text_of(std::move(receipt)).release(); });
  });
}

// ---- Records of a text in memory ----

flatbed_status flatbed_csv_reader_open_memory(const char* data, size_t size, const flatbed_options* options,
                                              flatbed_csv_reader** out, flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (out == nullptr || (data == nullptr && size != 0)) return null_argument();
    return with(dialect_from(pairs_of(options)), [&](Dialect dialect) {
      *out = new flatbed_csv_reader(std::string_view(data, size), std::move(dialect));
    });
  });
}

flatbed_status flatbed_csv_reader_next(flatbed_csv_reader* reader, int32_t* has_record, size_t* fields,
                                       flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (reader == nullptr || has_record == nullptr || fields == nullptr) return null_argument();
    if (!reader->at) {
      reader->at = reader->reader.begin();
    } else if (*reader->at != std::default_sentinel) {
      ++*reader->at;
    }
    const bool more = *reader->at != std::default_sentinel;
    if (!more && !reader->reader.status()) return reader->reader.status().error();
    *has_record = more;
    *fields = more ? (*reader->at)->size() : 0;
    return {};
  });
}

const char* flatbed_csv_reader_field(const flatbed_csv_reader* reader, size_t field, size_t* size) noexcept {
  return guard_value<const char*>(nullptr, [&]() -> const char* {
    if (!reader->at || *reader->at == std::default_sentinel || field >= (*reader->at)->size()) return nullptr;
    const std::string_view text = (**reader->at)[field];
    if (size != nullptr) *size = text.size();
    return text.data() == nullptr ? "" : text.data();
  });
}

int32_t flatbed_csv_reader_quoted(const flatbed_csv_reader* reader, size_t field) noexcept {
  if (!reader->at || *reader->at == std::default_sentinel || field >= (*reader->at)->size()) return 0;
  return (*reader->at)->quoted(field);
}

const char* flatbed_csv_reader_header(const flatbed_csv_reader* reader, size_t column) noexcept {
  const std::vector<std::string>& header = reader->reader.header();
  return column < header.size() ? header[column].c_str() : nullptr;
}

void flatbed_csv_reader_free(flatbed_csv_reader* reader) noexcept {
  delete reader;
}

// ---- Servers ----

flatbed_status flatbed_options_token(flatbed_options* options, flatbed_token_source source, void* user_data,
                                     flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (options == nullptr || source == nullptr) return null_argument();
    options->tokens = [source, user_data]() -> Result<std::string> {
      constexpr size_t kMostToken = 64 << 10;
      std::string token(kMostToken, '\0');
      if (source(user_data, token.data(), token.size()) != 0) {
        return Error{.code = Code::kAuth, .message = "the callback made no token"};
      }
      token.resize(std::min(token.find('\0'), token.size()));
      return token;
    };
    return {};
  });
}

flatbed_status flatbed_databases_open(const flatbed_context* context, const char* uri, const flatbed_options* options,
                                      flatbed_databases** out, flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (context == nullptr || uri == nullptr || out == nullptr) return null_argument();
    return with(context->registry->databases(endpoint_of(uri, options)),
                [&](std::vector<DatabaseInfo> databases) { *out = new flatbed_databases{std::move(databases)}; });
  });
}

int32_t flatbed_databases_get(const flatbed_databases* databases, size_t index, flatbed_database_info* out) noexcept {
  if (databases == nullptr || out == nullptr || index >= databases->databases.size()) return 0;
  const DatabaseInfo& database = databases->databases[index];
  give({sizeof(*out), database.name.c_str(), database.engine.c_str(), database.comment.c_str(), database.tables,
        database.rows.value_or(FLATBED_UNKNOWN), database.bytes.value_or(FLATBED_UNKNOWN)},
       out);
  return 1;
}

void flatbed_databases_free(flatbed_databases* databases) noexcept {
  delete databases;
}

flatbed_status flatbed_columns_open(const flatbed_context* context, const char* uri, const flatbed_options* options,
                                    flatbed_columns** out, flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (context == nullptr || uri == nullptr || out == nullptr) return null_argument();
    return with(context->registry->columns(endpoint_of(uri, options)),
                [&](std::vector<ColumnInfo> columns) { *out = new flatbed_columns{std::move(columns)}; });
  });
}

int32_t flatbed_columns_get(const flatbed_columns* columns, size_t index, flatbed_column_info* out) noexcept {
  if (columns == nullptr || out == nullptr || index >= columns->columns.size()) return 0;
  const ColumnInfo& column = columns->columns[index];
  give({sizeof(*out), column.database.c_str(), column.table.c_str(), column.name.c_str(), column.type.c_str(),
        column.default_kind.c_str(), column.default_expression.c_str(), column.comment.c_str(), column.codec.c_str(),
        column.in_sorting_key, column.in_primary_key, column.in_partition_key, column.bytes.value_or(FLATBED_UNKNOWN),
        column.unpacked_bytes.value_or(FLATBED_UNKNOWN)},
       out);
  return 1;
}

void flatbed_columns_free(flatbed_columns* columns) noexcept {
  delete columns;
}

flatbed_status flatbed_join_new(flatbed_join** out, flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (out == nullptr) return null_argument();
    *out = new flatbed_join{};
    return {};
  });
}

flatbed_status flatbed_join_table(flatbed_join* join, const char* table, flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    return join == nullptr || table == nullptr ? Status(null_argument()) : add_table(join->join, table);
  });
}

flatbed_status flatbed_join_key(flatbed_join* join, const char* key, flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    return join == nullptr || key == nullptr ? Status(null_argument()) : add_key(join->join, key);
  });
}

flatbed_status flatbed_join_column(flatbed_join* join, const char* column, flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    return join == nullptr || column == nullptr ? Status(null_argument()) : add_column(join->join, column);
  });
}

flatbed_status flatbed_join_set(flatbed_join* join, const char* name, const char* value,
                                flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (join == nullptr || name == nullptr || value == nullptr) return null_argument();
    constexpr OptionSpec kSettings[] = {
        {.name = "where"}, {.name = "order_by"}, {.name = "limit", .type = OptionType::kCount}};
    auto setting = Options::check(kSettings, {{name, value}}, Use::kBoth);
    if (!setting) return std::move(setting).error();
    if (setting->given("where")) join->join.where = value;
    if (setting->given("order_by")) join->join.order_by = value;
    if (setting->given("limit")) join->join.limit = setting->count("limit");
    return {};
  });
}

flatbed_status flatbed_join_look_up(flatbed_join* join, const flatbed_context* context, const char* uri,
                                    const flatbed_options* options, flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (join == nullptr || context == nullptr || uri == nullptr) return null_argument();
    return look_up(join->join, endpoint_of(uri, options), *context->registry);
  });
}

flatbed_status flatbed_join_sql(flatbed_join* join, const char** out, flatbed_error** error) noexcept {
  return guard(error, [&]() -> Status {
    if (join == nullptr || out == nullptr) return null_argument();
    return with(join_sql(join->join), [&](std::string sql) {
      join->text = std::move(sql);
      *out = join->text.c_str();
    });
  });
}

int32_t flatbed_join_proposal(flatbed_join* join, size_t index, const char** key, double* score) noexcept {
  if (join == nullptr || key == nullptr) return 0;
  return guard_value(0, [&] {
    const std::vector<KeyProposal> proposals = propose_keys(join->join);
    if (index >= proposals.size()) return 0;
    join->text = to_string(proposals[index]);
    *key = join->text.c_str();
    if (score != nullptr) *score = proposals[index].score;
    return 1;
  });
}

void flatbed_join_free(flatbed_join* join) noexcept {
  delete join;
}
