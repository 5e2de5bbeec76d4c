// Typed columns from the rows of lineitem, in CPU time of all threads, beside memcpy of the same bytes.
#include <benchmark/benchmark.h>

#include <cstring>
#include <vector>

#include "columns/csv_source.hpp"
#include "text_file.hpp"

namespace {

using namespace flatbed;

// As a person would declare the table.
Schema lineitem() {
  constexpr std::pair<std::string_view, std::string_view> kColumns[] = {
      {"l_orderkey", "Int32"},          {"l_partkey", "Int32"},           {"l_suppkey", "Int32"},
      {"l_linenumber", "UInt8"},        {"l_quantity", "Decimal(15, 2)"}, {"l_extendedprice", "Decimal(15, 2)"},
      {"l_discount", "Decimal(15, 2)"}, {"l_tax", "Decimal(15, 2)"},      {"l_returnflag", "String"},
      {"l_linestatus", "String"},       {"l_shipdate", "Date"},           {"l_commitdate", "Date"},
      {"l_receiptdate", "Date"},        {"l_shipinstruct", "String"},     {"l_shipmode", "String"},
      {"l_comment", "String"}};
  Schema schema;
  for (const auto& [name, type] : kColumns) schema.fields.push_back({std::string(name), *parse_type(type), "bench"});
  return schema;
}

struct Totals {
  uint64_t rows = 0, rejects = 0;
  int64_t price = 0;  // the sum of l_extendedprice, in hundredths
};

Totals read_all(std::string_view text, const ReadRequest& request) {
  CsvSourceOptions options;
  options.dialect.delimiter = {",", Chosen::kUser};
  options.dialect.header = {true, Chosen::kUser};
  const auto source = csv_source(
      {{.uri = "lineitem.csv",
        .reopenable = true,
        .open = [text](std::stop_token) { return Result<std::unique_ptr<ByteSource>>(memory_bytes(text)); }}},
      options);
  Totals totals;
  if (!source->open(request, {}).ok()) return totals;
  while (true) {
    auto delivery = source->next({});
    if (!delivery || !*delivery) return totals;
    const Batch& batch = (*delivery)->batch;
    totals.rows += batch.rows();
    totals.rejects += (*delivery)->rejects.size();
    for (const int64_t price : batch.column(5).as<int64_t>()) totals.price += price;
  }
}

// The same sum by splitting at commas, which come after the price only.
int64_t price_by_hand(std::string_view text) {
  int64_t sum = 0;
  size_t line = text.find('\n') + 1;
  while (line < text.size()) {
    size_t at = line;
    for (int i = 0; i < 5; ++i) at = text.find(',', at) + 1;
    int64_t value = 0;
    for (; text[at] != ','; ++at) {
      if (text[at] != '.') value = value * 10 + (text[at] - '0');
    }
    sum += value;
    line = text.find('\n', at) + 1;
  }
  return sum;
}

void copy_bytes(benchmark::State& state) {
  const std::string_view text = bench::text_file();
  constexpr size_t kPart = size_t{64} << 20;
  std::vector<char> to(kPart, 'x');
  for (auto _ : state) {
    for (size_t at = 0; at < text.size(); at += kPart) {
      std::memcpy(to.data(), text.data() + at, std::min(kPart, text.size() - at));
      benchmark::ClobberMemory();
    }
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
}
BENCHMARK(copy_bytes)->Unit(benchmark::kMillisecond);

void typed_columns(benchmark::State& state) {
  const std::string_view text = bench::text_file();
  const ReadRequest request{.types = lineitem(), .threads = static_cast<unsigned>(state.range(0))};
  const Totals totals = read_all(text, request);
  if (totals.rejects != 0 || totals.rows == 0 || totals.price != price_by_hand(text))
    return state.SkipWithError("the columns are wrong");
  for (auto _ : state) benchmark::DoNotOptimize(read_all(text, request));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
}
BENCHMARK(typed_columns)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();

}  // namespace
