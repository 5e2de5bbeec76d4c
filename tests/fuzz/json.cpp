// Any bytes as JSON, by lines and by values: the same types, rows, rejects and error for every chunk size and number of
// threads, whether records that are alike are read by the loops of text files or walked; and a record is accepted as it
// stands where simdjson's other parser accepts it, and nowhere else.
#include "columns/json_source.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "columns/nested_text.hpp"

using namespace flatbed;

namespace {

struct Outcome {
  std::string text{};
  bool refused = false;
  std::vector<std::string> records{};  // as they stand
};

void append_rows(const Batch& batch, Outcome& outcome) {
  std::vector<NestedText> columns;
  for (const Column& column : batch.columns()) columns.emplace_back(column);
  for (size_t row = 0; row < batch.rows(); ++row) {
    outcome.text += std::to_string(batch.record(row));
    for (size_t i = 0; i < columns.size(); ++i) {
      outcome.text += '|';
      std::string value;
      if (!batch.column(i).is_null(row)) columns[i].append(row, value);
      outcome.text += batch.column(i).is_null(row) ? "NULL" : value;
      outcome.records.push_back(std::move(value));
    }
    outcome.text += '\n';
  }
}

Outcome outcome_of(std::string_view text, JsonSourceOptions options, unsigned threads,
                   Leniency leniency = Leniency::kAllow) {
  const auto source = json_source(
      {{.uri = "t.json",
        .reopenable = true,
        .open = [text](std::stop_token) { return Result<std::unique_ptr<ByteSource>>(memory_bytes(text)); }}},
      options);
  Outcome outcome;
  auto schema = source->open({.leniency = leniency, .threads = threads}, {});
  if (!schema) {
    outcome.text = to_string(schema.error());
    outcome.refused = true;
    return outcome;
  }
  std::string rejects = to_string(*schema);
  for (;;) {
    auto delivery = source->next({});
    outcome.refused = outcome.refused || !delivery || (*delivery && !(*delivery)->rejects.empty());
    if (!delivery) rejects += to_string(delivery.error());
    if (!delivery || !*delivery) break;
    append_rows((*delivery)->batch, outcome);
    for (const Error& reject : (*delivery)->rejects) rejects += to_string(reject) + "\n";
  }
  outcome.text += rejects;
  return outcome;
}

simdjson::error_code dom_error(std::string_view text) {
  simdjson::dom::parser parser;
  return parser.parse(simdjson::padded_string(text)).error();
}

// simdjson's own numbers are smaller than JSON's, so its refusal of a number says nothing.
bool may_be_json(std::string_view text) {
  const auto error = dom_error(text);
  return error == simdjson::SUCCESS || error == simdjson::NUMBER_ERROR;
}

// It takes halves of surrogate pairs, passes over a byte order mark, and goes deeper.
bool must_be_json(std::string_view text) {
  constexpr ptrdiff_t kDeep = 900;
  const auto opened = std::ranges::count_if(text, [](char c) { return c == '[' || c == '{'; });
  return opened < kDeep && text.find("\\u") == std::string_view::npos && !text.starts_with('\xEF') &&
         dom_error(text) == simdjson::SUCCESS;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const JsonLayout layout : {JsonLayout::kLines, JsonLayout::kValues}) {
    for (const bool flatten : {false, true}) {
      JsonSourceOptions options{.layout = layout, .flatten = flatten};
      const std::string whole = outcome_of(text, options, 1).text;
      // Where what is rewritten is told, every record is walked.
      if (outcome_of(text, options, 1, Leniency::kReport).text != whole) std::abort();
      for (const size_t chunk_bytes : {1U, 7U, 64U}) {
        options.chunk_bytes = chunk_bytes;
        if (outcome_of(text, options, 1).text != whole || outcome_of(text, options, 2).text != whole) std::abort();
      }
    }
    const Outcome as_is = outcome_of(text, {.layout = layout, .as_is = true}, 1);
    for (const std::string& record : as_is.records)
      if (!record.empty() && !may_be_json(record)) std::abort();
    const bool one_text = layout == JsonLayout::kValues || text.find('\n') == std::string_view::npos;
    if (one_text && as_is.refused && must_be_json(text)) std::abort();
  }
  return 0;
}
