// Native blocks, written and read.
#include <benchmark/benchmark.h>

#include "encode/native.hpp"
#include "orders.hpp"

namespace flatbed {
namespace {

constexpr size_t kRows = 65536;

// The block in memory, handed out without a copy.
class Block : public ByteSource {
 public:
  explicit Block(std::string_view bytes) : bytes_(bytes) {}
  Result<Buffer> read(size_t most, std::stop_token) override {
    const std::string_view part = bytes_.substr(at_, most);
    at_ += part.size();
    return Buffer::wrap(part.data(), part.size(), nullptr);
  }
  const std::string& uri() const noexcept override { return uri_; }
  uint64_t consumed_bytes() const noexcept override { return at_; }

 private:
  std::string_view bytes_;
  size_t at_ = 0;
  std::string uri_ = "memory:";
};

void native_write(benchmark::State& state) {
  const Batch batch = orders(kRows);
  std::string out;
  for (auto _ : state) {
    out.clear();
    encode_native(batch, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(out.size()));
}
BENCHMARK(native_write);

void native_read(benchmark::State& state) {
  std::string bytes;
  encode_native(orders(kRows), bytes);
  for (auto _ : state) {
    NativeReader reader(std::make_unique<Block>(bytes));
    auto batch = reader.next({});
    benchmark::DoNotOptimize(batch.ok());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes.size()));
}
BENCHMARK(native_read);

}  // namespace
}  // namespace flatbed
