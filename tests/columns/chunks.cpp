// Cutting a source into chunks, one after the other and side by side.
#include "columns/chunks.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "bytes/temporary_folder.hpp"
#include "columns/ordered_crew.hpp"
#include "flatbed/bytes.hpp"

using namespace flatbed;

namespace {

constexpr size_t kMost = size_t{1} << 20;

// Can be read one byte after the other only.
class OneWay final : public ByteSource {
 public:
  explicit OneWay(std::string_view bytes) : bytes_(bytes) {}
  Result<Buffer> read(size_t most, std::stop_token) override {
    const std::string_view part = bytes_.substr(at_, std::min<size_t>(most, 7));
    at_ += part.size();
    return Buffer::wrap(part.data(), part.size(), nullptr);
  }
  const std::string& uri() const noexcept override { return uri_; }
  uint64_t consumed_bytes() const noexcept override { return at_; }

 private:
  std::string_view bytes_;
  std::string uri_ = "t.csv";
  size_t at_ = 0;
};

std::string told(const Chunk& chunk) {
  std::string text = std::to_string(chunk.byte) + " " + std::to_string(chunk.line) + ":";
  for (size_t field = 0; field < chunk.index.fields; ++field) text += " " + std::to_string(chunk.index.end(field));
  return text + "\n" + std::string(chunk.bytes.text()) + "\n";
}

std::string one_by_one(std::unique_ptr<ByteSource> source, const Syntax& syntax, size_t chunk_bytes) {
  ChunkReader chunks(std::move(source), chunk_bytes, kMost);
  std::string out;
  Chunk chunk;
  while (chunks.next(syntax, chunk, {}).value())
    if (!chunk.bytes.empty()) out += told(chunk);
  return out;
}

struct SideBySide {
  std::string out{};
  size_t right = 0, wrong = 0;  // chunks that were indexed from where they begin, and from elsewhere
};

// Several chunks are fetched, the last one first, before the first of them is settled.
SideBySide side_by_side(std::unique_ptr<ByteSource> source, const Syntax& syntax, size_t chunk_bytes) {
  ChunkReader chunks(std::move(source), chunk_bytes, kMost);
  SideBySide seen;
  std::vector<Chunk> crew(5);
  for (bool more = true; more;) {
    size_t claimed = 0;
    while (claimed < crew.size() && (more = chunks.claim(syntax, crew[claimed], {}).value())) ++claimed;
    for (size_t i = claimed; i > 0; --i) chunks.fetch(syntax, crew[i - 1]);
    for (size_t i = 0; i < claimed; ++i) {
      const uint64_t guess = crew[i].byte;
      REQUIRE(chunks.settle(syntax, crew[i], {}).ok());
      ++(guess == crew[i].byte ? seen.right : seen.wrong);
      if (!crew[i].bytes.empty()) seen.out += told(crew[i]);
    }
  }
  return seen;
}

std::string numbers(size_t rows) {
  std::string text;
  for (size_t row = 0; row < rows; ++row) text += std::to_string(row * row) + "," + std::to_string(row) + "\n";
  return text;
}

}  // namespace

TEST_SUITE("columns") {
  TEST_CASE("chunks: the way of reading makes no difference") {
    std::mt19937 random(5);
    const auto noise = [&](size_t size, const char* signs, size_t count) {
      std::string text;
      for (size_t i = 0; i < size; ++i) text += signs[random() % count];
      return text;
    };
    const struct {
      std::string text;
      Syntax syntax;
      bool misleads;
    } files[] = {
        {numbers(200), {}, false},
        {[&] {
           std::string text;
           for (size_t row = 0; row < 60; ++row) text += "1,\"" + noise(random() % 90, "ab,\n\r", 5) + "\",2\n";
           return text;
         }(),
         {},
         true},
        {noise(2000, ",\"\nab", 5), {}, true},
        {noise(2000, ",\"\n\\ab", 6), {.escape = '\\'}, true},
        {noise(2000, "|\"\nab", 5), {.delimiter = "||"}, true},
        {noise(2000, ",\"\nab", 5), {.quotes = false}, false},
        {noise(2000, ",\"\r\nab", 6), {.mends = true}, true},
        {"1,2\n" + std::string(5000, 'x') + "\n" + numbers(50), {}, true},
        {"", {}, false},
    };
    const TemporaryFolder folder;
    for (const auto& file : files) {
      const std::string path = folder.put("t.csv", file.text);
      size_t wrong = 0;
      for (const size_t size : {1, 5, 64, 100, 1000, 100000}) {
        CAPTURE(file.text);
        CAPTURE(size);
        const std::string expected = one_by_one(std::make_unique<OneWay>(file.text), file.syntax, size);
        CHECK(one_by_one(memory_bytes(file.text), file.syntax, size) == expected);
        CHECK(one_by_one(open_bytes(path).value(), file.syntax, size) == expected);
        CHECK(side_by_side(memory_bytes(file.text), file.syntax, size).out == expected);
        const SideBySide seen = side_by_side(open_bytes(path).value(), file.syntax, size);
        CHECK(seen.out == expected);
        wrong += size < 1000 ? seen.wrong : 0;
        if (size == 1000 && !file.misleads) CHECK(seen.right >= seen.wrong);
      }
      if (file.misleads) CHECK(wrong > 0);
    }
  }
  TEST_CASE("chunks: a file that is cut or written over while it is read side by side ends in an error") {
    const TemporaryFolder folder;
    for (const bool cut : {true, false}) {
      const std::string path = folder.put("t.csv", numbers(1000));
      ChunkReader chunks(open_bytes(path).value(), 1000, kMost);
      Chunk chunk;
      REQUIRE(*chunks.next({}, chunk, {}));
      if (cut)
        ::truncate(path.c_str(), 1500);
      else
        std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
      auto more = chunks.next({}, chunk, {});
      while (more && *more) more = chunks.next({}, chunk, {});
      REQUIRE(!more);
      CHECK(more.error().code == Code::kSourceChanged);
    }
  }
  TEST_CASE("chunks: a record that is too large is told with its place, however it is read") {
    const std::string text = numbers(100) + "\"" + std::string(5000, 'x') + "\n" + numbers(100);
    std::vector<std::string> told;
    for (const bool placed : {true, false}) {
      ChunkReader chunks(placed ? memory_bytes(text, "t.csv") : std::make_unique<OneWay>(text), 100, 2000);
      Chunk chunk;
      auto more = chunks.next({}, chunk, {});
      while (more && *more) more = chunks.next({}, chunk, {});
      REQUIRE(!more);
      CHECK(more.error().code == Code::kRowTooWide);
      CHECK(more.error().where.byte == numbers(100).size());
      CHECK(more.error().where.line == 101);
      told.push_back(to_string(more.error()));
    }
    CHECK(told[0] == told[1]);
  }
  TEST_CASE("crew: the first failure ends the results, whenever the others happen") {
    for (size_t run = 0; run < 200; ++run) {
      size_t taken = 0, settled = 0;
      OrderedCrew<size_t, size_t> crew(
          static_cast<unsigned>(1 + run % 5), 8,
          [&](size_t& task, std::stop_token) -> Result<bool> {
            task = taken++;
            return task < 50;
          },
          [](size_t& task) { return task; }, [](size_t& task) { task *= 2; },
          [&](size_t& task, std::stop_token) -> Status {
            CHECK(task == 2 * settled++);  // in order
            if (task == 2 * (run % 60)) return Error{.code = Code::kReadFailed};
            return {};
          });
      const size_t good = std::min<size_t>(run % 60, 50);
      for (size_t number = 0; number < good; ++number) CHECK(**crew.next({}) == 2 * number);
      const auto end = crew.next({});
      if (good == 50)
        CHECK(!*end);
      else
        CHECK(end.error().code == Code::kReadFailed);
    }
  }
}
