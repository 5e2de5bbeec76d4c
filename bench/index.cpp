// The index against memcpy of the same bytes, and records with every field touched. BENCH_FILE names the file, as
// TPC-H lineitem; without it one is made.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <cstring>
#include <vector>

#include "flatbed/csv.hpp"
#include "index/kernel.hpp"
#include "text_file.hpp"

namespace {

using namespace flatbed;

constexpr size_t kWindow = size_t{1} << 20;

struct Totals {
  uint64_t fields = 0, lines = 0;
  friend bool operator==(const Totals&, const Totals&) = default;
};

Totals index_all(const Kernel& kernel, std::string_view text, FieldIndex& index) {
  Totals totals;
  while (!text.empty()) {
    index_fields_with(kernel, text.substr(0, kWindow), {}, text.size() <= kWindow, index);
    totals.fields += index.fields;
    totals.lines += index.lines;
    text.remove_prefix(index.consumed);
  }
  return totals;
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

void index_bytes(benchmark::State& state, const Kernel& kernel) {
  const std::string_view text = bench::text_file();
  FieldIndex index;
  if (index_all(kernel, text, index) != index_all(kernels()[0], text, index))
    return state.SkipWithError("the kernels disagree");
  for (auto _ : state) benchmark::DoNotOptimize(index_all(kernel, text, index));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
}

void touch_fields(benchmark::State& state) {
  const std::string_view text = bench::text_file();
  FieldIndex index;
  const Totals totals = index_all(active_kernel(), text, index);
  for (auto _ : state) {
    uint64_t fields = 0, bytes = 0;
    csv::Reader reader(text);
    fields += reader.header().size();
    for (const auto& row : reader) {
      for (size_t i = 0; i < row.size(); ++i) bytes += row[i].size();
      fields += row.size();
    }
    benchmark::DoNotOptimize(bytes);
    if (fields != totals.fields) return state.SkipWithError("fields are missing");
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
}

[[maybe_unused]] const bool registered = [] {
  benchmark::RegisterBenchmark("memcpy", copy_bytes)->Unit(benchmark::kMillisecond);
  for (const Kernel& kernel : kernels()) {
    if (!kernel.supported()) continue;
    benchmark::RegisterBenchmark(("index/" + std::string(kernel.name)).c_str(), index_bytes, kernel)
        ->Unit(benchmark::kMillisecond);
  }
  benchmark::RegisterBenchmark("fields", touch_fields)->Unit(benchmark::kMillisecond);
  return true;
}();

}  // namespace
