// Places of records. Enters: errors with a record's number in its source. Leaves: the same, with its file, line, byte
// and bytes. Only rejects have a place and bytes, so the source is read as one whose every record is rejected: all that
// finds records, of whatever layout and encoding, is then the same as in the load.
#include "pipeline/locate.hpp"

#include <algorithm>
#include <map>

#include "flatbed/bytes.hpp"

namespace flatbed {
namespace {

constexpr const char* kTakesNothing = "Enum8('\\x01 no field of a file is this \\x02' = 1)";

// Returns the name of the source's first column; nothing where it is not text.
Result<std::optional<std::string>> first_column(const Plan& plan, const Registry& registry, std::stop_token stop) {
  auto source = registry.source(plan.source);
  if (!source) return std::move(source).error();
  auto schema = (*source)->open({.head_only = true, .threads = 1}, stop);
  if (!schema) return std::move(schema).error();
  if (!(*source)->layout() || schema->fields.empty()) return std::optional<std::string>();
  return std::optional(schema->fields.front().name);
}

}  // namespace

Status locate_records(std::vector<Error>& errors, const Plan& plan, const Registry& registry, std::stop_token stop) {
  const auto uri = parse_uri(plan.source.uri);
  if (!uri || uri->scheme != "file" || uri->path == "-") return {};
  std::map<uint64_t, Error*> wanted;
  for (Error& error : errors) {
    if (error.code == Code::kRefusedRow && error.where.record) wanted.emplace(*error.where.record, &error);
  }
  if (wanted.empty()) return {};
  auto column = first_column(plan, registry, stop);
  if (!column) return std::move(column).error();
  if (!*column) return {};
  auto type = parse_type(kTakesNothing);
  if (!type) return std::move(type).error();
  auto source = registry.source(plan.source);
  if (!source) return std::move(source).error();
  ReadRequest request{.columns = {**column}, .threads = plan.threads, .memory_limit = plan.memory_limit / 2};
  request.types.fields.push_back({**column, std::move(*type), {}});
  if (auto opened = (*source)->open(request, stop); !opened) return std::move(opened).error();
  while (!wanted.empty()) {
    auto delivery = (*source)->next(stop);
    if (!delivery) return std::move(delivery).error();
    if (!*delivery) return {};
    // Every record of the batch is here; in `where` it has its number in its file, and batches count on through files.
    uint64_t record = (*delivery)->batch.origin().first_record;
    for (Error& reject : (*delivery)->rejects) {
      const auto found = wanted.find(record++);
      if (found == wanted.end()) continue;
      const Location& where = reject.where;
      found->second->where = {.uri = where.uri, .byte = where.byte, .line = where.line, .record = where.record};
      found->second->raw = std::move(reject.raw);
      wanted.erase(found);
    }
  }
  return {};
}

}  // namespace flatbed
