// Every kernel against the scalar one, and the scalar one against the rules.
#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "flatbed/version.hpp"
#include "index/kernel.hpp"

using namespace flatbed;

namespace {

struct Seen {
  std::vector<uint32_t> ends, stray;
  size_t record_ends, lines, consumed;
  bool quoted, escaped, returns, ascii, nul, open;
  friend bool operator==(const Seen&, const Seen&) = default;
};

Seen see(const Kernel& kernel, std::string_view text, const Syntax& syntax, bool whole) {
  // A copy of its own size, so that a read past the end is caught.
  const std::vector<char> copy(text.begin(), text.end());
  FieldIndex index;
  index_fields_with(kernel, {copy.data(), copy.size()}, syntax, whole, index);
  Seen seen{.ends = {},
            .stray = index.stray,
            .record_ends = index.record_ends,
            .lines = index.lines,
            .consumed = index.consumed,
            .quoted = index.quoted,
            .escaped = index.escaped,
            .returns = index.returns,
            .ascii = index.ascii,
            .nul = index.nul,
            .open = index.open};
  for (size_t i = 0; i < index.fields; ++i) seen.ends.push_back(index.end(i));
  return seen;
}

std::string random_text(std::mt19937& random, size_t size, std::string_view letters) {
  std::string text;
  for (size_t i = 0; i < size; ++i) text += letters[random() % letters.size()];
  return text;
}

// Records whose quotes all stand where they should, so that the vector kernels keep their own way.
std::string random_records(std::mt19937& random, size_t size) {
  const std::string_view ends[] = {"\n", "\r\n", "\r", "\n"};
  std::string text;
  while (text.size() < size) {
    const std::string plain = random_text(random, random() % 9, "ab7.");
    switch (random() % 5) {
      case 0:
        text += '"' + random_text(random, random() % 20, "a,\n\r ") + '"';
        break;
      case 1:
        text += "\"" + plain + "\"\"" + plain + "\"";
        break;
      default:
        text += plain;
    }
    text += random() % 6 == 0 ? ends[random() % 4] : ",";
  }
  return text;
}

void check_all(std::string_view text, const Syntax& syntax) {
  for (const bool whole : {true, false}) {
    const Seen oracle = see(kernels()[0], text, syntax, whole);
    for (const Kernel& kernel : kernels()) {
      if (!kernel.supported()) continue;
      CAPTURE(kernel.name);
      CAPTURE(text);
      CAPTURE(whole);
      CHECK(see(kernel, text, syntax, whole) == oracle);
    }
  }
}

std::vector<uint32_t> ends_of(std::string_view text, const Syntax& syntax = {}) {
  return see(kernels()[0], text, syntax, true).ends;
}

}  // namespace

TEST_SUITE("index") {
  TEST_CASE("the scalar kernel keeps to the rules") {
    using Ends = std::vector<uint32_t>;
    CHECK(ends_of("").empty());
    CHECK(ends_of("a") == Ends{1});
    CHECK(ends_of("a\n") == Ends{1});
    CHECK(ends_of("a,\n") == Ends{1, 2});
    CHECK(ends_of("a,") == Ends{1, 2});
    CHECK(ends_of("a\r\nb\rc\n") == Ends{2, 4, 6});
    CHECK(ends_of("\n\n") == Ends{0, 1});
    CHECK(ends_of("\"a,\n\"\"\",b\n") == Ends{7, 9});
    CHECK(ends_of("a\"b,c\"d\n") == Ends{3, 7});
    CHECK(ends_of("\"a\\\",b\",c", {.escape = '\\'}) == Ends{7, 9});
    CHECK(ends_of("a||b|c\n", {.delimiter = "||"}) == Ends{2, 6});
    CHECK(ends_of("\"a\",b", {.quotes = false}) == Ends{3, 5});
  }

  TEST_CASE("facts of a chunk") {
    const Seen open = see(kernels()[0], "a\n\"b\nc", {}, true);
    CHECK(open.open);
    CHECK(open.lines == 2);
    CHECK(open.record_ends == 2);
    const Seen cut = see(kernels()[0], "a\n\"b\nc", {}, false);
    CHECK_FALSE(cut.open);
    CHECK(cut.lines == 1);
    CHECK(cut.consumed == 2);
    const Seen stray = see(kernels()[0], "\"a\"x,b\n\"c\"\"\",\"d\"e f\n", {}, true);
    CHECK(stray.stray == std::vector<uint32_t>{0, 3});
    CHECK(stray.escaped);
    // The LF of a CR at the end may still come.
    CHECK(see(kernels()[0], "a\r", {}, false).consumed == 0);
    CHECK(see(kernels()[0], "a\r", {}, true).consumed == 2);
    CHECK(see(kernels()[0], "a\xC3", {}, true).ascii == false);
    CHECK(see(kernels()[0], std::string_view("a\0", 2), {}, true).nul);
  }

  TEST_CASE("every kernel gives the index of the scalar one") {
    std::mt19937 random(7);
    const std::vector<size_t> sizes = {1, 2, 3, 5, 8, 13, 17, 62, 63, 64, 65, 66, 127, 128, 129, 200, 1000, 4096};
    const std::vector<Syntax> syntaxes = {{},
                                          {.delimiter = ";"},
                                          {.delimiter = "\t", .quotes = false, .escapes = false},
                                          {.quote = '\'', .escape = '\''},
                                          {.escape = '\\'},
                                          {.escapes = false},
                                          {.delimiter = "||"}};
    for (const size_t size : sizes) {
      for (int round = 0; round < 40; ++round) {
        check_all(random_records(random, size), {});
        const std::string hostile = random_text(random, size, "a\",\n\r;|\\'\t");
        for (const Syntax& syntax : syntaxes) check_all(hostile, syntax);
        check_all(random_text(random, size, std::string_view("ab,\n\xC3\0", 6)), {});
      }
    }
    CHECK(kernels().size() >= 2);
  }

  TEST_CASE("a misplaced quote here and there in a chunk of many blocks") {
    std::mt19937 random(11);
    const std::string_view misplaced[] = {"5\" pipe", "\"", "\"z\"q"};
    for (int round = 0; round < 150; ++round) {
      std::string text;
      const size_t size = random() % 30000;
      const size_t rare = 1 + random() % 60;
      while (text.size() < size) {
        text += random_records(random, random() % 400);
        if (random() % rare == 0) text += misplaced[random() % 3];
        text += random() % 3 == 0 ? "\r\n" : ",";
      }
      check_all(text, {});
    }
  }

  TEST_CASE("a chunk with many fields in a block") {
    for (const size_t commas : {11, 12, 13, 23, 24, 25, 63, 64, 65, 200}) {
      check_all(std::string(commas, ',') + "\n", {});
      check_all(std::string(commas, '\n'), {});
    }
  }

  TEST_CASE("signs that cannot be told apart are refused") {
    Dialect dialect;
    dialect.delimiter = {"\"", Chosen::kUser};
    CHECK(make_syntax(dialect).error().code == Code::kBadOption);
    dialect.delimiter = {"\n", Chosen::kUser};
    CHECK(make_syntax(dialect).error().code == Code::kBadOption);
    dialect = Dialect{.quote = {"''", Chosen::kUser}};
    CHECK(make_syntax(dialect).error().code == Code::kBadOption);
  }

  TEST_CASE("the kernel has a name") {
    CHECK(kernel() == active_kernel().name);
  }
}
