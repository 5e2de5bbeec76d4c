// Every kernel, chunk size, number of threads and kind of source against the scalar kernel with one chunk and one
// thread: the same types, values, rejects and error, to the byte.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "bytes/temporary_folder.hpp"
#include "columns/csv_source.hpp"
#include "columns/format.hpp"
#include "index/kernel.hpp"

using namespace flatbed;

namespace {

// Gives bytes in short parts that do not lie side by side, as a pipe does.
class ShortReads final : public ByteSource {
 public:
  explicit ShortReads(std::string_view bytes) : bytes_(bytes) {}
  Result<Buffer> read(size_t most, std::stop_token) override {
    size_ = size_ % 13 + 1;
    const std::string_view part = bytes_.substr(at_, std::min(most, size_));
    at_ += part.size();
    Buffer copy = Buffer::allocate(part.size());
    std::ranges::copy(part, reinterpret_cast<char*>(copy.writable()));
    return copy;
  }
  const std::string& uri() const noexcept override { return uri_; }
  uint64_t consumed_bytes() const noexcept override { return at_; }

 private:
  std::string_view bytes_;
  std::string uri_ = "t.csv";
  size_t at_ = 0, size_ = 3;
};

struct Made {
  std::string text;
  std::string delimiter = ",", escape = "\"", quote = "\"";
  Schema types{};  // of the columns that are not inferred
};

struct Way {
  const Kernel* kernel = nullptr;
  size_t chunk_bytes = 0;
  unsigned threads = 1;
  enum class Kind { kMemory, kShortReads, kFile, kGzip } kind = Kind::kMemory;
};

// A table with something of everything. `wild` fields break its rules.
Made make_file(std::mt19937& random, size_t rows, unsigned wild, std::string newline, bool crlf_mixed) {
  const auto below = [&](size_t most) { return random() % most; };
  const auto digits = [&](size_t count) {
    std::string text = std::to_string(1 + below(9));
    while (text.size() < count) text += static_cast<char>('0' + below(10));
    return text;
  };
  const auto letters = [&](size_t most) {
    std::string text;
    for (size_t count = below(most + 1); count > 0; --count)
      text += below(9) ? std::string(1, "abc d"[below(5)]) : "\u00e9";
    return text;
  };
  const auto quoted = [&](size_t most) {
    std::string text = "\"";
    for (size_t count = below(most + 1); count > 0; --count) {
      const char* const parts[] = {"x", "yz", ",", "\n", "\r\n", "\"\"", "\r", "long text that fills a view"};
      text += parts[below(std::size(parts))];
    }
    return text + "\"";
  };
  const auto two = [&](size_t most) { return std::to_string(101 + below(most)).substr(1); };
  const auto date = [&] { return std::to_string(1971 + below(100)) + "-" + two(12) + "-" + two(28); };
  Made made{.text = "i,l,d,day,t,f,s,q,n" + newline};
  for (size_t row = 0; row < rows; ++row) {
    std::string line[] = {(below(2) ? "-" : "") + digits(1 + below(5)),
                          (below(2) ? "-" : "") + digits(1 + below(18)),
                          digits(1 + below(9)) + "." + two(99),
                          date(),
                          date() + " 0" + digits(1) + ":" + two(59) + ":" + two(59),
                          below(2) ? digits(1 + below(16)) + "." + digits(1 + below(16)) : digits(3) + "e-" + digits(2),
                          below(3) ? letters(15) : letters(90),
                          below(2) ? quoted(8) : "\"" + letters(20) + "\"",
                          below(3) ? digits(4) : (below(2) ? "" : "\\N")};
    std::string text;
    for (std::string& field : line) {
      if (wild != 0 && below(wild) == 0) {
        const char* const bad[] = {"\"",  "x\"y", "\"a\"b", "\"5\"", "", ",", "\xFF", "99999999999999999999",
                                   "nan", "-"};
        field = below(8) == 0 ? std::string(1, '\0') : bad[below(std::size(bad))];
      }
      text += (text.empty() && &field == line ? "" : ",") + field;
    }
    if (wild != 0 && below(wild) == 0) text += below(2) ? ",more" : newline;
    made.text += text + (crlf_mixed && below(2) ? "\r\n" : newline);
  }
  if (below(2)) made.text.resize(made.text.size() - newline.size());
  const char* const types[][2] = {{"i", "Int32"},  {"l", "Int64"},           {"d", "Decimal(15, 2)"},
                                  {"day", "Date"}, {"t", "DateTime('UTC')"}, {"f", "Float64"},
                                  {"s", "String"}, {"q", "String"},          {"n", "Nullable(UInt16)"}};
  for (const auto& [name, type] : types) made.types.fields.push_back({name, parse_type(type).value(), "test"});
  return made;
}

// Any bytes at all, most of them signs.
Made make_noise(std::mt19937& random, size_t size, std::string delimiter, std::string escape) {
  Made made{.text = "a" + delimiter + "b\n", .delimiter = delimiter, .escape = escape};
  for (size_t i = 0; i < size; ++i) made.text += ",\"\n\r;|\\ab1-.\t"[random() % 13];
  return made;
}

// Records that hold what looks like records, so that none of them seems to begin where it does.
Made make_misleading(std::mt19937& random, size_t rows, std::string delimiter, std::string escape) {
  const std::string inner = "\n1" + delimiter + "2\n" + escape + "\"\r\n3" + delimiter;
  Made made{.text = "a" + delimiter + "b\n", .delimiter = delimiter, .escape = escape};
  for (size_t row = 0; row < rows; ++row) {
    made.text += std::to_string(row) + delimiter;
    if (random() % 8 == 0) made.text += "x\"y";
    if (made.text.back() == delimiter.back()) {
      made.text += '"';
      for (size_t count = random() % 9; count > 0; --count) made.text += inner;
      made.text += '"';
    }
    made.text += '\n';
  }
  return made;
}

std::string outcome(const Made& made, const Way& way, const std::string& folder) {
  CsvSourceOptions options{.chunk_bytes = way.chunk_bytes, .kernel = way.kernel};
  options.dialect.delimiter = {made.delimiter, Chosen::kUser};
  options.dialect.quote = {made.quote, Chosen::kUser};
  options.dialect.escape = {made.escape, Chosen::kUser};
  options.dialect.header = {true, Chosen::kUser};
  options.dialect.skip_rows = {0, Chosen::kUser};
  options.dialect.encoding = {"utf-8", Chosen::kUser};
  options.dialect.nulls = {{"", "\\N"}, Chosen::kUser};
  const auto open = [&](std::stop_token) -> Result<std::unique_ptr<ByteSource>> {
    switch (way.kind) {
      case Way::Kind::kMemory:
        return memory_bytes(made.text, "t.csv");
      case Way::Kind::kShortReads:
        return std::unique_ptr<ByteSource>(std::make_unique<ShortReads>(made.text));
      case Way::Kind::kFile:
        return open_bytes(folder + "/t.csv");
      case Way::Kind::kGzip:
        return open_bytes(folder + "/t.csv.gz");
    }
    return Error{};
  };
  const auto source = csv_source({{.uri = "t.csv", .reopenable = true, .open = open}}, options);
  auto schema = source->open({.types = made.types, .threads = way.threads}, {});
  if (!schema) return schema.error().message;
  std::string out = to_string(*schema);
  std::string end;
  while (true) {
    auto delivery = source->next({});
    if (!delivery) {
      const Error& error = delivery.error();
      return out + std::string(code_name(error.code)) + std::to_string(error.where.byte.value_or(0));
    }
    if (!*delivery) return out + end;
    const Batch& batch = (*delivery)->batch;
    for (size_t row = 0; row < batch.rows(); ++row) {
      out += std::to_string(batch.record(row));
      for (const Column& column : batch.columns()) {
        out += '|';
        if (column.is_null(row))
          out += "NULL";
        else
          append_value(column, row, out);
      }
      out += '\n';
    }
    // Rejects of a chunk come with its rows; over all chunks their order is one.
    for (const Error& reject : (*delivery)->rejects)
      end += std::string(code_name(reject.code)) + " " + std::to_string(*reject.where.line) + " " +
             std::to_string(*reject.where.byte) + " " + std::to_string(*reject.where.record) + " " +
             std::to_string(reject.where.column.value_or(99)) + " " + reject.raw + "\n";
  }
}

void write_files(const std::string& folder, std::string_view text) {
  for (const char* name : {"/t.csv", "/t.csv.gz"}) {
    auto sink = create_bytes(folder + name, {.overwrite = true}).value();
    REQUIRE(sink->write(text).ok());
    REQUIRE(sink->finish().ok());
  }
}

}  // namespace

TEST_SUITE("matrix") {
  TEST_CASE("kernels, chunk sizes, threads and sources make no difference") {
    std::mt19937 random(11);
    std::vector<Made> files;
    files.push_back(make_file(random, 40, 0, "\n", false));
    files.push_back(make_file(random, 40, 0, "\r\n", false));
    files.push_back(make_file(random, 30, 30, "\n", true));
    files.push_back(make_file(random, 30, 12, "\r", false));
    files.push_back(make_file(random, 20, 4, "\n", false));
    files.push_back({.text = "a,b\n1,\"never closed\n2,3\n4,5"});
    files.push_back({.text = "a\n\n\n1\n\n"});
    files.push_back(make_noise(random, 300, ",", "\""));
    files.push_back(make_noise(random, 300, ";", "\\"));
    files.push_back(make_noise(random, 300, "||", "\""));
    files.push_back(make_misleading(random, 30, ",", "\""));
    files.push_back(make_misleading(random, 30, ";", "\\"));
    files.push_back(make_misleading(random, 30, "||", "\""));
    files.push_back(make_noise(random, 300, "\t", "\\"));
    files.back().quote = "";
    // Types by inference, over every row.
    files.push_back({.text = make_file(random, 30, 0, "\n", false).text});

    std::vector<size_t> sizes = {63, 64, 65, 4096, size_t{1} << 20};
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    sizes = {1, 7, 64, 4096};  // twenty times slower
#else
    for (size_t size = 1; size <= 17; ++size) sizes.push_back(size);
#endif
    const TemporaryFolder folder;
    for (const Made& made : files) {
      write_files(folder.path(), made.text);
      const std::string oracle =
          outcome(made, {.kernel = &kernels()[0], .chunk_bytes = size_t{1} << 20}, folder.path());
      for (const Kernel& kernel : kernels()) {
        if (!kernel.supported()) continue;
        for (const size_t size : sizes) {
          for (const unsigned threads : {1u, 2u, 8u}) {
            for (const auto kind : {Way::Kind::kMemory, Way::Kind::kShortReads, Way::Kind::kFile, Way::Kind::kGzip}) {
              const std::string got = outcome(
                  made, {.kernel = &kernel, .chunk_bytes = size, .threads = threads, .kind = kind}, folder.path());
              if (got == oracle) continue;
              FAIL_CHECK("kernel " << kernel.name << ", chunks of " << size << ", threads " << threads << ", source "
                                   << static_cast<int>(kind) << "\n"
                                   << made.text << "\noracle:\n"
                                   << oracle << "\ngot:\n"
                                   << got);
              return;
            }
          }
        }
      }
    }
  }
}
