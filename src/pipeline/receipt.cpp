// Receipts, errors and schemas as JSON. Enters: the records. Leaves: one JSON object, no secrets, valid UTF-8.
#include "flatbed/receipt.hpp"

#include "pipeline/json.hpp"

namespace flatbed {
namespace {

void append_error(std::string& json, const Error& error) {
  JsonObject object(json);
  object.text("code", code_name(error.code));
  object.text("message", error.message);
  if (!error.where.uri.empty()) object.text("uri", error.where.uri);
  object.number("byte", error.where.byte);
  object.number("line", error.where.line);
  object.number("record", error.where.record);
  object.number("column", error.where.column);
  if (!error.where.column_name.empty()) object.text("column_name", error.where.column_name);
  if (!error.expected.empty()) object.text("expected", error.expected);
  if (!error.found.empty()) object.text("found", error.found);
  if (!error.hint.empty()) object.text("hint", error.hint);
  if (!error.raw.empty()) object.text("raw", error.raw);
  if (error.fault_bytes > 0) {
    object.name("fault_at") += std::to_string(error.fault_at);
    object.name("fault_bytes") += std::to_string(error.fault_bytes);
  }
  if (error.native_code != 0) object.name("native_code") += std::to_string(error.native_code);
}

void append_schema(std::string& json, const Schema& schema) {
  json += '[';
  for (const Field& field : schema.fields) {
    if (json.back() != '[') json += ", ";
    JsonObject object(json);
    object.text("name", field.name);
    object.text("type", to_string(field.type));
    if (!field.decided_by.empty()) object.text("decided_by", field.decided_by);
  }
  json += ']';
}

void append_errors(std::string& json, const std::vector<Error>& errors) {
  json += '[';
  for (const Error& error : errors) {
    if (json.back() != '[') json += ", ";
    append_error(json, error);
  }
  json += ']';
}

void append_files(std::string& json, const std::vector<SourceFile>& files) {
  json += '[';
  for (const SourceFile& file : files) {
    if (json.back() != '[') json += ", ";
    JsonObject object(json);
    object.text("path", file.path);
    object.number("bytes", file.bytes);
    if (!file.sha256.empty()) object.text("sha256", file.sha256);
  }
  json += ']';
}

void append_blocks(std::string& json, const std::vector<BlockRecord>& blocks) {
  json += '[';
  for (const BlockRecord& block : blocks) {
    if (json.back() != '[') json += ", ";
    JsonObject object(json);
    object.number("number", block.number);
    object.number("first_record", block.first_record);
    object.number("records", block.records);
    object.number("byte_begin", block.byte_begin);
    object.number("byte_end", block.byte_end);
    object.number("rows", block.rows);
    object.text("token", block.token);
    object.text("hash", block.hash);
    if (!block.split.empty()) object.text("split", block.split);
  }
  json += ']';
}

void append_findings(std::string& json, const std::vector<Finding>& findings) {
  json += '[';
  for (const Finding& finding : findings) {
    if (json.back() != '[') json += ", ";
    JsonObject object(json);
    object.text("code", code_name(finding.code));
    if (!finding.column.empty()) object.text("column", finding.column);
    object.number("count", finding.count);
    append_errors(object.name("examples"), finding.examples);
  }
  json += ']';
}

void append_rejects(JsonObject& object, const Receipt& receipt) {
  {
    JsonObject counts(object.name("rejects_by_code"));
    for (const auto& [code, count] : receipt.rejects_by_code) counts.number(code_name(code), count);
  }
  append_errors(object.name("first_rejects"), receipt.first_rejects);
  append_findings(object.name("findings"), receipt.findings);
  append_findings(object.name("leniencies"), receipt.leniencies);
}

constexpr size_t kMostExamples = 3;

Finding& finding_of(std::vector<Finding>& findings, Code code, const std::string& column) {
  for (Finding& finding : findings) {
    if (finding.code == code && finding.column == column) return finding;
  }
  return findings.emplace_back(Finding{.code = code, .column = column});
}

}  // namespace

void add_finding(std::vector<Finding>& findings, const Error& error) {
  Finding& finding = finding_of(findings, error.code, error.where.column_name);
  ++finding.count;
  if (finding.examples.size() < kMostExamples) finding.examples.push_back(error);
}

void add_findings(std::vector<Finding>& findings, const std::vector<Finding>& later) {
  for (const Finding& more : later) {
    Finding& finding = finding_of(findings, more.code, more.column);
    finding.count += more.count;
    for (const Error& error : more.examples) {
      if (finding.examples.size() < kMostExamples) finding.examples.push_back(error);
    }
  }
}

std::string to_json(const Error& error) {
  std::string json;
  append_error(json, error);
  return json;
}

std::string to_json(const Dialect& dialect) {
  std::string json;
  {
    JsonObject object(json);
    object.text("delimiter", dialect.delimiter.value);
    object.text("quote", dialect.quote.value);
    object.text("escape", dialect.escape.value);
    object.flag("has_header", dialect.header.value);
    object.number("header_rows", dialect.header.value ? dialect.header_rows.value : 0);
    object.number("skip_rows", dialect.skip_rows.value);
    object.text("encoding", dialect.encoding.value);
    object.text("newline", dialect.newline.value);
    object.name("spaces") += dialect.spaces.value ? "true" : "false";
    object.number("tables", dialect.tables);
    object.text("comment", dialect.comment);
    object.number("footer_rows", dialect.footer_rows);
    object.text("decimal", dialect.decimal);
    object.text("thousands", dialect.thousands);
    object.decimal("score", dialect.score);
    object.text("runner_up", dialect.runner_up);
  }
  return json;
}

std::string to_json(const Schema& schema) {
  std::string json;
  append_schema(json, schema);
  return json;
}

std::string to_json(const LoadRecord& load) {
  std::string json;
  {
    JsonObject object(json);
    object.text("load", load.id);
    object.text("state", load_state_name(load.state));
    object.text("source", load.source);
    object.text("target", load.target);
    object.number("bytes", load.bytes);
    if (!load.sha256.empty()) object.text("sha256", load.sha256);
    object.number("begun", load.begun);
    if (load.ended != 0) object.number("ended", load.ended);
    object.name("plan") += load.plan;
    if (!load.receipt.empty()) object.name("receipt") += load.receipt;
  }
  return json;
}

std::string to_json(const Receipt& receipt) {
  std::string json;
  {
    JsonObject object(json);
    object.text("version", receipt.version);
    object.text("source", receipt.source);
    object.text("target", receipt.target);
    {
      JsonObject settings(object.name("settings"));
      for (const auto& [name, value] : receipt.settings) settings.text(name, value);
    }
    append_schema(object.name("schema"), receipt.schema);
    object.number("read", receipt.read);
    object.number("loaded", receipt.loaded);
    object.number("rejected", receipt.rejected);
    object.number("duplicate", receipt.duplicate);
    object.number("filtered", receipt.filtered);
    object.flag("balanced", receipt.balanced());
    object.flag("checked", receipt.checked);
    object.number("bytes_read", receipt.bytes_read);
    object.number("bytes_written", receipt.bytes_written);
    object.number("blocks", receipt.blocks);
    object.number("target_rows_before", receipt.target_rows_before);
    object.number("target_rows_after", receipt.target_rows_after);
    append_rejects(object, receipt);
    object.decimal("seconds", receipt.seconds);
    if (!receipt.files.empty()) append_files(object.name("files"), receipt.files);
    if (!receipt.load.empty()) {
      object.text("load", receipt.load);
      object.number("loaded_before", receipt.loaded_before);
    }
    if (!receipt.plan.empty()) object.name("plan") += receipt.plan;
    if (!receipt.block_list.empty()) append_blocks(object.name("block_list"), receipt.block_list);
  }
  return json;
}

}  // namespace flatbed
