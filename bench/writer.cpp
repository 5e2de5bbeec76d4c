// CSV, written.
#include <benchmark/benchmark.h>

#include "flatbed/csv.hpp"
#include "orders.hpp"

namespace flatbed {
namespace {

void csv_write(benchmark::State& state) {
  const Batch batch = orders(65536);
  csv::Writer writer;
  std::string out;
  for (auto _ : state) {
    out.clear();
    if (!writer.write(batch, out)) state.SkipWithError("the writer refused the batch");
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(out.size()));
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(batch.rows() * batch.columns().size()));
}
BENCHMARK(csv_write);

}  // namespace
}  // namespace flatbed
